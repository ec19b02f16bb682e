"""The decisions of each node step, when each is required, and its default otherwise."""

from __future__ import annotations

from model.predicates import (
    answers_differ,
    entry_exists,
    later,
    no_options,
    not_told_by_class,
)
from model.rule import On, Role
from model.ruleset import Decision, NodeStep
from model.vocabulary import (
    Effect,
    Intent,
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
AT_HOME_ALONE = (mn.intent == Intent.home_and_foreign) & ~later
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
    # A home agent acts as a correspondent node for an update that is no home registration.
    roles={Role.HOME_AGENT: SERVING, Role.CORRESPONDENT: ~SERVING},
    well_formed=(
        ~bc.home_registration | entry_exists,
        (bc.last_sequence == 0) | entry_exists,
        ~bc.proxy | entry_exists,
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
    # Only an intent about the home link is about it; only a bulk one has later options.
    well_formed=(~o.for_home | (mn.intent == Intent.home_and_foreign_bulk) | AT_HOME_ALONE,),
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
