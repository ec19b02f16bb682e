"""The engines on the reference model: the counts that SPIN and TLC confirmed, to the last one."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
import z3

from checker.advance import Advance
from checker.space import emitted
from checker.space.compiled import Compiled
from checker.space.interpreted import Interpreted
from checker.space.memory import Budget
from checker.space.reached import INTERRUPTED, MEMORY, VIOLATION
from checker.space.system import (
    Absent,
    StepTable,
    Transition,
    TransitionSystem,
    Values,
    Variable,
)
from model.errors import RuleError
from tests.space.reference import TABLE, reference

SMALL = Budget(1 << 28)

SIZES = [
    pytest.param(size, marks=pytest.mark.long if counts[0] > 10_000_000 else ())
    for size, counts in TABLE.items()
]


@pytest.mark.parametrize("size", SIZES)
def test_compiled_reaches_exactly_the_known_states(size: tuple[int, int, int]) -> None:
    found = Compiled(reference(*size)).run()
    states, transitions, levels, bad = TABLE[size]
    assert found.complete
    assert (found.states, found.transitions) == (states, transitions)
    assert (len(found.levels), sum(found.levels)) == (levels, states)
    assert found.violated == {"I3": bad}
    assert sum(found.taken.values()) == transitions


def test_interpreted_reaches_exactly_the_known_states() -> None:
    found = Interpreted(reference(1, 1, 3)).run()
    states, transitions, levels, bad = TABLE[1, 1, 3]
    assert (found.states, found.transitions, len(found.levels)) == (states, transitions, levels)
    assert found.violated == {"I3": bad}


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_engines_agree_in_all_they_say(threads: int) -> None:
    system = reference(1, 1, 4)
    slow, fast = Interpreted(system).run(), Compiled(system, threads, SMALL).run()
    assert replace(fast, paths={}, bytes=0) == replace(slow, paths={})
    assert {p: len(path) for p, path in fast.paths.items()} == {
        p: len(path) for p, path in slow.paths.items()
    }


def test_path_is_one_of_the_system_and_the_same_each_time() -> None:
    system = reference(2, 1, 3)
    paths = [Compiled(system, threads, SMALL).run().paths["I3"] for threads in (1, 2, 2)]
    assert paths[0] == paths[1] == paths[2]
    engine = Interpreted(system)
    assert paths[0][0] in system.initial
    for before, after in zip(paths[0], paths[0][1:], strict=False):
        assert after in {state for _, state in engine.successors(before)}
    assert engine.judged(paths[0][-1])[0] == ["I3"]


def test_search_ends_at_the_first_violation() -> None:
    whole = Compiled(reference(1, 1, 3), budget=SMALL).run()
    first = Compiled(reference(1, 1, 3), budget=SMALL).run(stop_at_first=True)
    assert not first.complete
    assert first.stopped == VIOLATION
    assert len(first.paths["I3"]) == len(whole.paths["I3"])
    assert first.states < whole.states


def test_interrupted_search_keeps_what_it_has() -> None:
    def interrupted(now: Advance) -> None:
        if now.depth == 9:
            signal.raise_signal(signal.SIGINT)

    found = Compiled(reference(1, 1, 4), 2, SMALL).run(interrupted)
    assert found.stopped == INTERRUPTED
    assert not found.complete
    assert 0 < sum(found.levels) == found.states < TABLE[1, 1, 4][0]
    assert set(found.paths) == set(found.violated)


def wide(many: int) -> TransitionSystem:
    """Return a system whose first state has as many successors, all of which lead to one."""
    x = z3.BitVec("x", 16)
    table = StepTable("any", (), (), (Variable("y", many + 1),), lambda _: list(zip(range(many))))
    spread = Transition("spreads", x == 0, {"x": z3.BitVec("y", 16) + 1}, table=table)
    ends = Transition("ends", x == many, {"x": z3.BitVecVal(many + 1, 16)})
    always = {"not ended": x != many + 1}
    return TransitionSystem((Variable("x", many + 2),), ((0,),), (spread, ends), always)


def test_path_goes_through_a_state_with_very_many_successors() -> None:
    found = Compiled(wide(5_000), 2, SMALL).run()
    assert (
        found.paths
        == Interpreted(wide(5_000)).run().paths
        == {"not ended": ((0,), (5_000,), (5_001,))}
    )


def test_search_ends_where_the_memory_does() -> None:
    found = Compiled(reference(2, 1, 4), 2, Budget(1 << 21)).run()
    assert not found.complete
    assert found.stopped == MEMORY
    assert 0 < found.states < TABLE[2, 1, 4][0]
    assert found.depth < TABLE[2, 1, 4][2] - 1


BROKEN = {"ult": "ule", "ule": "ult", "and": "or", "add": "sub", "shl": "shr", "eq": "ult"}


@pytest.mark.parametrize(("operator", "other"), BROKEN.items())
def test_broken_operator_is_seen(
    operator: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(emitted._EMIT, operator, emitted._EMIT[other])
    assert counted(reference(1, 1, 3)) != TABLE[1, 1, 3][:2]


def counted(system: TransitionSystem) -> tuple[int, int] | None:
    """Return states and transitions, None where the engine itself sees that it is wrong."""
    try:
        found = Compiled(system, budget=SMALL).run()
    except RuleError:
        return None
    return found.states, found.transitions


# -- step tables, inputs, absent variables -----------------------------------------------------


def counting(limit: int, broken: bool = False) -> TransitionSystem:
    """Return a system that adds what a table says, for an input that hides a variable."""
    total, flag, note = z3.BitVec("total", 8), z3.Bool("flag"), z3.BitVec("note", 8)
    step = z3.BitVec("step", 8)

    def rows(key: Values) -> list[Values]:
        return [(1,), (2,)] if key[0] else [(3,)]

    table = StepTable("steps", (flag,), (1,), (Variable("step", 4),), rows)
    add = {"total": total + step, "note": step}
    small = z3.BoolVal(True) if broken else z3.ULT(total, limit - 3)
    return TransitionSystem(
        (Variable("total", limit), Variable("flag", 2), Variable("note", 4)),
        ((0, 0, 0),),
        (
            Transition("adds", small, add, table=table),
            Transition("adds, seen otherwise", small, add, {"flag": z3.Not(flag)}, table),
            Transition("turns", z3.UGT(total, 5), {"flag": z3.Not(flag)}),
        ),
        {"small": z3.ULT(total, limit - 1)},
        {"note": note == 2, "impossible": total == 255},
        {},
        (Absent(flag, frozenset({"note"})),),
    )


@pytest.mark.parametrize("limit", [8, 40, 200])
def test_engines_agree_where_a_step_has_several_outcomes(limit: int) -> None:
    slow, fast = Interpreted(counting(limit)).run(), Compiled(counting(limit), 2, SMALL).run()
    assert replace(fast, paths={}, bytes=0) == replace(slow, paths={})
    assert slow.met == {"note"}


@pytest.mark.parametrize("held", [(0, 1), (1, 0), (1, 1), (0, 0)])
def test_what_is_absent_for_one_reason_or_another_is_cleared(held: tuple[int, int]) -> None:
    reasons = tuple(Absent(z3.Bool(n), frozenset({"x"})) for n in "ab")
    sets = Transition("sets", z3.BitVec("x", 8) == 0, {"x": z3.BitVecVal(2, 8)})
    variables = (Variable("x", 3), Variable("a", 2), Variable("b", 2))
    system = TransitionSystem(variables, ((0, *held),), (sets,), absent=reasons)
    expected = 2 if all(held) else 1
    assert Interpreted(system).run().states == expected
    assert Compiled(system, budget=SMALL).run().states == expected


@pytest.mark.parametrize("engine", [Interpreted, Compiled])
def test_value_that_does_not_fit_is_told(engine: type[Interpreted | Compiled]) -> None:
    with pytest.raises(RuleError, match=r"'adds.*' sets a variable to a value"):
        engine(counting(40, broken=True)).run()


def test_states_of_several_words_are_told_apart() -> None:
    wide = tuple(Variable(f"x{k}", 1 << 16) for k in range(9))
    count = z3.BitVec("x0", 16)
    copies = {f"x{k}": count + k for k in range(9)}
    system = TransitionSystem(
        wide, ((0,) * 9,), (Transition("next", z3.ULT(count, 10_000), {**copies, "x0": count + 1}),)
    )
    found = Compiled(system, 2, SMALL).run()
    assert (found.states, len(found.levels)) == (10_001, 10_001)
