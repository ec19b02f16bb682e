"""The decisions of each node step, when each is required, and its default otherwise."""

from __future__ import annotations

from model.predicates import answers_differ, entry_exists, no_options, not_told_by_class
from model.rule import On
from model.ruleset import Decision, NodeStep
from model.vocabulary import (
    Effect,
    Lifetime,
    accepted,
    ba_status,
    bc,
    bu,
    decide,
    discarded,
    mn,
    node,
    o,
    refused,
    slot_present,
)

LIVE = slot_present & ~refused
COMES_OR_GOES = accepted & (~entry_exists | (no_options & bu.zero_lifetime))
# A plain refresh is not probed: RFC 3775 10.3.1 exempts it, and no sentence demands anything.
ADMITTED = accepted & ~bu.zero_lifetime & bu.home_registration
SERVING = bu.home_registration & node.home_agent
WITHIN = list(Lifetime.values).index("within")

RECEIVE = NodeStep(
    On.RECEIVE_UPDATE,
    (
        Decision(decide.answer, slot_present & ~discarded & decide.acknowledged),
        Decision(decide.effect, LIVE),
        Decision(
            decide.care_of,
            LIVE & ((decide.effect == Effect.register) | (decide.effect == Effect.update)),
        ),
        Decision(decide.others),
        Decision(decide.plain),
        Decision(decide.proxy, COMES_OR_GOES & SERVING, bc.proxy),
        Decision(decide.announcement),
        Decision(decide.dad, ADMITTED & (~no_options | ~entry_exists)),
        Decision(decide.stored),
        Decision(decide.acknowledged),
        Decision(decide.ba_lifetime, default=WITHIN),
        Decision(decide.ba_sequence),
        Decision(o.copied),
        Decision(o.ba_status),
        Decision(ba_status, decide.acknowledged & answers_differ),
    ),
)

SEND = NodeStep(
    On.SEND_UPDATE,
    (
        Decision(bu.home_registration),
        Decision(bu.ack),
        Decision(bu.zero_lifetime),
        Decision(bu.alternate),
        Decision(o.present),
        Decision(o.C),
        Decision(o.O),
        Decision(o.H),
        Decision(o.reserved),
        Decision(o.length),
    ),
)

CONCLUDE = NodeStep(
    On.RECEIVE_ACK,
    (
        Decision(mn.effective),
        Decision(mn.believed, slot_present & not_told_by_class),
        Decision(mn.resync),
    ),
)

STEPS = (RECEIVE, SEND, CONCLUDE)
