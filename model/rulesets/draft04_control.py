"""draft-ietf-monami6-multiplecoa-04: control messages; here the Binding Refresh Request."""

from __future__ import annotations

import z3

from model.control import Renewed, in_list, listed, refresh, several_listed
from model.predicates import later, no_options
from model.rule import Demand, Modality, On, Refuses, Role, rule
from model.rulesets import draft04_routability
from model.rulesets.draft04_routability import SUB_OPTIONS, formats
from model.vocabulary import o

MUST, SHOULD, STATED = Modality.MUST, Modality.SHOULD, Modality.STATED
DEFINITION = Modality.DEFINITION
MOBILE_NODE, RECEIVER = Role.MOBILE_NODE, Role.RECEIVER

PROCEDURE = (SUB_OPTIONS,)

SENDING_REFRESH = [
    rule(
        "04-6.4-1",
        "6.4",
        SHOULD,
        RECEIVER,
        "a request for a binding with a BID has its BID sub-option",
        on=On.SEND_REFRESH,
        given=(refresh.bid != 0) & ~later,
        then=z3.And(o.present, o.bid == refresh.bid),
    ),
    *(
        rule(
            f"04-4.2.1-{number}r",
            "4.2.1",
            DEFINITION,
            RECEIVER,
            f"{flag.decl().name()[-1]} is valid only in an update",
            on=On.SEND_REFRESH,
            then=~flag,
        )
        for number, flag in ((13, o.C), (15, o.O), (17, o.H))
    ),
    rule(
        "04-4.2.1-18r",
        "4.2.1",
        STATED,
        RECEIVER,
        "the Reserved bits are zero",
        on=On.SEND_REFRESH,
        then=~o.reserved,
        label="must",
    ),
    *formats("r", On.SEND_REFRESH, RECEIVER, o.present, o.C, o.length),
]

RECEIVING_REFRESH = [
    rule(
        "04-5.7-1",
        "5.7",
        STATED,
        MOBILE_NODE,
        "a Binding Refresh Request is verified as RFC 3775 has it",
        on=On.RECEIVE_REFRESH,
        at="verification",
        given=~refresh.valid,
        then=Demand(~refresh.answered, Refuses.SILENTLY),
    ),
    rule(
        "04-5.7-2",
        "5.7",
        STATED,
        MOBILE_NODE,
        "a request with a BID asks for the binding of that BID",
        on=On.RECEIVE_REFRESH,
        at=SUB_OPTIONS,
        given=o.present & in_list,
        when=refresh.answered,
        then=refresh.renewed,
    ),
    rule(
        "04-5.7-3",
        "5.7",
        SHOULD,
        MOBILE_NODE,
        "only that binding is updated",
        on=On.RECEIVE_REFRESH,
        at=SUB_OPTIONS,
        given=o.present & in_list & refresh.retain,
        then=z3.And(refresh.renewed, ~refresh.others),
    ),
    rule(
        "04-5.7-4",
        "5.7",
        MUST,
        MOBILE_NODE,
        "the update for it has the BID sub-option",
        on=On.RECEIVE_REFRESH,
        at=SUB_OPTIONS,
        given=o.present,
        when=refresh.renewed,
        then=refresh.named,
    ),
    rule(
        "04-5.7-5",
        "5.7",
        STATED,
        MOBILE_NODE,
        "a request without BID: an update by the Binding Update List",
        on=On.RECEIVE_REFRESH,
        at=SUB_OPTIONS,
        given=no_options & listed,
        then=z3.And(
            refresh.answered,
            refresh.entries != Renewed.none,
            refresh.entries != Renewed.new,
        ),
    ),
    rule(
        "04-5.7-5b",
        "5.7",
        STATED,
        MOBILE_NODE,
        "a request without BID: the one entry of the list is renewed",
        on=On.RECEIVE_REFRESH,
        at=SUB_OPTIONS,
        given=no_options & listed & ~several_listed,
        then=refresh.entries == Renewed.one,
    ),
    rule(
        "04-5.7-6",
        "5.7",
        STATED,
        MOBILE_NODE,
        "a request without BID and no entry: one or several bindings are registered",
        on=On.RECEIVE_REFRESH,
        at=SUB_OPTIONS,
        given=no_options & ~listed,
        then=z3.And(refresh.answered, refresh.entries == Renewed.new),
    ),
]

OVERRIDES = draft04_routability.OVERRIDES

RULES = [*draft04_routability.RULES, *SENDING_REFRESH, *RECEIVING_REFRESH]
