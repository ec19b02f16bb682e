"""RFC 3775, 6.1.8 and 9.5.4: what a receiver's acknowledgement says, and where it goes."""

from __future__ import annotations

import z3

from model.predicates import no_options, serving, stale
from model.rule import Modality, Role, rule
from model.rulesets.statuses import ERROR, SUCCESS, one_of
from model.vocabulary import (
    HOME_ADDRESS,
    Destination,
    SequenceSource,
    Status,
    accepted,
    ba_status,
    bu,
    decide,
    discarded,
    refused,
)

MUST, MUST_NOT, SHOULD_NOT = Modality.MUST, Modality.MUST_NOT, Modality.SHOULD_NOT
STATED = Modality.STATED
RECEIVER, HOME_AGENT, CORRESPONDENT = Role.RECEIVER, Role.HOME_AGENT, Role.CORRESPONDENT

at_home = bu.source == HOME_ADDRESS

ANSWERING = [
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
    rule(
        "3775-6.1.8-1b",
        "6.1.8",
        Modality.DEFINITION,
        RECEIVER,
        "an acknowledgement that is not sent has no Status",
        when=~decide.acknowledged,
        then=ba_status == Status.accepted,
    ),
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
        given=refused & ~discarded & no_options,
        then=z3.Not(one_of(decide.answer, SUCCESS)),
    ),
    rule(
        "3775-9.5.4-5",
        "9.5.4",
        MUST,
        RECEIVER,
        "the acknowledgement goes to the source of the update",
        given=~discarded & (~serving | ~at_home),
        when=decide.acknowledged,
        then=decide.ba_to == Destination.source,
    ),
    rule(
        "3775-9.5.4-5b",
        "9.5.4",
        MUST,
        RECEIVER,
        "it has a type 2 routing header unless it goes to the home address",
        given=~discarded,
        when=decide.acknowledged,
        then=decide.ba_routing == (bu.source != HOME_ADDRESS),
    ),
    rule(
        "3775-10.3.2-6",
        "10.3.2",
        MUST,
        HOME_AGENT,
        "an error towards the home link goes to the link-layer address of the mobile node",
        given=refused & ~discarded & at_home,
        when=decide.acknowledged,
        then=decide.ba_to == Destination.link_layer,
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
]
