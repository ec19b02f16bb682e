"""Dead ends, counted alike by both engines, at rest and elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
import z3
from hypothesis import HealthCheck, given, settings

from checker.evaluate import Evaluator
from checker.space.compiled import Compiled
from checker.space.endings import DeadEnds, told_apart, watching_ends
from checker.space.interpreted import Interpreted
from checker.space.memory import Budget
from checker.space.system import StepTable, Transition, TransitionSystem, Variable
from model.errors import RuleError
from tests.space.plain_recovery import Plain
from tests.space.random_systems import systems, var

SMALL = Budget(1 << 24)
REST = var("a") == 0
X = z3.BitVec("x", 4)


def compiled(system: TransitionSystem) -> Compiled:
    return Compiled(system, 2, SMALL)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(systems())
def test_dead_ends_are_the_states_without_successors(system: TransitionSystem) -> None:
    plain = Plain(system)
    ends = [s for s in plain.depths if not any(plain.engine.successors(s))]
    rest = Evaluator([REST], plain.engine.names)
    at_rest = [s for s in ends if rest(s)[0]]
    for engine in (Interpreted, compiled):
        whole = engine(watching_ends(system, REST)).run()
        own, found = told_apart(whole)
        assert set(own.violated) <= {"always"}
        assert (found.at_rest, found.elsewhere) == (len(at_rest), len(ends) - len(at_rest))
        assert bool(found.to_rest) == bool(at_rest)
        if found.to_rest:
            assert found.to_rest[-1] in at_rest
            assert len(found.to_rest) - 1 == min(plain.depths[s] for s in at_rest)


def test_first_dead_end_of_each_kind_has_a_path() -> None:
    def goes(name: str, start: int, end: int) -> Transition:
        return Transition(name, start == X, {"x": z3.BitVecVal(end, 4)})

    steps = (goes("rests", 0, 1), goes("moves", 0, 2), goes("is lost", 2, 3))
    system = TransitionSystem((Variable("x", 4),), ((0,),), steps)
    _, found = told_apart(compiled(watching_ends(system, X == 1)).run())
    assert found == DeadEnds(1, 1, ((0,), (1,)), ((0,), (2,), (3,)))


@pytest.mark.parametrize("engine", [Interpreted, compiled])
def test_step_that_leaves_nothing_is_no_silent_dead_end(engine: Any) -> None:
    table = StepTable("choice", (), (), (Variable("y", 2),), lambda _: [])
    stays = Transition("decides", X == 0, {}, table=table)
    system = TransitionSystem((Variable("x", 2),), ((0,),), (stays,))
    with pytest.raises(RuleError, match=r"step choice leaves a node nothing"):
        engine(watching_ends(system, X == 1)).run()
