"""Recovery under weak fairness: known small systems, and random ones against a plain version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import z3
from hypothesis import HealthCheck, given, settings

from checker.space import calm_columns, cone, fairness
from checker.space.compiled import Compiled
from checker.space.cone import calm_system, relevant
from checker.space.memory import Budget
from checker.space.reached import Lasso, Recovery
from checker.space.recovered import recoveries
from checker.space.system import StepTable, Transition, TransitionSystem, Variable
from checker.space.vectorised import Vectorised
from tests.space.plain_recovery import Plain
from tests.space.random_systems import systems
from tests.space.reference import reference

SMALL = Budget(1 << 24)


def answers(system: TransitionSystem, threads: int = 2) -> dict[str, Recovery]:
    engine = Compiled(system, threads, SMALL)
    return recoveries(engine, engine.run())


def by_columns(system: TransitionSystem) -> dict[str, Recovery]:
    engine = Vectorised(system, 1)
    return calm_columns.recoveries(engine, engine.run())


@pytest.mark.parametrize("answered", [answers, by_columns])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(system=systems())
def test_answers_are_those_of_the_plain_version(
    answered: Callable[[TransitionSystem], dict[str, Recovery]], system: TransitionSystem
) -> None:
    plain = Plain(system)
    for name, found in answered(system).items():
        lost = plain.lost(name)
        assert found.holds == (not lost)
        if found.lasso:
            assert plain.is_run(name, found.lasso)
            assert found.lasso.stem[0] in system.initial
            entry = next(k for k, s in enumerate(found.lasso.stem) if s in lost)
            assert entry == plain.depth(name)


# -- small systems whose answer is plain ---------------------------------------------------------

X, Y = z3.BitVec("x", 8), z3.BitVec("y", 8)


def when(name: str, x: int, to: int, fair: bool = True, **more: int) -> Transition:
    """Return a transition from a value of x to another; `more` are values of other variables."""
    updates = {"x": to, **more}
    terms = {n: z3.BitVecVal(v, 8) for n, v in updates.items()}
    return Transition(name, x == X, terms, fair=fair)


def system(*transitions: Transition, again: int = 0) -> TransitionSystem:
    """Return a system of x and y, each 0 to 3, in which x is to be `again` a value."""
    variables = (Variable("x", 4), Variable("y", 4))
    return TransitionSystem(variables, ((0, 0),), transitions, recovers={"again": again == X})


FAULT = when("fails", 0, 1, fair=False)


def answer(*transitions: Transition) -> Recovery:
    whole = system(*transitions)
    found = answers(whole)["again"]
    assert found.lasso is None or Plain(whole).is_run("again", found.lasso)
    return found


def lasso(*transitions: Transition) -> Lasso:
    found = answer(*transitions)
    assert found.lasso
    return found.lasso


def test_what_is_taken_at_last_leads_back() -> None:
    assert answer(FAULT, when("mends", 1, 0)).holds


def test_dead_end_is_told_with_its_stem() -> None:
    assert lasso(FAULT) == Lasso(((0, 0), (1, 0)), (0,))
    assert lasso(FAULT, when("mends by luck", 1, 0, fair=False)) == Lasso(((0, 0), (1, 0)), (0,))


def test_action_that_stays_possible_is_taken_at_last() -> None:
    assert answer(FAULT, when("waits", 1, 1), when("mends", 1, 0)).holds


def test_action_that_is_not_possible_now_and_then_need_never_be_taken() -> None:
    ways = (when("goes", 1, 2), when("returns", 2, 1), when("mends", 1, 0))
    found = lasso(FAULT, *ways)
    assert (found.taken, found.loop_taken) == ((0,), (1, 2))


def test_way_round_takes_every_action_that_has_to_be_taken() -> None:
    always = z3.And(X != 0, X != 3)
    turns = Transition("turns", always, {"y": 1 - Y})
    found = lasso(FAULT, when("goes", 1, 2), when("returns", 2, 1), turns)
    assert set(found.loop_taken) == {1, 2, 3}


def test_node_may_decide_the_same_way_each_time() -> None:
    def either(_: object) -> list[tuple[int]]:
        return [(1,), (0,)]

    table = StepTable("step", (), (), (Variable("z", 2),), either)
    tries = Transition("tries", X == 1, {"x": z3.BitVec("z", 8)}, table=table)
    assert lasso(FAULT, tries).loop_taken == (1,)


def test_what_does_not_matter_is_left_out_and_yet_the_run_is_one_of_the_system() -> None:
    waits = Transition("waits", X == 1, {"y": (Y + 1) & 3})
    whole = system(FAULT, waits)
    assert relevant(whole) == {"x"}
    found = answers(whole)["again"]
    assert (found.states, found.edges) == (1, 1)
    assert found.lasso == Lasso(((0, 0), (1, 0)), (0,), ((1, 1), (1, 2), (1, 3), (1, 0)), (1,) * 4)


def test_repetitions_until_it_is_the_same_again_belong_to_the_stem() -> None:
    waits = Transition("waits", X == 1, {"y": z3.BitVecVal(3, 8)})
    assert lasso(FAULT, waits) == Lasso(((0, 0), (1, 0), (1, 3)), (0, 1), ((1, 3),), (1,))


def test_calm_system_is_no_larger_than_what_matters() -> None:
    whole = reference(2, 1, 3)
    again = {"registered": z3.UGT(z3.BitVec("v[0]", 8), 1)}
    fair = ("MN receives", "HA receives")
    quiet = [replace(t, fair=t.name in fair) for t in whole.transitions]
    calm = calm_system(replace(whole, transitions=tuple(quiet), recovers=again))
    left_out = {v.name for v in whole.variables} - {v.name for v in calm.variables}
    assert left_out == {"i[1]", "pnd", "v[1]", "ba.s[1]"}
    assert [t.name for t in calm.transitions] == ["HA receives", "MN receives"]


def test_answers_on_the_reference_model_are_those_of_the_plain_version() -> None:
    whole = reference(1, 1, 3)
    unfair = ("lose", "expire", "1 ", "send")
    faults = [replace(t, fair=not t.name.startswith(unfair)) for t in whole.transitions]
    registered, quiet = z3.UGT(z3.BitVec("v[0]", 8), 1), z3.BitVec("bu.op", 8) == 0
    again = {"registered": registered, "quiet": quiet, "either": z3.Or(registered, quiet)}
    whole = replace(whole, transitions=tuple(faults), recovers=again)
    plain = Plain(whole)
    for name, found in answers(whole).items():
        assert found.holds == (plain.depth(name) is None)
        if found.lasso:
            assert plain.is_run(name, found.lasso)
            assert len(found.lasso.stem) > (plain.depth(name) or 0)


def test_nothing_is_said_of_a_search_that_has_not_ended() -> None:
    engine = Compiled(system(FAULT), 1, SMALL)
    found = engine.run(most_states=0)
    assert recoveries(engine, found) == {"again": Recovery("again", None)}


def test_answer_does_not_depend_on_the_threads() -> None:
    whole = system(FAULT, when("goes", 1, 2), when("returns", 2, 1), when("mends", 1, 0))
    found = [answers(whole, threads)["again"] for threads in (1, 2, 3)]
    assert found[0] == found[1] == found[2]


def untaken(*_: object) -> Iterator[Any]:
    """Say of no action that it has to be taken."""
    return iter(())


def unread(*_: object) -> frozenset[str]:
    """Say that updates and keys read nothing."""
    return frozenset()


def said() -> tuple[Any, ...] | None:
    """Return what is said of a small system, None where it is seen that it cannot be."""
    turns = Transition("turns", X == 1, {"x": z3.If(Y == 2, z3.BitVecVal(0, 8), X)})
    nears = Transition("nears", X == 1, {"y": (Y + 1) & 3})
    matters = relevant(system(FAULT, nears, turns))
    try:
        found = answers(system(FAULT, when("waits", 1, 1), when("mends", 1, 0)))
    except AssertionError:
        return None
    return found["again"].holds, matters


@pytest.mark.parametrize(
    ("where", "what", "broken"),
    [(fairness.Runs, "_by_action", untaken), (cone._Reading, "_seen", unread)],
)
def test_broken_answer_is_seen(
    where: type, what: str, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said() == (True, {"x", "y"})
    monkeypatch.setattr(where, what, broken)
    assert said() != (True, {"x", "y"})
