"""Symmetries are proved from the terms, and a search up to them says what the whole one says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.machine import Machine
from checker.space import native
from checker.space.canonical import Images
from checker.space.compiled import Compiled
from checker.space.group import Group, Made, Permutation
from checker.space.interpreted import Interpreted
from checker.space.memory import Budget
from checker.space.nodes import transition_system
from checker.space.packing import Packing
from checker.space.program import Program
from checker.space.quotient import without_what_differs
from checker.space.reached import Reached
from checker.space.symmetry import Symmetry, symmetry
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
from tests.space.reference import reference
from tests.space.test_engines import TABLE

SMALL = Budget(1 << 28)


def compiled(system: TransitionSystem, up_to: Symmetry | None = None) -> Reached:
    return Compiled(system, 2, SMALL, up_to).run()


def interpreted(system: TransitionSystem, up_to: Symmetry | None = None) -> Reached:
    return Interpreted(system, up_to).run()


ENGINES = (compiled, interpreted)


def whole(found: Reached) -> Reached:
    """Return what was found of the whole system, without how."""
    return replace(found, paths={}, bytes=0, renamings=1, kept=0, told_apart=())


def check_paths(system: TransitionSystem, found: Reached) -> None:
    engine = Interpreted(system)
    assert set(found.paths) == set(found.violated)
    for name, path in found.paths.items():
        assert path[0] in system.initial
        for before, after in pairwise(path):
            assert after in {state for _, state in engine.successors(before)}
        assert name in engine.judged(path[-1])[0]


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
    monkeypatch.setitem(native._EMIT, "xor", native._EMIT["and"])
    assert compiled(system, symmetry(system)).states != expected


def test_search_ends_at_the_first_violation() -> None:
    system = reference(1, 2, 2)
    found = Compiled(system, 2, SMALL, symmetry(system)).run(stop_at_first=True)
    assert not found.complete
    assert len(found.paths["I3"]) == len(compiled(system).paths["I3"])
    check_paths(system, found)


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
    v, op = z3.BitVec("v[0]", 8), z3.BitVec("bu.op", 8)
    # v[0] is below 4, so that this says v[0] > 1 in other words.
    same = z3.And(op == 0, z3.Not(z3.And(v != 2, v != 3)))
    assert symmetry(without(system, "send 4 [0] 0 0", guard=same)).told == ()
    wrong = z3.And(op == 0, z3.Not(z3.And(v != 2, v != 1)))
    assert symmetry(without(system, "send 4 [0] 0 0", guard=wrong)).told != ()


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
        absent=(Absent(z3.Bool("on[1]") == z3.Bool("on[2]"), frozenset()),),
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


@pytest.mark.parametrize("name", SCOPES)
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


# -- systems at random -------------------------------------------------------------------------

# Two nodes have a number 0 to 2 and a flag each; `who` is 0 for none or one of the two.
TERMS = 6


def about(kind: int, i: int, value: int) -> Any:
    """Return one of the terms about node i that a guard may be made of."""
    j = 3 - i
    x, y = ({k: z3.BitVec(f"x[{k}]", 8) for k in (1, 2)}, {k: z3.Bool(f"y[{k}]") for k in (1, 2)})
    who = z3.BitVec("who", 8)
    return (x[i] == value, y[i], z3.ULE(x[j], value), who == i, who == 0, y[i] == y[j])[kind]


def becomes(kind: int, i: int, value: int) -> dict[str, Any]:
    """Return one of the changes that a transition of node i may make."""
    j, x, y = 3 - i, z3.BitVec(f"x[{i}]", 8), z3.Bool(f"y[{3 - i}]")
    who = z3.BitVec("who", 8)
    return (
        {f"x[{i}]": z3.BitVecVal(value, 8)},
        {f"x[{j}]": z3.If(y, x, z3.BitVecVal(value, 8))},
        {f"y[{i}]": z3.Not(y)},
        {"who": z3.BitVecVal(i, 8)},
        {"who": z3.If(who == i, z3.BitVecVal(j, 8), who)},
        {"who": z3.BitVecVal(0, 8), f"x[{i}]": z3.BitVec(f"x[{j}]", 8)},
    )[kind]


STEP = st.tuples(
    *(st.tuples(st.integers(0, TERMS - 1), st.booleans()) for _ in range(2)),
    st.integers(0, TERMS - 1),
    st.integers(0, 2),
)


def stepping(name: str, step: Any, i: int) -> Transition:
    *conditions, change, value = step
    terms = [about(k, i, value) for k, _ in conditions]
    signs = [wanted for _, wanted in conditions]
    guard = z3.And([t if s else z3.Not(t) for t, s in zip(terms, signs, strict=True)])
    return Transition(f"{name} of {i}", guard, becomes(change, i, value))


def drawn(steps: list[Any], broken: Any = None) -> TransitionSystem:
    """Return a system in which two nodes may do the same; but for one step of one of them."""
    transitions = [stepping(str(n), s, i) for n, s in enumerate(steps) for i in (1, 2)]
    if broken is not None:
        transitions[0] = stepping("0", broken, 1)
    both = z3.And(z3.Bool("y[1]"), z3.Bool("y[2]"))
    names = {f"{x}[{k}]": f"{x}[{3 - k}]" for x in "xy" for k in (1, 2)}
    return TransitionSystem(
        (
            *(Variable(f"{x}[{k}]", size) for x, size in (("x", 3), ("y", 2)) for k in (1, 2)),
            Variable("who", 3),
        ),
        ((0, 0, 0, 0, 0), (1, 0, 0, 1, 2), (0, 1, 1, 0, 1)),
        tuple(transitions),
        {"not both": z3.Not(both)},
        {"equal": z3.BitVec("x[1]", 8) == z3.BitVec("x[2]", 8)},
        renamings=(Renaming("1 and 2", names, {"who": (0, 2, 1)}),),
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=4))
def test_symmetric_system_is_found_so_and_counted_right(steps: list[Any]) -> None:
    system = drawn(steps)
    proved = symmetry(system)
    assert proved.told == ()
    plain = interpreted(system)
    for engine in ENGINES:
        found = engine(system, proved)
        assert found.renamings == 2
        assert whole(found) == whole(plain)
        check_paths(system, found)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=3), STEP)
def test_system_broken_in_one_place_is_refused_or_counted_right(
    steps: list[Any], broken: Any
) -> None:
    system = drawn(steps, broken)
    proved = symmetry(system)
    if proved.refused:
        told = {b for r in proved.refused for b in r.because}
        assert told <= {f"the transition '{n} of {i}'" for n in range(len(steps)) for i in (1, 2)}
    else:
        assert whole(interpreted(system, proved)) == whole(interpreted(system))


# -- least images ------------------------------------------------------------------------------


@st.composite
def permuted(draw: Any) -> tuple[list[Variable], list[Permutation], Values]:
    """Return variables, two permutations of them and of their values, and a state."""
    sizes = draw(st.lists(st.sampled_from([2, 3, 5, 8, 1 << 20]), min_size=1, max_size=9))
    variables = [Variable(f"v{k}", size) for k, size in enumerate(sizes)]
    permutations = []
    for _ in range(2):
        ends = list(range(len(sizes)))
        for size in set(sizes):
            own = [k for k, s in enumerate(sizes) if s == size]
            for k, end in zip(own, draw(st.permutations(own)), strict=True):
                ends[k] = end
        values = [
            draw(st.sampled_from([(), tuple(draw(st.permutations(range(min(s, 8)))))]))
            for s in sizes
        ]
        permutations.append(Permutation(tuple(ends), tuple(values)))
    return variables, permutations, tuple(draw(st.integers(0, s - 1)) for s in sizes)


EVALUATED: dict[str, Any] = {
    "and": lambda x, y: x & y,
    "or": lambda x, y: x | y,
    "xor": lambda x, y: x ^ y,
    "add": lambda x, y: x + y,
    "shl": lambda x, y: x << y,
    "shr": lambda x, y: x >> y,
    "not": lambda x: 1 - x,
    "eq": lambda x, y: int(x == y),
    "ult": lambda x, y: int(x < y),
    "ite": lambda c, x, y: x if c else y,
}


def evaluated(program: Program, ref: int, known: dict[int, int]) -> int:
    """Return the value of an instruction, given those of the inputs."""
    instruction = program.instructions[ref]
    if ref not in known:
        args = [evaluated(program, a, known) for a in instruction.args]
        constant = instruction.op == "const"
        known[ref] = int(instruction.data) if constant else EVALUATED[instruction.op](*args)
    return known[ref]


@settings(max_examples=200, deadline=None)
@given(permuted())
def test_images_of_packed_words_are_those_of_the_values(drawn: Any) -> None:
    variables, generators, state = drawn
    packing, program = Packing(variables), Program()
    size = len(variables)
    nothing = Permutation(tuple(range(size)), ((),) * size)
    for generator in generators:
        group = Group((Made(nothing, 0, 0), Made(generator, 0, 0)), (generator,))
        words = tuple(program.input(f"w{k}", 1 << 64) for k in range(packing.words))
        images = Images(program, packing, group, words)
        known = dict(zip(words, packing.pack(state), strict=True))
        image = [evaluated(program, ref, known) for ref in images.words[1]]
        assert packing.unpack(image) == generator(state)
        least = tuple(evaluated(program, ref, known) for ref in images.least())
        both = [packing.pack(state), packing.pack(generator(state))]
        assert least == min(both, key=lambda w: w[::-1])
        assert evaluated(program, images.orbit(), known) == len(set(both))
    first, second = generators
    assert first.then(second)(state) == second(first(state))
    assert first.then(nothing)(state) == first(state)
