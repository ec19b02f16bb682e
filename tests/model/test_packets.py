"""Packets, interception, neighbour discovery, bindings that run out: what the rules decide."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from checker.outcomes import Outcome
from checker.situation import Situations
from model.fields import Domain
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.rulesets.steps_packets import STEPS
from model.scope import Scope
from model.vocabulary import FIELDS, FIRST_CARE_OF, HOME_ADDRESS
from tests.draft04 import engine, findings, number, situations

Given = Mapping[str, int | str]
Table = pytest.mark.parametrize
FIRST, SECOND = FIRST_CARE_OF, FIRST_CARE_OF + 1
ONE: Given = {"bc.kind[1]": "bid", "bc.coa[1]": FIRST}
TWO: Given = {**ONE, "bc.kind[2]": "bid", "bc.coa[2]": SECOND}
HOME: Given = {"bc.kind[2]": "home", "bc.coa[2]": HOME_ADDRESS}
BOTH: Given = {**ONE, **HOME}
UPDATED: Given = {**ONE, "bc.since_home[1]": 1}
NONE: Given = MappingProxyType({})
ELSEWHERE: Given = {"pk.source": SECOND}
TUNNEL: Given = {"pk.form": "tunnel"}
ESP: Given = {**TUNNEL, "pk.esp": 1}
HOTI: Given = {**ESP, "pk.carries": "home_test_init"}
PREFIX: Given = {"pk.carries": "prefix_solicitation"}
UPDATE: Given = {"pk.carries": "update"}
NATIVE: Given = {"pk.source": HOME_ADDRESS, "pk.form": "home_link"}
ROUTER: Given = {"node.external_router": 1}
CORRESPONDENT: Given = {"node.home_agent": 0}
AT_HOME: Given = {"ns.at_home[1]": 1}


def name(label: str, value: int) -> int | str:
    """The name of a value where the domain has names."""
    domain = FIELDS[label.partition("[")[0]].domain
    return domain.values[value] if isinstance(domain, Domain) else int(value)


def inputs(on: On, given: Given) -> list[int]:
    """These inputs, the others at their default; what the step does not look at is left out."""
    fields = situations(on).fields
    values = {n: situations(on).default(n) for n in fields}
    chosen = {n: number(n, v) for n, v in given.items() if n in fields}
    return list((values | chosen).values())


def outcomes(on: On, given: Given) -> tuple[Outcome, ...]:
    """All that the node may do."""
    return engine(on).outcomes(inputs(on, given))


def decided(on: On, given: Given, label: str) -> set[int | str]:
    """The values that a decision may take."""
    place = [d.label for d in situations(on).relation.decisions].index(label)
    return {name(label, o.values[place]) for o in outcomes(on, given)}


def conflicts(on: On, given: Given) -> set[frozenset[str]]:
    """The minimal sets of rules that cannot be obeyed together, by their ids."""
    applied = engine(on).applied(inputs(on, given))
    return {frozenset(g.rule.id for g in core) for core in engine(on).conflicts(applied)}


def gaps(on: On, given: Given) -> set[str]:
    """The decisions that the text leaves open."""
    return {g for o in outcomes(on, given) for g in o.gaps}


# -- sending -----------------------------------------------------------------------------------


@Table(
    ("given", "label", "values"),
    [
        (NONE, "pk.form", {"tunnel"}),
        (NONE, "pk.esp", {0}),
        (UPDATE, "pk.esp", {1}),
        (HOTI, "pk.esp", {1}),
        ({"pk.carries": "key_exchange", "ike.coa": SECOND}, "pk.source", {SECOND}),
        (HOTI, "pk.source", {FIRST}),
        (NONE, "ike.rekey", {"none"}),
        ({"ike.change": 1}, "ike.rekey", {"key_mobility"}),
        ({"ike.change": 1, "ike.key_mobility": 0}, "ike.rekey", {"new_exchange"}),
    ],
)
def test_a_mobile_node_sends(given: Given, label: str, values: set[int | str]) -> None:
    assert decided(On.SEND_PACKET, given, label) == values
    assert not conflicts(On.SEND_PACKET, given)


# -- receiving ---------------------------------------------------------------------------------


@Table(
    ("given", "label", "values"),
    [
        (ONE, "pk.passage", {"process"}),
        (ONE, "pk.checked", {1}),
        ({**ONE, **CORRESPONDENT}, "pk.checked", {1}),
        ({**ONE, **ELSEWHERE}, "pk.passage", {"drop"}),
        ({**ONE, **ELSEWHERE}, "pk.reply", {"binding_error"}),
        ({**TWO, **ELSEWHERE}, "pk.passage", {"process"}),
        ({**ELSEWHERE, **UPDATE}, "pk.checked", {0}),
        (TUNNEL, "pk.passage", {"drop"}),
        ({**ONE, **TUNNEL}, "pk.passage", {"process"}),
        ({**ONE, **TUNNEL, **ELSEWHERE}, "pk.passage", {"drop"}),
        ({**TWO, **ESP}, "pk.passage", {"process"}),
        ({**ONE, **HOME, **ESP, **ELSEWHERE}, "pk.passage", {"drop"}),
        ({**TWO, **HOTI, **ELSEWHERE}, "pk.passage", {"process"}),
        ({**ONE, **HOTI, **ELSEWHERE}, "pk.passage", {"drop"}),
        ({**ONE, **HOTI, **ELSEWHERE}, "pk.reply", {"none"}),
        ({**TWO, **PREFIX}, "pk.passage", {"process"}),
        ({"pk.carries": "key_exchange", "pk.form": "care_of"}, "ike.end_point", {"source"}),
        ({**ROUTER, **NATIVE, **ONE}, "pk.passage", {"process"}),
        ({**ROUTER, **NATIVE, **UPDATED}, "pk.passage", {"drop"}),
        ({**ROUTER, **NATIVE, "pk.form": "outside"}, "pk.passage", {"drop"}),
    ],
)
def test_a_node_receives(given: Given, label: str, values: set[int | str]) -> None:
    assert decided(On.RECEIVE_PACKET, given, label) == values
    assert not conflicts(On.RECEIVE_PACKET, given)


def test_silence_and_a_binding_error_are_demanded_at_once() -> None:
    found = conflicts(On.RECEIVE_PACKET, NONE)
    assert found == {frozenset({"04-6.5-2", "04-6.5-3"}), frozenset({"04-6.5-2", "3775-9.3.1-2"})}
    assert decided(On.RECEIVE_PACKET, NONE, "pk.passage") == {"drop"}


@Table(("form", "open_"), [("option", False), ("tunnel", True)])
def test_an_address_that_is_none_of_several_is_not_spoken_of(form: str, open_: bool) -> None:
    """The base drops what has a Home Address option; of a tunnel it knows one address only."""
    stranger = {**BOTH, "bc.plain": 1, "bc.plain_coa": FIRST, **ELSEWHERE, "pk.form": form}
    assert ("pk.passage" in gaps(On.RECEIVE_PACKET, stranger)) is open_
    assert not gaps(On.RECEIVE_PACKET, {**stranger, "pk.source": FIRST})


def test_the_packet_of_the_interface_at_home_is_dropped_and_permitted() -> None:
    given = {**ROUTER, **NATIVE, **BOTH}
    assert decided(On.RECEIVE_PACKET, given, "pk.passage") == {"drop"}
    assert ("04-5.5-15", "nondp-4.1-1", "nondp-4.3-3") in rules_of(On.RECEIVE_PACKET)


# -- forwarding --------------------------------------------------------------------------------


@Table(
    ("given", "label", "values"),
    [
        (ONE, "fw.route", {"tunnel"}),
        (ONE, "fw.chosen", {1}),
        (ONE, "fw.interception", {"proxy"}),
        (NONE, "fw.route", {"direct"}),
        ({**ONE, **CORRESPONDENT}, "fw.route", {"routing_header"}),
        (CORRESPONDENT, "fw.route", {"direct"}),
        ({**TWO, "fw.wanted": 2}, "fw.search", {"home_address_and_bid"}),
        ({**TWO, "fw.wanted": 2}, "fw.chosen", {2}),
        (TWO, "fw.search", {"home_address"}),
        ({**ONE, "fw.wanted": 2}, "fw.again", {1}),
        ({**TWO, "fw.wanted": 2}, "fw.again", {0}),
        ({**TWO, **CORRESPONDENT}, "fw.chosen", {1, 2}),
        ({**TWO, **CORRESPONDENT, "fw.option": 1, "fw.wanted": 2}, "fw.learned", {1}),
        ({**TWO, **CORRESPONDENT, "fw.wanted": 2}, "fw.learned", {0}),
        ({**ROUTER, **BOTH}, "fw.interception", {"routing"}),
        ({**ROUTER, **UPDATED}, "fw.interception", {"routing"}),
        (BOTH, "fw.redirect", {0}),
        (BOTH, "fw.route", {"direct", "tunnel"}),
        ({**BOTH, "fw.wanted": 2}, "fw.route", {"direct"}),
        ({**ONE, "pk.esp": 1}, "fw.named_by", {"mobile_ip"}),
        ({**ONE, "pk.esp": 1, "pk.carries": "home_test"}, "fw.named_by", {"ipsec", "mobile_ip"}),
        (AT_HOME, "fw.route", {"direct"}),
    ],
)
def test_a_packet_to_the_home_address(given: Given, label: str, values: set[int | str]) -> None:
    assert decided(On.FORWARD, given, label) == values
    assert "fw.route" not in gaps(On.FORWARD, given)


def test_which_of_several_bindings_is_used_is_left_to_the_node_on_purpose() -> None:
    for node in (NONE, CORRESPONDENT):
        assert not gaps(On.FORWARD, {**TWO, **node})
        assert decided(On.FORWARD, {**TWO, **node}, "fw.chosen") == {1, 2}


def test_a_home_agent_beside_the_router_cannot_intercept_without_proxy() -> None:
    for given in (BOTH, UPDATED):
        assert frozenset({"04-6.3-26", "3775-10.4.1-1", "nondp-3-1"}) in conflicts(
            On.FORWARD, given
        )
        assert not conflicts(On.FORWARD, {**given, **ROUTER, "fw.wanted": 1})


def test_the_tunnel_of_a_home_binding_alone_would_end_at_the_home_address() -> None:
    assert decided(On.FORWARD, {**ROUTER, **HOME}, "fw.route") >= {"tunnel"}
    assert ("04-5.5-22", "nondp-3-2", "nondp-4.3-1") in rules_of(On.FORWARD)


# -- the home link -----------------------------------------------------------------------------


@Table(
    ("given", "agent", "mobile"),
    [
        (ONE, {1}, {0}),
        (NONE, {0}, {0}),
        (AT_HOME, {0}, {1}),
        ({**ONE, **AT_HOME, "ns.home_use": "foreign_only"}, {1}, {0}),
        ({**BOTH, **AT_HOME, "ns.home_use": "both"}, {0}, {1}),
        ({**HOME, **AT_HOME, "ns.home_use": "returns"}, {0}, {1}),
    ],
)
def test_who_answers_for_the_home_address(given: Given, agent: set[int], mobile: set[int]) -> None:
    assert decided(On.SOLICITED, given, "ns.agent") == agent
    assert decided(On.SOLICITED, given, "ns.mobile") == mobile
    assert decided(On.SOLICITED, given, "ns.duplicated") == {0}
    assert not conflicts(On.SOLICITED, given)


def test_both_answer_while_the_binding_of_a_returning_mobile_node_stands() -> None:
    found = conflicts(On.SOLICITED, {**ONE, **AT_HOME})
    assert found == {frozenset({"04-3-17", "3775-10.3.1-6", "3775-10.4.1-3"})}
    duplicated = decided(On.SOLICITED, {**ONE, **AT_HOME}, "ns.duplicated")
    assert duplicated == {0, 1}


def test_nobody_answers_a_test_after_the_home_binding_was_updated() -> None:
    found = conflicts(On.SOLICITED, {**UPDATED, "ns.probe": 1})
    assert frozenset({"04-3-17", "04-6.3-26", "3775-10.3.1-6"}) in found
    assert frozenset({"04-6.3-26", "04-A-1"}) in found


@Table("several", [False, True])
def test_which_of_several_interfaces_at_home_answers_is_left_open(several: bool) -> None:
    given = {**AT_HOME, "ns.at_home[2]": int(several)}
    assert any(g.startswith("ns.interface") for g in gaps(On.SOLICITED, given)) is several
    if not several:
        assert decided(On.SOLICITED, given, "ns.interface[1]") == {1}


def test_the_link_local_address_is_defended_with_the_l_bit_of_one_binding() -> None:
    target = {**ONE, "ns.link_local": 1}
    assert decided(On.SOLICITED, {**target, "bc.link_local[1]": 1}, "ns.agent") == {1}
    assert decided(On.SOLICITED, target, "ns.agent") == {0}
    assert gaps(On.SOLICITED, {**target, **TWO, "bc.link_local[1]": 1}) == {"ns.agent"}


@Table(("given", "on_link"), [({**ROUTER, **BOTH}, {0}), (BOTH, {1}), ({**ROUTER, **ONE}, {1})])
def test_without_proxy_the_prefix_is_not_on_link(given: Given, on_link: set[int]) -> None:
    assert decided(On.SOLICITED, given, "ns.on_link") == on_link
    assert decided(On.SOLICITED, given, "ns.advertises") == {1}


# -- running out -------------------------------------------------------------------------------


@Table(
    ("given", "label", "values"),
    [
        (NONE, "ex.entry", {"delete"}),
        ({"ex.run_out": 0}, "ex.entry", {"keep"}),
        ({"ex.others": 1, "bc.proxy": 1}, "ex.proxy", {1}),
        ({"ex.home_stays": 1, "bc.proxy": 1}, "ex.proxy", {0}),
        ({"ex.home": 1, "ex.run_out": 0}, "ex.lifetime", {"as_granted", "infinite"}),
    ],
)
def test_a_binding_runs_out(given: Given, label: str, values: set[int | str]) -> None:
    assert decided(On.EXPIRE, given, label) == values
    assert not conflicts(On.EXPIRE, given)


def test_a_home_binding_with_the_lifetime_granted_is_gone_at_once() -> None:
    found = {r for r in rules_of(On.EXPIRE) if "3775-9.6-1" in r}
    assert found == {("04-5.5-22", "04-5.5-27", "04-5.5-31", "3775-9.6-1")}


def test_with_the_last_binding_that_runs_out_the_proxy_ends() -> None:
    assert decided(On.EXPIRE, {"bc.proxy": 1}, "ex.proxy") == {0}
    assert not gaps(On.EXPIRE, {"bc.proxy": 1})


def test_without_its_home_binding_the_home_agent_intercepts_for_the_others_again() -> None:
    """04-6.3-26 ends with the entry; while the home agent serves, 3775-10.4.1-1 goes on."""
    alone = Situations(RULESET.without("04-5.5-22", "04-5.5-31"), On.EXPIRE, Scope())
    given = {n: alone.default(n) for n in alone.fields}
    given |= {"ex.run_out": 1, "ex.home": 1, "ex.others": 1}
    labels = [d.label for d in alone.relation.decisions]
    outcomes_then = alone.engine.outcomes([*given.values()])
    found = [dict(zip(labels, o.values, strict=True)) for o in outcomes_then]
    gone = number("ex.entry", "delete")
    assert {o["ex.proxy"] for o in found if o["ex.entry"] == gone} == {1}


# -- all steps ---------------------------------------------------------------------------------


def rules_of(on: On) -> set[tuple[str, ...]]:
    """The rules of each finding of a step."""
    return {f.rules for f in findings(on)}


@Table("on", [step.on for step in STEPS])
def test_every_finding_replays_and_names_rules(on: On) -> None:
    for f in findings(on):
        assert f.replayed
        assert f.rules


@Table("on", [step.on for step in STEPS])
def test_every_rule_applies_somewhere(on: On) -> None:
    s = situations(on)
    applying = set()
    for g in s.relation.rules:
        solver = s.solver()
        solver.add(g.applies)
        if solver.holds():
            applying.add(g.rule.key)
    assert applying == {r.key for r in RULESET.rules_on(on)}
