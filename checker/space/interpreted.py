"""The reference engine: terms by the evaluator, states in a dictionary, one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from checker.evaluate import Evaluator
from checker.space.quotient import expanded, fitting
from checker.space.reached import Reached
from checker.space.symmetry import Symmetry
from checker.space.system import Absent, Transition, TransitionSystem, Values
from model.errors import RuleError


class Interpreted:
    """Explores a system state by state; slow, and short enough to be believed.

    With symmetries it goes through one state of those that are images of each other.
    """

    def __init__(self, system: TransitionSystem, up_to: Symmetry | None = None) -> None:
        self.symmetry = fitting(system, up_to)
        self.system = system = self.symmetry.system
        self.names = [*(v.name for v in system.variables), *system.constants]
        self.tail = tuple(system.constants.values())
        self._transitions = [_Evaluated(self, t) for t in system.transitions]
        self._absent = [_Clearing(self, a) for a in system.absent]
        self._guards = Evaluator([t.guard for t in system.transitions], self.names)
        self._always = Evaluator(system.always.values(), self.names)
        self._sometimes = Evaluator(system.sometimes.values(), self.names)

    def successors(self, state: Values) -> Iterator[tuple[str, Values]]:
        """Yield the name of each transition out of a state, with the state after it."""
        values = (*state, *self.tail)
        for enabled, transition in zip(self._guards(values), self._transitions, strict=True):
            if enabled:
                for after in transition.after(values):
                    yield transition.name, self._fitting(transition.name, after)

    def _fitting(self, name: str, after: list[int]) -> Values:
        for clearing in self._absent:
            clearing.clear(after)
        if any(value >= v.size for value, v in zip(after, self.system.variables, strict=True)):
            raise RuleError(f"{name!r} sets a variable to a value that it does not have")
        return tuple(after)

    def run(self) -> Reached:
        """Explore to the end."""
        search = _Search(self)
        level = list(dict.fromkeys(map(self.symmetry.group.least, self.system.initial)))
        for state in level:
            search.add(state, None)
        while level:
            search.levels.append(search.states - sum(search.levels))
            level = list(search.expanded(sorted(level)))
        return search.reached()

    def judged(self, state: Values) -> tuple[list[str], list[str]]:
        """Return the properties that a state violates, and those that it meets."""
        values = (*state, *self.tail)
        always = zip(self.system.always, self._always(values), strict=True)
        sometimes = zip(self.system.sometimes, self._sometimes(values), strict=True)
        return [p for p, holds in always if not holds], [p for p, seen in sometimes if seen]


class _Evaluated:
    """One transition with its terms compiled to Python."""

    def __init__(self, engine: Interpreted, t: Transition) -> None:
        self.name, self.table, names = t.name, t.table, engine.names
        self._size = len(engine.system.variables)
        self._inputs = [names.index(n) for n in t.inputs]
        self._input_values = Evaluator(t.inputs.values(), names)
        decisions = [d.name for d in t.table.decisions] if t.table else []
        hidden = ["" if n in decisions else n for n in names]
        self._targets = [names.index(n) for n in t.updates]
        self._updates = Evaluator(t.updates.values(), [*hidden, *decisions])
        self._key = Evaluator(t.table.key, names) if t.table else None

    def after(self, values: Values) -> Iterator[list[int]]:
        """Yield the values of the variables after each way of taking the transition."""
        before = list(values)
        for place, value in zip(self._inputs, self._input_values(values), strict=True):
            before[place] = int(value)
        for decided in self._rows(before):
            result = before[: self._size]
            updates = self._updates([*before, *decided])
            for place, value in zip(self._targets, updates, strict=True):
                result[place] = int(value)
            yield result

    def _rows(self, before: list[int]) -> Iterator[Values]:
        if self.table and self._key:
            yield from self.table.rows(tuple(map(int, self._key(before))))
        else:
            yield ()


class _Clearing:
    """Sets to 0 what is absent."""

    def __init__(self, engine: Interpreted, absent: Absent) -> None:
        names = engine.names
        self._tail = engine.tail
        self._places = [names.index(n) for n in absent.names]
        self._unless = Evaluator([absent.unless], names)

    def clear(self, state: list[int]) -> None:
        if not self._unless([*state, *self._tail])[0]:
            for place in self._places:
                state[place] = 0


class _Search:
    def __init__(self, engine: Interpreted) -> None:
        self.engine, self.group = engine, engine.symmetry.group
        self.states = 0
        self.parents: dict[Values, Values | None] = {}
        self.levels: list[int] = []
        self.taken: Counter[str] = Counter()
        self.violated: Counter[str] = Counter()
        self.first: dict[str, Values] = {}
        self.met: set[str] = set()

    def add(self, state: Values, parent: Values | None) -> None:
        self.parents[state] = parent
        violated, met = self.engine.judged(state)
        many = self.group.orbit(state)
        self.states += many
        self.violated.update(dict.fromkeys(violated, many))
        self.met.update(met)
        for p in violated:
            self.first.setdefault(p, state)

    def expanded(self, level: list[Values]) -> Iterator[Values]:
        for state in level:
            many = self.group.orbit(state)
            for name, reached in self.engine.successors(state):
                self.taken[name] += many
                after = self.group.least(reached)
                if after not in self.parents:
                    self.add(after, state)
                    yield after

    def reached(self) -> Reached:
        found = Reached(
            self.states,
            sum(self.taken.values()),
            tuple(self.levels),
            dict(self.taken),
            dict(self.violated),
            {p: self._path(state) for p, state in self.first.items()},
            frozenset(self.met),
        )
        step = self.engine.successors
        return expanded(found, self.engine.symmetry, len(self.parents), self.group.least, step)

    def _path(self, state: Values | None) -> tuple[Values, ...]:
        path = []
        while state is not None:
            path.append(state)
            state = self.parents[state]
        return tuple(reversed(path))
