"""draft-ietf-monami6-multiplecoa-04: who answers for the home address; a binding that runs out."""

from __future__ import annotations

import z3

from model.mobile import READY, own, update
from model.packets import (
    EntryLifetime,
    HomeUse,
    answers_there,
    ex,
    foreign_binding,
    home_binding,
    ns,
    proxy_given_up,
    several_at_home,
    some_at_home,
)
from model.predicates import entry_exists
from model.rule import Modality, On, Role, any_option, rule
from model.ruleset import Override
from model.vocabulary import Intent, Others, bu, decide, mn, o

MUST, MUST_NOT, SHOULD, MAY = Modality.MUST, Modality.MUST_NOT, Modality.SHOULD, Modality.MAY
STATED, DEFINITION = Modality.STATED, Modality.DEFINITION
RECEIVER, HOME_AGENT = Role.RECEIVER, Role.HOME_AGENT
CORRESPONDENT, MOBILE_NODE = Role.CORRESPONDENT, Role.MOBILE_NODE

ANSWERING = [
    rule(
        "04-3-17",
        "3",
        STATED,
        MOBILE_NODE,
        "the mobile node answers at its interface on the home link",
        on=On.SOLICITED,
        given=some_at_home & (ns.home_use != HomeUse.foreign_only) & ~ns.link_local,
        then=ns.mobile,
        cites=("3775-11.5.4-7",),
    ),
    rule(
        "04-3-17e",
        "3",
        STATED,
        MOBILE_NODE,
        "one interface is at home: it answers by that one",
        on=On.SOLICITED,
        given=some_at_home
        & ~several_at_home
        & (ns.home_use != HomeUse.foreign_only)
        & ~ns.link_local,
        then=answers_there,
    ),
    rule(
        "04-3-17b",
        "3",
        STATED,
        MOBILE_NODE,
        "it answers only there",
        on=On.SOLICITED,
        given=~some_at_home,
        then=~ns.mobile,
    ),
    rule(
        "04-3-17c",
        "3",
        DEFINITION,
        RECEIVER,
        "when both answer, the address is duplicated",
        on=On.SOLICITED,
        when=ns.agent & ns.mobile,
        then=ns.duplicated,
    ),
    rule(
        "04-3-17d",
        "3",
        DEFINITION,
        RECEIVER,
        "when at most one answers, it is not",
        on=On.SOLICITED,
        when=~(ns.agent & ns.mobile),
        then=~ns.duplicated,
    ),
    rule(
        "04-5.5-11p",
        "5.5",
        MUST,
        MOBILE_NODE,
        "a mobile node that does not return home disables its interface there",
        on=On.SOLICITED,
        given=some_at_home & (ns.home_use == HomeUse.foreign_only),
        then=~ns.mobile,
    ),
    rule(
        "04-6.3-26s",
        "6.3",
        STATED,
        HOME_AGENT,
        "until the home binding is deleted the home agent does not answer",
        on=On.SOLICITED,
        given=proxy_given_up,
        then=~ns.agent,
        also=("04-5.5-18",),
    ),
    rule(
        "04-A-1",
        "A",
        STATED,
        HOME_AGENT,
        "no interface is at home, or it is disabled there: the proxy is active",
        on=On.SOLICITED,
        given=foreign_binding
        & ~home_binding
        & (~some_at_home | (ns.home_use == HomeUse.foreign_only))
        & ~ns.link_local,
        then=ns.agent,
        also=("04-A-5", "04-A-7"),
    ),
    rule(
        "04-A-2s",
        "A",
        STATED,
        HOME_AGENT,
        "returned home: no binding, and the proxy is not active",
        on=On.SOLICITED,
        given=~entry_exists & some_at_home,
        then=~ns.agent,
        also=("04-A-6",),
    ),
]

RUNNING_OUT = [
    rule(
        "04-5.5-22c",
        "5.5",
        STATED,
        HOME_AGENT,
        "the home agent has to know that the mobile node is at home",
        on=On.EXPIRE,
        given=ex.home & ex.others,
        then=ex.entry == Others.keep,
        label="must",
    ),
    rule(
        "04-5.5-27",
        "5.5",
        MAY,
        HOME_AGENT,
        "the Lifetime of a home binding may be managed like that of others",
        on=On.EXPIRE,
        given=ex.home,
        then=ex.lifetime == EntryLifetime.as_granted,
    ),
    rule(
        "04-5.5-29",
        "5.5",
        MAY,
        HOME_AGENT,
        "the Lifetime of a home binding can be infinite",
        on=On.EXPIRE,
        given=ex.home,
        then=ex.lifetime == EntryLifetime.infinite,
        label="can",
    ),
    rule(
        "04-5.5-31r",
        "5.5",
        STATED,
        HOME_AGENT,
        "the mobile node counts as at home until it updates the home binding",
        on=On.EXPIRE,
        given=ex.home,
        then=ex.entry == Others.keep,
    ),
    rule(
        "04-6.3-26r",
        "6.3",
        STATED,
        HOME_AGENT,
        "while a home binding stays there is no proxy Neighbor Discovery",
        on=On.EXPIRE,
        given=ex.home_stays,
        then=~ex.proxy,
    ),
]

TOGETHER = [
    rule(
        "04-3-26",
        "3",
        MAY,
        HOME_AGENT,
        "bindings at home and on foreign links can be held together",
        given=any_option(o.H) & bu.zero_lifetime,
        then=decide.others == Others.keep,
        label="enables",
    ),
    rule(
        "04-A-3",
        "A",
        MAY,
        MOBILE_NODE,
        "at home it can still register its foreign care-of addresses at correspondent nodes",
        on=On.SEND_UPDATE,
        given=~mn.peer_home_agent & (mn.intent == Intent.register_one) & own.returned & READY,
        then=z3.And(update.sent, ~bu.zero_lifetime),
        label="can",
    ),
]

RULES = [*ANSWERING, *RUNNING_OUT, *TOGETHER]

OVERRIDES = (
    Override("3775-10.3.1-7", proxy_given_up, "04-6.3-26"),
    Override("3775-10.4.1-3", proxy_given_up, "04-6.3-26"),
    Override("3775-10.4.2-1", home_binding, "04-5.5-22"),
)
