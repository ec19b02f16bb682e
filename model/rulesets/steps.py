"""The decisions of each node step, when each is required, and its default otherwise."""

from __future__ import annotations

from model.predicates import (
    answers_differ,
    entry_exists,
    no_options,
    serving,
)
from model.rule import On, Role, any_option
from model.ruleset import Decision, NodeStep
from model.rulesets.steps_mobile import MOBILE_STEPS
from model.rulesets.steps_packets import MOBILE_ROUTER
from model.vocabulary import (
    Effect,
    Lifetime,
    accepted,
    ba_ack,
    ba_status,
    bc,
    bu,
    decide,
    discarded,
    o,
    refused,
    slot_present,
)

LIVE = slot_present & ~refused
COMES_OR_GOES = accepted & (~entry_exists | bu.zero_lifetime | any_option(o.H))
# A plain refresh is not probed: RFC 3775 10.3.1 exempts it, and no sentence demands anything.
ADMITTED = accepted & ~bu.zero_lifetime & bu.home_registration
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
        Decision(decide.proxy, COMES_OR_GOES & serving, bc.proxy),
        Decision(decide.announcement),
        Decision(decide.dad, ADMITTED & (~no_options | ~entry_exists)),
        Decision(decide.stored),
        Decision(decide.acknowledged, ~bu.ack & ~accepted & ~discarded),
        Decision(decide.ba_lifetime, default=WITHIN),
        Decision(decide.ba_sequence),
        Decision(decide.ba_to),
        Decision(decide.ba_routing),
        Decision(decide.lifetime, LIVE & (decide.effect == Effect.home), WITHIN),
        Decision(decide.key_peer, accepted & bu.key & serving),
        Decision(o.copied),
        Decision(o.copied_length),
        Decision(o.ba_status),
        Decision(o.status_copied),
        Decision(o.coa_tested, o.present & o.C & ~refused & ~bu.zero_lifetime),
        Decision(ba_status, decide.acknowledged & answers_differ),
        *MOBILE_ROUTER,
    ),
    # A home agent acts as a correspondent node for an update that is no home registration.
    roles={Role.HOME_AGENT: serving, Role.CORRESPONDENT: ~serving},
    well_formed=(
        ~bc.home_registration | entry_exists,
        (bc.last_sequence == 0) | entry_exists,
        ~bc.proxy | entry_exists,
        ~ba_ack,  # no acknowledgement has it: 3775-6.1.8
    ),
)

STEPS = (RECEIVE, *MOBILE_STEPS)
