"""Where one decision is required, no rule speaks of it, and rules leave it more than one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.generalise import Generaliser
from checker.outcomes import StepEngine
from checker.settling import Settling
from checker.situation import Situations
from checker.solving import Solver
from model.rule import Refuses
from model.step import GroundDecision, GroundRule
from model.terms import names_in

MOST_REGIONS = 60
NONE: frozenset[str] = frozenset()
EVERYWHERE = z3.BoolVal(True)


@dataclass(frozen=True)
class Region:
    """Where a decision is left open: what has to hold, and a situation of the kind."""

    shown: tuple[str, ...]
    facts: Mapping[str, bool]
    witness: Mapping[str, int]
    term: Any
    given_up: frozenset[str] = NONE  # ids of rules that a contradiction with others sets aside
    beside: tuple[str, ...] = ()  # the rules of that contradiction


class Refusals:
    """Where each refusing rule of a step applies, by a name for it."""

    def __init__(self, situations: Situations) -> None:
        self._fields = list(situations.fields)
        self.terms: dict[str, Any] = {}
        self.ids: dict[str, str] = {}
        for g in situations.relation.rules:
            if g.rule.demand.refuses is not Refuses.NOTHING:
                name = f"rule {g.rule.key}[{g.index}]"
                self.terms[name] = z3.Or(self.terms.get(name, z3.BoolVal(False)), g.applies)
                self.ids[name] = g.rule.id

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(self.terms.values(), self._fields)

    def holding(self, witness: Mapping[str, int]) -> dict[str, bool]:
        """Return the refusing rules that apply in a situation."""
        bits = self._evaluator([witness[n] for n in self._fields])
        return {n: True for n, bit in zip(self.terms, bits, strict=True) if bit}


class LeftOpen:
    """The situations that leave one decision open, as regions."""

    def __init__(
        self,
        situations: Situations,
        engine: StepEngine,
        d: GroundDecision,
        refusals: Refusals,
    ) -> None:
        self.situations, self.engine, self.d = situations, engine, d
        self.refusals = refusals
        rules = situations.relation.rules
        self.speakers: list[GroundRule] = [g for g in rules if g.speaks and d.label in g.decisions]
        self.silence = z3.Not(z3.Or([g.applies for g in self.speakers]))

    def regions(
        self, given_up: frozenset[str] = NONE, where: z3.BoolRef = EVERYWHERE
    ) -> Iterator[Region]:
        """Yield the regions, under the readings nearest to the defaults first.

        Rules given up (by id) need not be obeyed; `where` is a condition over inputs.
        """
        solver = self.situations.solver()
        solver.add(self.silence, self.d.required, where, *self._obeyed(given_up))
        found = 0
        for readings in self._readings():
            fixed = [self.situations.equals(n, v) for n, v in readings.items()]
            while found < MOST_REGIONS and solver.holds(*fixed):
                values = self.situations.values(solver.model())
                if not self._open(values, given_up):
                    solver.add(z3.Not(self._settling.reason()))
                    continue
                region = self._region(solver, readings, given_up)
                found += 1
                yield region
                solver.add(z3.Not(region.term))

    def _readings(self) -> Iterator[dict[str, int]]:
        """Yield the default readings, then each departure from one of them."""
        for readings in self.situations.departures(list(self.situations.readings)):
            if sum(map(bool, readings.values())) > 1:
                return
            yield readings

    def _obeyed(self, given_up: frozenset[str]) -> Iterator[Any]:
        """All else that binds is obeyed, where it can be: contradictions are found elsewhere."""
        for g in self.situations.relation.rules:
            if g.rule.modality.binds and g.rule.id not in given_up:
                yield g.obeyed
        yield from self.situations.domains.values()

    def _open(self, values: list[int], given_up: frozenset[str]) -> bool:
        return self._settling.open(self.engine.applied(values).rules, values, given_up)

    @cached_property
    def _settling(self) -> Settling:
        return Settling(self.situations, self.d)

    @cached_property
    def _general(self) -> Generaliser:
        own = {d.label for d in self.situations.relation.decisions}
        fixed = not names_in(self.d.required) & own
        situation = z3.And(self.silence, self.d.required) if fixed else self.silence
        return Generaliser(self.situations, situation, self.refusals.terms)

    def _region(self, solver: Solver, readings: dict[str, int], given_up: frozenset[str]) -> Region:
        witness = self._witness(solver, readings, given_up)
        facts = self.situations.facts(witness) | self.refusals.holding(witness)
        shown = self._general.core(witness, facts)
        values = {**witness, **{n: int(v) for n, v in facts.items()}}
        term = z3.And([self._general.term(n, values[n]) for n in shown])
        worded = tuple(n for n in shown if n not in self.situations.readings)
        return Region(worded, facts, witness, term, given_up)

    def _witness(
        self, solver: Solver, readings: dict[str, int], given_up: frozenset[str]
    ) -> dict[str, int]:
        """Return the situation nearest the defaults that leaves the decision open."""
        while (near := self.situations.witness(solver, readings)) is not None:
            if self._open(list(near.values()), given_up):
                return near
            solver.add(z3.Not(self._settling.reason()))
        raise AssertionError("the situation found before is gone")
