"""Contradictions: minimal sets of rules that apply together and cannot all be obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import product
from typing import Any

import z3

from checker.conflicts import Applying, ConflictSearch
from checker.constraints import Constraint, Variable, satisfiable
from checker.demands import Demand, structural
from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.generalise import essential
from checker.regions import Regions
from checker.sentences import demand_sentence
from checker.situation import Situations, generic
from checker.solving import Solver
from model.rule import Modality
from model.step import GroundRule
from model.terms import names_in

Members = tuple[Demand, ...]
Present = tuple[Any, ...]  # what is assumed to be there: terms over decisions


class Contradictions:
    """The contradictions, tensions and permission conflicts of one node step."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        self.engine = situations.engine
        self.search = ConflictSearch(situations, self.engine)
        relation = situations.relation
        self.definitions = [g for g in relation.rules if structural(g, relation)]

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each minimal set of rules."""
        found: dict[tuple[str, ...], Finding] = {}
        for conflict in self.search.sets():
            for members in product(*(c.members for c in conflict.classes)):
                kind = kind_of([m.ground.rule.modality for m in members])
                kind = kind or self._overriding(members)
                key = tuple(sorted({m.ground.rule.id for m in members}))
                known = found.get((kind, *key))
                splits = any(m.split_on for m in members)
                if not kind or (known and not splits) or not self._distinct(members):
                    continue
                if not self._together.holds(self._position[id(m)] for m in members):
                    continue
                finding = self._finding(kind, members, conflict.present)
                if finding is not None:
                    found[kind, *key] = joined(known, finding) if known else finding
        for f in merged(minimal(list(found.values()))):
            yield replace(f, where=self._where(f))

    def _where(self, f: Finding) -> tuple[str, ...]:
        """Return the region of a finding under the readings of its witness."""
        chosen = {n: f.witness[n] for n in self.situations.readings}
        return Regions(self.situations, f.condition, chosen).sentences(f.witness)

    def _overriding(self, members: Members) -> str:
        """A permission of the document against advice of its base overrides it unsaid."""
        own = {m.ground.rule.modality for m in members if self._extends(m)}
        base = [m.ground.rule.modality for m in members if not self._extends(m)]
        advised = base and all(m.advises for m in base)
        return "silent override" if own == {Modality.MAY} and advised else ""

    def _extends(self, m: Demand) -> bool:
        return self.situations.ruleset.is_extension(m.ground.rule)

    def _distinct(self, members: tuple[Demand, ...]) -> bool:
        """Leave out sets that are one rule against itself at two options."""
        return len({m.ground.rule.key for m in members}) == len(members)

    @cached_property
    def _solver(self) -> Solver:
        return self.situations.solver()

    def _finding(self, kind: str, members: Members, present: Present) -> Finding | None:
        self._solver.push()
        try:
            return self._found(kind, members, present)
        finally:
            self._solver.pop()

    def _found(self, kind: str, members: Members, present: Present) -> Finding | None:
        solver = self._solver
        solver.add(*(m.applies for m in members))
        linking = self._needed_definitions(members, present)
        solver.add(*(g.applies for g in linking))
        condition = z3.And([*(m.applies for m in members), *(g.applies for g in linking)])
        mentioned = names_in(condition)
        relevant = [r for r in self.situations.readings if r in mentioned]
        for readings in self.situations.departures(relevant):
            witness = self.situations.witness(solver, readings)
            if witness is not None:
                ids = {g.rule.id for g in linking}
                found = self._build(kind, members, ids, condition, witness, relevant)
                return replace(found, replayed=self.replays(members, present, witness))
        return None

    @staticmethod
    def _permission(kind: str, members: Members) -> str:
        """Return the id of the permission that a permission conflict is about."""
        if kind != "permission conflict":
            return ""
        return next(m.ground.rule.id for m in members if m.ground.rule.modality is Modality.MAY)

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
            essential(self.situations, condition, witness),
            self.situations.facts(witness),
            self._readings(witness, relevant),
            tuple((m.ground.rule.id, demand_sentence(m.ground)) for m in members),
            region=self._permission(kind, members),
            principal=(
                ()
                if kind == "permission conflict"
                else tuple(sorted({m.ground.rule.id for m in members}))
            ),
        )

    def _readings(self, witness: dict[str, int], relevant: list[str]) -> dict[str, tuple[str, ...]]:
        """Return, for each reading that matters, the alternatives under which it holds."""
        result = {}
        for r in relevant:
            domain = self.situations.readings[r]
            fixed = [
                self.situations.equals(n, witness[n]) for n in self.situations.readings if n != r
            ]
            holds = [
                v
                for k, v in enumerate(domain.values)
                if self._solver.holds(*fixed, self.situations.equals(r, k))
            ]
            if len(holds) < domain.size():
                result[r] = tuple(holds)
        return result

    def _needed_definitions(self, members: Members, present: Present) -> list[GroundRule]:
        """Return the definitions without which the demands would agree."""
        solver = self.situations.blank_solver()
        solver.add(*present, *(m.obeyed for m in members))
        names = {z3.Bool(f"d{k}"): g for k, g in enumerate(self.definitions)}
        for literal, g in names.items():
            solver.add(z3.Implies(literal, g.constraint))
        needed = list(names)
        for literal in list(names):
            rest = [n for n in needed if n is not literal]
            if not solver.holds(*rest):
                needed = rest
        return [names[n] for n in needed] if not solver.holds(*needed) else []

    def replays(self, members: Members, present: Present, witness: dict[str, int]) -> bool:
        """Return whether the evaluator, without solver, sees the same on the witness."""
        holding = self._applying([witness[n] for n in self.situations.fields])
        if not all(holding[self._position[id(m)]] for m in members):
            return False
        demanded = [self._constraint(m.obeyed) for m in members]
        fixed = [*map(self._constraint, present), *self._linking]
        parts = [[*fixed, *demanded[:k], *demanded[k + 1 :]] for k in range(len(demanded))]
        agree = all(satisfiable(self._variables, part) for part in parts)
        return agree and not satisfiable(self._variables, [*fixed, *demanded])

    @cached_property
    def _together(self) -> Applying:
        """Return which demands can apply together, in the order of `_position`."""
        return Applying(self.situations, [m.applies for m in self._all])

    @cached_property
    def _applying(self) -> Evaluator:
        """Return the evaluator of where each demand applies, in the order of `_position`."""
        return Evaluator([m.applies for m in self._all], list(self.situations.fields))

    @cached_property
    def _all(self) -> Members:
        return tuple(m for c in self.search.classes for m in c.members)

    @cached_property
    def _position(self) -> dict[int, int]:
        return {id(m): k for k, m in enumerate(self._all)}

    @cached_property
    def _linking(self) -> list[Constraint]:
        return [self._constraint(g.constraint) for g in self.definitions]

    @cached_property
    def _variables(self) -> dict[str, Variable]:
        decisions = self.situations.relation.decisions
        return {d.label: Variable(d.label, self.engine.domain(d)) for d in decisions}

    def _constraint(self, term: Any) -> Constraint:
        names = tuple(sorted(names_in(term)))
        return Constraint(names, Evaluator([term], names), (), 0)


def joined(one: Finding, another: Finding) -> Finding:
    """Return a finding that holds under the readings of either; the default ones are shown."""
    known, other = sorted((one, another), key=_departure)
    readings = {
        r: tuple(dict.fromkeys((*known.readings[r], *other.readings[r])))
        for r in known.readings
        if r in other.readings
    }
    return replace(known, readings=readings, condition=z3.Or(known.condition, other.condition))


def _departure(f: Finding) -> tuple[int, ...]:
    return tuple(v for n, v in f.witness.items() if n.startswith("READ-"))


def minimal(findings: list[Finding]) -> list[Finding]:
    """Leave out findings whose rules include all those of a contradiction or of one alike."""
    about = [(f.kind, {rule for rule, _ in f.demands}) for f in findings]
    return [
        f
        for f, (kind, rules) in zip(findings, about, strict=True)
        if not any(less < rules and of in (kind, "contradiction") for of, less in about)
    ]


def merged(findings: list[Finding]) -> Iterator[Finding]:
    """Yield the findings, those of one permission about one decision taken together."""
    permissions: dict[tuple[str, ...], list[Finding]] = {}
    for f in findings:
        key = (f.id,) if not f.region else (f.region, *f.at_stake)
        permissions.setdefault(key, []).append(f)
    for members in permissions.values():
        yield _together(members)


def _together(members: list[Finding]) -> Finding:
    first = members[0]
    if len(members) == 1:
        return first
    return replace(
        first,
        rules=tuple(sorted({i for f in members for i in f.rules})),
        title=first.title,
        condition=z3.Or([f.condition for f in members]),
        demands=tuple(dict.fromkeys(d for f in members for d in f.demands)),
    )


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
