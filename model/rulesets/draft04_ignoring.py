"""Draft -04, section 6.3: which updates are ignored, and when the home address is probed."""

from __future__ import annotations

import z3

from model.predicates import (
    entry_exists,
    no_options,
    stale,
)
from model.rule import Modality, Role, rule
from model.vocabulary import (
    Dad,
    Effect,
    Status,
    bu,
    decide,
    discarded,
    node,
    o,
)

MUST, MAY = Modality.MUST, Modality.MAY
STATED = Modality.STATED
RECEIVER, HOME_AGENT = Role.RECEIVER, Role.HOME_AGENT
CORRESPONDENT = Role.CORRESPONDENT

registering = ~bu.zero_lifetime

IGNORING = [
    rule(
        "04-6.1-8",
        "6.1",
        MAY,
        CORRESPONDENT,
        "a correspondent node that desires no several bindings may ignore the BID",
        given=node.single & o.present,
        then=decide.effect == Effect.regular,
        label="can",
    ),
    rule(
        "04-6.3-8",
        "6.3",
        MUST,
        RECEIVER,
        "every BID sub-option of the update is processed",
        given=o.present,
        then=z3.Not(z3.Or(decide.effect == Effect.keep, decide.effect == Effect.regular)),
    ),
    rule(
        "04-6.3-5",
        "6.3",
        STATED,
        RECEIVER,
        "an update with BID sub-options is validated as RFC 3775 has it",
        at="sequence",
        given=~no_options & stale & ~discarded,
        then=decide.answer != Status.accepted,
    ),
    rule(
        "04-6.3-5c",
        "6.3",
        STATED,
        RECEIVER,
        "which tests the source or the alternate care-of address",
        given=o.present & ~o.C & registering & ~discarded,
        then=o.coa_tested,
        cites=("3775-6.1.7-3", "3775-6.1.7-4"),
    ),
    rule(
        "04-3-4",
        "3",
        MUST,
        HOME_AGENT,
        "beside existing bindings a new one is registered for the BID",
        given=registering & o.present & entry_exists,
        then=decide.effect == Effect.register,
    ),
]

PROBING = [
    # How care is taken is not said.
    rule(
        "04-6.3-6",
        "6.3",
        MUST,
        HOME_AGENT,
        "for a home registration the home address is probed",
        at="dad",
        given=~no_options & ~entry_exists & bu.home_registration & ~bu.zero_lifetime,
        then=decide.dad == Dad.run,
    ),
    rule(
        "04-6.3-7",
        "6.3",
        MUST,
        HOME_AGENT,
        "with a binding in the cache the home address is not probed again",
        at="dad",
        given=~no_options & entry_exists,
        then=decide.dad == Dad.skip,
    ),
]
