"""Whether rules leave a decision more than one value, and which of them settle it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import z3

from checker.situation import Situations
from model.rule import Modality
from model.step import GroundDecision, GroundRule
from model.terms import Substitution, names_in


class Settling:
    """Two solutions of what applies, in which one decision differs: is there such a pair?

    A decision that no rule speaks of and that is not required has its default.
    """

    def __init__(
        self,
        situations: Situations,
        d: GroundDecision,
    ) -> None:
        self.situations, self.relation, self.d = situations, situations.relation, d
        self._linked = self._connected()
        self._solver = situations.blank_solver()
        self._decisions = [e for e in self.relation.decisions if e.label in self._linked]
        self._other = Substitution(
            (e.const, z3.Const(f"other {e.label}", e.field.domain.sort)) for e in self._decisions
        )
        self._solver.add(self._other.of(d.const) != d.const)
        for term in (d.required, *(situations.domains[e.label] for e in self._decisions)):
            self._solver.add(self._both(term))
        self._reasons: dict[str, Any] = {}  # what each literal stands for, over inputs
        self._rules = dict(self._rule_literals())
        self._defaults = dict(self._default_literals())

    def open(
        self, applied: Iterable[int], values: list[int], given_up: frozenset[str] = frozenset()
    ) -> bool:
        """Return whether the decision is left open where these rules apply.

        Rules given up (by id) are left aside.
        """
        kept = (k for k in applied if self.relation.rules[k].rule.id not in given_up)
        return self._solver.holds(*self._assumed(kept, values))

    def reason(self) -> Any:
        """Return the term over inputs: the decision is settled as it was when last asked."""
        return z3.And([self._reasons[n] for n in sorted(self._solver.core_names())])

    def _assumed(self, applied: Iterable[int], values: list[int]) -> Iterator[Any]:
        chosen = [k for k in applied if k in self._rules]
        yield from (self._rules[k] for k in chosen)
        rules = [self.relation.rules[k] for k in chosen]
        for label, literal in self._defaults.items():
            if not any(_decides(g, label) for g in rules):
                yield literal
        position = {n: k for k, n in enumerate(self.situations.fields)}
        for name in self._inputs:
            yield self._input(name, values[position[name]])

    def _rule_literals(self) -> Iterator[tuple[int, Any]]:
        for k, g in enumerate(self.relation.rules):
            if g.names & self._linked and g.rule.modality is not Modality.MAY:
                yield k, self._literal(f"obeyed {k}", g.constraint, g.applies)

    def _default_literals(self) -> Iterator[tuple[str, Any]]:
        for e in self._decisions:
            if e.label != self.d.label:
                usual = z3.Or(e.required, e.const == e.default)
                deciding = [g.applies for g in self.relation.rules if _decides(g, e.label)]
                yield e.label, self._literal(f"usual {e.label}", usual, z3.Not(z3.Or(deciding)))

    def _literal(self, name: str, term: Any, reason: Any) -> Any:
        self._reasons[name] = reason
        self._solver.add(z3.Implies(z3.Bool(name), self._both(term)))
        return z3.Bool(name)

    @cached_property
    def _inputs(self) -> list[str]:
        """Return the inputs that demands, requirements and defaults mention."""
        terms = [self.d.required, *(t for e in self._decisions for t in (e.required, e.default))]
        terms += [self.relation.rules[k].constraint for k in self._rules]
        mentioned = frozenset().union(*map(names_in, terms))
        return [n for n in self.situations.fields if n in mentioned]

    def _input(self, name: str, value: int) -> Any:
        label = f"input {name} {value}"
        if label not in self._reasons:
            equal = self.situations.equals(name, value)
            return self._literal(label, equal, equal)
        return z3.Bool(label)

    def _both(self, term: Any) -> Any:
        return z3.And(term, self._other.of(term))

    def _connected(self) -> frozenset[str]:
        """Return the decisions that rules connect with it, and those its being required needs."""
        own = frozenset(e.label for e in self.relation.decisions)
        linked = {self.d.label} | (names_in(self.d.required) & own)
        terms = [g.names & own for g in self.relation.rules]
        while any(t & linked and not t <= linked for t in terms):
            linked |= frozenset().union(*(t for t in terms if t & linked))
        return frozenset(linked)


def _decides(g: GroundRule, label: str) -> bool:
    """Return whether a rule speaks of a decision, or is coupled with it."""
    if g.when is not None:
        return label in g.names
    return g.speaks and label in g.decisions
