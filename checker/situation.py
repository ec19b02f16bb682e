"""Situations of a node step as a solver sees them: inputs, readings, minimal witnesses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product
from typing import Any

import z3

from checker.circuits import Circuits
from checker.demands import Demand, demands
from checker.evaluate import Evaluator
from checker.models import Reader
from checker.oriented import Oriented
from checker.outcomes import StepEngine
from checker.solving import Journal, Model, Solver
from checker.usual import STATUSES_IN_UPDATE, UNUSED
from model.fields import Domain, Field, Number
from model.rule import On
from model.ruleset import Ruleset
from model.scope import Scope, World, reading_field
from model.step import GroundDecision, StepRelation, step_relation
from model.terms import constants
from model.vocabulary import o


@dataclass(frozen=True)
class Situations:
    """All inputs of one node step at a scope, with the solver's view of them."""

    ruleset: Ruleset
    on: On
    scope: Scope
    journal: Journal | None = field(default=None, compare=False, repr=False)
    circuits: Circuits = field(default_factory=Circuits, compare=False, repr=False)

    @cached_property
    def relation(self) -> StepRelation:
        """Return the step relation."""
        return step_relation(self.ruleset, self.on, World(self.scope))

    @cached_property
    def engine(self) -> StepEngine:
        """Return the outcomes of the step, for inputs in the order of the fields."""
        return StepEngine(self.relation, list(self.fields), UNUSED)

    @cached_property
    def fields(self) -> dict[str, tuple[Field, int]]:
        """Return each input by name as (field, index), in declared order, readings last."""
        used = set(self.relation.inputs)
        found = {f.label(i): (f, i) for f, i in self.relation.world.fields() if f.label(i) in used}
        for reading in self.ruleset.readings:
            if reading.id in used:
                found[reading.id] = (reading_field(reading.domain), 0)
        return found

    @cached_property
    def well_formed(self) -> list[Any]:
        """Return what holds of every situation: values in scope, canonical absent parts."""
        terms = []
        for name, (f, i) in self.fields.items():
            if isinstance(f.domain, Number):
                terms.append(z3.ULE(f.instance(i), self.scope.largest(f.domain)))
            if name.startswith("o.status["):
                terms.append(z3.Or([f.instance(i) == s for s in STATUSES_IN_UPDATE]))
            elif isinstance(f.domain, Domain):
                unused = UNUSED.get(f.domain.name, frozenset())
                terms += [f.instance(i) != f.domain.at(v) for v in sorted(unused)]
        return terms + self._canonical()

    def _canonical(self) -> list[Any]:
        """Give what is absent one form, and leave out what the step says is no situation."""
        world = self.relation.world
        terms = [] if self.composes_options else list(self._absent_options())
        for term in self.ruleset.step(self.on).well_formed:
            family = world.families(term)
            for index in world.indices("option") if family else (0,):
                ground = world.ground(term, index)
                if {c.decl().name() for c in constants(ground)} <= set(self.fields):
                    terms.append(ground)
        return terms

    @property
    def composes_options(self) -> bool:
        """Return whether the step decides which sub-options a message has."""
        return any(d.field.name == "o.present" for d in self.relation.decisions)

    def _absent_options(self) -> Iterator[Any]:
        """Sub-options stand in order; all that is said of an absent one is zero."""
        at = self.relation.world.at
        for i in self.relation.world.options:
            own = [n for n, (f, j) in self.fields.items() if f.family == "option" and j == i]
            if own and i > 1:
                yield z3.Implies(at(o.present, i), at(o.present, i - 1))
            for n in own:
                if not n.startswith("o.present"):
                    yield z3.Or(at(o.present, i), self.equals(n, 0))

    def equals(self, name: str, value: int) -> Any:
        """Return the term: the input has this value."""
        if (name, value) not in self._equal:
            f, i = self.fields[name]
            self._equal[name, value] = f.instance(i) == f.domain.at(value)
        return self._equal[name, value]

    @cached_property
    def _equal(self) -> dict[tuple[str, int], Any]:
        return {}

    def values(self, model: Model) -> list[int]:
        """Return the values of all inputs in a model, in order."""
        return self._reader(model)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(f.instance(i) for f, i in self.fields.values())

    def default(self, name: str) -> int:
        """Return the default value of an input."""
        return self.fields[name][0].default

    def blank_solver(self) -> Solver:
        """Return a fresh solver that knows nothing."""
        return Solver(self.circuits, self.journal)

    def solver(self) -> Solver:
        """Return a fresh solver that knows the well-formed situations."""
        solver = self.blank_solver()
        solver.add(*self.well_formed)
        return solver

    @cached_property
    def domains(self) -> dict[str, Any]:
        """Return for each decision, by label, the term: it has a value that is in use."""
        return {d.label: self._in_domain(d) for d in self.relation.decisions}

    def _in_domain(self, d: GroundDecision) -> Any:
        domain = d.field.domain
        if not isinstance(domain, Domain):
            return z3.BoolVal(True)
        return z3.Or([d.const == domain.at(v) for v in self.engine.domain(d)])

    @cached_property
    def demands(self) -> tuple[Demand, ...]:
        """Return the demands of all rules, case by case."""
        return tuple(demands(self))

    def prepare(self) -> None:
        """Build what most analyses of the step need."""
        _ = self.engine, self.demands, self.well_formed, self._predicate_values

    @cached_property
    def oriented(self) -> Oriented:
        """Return what gives terms the same form in every run."""
        return Oriented()

    @cached_property
    def readings(self) -> dict[str, Domain]:
        """Return the reading switches that matter here."""
        return {r.id: r.domain for r in self.ruleset.readings if r.id in self.fields}

    def departures(self, among: Sequence[str]) -> Iterator[dict[str, int]]:
        """Yield choices of readings, the defaults first, then by number of departures."""
        for size in range(len(among) + 1):
            for chosen in combinations(among, size):
                others = [range(1, self.readings[r].size()) for r in chosen]
                for values in product(*others):
                    yield {
                        **dict.fromkeys(self.readings, 0),
                        **dict(zip(chosen, values, strict=True)),
                    }

    def witness(self, solver: Solver, readings: dict[str, int]) -> dict[str, int] | None:
        """Return the situation nearest the defaults that satisfies `solver`, or None."""
        solver.push()
        try:
            solver.add(*(self.equals(n, v) for n, v in readings.items()))
            return self._nearest(solver) if solver.holds() else None
        finally:
            solver.pop()

    def _nearest(self, solver: Solver) -> dict[str, int]:
        """Return the situation nearest the defaults, field by field, in the order of the fields."""
        found = self._model(solver)
        for name, (f, _) in self.fields.items():
            usual = [f.default, *(v for v in self._scope_of(f) if v != f.default)]
            # A value that the last model has is possible without asking.
            for value in usual:
                if found[name] == value:
                    break
                if solver.holds(self.equals(name, value)):
                    found = self._model(solver)
                    break
            solver.add(self.equals(name, found[name]))
        return found

    def _model(self, solver: Solver) -> dict[str, int]:
        return dict(zip(self.fields, self.values(solver.model()), strict=True))

    def _scope_of(self, f: Field) -> range:
        return range(self.scope.largest(f.domain) + 1)

    @cached_property
    def predicates(self) -> dict[str, Any]:
        """Return the named predicates and outcomes at each index, as terms over inputs."""
        w = self.relation.world
        terms = {
            (f"{d.name}[{i}]" if d.family else d.name): w.at(d.const, i)
            for d in w.derived.values()
            for i in w.indices(d.family)
        }
        terms |= self.relation.outcomes
        known = set(self.fields)
        return {n: t for n, t in terms.items() if {c.decl().name() for c in constants(t)} <= known}

    @cached_property
    def _predicate_values(self) -> Evaluator:
        return Evaluator(self.predicates.values(), list(self.fields))

    def facts(self, witness: dict[str, int]) -> dict[str, bool]:
        """Return which named predicates hold of a situation."""
        values = self._predicate_values([witness[n] for n in self.fields])
        return {n: bool(v) for n, v in zip(self.predicates, values, strict=True)}

    def literal(self, name: str, witness: dict[str, int], facts: dict[str, bool]) -> Any:
        """Return the term: the input or predicate is as in the witness."""
        if name in facts:
            return self.predicates[name] if facts[name] else z3.Not(self.predicates[name])
        return self.equals(name, witness[name])


Views = Mapping[On, Situations]  # by node step


def views(ruleset: Ruleset, scope: Scope, journal: Journal | None = None) -> Views:
    """Return the situations of each node step; what is asked of them goes into the journal."""
    spoken = [s.on for s in ruleset.steps if ruleset.rules_on(s.on)]
    circuits = Circuits()  # steps share most of their terms
    return {on: Situations(ruleset, on, scope, journal, circuits) for on in spoken}


def generic(label: str) -> str:
    """Return the name of a field without its index."""
    return label.partition("[")[0]
