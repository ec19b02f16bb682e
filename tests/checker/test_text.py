"""What the rules of draft -04 leave, forbid and contradict, situation by situation, as the text.

Each test is about one sentence of the document that was once told wrongly, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from checker.kinds import unchecked
from checker.kinds.firing import Firing
from checker.outcomes import Outcome, StepEngine
from checker.situation import UNUSED, Situations
from model.fields import Domain
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.vocabulary import FIELDS, FIRST_CARE_OF, HOME_ADDRESS, NONE, Effect
from tests.checker.support import contradictions, only
from tests.draft04 import engine, findings, number, situations

Given = Mapping[str, int | str]
FIRST, SECOND = FIRST_CARE_OF, FIRST_CARE_OF + 1
OPTION: Given = {"o.present[1]": 1, "o.bid[1]": 1, "bu.ack": 1}
HOME_OPTION: Given = {**OPTION, "bu.home_registration": 1}
NEXT: Given = {"bu.sequence": 1}
HELD: Given = {"bc.kind[1]": "bid", "bc.coa[1]": FIRST, **NEXT}
HELD_AT_HOME: Given = {**HELD, "bc.home_registration": 1, "bc.proxy": 1}
HOME_BINDING: Given = {
    "bc.kind[1]": "home",
    "bc.coa[1]": HOME_ADDRESS,
    "bc.home_registration": 1,
    **NEXT,
}


def inputs(on: On, given: Given) -> list[int]:
    """These inputs, the others at their default."""
    fields = situations(on).fields
    values = {n: situations(on).default(n) for n in fields}
    chosen = {n: number(n, v) for n, v in given.items() if n in fields}
    return list((values | chosen).values())


def outcomes(given: Given, on: On = On.RECEIVE_UPDATE) -> tuple[Outcome, ...]:
    """All that the node may do."""
    return engine(on).outcomes(inputs(on, given))


def decided(label: str, given: Given, on: On = On.RECEIVE_UPDATE) -> set[int | str]:
    """The values that a decision may take."""
    place = [d.label for d in situations(on).relation.decisions].index(label)
    domain = FIELDS[label.partition("[")[0]].domain
    found = {o.values[place] for o in outcomes(given, on)}
    return {domain.values[v] if isinstance(domain, Domain) else v for v in found}


def conflicts(given: Given, on: On = On.RECEIVE_UPDATE) -> set[frozenset[str]]:
    """The minimal sets of rules that cannot be obeyed together, by their ids."""
    applied = engine(on).applied(inputs(on, given))
    return {frozenset(g.rule.id for g in core) for core in engine(on).conflicts(applied)}


def applying(given: Given, on: On = On.RECEIVE_UPDATE) -> set[str]:
    """The rules that apply, by their keys."""
    rules = situations(on).relation.rules
    return {rules[k].rule.key for k in engine(on).applied(inputs(on, given)).rules}


def gaps(given: Given, on: On = On.RECEIVE_UPDATE) -> set[str]:
    """The decisions that the text leaves open."""
    return {g for o in outcomes(given, on) for g in o.gaps}


# -- what is said of a state that the home agent has reached, not of one before ----------------


def test_a_disabled_interface_is_no_matter_of_the_home_agent_before_it_is_told() -> None:
    """04-5.5-14 tells the result of the deregistration; no rule of forwarding demands it."""
    assert not [r for r in RULESET.rules_on(On.FORWARD) if r.id == "04-5.5-14"]
    assert [r.on for r in RULESET.rules if r.id == "04-5.5-14"] == [On.ATTACH]


def test_which_of_several_bindings_is_used_is_no_gap() -> None:
    """04-6.1-1 and -2 leave it to the node on purpose."""
    assert not [f for f in findings(On.FORWARD) if f.kind == "gap" and "fw.chosen" in f.at_stake]


def test_the_proxy_ends_with_the_last_binding_that_runs_out() -> None:
    assert not [f for f in findings(On.EXPIRE) if f.kind == "gap"]
    assert decided("ex.proxy", {"bc.proxy": 1}, On.EXPIRE) == {0}


# -- what O replaces ---------------------------------------------------------------------------


def test_o_removes_a_regular_binding_before_the_test_only_at_a_home_agent() -> None:
    """04-6.3-32 binds home agents; an O flag of an absent option or a deletion removes nothing."""
    regular: Given = {**NEXT, "bc.plain": 1, "bc.plain_coa": FIRST, "READ-PRE": "P2", "o.O[1]": 1}
    for_home: Given = {**HOME_OPTION, **regular, "bc.home_registration": 1}
    assert "04-6.3-34" in applying({**OPTION, **regular})
    assert "04-6.3-34" not in applying(for_home)
    assert "04-6.3-34" in applying({**for_home, "o.O[1]": 0, "o.O[2]": 1})


# -- the home binding --------------------------------------------------------------------------


def test_an_update_of_the_home_binding_is_no_deletion_of_it() -> None:
    """04-6.3-26: until the entry is deleted there is no proxy; 04-5.5-30 updates it."""
    updates: Given = {**HOME_OPTION, **HOME_BINDING}
    assert "04-6.3-26b" in applying(updates)
    assert decided("proxy", updates) == {0}
    assert "04-6.3-26b" not in applying({**updates, "bu.zero_lifetime": 1})
    assert decided("proxy", {**updates, "o.O[1]": 1}) == {1}


# -- which updates have to carry a BID ---------------------------------------------------------


def test_what_a_registration_carries_says_nothing_of_a_deregistration() -> None:
    """04-5.3-3 is about registration, 04-5.5-4 about deregistration: neither is superfluous."""
    one: Given = {"mn.intent": "register_one"}
    gone: Given = {"mn.intent": "deregister_one"}
    both = {"04-5.3-3", "04-5.5-4"}
    assert both & applying(one, On.SEND_UPDATE) == {"04-5.3-3"}
    assert both & applying(gone, On.SEND_UPDATE) == {"04-5.5-4"}


# -- deleting the binding of the interface at home ---------------------------------------------


def test_may_not_forbids_the_deletion_in_one_reading_and_permits_to_leave_it_in_the_other() -> None:
    (found,) = contradictions(only(RULESET, "04-5.5-24", "04-6.3-21"))
    assert found.kind == "contradiction"
    assert found.readings == {"READ-MAYNOT": ("N1",)}
    gone: Given = {**HOME_OPTION, **HELD_AT_HOME, "bu.zero_lifetime": 1, "o.H[1]": 1}
    clash = frozenset({"04-5.5-24", "04-6.3-21"})
    assert clash in conflicts(gone)
    assert clash not in conflicts({**gone, "READ-MAYNOT": "N2"})


# -- what a conforming mobile node may send ----------------------------------------------------


def test_a_correspondent_node_may_be_told_the_care_of_address_in_an_option() -> None:
    """RFC 3775, 6.2.5 and 11.7.2: an alternate care-of address, one of its own."""
    told: Given = {"mn.intent": "register_one", "mn.peer_home_agent": 0}
    assert decided("bu.alternate", told, On.SEND_UPDATE) == {NONE, FIRST, SECOND}
    gone: Given = {"mn.intent": "deregister_one", "mn.peer_home_agent": 0}
    assert decided("bu.alternate", gone, On.SEND_UPDATE) == {HOME_ADDRESS}


def test_an_update_with_a_bid_may_move_the_ike_association() -> None:
    """04-8.1-3: another care-of address for IKE is told by the K bit."""
    moves: Given = {"mn.intent": "register_one", "ike.change": 1, "ike.key_mobility": 1}
    assert decided("bu.key", moves, On.SEND_UPDATE) == {1}
    assert decided("bu.key", {**moves, "ike.change": 0}, On.SEND_UPDATE) == {0}
    assert decided("bu.key", {**moves, "mn.peer_home_agent": 0}, On.SEND_UPDATE) == {0}


def test_a_mobile_router_registers_with_a_bid() -> None:
    """04-7-2: the Mobile Router bit and the prefix beside the sub-option."""
    wish: Given = {"mn.intent": "register_one", "mn.router": 1}
    for label in ("bu.router", "bu.prefix"):
        assert 1 in decided(label, wish, On.SEND_UPDATE)
        assert decided(label, {**wish, "mn.router": 0}, On.SEND_UPDATE) == {0}


def test_a_correspondent_node_that_ignores_the_bid_takes_the_update_for_one_without() -> None:
    """04-6.1-8: it is not that nothing happens."""
    permission = only(RULESET, "04-6.1-8")
    single: Given = {**OPTION, "node.single": 1, "node.home_agent": 0}
    alone = Situations(permission, On.RECEIVE_UPDATE, Scope())
    allowed = StepEngine(alone.relation, list(situations(On.RECEIVE_UPDATE).fields), UNUSED)
    place = [d.label for d in alone.relation.decisions].index("effect[1]")
    done = {o.values[place] for o in allowed.outcomes(inputs(On.RECEIVE_UPDATE, single))}
    assert Effect.values.index("regular") in done
    (found,) = contradictions(only(RULESET, "04-6.1-8", "04-6.3-8"))
    assert found.kind == "permission conflict"


# -- what an acknowledgement says --------------------------------------------------------------


def test_a_sub_option_copied_with_its_status_would_not_have_zero_there() -> None:
    """04-6.3-38 excepts the care-of address alone; 04-6.3-9 sets the Status to zero."""
    (found,) = contradictions(only(RULESET, "04-6.3-38", "04-6.3-9"))
    assert found.kind == "contradiction"
    assert found.readings == {"READ-COPY": ("Y2",)}
    assert found.witness["o.status[1]"] != 0


# -- bulk --------------------------------------------------------------------------------------


def test_a_duty_to_support_bulk_contradicts_what_is_said_of_those_who_do_not() -> None:
    both = only(RULESET, "04-6.3-16", "04-6.3-18")
    (found,) = contradictions(both, scope=Scope(bids=2, options=2))
    assert found.kind == "contradiction"
    assert found.readings == {"READ-BULK": ("U2",)}
    assert {"04-6.3-16", "04-6.3-17", "04-6.3-18"} <= set(found.rules)


def test_several_bindings_deregistered_at_a_correspondent_node_are_always_refused() -> None:
    """04-5.5-3 and -4 send their BIDs there too; 04-6.3-18 refuses whatever has several."""
    shadowed = [
        f for f in Firing(situations(On.RECEIVE_UPDATE)).findings() if "04-5.5-5" in f.rules
    ]
    assert [f.kind for f in shadowed] == ["shadowed rule"]
    assert {"04-6.3-17", "04-6.3-18"} <= set(shadowed[0].rules)


# -- the care-of address in the sub-option -----------------------------------------------------


def test_nothing_says_that_the_care_of_address_of_a_sub_option_is_tested() -> None:
    """RFC 3775 tests the source or the alternate one; nothing extends that to 04-6.3-28."""
    in_option: Given = {**HOME_OPTION, "o.C[1]": 1, "o.length[1]": "twenty", "o.coa[1]": SECOND}
    assert "o.coa_tested[1]" in gaps(in_option)
    assert "o.coa_tested[1]" not in gaps(HOME_OPTION)
    assert "o.coa_tested[1]" not in gaps({**in_option, "bu.zero_lifetime": 1})


# -- the BID in an update ----------------------------------------------------------------------


def test_the_bid_of_an_update_is_that_of_the_list_and_neither_zero_nor_there_twice() -> None:
    one: Given = {"mn.intent": "register_one", "bul.bid[1]": 2}
    assert decided("o.bid[1]", one, On.SEND_UPDATE) == {2}
    bulk: Given = {"mn.intent": "register_bulk", "bul.bid[1]": 2, "bul.bid[2]": 1}
    assert decided("o.bid[1]", bulk, On.SEND_UPDATE) == {2}
    assert decided("o.bid[2]", bulk, On.SEND_UPDATE) == {1}
    assert decided("o.bid[1]", {"mn.intent": "deregister_all"}, On.SEND_UPDATE) == {0}


def test_no_receiver_refuses_the_bid_zero_or_the_same_bid_twice() -> None:
    views = {on: situations(on) for on in (On.SEND_UPDATE, On.RECEIVE_UPDATE)}
    found = {f.rules: f for f in unchecked.findings(views, RULESET) if f.at_stake == ("o.bid",)}
    assert {rules[0] for rules in found} == {"04-2-2", "04-2-3"}
    zero = next(f for rules, f in found.items() if "04-2-3" in rules)
    assert zero.witness["o.present[1]"] == 1
    assert zero.witness["o.bid[1]"] == 0
    assert all(f.replayed for f in found.values())
