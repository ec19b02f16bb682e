"""draft -04, sections 4.2.1 and 4.3: what the sub-option and the statuses mean to a receiver."""

from __future__ import annotations

from model.predicates import bulk, bulk_possible, flags_differ, no_options
from model.rule import Modality, Role, rule
from model.vocabulary import (
    Status,
    ba_status,
    bc,
    bu,
    decide,
    discarded,
    node,
    o,
    refused,
)

DEFINITION, RECEIVER = Modality.DEFINITION, Role.RECEIVER

FORMATS = [
    rule(
        "04-4.2.1-6",
        "4.2.1",
        DEFINITION,
        RECEIVER,
        "a Status in the sub-option overrides that of the acknowledgement",
        given=~discarded,
        when=decide.acknowledged & o.copied & (o.ba_status != Status.accepted),
        then=o.ba_status == decide.answer,
    ),
    rule(
        "04-4.2.1-7",
        "4.2.1",
        DEFINITION,
        RECEIVER,
        "Status zero in the sub-option stands for that of the acknowledgement",
        given=~discarded,
        when=decide.acknowledged & o.copied & (o.ba_status == Status.accepted),
        then=ba_status == decide.answer,
    ),
    rule(
        "04-4.3-1",
        "4.3",
        DEFINITION,
        RECEIVER,
        "INCOMPLIANT says that the registration failed",
        given=~refused | no_options,
        then=decide.answer != Status.mcoa_incompliant,
    ),
    rule(
        "04-4.3-2",
        "4.3",
        DEFINITION,
        RECEIVER,
        "BID CONFLICT says that a regular binding is already registered",
        given=~bc.plain | no_options | bu.zero_lifetime,
        then=decide.answer != Status.mcoa_bid_conflict,
    ),
    rule(
        "04-4.3-3",
        "4.3",
        DEFINITION,
        RECEIVER,
        "PROHIBITED says that multiple registration is prohibited",
        given=~node.prohibits | no_options,
        then=decide.answer != Status.mcoa_prohibited,
    ),
    rule(
        "04-4.3-4",
        "4.3",
        DEFINITION,
        RECEIVER,
        "BULK REGISTRATION NOT SUPPORTED says that bulk is not supported",
        given=bulk_possible | ~bulk,
        then=decide.answer != Status.mcoa_bulk_not_supported,
    ),
    rule(
        "04-4.3-5",
        "4.3",
        DEFINITION,
        RECEIVER,
        "FLAG CONFLICTS says that the flags of the sub-options differ",
        given=~flags_differ,
        then=decide.answer != Status.mcoa_flag_conflicts,
    ),
]
