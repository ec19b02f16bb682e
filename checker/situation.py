"""Situations of a node step as a solver sees them: inputs, readings, minimal witnesses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product
from typing import Any

import z3

from checker.evaluate import Evaluator, constructor_index
from checker.outcomes import StepEngine
from checker.solving import Journal, Solver
from model.fields import Domain, Field, Number
from model.rule import On
from model.ruleset import Ruleset
from model.scope import Scope, World, reading_field
from model.step import StepRelation, step_relation
from model.terms import constants
from model.vocabulary import Status, o

# In an analysis one status stands for all that mean nothing special in an update.
STATUSES_IN_UPDATE = (Status.accepted, Status.unspecified)
UNUSED = {"Status": frozenset({1, Status.size() - 1})}


@dataclass(frozen=True)
class Situations:
    """All inputs of one node step at a scope, with the solver's view of them."""

    ruleset: Ruleset
    on: On
    scope: Scope
    journal: Journal | None = field(default=None, compare=False, repr=False)

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
        f, i = self.fields[name]
        return f.instance(i) == f.domain.at(value)

    def values(self, model: Any) -> list[int]:
        """Return the values of all inputs in a model, in order."""
        return [number(model.eval(f.instance(i), True)) for f, i in self.fields.values()]

    def default(self, name: str) -> int:
        """Return the default value of an input."""
        return self.fields[name][0].default

    def blank_solver(self) -> Solver:
        """Return a fresh solver that knows nothing."""
        return Solver(self.journal)

    def solver(self) -> Solver:
        """Return a fresh solver that knows the well-formed situations."""
        solver = self.blank_solver()
        solver.add(*self.well_formed)
        return solver

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

    def witness(self, solver: z3.Solver, readings: dict[str, int]) -> dict[str, int] | None:
        """Return the situation nearest the defaults that satisfies `solver`, or None."""
        fixed = [self.equals(n, v) for n, v in readings.items()]
        if solver.check(*fixed) != z3.sat:
            return None
        model = solver.model()
        values = dict(readings)
        for name in self.fields:
            if name in values:
                continue
            wanted = self.equals(name, self.default(name))
            if z3.is_true(model.eval(wanted, model_completion=True)):
                value = self.default(name)
            elif solver.check(*fixed, wanted) == z3.sat:
                model, value = solver.model(), self.default(name)
            else:
                value, model = self._smallest(solver, fixed, name)
            values[name] = value
            fixed.append(self.equals(name, value))
        return {n: values[n] for n in self.fields}

    def _smallest(self, solver: z3.Solver, fixed: list[Any], name: str) -> tuple[int, z3.ModelRef]:
        f, _ = self.fields[name]
        for value in range(self.scope.largest(f.domain) + 1):
            if solver.check(*fixed, self.equals(name, value)) == z3.sat:
                return value, solver.model()
        raise AssertionError(f"{name} has no value, though the situation is satisfiable")

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

    def core(self, condition: Any, witness: dict[str, int]) -> tuple[str, ...]:
        """Return a minimal set of inputs and predicates that alone make `condition` true."""
        return Generaliser(self, condition).core(witness, self.facts(witness))


class Generaliser:
    """Finds what of a situation matters for a condition: few inputs and predicates, in words.

    Raw numbers are given up first, then predicates, flags and enumerations last, so that what
    is left is in the words of the rules.
    """

    def __init__(
        self, situations: Situations, condition: Any, more: Mapping[str, Any] | None = None
    ) -> None:
        self.situations, self.more = situations, dict(more or {})
        self._solver = situations.solver()
        self._solver.add(z3.Not(condition))
        self._literals: dict[tuple[str, int], Any] = {}

    def core(self, witness: Mapping[str, int], facts: Mapping[str, bool]) -> tuple[str, ...]:
        """Return names whose values in the witness alone make the condition true."""
        values = {**witness, **{n: int(v) for n, v in facts.items()}}
        order = self._order(facts, values)
        kept = self._sufficient(order, values)
        for name in list(kept):
            rest = [n for n in kept if n != name]
            if name in kept and self._enough(rest, values):
                kept = self._used(rest, values)
        return tuple(n for n in reversed(order) if n in kept)

    def _sufficient(self, order: list[str], values: Mapping[str, int]) -> list[str]:
        """Return names that suffice, without raw numbers where it can be."""
        fields = self.situations.fields
        worded = [
            n for n in order if n not in fields or not isinstance(fields[n][0].domain, Number)
        ]
        if self._enough(worded, values):
            return self._used(worded, values)
        if not self._enough(order, values):
            raise AssertionError("the witness does not satisfy its own condition")
        return self._used(order, values)

    def _order(self, facts: Mapping[str, bool], values: Mapping[str, int]) -> list[str]:
        fields = self.situations.fields
        numbers = [n for n, (f, _) in fields.items() if isinstance(f.domain, Number)]
        flags = [n for n in reversed(list(fields)) if n not in numbers]
        named = [n for n in reversed(list(facts)) if n not in self.more]
        rules = [n for n in reversed(list(facts)) if n in self.more and values[n]]
        return [*reversed(numbers), *named, *flags, *rules]

    def _enough(self, names: Iterable[str], values: Mapping[str, int]) -> bool:
        return not self._solver.holds(*(self._literal(n, values[n]) for n in names))

    def _used(self, names: Iterable[str], values: Mapping[str, int]) -> list[str]:
        core = self._solver.core_names()
        return [n for n in names if self._literal(n, values[n]).decl().name() in core]

    def _literal(self, name: str, value: int) -> Any:
        key = (name, value)
        if key not in self._literals:
            literal = z3.Bool(f"core {name} {value}")
            self._solver.add(z3.Implies(literal, self.term(name, value)))
            self._literals[key] = literal
        return self._literals[key]

    def term(self, name: str, value: int) -> Any:
        """Return the term: an input or predicate has this value."""
        if name in self.situations.fields:
            return self.situations.equals(name, value)
        term = self.more[name] if name in self.more else self.situations.predicates[name]
        return term if value else z3.Not(term)


def number(value: Any) -> int:
    """Return the value of a model as a number: flags as 0 and 1, enumerations by index."""
    if z3.is_bv_value(value):
        return int(value.as_long())
    return int(z3.is_true(value)) if z3.is_bool(value) else constructor_index(value.decl())


def generic(label: str) -> str:
    """Return the name of a field without its index."""
    return label.partition("[")[0]
