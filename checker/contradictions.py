"""Contradictions: minimal sets of rules that apply together and cannot all be obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import z3

from checker.conflicts import ConflictSearch
from checker.constraints import Constraint, Variable, satisfiable
from checker.demands import Demand, DemandClass, structural
from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.outcomes import StepEngine
from checker.sentences import demand_sentence
from checker.situation import UNUSED, Situations, generic
from model.rule import Modality
from model.step import GroundRule
from model.terms import names_in


class Contradictions:
    """The contradictions, tensions and permission conflicts of one node step."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        self.engine = StepEngine(situations.relation, list(situations.fields), UNUSED)
        self.search = ConflictSearch(situations, self.engine)
        relation = situations.relation
        self.definitions = [g for g in relation.rules if structural(g, relation)]

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each minimal set of rules."""
        found: dict[tuple[str, ...], Finding] = {}
        for chosen in self.search.sets():
            if not self._genuine(chosen):
                continue
            for members in product(*(c.members for c in chosen)):
                kind = kind_of([m.ground.rule.modality for m in members])
                key = tuple(sorted({m.ground.rule.id for m in members}))
                known = found.get((kind, *key))
                splits = any(m.split_on for m in members)
                if not kind or (known and not splits) or not self._distinct(members):
                    continue
                finding = self._finding(kind, members)
                if finding is not None:
                    found[kind, *key] = joined(known, finding) if known else finding
        yield from minimal(list(found.values()))

    def _distinct(self, members: tuple[Demand, ...]) -> bool:
        """Leave out sets that are one rule against itself at two options."""
        return len({m.ground.rule.key for m in members}) == len(members)

    def _genuine(self, chosen: tuple[DemandClass, ...]) -> bool:
        """Return whether the conditions on decisions allow each proper subset of the demands."""
        solver = self.search.decisions.solver
        whens = [c.sample.when for c in chosen]
        thens = [c.sample.then for c in chosen]
        return all(
            solver.check(*_reified(solver, [*whens, *thens[:k], *thens[k + 1 :]])) == z3.sat
            for k in range(len(thens))
        )

    def _finding(self, kind: str, members: tuple[Demand, ...]) -> Finding | None:
        linking = self._needed_definitions(members)
        condition = z3.And([*(m.applies for m in members), *(g.applies for g in linking)])
        solver = self.situations.solver()
        solver.add(condition)
        if solver.check() != z3.sat:
            return None
        relevant = [r for r in self.situations.readings if r in names_in(condition)]
        for readings in self.situations.departures(relevant):
            witness = self.situations.witness(solver, readings)
            if witness is not None:
                ids = {g.rule.id for g in linking}
                return self._build(kind, members, ids, condition, witness, relevant)
        return None

    def _build(
        self,
        kind: str,
        members: tuple[Demand, ...],
        needed: set[str],
        condition: Any,
        witness: dict[str, int],
        relevant: list[str],
    ) -> Finding:
        rules = {i for m in members for i in m.ground.rule.ids}
        at_stake = sorted({generic(d) for m in members for d in m.ground.decisions})
        return Finding(
            kind,
            self.situations.on,
            tuple(sorted(rules | needed)),
            tuple(at_stake),
            _title(members),
            condition,
            witness,
            self.situations.core(condition, witness),
            self.situations.facts(witness),
            self._readings(condition, witness, relevant),
            tuple((m.ground.rule.id, demand_sentence(m.ground)) for m in members),
            self.replays(members, witness),
        )

    def _readings(
        self, condition: Any, witness: dict[str, int], relevant: list[str]
    ) -> dict[str, tuple[str, ...]]:
        """Return, for each reading that matters, the alternatives under which it holds."""
        solver = self.situations.solver()
        solver.add(condition)
        result = {}
        for r in relevant:
            domain = self.situations.readings[r]
            fixed = [
                self.situations.equals(n, witness[n]) for n in self.situations.readings if n != r
            ]
            holds = [
                v
                for k, v in enumerate(domain.values)
                if solver.check(*fixed, self.situations.equals(r, k)) == z3.sat
            ]
            if len(holds) < domain.size():
                result[r] = tuple(holds)
        return result

    def _needed_definitions(self, members: tuple[Demand, ...]) -> list[GroundRule]:
        """Return the definitions without which the demands would agree."""
        solver = self.situations.blank_solver()
        for m in members:
            solver.add(m.when, m.then)
        names = {z3.Bool(f"d{k}"): g for k, g in enumerate(self.definitions)}
        for literal, g in names.items():
            solver.add(z3.Implies(literal, g.constraint))
        needed = list(names)
        for literal in list(names):
            rest = [n for n in needed if n is not literal]
            if solver.check(*rest) == z3.unsat:
                needed = rest
        return [names[n] for n in needed] if solver.check(*needed) == z3.unsat else []

    def replays(self, members: tuple[Demand, ...], witness: dict[str, int]) -> bool:
        """Return whether the evaluator, without solver, sees the same on the witness."""
        values = [witness[n] for n in self.situations.fields]
        applies = Evaluator([m.applies for m in members], list(self.situations.fields))
        if not all(applies(values)):
            return False
        whens = [self._constraint(m.when) for m in members]
        thens = [self._constraint(m.then) for m in members]
        fixed = [*whens, *(self._constraint(g.constraint) for g in self.definitions)]
        variables = {
            d.label: Variable(d.label, self.engine.domain(d))
            for d in self.situations.relation.decisions
        }
        parts = [[*fixed, *thens[:k], *thens[k + 1 :]] for k in range(len(thens))]
        agree = all(satisfiable(variables, part) for part in parts)
        return agree and not satisfiable(variables, [*fixed, *thens])

    def _constraint(self, term: Any) -> Constraint:
        names = tuple(sorted(names_in(term)))
        return Constraint(names, Evaluator([term], names), (), 0)


def joined(known: Finding, other: Finding) -> Finding:
    """Return a finding that holds under the readings of either."""
    readings = {
        r: tuple(dict.fromkeys((*known.readings[r], *other.readings[r])))
        for r in known.readings
        if r in other.readings
    }
    return replace(known, readings=readings, condition=z3.Or(known.condition, other.condition))


def minimal(findings: list[Finding]) -> list[Finding]:
    """Leave out findings whose rules include all those of a contradiction found apart."""
    firm = [set(f.rules) for f in findings if f.kind == "contradiction"]
    return [f for f in findings if not any(rules < set(f.rules) for rules in firm)]


def _reified(solver: z3.Solver, terms: list[Any]) -> list[Any]:
    """Return literals that stand for terms, as assumptions have to be."""
    literals = []
    for term in terms:
        literal = z3.FreshConst(z3.BoolSort(), "assume")
        solver.add(z3.Implies(literal, term))
        literals.append(literal)
    return literals


def kind_of(modalities: list[Modality]) -> str:
    """Return the kind of a finding from how strongly its rules bind ("" when it is none)."""
    permits = Modality.MAY in modalities
    advises = any(m.advises for m in modalities)
    if permits:
        return "" if advises or modalities.count(Modality.MAY) > 1 else "permission conflict"
    return "tension" if advises else "contradiction"


def _title(members: tuple[Demand, ...]) -> str:
    texts = sorted({m.ground.rule.title for m in members})
    return " / ".join(texts)
