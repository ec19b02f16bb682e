"""Fields: named, finite-domain Z3 constants, the atoms of every term in monami.

A field is declared once, generically.  A field of a *family* stands for one field per
index: ``option`` (the BID sub-options of a message, from 1), ``slot`` (what a decision is
about: 0 the update as a whole when it has no BID sub-option, otherwise its option i) or
``bid`` (the entries of a cache, from 1).  Grounding replaces the generic constant by those
of a scope; see `model.ground`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import z3

from model.errors import RuleError

Value = int | bool


class Domain:
    """An enumerated sort; its values are attributes holding Z3 constants."""

    def __init__(self, name: str, *values: str) -> None:
        self.name = name
        self.values = values
        # Enumeration constants share one name space in SMT-LIB text: prefix them.
        self.sort, self._constants = z3.EnumSort(name, [f"{name}.{v}" for v in values])

    def __getattr__(self, value: str) -> z3.ExprRef:
        if value.startswith("_"):
            raise AttributeError(value)
        return self[value]

    def __getitem__(self, value: str) -> z3.ExprRef:
        """Return the constant of `value`; RuleError when the domain has no such value."""
        if value not in self.values:
            known = ", ".join(self.values)
            raise RuleError(f"{self.name} has no value {value!r}", remedy=f"use one of {known}")
        return self._constants[self.values.index(value)]

    def at(self, index: int) -> z3.ExprRef:
        """Return the constant of the value with this index."""
        return self._constants[index]

    def size(self) -> int:
        """Return how many values there are."""
        return len(self.values)

    def show(self, value: Value) -> str:
        """Return the display form of a concrete value."""
        return self.values[int(value)].replace("_", " ")


class Flag:
    """The domain of yes and no."""

    name = "flag"
    sort = z3.BoolSort()

    def at(self, index: int) -> z3.BoolRef:
        """Return the constant of 0 (no) or 1 (yes)."""
        return z3.BoolVal(bool(index))

    def size(self) -> int:
        """Return 2."""
        return 2

    def show(self, value: Value) -> str:
        """Return yes or no."""
        return "yes" if value else "no"


class Number:
    """A bit vector whose upper bound depends on the scope (sequence numbers, BIDs, addresses)."""

    def __init__(self, name: str, bits: int, show: Callable[[int], str] = str) -> None:
        self.name, self.bits, self._show = name, bits, show
        self.sort = z3.BitVecSort(bits)

    def at(self, index: int) -> z3.BitVecRef:
        """Return the constant of a number."""
        return z3.BitVecVal(index, self.bits)

    def show(self, value: Value) -> str:
        """Return the display form of a concrete value."""
        return self._show(int(value))


AnyDomain = Domain | Flag | Number


@dataclass(frozen=True)
class Field:
    """One declared field: its generic constant, domain, family, sentence and default value."""

    name: str
    domain: AnyDomain
    family: str
    sentence: str
    default: int
    const: Any = field(compare=False)

    def instance(self, index: int) -> z3.ExprRef:
        """Return the constant of this field at `index` (the field itself when of no family)."""
        return z3.Const(self.label(index), self.domain.sort)

    def label(self, index: int) -> str:
        """Return the name of the constant at `index`."""
        return f"{self.name}[{index}]" if self.family else self.name


@dataclass(frozen=True)
class Derived:
    """A named predicate: a generic constant whose definition is known once the scope is."""

    name: str
    family: str
    sentence: str
    negated: str
    const: Any = field(compare=False)
    define: Callable[..., z3.BoolRef] = field(compare=False)


class FieldTable:
    """Collects declarations while a vocabulary module is read; frozen afterwards."""

    def __init__(self) -> None:
        self.fields: dict[str, Field] = {}
        self.derived: dict[str, Derived] = {}

    def declare(
        self, name: str, domain: AnyDomain, sentence: str, family: str = "", default: int = 0
    ) -> Any:
        """Declare a field and return its generic constant."""
        self._fresh(name)
        const = z3.Const(name, domain.sort)
        self.fields[name] = Field(name, domain, family, sentence, default, const)
        return const

    def define(
        self,
        name: str,
        sentence: str,
        define: Callable[..., z3.BoolRef],
        family: str = "",
        negated: str = "",
    ) -> Any:
        """Declare a named predicate and return its generic constant."""
        self._fresh(name)
        const = z3.Bool(name)
        self.derived[name] = Derived(
            name, family, sentence, negated or f"not: {sentence}", const, define
        )
        return const

    def _fresh(self, name: str) -> None:
        if name in self.fields or name in self.derived:
            raise RuleError(f"the field {name!r} is declared twice", remedy="rename one of them")
