"""What a node may do in one step: every outcome that the rules leave, for concrete inputs.

Where the applicable rules contradict each other there is an outcome for each way of giving
up one demand of each minimal set; where a required decision is spoken of by none, one for
each value; where the text permits a choice, one for each.  Advice (SHOULD) is followed
wherever it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import z3

from checker.abstraction import Abstraction
from checker.constraints import (
    Constraint,
    Known,
    Variable,
    components,
    minimal_conflict,
    minimal_conflicts,
    satisfiable,
    solutions,
)
from checker.evaluate import Deferred, Evaluation
from model.fields import Number
from model.rule import Modality
from model.step import GroundDecision, GroundRule, StepRelation
from model.terms import names_in


@dataclass(frozen=True)
class Outcome:
    """One outcome of a step: a value for each decision, in the order of the relation."""

    values: tuple[int, ...]
    given_up: frozenset[str] = frozenset()  # ids of contradicting rules that it breaks
    deviates: frozenset[str] = frozenset()  # ids of advice that could not be followed
    gaps: frozenset[str] = frozenset()  # decisions that the text leaves open


@dataclass(frozen=True)
class Applied:
    """What applies for one input: the rules by position, and the inputs they depend on."""

    rules: tuple[int, ...]
    context: tuple[int, ...]


@dataclass(frozen=True)
class _Demand:
    """A term over decisions, by label, and the facts at these positions of the context."""

    names: tuple[str, ...]
    facts: tuple[int, ...]
    evaluation: Evaluation

    def given(self, context: tuple[int, ...]) -> tuple[int, ...]:
        """Return the facts that it depends on."""
        return tuple(context[n] for n in self.facts)


@dataclass
class StepEngine:
    """The outcomes of one node step, for inputs laid out as `layout` names them."""

    relation: StepRelation
    layout: Sequence[str]
    unused: Mapping[str, frozenset[int]] = field(default_factory=dict)  # by name of the domain
    # Of contradicting rules, is one (the first) decided to be obeyed among these?
    decided: Callable[[str, set[str]], bool] = field(default=lambda _rule, _among: False)
    _memo: dict[Applied, tuple[Outcome, ...]] = field(default_factory=dict)
    _bounds: dict[tuple[bool, int, tuple[int, ...]], Constraint] = field(default_factory=dict)
    _known: Known = field(default_factory=Known)
    _needs: dict[tuple[int, tuple[int, ...]], bool] = field(default_factory=dict)
    _matters: dict[tuple[int, ...], list[bool]] = field(default_factory=dict)  # facts, by rules

    def __post_init__(self) -> None:
        rules, decisions = self.relation.rules, self.relation.decisions
        self._applies = Deferred([g.applies for g in rules], self.layout)
        self._own = {d.label for d in decisions}
        facts = Abstraction(self._own)
        demanded = [facts.of(g.constraint) for g in rules]
        required = [facts.of(d.required) for d in decisions]
        unless = [facts.of(_unless_required(d)) for d in decisions]
        defaults = [facts.of(d.default) for d in decisions]
        self._context_names = facts.names
        self.fact_terms = facts.terms
        self._facts = Deferred(facts.terms, self.layout)
        self._compiled = [self._demand(t) for t in demanded]
        self._unrequired = [self._demand(t) for t in unless]
        self._required = [self._demand(t) for t in required]
        self._defaults = Deferred(defaults, self._context_names)
        always = names_in(z3.And([*required, *unless])).union(*map(names_in, defaults))
        self._always = {k for k, n in enumerate(self._context_names) if n in always}

    def applied(self, values: Sequence[int]) -> Applied:
        """Return which ground rules apply to these inputs."""
        return self.applied_with(self._applies(values), self._facts(values))

    def applied_with(self, bits: Sequence[int], facts: Sequence[int]) -> Applied:
        """Return the same for what each rule's `applies` is, and each of the `fact_terms`."""
        chosen = tuple(k for k, bit in enumerate(bits) if bit)
        return Applied(chosen, self._context(facts, chosen))

    def _context(self, facts: Sequence[int], chosen: tuple[int, ...]) -> tuple[int, ...]:
        """Return the facts that what applies depends on; the others are zero."""
        if chosen not in self._matters:
            known = self._always.union(*(self._compiled[k].facts for k in chosen))
            self._matters[chosen] = [n in known for n in range(len(facts))]
        return tuple(v if m else 0 for v, m in zip(facts, self._matters[chosen], strict=True))

    def outcomes(self, values: Sequence[int]) -> tuple[Outcome, ...]:
        """Return every outcome for these inputs."""
        return self.outcomes_of(self.applied(values))

    def outcomes_of(
        self, applied: Applied, observed: Mapping[str, frozenset[int]] | None = None
    ) -> tuple[Outcome, ...]:
        """Return the outcomes; with `observed` values, those of an observer who saw them."""
        if observed is not None:
            return tuple(self._solve(applied, observed))
        if applied not in self._memo:
            self._memo[applied] = tuple(self._solve(applied, {}))
        return self._memo[applied]

    def left_open(
        self, values: Sequence[int], label: str, given_up: frozenset[str] = frozenset()
    ) -> bool:
        """Return whether all rules can be obeyed and leave a decision more than one value.

        Rules given up (by id) are left aside.
        """
        applied = self.applied(values)
        kept = tuple(k for k in applied.rules if self._rule(k).rule.id not in given_up)
        problem = _Problem(self, Applied(kept, applied.context), {})
        return len(problem.possible(label)) > 1

    def obeys(self, k: int, applied: Applied, decided: Mapping[str, int]) -> bool:
        """Return whether decisions (by label) are what ground rule `k` demands."""
        return self._bound(k, applied).holds(decided)

    def usual(self, applied: Applied) -> dict[str, int]:
        """Return what each decision is, by label, where nothing is said of it."""
        values = map(int, self._defaults(applied.context))
        return dict(zip((d.label for d in self.relation.decisions), values, strict=True))

    def conflicts(self, applied: Applied) -> list[tuple[GroundRule, ...]]:
        """Return the minimal sets of applicable binding demands that cannot agree."""
        variables = {d.label: Variable(d.label, self.domain(d)) for d in self.relation.decisions}
        binding = [
            self._bound(k, applied) for k in applied.rules if self._rule(k).rule.modality.binds
        ]
        found = minimal_conflicts(variables, binding)
        sets = {tuple(sorted(c.tag for c in core)) for core in found}
        return [tuple(self._rule(k) for k in s) for s in sorted(sets)]

    def _rule(self, k: int) -> GroundRule:
        return self.relation.rules[k]

    def _demand(self, term: z3.ExprRef) -> _Demand:
        mentioned = names_in(term)
        names = tuple(sorted(mentioned & self._own))
        facts = tuple(k for k, n in enumerate(self._context_names) if n in mentioned)
        given = [self._context_names[k] for k in facts]
        return _Demand(names, facts, Deferred([term], [*names, *given]))

    def domain(self, d: GroundDecision) -> tuple[int, ...]:
        """Return the values that a decision can take in this scope."""
        return self._domains[d.label]

    @cached_property
    def _domains(self) -> dict[str, tuple[int, ...]]:
        return {d.label: self._domain(d) for d in self.relation.decisions}

    def _domain(self, d: GroundDecision) -> tuple[int, ...]:
        largest = self.relation.world.scope.largest(d.field.domain)
        unused = self.unused.get(d.field.domain.name, frozenset())
        return tuple(v for v in range(largest + 1) if v not in unused)

    def requires(self, k: int, context: tuple[int, ...]) -> bool:
        """Return whether decision `k` may be required, given the inputs."""
        demand = self._required[k]
        given = demand.given(context)
        if (k, given) not in self._needs:
            ways = product(*(self._domains[n] for n in demand.names))
            needed = any(demand.evaluation([*values, *given])[0] for values in ways)
            self._needs[k, given] = needed
        return self._needs[k, given]

    def _bound(self, k: int, applied: Applied) -> Constraint:
        """Return what a rule demands."""
        return self._given(True, k, applied)

    def _unless(self, k: int, applied: Applied) -> Constraint:
        """Return the demand: a decision has its default unless it is required."""
        return self._given(False, k, applied)

    def _given(self, rule: bool, k: int, applied: Applied) -> Constraint:
        """Return a demand for the facts it depends on: what is found of it is kept with it."""
        demand = self._compiled[k] if rule else self._unrequired[k]
        given = demand.given(applied.context)
        if (rule, k, given) not in self._bounds:
            tag = k if rule else -1
            made = Constraint(demand.names, demand.evaluation, given, tag)
            self._bounds[rule, k, given] = made
        return self._bounds[rule, k, given]

    def _solve(self, applied: Applied, seen: Mapping[str, frozenset[int]]) -> Iterator[Outcome]:
        problem = _Problem(self, applied, seen)
        yield from problem.outcomes()


def _unless_required(d: GroundDecision) -> z3.BoolRef:
    return z3.Or(d.required, d.const == d.default)


class _Problem:
    """The constraint problem of one input."""

    def __init__(
        self, engine: StepEngine, applied: Applied, seen: Mapping[str, frozenset[int]]
    ) -> None:
        self.engine, self.applied, self.seen = engine, applied, seen
        self.decisions = engine.relation.decisions
        self.defaults = engine.usual(applied)
        self.known = Known() if seen else engine._known  # what is seen differs too much to keep
        rules = engine.relation.rules
        self.firm = [k for k in applied.rules if rules[k].rule.modality.binds]
        self.advice = [k for k in applied.rules if rules[k].rule.modality.advises]
        self.permits = [k for k in applied.rules if rules[k].rule.modality is Modality.MAY]
        self.required = {
            d.label for k, d in enumerate(self.decisions) if engine.requires(k, applied.context)
        }
        self.spoken = {n for k in applied.rules if rules[k].speaks for n in rules[k].decisions}
        self.carriers = self._carriers()

    @cached_property
    def _told(self) -> set[str]:
        """Return the decisions whose defaults say nothing of them."""
        return self.spoken | self.required | self.carriers

    def _carriers(self) -> set[str]:
        """Return the decisions that carry one left open: their default says nothing of it."""
        domains = {d.label: d.field.domain for d in self.decisions}
        open_ = self.required - self.spoken
        coupled = [self.engine._compiled[k].names for k in self.firm]
        return {
            n
            for names in coupled
            for n in names
            if any(m in open_ and domains[m] is domains[n] for m in names)
        }

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcomes; several resolutions may lead to the same values."""
        constraints = [self.engine._bound(k, self.applied) for k in (*self.advice, *self.firm)]
        found: dict[tuple[int, ...], Outcome] = {}
        for broken in self._resolutions(constraints):
            kept = [c for c in constraints if c.tag not in broken]
            values = list(self._values(kept))
            open_ = self._open(values)
            for v in values:
                found.setdefault(v, self._outcome(v, broken, open_))
        yield from found.values()

    def possible(self, label: str) -> list[int]:
        """Return the values of one decision that obeying all rules leaves."""
        wanted = [*self.advice, *self.firm]
        constraints = [self.engine._bound(k, self.applied) for k in wanted]
        constraints += self._requirements({n for c in constraints for n in c.names})
        variables = {d.label: self._usual(d) for d in self.decisions}
        parts = components(variables, constraints)
        names, own = next((n, c) for n, c in parts if label in n)
        linked = {n: variables[n] for n in names}
        return [
            value
            for value in variables[label].domain
            if satisfiable({**linked, label: Variable(label, (value,))}, own)
        ]

    @cached_property
    def _coupled(self) -> set[str]:
        """Return the decisions that a rule couples with others: no default tells their value."""
        rules = self.engine.relation.rules
        couplings = [k for k in self.applied.rules if rules[k].when is not None]
        return {n for k in couplings for n in self.engine._compiled[k].names}

    def _usual(self, d: GroundDecision) -> Variable:
        variable = self._variable(d)
        if d.label in self._coupled:
            return Variable(d.label, variable.domain)
        domain = variable.domain if variable.usual is None else tuple(sorted(variable.usual))
        return Variable(d.label, domain)

    def _resolutions(self, constraints: list[Constraint]) -> list[frozenset[int]]:
        """Return the minimal sets of demands whose loss leaves the rest consistent."""
        variables = {d.label: self._variable(d, free=True) for d in self.decisions}
        tried: set[frozenset[int]] = set()
        level, solved = [frozenset[int]()], list[frozenset[int]]()
        while level:
            later = []
            for broken in level:
                if broken in tried or any(s <= broken for s in solved):
                    continue
                tried.add(broken)
                kept = [c for c in constraints if c.tag not in broken]
                core = minimal_conflict(variables, kept, self.known)
                if core is None:
                    solved.append(broken)
                else:
                    later += [broken | {c.tag} for c in self._sacrifices(core)]
            level = later
        return solved

    def _open(self, solutions: list[tuple[int, ...]]) -> frozenset[str]:
        """Return the required decisions that no rule speaks of and that are left open."""
        silent = self.required - self.spoken
        labels = [d.label for d in self.decisions]
        return frozenset(
            label
            for k, label in enumerate(labels)
            if label in silent and len({v[k] for v in solutions}) > 1
        )

    def _sacrifices(self, core: list[Constraint]) -> list[Constraint]:
        """Advice goes first; a definition is never given up; each other demand in turn."""
        rules = self.engine.relation.rules
        advice = [c for c in core if rules[c.tag].rule.modality.advises]
        if advice:
            return advice[:1]
        firm = [c for c in core if rules[c.tag].rule.modality is not Modality.DEFINITION]
        among = {rules[c.tag].rule.id for c in core}
        kept = [c for c in firm if not self.engine.decided(rules[c.tag].rule.id, among)]
        return kept or firm or core

    def _values(self, constraints: list[Constraint]) -> Iterator[tuple[int, ...]]:
        variables = {d.label: self._variable(d) for d in self.decisions}
        wanted = [*constraints, *self._requirements({n for c in constraints for n in c.names})]
        found = list(solutions(variables, wanted, self.known))
        for permit in (self.engine._bound(k, self.applied) for k in self.permits):
            # Its use may bring with it more than what is usual.
            more = [*wanted, permit]
            if any(map(permit.holds, found)) or not satisfiable(variables, more, self.known):
                continue
            found += solutions(variables, more, self.known)
        order = [d.label for d in self.decisions]
        yield from (tuple(s[label] for label in order) for s in found)

    def _requirements(self, coupled: set[str]) -> list[Constraint]:
        """A decision that none speaks of has its default unless it is required."""
        return [
            self.engine._unless(k, self.applied)
            for k, d in enumerate(self.decisions)
            if d.label in self.required - self.spoken - coupled
        ]

    def _variable(self, d: GroundDecision, free: bool = False) -> Variable:
        domain = self.engine.domain(d)
        if d.label in self.seen:
            domain = tuple(v for v in domain if v in self.seen[d.label])
        if free or d.label in self._told or d.label in self.seen:
            return Variable(d.label, domain)
        usual = {self.defaults[d.label], *self._permitted(d)}
        return Variable(d.label, domain, frozenset(usual))

    def _permitted(self, d: GroundDecision) -> Iterator[int]:
        for k in self.permits:
            permit = self.engine._bound(k, self.applied)
            if d.label in permit.names and not isinstance(d.field.domain, Number):
                yield from self._allowed(d, permit)

    def _allowed(self, d: GroundDecision, permit: Constraint) -> Iterator[int]:
        """Yield the values of `d` that a permission over `d` (and presence) allows."""
        for value in self.engine.domain(d):
            if permit.of(tuple(value if n == d.label else 1 for n in permit.names)):
                yield value

    def _outcome(
        self, values: tuple[int, ...], broken: frozenset[int], open_: frozenset[str]
    ) -> Outcome:
        rules = [self.engine.relation.rules[k].rule for k in broken]
        firm = frozenset(r.id for r in rules if r.modality.binds)
        advice = frozenset(r.id for r in rules if r.modality.advises)
        return Outcome(values, firm, advice, open_)
