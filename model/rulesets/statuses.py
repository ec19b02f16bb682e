"""The statuses of RFC 3775: their numbers, and which of them mean success."""

from __future__ import annotations

import z3

from model.vocabulary import Status

SUCCESS = (Status.accepted, Status.accepted_prefix_discovery)
ERROR = tuple(
    Status[name]
    for name in (
        "unspecified",
        "prohibited",
        "resources",
        "not_supported",
        "not_home_subnet",
        "not_home_agent",
        "duplicate_address",
        "sequence",
        "home_nonce",
        "careof_nonce",
        "nonces",
        "type_change",
    )
)
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
}


def one_of(term: z3.ExprRef, values: tuple[z3.ExprRef, ...]) -> z3.BoolRef:
    """Return the term: `term` has one of `values`."""
    return z3.Or([term == v for v in values])
