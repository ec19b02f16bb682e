"""A scope: how many of everything; and the world of ground fields that it spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from model.errors import RuleError
from model.fields import Derived, Domain, Field, Number
from model.terms import Substitution, constants, name_of, quantifiers
from model.vocabulary import (
    ANY,
    DERIVED,
    FIELDS,
    FIRST_CARE_OF,
    OUTCOMES,
    Address,
    Bid,
    o,
)


@dataclass(frozen=True)
class Scope:
    """Bounds: BIDs, care-of addresses, sub-options in a message, bits of a sequence number.

    `updates` bounds the Binding Updates that are sent, `faults` the messages that the network
    loses or repeats.
    """

    bids: int = 2
    care_of: int = 2
    options: int = 2
    sequence_bits: int = 3
    updates: int = 3
    faults: int = 1

    def largest(self, domain: Any) -> int:
        """Return the largest value that a field of `domain` takes in this scope."""
        if domain is Bid:
            return self.bids
        if domain is Address:
            return FIRST_CARE_OF + self.care_of - 1
        if isinstance(domain, Number):
            return (1 << self.sequence_bits) - 1
        return int(domain.size()) - 1


FAMILY_SIZES = {"option": "options", "bid": "bids", "interface": "care_of"}


class World:
    """The ground fields of a scope, and the grounding of generic terms."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.options = range(1, scope.options + 1)
        self.bids = range(1, scope.bids + 1)
        self._definitions: dict[tuple[str, int], z3.ExprRef] = {}
        self._instances: dict[tuple[str, int], z3.ExprRef] = {}

    @cached_property
    def derived(self) -> Mapping[str, Derived]:
        """Return every named predicate."""
        return DERIVED

    def indices(self, family: str) -> range:
        """Return the indices of a family: (0,) for none, from 0 for slots, from 1 otherwise."""
        if not family:
            return range(1)
        if family == "slot":
            return range(self.scope.options + 1)
        return range(1, getattr(self.scope, FAMILY_SIZES[family]) + 1)

    def family(self, const: z3.ExprRef) -> str:
        """Return the family of a generic constant; RuleError when it is not declared."""
        name = name_of(const)
        if name in FIELDS:
            return FIELDS[name].family
        if name in self.derived:
            return self.derived[name].family
        if name in OUTCOMES:
            return "slot" if name == "refused" else ""
        if name.startswith("READ-"):
            return ""
        raise RuleError(f"no field is called {name!r}", remedy="declare it in the vocabulary")

    def at(self, const: z3.ExprRef, index: int) -> Any:
        """Return the ground term of a generic constant at an index."""
        name = name_of(const)
        if name in self.derived:
            return self._definition(self.derived[name], index)
        if name in FIELDS:
            return self._instance(name, index)
        family = self.family(const)
        return z3.Bool(f"{name}[{index}]") if family else const

    def _instance(self, name: str, index: int) -> z3.ExprRef:
        if (name, index) not in self._instances:
            self._instances[name, index] = FIELDS[name].instance(index)
        return self._instances[name, index]

    def _definition(self, d: Derived, index: int) -> z3.ExprRef:
        key = (d.name, index if d.family else 0)
        if key not in self._definitions:
            self._definitions[key] = d.define(self, key[1])
        return self._definitions[key]

    def ground(self, term: z3.ExprRef, index: int) -> Any:
        """Return `term` with generic constants replaced by those at `index`."""
        holes = [(q, z3.FreshConst(z3.BoolSort(), "hole")) for q in quantifiers(term)]
        flat = Substitution(holes).of(term)
        pairs = [
            (c, self.at(c, index)) for c in constants(flat) if not name_of(c).startswith("hole")
        ]
        filled = [(hole, self._quantified(q)) for q, hole in holes]
        return Substitution(filled).of(Substitution(pairs).of(flat))

    def _quantified(self, q: z3.ExprRef) -> z3.BoolRef:
        body = q.arg(0)
        if q.decl().name() == ANY.name():
            parts = [z3.And(self.at(o.present, j), self.ground(body, j)) for j in self.options]
            return z3.Or(parts)
        every = [z3.Implies(self.at(o.present, j), self.ground(body, j)) for j in self.options]
        return z3.And(every)

    def families(self, *terms: z3.ExprRef | None) -> set[str]:
        """Return the families of the constants outside quantifiers in `terms`."""
        return {
            self.family(c)
            for t in terms
            if t is not None
            for c in constants(t, into_quantifiers=False)
        } - {""}

    def fields(self) -> Iterator[tuple[Field, int]]:
        """Yield every ground field as (field, index), in declared order."""
        for f in FIELDS.values():
            for i in self.indices(f.family):
                yield f, i

    def within(self, f: Field, index: int) -> z3.BoolRef:
        """Return the term: the field holds a value of the scope."""
        if isinstance(f.domain, Number):
            return z3.ULE(f.instance(index), self.scope.largest(f.domain))
        return z3.BoolVal(True)


def reading_field(domain: Domain) -> Field:
    """Return the field of a reading switch."""
    const = z3.Const(domain.name, domain.sort)
    return Field(domain.name, domain, "", f"how {domain.name} is read", 0, const)
