"""Ambiguities: readings under which some input has no outcome in common.

For one reading, the rules as they apply under two of its alternatives are taken together:
where their demands cannot be met together, although each alternative leaves an outcome, the
reading decides.  A decision of which nobody speaks keeps its default: a demand here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import z3

from checker.constraints import Constraint, Variable, satisfiable
from checker.demands import structural
from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.generalise import essential
from checker.kinds.common import equal
from checker.models import Reader
from checker.sentences import demand_sentence
from checker.situation import Situations
from checker.solving import Solver
from model.rule import On
from model.ruleset import Reading, Ruleset
from model.step import GroundDecision, GroundRule
from model.terms import names_in

Part = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Source:
    """Where a demand comes from: a rule, or the default of a decision when `ground` is None."""

    where: Any
    ground: GroundRule | None = None


@dataclass(frozen=True, eq=False)
class Item:
    """What is demanded of the decisions, by one or several rules."""

    said: Any
    sources: tuple[Source, ...]

    @property
    def where(self) -> Any:
        """Return the term over inputs: one of them applies."""
        return z3.Or([s.where for s in self.sources])


def items(situations: Situations) -> list[Item]:
    """Return the demands that bind, and the defaults of what nobody speaks of.

    What comes first is given up first in a minimal set: defaults, then rules of the base.
    """
    binding = [d for d in situations.demands if d.ground.rule.modality.binds]
    binding.sort(key=lambda d: situations.ruleset.is_extension(d.ground.rule))
    said = [(z3.Implies(d.when, d.then), Source(d.applies, d.ground)) for d in binding]
    groups: dict[str, tuple[Any, list[Source]]] = {}
    for term, source in (*_defaults(situations), *said):
        simple = z3.simplify(term)
        groups.setdefault(simple.sexpr(), (simple, []))[1].append(source)
    return [Item(term, tuple(sources)) for term, sources in groups.values()]


def _defaults(situations: Situations) -> Iterator[tuple[Any, Source]]:
    own = {d.label for d in situations.relation.decisions}
    speaking: dict[str, list[Any]] = {label: [] for label in own}
    for g in situations.relation.rules:
        for label in g.names & own:
            speaking[label].append(g.applies)
    for d in situations.relation.decisions:
        if not names_in(d.required) & own:
            silent = z3.Not(z3.Or([d.required, *speaking[d.label]]))
            yield from _default(situations, d, silent)


def _default(
    situations: Situations, d: GroundDecision, silent: Any
) -> Iterator[tuple[Any, Source]]:
    """Yield the demand that a decision keeps its default, value by value of the inputs."""
    if not names_in(d.default):
        yield d.const == d.default, Source(silent)
        return
    for value in range(situations.scope.largest(d.field.domain) + 1):
        at = d.field.domain.at(value)
        yield d.const == at, Source(z3.And(silent, d.default == at))


class Agreement:
    """Which items can be met together: a question about the decisions alone."""

    def __init__(self, situations: Situations, found: list[Item], always: list[Any]) -> None:
        self.solver = situations.blank_solver()
        self.solver.add(*always)
        self._met = [z3.Bool(f"met {k}") for k in range(len(found))]
        self.solver.add(*(z3.Implies(m, i.said) for m, i in zip(self._met, found, strict=True)))
        self._names = [names_in(i.said) for i in found]
        self._read = Reader(d.const for d in situations.relation.decisions)
        labels = [d.label for d in situations.relation.decisions]
        self._holding = Evaluator([i.said for i in found], labels)

    def clash(self, chosen: list[int]) -> tuple[int, ...]:
        """Return a minimal part of `chosen` that cannot be met together, or nothing."""
        kept = chosen
        if self._possible(kept):
            return ()
        for k in chosen:
            rest = [j for j in kept if j != k]
            if not self._possible(rest):
                kept = rest
        return tuple(kept)

    def _possible(self, chosen: list[int]) -> bool:
        return self.solver.holds(*(self._met[k] for k in chosen))

    def parts(self, links: list[Any]) -> list[Part]:
        """Return the items by what they are about; terms that link decisions join them."""
        groups: list[frozenset[str]] = []
        for names in (*self._names, *map(names_in, links)):
            touched = [g for g in groups if g & names]
            groups = [g for g in groups if not g & names] + [names.union(*touched)]
        found = [tuple(k for k, names in enumerate(self._names) if names & g) for g in groups]
        return sorted(part for part in found if part)

    def extended(self, chosen: list[int], part: Part) -> frozenset[int]:
        """Return as many items of `part` as can be met together, those chosen among them."""
        kept = list(chosen)
        for k in part:
            if k not in kept and not self.foes[k] & set(kept):
                kept.append(k)
        while not self._possible(kept):
            names = self.solver.core_names()
            first = set(chosen)
            kept.remove(
                next(k for k in kept if k not in first and self._met[k].decl().name() in names)
            )
        return self._satisfied()

    @cached_property
    def foes(self) -> list[set[int]]:
        """Return for each item those with which it cannot be met, of those about the same."""
        friends: set[tuple[int, int]] = set()
        foes: list[set[int]] = [set() for _ in self._met]
        for j, k in combinations(range(len(self._met)), 2):
            if (j, k) in friends or not self._names[j] & self._names[k]:
                continue
            if self._possible([j, k]):
                friends |= set(combinations(sorted(self._satisfied()), 2))
            else:
                foes[j].add(k)
                foes[k].add(j)
        return foes

    def _satisfied(self) -> frozenset[int]:
        model = self.solver.model()
        values = self._read(model)
        return frozenset(k for k, bit in enumerate(self._holding(values)) if bit)


class Ambiguities:
    """The ambiguities of one node step: each reading departs alone from the defaults.

    The first copy of the rules has the default readings, the second reads as it is told.
    """

    def __init__(self, situations: Situations) -> None:
        self.situations, self.engine = situations, situations.engine
        self.items = items(situations)
        self.names = list(situations.fields)
        self.usual = dict.fromkeys(situations.readings, 0)
        self.agreement = Agreement(situations, self.items, self._always)
        where = [i.where for i in self.items]
        self.sources = [(k, s) for k, i in enumerate(self.items) for s in i.sources]
        self._holding = Evaluator([s.where for _, s in self.sources], self.names)
        self.second = {n: z3.Const(f"second {n}", d.sort) for n, d in situations.readings.items()}
        self.first = self._reading(where, {n: d.at(0) for n, d in situations.readings.items()})
        self.other = self._reading(where, self.second)
        pairs = zip(self.first, self.other, strict=True)
        self.either = [a if a.eq(b) else z3.Or(a, b) for a, b in pairs]
        self.solver = self._solver()
        self._parts = self.agreement.parts(self._always)

    def _reading(self, terms: list[Any], readings: Mapping[str, Any]) -> list[Any]:
        """Return terms with the readings replaced: all at once, as they share their parts."""
        own = self.situations.readings.items()
        pairs = [(z3.Const(n, d.sort), readings[n]) for n, d in own]
        return list(z3.substitute(z3.And(*terms, True), *pairs).children())[: len(terms)]

    @cached_property
    def _always(self) -> list[Any]:
        """Return what holds of all decisions: links by definition, and their domains."""
        relation = self.situations.relation
        links = [g.constraint for g in relation.rules if structural(g, relation)]
        for d in relation.decisions:
            values = [d.field.domain.at(v) for v in self.engine.domain(d)]
            links.append(z3.Or([d.const == v for v in values]))
        return links

    def _solver(self) -> Solver:
        """Return a solver for inputs that leave an outcome to both copies of the rules."""
        solver = self.situations.solver()
        solver.add(*equal(self.situations, self.usual))
        for name, where in (("first", self.first), ("second", self.other)):
            said = self._copied([i.said for i in self.items], name)
            solver.add(*self._copied(self._always, name))
            solver.add(*(z3.Implies(w, t) for w, t in zip(where, said, strict=True)))
        return solver

    def _copied(self, terms: list[Any], name: str) -> list[Any]:
        """Return terms over another copy of the decisions."""
        own = self.situations.relation.decisions
        pairs = [(d.const, z3.Const(f"{name} {d.label}", d.field.domain.sort)) for d in own]
        return list(z3.substitute(z3.And(*terms, True), *pairs).children())[: len(terms)]

    def finding(self, reading: Reading) -> Finding | None:
        """Return the finding about a reading: the first alternative that excludes the default."""
        for value in range(1, reading.domain.size()):
            chosen = self.usual | {reading.id: value}
            self.solver.push()
            self.solver.add(*self._read(chosen), self._differs(range(len(self.items))))
            found = self._under(reading, chosen) if self.solver.holds() else None
            self.solver.pop()
            if found is not None:
                return found
        return None

    def _under(self, reading: Reading, chosen: dict[str, int]) -> Finding | None:
        for part in self._parts:
            self.solver.push()
            self.solver.add(self._differs(part))
            core = self._pair(part) or self._search(chosen, part)
            found = self._build(reading, chosen, core) if core else None
            self.solver.pop()
            if found is not None:
                return found
        return None

    def _pair(self, part: Part) -> tuple[int, ...]:
        """Return two items of `part` that clash and hold under different copies, or nothing.

        The last in order, by halving: which one a solver would come upon depends on its past.
        """
        pairs, across = self._clashing[part]
        if self._never(across):
            return ()
        below, upto = 0, len(pairs)  # none among the first `below`, one among the first `upto`
        while upto - below > 1:
            middle = (below + upto) // 2
            below, upto = (middle, upto) if self._never(across[:middle]) else (below, middle)
        return pairs[upto - 1]

    @cached_property
    def _clashing(self) -> Mapping[Part, tuple[list[tuple[int, int]], list[Any]]]:
        """Return the pairs of items that clash, and where they hold under different copies."""
        found = {}
        for part in self._parts:
            pairs = [(j, k) for j in part for k in sorted(self.agreement.foes[j]) if j < k][::-1]
            ways = [
                ((self.first[j], self.other[k]), (self.other[j], self.first[k])) for j, k in pairs
            ]
            found[part] = pairs, [z3.Or(z3.And(*one), z3.And(*two)) for one, two in ways]
        return found

    def _never(self, terms: list[Any]) -> bool:
        self.solver.push()
        self.solver.add(z3.Or(terms))
        possible = self.solver.holds()
        self.solver.pop()
        return not possible

    def _differs(self, part: Iterable[int]) -> Any:
        """Return the term: under the two copies not the same items of `part` hold."""
        pairs = [(self.first[k], self.other[k]) for k in part]
        return z3.Or([a != b for a, b in pairs if not a.eq(b)])

    def _read(self, readings: dict[str, int]) -> list[Any]:
        domains = self.situations.readings
        return [self.second[n] == domains[n].at(v) for n, v in readings.items()]

    def _search(self, readings: dict[str, int], part: Part) -> tuple[int, ...]:
        """Return items of `part` that hold under the one or the other copy, and clash."""
        while self.solver.holds():
            holding = self._chosen(self._inputs(self.solver.model()), readings)
            chosen = [k for k in part if k in holding]
            core = self.agreement.clash(chosen)
            if core:
                return core
            met = self.agreement.extended(chosen, part)
            self.solver.add(z3.Or([self.either[k] for k in part if k not in met]))
        return ()

    def _inputs(self, model: Any) -> dict[str, int]:
        fields = self.situations.fields
        return dict(zip(fields, self.situations.values(model), strict=True))

    def _chosen(self, inputs: dict[str, int], readings: dict[str, int]) -> list[int]:
        """Return the items that hold for an input under the one or the other copy."""
        return sorted({self.sources[n][0] for n in self._applying(inputs, readings)})

    def _applying(
        self, inputs: dict[str, int], readings: dict[str, int]
    ) -> dict[int, dict[str, int]]:
        """Return the sources that apply to an input, each with readings under which it does."""
        found: dict[int, dict[str, int]] = {}
        for chosen in (readings, self.usual):
            bits = self._holding([(inputs | chosen)[n] for n in self.names])
            found |= {n: chosen for n, bit in enumerate(bits) if bit}
        return found

    def _build(self, reading: Reading, readings: dict[str, int], core: tuple[int, ...]) -> Finding:
        s = self.situations
        self.solver.add(*(self.either[k] for k in core))
        witness = s.witness(self.solver, self.usual)
        if witness is None:
            raise AssertionError(f"{reading.id}: the input found before is gone")
        clashing = list(self._holds(core, witness, readings))
        condition = z3.And([term for term, _ in clashing])
        grounds = [g for _, g in clashing if g is not None]
        known = {i for r in s.ruleset.rules for i in r.ids}
        behind = [i for i in reading.statements if i in known] or [g.rule.id for g in grounds]
        values = reading.domain.values
        return Finding(
            "ambiguity",
            s.on,
            tuple(sorted(set(behind))),
            (),
            reading.question,
            condition,
            witness,
            tuple(n for n in essential(s, condition, witness) if n not in s.readings),
            s.facts(witness),
            {reading.id: (values[0], values[readings[reading.id]])},
            tuple(dict.fromkeys((g.rule.id, demand_sentence(g)) for g in grounds)),
            self._replays(core, witness, readings),
            reading.id,
            (),
        )

    def _holds(
        self, core: tuple[int, ...], witness: dict[str, int], readings: dict[str, int]
    ) -> Iterator[tuple[Any, GroundRule | None]]:
        """Yield for each item where its last source that the witness has applies, and its rule."""
        applying = self._applying(witness, readings)
        domains = self.situations.readings
        for k in core:
            n = max(n for n in applying if self.sources[n][0] == k)
            settled = {r: domains[r].at(v) for r, v in applying[n].items()}
            source = self.sources[n][1]
            yield self._reading([source.where], settled)[0], source.ground

    def _replays(
        self, core: tuple[int, ...], witness: dict[str, int], readings: dict[str, int]
    ) -> bool:
        """Return whether search without solver finds the clash, and either copy consistent."""
        for chosen in (self.usual, readings):
            applied = self.engine.applied([(witness | chosen)[n] for n in self.names])
            if self.engine.conflicts(applied):
                return False
        variables = {
            d.label: Variable(d.label, self.engine.domain(d))
            for d in self.situations.relation.decisions
        }
        terms = [*self._always, *(self.items[k].said for k in core)]
        holding = set(core) <= set(self._chosen(witness, readings))
        return holding and not satisfiable(variables, list(map(_constraint, terms)))


def _constraint(term: Any) -> Constraint:
    names = tuple(sorted(names_in(term)))
    return Constraint(names, Evaluator([term], names), (), 0)


def findings(views: Mapping[On, Situations], ruleset: Ruleset) -> Iterator[Finding]:
    """Yield one finding for each reading that decides some step; the first step is shown."""
    steps: dict[On, Ambiguities] = {}
    for reading in (r for r in ruleset.readings if not r.permitted):
        for on in (on for on, s in views.items() if reading.id in s.readings):
            if on not in steps:
                steps[on] = Ambiguities(views[on])
            found = steps[on].finding(reading)
            if found is not None:
                yield found
                break
