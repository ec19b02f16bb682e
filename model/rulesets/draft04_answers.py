"""draft -04, sections 4.2.1, 5.6 and 6.3: what a receiver's acknowledgement says."""

from __future__ import annotations

import z3

from model.predicates import (
    READ_COPY,
    READ_IGN,
    READ_STAT,
    bulk,
    no_options,
    reads,
    serving,
    still_regular,
)
from model.rule import Modality, Role, rule
from model.vocabulary import (
    Length,
    Status,
    accepted,
    ba_ack,
    ba_status,
    bu,
    decide,
    discarded,
    node,
    o,
    refused,
)

MUST, MAY, STATED = Modality.MUST, Modality.MAY, Modality.STATED
RECEIVER, HOME_AGENT = Role.RECEIVER, Role.HOME_AGENT
CORRESPONDENT = Role.CORRESPONDENT

# Each sub-option says its own status: none need refer to the acknowledgement (04-4.2.1-7).
OWN_STATUSES = reads(READ_STAT, "T2") & serving & bu.ack & ~no_options & ~discarded

ACKNOWLEDGING = [
    rule(
        "04-5.6-2",
        "5.6",
        MUST,
        RECEIVER,
        "an update with BID sub-option and A is acknowledged with a BID sub-option",
        given=bu.ack & ~discarded,
        when=decide.acknowledged,
        then=o.copied,
    ),
    rule(
        "04-6.3-9",
        "6.3",
        STATED,
        CORRESPONDENT,
        "a correspondent node puts the status into the acknowledgement, zero into the sub-option",
        given=~discarded,
        when=decide.acknowledged,
        then=z3.And(o.ba_status == Status.accepted, ba_status == decide.answer),
    ),
    rule(
        "04-6.3-9c",
        "6.3",
        STATED,
        CORRESPONDENT,
        "zero stands there, whatever Status the update had there",
        given=~discarded & (o.status != Status.accepted),
        when=decide.acknowledged & o.copied,
        then=~o.status_copied,
    ),
    rule(
        "04-6.3-10",
        "6.3",
        STATED,
        HOME_AGENT,
        "a home agent puts a common status into the acknowledgement, or each into its sub-option",
        given=~discarded & ~bulk,
        when=decide.acknowledged & o.copied,
        then=z3.If(
            reads(READ_STAT, "T1"),
            z3.And(o.ba_status == Status.accepted, ba_status == decide.answer),
            o.ba_status == decide.answer,
        ),
        label="can",
    ),
    rule(
        "04-6.3-11",
        "6.3",
        MUST,
        HOME_AGENT,
        "a status specific to one binding of a bulk update stands in its sub-option",
        given=bulk & ~discarded,
        when=decide.acknowledged & o.copied & (ba_status != decide.answer),
        then=o.ba_status == decide.answer,
    ),
    # BID CONFLICT is left aside: nobody says whether it is an acceptance (04-4.3-6).
    rule(
        "04-6.3-35r",
        "6.3",
        STATED,
        RECEIVER,
        "without A too a registration is answered: 0 is returned",
        given=~bu.ack & ~bu.zero_lifetime & ~no_options & accepted & ~still_regular,
        then=decide.acknowledged,
        also=("04-6.3-36",),
    ),
    rule(
        "04-6.3-37",
        "6.3",
        MUST,
        RECEIVER,
        "a wholly accepted update with A is acknowledged with its BID sub-options",
        given=(bu.ack | ba_ack) & ~refused & accepted,  # the text: A of the acknowledgement
        then=z3.And(decide.acknowledged, o.copied),
    ),
    rule(
        "04-4.2.1-6c",
        "4.2.1",
        Modality.DEFINITION,
        RECEIVER,
        "a sub-option that is not sent back has no Status",
        when=~decide.acknowledged,
        then=~o.copied & (o.ba_status == Status.accepted),
    ),
    rule(
        "04-6.3-38",
        "6.3",
        MUST,
        RECEIVER,
        "every BID sub-option of the update is copied into any acknowledgement",
        given=~discarded,
        when=decide.acknowledged,
        then=o.copied,
    ),
    rule(
        "04-6.3-38b",
        "6.3",
        MUST,
        CORRESPONDENT,
        "it is copied with its Status",
        given=~discarded & (o.status != Status.accepted) & reads(READ_COPY, "Y2"),
        when=decide.acknowledged & o.copied,
        then=o.status_copied,
    ),
    rule(
        "04-4.2.1-3b",
        "4.2.1",
        MUST,
        RECEIVER,
        "without C the copy has Length 4",
        given=~discarded & ~o.C,
        when=decide.acknowledged & o.copied,
        then=o.copied_length == Length.four,
    ),
    rule(
        "04-4.2.1-4b",
        "4.2.1",
        MUST,
        RECEIVER,
        "with C the copy has Length 20",
        given=~discarded & o.C,
        when=decide.acknowledged & o.copied,
        then=o.copied_length == Length.twenty,
    ),
    rule(
        "04-6.3-39",
        "6.3",
        MAY,
        RECEIVER,
        "the copy may omit the care-of address",
        given=~discarded,
        when=decide.acknowledged & o.copied,
        then=o.copied_length == Length.four,
        also=("04-4.2.1-21",),
        label="can",
    ),
    rule(
        "04-6.1-8b",
        "6.1",
        MAY,
        CORRESPONDENT,
        "a sub-option that is ignored is not copied",
        given=node.single & ~discarded & reads(READ_IGN, "I1"),
        when=decide.acknowledged & o.present,
        then=~o.copied,
        label="can",
    ),
]
