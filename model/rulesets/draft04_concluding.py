"""draft-ietf-monami6-multiplecoa-04: what a mobile node concludes, and what it does next."""

from __future__ import annotations

import z3

from model.mobile import (
    ANSWERS,
    CORRECTED,
    HEARD,
    TO_CORRESPONDENT,
    NextUpdate,
    PeerHolds,
    Remaining,
    after,
    told,
    told_as,
    told_conflict,
    told_error,
    told_flags,
    told_incompliant,
    told_no_bulk,
    told_prohibited,
    told_success,
)
from model.predicates import bulk
from model.rule import Modality, On, Role, any_option, rule
from model.rulesets.statuses import one_of
from model.vocabulary import Belief, Resync, Status, ba_status, mn, o

MUST, SHOULD = Modality.MUST, Modality.SHOULD
STATED, DEFINITION = Modality.STATED, Modality.DEFINITION
MOBILE_NODE, CONCLUDE = Role.MOBILE_NODE, On.RECEIVE_ACK

GOES_ON = ANSWERS & told.goes_on
SENDS_AGAIN = tuple(NextUpdate[v] for v in NextUpdate.values if v not in ("none", "same"))
OF_OPTION = ("04-5.6-6", "04-5.6-7")


def then_sends(*updates: z3.ExprRef) -> z3.BoolRef:
    """Return the term: the next update to that peer is one of these."""
    return one_of(after.next, updates)


NOT_UNDERSTOOD = (
    ("04-5.6-10", MUST, told_prohibited, "PROHIBITED: multiple registration failed"),
    (
        "04-5.6-12",
        SHOULD,
        told_no_bulk,
        "BULK NOT SUPPORTED: bulk registration failed",
    ),
    ("04-5.6-13", STATED, told_flags, "FLAG CONFLICTS: flags differed"),
    ("04-5.6-15", STATED, told_conflict, "BID CONFLICT: a regular binding stands in the way"),
)

STATUSES = [
    rule(
        "04-5.6-1",
        "5.6",
        STATED,
        MOBILE_NODE,
        "an acknowledgement is verified as in RFC 3775",
        on=CONCLUDE,
        given=any_option(o.present) & z3.Not(HEARD),
        then=mn.believed == Belief.unchanged,
    ),
    rule(
        "04-5.6-5",
        "5.6",
        STATED,
        MOBILE_NODE,
        "with a sub-option the status of each care-of address is checked",
        on=CONCLUDE,
        given=ANSWERS & o.copied,
        then=after.checked,
    ),
    rule(
        "04-5.6-6",
        "5.6",
        MUST,
        MOBILE_NODE,
        "Status zero in the sub-option: that of the acknowledgement counts",
        on=CONCLUDE,
        given=o.copied & (o.ba_status == Status.accepted),
        then=mn.effective == ba_status,
    ),
    rule(
        "04-5.6-7",
        "5.6",
        MUST,
        MOBILE_NODE,
        "another Status in the sub-option counts itself",
        on=CONCLUDE,
        given=o.copied & (o.ba_status != Status.accepted),
        then=mn.effective == o.ba_status,
    ),
]

BELIEVING = [
    rule(
        "04-5.6-9",
        "5.6",
        STATED,
        MOBILE_NODE,
        "below 128: the binding and its BID are registered",
        on=CONCLUDE,
        given=ANSWERS & o.copied & told_success,
        then=mn.believed == Belief.registered,
        cites=OF_OPTION,
    ),
    rule(
        "04-5.6-9b",
        "5.6",
        STATED,
        MOBILE_NODE,
        "below 128: the peer has the binding and its BID",
        on=CONCLUDE,
        given=ANSWERS & o.copied & told_success,
        then=after.holds == PeerHolds.binding,
        cites=OF_OPTION,
    ),
    rule(
        "04-5.6-8",
        "5.6",
        STATED,
        MOBILE_NODE,
        "from 128: the update failed for the binding",
        on=CONCLUDE,
        given=HEARD & o.copied & told_error,
        then=mn.believed == Belief.failed,
        cites=OF_OPTION,
    ),
    rule(
        "04-4.3-1",
        "4.3",
        DEFINITION,
        MOBILE_NODE,
        "INCOMPLIANT: registration failed",
        on=CONCLUDE,
        given=ANSWERS & told_incompliant,
        then=mn.believed == Belief.failed,
        cites=OF_OPTION,
    ),
    *(
        rule(
            id,
            "5.6",
            modality,
            MOBILE_NODE,
            title,
            on=CONCLUDE,
            given=ANSWERS & status,
            then=mn.believed == Belief.failed,
            cites=OF_OPTION,
        )
        for id, modality, status, title in NOT_UNDERSTOOD
    ),
    rule(
        "04-5.4-6",
        "5.4",
        STATED,
        MOBILE_NODE,
        "the Lifetime granted is shared by the bindings of a bulk registration",
        on=CONCLUDE,
        given=ANSWERS & o.copied & told_success & bulk & told.shorter & ~told.deletion,
        then=after.remaining == Remaining.shortened,
        cites=OF_OPTION,
    ),
]

NEXT = [
    rule(
        "04-5.6-4",
        "5.6",
        SHOULD,
        MOBILE_NODE,
        "without sub-option in the acknowledgement: no more updates with BID",
        on=CONCLUDE,
        given=GOES_ON & o.present & ~any_option(o.copied),
        then=then_sends(NextUpdate.none, NextUpdate.without_bid),
    ),
    rule(
        "04-5.6-10b",
        "5.6",
        MUST,
        MOBILE_NODE,
        "PROHIBITED: multiple registration with that peer is given up",
        on=CONCLUDE,
        given=GOES_ON & told_prohibited,
        then=then_sends(NextUpdate.none, NextUpdate.without_bid),
        cites=OF_OPTION,
    ),
    rule(
        "04-5.6-11",
        "5.6",
        MUST,
        MOBILE_NODE,
        "PROHIBITED: the mobile node returns to RFC 3775 with that peer",
        on=CONCLUDE,
        given=GOES_ON & told_prohibited,
        then=after.next == NextUpdate.without_bid,
        cites=OF_OPTION,
    ),
    rule(
        "04-5.6-12b",
        "5.6",
        SHOULD,
        MOBILE_NODE,
        "BULK NOT SUPPORTED: no more bulk registration with that peer",
        on=CONCLUDE,
        given=GOES_ON & told_no_bulk,
        then=then_sends(NextUpdate.none, NextUpdate.without_bid, NextUpdate.without_bulk),
        cites=OF_OPTION,
    ),
    rule(
        "04-5.6-14",
        "5.6",
        STATED,
        MOBILE_NODE,
        "another error is handled as RFC 3775 says",
        on=CONCLUDE,
        given=GOES_ON & o.copied & told_error,
        then=then_sends(*CORRECTED),
        cites=("3775-11.7.3-3",),
    ),
    rule(
        "04-5.6-16",
        "5.6",
        SHOULD,
        MOBILE_NODE,
        "BID CONFLICT: no more updates with BID, or one with O",
        on=CONCLUDE,
        given=GOES_ON & told_conflict,
        then=then_sends(NextUpdate.none, NextUpdate.without_bid, NextUpdate.overwriting),
        cites=OF_OPTION,
    ),
    rule(
        "04-5.9-4b",
        "5.9",
        STATED,
        MOBILE_NODE,
        "O cannot be used with a correspondent node",
        on=CONCLUDE,
        given=TO_CORRESPONDENT,
        then=after.next != NextUpdate.overwriting,
    ),
    rule(
        "04-5.9-3",
        "5.9",
        MUST,
        MOBILE_NODE,
        "after status 135 the last accepted sequence number is used",
        on=CONCLUDE,
        given=told.authentic & any_option(o.present) & (ba_status == Status.sequence),
        then=mn.resync == Resync.last_accepted,
    ),
    rule(
        "04-5.9-3b",
        "5.9",
        MUST,
        MOBILE_NODE,
        "after status 135 the update is sent again",
        on=CONCLUDE,
        given=GOES_ON & o.present & told_as(Status.sequence),
        then=then_sends(*SENDS_AGAIN),
    ),
]

RULES = [*STATUSES, *BELIEVING, *NEXT]
