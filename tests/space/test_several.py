"""Several counterexamples: real, of different kinds, and all kinds that a plain search finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
import z3
from hypothesis import HealthCheck, given, settings

from checker.space import several as module
from checker.space.compiled import Compiled
from checker.space.memory import Budget
from checker.space.reached import Trail
from checker.space.several import Several, several
from checker.space.system import Transition, TransitionSystem, Values, Variable
from tests.space.plain_recovery import Plain
from tests.space.random_systems import systems
from tests.space.reference import reference

SMALL = Budget(1 << 24)
Bag = frozenset[tuple[str, int]]


def found(system: TransitionSystem, name: str, most: int, threads: int = 2) -> list[Trail]:
    engine = Compiled(system, threads, SMALL)
    return several(engine, engine.run(), name, most)


class Kinds:
    """The least kinds of sequences, by a plain search forwards."""

    def __init__(self, system: TransitionSystem, name: str) -> None:
        self.plain, self.name = Plain(system), name

    def violates(self, state: Values) -> bool:
        return self.name in self.plain.engine.judged(state)[0]

    def all(self, first: int) -> set[Bag]:
        deepest = max(self.plain.depths.values())
        known: list[Counter[str]] = []
        for length in range(1, min(first + module.DEEPER, deepest) + 1):
            new = [Counter(dict(bag)) for bag in self._of_length(length)]
            known += [bag for bag in new if not any(other <= bag for other in known)]
        return {frozenset(bag.items()) for bag in known}

    def _of_length(self, length: int) -> set[Bag]:
        """Return the kinds of the sequences whose n-th state is n steps away, but the last."""
        now = {(s, Bag()) for s, d in self.plain.depths.items() if d == 0}
        for depth in range(length):
            last = depth == length - 1
            now = {
                (after, more)
                for state, bag in now
                if not self.violates(state)
                for after, more in self._next(state, bag)
                if (self.violates(after) if last else self.plain.depths[after] == depth + 1)
            }
        return {bag for _, bag in now}

    def _next(self, state: Values, bag: Bag) -> Iterator[tuple[Values, Bag]]:
        for name, after in self.plain.engine.successors(state):
            yield after, frozenset((Counter(dict(bag)) + Counter([name])).items())


def kind(system: TransitionSystem, trail: Trail) -> Bag:
    return frozenset(Counter(system.transitions[k].name for k in trail.taken).items())


def is_real(system: TransitionSystem, name: str, trail: Trail) -> bool:
    engine = Plain(system).engine
    steps = zip(pairwise(trail.states), trail.taken, strict=True)
    names = [t.name for t in system.transitions]
    taken = all((names[k], after) in engine.successors(before) for (before, after), k in steps)
    bad = [name in engine.judged(state)[0] for state in trail.states]
    return trail.states[0] in system.initial and taken and bad == [False] * (len(bad) - 1) + [True]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(systems())
def test_kinds_are_those_of_a_plain_search(system: TransitionSystem) -> None:
    engine = Compiled(system, 2, SMALL)
    reached = engine.run()
    trails = several(engine, reached, "always", 1_000)
    for trail in trails:
        assert is_real(system, "always", trail)
    shortest = len(reached.paths.get("always", ())) - 1
    assert [len(t.taken) for t in trails] == sorted(len(t.taken) for t in trails)
    if shortest > 0:
        # The names of random transitions are told apart by their numbers alone.
        own = Several(engine, "always", [chr(65 + k) for k in range(len(system.transitions))])
        trails = own.trails(1_000, shortest)
        names = [t.name for t in system.transitions]
        kinds = {frozenset(Counter(names[k] for k in t.taken).items()) for t in trails}
        assert len(trails[0].taken) == shortest
        assert kinds == Kinds(system, "always").all(shortest)
        assert len(kinds) == len(trails)


def flags(many: int) -> TransitionSystem:
    """Return a system that is to keep out of states with two of some flags."""
    names = [f"f{k}" for k in range(many)]
    sets = [Transition(f"sets {n}", ~z3.Bool(n), {n: z3.BoolVal(True)}) for n in names]
    jumps = Transition("jumps", z3.Bool("f0"), {n: z3.BoolVal(True) for n in names})
    two = z3.PbGe([(z3.Bool(n), 1) for n in names], 2)
    variables = tuple(Variable(n, 2) for n in names)
    return TransitionSystem(variables, ((0,) * many,), (*sets, jumps), {"one": z3.Not(two)})


def test_other_numbers_and_another_order_are_no_other_kind() -> None:
    system = flags(4)
    trails = found(system, "one", 10)
    told = [[system.transitions[k].name for k in t.taken] for t in trails]
    assert told == [["sets f0", "jumps"], ["sets f0", "sets f1"]]


def test_no_more_are_told_than_asked_for() -> None:
    assert len(found(flags(4), "one", 1)) == 1


def test_initial_state_that_violates_is_the_only_answer() -> None:
    x = z3.BitVec("x", 2)
    system = TransitionSystem((Variable("x", 3),), ((1,),), (), {"never one": x != 1})
    assert found(system, "never one", 5) == [Trail(((1,),), ())]


def test_property_that_holds_has_no_counterexample() -> None:
    assert found(reference(1, 1, 3), "I1", 5) == []


@pytest.mark.parametrize("threads", [1, 2])
def test_kinds_on_the_reference_model_are_all_there(threads: int) -> None:
    system = reference(1, 1, 4)
    trails = found(system, "I3", 4, threads)
    assert len({kind(system, t) for t in trails}) == len(trails) > 1
    assert all(is_real(system, "I3", t) for t in trails)
    assert trails == found(system, "I3", 4)


def test_deeper_levels_are_gone_through_where_that_costs_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x = z3.BitVec("x", 2)
    steps = [("falls", 0, 3), ("goes", 0, 1), ("sinks", 1, 3), ("ends", 3, 2)]
    ways = [Transition(n, x == a, {"x": z3.BitVecVal(b, 2)}) for n, a, b in steps]
    system = TransitionSystem((Variable("x", 4),), ((0,),), tuple(ways), {"up": x != 3})
    assert [t.taken for t in found(system, "up", 9)] == [(0,), (1, 2)]
    monkeypatch.setattr(module, "MOST_SEEN", 0)
    assert [t.taken for t in found(system, "up", 9)] == [(0,)]
