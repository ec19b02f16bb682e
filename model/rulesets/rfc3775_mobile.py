"""RFC 3775: what a mobile node sends, and what it concludes."""

from __future__ import annotations

import z3

from model.predicates import no_options
from model.rule import Modality, On, Role, rule
from model.rulesets.statuses import ERROR, SUCCESS, one_of
from model.vocabulary import (
    HOME_ADDRESS,
    NONE,
    Belief,
    Intent,
    Resync,
    Status,
    ba_status,
    bu,
    mn,
)

MUST, MUST_NOT, SHOULD = Modality.MUST, Modality.MUST_NOT, Modality.SHOULD
SHOULD_NOT = Modality.SHOULD_NOT
STATED, MAY = Modality.STATED, Modality.MAY
RECEIVER, HOME_AGENT, MOBILE_NODE = Role.RECEIVER, Role.HOME_AGENT, Role.MOBILE_NODE
CORRESPONDENT = Role.CORRESPONDENT


REGISTERS = one_of(
    mn.intent,
    (
        Intent.register_plain,
        Intent.register_one,
        Intent.register_bulk,
        Intent.home_and_foreign_bulk,
    ),
)

SENDING = [
    rule(
        "3775-11.7.1-1",
        "11.7.1",
        MUST,
        MOBILE_NODE,
        "a home registration has H and A set",
        on=On.SEND_UPDATE,
        given=mn.peer_home_agent,
        then=z3.And(bu.home_registration, bu.ack),
    ),
    rule(
        "3775-11.7.1-4",
        "11.7.1",
        MUST,
        MOBILE_NODE,
        "under ESP the alternate care-of address option is present",
        on=On.SEND_UPDATE,
        given=mn.peer_home_agent
        & bu.esp
        & (bu.source != HOME_ADDRESS)
        & (mn.intent != Intent.return_home),
        then=bu.alternate == bu.source,
    ),
    rule(
        "3775-11.7.1-5",
        "11.7.1",
        MUST,
        MOBILE_NODE,
        "a registration has a Lifetime above zero",
        on=On.SEND_UPDATE,
        given=REGISTERS,
        then=~bu.zero_lifetime,
    ),
    rule(
        "3775-11.5.4-2",
        "11.5.4",
        MUST,
        MOBILE_NODE,
        "returning home: Lifetime zero and no other care-of address",
        on=On.SEND_UPDATE,
        given=mn.intent == Intent.return_home,
        then=z3.And(bu.zero_lifetime, bu.alternate == NONE),
    ),
]

CONCLUDING = [
    rule(
        "3775-11.7.3-1",
        "11.7.3",
        MUST,
        MOBILE_NODE,
        "an acknowledgement that answers no outstanding update is ignored",
        on=On.RECEIVE_ACK,
        given=~mn.ba_matches & (ba_status != Status.sequence),
        then=mn.believed == Belief.unchanged,
    ),
    rule(
        "3775-11.7.3-2",
        "11.7.3",
        MUST,
        MOBILE_NODE,
        "a status below 128 updates the Binding Update List",
        on=On.RECEIVE_ACK,
        given=mn.ba_matches & no_options & one_of(ba_status, SUCCESS),
        then=mn.believed == Belief.registered,
    ),
    rule(
        "3775-11.7.3-3",
        "11.7.3",
        STATED,
        MOBILE_NODE,
        "a status from 128 means that the update failed",
        on=On.RECEIVE_ACK,
        given=(mn.ba_matches | (ba_status == Status.sequence))
        & no_options
        & one_of(ba_status, ERROR),
        then=mn.believed == Belief.failed,
    ),
    rule(
        "3775-11.7.1-6",
        "11.7.1",
        MUST,
        MOBILE_NODE,
        "after status 135 the next sequence number is used",
        on=On.RECEIVE_ACK,
        given=ba_status == Status.sequence,
        then=mn.resync == Resync.next,
    ),
]

RULES = [*SENDING, *CONCLUDING]
