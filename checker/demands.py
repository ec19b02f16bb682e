"""What the rules demand, case by case: demands that say the same form a class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import z3

from checker.usual import STATUSES_IN_UPDATE, UNUSED
from model.rule import Modality
from model.step import GroundRule, StepRelation
from model.terms import constants, names_in

if TYPE_CHECKING:
    from checker.situation import Situations


@dataclass(frozen=True, eq=False)
class Demand:
    """One case of a ground rule: where it applies, and what it then demands."""

    ground: GroundRule
    applies: Any
    when: Any
    then: Any
    split_on: frozenset[str] = frozenset()  # readings that its demand itself depends on

    @cached_property
    def total(self) -> Any:
        """Return its demand together with the condition on the decisions."""
        return z3.And(self.when, self.then)

    @cached_property
    def obeyed(self) -> Any:
        """Return the term: it is obeyed."""
        return z3.Implies(self.when, self.then)


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

    @property
    def total(self) -> Any:
        """Return what they say, together with the condition on the decisions."""
        return self.sample.total

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the names of the decisions that they mention."""
        return names_in(self.total)

    @property
    def obeyed(self) -> Any:
        """Return the term: what they say is obeyed."""
        return self.sample.obeyed

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
        turned = situations.oriented.of
        for case, then, condition in _cases(turned(g.demand), turned(when), own, situations):
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
            chosen = _simple(z3.substitute(demand, (condition, z3.BoolVal(value))), situations)
            case = condition if value else z3.Not(condition)
            for inner, then, rest in _cases(chosen, when, own, situations):
                yield z3.And(case, inner), then, rest
    elif inputs:
        first = inputs[0]
        for value in _values(first, situations):
            then, rest = (
                _simple(z3.substitute(t, (first, value)), situations) for t in (demand, when)
            )
            for inner, t, r in _cases(then, rest, own, situations):
                yield z3.And(first == value, inner), t, r
    else:
        yield z3.BoolVal(True), _simple(demand, situations), _simple(when, situations)


def _simple(term: Any, situations: Situations) -> Any:
    return situations.oriented.of(z3.simplify(term))


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


def classes(found: Iterable[Demand]) -> list[DemandClass]:
    """Group demands that say the same."""
    groups: dict[str, list[Demand]] = {}
    for d in found:
        groups.setdefault(d.total.sexpr(), []).append(d)
    return [DemandClass(tuple(members)) for members in groups.values()]


UNCONDITIONAL = frozenset({"discarded", "no_options"})


def structural(g: GroundRule, relation: StepRelation) -> bool:
    """Return whether a ground rule is a definition that links decisions, whatever the input."""
    if g.rule.modality is not Modality.DEFINITION or g.when is None:
        return False
    own = {d.label for d in relation.decisions}
    return g.names <= own and names_in(g.rule.given) <= UNCONDITIONAL
