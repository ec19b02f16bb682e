"""Precedence holes: a refusal that the text puts nowhere, beside what it would keep from effect.

Also two refusals at one step of the procedure that reach differently far, without an order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.generalise import essential
from checker.kinds.common import ids_of
from checker.sentences import demand_sentence
from checker.situation import Situations, generic
from model.rule import Modality, On, Refuses, Rule
from model.ruleset import Ruleset
from model.step import COMMITTED, GroundRule, StepRelation, step_relation

Pair = tuple[GroundRule, GroundRule]


class Holes:
    """The precedence holes of one node step, under the default readings where it can be."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        self.rules = situations.ruleset.rules_on(situations.on)
        self.refusing = [
            r for r in self.rules if r.demand.refuses is not Refuses.NOTHING and not r.yields
        ]

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each refusal without a place, and each pair without an order."""
        unplaced = [r for r in self.refusing if not r.at]
        if unplaced:
            committing = self._without(unplaced)
            for r in unplaced:
                yield from self._first(self._beside(r, committing), "and nothing says which first")
        for r, s in combinations((r for r in self.refusing if r.at), 2):
            if r.at == s.at and r.demand.refuses is not s.demand.refuses:
                yield from self._first(self._both(r, s), "at one step, reaching differently far")

    def _without(self, unplaced: list[Rule]) -> StepRelation:
        """Return the step as if these rules were not there: what is then committed."""
        s = self.situations
        keys = {r.key for r in unplaced}
        rest = tuple(r for r in s.ruleset.rules if r.key not in keys)
        return step_relation(replace(s.ruleset, rules=rest), s.on, s.relation.world)

    def _beside(self, r: Rule, committing: StepRelation) -> list[Pair]:
        """Return the refusal with each effect on the state that the rest would commit."""
        effects = [
            g
            for g in committing.rules
            if g.rule.modality not in (Modality.MAY, Modality.DEFINITION)
            and {generic(n) for n in g.decisions} & set(COMMITTED)
        ]
        effects.sort(key=lambda g: not self.situations.ruleset.is_extension(g.rule))
        return [(g, e) for g in self._ground(r) for e in effects]

    def _both(self, r: Rule, s: Rule) -> list[Pair]:
        return [(g, h) for g in self._ground(r) for h in self._ground(s)]

    def _ground(self, r: Rule) -> list[GroundRule]:
        return [g for g in self.situations.relation.rules if g.rule.key == r.key]

    def _first(self, pairs: list[Pair], why: str) -> Iterator[Finding]:
        """Yield the finding of the first pair that can apply together."""
        s = self.situations
        usual = dict.fromkeys(s.readings, 0)
        for first, second in pairs:
            condition = z3.And(first.applies, second.applies)
            solver = s.solver()
            solver.add(condition)
            witness = s.witness(solver, usual)
            if witness is not None:
                yield self._finding((first, second), condition, witness, why)
                return

    def _finding(self, pair: Pair, condition: Any, witness: dict[str, int], why: str) -> Finding:
        s = self.situations
        stake = {generic(n) for n in pair[1].decisions}
        applies = Evaluator([g.applies for g in pair], list(s.fields))
        return Finding(
            "precedence hole",
            s.on,
            ids_of(g.rule for g in pair),
            tuple(sorted(stake)),
            f"{pair[0].rule.title} / {pair[1].rule.title}: {why}",
            condition,
            witness,
            essential(s, condition, witness),
            s.facts(witness),
            demands=tuple((g.rule.id, demand_sentence(g)) for g in pair),
            replayed=all(applies([witness[n] for n in s.fields])),
            principal=tuple(sorted({g.rule.id for g in pair})),
        )


def findings(views: Mapping[On, Situations], _ruleset: Ruleset) -> Iterator[Finding]:
    """Yield the precedence holes of each node step."""
    for situations in views.values():
        yield from Holes(situations).findings()
