"""draft-ietf-monami6-multiplecoa-04: what a mobile node sends, and what it concludes."""

from __future__ import annotations

import z3

from model.predicates import READ_HSCOPE, bulk, flags_differ, no_options, reads
from model.rule import Modality, On, Role, any_option, rule
from model.rulesets.rfc3775 import ERROR, SUCCESS, one_of
from model.vocabulary import (
    NONE,
    Belief,
    Intent,
    Length,
    Resync,
    Status,
    ba_status,
    bu,
    mn,
    o,
)

MUST, MUST_NOT, SHOULD, MAY = Modality.MUST, Modality.MUST_NOT, Modality.SHOULD, Modality.MAY
STATED, DEFINITION = Modality.STATED, Modality.DEFINITION
MOBILE_NODE, SEND, CONCLUDE = Role.MOBILE_NODE, On.SEND_UPDATE, On.RECEIVE_ACK


def wants(*intents: z3.ExprRef) -> z3.BoolRef:
    """Return the term: the mobile node wants one of these."""
    return one_of(mn.intent, intents)


BULK = mn.peer_home_agent & wants(
    Intent.register_bulk, Intent.deregister_bulk, Intent.home_and_foreign_bulk
)
BOTH = mn.peer_home_agent & wants(Intent.home_and_foreign, Intent.home_and_foreign_bulk)
PLAIN = wants(Intent.register_plain, Intent.deregister_all, Intent.return_home)
USES_BID = z3.Not(PLAIN)
UNDER_ESP = USES_BID & bu.esp & mn.peer_home_agent

SENDING = [
    rule(
        "04-5.3-2",
        "5.3",
        STATED,
        MOBILE_NODE,
        "without multiple registration the update is that of RFC 3775",
        on=SEND,
        given=PLAIN,
        then=~o.present,
    ),
    rule(
        "04-5.3-3",
        "5.3",
        MUST,
        MOBILE_NODE,
        "multiple registration: the update has a BID sub-option",
        on=SEND,
        given=USES_BID,
        then=z3.Not(no_options),
    ),
    rule(
        "04-5.4-3",
        "5.4",
        STATED,
        MOBILE_NODE,
        "bulk registration: several sub-options in one update",
        on=SEND,
        given=BULK,
        then=bulk,
    ),
    rule(
        "04-5.3-5",
        "5.3",
        MUST,
        MOBILE_NODE,
        "under ESP the care-of address is in the sub-option, C set",
        on=SEND,
        given=UNDER_ESP,
        when=o.present,
        then=o.C,
    ),
    rule(
        "04-5.3-6",
        "5.3",
        MUST,
        MOBILE_NODE,
        "under ESP the alternate care-of address option is omitted",
        on=SEND,
        given=UNDER_ESP,
        then=bu.alternate == NONE,
        also=("04-5.4-7",),
    ),
    rule(
        "04-5.4-2",
        "5.4",
        STATED,
        MOBILE_NODE,
        "bulk: C set and the care-of address in each sub-option",
        on=SEND,
        given=BULK,
        when=o.present,
        then=o.C,
        also=("04-4.2.1-11",),
    ),
    rule(
        "04-5.4-4",
        "5.4",
        MUST,
        MOBILE_NODE,
        "the flags of all sub-options of an update are equal",
        on=SEND,
        given=USES_BID,
        then=z3.Not(flags_differ),
    ),
    rule(
        "04-4.2.1-3",
        "4.2.1",
        MUST,
        MOBILE_NODE,
        "without C the Length is 4",
        on=SEND,
        when=o.present & ~o.C,
        then=o.length == Length.four,
    ),
    rule(
        "04-4.2.1-4",
        "4.2.1",
        MUST,
        MOBILE_NODE,
        "with C the Length is 20",
        on=SEND,
        when=o.present & o.C,
        then=o.length == Length.twenty,
    ),
    rule(
        "04-4.2.1-13",
        "4.2.1",
        DEFINITION,
        MOBILE_NODE,
        "C is valid only towards a home agent",
        on=SEND,
        given=~mn.peer_home_agent,
        then=~o.C,
    ),
    rule(
        "04-4.2.1-15",
        "4.2.1",
        DEFINITION,
        MOBILE_NODE,
        "O is valid only towards a home agent",
        on=SEND,
        given=~mn.peer_home_agent,
        then=~o.O,
    ),
    rule(
        "04-4.2.1-17",
        "4.2.1",
        DEFINITION,
        MOBILE_NODE,
        "H is valid only towards a home agent",
        on=SEND,
        given=~mn.peer_home_agent,
        then=~o.H,
    ),
    rule(
        "04-4.2.1-16",
        "4.2.1",
        DEFINITION,
        MOBILE_NODE,
        "H says of a binding that its interface is on the home link",
        on=SEND,
        given=reads(READ_HSCOPE, "HS1") & ~o.for_home,
        then=~o.H,
    ),
    rule(
        "04-4.2.1-16b",
        "4.2.1",
        DEFINITION,
        MOBILE_NODE,
        "H says of the mobile node that it is on the home link",
        on=SEND,
        given=reads(READ_HSCOPE, "HS2") & BOTH,
        when=o.present,
        then=o.H,
    ),
    rule(
        "04-4.2.1-18",
        "4.2.1",
        STATED,
        MOBILE_NODE,
        "the Reserved bits are zero",
        on=SEND,
        then=~o.reserved,
    ),
    rule(
        "04-5.4-11",
        "5.4",
        MAY,
        MOBILE_NODE,
        "O may ask for the replacement of all bindings",
        on=SEND,
        given=wants(Intent.register_one, Intent.register_bulk) & mn.peer_home_agent,
        when=o.present,
        then=o.O,
    ),
    rule(
        "04-5.5-1",
        "5.5",
        STATED,
        MOBILE_NODE,
        "deregistration of all bindings: Lifetime zero",
        on=SEND,
        given=wants(Intent.deregister_all),
        then=bu.zero_lifetime,
    ),
    rule(
        "04-5.5-3",
        "5.5",
        STATED,
        MOBILE_NODE,
        "deregistration of particular bindings: Lifetime zero",
        on=SEND,
        given=wants(Intent.deregister_one, Intent.deregister_bulk),
        then=bu.zero_lifetime,
    ),
    rule(
        "04-5.5-4",
        "5.5",
        MUST,
        MOBILE_NODE,
        "deregistration of particular bindings carries their BIDs",
        on=SEND,
        given=wants(Intent.deregister_one, Intent.deregister_bulk),
        then=z3.Not(no_options),
    ),
    rule(
        "04-5.5-6",
        "5.5",
        SHOULD,
        MOBILE_NODE,
        "a bulk deregistration omits the care-of addresses",
        on=SEND,
        given=wants(Intent.deregister_bulk),
        when=o.present,
        then=o.length == Length.four,
    ),
    rule(
        "04-5.5-16",
        "5.5",
        STATED,
        MOBILE_NODE,
        "the interface on the home link is told with H",
        on=SEND,
        given=BOTH & o.for_home,
        when=o.present,
        then=o.H,
        also=("04-3-27",),
    ),
    rule(
        "04-5.5-17",
        "5.5",
        MAY,
        MOBILE_NODE,
        "the foreign care-of addresses may be in the same message, by bulk",
        on=SEND,
        given=wants(Intent.home_and_foreign_bulk),
        then=bulk,
        label="may",
    ),
    rule(
        "04-5.5-21",
        "5.5",
        STATED,
        MOBILE_NODE,
        "the binding of the interface that came home is de-registered",
        on=SEND,
        given=BOTH,
        then=bu.zero_lifetime,
        cites=("04-5.4-6",),
    ),
]

NOT_UNDERSTOOD = (
    ("04-5.6-10", MUST, "mcoa_prohibited", "PROHIBITED: multiple registration failed"),
    (
        "04-5.6-12",
        SHOULD,
        "mcoa_bulk_not_supported",
        "BULK NOT SUPPORTED: bulk registration failed",
    ),
    ("04-5.6-13", STATED, "mcoa_flag_conflicts", "FLAG CONFLICTS: flags differed"),
    ("04-5.6-15", STATED, "mcoa_bid_conflict", "BID CONFLICT: a regular binding stands in the way"),
)

CONCLUDING = [
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
    rule(
        "04-5.6-9",
        "5.6",
        STATED,
        MOBILE_NODE,
        "below 128: the binding and its BID are registered",
        on=CONCLUDE,
        given=mn.ba_matches & o.copied,
        when=one_of(mn.effective, SUCCESS),
        then=mn.believed == Belief.registered,
    ),
    rule(
        "04-5.6-8",
        "5.6",
        STATED,
        MOBILE_NODE,
        "from 128: the update failed for the binding",
        on=CONCLUDE,
        given=o.copied & (mn.ba_matches | (ba_status == Status.sequence)),
        when=one_of(mn.effective, ERROR),
        then=mn.believed == Belief.failed,
    ),
    *(
        rule(
            id,
            "5.6",
            modality,
            MOBILE_NODE,
            title,
            on=CONCLUDE,
            given=o.copied & mn.ba_matches,
            when=mn.effective == Status[status],
            then=mn.believed == Belief.failed,
        )
        for id, modality, status, title in NOT_UNDERSTOOD
    ),
    rule(
        "04-5.9-3",
        "5.9",
        MUST,
        MOBILE_NODE,
        "after status 135 the last accepted sequence number is used",
        on=CONCLUDE,
        given=any_option(o.present) & (ba_status == Status.sequence),
        then=mn.resync == Resync.last_accepted,
    ),
]

RULES = [*SENDING, *CONCLUDING]
