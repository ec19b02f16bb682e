"""RFC 3775: Care-of Test messages, Binding Refresh Request and Binding Error."""

from __future__ import annotations

import z3

from model.control import (
    ErrorStatus,
    Removed,
    Token,
    TokenAddress,
    TokenEntry,
    cot,
    error,
    listed,
    refresh,
    several_listed,
    test,
    token,
)
from model.rule import Demand, Modality, On, Refuses, Role, rule
from model.vocabulary import discarded, o

MUST, SHOULD, MAY, STATED = Modality.MUST, Modality.SHOULD, Modality.MAY, Modality.STATED
MOBILE_NODE = Role.MOBILE_NODE

PROCEDURE = ("verification",)

RETURN_ROUTABILITY = [
    rule(
        "3775-6.1.7-5",
        "6.1.7",
        MUST,
        Role.LEGACY,
        "a mobility option that is not known is ignored and skipped",
        on=On.RECEIVE_TEST,
        given=o.present,
        then=~test.processed,
    ),
    rule(
        "3775-9.4.2-1",
        "9.4.2",
        MUST,
        Role.RECEIVER,
        "a Care-of Test Init that fails a test is silently ignored",
        on=On.RECEIVE_TEST,
        at="verification",
        given=~test.valid,
        then=Demand(~cot.sent, Refuses.SILENTLY),
    ),
    rule(
        "3775-9.4.4-1",
        "9.4.4",
        STATED,
        Role.RECEIVER,
        "a Care-of Test is returned, its token for the source address",
        on=On.RECEIVE_TEST,
        given=~discarded,
        then=z3.And(cot.sent, cot.token_for == TokenAddress.source),
    ),
    rule(
        "3775-9.4.4-2",
        "9.4.4",
        STATED,
        Role.RECEIVER,
        "a care-of keygen token is created from address and nonce",
        on=On.RECEIVE_TEST,
        given=~discarded,
        then=cot.token == Token.without_bid,
    ),
    rule(
        "3775-11.6.2-1",
        "11.6.2",
        MUST,
        MOBILE_NODE,
        "a Care-of Test that fails a test is silently ignored",
        on=On.RECEIVE_TOKEN,
        at="verification",
        given=~cot.valid,
        then=Demand(~token.kept, Refuses.SILENTLY),
    ),
    rule(
        "3775-11.6.2-2",
        "11.6.2",
        MUST,
        MOBILE_NODE,
        "otherwise nonce index and token are recorded in the Binding Update List",
        on=On.RECEIVE_TOKEN,
        given=~discarded,
        then=token.kept,
    ),
    rule(
        "3775-11.6.2-3",
        "11.6.2",
        MUST,
        MOBILE_NODE,
        "they are recorded in the entry that the Care-of Test Init was sent for",
        on=On.RECEIVE_TOKEN,
        given=cot.present & ~discarded,
        then=token.entry == TokenEntry.of_init,
    ),
]

REFRESHING = [
    rule(
        "3775-9.5.5-1",
        "9.5.5",
        MAY,
        Role.RECEIVER,
        "a Binding Refresh Request may be sent for a binding in use that runs out",
        on=On.SEND_REFRESH,
        given=refresh.due,
        then=refresh.sent,
    ),
    rule(
        "3775-11.7.4-1",
        "11.7.4",
        SHOULD,
        MOBILE_NODE,
        "a Binding Update follows when the mobile node wants to keep its binding",
        on=On.RECEIVE_REFRESH,
        given=listed & refresh.retain & ~discarded,
        then=refresh.answered,
    ),
    rule(
        "3775-11.7.4-3",
        "11.7.4",
        MAY,
        MOBILE_NODE,
        "who wants its binding removed may ignore the request",
        on=On.RECEIVE_REFRESH,
        given=listed & ~refresh.retain & ~discarded,
        then=~refresh.answered,
        label="can",
    ),
    rule(
        "3775-11.7.4-2",
        "11.7.4",
        STATED,
        MOBILE_NODE,
        "a request from a node that is not in the Binding Update List is not answered",
        on=On.RECEIVE_REFRESH,
        given=~listed & ~discarded,
        then=~refresh.answered,
        label="should",
    ),
]

UNKNOWN_BINDING = listed & (error.status == ErrorStatus.unknown_binding)
UNKNOWN_MESSAGE = listed & (error.status == ErrorStatus.unknown_message)

ERRORS = [
    rule(
        "3775-11.3.6-1",
        "11.3.6",
        MUST,
        MOBILE_NODE,
        "without upper-layer progress the entry for the source is removed",
        on=On.RECEIVE_ERROR,
        given=UNKNOWN_BINDING & ~error.progress & ~several_listed,
        then=error.removed == Removed.one,
        cites=("04-4.1-1",),
    ),
    rule(
        "3775-11.3.6-2",
        "11.3.6",
        MUST,
        MOBILE_NODE,
        "a Binding Error of a node that is not in the Binding Update List is ignored",
        on=On.RECEIVE_ERROR,
        given=~listed,
        then=z3.And(error.removed == Removed.none, ~error.ceases),
    ),
    rule(
        "3775-11.3.6-3",
        "11.3.6",
        MAY,
        MOBILE_NODE,
        "with upper-layer progress it may be ignored",
        on=On.RECEIVE_ERROR,
        given=UNKNOWN_BINDING & error.progress,
        then=error.removed == Removed.none,
    ),
    rule(
        "3775-11.3.6-4",
        "11.3.6",
        SHOULD,
        MOBILE_NODE,
        "unknown message, no answer awaited: it is ignored",
        on=On.RECEIVE_ERROR,
        given=UNKNOWN_MESSAGE & ~error.waiting,
        then=z3.And(error.removed == Removed.none, ~error.ceases),
    ),
    rule(
        "3775-11.3.6-5",
        "11.3.6",
        SHOULD,
        MOBILE_NODE,
        "unknown message, an answer awaited: the use of extensions ceases",
        on=On.RECEIVE_ERROR,
        given=UNKNOWN_MESSAGE & error.waiting,
        then=error.ceases,
    ),
]

RULES = [*RETURN_ROUTABILITY, *REFRESHING, *ERRORS]
