"""Gaps: situations where a decision is required, left open, and no rule speaks of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.generalise import Generaliser
from checker.outcomes import StepEngine
from checker.sentences import situation_text, which
from checker.settling import Settling, in_domain
from checker.situation import Situations, generic
from checker.solving import Solver
from model.rule import Refuses
from model.step import GroundDecision, GroundRule
from model.terms import names_in

MOST_REGIONS = 60
MOST_IDS = 5
MOST_SHOWN = 4  # conditions of a region that are told


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


class Gaps:
    """The gaps of one node step, under the readings nearest to the defaults."""

    def __init__(self, situations: Situations, engine: StepEngine | None = None) -> None:
        self.situations = situations
        self.relation = situations.relation
        self.engine = engine or situations.engine
        self._aside = situations.aside()

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each decision and kind of region."""
        for d in self._decisions:
            yield from self._merged(d, self._known[d.label])

    def beneath(self, contradictions: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the gaps that show where a rule of a contradiction is given up."""
        found: dict[str, list[Region]] = {}
        suspects = Suspects(self, self._decisions)
        for f in contradictions:
            for rule in f.principal or ():
                for d in suspects.of(rule, f.condition):
                    told = found.setdefault(d.label, [])
                    others = [z3.Not(r.term) for r in (*self._known[d.label], *told)]
                    where = z3.And([f.condition, *others])
                    open_ = self._regions(d, frozenset({rule}), where)
                    told += [replace(r, beside=f.principal or ()) for r in open_]
        for d in self._decisions:
            yield from self._merged(d, found.get(d.label, []))

    def silent(self, d: GroundDecision) -> Any:
        """Return the term: a decision is required, no rule speaks of it, and no gap is known."""
        silence = z3.Not(z3.Or([g.applies for g in self._speakers(d)]))
        return z3.And([silence, d.required, *(z3.Not(r.term) for r in self._known[d.label])])

    @cached_property
    def _decisions(self) -> list[GroundDecision]:
        """Return the decisions that may be required; of several alike the first."""
        required = (d for d in self.relation.decisions if not z3.is_false(d.required))
        return [d for d in required if d.index <= 1]

    @cached_property
    def _known(self) -> dict[str, list[Region]]:
        return {d.label: list(self._regions(d)) for d in self._decisions}

    def _merged(self, d: GroundDecision, regions: list[Region]) -> Iterator[Finding]:
        """Take regions together that the same refusals are about, or the same conditions."""
        groups: dict[tuple[str, ...], list[Region]] = {}
        for r in regions:
            groups.setdefault(self._rules_of(r), []).append(r)
        alike: dict[frozenset[str], list[Region]] = {}
        for members in groups.values():
            first = min(members, key=lambda r: len(r.shown))
            alike.setdefault(self._conditions_of(first), []).extend(members)
        for members in alike.values():
            rules = sorted({i for r in members for i in self._rules_of(r)})
            yield self._finding(d, tuple(rules), sorted(members, key=lambda m: len(m.shown)))

    def _conditions_of(self, r: Region) -> frozenset[str]:
        named = {n for n in r.shown if n not in self._refusals}
        return frozenset(f"{generic(n)} {r.facts.get(n, r.witness.get(n))}" for n in named)

    def _regions(
        self,
        d: GroundDecision,
        given_up: frozenset[str] = NONE,
        where: z3.BoolRef = EVERYWHERE,
    ) -> Iterator[Region]:
        silence = z3.Not(z3.Or([g.applies for g in self._speakers(d)]))
        fixed = not names_in(d.required) & self._own
        situation = z3.And(silence, d.required) if fixed else silence
        solver = self.situations.solver()
        solver.add(situation, d.required, where, *self._obeyed(given_up))
        settle = Settling(self.situations, self.engine, d, given_up)
        general = Generaliser(self.situations, situation, self._aside, self._refusals)
        found = 0
        for readings in self._readings():
            fixed_readings = [self.situations.equals(n, v) for n, v in readings.items()]
            while found < MOST_REGIONS and solver.holds(*fixed_readings):
                values = self.situations.values(solver.model())
                if not settle.open(self.engine.applied(values).rules, values):
                    solver.add(z3.Not(settle.reason()))
                    continue
                region = self._region(settle, general, solver, readings)
                found += 1
                yield region
                solver.add(z3.Not(region.term))

    def _readings(self) -> Iterator[dict[str, int]]:
        """Yield the default readings, then each departure from one of them."""
        for readings in self.situations.departures(list(self.situations.readings)):
            if sum(map(bool, readings.values())) > 1:
                return
            yield readings

    def _obeyed(self, given_up: frozenset[str]) -> list[Any]:
        """All else that binds is obeyed, where it can be: contradictions are found elsewhere."""
        rules = (g for g in self.relation.rules if g.rule.id not in given_up)
        binding = [g for g in rules if g.rule.modality.binds]
        terms = [z3.Implies(g.applies, g.constraint) for g in binding]
        return [*terms, *(in_domain(e, self.engine) for e in self.relation.decisions)]

    def _region(
        self,
        settle: Settling,
        general: Generaliser,
        solver: Solver,
        readings: dict[str, int],
    ) -> Region:
        witness = self._witness(settle, solver, readings)
        facts = self.situations.facts(witness)
        refusals = self._refusals
        bits = self._refusing([witness[n] for n in self.situations.fields])
        facts |= {n: bool(b) for n, b in zip(refusals, bits, strict=True) if b}
        shown = general.core(witness, facts)
        term = z3.And([general.term(n, int(facts.get(n, witness.get(n, 0)))) for n in shown])
        worded = tuple(n for n in shown if n not in self.situations.readings)
        return Region(worded, facts, witness, term, settle.given_up)

    def _witness(
        self, settle: Settling, solver: Solver, readings: dict[str, int]
    ) -> dict[str, int]:
        """Return the situation nearest the defaults that leaves the decision open."""
        while (near := self.situations.witness(solver, readings)) is not None:
            values = list(near.values())
            if settle.open(self.engine.applied(values).rules, values):
                return near
            solver.add(z3.Not(settle.reason()))
        raise AssertionError("the situation found before is gone")

    @cached_property
    def _own(self) -> set[str]:
        return {d.label for d in self.relation.decisions}

    @cached_property
    def _refusals(self) -> dict[str, Any]:
        """Return where each refusing rule applies, by a name for it."""
        terms: dict[str, Any] = {}
        for g in self.relation.rules:
            if g.rule.demand.refuses is not Refuses.NOTHING:
                name = f"rule {g.rule.key}[{g.index}]"
                terms[name] = z3.Or(terms.get(name, z3.BoolVal(False)), g.applies)
        return terms

    @cached_property
    def _refusing(self) -> Evaluator:
        """Return the evaluator of where each refusing rule applies."""
        return Evaluator(self._refusals.values(), list(self.situations.fields))

    @cached_property
    def _refusal_ids(self) -> dict[str, str]:
        return {f"rule {g.rule.key}[{g.index}]": g.rule.id for g in self.relation.rules}

    def _speakers(self, d: GroundDecision) -> list[GroundRule]:
        return [g for g in self.relation.rules if g.speaks and d.label in g.decisions]

    def _rules_of(self, r: Region) -> tuple[str, ...]:
        """Return the refusing rules that a region is about."""
        return tuple(sorted({self._refusal_ids[n] for n in r.shown if n in self._refusals}))

    def _finding(self, d: GroundDecision, rules: tuple[str, ...], regions: list[Region]) -> Finding:
        first = regions[0]
        about = which(d.field.family, str(d.index))
        silence = z3.Not(z3.Or([g.applies for g in self._speakers(d)]))
        return Finding(
            "gap",
            self.situations.on,
            tuple(dict.fromkeys((*first.beside, *self._named(rules, first.witness, d)))),
            (generic(d.label),),
            f"no rule says: {about}{d.field.sentence}{_given_up(first)}",
            z3.And(silence, z3.Or([r.term for r in regions])),
            dict(first.witness),
            first.shown,
            first.facts,
            readings=self._where_read(regions),
            replayed=self.replays(d, first.witness, first.given_up),
            region=" ".join(rules),
            principal=(),
            where=tuple(situation_text(r.shown, r.witness, r.facts) for r in regions[:MOST_SHOWN]),
        )

    def _named(
        self, rules: tuple[str, ...], witness: Mapping[str, int], d: GroundDecision
    ) -> tuple[str, ...]:
        """Return a few rules: the refusals, those near by, else those that apply there."""
        ids = dict.fromkeys((*rules, *self._nearby(witness, d))) or self._applying(witness, d)
        return tuple(ids)[:MOST_IDS]

    def _applying(self, witness: Mapping[str, int], d: GroundDecision) -> dict[str, None]:
        """Return the rules that apply in a situation, those about the decision first."""
        values = [witness[n] for n in self.situations.fields]
        applied = [self.relation.rules[k] for k in self.engine.applied(values).rules]
        about = [g for g in applied if d.label in g.names]
        extension = [g for g in applied if self.situations.ruleset.is_extension(g.rule)]
        return dict.fromkeys(g.rule.id for g in (*about, *extension, *applied))

    def _where_read(self, regions: list[Region]) -> dict[str, tuple[str, ...]]:
        """Return, for each reading that matters, the alternatives under which it is open."""
        solver = self.situations.solver()
        solver.add(z3.Or([r.term for r in regions]))
        result = {}
        for name, domain in self.situations.readings.items():
            alternatives = [
                v
                for k, v in enumerate(domain.values)
                if solver.holds(self.situations.equals(name, k))
            ]
            if len(alternatives) < domain.size():
                result[name] = tuple(alternatives)
        return result

    def _nearby(self, witness: Mapping[str, int], d: GroundDecision) -> tuple[str, ...]:
        """Return the rules that speak of the decision one field away."""
        speakers = self._speakers(d)
        applies = Evaluator([g.applies for g in speakers], list(self.situations.fields))
        found: list[str] = []
        for name, (f, _) in self.situations.fields.items():
            for value in range(self.situations.scope.largest(f.domain) + 1):
                changed = {**witness, name: value}
                bits = applies([changed[n] for n in self.situations.fields])
                found += [g.rule.id for g, bit in zip(speakers, bits, strict=True) if bit]
        return tuple(sorted(dict.fromkeys(found)))

    def replays(
        self, d: GroundDecision, witness: Mapping[str, int], given_up: frozenset[str] = NONE
    ) -> bool:
        """Return whether the evaluator leaves the decision open on the witness as well."""
        values = [witness[n] for n in self.situations.fields]
        return self.engine.left_open(values, d.label, given_up)


def _given_up(region: Region) -> str:
    names = ", ".join(sorted(region.given_up))
    return f", where {names} is given up" if names else ""


class Suspects:
    """Which decisions may be open where all rules but one are obeyed."""

    def __init__(self, gaps: Gaps, decisions: list[GroundDecision]) -> None:
        self.decisions = decisions
        self._solver = gaps.situations.solver()
        self._solver.add(*(in_domain(e, gaps.engine) for e in gaps.relation.decisions))
        self._obeyed: dict[str, Any] = {}
        for g in (g for g in gaps.relation.rules if g.rule.modality.binds):
            literal = self._obeyed.setdefault(g.rule.id, z3.Bool(f"obeyed {g.rule.id}"))
            self._solver.add(z3.Implies(z3.And(literal, g.applies), g.constraint))
        self._silent = [z3.Bool(f"silent {d.label}") for d in decisions]
        for d, literal in zip(decisions, self._silent, strict=True):
            self._solver.add(literal == gaps.silent(d))

    def of(self, rule: str, condition: Any) -> list[GroundDecision]:
        """Return the decisions that may be open where a rule is given up, in their order."""
        others = [literal for name, literal in self._obeyed.items() if name != rule]
        found: set[int] = set()
        self._solver.push()
        self._solver.add(condition, z3.Or(self._silent))
        while self._solver.holds(*others):
            model = self._solver.model()
            new = {k for k, c in enumerate(self._silent) if z3.is_true(model[c])} - found
            found |= new
            rest = [c for k, c in enumerate(self._silent) if k not in found]
            self._solver.add(z3.Or(rest))
        self._solver.pop()
        return [self.decisions[k] for k in sorted(found)]
