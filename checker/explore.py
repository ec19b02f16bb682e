"""Breadth-first exploration: every state, each once, and the shortest way to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import z3

from checker.advance import Progress, Watch
from checker.evaluate import Evaluator
from checker.machine import Machine, State, Step
from model.properties import Property
from model.rule import On
from model.whole.properties import checked

ALWAYS, NEVER, SOMETIMES, LEADS = "always", "never", "sometimes", "leads to rest"
Observer = Callable[[State, int, Step], None]  # state, position of the transition, transition


@dataclass(frozen=True)
class Way:
    """A sequence of transitions from a state."""

    start: State
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Verdict:
    """What exploration says of a property: violated at a state, or not met; None = unknown.

    Of what is to come about again (`kind` LEADS) the path leads to where it never does: `loop`
    is then gone through for ever, or nothing follows that has to.  `others` are violations of
    another kind.
    """

    property: Property
    holds: bool | None
    non_vacuous: bool
    path: tuple[Step, ...] = ()
    start: State | None = None  # where the path begins
    kind: str = ALWAYS
    loop: tuple[Step, ...] = ()
    others: tuple[Way, ...] = ()


def kind_of(p: Property) -> str:
    """Return the kind of a property about single states, which its term shows."""
    if z3.is_true(p.always):
        return SOMETIMES
    return NEVER if z3.is_not(p.always) else ALWAYS


def held(p: Property, violated: bool, seen: bool, complete: bool) -> bool | None:
    """Return whether a property holds, when a search has ended or (not `complete`) stopped."""
    if kind_of(p) == SOMETIMES:
        return True if seen else (False if complete else None)
    return False if violated else (True if complete else None)


@dataclass(frozen=True)
class Met:
    """What reached steps of one kind met, by id: rules that applied, and those of it that never
    did; rules given up in some outcome, advice departed from; decisions left open."""

    on: On
    rules: frozenset[str]
    never: frozenset[str]
    given_up: frozenset[str]
    deviates: frozenset[str]
    gaps: frozenset[str]


@dataclass(frozen=True)
class DeadEnds:
    """States without any transition, at rest and elsewhere, and a shortest way to one of each."""

    at_rest: int
    elsewhere: int
    to_rest: Way | None = None
    to_elsewhere: Way | None = None


@dataclass(frozen=True)
class Account:
    """How far an exploration went: states and transitions, new states by depth, actions taken.

    What its steps met, and its dead ends, are None where the engine does not tell them.
    """

    machine: Machine
    states: int
    transitions: int
    levels: tuple[int, ...]
    actions: Mapping[str, int]
    complete: bool
    met: tuple[Met, ...] | None = None
    dead_ends: DeadEnds | None = None
    stopped: str = ""  # why not to the end
    kept: int = 0  # states looked at, where others are the same up to renaming
    told_apart: tuple[str, ...] = ()  # what is not interchangeable, and why
    bytes: int = 0  # what the states took

    @property
    def never_taken(self) -> tuple[str, ...]:
        """Return the actions that no state has; nothing where some states were not reached."""
        if not self.complete:
            return ()
        return tuple(a.name for a in self.machine.actions if not self.actions.get(a.name))

    @property
    def depth(self) -> int:
        """Return the number of steps to the farthest state reached."""
        return len(self.levels) - 1


@dataclass
class Exploration:
    """The reached states with the transition that first led to each."""

    machine: Machine
    parents: dict[State, tuple[State, int] | None] = field(default_factory=dict)
    levels: list[int] = field(default_factory=list)
    transitions: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    complete: bool = False
    violations: dict[str, State] = field(default_factory=dict)
    witnessed: set[str] = field(default_factory=set)

    @property
    def depth(self) -> int:
        """Return the number of steps to the farthest state reached."""
        return len(self.levels) - 1

    def account(self) -> Account:
        """Return how far it went."""
        levels, states = tuple(self.levels), len(self.parents)
        return Account(self.machine, states, self.transitions, levels, self.actions, self.complete)

    def start(self, state: State) -> State:
        """Return the initial state from which a state was reached."""
        parent = self.parents[state]
        while parent is not None:
            state = parent[0]
            parent = self.parents[state]
        return state

    def path(self, state: State) -> tuple[Step, ...]:
        """Return the shortest sequence of transitions that leads to a state."""
        steps: list[Step] = []
        parent = self.parents[state]
        while parent is not None:
            before, position = parent
            steps.append(list(self.machine.successors(before))[position])
            parent = self.parents[before]
        return tuple(reversed(steps))


class Explorer:
    """Explores a machine level by level, checking properties in every state."""

    def __init__(
        self, machine: Machine, most_states: int = 2_000_000, observer: Observer | None = None
    ) -> None:
        self.machine, self.most_states, self.observer = machine, most_states, observer
        self.properties = checked(machine.system)
        self._always = Evaluator([p.always for p in self.properties], machine.layout)
        self._witness = Evaluator([p.witness for p in self.properties], machine.layout)

    def run(self, progress: Progress | None = None) -> Exploration:
        """Explore to the end, to the budget of states, or until interrupted (Ctrl-C)."""
        found = Exploration(self.machine)
        try:
            self._levels(found, Watch(progress))
        except KeyboardInterrupt:
            found.complete = False
        return found

    def _levels(self, found: Exploration, watch: Watch) -> None:
        level = self.machine.initial()
        for state in level:
            found.parents[state] = None
            self._check(found, state)
        while level and len(found.parents) <= self.most_states:
            found.levels.append(len(level))
            watch.say(found.levels, len(found.parents), found.transitions, len(level))
            level = list(self._next(found, level, watch))
        found.complete = not level

    def _next(self, found: Exploration, level: list[State], watch: Watch) -> Iterator[State]:
        for done, state in enumerate(level):
            if watch.due:
                watch.say(found.levels, len(found.parents), found.transitions, len(level) - done)
            for position, step in enumerate(self.machine.successors(state)):
                found.transitions += 1
                found.actions[step.action.name] += 1
                if self.observer:
                    self.observer(state, position, step)
                if step.state not in found.parents:
                    found.parents[step.state] = (state, position)
                    self._check(found, step.state)
                    yield step.state

    def _check(self, found: Exploration, state: State) -> None:
        values = self.machine.values(state)
        for p, holds, seen in zip(
            self.properties, self._always(values), self._witness(values), strict=True
        ):
            if not holds:
                found.violations.setdefault(p.name, state)
            if seen:
                found.witnessed.add(p.name)

    def verdicts(self, found: Exploration) -> list[Verdict]:
        """Return what was found of each property."""
        result = []
        for p in self.properties:
            bad = found.violations.get(p.name)
            holds = held(p, bad is not None, p.name in found.witnessed, found.complete)
            path = found.path(bad) if bad is not None else ()
            start = found.start(bad) if bad is not None else None
            result.append(Verdict(p, holds, p.name in found.witnessed, path, start, kind_of(p)))
        return result
