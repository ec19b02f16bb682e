"""Which demands cannot be met together: minimal sets, found on the decisions alone.

A demand is one conjunct of a rule at one index; demands that say the same form a class.
Sets of up to three classes are tried; models found on the way tell at once that most sets
agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from checker.evaluate import Evaluator, constructor_index
from checker.outcomes import StepEngine
from checker.situation import STATUSES_IN_UPDATE, UNUSED, Situations
from model.fields import Domain
from model.rule import Modality
from model.step import GroundRule, StepRelation
from model.terms import constants, names_in

LARGEST_SET = 3


@dataclass(frozen=True)
class Demand:
    """One case of a ground rule: where it applies, and what it then demands."""

    ground: GroundRule
    applies: Any
    when: Any
    then: Any
    split_on: frozenset[str] = frozenset()  # readings that its demand itself depends on

    @property
    def total(self) -> Any:
        """Return its demand together with the condition on the decisions."""
        return z3.And(self.when, self.then)


@dataclass(frozen=True, eq=False)
class DemandClass:
    """Demands that say the same of the decisions."""

    members: tuple[Demand, ...]

    @property
    def sample(self) -> Demand:
        """Return one of them."""
        return self.members[0]

    @property
    def definition(self) -> bool:
        """Return whether only definitions say it."""
        return all(m.ground.rule.modality is Modality.DEFINITION for m in self.members)

    @cached_property
    def applies(self) -> Any:
        """Return the term: one of them applies."""
        return z3.simplify(z3.Or([m.applies for m in self.members]))


def demands(situations: Situations) -> Iterator[Demand]:
    """Yield the demands of all rules, case by case over the inputs they mention."""
    relation = situations.relation
    own = {d.label for d in relation.decisions}
    for g in relation.rules:
        if structural(g, relation):
            continue
        when = z3.BoolVal(True) if g.when is None else g.when
        for case, then, condition in _cases(g.demand, when, own, situations):
            applies = z3.simplify(z3.And(g.applies, case))
            if not z3.is_false(applies):
                mentioned = names_in(g.demand) | names_in(when)
                readings = frozenset(n for n in mentioned if n.startswith("READ-"))
                yield Demand(g, applies, condition, then, readings)


def _cases(
    demand: Any, when: Any, own: set[str], situations: Situations
) -> Iterator[tuple[Any, Any, Any]]:
    """Split a demand over the values of the inputs that it mentions."""
    inputs = [c for c in constants(z3.And(demand, when)) if c.decl().name() not in own]
    condition = next(_conditions(demand, own), None)
    if condition is not None:
        for value in (True, False):
            chosen = z3.simplify(z3.substitute(demand, (condition, z3.BoolVal(value))))
            case = condition if value else z3.Not(condition)
            for inner, then, rest in _cases(chosen, when, own, situations):
                yield z3.And(case, inner), then, rest
    elif inputs:
        first = inputs[0]
        for value in _values(first, situations):
            then, rest = (z3.simplify(z3.substitute(t, (first, value))) for t in (demand, when))
            for inner, t, r in _cases(then, rest, own, situations):
                yield z3.And(first == value, inner), t, r
    else:
        yield z3.BoolVal(True), z3.simplify(demand), z3.simplify(when)


def _conditions(term: Any, own: set[str]) -> Iterator[Any]:
    """Yield the conditions of if-then-else that are about inputs alone."""
    if z3.is_app(term) and term.decl().kind() == z3.Z3_OP_ITE:
        condition = term.arg(0)
        if not {c.decl().name() for c in constants(condition)} & own:
            yield condition
    for child in term.children():
        yield from _conditions(child, own)


def _values(const: Any, situations: Situations) -> Iterator[Any]:
    f, _ = situations.fields[const.decl().name()]
    if f.name == "o.status":
        yield from STATUSES_IN_UPDATE
    else:
        unused = UNUSED.get(f.domain.name, frozenset())
        largest = situations.scope.largest(f.domain)
        yield from (f.domain.at(v) for v in range(largest + 1) if v not in unused)


def classes(found: Iterator[Demand]) -> list[DemandClass]:
    """Group demands that say the same."""
    groups: dict[str, list[Demand]] = {}
    for d in found:
        groups.setdefault(d.total.sexpr(), []).append(d)
    return [DemandClass(tuple(members)) for members in groups.values()]


class ConflictSearch:
    """Finds the minimal sets of classes that may apply together and cannot agree."""

    def __init__(self, situations: Situations, engine: StepEngine) -> None:
        self.situations = situations
        relation = situations.relation
        self.classes = classes(demands(situations))
        self.together = Togetherness(situations, [c.applies for c in self.classes])
        self.solver = z3.Solver()
        for d in relation.decisions:
            if isinstance(d.field.domain, Domain):
                values = [d.field.domain.at(v) for v in engine.domain(d)]
                self.solver.add(z3.Or([d.const == v for v in values]))
        self.solver.add([g.constraint for g in relation.rules if structural(g, relation)])
        self._literals = [z3.Bool(f"class {k}") for k in range(len(self.classes))]
        for literal, c in zip(self._literals, self.classes, strict=True):
            self.solver.add(z3.Implies(literal, c.sample.total))
        self._models: list[frozenset[int]] = []

    def sets(self) -> Iterator[tuple[DemandClass, ...]]:
        """Yield each minimal conflicting set of classes, small ones first."""
        found: list[frozenset[int]] = []
        for size in range(1, LARGEST_SET + 2):
            for chosen in self._cliques(size):
                group = frozenset(chosen)
                if any(f <= group for f in found) or any(group <= m for m in self._models):
                    continue
                if self._conflict(chosen):
                    found.append(group)
                    yield tuple(self.classes[k] for k in chosen)

    def _cliques(self, size: int) -> Iterator[tuple[int, ...]]:
        """Yield connected sets of classes that pairwise may apply together."""
        related = self._related
        level: set[tuple[int, ...]] = {(k,) for k in range(len(self.classes))}
        for _ in range(size - 1):
            grown = set()
            for chosen in level:
                for k in set().union(*(related[j] for j in chosen)) - set(chosen):
                    if all(self.together.pair(j, k) for j in chosen):
                        grown.add(tuple(sorted((*chosen, k))))
            level = grown
        yield from sorted(c for c in level if self._counts(c))

    def _counts(self, chosen: tuple[int, ...]) -> bool:
        """At most three rules, definitions not counted, and at least one that is none."""
        rules = [k for k in chosen if not self.classes[k].definition]
        return 0 < len(rules) <= LARGEST_SET and len(chosen) - len(rules) <= 1

    def _conflict(self, chosen: tuple[int, ...]) -> bool:
        if self.solver.check(*(self._literals[k] for k in chosen)) == z3.unsat:
            return True
        model = self.solver.model()
        holds = (
            k
            for k, c in enumerate(self.classes)
            if z3.is_true(model.eval(c.sample.total, model_completion=True))
        )
        self._models.append(frozenset(holds))
        return False

    @cached_property
    def _related(self) -> list[set[int]]:
        """Return for each class those it shares a decision with, definitions included."""
        relation = self.situations.relation
        linked = [names_in(c.sample.total) for c in self.classes]
        bridges = [names_in(g.constraint) for g in relation.rules if structural(g, relation)]
        reach = [names.union(*[b for b in bridges if b & names]) for names in linked]
        return [
            {j for j, other in enumerate(linked) if j != k and reach[k] & other}
            for k in range(len(linked))
        ]


class Togetherness:
    """Which terms over inputs can hold together: by examples first, by the solver otherwise."""

    def __init__(self, situations: Situations, terms: list[Any]) -> None:
        self.terms = terms
        self.solver = situations.solver()
        self._literals = [z3.Bool(f"term {k}") for k in range(len(terms))]
        for literal, term in zip(self._literals, terms, strict=True):
            self.solver.add(z3.Implies(literal, term))
        self._evaluator = Evaluator(terms, list(situations.fields))
        self._fields = situations.fields
        self._pairs: dict[tuple[int, int], bool] = {}
        self._learn(situations)

    def pair(self, j: int, k: int) -> bool:
        """Return whether two of the terms can hold together."""
        key = (min(j, k), max(j, k))
        if key not in self._pairs:
            self._pairs[key] = self.any([j, k])
        return self._pairs[key]

    def any(self, chosen: Iterable[int]) -> bool:
        """Return whether all the chosen terms can hold together."""
        if self.solver.check(*(self._literals[k] for k in chosen)) != z3.sat:
            return False
        model = self.solver.model()
        self._note([_number(model.eval(f.instance(i), True)) for f, i in self._fields.values()])
        return True

    def _learn(self, situations: Situations) -> None:
        """Let each term hold once, so that most pairs are known from examples."""
        for k in range(len(self.terms)):
            self.any([k])

    def _note(self, values: list[int]) -> None:
        holding = [k for k, bit in enumerate(self._evaluator(values)) if bit]
        for n, j in enumerate(holding):
            for k in holding[n:]:
                self._pairs[j, k] = True


def _number(value: Any) -> int:
    if z3.is_bv_value(value):
        return int(value.as_long())
    return int(z3.is_true(value)) if z3.is_bool(value) else constructor_index(value.decl())


UNCONDITIONAL = frozenset({"discarded", "no_options"})


def structural(g: GroundRule, relation: StepRelation) -> bool:
    """Return whether a ground rule is a definition that links decisions, whatever the input."""
    if g.rule.modality is not Modality.DEFINITION or g.when is None:
        return False
    own = {d.label for d in relation.decisions}
    return names_in(g.constraint) <= own and names_in(g.rule.given) <= UNCONDITIONAL
