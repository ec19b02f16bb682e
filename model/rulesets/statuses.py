"""The statuses of RFC 3775: their numbers, and which of them mean success."""

from __future__ import annotations

import z3

from model.vocabulary import Status

NUMBERS = {
    "accepted": 0,
    "accepted_prefix_discovery": 1,
    "unspecified": 128,
    "prohibited": 129,
    "resources": 130,
    "not_supported": 131,
    "not_home_subnet": 132,
    "not_home_agent": 133,
    "duplicate_address": 134,
    "sequence": 135,
    "home_nonce": 136,
    "careof_nonce": 137,
    "nonces": 138,
    "type_change": 139,
    "invalid_prefix": 141,
}
FIRST_ERROR = 128  # 3775-6.1.8-1
SUCCESS = tuple(Status[name] for name, number in NUMBERS.items() if number < FIRST_ERROR)
ERROR = tuple(Status[name] for name, number in NUMBERS.items() if number >= FIRST_ERROR)


def one_of(term: z3.ExprRef, values: tuple[z3.ExprRef, ...]) -> z3.BoolRef:
    """Return the term: `term` has one of `values`."""
    return z3.Or([term == v for v in values])
