"""Is the situation of a finding reachable, and by which shortest message sequence?

Exploration between conforming nodes is watched for the first step whose inputs are such a
situation; and every reached state is tried with an update from an arbitrary peer.  Where
neither leads there, the part of the situation that no reached state has is the invariant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.explore import Exploration
from checker.finding import Finding
from checker.machine import Machine, State, Step
from checker.sentences import field_text
from checker.situation import Situations
from model.fields import Number
from model.rule import On
from model.terms import constants

EXCHANGED = (On.RECEIVE_UPDATE, On.RECEIVE_ACK)  # steps on messages that are explored
BY_PEER = ("unchecked duty",)  # kinds whose message no conforming node sends


@dataclass(frozen=True)
class Reached:
    """Where a finding's situation is reached: a state, and what happens in it."""

    state: State
    position: int | None = None  # which transition out of the state, between conforming nodes
    crafted: Mapping[str, int] = field(default_factory=dict)  # or any message or event
    further: tuple[Step, ...] = ()  # what follows, beyond what was explored


Place = tuple[Exploration, Reached]


@dataclass(frozen=True)
class Ways:
    """How a situation is reached: between conforming nodes, and with an arbitrary peer."""

    conforming: Place | None = None
    arbitrary: Place | None = None


class Watch:
    """Watches exploration for the situations of findings."""

    def __init__(self, machine: Machine, findings: Iterable[Finding]) -> None:
        self.machine = machine
        self.open: dict[On, dict[str, Finding]] = {on: {} for on in On}
        for f in findings:
            self.open[f.on][f.id] = f
        self.reached: dict[str, Reached] = {}
        self.crafted: dict[str, Reached] = {}
        self.invariants: dict[str, str] = {}
        self._seen: dict[On, set[tuple[int, ...]]] = {on: set() for on in On}
        self._names = {on: self._inputs(on) for on in On}
        self._conditions = {on: self._compiled(on) for on in On}

    def _inputs(self, on: On) -> list[str]:
        terms = [readings_fixed(f) for f in self.open[on].values()]
        return sorted({c.decl().name() for t in terms for c in constants(t)})

    def _compiled(self, on: On) -> Evaluator:
        return Evaluator([readings_fixed(f) for f in self.open[on].values()], self._names[on])

    def step(self, state: State, position: int, step: Step) -> None:
        """Note a transition of the exploration."""
        on = step.action.on
        if on is None or not self.open[on]:
            return
        values = tuple(step.inputs[n] for n in self._names[on])
        if values in self._seen[on]:
            return
        self._seen[on].add(values)
        for name, hit in zip(self.open[on], self._conditions[on](values), strict=True):
            if hit and name not in self.reached and self.open[on][name].kind not in BY_PEER:
                self.reached[name] = Reached(state, position)

    def from_states(self, found: Exploration, views: Mapping[On, Situations]) -> None:
        """Try every reached state with any message, or event, for each finding.

        A Binding Update or Acknowledgement may come from an arbitrary peer; the exploration has
        those of conforming nodes.  What else happens to a node is taken to happen among these.
        """
        for on, situations in views.items():
            states = _States(self.machine, found, situations)
            for f in self.open[on].values():
                by_peer = on in EXCHANGED or f.kind in BY_PEER
                self._place(f, states.first(f), by_peer)
                if f.id not in self.reached and f.id not in self.crafted and found.complete:
                    self.invariants[f.id] = states.excluding(f)

    def _place(self, f: Finding, reached: Reached | None, by_peer: bool) -> None:
        if reached is None:
            return
        if by_peer:
            self.crafted[f.id] = reached
        else:
            self.reached.setdefault(f.id, reached)

    def ways(self, found: Exploration) -> dict[str, Ways]:
        """Return how the situation of each finding is reached, as far as it is."""
        ids = (id for of in self.open.values() for id in of)
        places = {id: (self.reached.get(id), self.crafted.get(id)) for id in ids}
        return {
            id: Ways(*((found, where) if where else None for where in pair))
            for id, pair in places.items()
            if any(pair)
        }


class _States:
    """The states that exploration reached, as far as a step of a node depends on them."""

    def __init__(self, machine: Machine, found: Exploration, situations: Situations) -> None:
        self.situations = situations
        self.names = [n for n in machine.names if n in situations.fields and _kept(n)]
        places = [machine.names.index(n) for n in self.names]
        self.states: dict[tuple[int, ...], State] = {}
        for state in found.parents:  # in breadth-first order: the nearest comes first
            self.states.setdefault(tuple(state[k] for k in places), state)

    def first(self, f: Finding) -> Reached | None:
        """Return the nearest state that some message or event makes a situation of the finding."""
        solver = self.situations.solver()
        solver.add(readings_fixed(f))
        readings = {r: f.witness.get(r, 0) for r in self.situations.readings}
        relevant = {c.decl().name() for c in constants(f.condition)}
        tried: set[tuple[int, ...]] = set()
        for values, state in self.states.items():
            seen = tuple(v for n, v in zip(self.names, values, strict=True) if n in relevant)
            if seen in tried:
                continue
            tried.add(seen)
            solver.push()
            solver.add(*map(self.situations.equals, self.names, values))
            crafted = self.situations.witness(solver, readings)
            solver.pop()
            if crafted is not None:
                return Reached(state, None, crafted)
        return None

    def excluding(self, f: Finding) -> str:
        """Return what of the finding's state is never together in a reached state, in words.

        Raw numbers are left out first: what keeps nodes from it is rarely a single number.
        """
        condition = readings_fixed(f)
        relevant = {c.decl().name() for c in constants(condition)}
        kept = sorted((n for n in self.names if n in relevant), key=self._is_number, reverse=True)
        for name in list(kept):
            rest = [n for n in kept if n != name]
            if not self._possible(condition, rest):
                kept = rest
        words = "; ".join(field_text(n, f.witness[n]) for n in self.names if n in kept)
        return f"never together in the {len(self.states)} states of the node reached: {words}"

    def _is_number(self, name: str) -> bool:
        return isinstance(self.situations.fields[name][0].domain, Number)

    def _possible(self, condition: Any, names: list[str]) -> bool:
        """Return whether the condition can hold with what these fields are in a reached state."""
        places = [self.names.index(n) for n in names]
        solver = self.situations.solver()
        solver.add(condition)
        return any(
            solver.holds(*map(self.situations.equals, names, values))
            for values in dict.fromkeys(tuple(s[k] for k in places) for s in self.states)
        )


def _kept(name: str) -> bool:
    """Return whether a field of the state is one of a node, not of a message on its way."""
    return not name.startswith(("bu.", "ba.", "o.", "net."))


def readings_fixed(f: Finding) -> Any:
    """Return the condition of a finding with the readings of its witness."""
    pairs = []
    for c in constants(f.condition):
        name = c.decl().name()
        if name.startswith("READ-"):
            pairs.append((c, c.sort().constructor(f.witness.get(name, 0))()))
    return z3.simplify(z3.substitute(f.condition, *pairs)) if pairs else f.condition
