"""Gaps: situations where a decision is required, left open, and no rule speaks of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.outcomes import StepEngine
from checker.sentences import which
from checker.situation import UNUSED, Situations, generic
from model.fields import Domain
from model.step import GroundDecision, GroundRule
from model.terms import names_in

MOST_REGIONS = 40
Region = tuple[tuple[str, ...], dict[str, int]]


class Gaps:
    """The gaps of one node step, under the default readings."""

    def __init__(self, situations: Situations, engine: StepEngine | None = None) -> None:
        self.situations = situations
        self.relation = situations.relation
        self.engine = engine or StepEngine(self.relation, list(situations.fields), UNUSED)
        self.readings = dict.fromkeys(situations.readings, 0)

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each decision and kind of region."""
        for d in self.relation.decisions:
            if not z3.is_false(d.required) and d.index <= 1:
                yield from self._merged(d, list(self._regions(d)))

    def _merged(self, d: GroundDecision, regions: list[Region]) -> Iterator[Finding]:
        """Take regions together that the same rules border on; show the simplest."""
        groups: dict[tuple[str, ...], list[Region]] = {}
        for shown, witness in regions:
            groups.setdefault(self._nearby(witness, d), []).append((shown, witness))
        for nearby, members in groups.items():
            yield self._finding(d, nearby, sorted(members, key=lambda m: len(m[0])))

    def _regions(self, d: GroundDecision) -> Iterator[Region]:
        silence = z3.Not(z3.Or([g.applies for g in self._speakers(d)]))
        situation = silence if names_in(d.required) & self._own else z3.And(silence, d.required)
        solver = self._open(d)
        solver.add(silence)
        for _ in range(MOST_REGIONS):
            witness = self.situations.witness(solver, self.readings)
            if witness is None:
                return
            core = self.situations.core(situation, witness)
            shown = tuple(n for n in core if n not in self.situations.readings)
            yield shown, witness
            solver.add(z3.Not(self._region(shown, witness)))

    @property
    def _own(self) -> set[str]:
        return {d.label for d in self.relation.decisions}

    def _region(self, shown: tuple[str, ...], witness: dict[str, int]) -> Any:
        facts = self.situations.facts(witness)
        return z3.And([self.situations.literal(n, witness, facts) for n in shown])

    def _speakers(self, d: GroundDecision) -> list[GroundRule]:
        return [g for g in self.relation.rules if g.speaks and d.label in g.decisions]

    def _open(self, d: GroundDecision) -> z3.Solver:
        """Return a solver for: all rules are obeyed and `d` could still be another value."""
        solver = self.situations.solver()
        other = {
            e.label: z3.Const(f"other {e.label}", e.field.domain.sort)
            for e in self.relation.decisions
        }
        renamed = [(e.const, other[e.label]) for e in self.relation.decisions]
        obeyed = [
            z3.Implies(g.applies, g.constraint)
            for g in self.relation.rules
            if g.rule.modality.binds or g.rule.modality.advises
        ]
        required = [self._settled(e) for e in self.relation.decisions]
        both = z3.And([*obeyed, *required, d.required])
        solver.add(both, z3.substitute(both, *renamed), other[d.label] != d.const)
        for e in self.relation.decisions:
            solver.add(self._in_domain(e.const, e), self._in_domain(other[e.label], e))
        return solver

    def _settled(self, e: GroundDecision) -> Any:
        """Return the term: a decision that no rule speaks of and none requires has its default."""
        spoken = z3.Or([g.applies for g in self._speakers(e)])
        coupled = [
            z3.And(g.applies, g.when)
            for g in self.relation.rules
            if g.when is not None and e.label in names_in(g.constraint)
        ]
        return z3.Or(spoken, e.required, *coupled, e.const == e.default)

    def _in_domain(self, const: Any, d: GroundDecision) -> Any:
        if not isinstance(d.field.domain, Domain):
            return z3.BoolVal(True)
        return z3.Or([const == d.field.domain.at(v) for v in self.engine.domain(d)])

    def _finding(
        self, d: GroundDecision, nearby: tuple[str, ...], regions: list[Region]
    ) -> Finding:
        shown, first = regions[0]
        about = which(d.field.family, str(d.index))
        silence = z3.Not(z3.Or([g.applies for g in self._speakers(d)]))
        anywhere = z3.Or([self._region(*region) for region in regions])
        return Finding(
            "gap",
            self.situations.on,
            nearby,
            (generic(d.label),),
            f"no rule says: {about}{d.field.sentence}",
            z3.And(silence, anywhere),
            first,
            shown,
            self.situations.facts(first),
            replayed=self.replays(d, first),
        )

    def _nearby(self, witness: dict[str, int], d: GroundDecision) -> tuple[str, ...]:
        """Return at most five rules that speak of the decision one field away."""
        speakers = self._speakers(d)
        applies = Evaluator([g.applies for g in speakers], list(self.situations.fields))
        found: list[str] = []
        for name, (f, _) in self.situations.fields.items():
            for value in range(self.situations.scope.largest(f.domain) + 1):
                changed = {**witness, name: value}
                bits = applies([changed[n] for n in self.situations.fields])
                found += [g.rule.id for g, bit in zip(speakers, bits, strict=True) if bit]
        return tuple(sorted(dict.fromkeys(found)))[:5]

    def replays(self, d: GroundDecision, witness: dict[str, int]) -> bool:
        """Return whether the evaluator leaves the decision open on the witness as well."""
        values = [witness[n] for n in self.situations.fields]
        return any(d.label in o.gaps for o in self.engine.outcomes(values))
