"""Terms as typed expressions with few operators, in which names have their meaning.

Equal expressions are one object; what follows from constants is worked out, so that a text shows
no case that cannot be.  Enumeration constants stay what they are, unlike in `space.program`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import z3

from checker.evaluate import constructor_index, constructors, recognised
from model.errors import RuleError
from model.handles import arguments, identity, name, operator


@dataclass(frozen=True)
class Sort:
    """What values an expression has: a flag, a number of `bits` bits, or one of `values`."""

    name: str
    bits: int = 1
    values: tuple[str, ...] = ()

    @property
    def is_flag(self) -> bool:
        """Return whether the values are yes and no."""
        return self.name == "flag"


FLAG = Sort("flag")


def number(bits: int) -> Sort:
    """Return the sort of the numbers of so many bits, of one at least."""
    return Sort("number", max(bits, 1))


def sort_of(sort: Any) -> Sort:
    """Return the sort of a Z3 sort."""
    if isinstance(sort, z3.BoolSortRef):
        return FLAG
    if isinstance(sort, z3.BitVecSortRef):
        return number(sort.size())
    values = tuple(constructors(sort))
    return Sort(sort.name(), (len(values) - 1).bit_length(), values)


@dataclass(frozen=True, eq=False)
class Expr:
    """An operator applied to expressions; `data` is a value, a (role, label), or places of bits.

    The operators: const name and or not eq ult ule ite add sub mul bitand bitor extract concat
    atleast.
    """

    op: str
    args: tuple[Expr, ...]
    data: Any
    sort: Sort

    @property
    def value(self) -> int | None:
        """Return the value of a constant, or None."""
        return int(self.data) if self.op == "const" else None


class Expressions:
    """Makes expressions; equal ones are one object."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[int, ...], Any, Sort], Expr] = {}

    def _put(self, op: str, args: Sequence[Expr], data: Any, sort: Sort) -> Expr:
        key = (op, tuple(map(id, args)), data, sort)
        if key not in self._known:
            self._known[key] = Expr(op, tuple(args), data, sort)
        return self._known[key]

    def const(self, value: int, sort: Sort) -> Expr:
        """Return a constant: a number, an index of an enumeration, 0 or 1."""
        return self._put("const", (), value, sort)

    def name(self, role: str, label: str, sort: Sort) -> Expr:
        """Return a name in a role, such as that of a state variable or a decision."""
        return self._put("name", (), (role, label), sort)

    def flag(self, value: bool) -> Expr:
        """Return yes or no."""
        return self.const(int(value), FLAG)

    def all(self, args: Sequence[Expr]) -> Expr:
        """Return whether all flags are set."""
        return self._joined("and", 1, args)

    def any(self, args: Sequence[Expr]) -> Expr:
        """Return whether some flag is set."""
        return self._joined("or", 0, args)

    def _joined(self, op: str, neutral: int, args: Sequence[Expr]) -> Expr:
        flat = [b for a in args for b in (a.args if a.op == op else (a,))]
        kept = [a for a in dict.fromkeys(flat) if a.value != neutral]
        if any(a.value == 1 - neutral for a in kept) or any(self.flip(a) in kept for a in kept):
            return self.flag(not neutral)
        if len(kept) < 2:
            return kept[0] if kept else self.flag(bool(neutral))
        return self._put(op, kept, None, FLAG)

    def flip(self, a: Expr) -> Expr:
        """Return the negation of a flag."""
        if a.value is not None:
            return self.flag(not a.value)
        return a.args[0] if a.op == "not" else self._put("not", (a,), None, FLAG)

    def eq(self, a: Expr, b: Expr) -> Expr:
        """Return whether two values of a sort are equal."""
        if a is b:
            return self.flag(True)
        if a.value is not None:
            a, b = b, a
        if a.value is not None and b.value is not None:
            return self.flag(a.value == b.value)
        if a.sort.is_flag and b.value is not None:
            return a if b.value else self.flip(a)
        if a.op == "ite" and b.value is not None and any(x.value is not None for x in a.args[1:]):
            return self.ite(a.args[0], self.eq(a.args[1], b), self.eq(a.args[2], b))
        return self._put("eq", (a, b), None, FLAG)

    def less(self, a: Expr, b: Expr, equal: bool = False) -> Expr:
        """Return whether a number is less than another, or `equal` to it."""
        if a.value is not None and b.value is not None:
            return self.flag(a.value <= b.value if equal else a.value < b.value)
        return self._put("ule" if equal else "ult", (a, b), None, FLAG)

    def ite(self, flag: Expr, yes: Expr, no: Expr) -> Expr:
        """Return one value or the other."""
        if flag.value is not None or yes is no:
            return yes if flag.value or yes is no else no
        if flag.op == "not":
            return self.ite(flag.args[0], no, yes)
        if yes.sort.is_flag and (yes.value is not None or no.value is not None):
            return self._chosen(flag, yes, no)
        return self._put("ite", (flag, yes, no), None, yes.sort)

    def _chosen(self, flag: Expr, yes: Expr, no: Expr) -> Expr:
        """Return a choice between flags, one of them known."""
        if yes.value is not None:
            return self.any([flag, no]) if yes.value else self.all([self.flip(flag), no])
        return self.any([self.flip(flag), yes]) if no.value else self.all([flag, yes])

    def arithmetic(self, op: str, a: Expr, b: Expr) -> Expr:
        """Return add, sub, mul, bitand or bitor of two numbers, modulo 2^bits."""
        if a.value is not None and b.value is not None:
            mask = (1 << a.sort.bits) - 1
            return self.const(_ARITHMETIC[op](a.value, b.value) & mask, a.sort)
        if b.value == 0 and op in ("add", "sub", "bitor"):
            return a
        return self._put(op, (a, b), None, a.sort)

    def extract(self, a: Expr, high: int, low: int) -> Expr:
        """Return the bits `low` to `high` of a number."""
        sort = number(high - low + 1)
        if a.value is not None:
            return self.const(a.value >> low & ((1 << sort.bits) - 1), sort)
        return self._put("extract", (a,), (high, low), sort)

    def concat(self, a: Expr, b: Expr) -> Expr:
        """Return the number that has the bits of `a` above those of `b`."""
        sort = number(a.sort.bits + b.sort.bits)
        if a.value is not None and b.value is not None:
            return self.const(a.value << b.sort.bits | b.value, sort)
        return self._put("concat", (a, b), None, sort)

    def at_least(self, many: int, flags: Sequence[Expr]) -> Expr:
        """Return whether so many flags are set."""
        open_ = [f for f in flags if f.value is None]
        left = many - sum(f.value == 1 for f in flags)
        if left <= 0 or left > len(open_):
            return self.flag(left <= 0)
        return self._put("atleast", open_, left, FLAG)


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "bitand": lambda a, b: a & b,
    "bitor": lambda a, b: a | b,
}


class Reading:
    """Reads terms where names have these meanings; a term is read once."""

    def __init__(self, made: Expressions, names: Mapping[str, Expr]) -> None:
        self.made, self.names = made, names
        self._done: dict[int, Expr] = {}
        self._kept: list[Any] = []  # identities stay unique while the terms are alive

    def __call__(self, term: Any) -> Expr:
        """Return the expression of a term; RuleError where a name or operator is unknown."""
        if isinstance(term, bool):
            return self.made.flag(term)
        self._kept.append(term)
        return self._visit(term.ctx, term.ctx_ref(), term.as_ast())

    def _visit(self, context: Any, ref: Any, handle: Any) -> Expr:
        key = identity(ref, handle)
        if key not in self._done:
            args = [self._visit(context, ref, a) for a in arguments(ref, handle)]
            self._done[key] = self._read(context, ref, handle, args)
        return self._done[key]

    def _read(self, context: Any, ref: Any, handle: Any, args: list[Expr]) -> Expr:
        kind = operator(ref, handle)
        if kind == z3.Z3_OP_UNINTERPRETED and not args:
            return self._name(name(ref, handle))
        if kind in _FLAGS:
            return _FLAGS[kind](self.made, args)
        term = z3.z3._to_expr_ref(handle, context)
        if kind in _TERMS:
            return _TERMS[kind](self.made, term, args)
        raise RuleError(f"no export has a case for {term.decl().name()!r}: {term.sexpr()[:80]}")

    def _name(self, label: str) -> Expr:
        if label not in self.names:
            raise RuleError(f"{label!r} is no variable here", remedy="declare it")
        return self.names[label]


def _distinct(m: Expressions, args: list[Expr]) -> Expr:
    pairs = [(a, b) for k, a in enumerate(args) for b in args[k + 1 :]]
    return m.all([m.flip(m.eq(a, b)) for a, b in pairs])


def _arithmetic(op: str) -> Callable[[Expressions, Any, list[Expr]], Expr]:
    return lambda m, t, args: reduce(lambda a, b: m.arithmetic(op, a, b), args)


def _recognised(m: Expressions, t: Any, args: list[Expr]) -> Expr:
    return m.eq(args[0], m.const(recognised(t), args[0].sort))


def _complement(m: Expressions, t: Any, args: list[Expr]) -> Expr:
    return m.arithmetic("sub", m.const((1 << t.size()) - 1, args[0].sort), args[0])


_FLAGS: dict[int, Callable[[Expressions, list[Expr]], Expr]] = {
    z3.Z3_OP_TRUE: lambda m, a: m.flag(True),
    z3.Z3_OP_FALSE: lambda m, a: m.flag(False),
    z3.Z3_OP_AND: lambda m, a: m.all(a),
    z3.Z3_OP_OR: lambda m, a: m.any(a),
    z3.Z3_OP_NOT: lambda m, a: m.flip(a[0]),
    z3.Z3_OP_EQ: lambda m, a: m.eq(*a),
    z3.Z3_OP_XOR: lambda m, a: m.flip(m.eq(*a)),
    z3.Z3_OP_DISTINCT: _distinct,
    z3.Z3_OP_IMPLIES: lambda m, a: m.any([m.flip(a[0]), a[1]]),
    z3.Z3_OP_ITE: lambda m, a: m.ite(*a),
    z3.Z3_OP_ULEQ: lambda m, a: m.less(a[0], a[1], equal=True),
    z3.Z3_OP_ULT: lambda m, a: m.less(a[0], a[1]),
    z3.Z3_OP_UGEQ: lambda m, a: m.less(a[1], a[0], equal=True),
    z3.Z3_OP_UGT: lambda m, a: m.less(a[1], a[0]),
    z3.Z3_OP_CONCAT: lambda m, a: reduce(m.concat, a),
}

_TERMS: dict[int, Callable[[Expressions, Any, list[Expr]], Expr]] = {
    z3.Z3_OP_BNUM: lambda m, t, a: m.const(t.as_long(), sort_of(t.sort())),
    z3.Z3_OP_DT_CONSTRUCTOR: lambda m, t, a: m.const(
        constructor_index(t.decl()), sort_of(t.sort())
    ),
    z3.Z3_OP_DT_IS: _recognised,
    z3.Z3_OP_DT_RECOGNISER: _recognised,
    z3.Z3_OP_BADD: _arithmetic("add"),
    z3.Z3_OP_BSUB: _arithmetic("sub"),
    z3.Z3_OP_BMUL: _arithmetic("mul"),
    z3.Z3_OP_BAND: _arithmetic("bitand"),
    z3.Z3_OP_BOR: _arithmetic("bitor"),
    z3.Z3_OP_BNOT: _complement,
    z3.Z3_OP_EXTRACT: lambda m, t, a: m.extract(a[0], *t.params()),
    z3.Z3_OP_PB_AT_LEAST: lambda m, t, a: m.at_least(t.params()[0], a),
    z3.Z3_OP_PB_AT_MOST: lambda m, t, a: m.flip(m.at_least(t.params()[0] + 1, a)),
}
