"""RFC 3775: the base rules about Binding Updates and their acknowledgements."""

from __future__ import annotations

import z3

from model.predicates import base_delete, entry_exists, home_entry_exists, no_options, stale
from model.rule import Modality, On, Role, Rule, discard, reject, rule
from model.ruleset import gather
from model.vocabulary import (
    HOME_ADDRESS,
    NONE,
    Announcement,
    Authorization,
    Belief,
    CareOf,
    Dad,
    Effect,
    Intent,
    Lifetime,
    Others,
    Resync,
    SequenceSource,
    Status,
    Stored,
    accepted,
    ba_status,
    bc,
    bu,
    decide,
    discarded,
    mn,
    node,
    refused,
)

MUST, MUST_NOT, SHOULD = Modality.MUST, Modality.MUST_NOT, Modality.SHOULD
SHOULD_NOT = Modality.SHOULD_NOT
STATED, MAY = Modality.STATED, Modality.MAY
RECEIVER, HOME_AGENT, MOBILE_NODE = Role.RECEIVER, Role.HOME_AGENT, Role.MOBILE_NODE
CORRESPONDENT = Role.CORRESPONDENT

DOCUMENT = "RFC 3775"
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
PROCEDURE = ("discard", "sequence", "type", "nonces", "admission")

home = bu.home_registration
no_home_entry = ~home_entry_exists | ~node.home_agent
to_correspondent = ~bu.home_registration
cache_request = ~base_delete
# 10.3.1 is about registrations; an extension's registration is one whatever its source.
asks_to_serve = cache_request | (~bu.zero_lifetime & ~no_options)


def one_of(term: z3.ExprRef, values: tuple[z3.ExprRef, ...]) -> z3.BoolRef:
    """Return the term: `term` has one of `values`."""
    return z3.Or([term == v for v in values])


RECEIVING = [
    rule(
        "3775-6.1.8-1",
        "6.1.8",
        Modality.DEFINITION,
        RECEIVER,
        "the Status of an acknowledgement is the answer to the update",
        given=no_options & ~discarded,
        when=decide.acknowledged,
        then=ba_status == decide.answer,
    ),
    # 9.5.1: validation
    rule(
        "3775-9.5.1-9",
        "9.5.1",
        MUST,
        RECEIVER,
        "an update without valid authenticator is silently discarded",
        at="discard",
        given=to_correspondent
        & one_of(bu.authorization, (Authorization.absent, Authorization.wrong)),
        then=discard(),
        also=("3775-9.5.1-4",),
    ),
    rule(
        "3775-9.5.1-5",
        "9.5.1",
        MUST_NOT,
        RECEIVER,
        "no Nonce Indices option in a home registration",
        at="discard",
        given=home & bu.nonces,
        then=discard(),
    ),
    rule(
        "3775-9.5.1-6",
        "9.5.1",
        MUST,
        RECEIVER,
        "a sequence number that is not greater is refused with the last accepted one",
        at="sequence",
        given=stale,
        then=reject(Status.sequence),
        also=("3775-9.5.1-2",),
    ),
    rule(
        "3775-9.5.1-6a",
        "9.5.1",
        MUST,
        RECEIVER,
        "that refusal carries the last accepted sequence number",
        at="sequence",
        given=stale & ~discarded,
        when=decide.answer == Status.sequence,
        then=decide.ba_sequence == SequenceSource.last_accepted,
    ),
    rule(
        "3775-9.5.1-3",
        "9.5.1",
        MUST,
        RECEIVER,
        "without an entry any sequence number is accepted",
        given=~entry_exists,
        then=decide.answer != Status.sequence,
    ),
    rule(
        "3775-9.5.1-7",
        "9.5.1",
        MUST,
        RECEIVER,
        "a change of the registration type is refused",
        at="type",
        given=entry_exists & (bc.home_registration != home),
        then=reject(Status.type_change),
    ),
    rule(
        "3775-9.5.1-8",
        "9.5.1",
        MUST,
        RECEIVER,
        "an expired home nonce index is refused",
        at="nonces",
        given=to_correspondent & (bu.authorization == Authorization.home_nonce),
        then=reject(Status.home_nonce),
    ),
    rule(
        "3775-9.5.1-8b",
        "9.5.1",
        MUST,
        RECEIVER,
        "an expired care-of nonce index is refused",
        at="nonces",
        given=to_correspondent & (bu.authorization == Authorization.careof_nonce),
        then=reject(Status.careof_nonce),
    ),
    rule(
        "3775-9.5.1-8c",
        "9.5.1",
        MUST,
        RECEIVER,
        "two expired nonce indices are refused",
        at="nonces",
        given=to_correspondent & (bu.authorization == Authorization.nonces),
        then=reject(Status.nonces),
    ),
    rule(
        "3775-9.5.1-10",
        "9.5.1",
        STATED,
        RECEIVER,
        "the sequence number of a valid update is stored",
        at="admission",
        given=z3.BoolVal(True),
        then=decide.stored == Stored.store,
    ),
    rule(
        "3775-9.5.1-13",
        "9.5.1",
        MUST,
        RECEIVER,
        "the care-of address is the alternate one if present, else the source",
        given=cache_request,
        then=decide.care_of == z3.If(bu.alternate == NONE, CareOf.source, CareOf.alternate),
        yields=True,
    ),
    # 9.5.2, 9.5.3: what a correspondent node does
    rule(
        "3775-9.5.2-1",
        "9.5.2",
        SHOULD,
        CORRESPONDENT,
        "a cache request creates or updates the entry",
        given=cache_request & to_correspondent,
        then=decide.effect == z3.If(bc.plain, Effect.update, Effect.register),
        yields=True,
    ),
    rule(
        "3775-9.5.3-1",
        "9.5.3",
        MUST,
        CORRESPONDENT,
        "a delete request deletes any binding of the home address",
        given=base_delete & to_correspondent,
        then=z3.And(decide.effect == Effect.delete, decide.others == Others.delete),
        yields=True,
    ),
    # 9.5.4: acknowledgements
    rule(
        "3775-9.5.4-1",
        "9.5.4",
        MUST_NOT,
        RECEIVER,
        "a discarded update is not acknowledged",
        given=discarded,
        then=~decide.acknowledged,
    ),
    rule(
        "3775-9.5.4-2",
        "9.5.4",
        MUST,
        RECEIVER,
        "an update with A set is acknowledged",
        given=bu.ack & ~discarded,
        then=decide.acknowledged,
    ),
    rule(
        "3775-9.5.4-3",
        "9.5.4",
        MUST,
        RECEIVER,
        "a refusal for nonce, sequence number or resources is acknowledged without A too",
        given=~bu.ack & refused & ~discarded,
        when=one_of(
            decide.answer,
            (
                Status.sequence,
                Status.home_nonce,
                Status.careof_nonce,
                Status.nonces,
                Status.resources,
            ),
        ),
        then=decide.acknowledged,
    ),
    # A home agent answers an accepted home registration whatever A says (10.3.1, 10.3.2).
    rule(
        "3775-9.5.4-3b",
        "9.5.4",
        SHOULD_NOT,
        CORRESPONDENT,
        "an accepted update without A is not acknowledged",
        given=~bu.ack & accepted,
        then=~decide.acknowledged,
    ),
    rule(
        "3775-9.5.4-4",
        "9.5.4",
        MUST,
        RECEIVER,
        "an accepted update is answered by a status below 128",
        given=~refused & ~discarded,
        then=z3.Not(one_of(decide.answer, ERROR)),
    ),
    rule(
        "3775-9.5.4-4b",
        "9.5.4",
        MUST,
        RECEIVER,
        "a refused update is answered by a status from 128",
        given=refused & ~discarded,
        then=z3.Not(one_of(decide.answer, SUCCESS)),
    ),
    rule(
        "3775-6.1.8-2",
        "6.1.8",
        STATED,
        RECEIVER,
        "the acknowledgement repeats the sequence number of the update",
        given=~discarded & ~stale,
        when=decide.answer != Status.sequence,
        then=decide.ba_sequence == SequenceSource.copied,
    ),
    # 10.3.1: primary care-of address registration
    rule(
        "3775-10.3.1-1",
        "10.3.1",
        MUST,
        RECEIVER,
        "a node that is no home agent refuses a home registration",
        at="admission",
        given=home & ~node.home_agent & asks_to_serve,
        then=reject(Status.not_supported),
    ),
    rule(
        "3775-10.3.1-2",
        "10.3.1",
        MUST,
        HOME_AGENT,
        "a home address that is not on-link is refused",
        at="admission",
        given=~node.serves_prefix & asks_to_serve,
        then=reject(),
    ),
    rule(
        "3775-10.3.1-2b",
        "10.3.1",
        SHOULD,
        HOME_AGENT,
        "that refusal has the status not home subnet",
        at="admission",
        given=~node.serves_prefix & asks_to_serve,
        then=decide.answer == Status.not_home_subnet,
    ),
    rule(
        "3775-10.3.1-3",
        "10.3.1",
        SHOULD,
        HOME_AGENT,
        "a home agent short of resources refuses with a fitting status",
        at="admission",
        given=node.lacks_resources & node.serves_prefix & asks_to_serve,
        then=reject(Status.resources),
    ),
    rule(
        "3775-10.3.1-4",
        "10.3.1",
        MUST,
        HOME_AGENT,
        "an accepted registration creates or updates the entry",
        given=cache_request,
        then=decide.effect == z3.If(bc.plain, Effect.update, Effect.register),
        yields=True,
    ),
    rule(
        "3775-10.3.1-5",
        "10.3.1",
        MUST,
        HOME_AGENT,
        "without a binding the home address is probed before the acknowledgement",
        at="dad",
        given=cache_request & ~entry_exists,
        then=decide.dad == Dad.run,
    ),
    rule(
        "3775-10.3.1-5b",
        "10.3.1",
        MUST,
        HOME_AGENT,
        "a failed duplicate address detection refuses the whole update",
        at="dad result",
        given=cache_request & ~entry_exists & node.address_taken,
        then=reject(Status.duplicate_address),
    ),
    rule(
        "3775-10.3.1-8",
        "10.3.1",
        MUST_NOT,
        HOME_AGENT,
        "the granted Lifetime is not above the requested one",
        given=accepted & cache_request,
        then=decide.ba_lifetime == Lifetime.within,
    ),
    rule(
        "3775-10.3.1-9",
        "10.3.1",
        MUST,
        HOME_AGENT,
        "an accepted registration is acknowledged whatever A says",
        given=accepted & cache_request,
        then=decide.acknowledged,
    ),
    rule(
        "3775-10.3.1-9b",
        "10.3.1",
        MUST,
        HOME_AGENT,
        "that acknowledgement has a success status",
        given=accepted & ~refused & cache_request,
        then=one_of(decide.answer, SUCCESS),
        yields=True,
    ),
    rule(
        "3775-10.3.1-11",
        "10.3.1",
        MUST,
        HOME_AGENT,
        "after an accepted registration the home agent intercepts packets",
        given=cache_request,
        then=decide.proxy,
        also=("3775-10.4.1-1",),
    ),
    # 10.3.2: primary care-of address deregistration
    rule(
        "3775-10.3.2-1",
        "10.3.2",
        MUST,
        RECEIVER,
        "a delete request without a home registration entry is refused",
        at="deregister",
        given=home & base_delete & no_home_entry,
        then=reject(),
        yields=True,
    ),
    rule(
        "3775-10.3.2-1b",
        "10.3.2",
        SHOULD,
        RECEIVER,
        "that refusal has the status not home agent for this mobile node",
        at="deregister",
        given=home & base_delete & no_home_entry & refused,
        then=decide.answer == Status.not_home_agent,
        yields=True,
    ),
    rule(
        "3775-10.3.2-2",
        "10.3.2",
        MUST,
        HOME_AGENT,
        "a delete request deletes any entry of the mobile node",
        given=base_delete,
        then=z3.And(decide.effect == Effect.delete, decide.others == Others.delete),
        yields=True,
    ),
    rule(
        "3775-10.3.2-3",
        "10.3.2",
        MUST,
        HOME_AGENT,
        "an accepted delete request is answered by status 0",
        given=base_delete & ~refused,
        then=decide.answer == Status.accepted,
        yields=True,
    ),
    rule(
        "3775-10.3.2-3b",
        "10.3.2",
        MUST,
        HOME_AGENT,
        "an accepted delete request is acknowledged with Lifetime zero",
        given=base_delete & accepted,
        then=z3.And(decide.acknowledged, decide.ba_lifetime == Lifetime.zero),
        yields=True,
    ),
    rule(
        "3775-10.3.2-5",
        "10.3.2",
        MUST,
        HOME_AGENT,
        "after a delete request the home agent stops intercepting",
        given=base_delete,
        then=~decide.proxy,
        yields=True,
    ),
    # 10.4.1: interception on the home link
    rule(
        "3775-10.4.1-2",
        "10.4.1",
        MUST,
        HOME_AGENT,
        "on beginning to serve it multicasts an advertisement that overrides caches",
        given=cache_request & ~entry_exists,
        then=decide.announcement == Announcement.override,
    ),
]

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


def rules() -> tuple[Rule, ...]:
    """Return the base rules."""
    return gather(DOCUMENT, [*RECEIVING, *SENDING, *CONCLUDING])
