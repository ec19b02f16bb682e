"""Is the situation of a finding reachable, and by which shortest message sequence?

Exploration between conforming nodes is watched for the first step whose inputs are such a
situation.  Where none is, every reached state of the receiver is tried with an update from
an arbitrary peer.
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
from checker.situation import Situations
from model.receiver import receiver_state
from model.rule import On
from model.terms import constants


@dataclass(frozen=True)
class Reached:
    """How a finding's situation is reached: the path, and the update of an arbitrary peer."""

    state: State
    position: int | None = None  # which transition out of the state, between conforming nodes
    crafted: Mapping[str, int] = field(default_factory=dict)


class Watch:
    """Watches exploration for the situations of findings."""

    def __init__(self, machine: Machine, findings: Iterable[Finding]) -> None:
        self.machine = machine
        self.open: dict[On, dict[str, Finding]] = {on: {} for on in On}
        for f in findings:
            self.open[f.on][f.id] = f
        self.reached: dict[str, Reached] = {}
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
            if hit and name not in self.reached:
                self.reached[name] = Reached(state, position)

    def by_arbitrary_peer(self, found: Exploration, situations: Situations) -> None:
        """Try every reached state of the receiver with any update for what is still open."""
        missing = [f for f in self.open[On.RECEIVE_UPDATE].values() if f.id not in self.reached]
        names = [n for n in receiver_state(self.machine.world) if n in situations.fields]
        names += [n for n in ("node.home_agent", "node.bulk") if n in situations.fields]
        states = self._receiver_states(found, names)
        for f in missing:
            reached = self._craft(f, situations, names, states)
            if reached is not None:
                self.reached[f.id] = reached

    def _receiver_states(
        self, found: Exploration, names: list[str]
    ) -> dict[tuple[int, ...], State]:
        places = [self.machine.names.index(n) for n in names]
        states: dict[tuple[int, ...], State] = {}
        for state in found.parents:  # in breadth-first order: the nearest comes first
            states.setdefault(tuple(state[k] for k in places), state)
        return states

    def _craft(
        self,
        f: Finding,
        situations: Situations,
        names: list[str],
        states: dict[tuple[int, ...], State],
    ) -> Reached | None:
        solver = situations.solver()
        solver.add(readings_fixed(f))
        readings = {r: f.witness.get(r, 0) for r in situations.readings}
        relevant = {c.decl().name() for c in constants(f.condition)}
        tried: set[tuple[int, ...]] = set()
        for values, state in states.items():
            seen = tuple(v for n, v in zip(names, values, strict=True) if n in relevant)
            if seen in tried:
                continue
            tried.add(seen)
            solver.push()
            solver.add([situations.equals(n, v) for n, v in zip(names, values, strict=True)])
            crafted = situations.witness(solver, readings)
            solver.pop()
            if crafted is not None:
                return Reached(state, None, crafted)
        return None


def readings_fixed(f: Finding) -> Any:
    """Return the condition of a finding with the readings of its witness."""
    pairs = []
    for c in constants(f.condition):
        name = c.decl().name()
        if name.startswith("READ-"):
            pairs.append((c, c.sort().constructor(f.witness.get(name, 0))()))
    return z3.simplify(z3.substitute(f.condition, *pairs)) if pairs else f.condition
