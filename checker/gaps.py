"""Gaps: situations where a decision is required, left open, and no rule speaks of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.left_open import NONE, LeftOpen, Refusals, Region
from checker.models import Reader
from checker.outcomes import StepEngine
from checker.sentences import situation_text, which
from checker.situation import Situations, generic
from model.step import GroundDecision

MOST_IDS = 5
MOST_SHOWN = 4  # conditions of a region that are told


class Gaps:
    """The gaps of one node step, under the readings nearest to the defaults."""

    def __init__(self, situations: Situations, engine: StepEngine | None = None) -> None:
        self.situations = situations
        self.relation = situations.relation
        self.engine = engine or situations.engine
        self._refusals = Refusals(situations)

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
                    open_ = self._open[d.label].regions(frozenset({rule}), where)
                    told += [replace(r, beside=f.principal or ()) for r in open_]
        for d in self._decisions:
            yield from self._merged(d, found.get(d.label, []))

    def silent(self, d: GroundDecision) -> Any:
        """Return the term: a decision is required, no rule speaks of it, and no gap is known."""
        silence = self._open[d.label].silence
        return z3.And([silence, d.required, *(z3.Not(r.term) for r in self._known[d.label])])

    @cached_property
    def _decisions(self) -> list[GroundDecision]:
        """Return the decisions that may be required; of several alike the first."""
        required = (d for d in self.relation.decisions if not z3.is_false(d.required))
        return [d for d in required if d.index <= 1]

    @cached_property
    def _known(self) -> dict[str, list[Region]]:
        return {d.label: list(self._open[d.label].regions()) for d in self._decisions}

    @cached_property
    def _open(self) -> dict[str, LeftOpen]:
        s = self.situations
        each = (LeftOpen(s, self.engine, d, self._refusals) for d in self._decisions)
        return {found.d.label: found for found in each}

    def _merged(self, d: GroundDecision, regions: list[Region]) -> Iterator[Finding]:
        """Take regions together that the same refusals are about, or the same conditions."""
        groups: dict[tuple[str, ...], list[Region]] = {}
        for r in regions:
            groups.setdefault(self._rules_of(r), []).append(r)
        alike: dict[frozenset[str], list[Region]] = {}
        for members in groups.values():
            first = min(members, key=lambda r: len(r.shown))
            alike.setdefault(self._conditions_of(first), []).extend(members)
        for members in self._joined(d, list(alike.values())):
            rules = sorted({i for r in members for i in self._rules_of(r)})
            yield self._finding(d, tuple(rules), sorted(members, key=self._length))

    def _joined(self, d: GroundDecision, groups: list[list[Region]]) -> Iterator[list[Region]]:
        """Yield the groups; one about refusals joins that where the update is so refused anyway.

        Where nothing but those rules refuses, that one joins it.
        """
        certain = [g for g in groups if self._rules_of(g[0])]
        general = []
        for g in (g for g in groups if not self._rules_of(g[0])):
            alone = next((own for own in certain if self._refused_by(d, own[0], g)), None)
            if alone is None:
                general.append(g)
            else:
                alone.extend(g)
        for own in certain:
            around = next((g for g in general if self._within(own[0], g[0])), None)
            if around is None:
                yield own
            else:
                around.extend(own)
        yield from general

    def _refused_by(self, d: GroundDecision, own: Region, general: list[Region]) -> bool:
        """Return whether in all of some regions the rules refuse that another region is about."""
        rules, refusals = self._rules_of(own), self._refusals
        refusing = z3.Or([t for n, t in refusals.terms.items() if refusals.ids[n] in rules])
        solver = self.situations.solver()
        solver.add(self._open[d.label].silence, z3.Not(refusing))
        return not solver.holds(z3.Or([r.term for r in general]))

    def _within(self, own: Region, other: Region) -> bool:
        """Return whether a region has no condition but some of another's, and its outcome."""
        whole = [n for n in self.relation.outcomes if generic(n) == n and n in own.facts]
        alike = all(own.facts[n] == other.facts[n] for n in whole)
        return bool(whole) and alike and self._conditions_of(own) <= self._conditions_of(other)

    def _length(self, r: Region) -> tuple[int, int]:
        """What needs no refusal by a certain rule comes first, then what is short."""
        return len(self._rules_of(r)), len(r.shown)

    def _conditions_of(self, r: Region) -> frozenset[str]:
        named = {n for n in r.shown if n not in self._refusals.ids}
        return frozenset(f"{generic(n)} {r.facts.get(n, r.witness.get(n))}" for n in named)

    def _rules_of(self, r: Region) -> tuple[str, ...]:
        """Return the refusing rules that a region is about."""
        return tuple(sorted({self._refusals.ids[n] for n in r.shown if n in self._refusals.ids}))

    def _finding(self, d: GroundDecision, rules: tuple[str, ...], regions: list[Region]) -> Finding:
        first = regions[0]
        about = which(d.field.family, str(d.index))
        silence = self._open[d.label].silence
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
        speakers = self._open[d.label].speakers
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
        self._solver.add(*gaps.situations.domains.values())
        self._obeyed: dict[str, Any] = {}
        for g in (g for g in gaps.relation.rules if g.rule.modality.binds):
            literal = self._obeyed.setdefault(g.rule.id, z3.Bool(f"obeyed {g.rule.id}"))
            self._solver.add(z3.Implies(literal, g.obeyed))
        self._silent = [z3.Bool(f"silent {d.label}") for d in decisions]
        self._read = Reader(self._silent)
        for d, literal in zip(decisions, self._silent, strict=True):
            self._solver.add(literal == gaps.silent(d))

    def of(self, rule: str, condition: Any) -> list[GroundDecision]:
        """Return the decisions that may be open where a rule is given up, in their order."""
        others = [literal for name, literal in self._obeyed.items() if name != rule]
        found: set[int] = set()
        self._solver.push()
        self._solver.add(condition, z3.Or(self._silent))
        while self._solver.holds(*others):
            silent = self._read(self._solver.model())
            found |= {k for k, bit in enumerate(silent) if bit}
            rest = [c for k, c in enumerate(self._silent) if k not in found]
            self._solver.add(z3.Or(rest))
        self._solver.pop()
        return [self.decisions[k] for k in sorted(found)]
