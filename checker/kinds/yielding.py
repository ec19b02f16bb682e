"""Base rules that give way where no sentence says so: hidden silent overrides.

The dispatch rules of a base yield where the extension speaks of their decision.  That is told by
the extension's sentences, as long as these look at what the base rule looks at.  Where a base
rule turns on inputs that no such sentence names, and the base agrees with the extension but for
those inputs, the extension departs from it unawares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.generalise import Generaliser
from checker.kinds.common import equal, ids_of
from checker.sentences import demand_sentence
from checker.situation import Situations, generic
from checker.solving import Solver
from model.rule import On, Refuses, Rule
from model.ruleset import Ruleset
from model.step import GroundRule, step_relation
from model.terms import names_in

Pair = tuple[GroundRule, GroundRule]  # a base rule that yields, and a rule of the extension


@dataclass(frozen=True)
class Unseen:
    """Base rules that yield unsaid, the rules they yield to, and where."""

    pairs: tuple[Pair, ...]
    where: Any


class Yielding:
    """The base rules of a step that yield to sentences that do not look where they look."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        own = situations.ruleset.is_extension
        self.extension = [  # of several sub-options the first stands for all
            g
            for g in situations.relation.rules
            if own(g.rule) and g.speaks and g.rule.modality.binds and g.index <= 1
        ]

    @cached_property
    def base(self) -> list[GroundRule]:
        """Return the base rules that yield, as they would apply if they did not.

        Refusals are left aside: the rules that they yield to apply where nothing refuses.
        """
        s = self.situations
        firm = [replace(r, yields=False) for r in s.ruleset.rules_on(s.on) if _yields(r)]
        few = replace(s.ruleset, rules=tuple(firm))
        relation = step_relation(few, s.on, s.relation.world)
        return [g for g in relation.rules if g.rule.modality.binds and g.index <= 1]

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for the base rules that yield unsaid about one decision."""
        found: dict[str, list[Unseen]] = {}
        for b in self.base:
            unseen = self._unseen(b)
            if unseen is not None:
                found.setdefault(generic(min(b.decisions)), []).append(unseen)
        for unseens in found.values():
            yield self._finding(unseens)

    def _unseen(self, b: GroundRule) -> Unseen | None:
        foes = [e for e in self.extension if self._clash(b, e) and self._agreeing(e)]
        together = [e for e in foes if self._solver.holds(self._holds(b), self._holds(e))]
        if not together:
            return None
        s = self.situations
        beside = z3.And(b.applies, z3.Or([e.applies for e in together]))
        hidden = self._looks_at(b) - self._named(b, together)
        if not hidden:
            return None
        pairs = [
            (z3.Const(n, c.sort()), z3.FreshConst(c.sort(), n)) for n, c in self._consts(hidden)
        ]
        elsewhere = z3.substitute(z3.And(self._agreed(together), *s.well_formed), *pairs)
        where = z3.FreshConst(z3.BoolSort(), "where")
        self._solver.add(z3.Implies(where, z3.And(beside, elsewhere)))
        if not self._solver.holds(where):
            return None
        own = tuple((b, e) for e in together if self._solver.holds(self._holds(e), where))
        return Unseen(own, z3.And(beside, elsewhere))

    @cached_property
    def _solver(self) -> Solver:
        s = self.situations
        solver = s.solver()
        solver.add(*equal(s, dict.fromkeys(s.readings, 0)))
        return solver

    def _holds(self, g: GroundRule) -> Any:
        """Return a literal for: the ground rule applies."""
        key = (g.rule.key, g.index, g.part)
        if key not in self._literals:
            self._literals[key] = z3.FreshConst(z3.BoolSort(), "holds")
            self._solver.add(z3.Implies(self._literals[key], g.applies))
        return self._literals[key]

    @cached_property
    def _literals(self) -> dict[tuple[Any, ...], Any]:
        return {}

    def _agreeing(self, e: GroundRule) -> list[GroundRule]:
        """Return the base rules that yield, and say of a decision what `e` does."""
        about = (b for b in self.base if b.decisions & e.decisions)
        return [b for b in about if not self._clash(b, e)]

    def _agreed(self, foes: list[GroundRule]) -> Any:
        """Return the term: one of these applies, and the base says nothing else, nor nothing."""
        ways = []
        for e in foes:
            against = [b.applies for b in self.base if self._clash(b, e)]
            agreeing = [b.applies for b in self._agreeing(e)]
            ways.append(z3.And(e.applies, z3.Or(agreeing), z3.Not(z3.Or(against))))
        return z3.Or(ways)

    def _clash(self, b: GroundRule, e: GroundRule) -> bool:
        if not b.decisions & e.decisions:
            return False
        key = (b.rule.key, b.index, b.part, e.rule.key, e.index, e.part)
        if key not in self._clashing:
            solver = self.situations.blank_solver()
            self._clashing[key] = not solver.holds(b.constraint, e.constraint)
        return self._clashing[key]

    @cached_property
    def _clashing(self) -> dict[tuple[Any, ...], bool]:
        return {}

    def _looks_at(self, g: GroundRule) -> set[str]:
        """Return the inputs of the situation of a rule, whatever becomes of the message."""
        world = self.situations.relation.world
        return set(names_in(world.ground(g.rule.given, g.index))) & set(self.situations.fields)

    def _named(self, b: GroundRule, foes: list[GroundRule]) -> set[str]:
        """Return the inputs that the extension's rules about the decision look at there."""
        some = z3.FreshConst(z3.BoolSort(), "some")
        self._solver.add(z3.Implies(some, z3.Or([self._holds(e) for e in foes])))
        about = [e for e in self.extension if e.decisions & b.decisions]
        beside = (self._holds(b), some)
        there = [e for e in about if self._solver.holds(self._holds(e), *beside)]
        return {n for e in there for n in self._looks_at(e)}

    def _consts(self, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
        for n in sorted(names):
            f, i = self.situations.fields[n]
            yield n, f.instance(i)

    def _finding(self, unseens: list[Unseen]) -> Finding:
        s = self.situations
        first = unseens[0]
        solver = s.solver()
        solver.add(first.where)
        witness = s.witness(solver, dict.fromkeys(s.readings, 0))
        assert witness is not None
        b, e = next(p for p in first.pairs if self._applies(p, witness))
        condition = z3.And(b.applies, e.applies)
        base = {u.pairs[0][0].rule.key: u.pairs[0][0] for u in unseens}
        grounds = [*base.values(), e]
        facts = s.facts(witness)
        outcomes = {n: v for n, v in facts.items() if n in s.relation.outcomes}
        return Finding(
            "silent override",
            s.on,
            ids_of(g.rule for g in grounds),
            tuple(sorted({generic(n) for n in b.decisions})),
            f"{b.rule.title} / {e.rule.title}",
            condition,
            witness,
            Generaliser(s, condition).core(witness, outcomes),
            facts,
            demands=tuple((g.rule.id, demand_sentence(g)) for g in grounds),
            replayed=self._applies((b, e), witness),
            region="yields",
            principal=tuple(sorted({b.rule.id, e.rule.id})),
        )

    def _applies(self, pair: Pair, witness: Mapping[str, int]) -> bool:
        values = [witness[n] for n in self.situations.fields]
        return all(Evaluator([g.applies for g in pair], list(self.situations.fields))(values))


def _yields(r: Rule) -> bool:
    return r.yields and r.demand.refuses is Refuses.NOTHING


def findings(views: Mapping[On, Situations], ruleset: Ruleset) -> Iterator[Finding]:
    """Yield the overrides that are hidden because the base rule yields."""
    for on, situations in views.items():
        if any(r.yields for r in ruleset.rules_on(on)):
            yield from Yielding(situations).findings()
