"""Symmetries are proved from the terms, and a search up to them says what the whole one says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations
from typing import Any

import pytest
import z3

import model.system
from checker.machine import Machine
from checker.space import emitted
from checker.space.compiled import Compiled
from checker.space.group import averaged
from checker.space.memory import Budget
from checker.space.nodes import transition_system
from checker.space.quotient import without_what_differs
from checker.space.symmetry import symmetry
from checker.space.system import (
    Absent,
    Renaming,
    StepTable,
    Transition,
    TransitionSystem,
    Values,
    Variable,
)
from model.errors import RuleError
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.whole.scope import PRESETS, WholeScope
from tests.space.comparing import ENGINES, SMALL, check_paths, compiled, interpreted, whole
from tests.space.reference import reference
from tests.space.test_engines import TABLE

# -- the reference model -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "elements"),
    [
        ((1, 1, 4), 1),
        ((2, 1, 4), 2),
        ((2, 2, 3), 4),
        pytest.param((3, 1, 4), 6, marks=pytest.mark.long),
        pytest.param((3, 2, 3), 12, marks=pytest.mark.long),
    ],
)
def test_expanded_figures_are_the_known_ones(size: tuple[int, int, int], elements: int) -> None:
    system = reference(*size)
    found = Compiled(system, 2, up_to=symmetry(system)).run()
    states, transitions, levels, bad = TABLE[size]
    assert found.renamings == elements
    assert found.told_apart == ()
    assert (found.states, found.transitions, found.violated) == (states, transitions, {"I3": bad})
    assert (len(found.levels), sum(found.levels)) == (levels, states)
    assert sum(found.taken.values()) == transitions
    if elements > 1:
        assert states / elements < found.kept < states / elements * 1.2


@pytest.mark.parametrize(
    ("engine", "size", "elements"),
    [
        (interpreted, (1, 2, 1), 2),
        (interpreted, (2, 1, 1), 2),
        (compiled, (1, 2, 2), 2),
        (compiled, (2, 2, 1), 4),
        (compiled, (3, 1, 1), 6),
        (compiled, (2, 3, 1), 12),
    ],
)
def test_search_up_to_renaming_says_all_that_the_whole_one_says(
    engine: Any, size: tuple[int, int, int], elements: int
) -> None:
    system = reference(*size)
    found, plain = engine(system, symmetry(system)), compiled(system)
    assert found.renamings == elements
    assert found.kept < plain.states / elements * 1.4
    assert whole(found) == whole(plain)
    assert {p: len(path) for p, path in found.paths.items()} == {
        p: len(path) for p, path in plain.paths.items()
    }
    check_paths(system, found)


def test_engines_keep_one_state_of_each_orbit() -> None:
    system = reference(1, 2, 1)
    proved = symmetry(system)
    assert compiled(system, proved).kept == interpreted(system, proved).kept


def test_broken_operator_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    system = reference(1, 2, 2)
    expected = compiled(system).states
    monkeypatch.setitem(emitted._EMIT, "xor", emitted._EMIT["and"])
    assert compiled(system, symmetry(system)).states != expected


def test_search_ends_at_the_first_violation() -> None:
    system = reference(1, 2, 2)
    found = Compiled(system, 2, SMALL, symmetry(system)).run(stop_at_first=True)
    assert not found.complete
    assert len(found.paths["I3"]) == len(compiled(system).paths["I3"])
    check_paths(system, found)


@pytest.mark.parametrize("megabytes", [1, 2, 4, 8])
def test_search_ends_where_the_memory_does(megabytes: int) -> None:
    system = reference(2, 2, 3)
    found = Compiled(system, 2, Budget(megabytes << 20), symmetry(system)).run()
    assert not found.complete
    assert 0 < found.kept < found.states < TABLE[2, 2, 3][0]
    assert sum(found.taken.values()) == found.transitions
    check_paths(system, found)


def test_counts_of_a_whole_search_are_never_made_equal_by_force() -> None:
    moves = [{"a": "b", "b": "a", "c": "c"}]
    assert averaged({"a": 5, "b": 1, "c": 2}, moves) == {"a": 3, "b": 3, "c": 2}
    assert averaged({"a": 5, "b": 0}, moves, whole=False) == {"a": 3, "b": 2}
    with pytest.raises(ArithmeticError):
        averaged({"a": 5, "b": 0}, moves)


# -- what tells names apart --------------------------------------------------------------------


def test_property_about_one_of_two_switches_the_symmetry_off() -> None:
    system = reference(2, 2, 2)
    odd = replace(system, always={**system.always, "I4": z3.BitVec("h[0]", 8) != 1})
    found = symmetry(odd)
    assert found.told == (
        "BID 0 and 1: told apart by the property 'I4'",
        "interface 1 and 2: told apart by the property 'I4'",
    )
    home = replace(system, always={**system.always, "I4": z3.BitVec("h[0]", 8) != 3})
    assert symmetry(home).told == ("BID 0 and 1: told apart by the property 'I4'",)
    assert len(symmetry(home).group) == 2


@pytest.mark.parametrize("where", ["always", "sometimes", "recovers"])
def test_every_kind_of_property_counts(where: str) -> None:
    system = replace(reference(2, 1, 2), **{where: {"odd": z3.BitVec("v[1]", 8) == 0}})
    assert symmetry(system).told == ("BID 0 and 1: told apart by the property 'odd'",)


def without(system: TransitionSystem, name: str, **changed: Any) -> TransitionSystem:
    """Return the system with one transition changed."""
    transitions = [replace(t, **changed) if t.name == name else t for t in system.transitions]
    assert transitions != list(system.transitions)
    return replace(system, transitions=tuple(transitions))


def test_transition_that_differs_is_named() -> None:
    system = reference(2, 1, 2)
    for changed in (
        {"guard": z3.And(z3.BitVec("bu.op", 8) == 0, z3.BitVec("v[0]", 8) == 2)},
        {"updates": {}},
        {"fair": False},
    ):
        told = symmetry(without(system, "send 4 [0] 0 0", **changed)).refused[0].because
        assert "the transition 'send 4 [0] 0 0'" in told
        assert set(told) <= {"the transition 'send 4 [0] 0 0'", "the transition 'send 4 [1] 0 0'"}


def test_initial_states_are_compared() -> None:
    system = reference(2, 1, 2)
    first = next(k for k, v in enumerate(system.variables) if v.name == "h[0]")
    odd = tuple(int(k == first) for k in range(len(system.variables)))
    told = symmetry(replace(system, initial=(*system.initial, odd))).told
    assert told == ("BID 0 and 1: told apart by the initial states",)


def test_what_is_only_equal_in_meaning_is_proved() -> None:
    system = reference(2, 1, 2)
    h = z3.BitVec("h[0]", 8)
    # h[0] is below 3, so that this says h[0] != 0 in other words.
    same = z3.Or(h == 1, h == 2)
    assert symmetry(without(system, "expire 0", guard=same)).told == ()
    wrong = z3.Or(h == 1, h == 0)
    assert symmetry(without(system, "expire 0", guard=wrong)).told != ()


def test_candidate_that_is_no_permutation_is_refused_with_a_reason() -> None:
    system = reference(2, 1, 2)
    for names, values in (
        ({"h[0]": "h[1]"}, {}),
        ({"h[0]": "hs", "hs": "h[0]"}, {}),
        ({}, {"hp": (1, 1)}),
        ({}, {"hp": (1, 2, 3, 4, 5, 0)}),
    ):
        with pytest.raises(RuleError, match="'odd' leads to"):
            symmetry(system, [Renaming("odd", names, values)])


def test_transitions_of_one_name_are_refused_with_a_reason() -> None:
    system = reference(2, 1, 2)
    twice = replace(system, transitions=(*system.transitions, system.transitions[0]))
    with pytest.raises(RuleError, match="two transitions are called"):
        symmetry(twice)


def test_group_that_is_too_large_is_refused() -> None:
    names = [f"x{k}" for k in range(7)]
    pairs = [{a: b, b: a} for a, b in pairwise(names)]
    system = TransitionSystem(
        tuple(Variable(n, 2) for n in names),
        ((0,) * len(names),),
        (),
        renamings=tuple(Renaming(" and ".join(p), p) for p in pairs),
    )
    with pytest.raises(RuleError, match="more than 1000 renamings"):
        assert symmetry(system).group


def test_input_of_a_transition_hides_a_constant_but_not_from_what_is_absent() -> None:
    shown, x = z3.BitVec("shown", 8), {k: z3.BitVec(f"x[{k}]", 8) for k in (1, 2)}
    sets = [
        Transition(f"sets {k}", x[k] == 0, {f"x[{k}]": shown}, {"shown": z3.BitVecVal(1, 8)})
        for k in (1, 2)
    ]
    system = TransitionSystem(
        (Variable("x[1]", 2), Variable("x[2]", 2)),
        ((0, 0),),
        tuple(sets),
        constants={"shown": 0},
        absent=(Absent(shown == 0, frozenset({"x[1]"})),),
        renamings=(Renaming("1 and 2", {"x[1]": "x[2]", "x[2]": "x[1]"}),),
    )
    for engine in ENGINES:
        found = engine(system, symmetry(system))
        assert (found.states, found.kept, found.transitions) == (4, 3, 4)


def test_symmetries_of_another_system_are_refused() -> None:
    for engine in ENGINES:
        with pytest.raises(RuleError, match="another system"):
            engine(reference(1, 2, 2), symmetry(reference(1, 2, 2)))


# -- step tables -------------------------------------------------------------------------------


def choosing(chosen: Any = lambda key: [key, (0,)]) -> TransitionSystem:
    """Return a system in which a step decides which of two is chosen, for one that was asked."""
    x, last = z3.BitVec("x", 8), z3.BitVec("last", 8)
    asked = z3.BitVec("asked", 8)
    table = StepTable("choice", (asked,), (8,), (Variable("x", 3),), chosen)
    step = {f"on[{k}]": z3.Or(x == k, z3.Bool(f"on[{k}]")) for k in (1, 2)} | {"last": x}
    swap = dict.fromkeys(("x", "last", "asked"), (0, 2, 1))
    return TransitionSystem(
        (Variable("on[1]", 2), Variable("on[2]", 2), Variable("last", 3)),
        ((0, 0, 0),),
        tuple(
            Transition(f"asks {k}", last != k, step, {"asked": z3.BitVecVal(k, 8)}, table)
            for k in (1, 2)
        ),
        {"not both": z3.Not(z3.And(z3.Bool("on[1]"), z3.Bool("on[2]")))},
        constants={"asked": 0},
        renamings=(Renaming("1 and 2", {"on[1]": "on[2]", "on[2]": "on[1]"}, swap),),
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_decisions_are_renamed_with_what_was_asked(engine: Any) -> None:
    system = choosing()
    found = engine(system, symmetry(system))
    assert found.told_apart == ()
    assert found.kept < found.states
    assert whole(found) == whole(interpreted(system))
    check_paths(system, found)


@pytest.mark.parametrize("engine", ENGINES)
def test_table_that_tells_names_apart_ends_the_symmetry(engine: Any) -> None:
    system = choosing(lambda key: [key, (0,)] if key == (1,) else [key])
    with pytest.raises(RuleError, match="1 and 2: told apart by the decisions of choice"):
        engine(system, symmetry(system))
    found = without_what_differs(system, lambda up_to: engine(system, up_to))
    assert found.told_apart == ("1 and 2: told apart by the decisions of choice",)
    assert found.renamings == 1
    assert whole(found) == whole(interpreted(system))


def test_what_is_absent_counts() -> None:
    unless = z3.BitVec("last", 8) != 0
    for names, refused in (({"on[1]", "on[2]"}, False), ({"on[1]"}, True)):
        system = replace(choosing(), absent=(Absent(unless, frozenset(names)),))
        assert bool(symmetry(system).refused) == refused


def test_parts_of_a_key_may_change_places() -> None:
    flags = [z3.Bool("on[1]"), z3.Bool("on[2]")]
    decisions = (Variable("to[1]", 2), Variable("to[2]", 2))

    def rows(key: Values) -> list[Values]:
        return [(1 - key[0], key[1]), (key[0], 1 - key[1])]

    table = StepTable("flips", tuple(flags), (1, 1), decisions, rows)
    updates = {f"on[{k}]": z3.Bool(f"to[{k}]") for k in (1, 2)}
    names = {f"{x}[{k}]": f"{x}[{3 - k}]" for x in ("on", "to") for k in (1, 2)}
    system = TransitionSystem(
        (Variable("on[1]", 2), Variable("on[2]", 2)),
        ((0, 0),),
        (Transition("flips", z3.BoolVal(True), updates, table=table),),
        renamings=(Renaming("1 and 2", names),),
    )
    for engine in ENGINES:
        found = engine(system, symmetry(system))
        assert (found.states, found.kept, found.transitions) == (4, 3, 8)


# -- the draft ---------------------------------------------------------------------------------

SCOPES = {
    "two BIDs, two interfaces": (Scope(options=1, updates=2, faults=0), 4),
    "three interfaces": (Scope(bids=1, care_of=3, options=1, updates=2, faults=0), 6),
    "a fault": (Scope(care_of=1, options=1, updates=2, faults=1), 2),
}


LARGE = "two BIDs, two interfaces"


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.long] if n == LARGE else []) for n in SCOPES]
)
def test_draft_with_one_sub_option_says_the_same_up_to_renaming(name: str) -> None:
    scope, elements = SCOPES[name]
    system = transition_system(Machine(RULESET, scope))
    found, plain = compiled(system, symmetry(system)), compiled(system)
    assert found.told_apart == ()
    assert found.renamings == elements
    assert found.kept < plain.states
    assert whole(found) == whole(plain)
    assert {p: len(path) for p, path in found.paths.items()} == {
        p: len(path) for p, path in plain.paths.items()
    }
    check_paths(system, found)


WHOLE = WholeScope(updates=1, faults=1, duplication=0, reorder=0)


def test_whole_system_says_the_same_up_to_renaming() -> None:
    system = transition_system(Machine(RULESET, WHOLE))
    found, plain = compiled(system, symmetry(system)), compiled(system)
    assert found.told_apart == ()
    assert found.renamings == 4
    assert found.kept < plain.states / 3
    assert whole(found) == whole(plain)
    check_paths(system, found)


@pytest.mark.parametrize("preset", ["default", "deep"])
def test_whole_system_of_the_draft_tells_no_names_apart(preset: str) -> None:
    found = symmetry(transition_system(Machine(RULESET, PRESETS[preset])))
    assert found.told == ()
    assert len(found.group) == 4


def test_draft_with_two_sub_options_is_told_apart_by_their_order() -> None:
    system = transition_system(Machine(RULESET, Scope()))
    bids, interfaces = symmetry(system).refused
    bulk = {
        t.name
        for t in system.transitions
        if "BID 1 and BID 2" in t.name or t.name == "a stray bulk update"
    }
    assert {b.split("'")[1] for b in bids.because} <= bulk
    assert len(bids.because) > 1
    assert interfaces.because == ("the transition 'a stray bulk update'",)


def test_draft_with_sub_options_in_any_order_is_told_apart_by_the_stray_update_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model.system, "combinations", permutations)
    system = transition_system(Machine(RULESET, Scope(updates=2, faults=0)))
    stray = ("the transition 'a stray bulk update'",)
    assert [r.because for r in symmetry(system).refused] == [stray, stray]
    others = tuple(t for t in system.transitions if t.name != "a stray bulk update")
    system = replace(system, transitions=others)
    found = compiled(system, symmetry(system))
    assert found.renamings == 4
    assert whole(found) == whole(compiled(system))
