"""Terms lowered to a list of plain instructions that the machine engines share.

Equal instructions are one; what follows from constants, and from how many values a variable
has, is worked out here.  The instructions know nothing but bits: a flag is 0 or 1, an
enumeration its index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import z3

from checker.evaluate import constructor_index, recognised
from model.errors import RuleError
from model.handles import arguments, identity, name, operator

Ref = int  # the position of an instruction


@dataclass(frozen=True)
class Instruction:
    """An operator applied to earlier instructions; `data` is a constant or a place."""

    op: str  # input const and or xor not eq ult ule ite add sub mul shl shr
    args: tuple[Ref, ...] = ()
    data: int | str = 0
    most: int = 1  # the largest value that it can have


class Program:
    """A growing list of instructions; `put` returns the position of an equal one."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self._known: dict[tuple[str, tuple[Ref, ...], int | str], Ref] = {}

    def put(self, op: str, *args: Ref, data: int | str = 0, most: int = 1) -> Ref:
        """Return the position of an instruction, which is added unless it is there."""
        key = (op, args, data)
        if key not in self._known:
            self._known[key] = len(self.instructions)
            self.instructions.append(Instruction(op, args, data, most))
        return self._known[key]

    def input(self, label: str, size: int) -> Ref:
        """Return the value of a variable."""
        return self.put("input", data=label, most=size - 1)

    def const(self, value: int) -> Ref:
        """Return a constant."""
        return self.put("const", data=value, most=value)

    def value(self, ref: Ref) -> int | None:
        """Return the constant that an instruction is, or None."""
        instruction = self.instructions[ref]
        return int(instruction.data) if instruction.op == "const" else None

    def most(self, ref: Ref) -> int:
        """Return the largest value that an instruction can have."""
        return self.instructions[ref].most

    # -- flags -----------------------------------------------------------------------------

    def all(self, refs: Sequence[Ref]) -> Ref:
        """Return whether all flags are set."""
        kept = sorted({r for r in refs if self.value(r) != 1})
        if any(self.value(r) == 0 or self.negated(r) in kept for r in kept):
            return self.const(0)
        return reduce(lambda a, b: self.put("and", a, b), kept) if kept else self.const(1)

    def any(self, refs: Sequence[Ref]) -> Ref:
        """Return whether some flag is set."""
        kept = sorted({r for r in refs if self.value(r) != 0})
        if any(self.value(r) == 1 or self.negated(r) in kept for r in kept):
            return self.const(1)
        return reduce(lambda a, b: self.put("or", a, b), kept) if kept else self.const(0)

    def negated(self, ref: Ref) -> Ref | None:
        """Return the flag of which this is the negation, or None."""
        instruction = self.instructions[ref]
        return instruction.args[0] if instruction.op == "not" else None

    def flip(self, ref: Ref) -> Ref:
        """Return the negation of a flag."""
        known, inner = self.value(ref), self.negated(ref)
        if known is not None:
            return self.const(1 - known)
        return self.put("not", ref) if inner is None else inner

    # -- comparisons -----------------------------------------------------------------------

    def eq(self, a: Ref, b: Ref) -> Ref:
        """Return whether two values are equal."""
        if a == b:
            return self.const(1)
        a, b = (b, a) if self.value(a) is not None else (a, b)
        left, right = self.value(a), self.value(b)
        if left is not None and right is not None:
            return self.const(int(left == right))
        if right is not None and right > self.most(a):
            return self.const(0)
        if right is not None and self.most(a) == 1:
            return a if right else self.flip(a)
        chosen = self._eq_choice(a, right)
        return self.put("eq", *sorted((a, b))) if chosen is None else chosen

    def _eq_choice(self, a: Ref, value: int | None) -> Ref | None:
        """Return an equality with a choice between constants as one about its flag."""
        instruction = self.instructions[a]
        if instruction.op != "ite" or value is None:
            return None
        flag, yes, no = instruction.args
        if self.value(yes) is None and self.value(no) is None:
            return None
        same = [self.eq(yes, self.const(value)), self.eq(no, self.const(value))]
        return self.any([self.all([flag, same[0]]), self.all([self.flip(flag), same[1]])])

    def less(self, a: Ref, b: Ref, equal: bool = False) -> Ref:
        """Return whether a value is less than another, or `equal` to it."""
        left, right = self.value(a), self.value(b)
        if left is not None and right is not None:
            return self.const(int(left <= right if equal else left < right))
        return self.put("ule" if equal else "ult", a, b)

    # -- values ----------------------------------------------------------------------------

    def ite(self, flag: Ref, yes: Ref, no: Ref) -> Ref:
        """Return one value or the other."""
        known = self.value(flag)
        if known is not None or yes == no:
            return yes if known or yes == no else no
        inner = self.negated(flag)
        if inner is not None:
            flag, yes, no = inner, no, yes
        if self.value(yes) == 1 and self.value(no) == 0:
            return flag
        if self.value(yes) == 0 and self.value(no) == 1:
            return self.flip(flag)
        return self.put("ite", flag, yes, no, most=max(self.most(yes), self.most(no)))

    def arithmetic(self, op: str, a: Ref, b: Ref, width: int) -> Ref:
        """Return a sum, difference, product, or bitwise result, modulo 2^width."""
        mask = (1 << width) - 1
        left, right = self.value(a), self.value(b)
        if left is not None and right is not None:
            return self.const(_ARITHMETIC[op](left, right) & mask)
        if (
            op == "and"
            and right is not None
            and right & self.most(a) == (1 << self.most(a).bit_length()) - 1
        ):
            return a
        if right == 0 and op in ("add", "sub", "or", "xor", "shl", "shr"):
            return a
        highest = self._highest(op, a, b)
        made = self.put(op, a, b, most=mask if highest is None else highest)
        if highest is None or highest > mask:
            limit = self.const(mask)
            return self.put("and", made, limit, most=mask)
        return made

    def _highest(self, op: str, a: Ref, b: Ref) -> int | None:
        """Return a bound of a result before it is cut; None where it may be negative."""
        x, y = self.most(a), self.most(b)
        if op == "sub":
            return None
        if op == "and":
            return min(x, y)
        if op in ("or", "xor"):
            return (1 << max(x.bit_length(), y.bit_length())) - 1
        if op == "shr":
            return x
        return _ARITHMETIC[op](x, y)


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b,
    "shr": lambda a, b: a >> b,
}


class Lowering:
    """Lowers terms where names have these values; a term is lowered once."""

    def __init__(self, program: Program, names: Mapping[str, Ref]) -> None:
        self.program, self.names = program, dict(names)
        self._done: dict[int, Ref] = {}
        self._kept: list[Any] = []  # identities stay unique while the terms are alive

    def __call__(self, term: Any) -> Ref:
        """Return the instruction for a term; RuleError where a name or operator is unknown."""
        if isinstance(term, bool | int):
            return self.program.const(int(term))
        self._kept.append(term)
        return self._visit(term.ctx, term.ctx_ref(), term.as_ast())

    def _visit(self, context: Any, ref: Any, handle: Any) -> Ref:
        key = identity(ref, handle)
        if key not in self._done:
            args = [self._visit(context, ref, a) for a in arguments(ref, handle)]
            self._done[key] = self._lower(context, ref, handle, args)
        return self._done[key]

    def _lower(self, context: Any, ref: Any, handle: Any, args: list[Ref]) -> Ref:
        kind = operator(ref, handle)
        if kind == z3.Z3_OP_UNINTERPRETED and not args:
            return self._name(name(ref, handle))
        if kind in _FLAGS:
            return _FLAGS[kind](self.program, args)
        term = z3.z3._to_expr_ref(handle, context)
        if kind in _TERMS:
            return _TERMS[kind](self.program, term, args)
        raise RuleError(f"no engine has a case for {term.decl().name()!r}: {term.sexpr()[:80]}")

    def _name(self, label: str) -> Ref:
        if label not in self.names:
            raise RuleError(f"{label!r} is no variable here", remedy="declare it")
        return self.names[label]


def _distinct(p: Program, args: list[Ref]) -> Ref:
    pairs = [(a, b) for k, a in enumerate(args) for b in args[k + 1 :]]
    return p.all([p.flip(p.eq(a, b)) for a, b in pairs])


def _count(p: Program, args: list[Ref]) -> Ref:
    return reduce(lambda a, b: p.arithmetic("add", a, b, 16), args)


def _extract(p: Program, t: Any, args: list[Ref]) -> Ref:
    high, low = t.params()
    shifted = p.arithmetic("shr", args[0], p.const(low), 64)
    return p.arithmetic("and", shifted, p.const((1 << (high - low + 1)) - 1), 64)


def _concat(p: Program, t: Any, args: list[Ref]) -> Ref:
    result = args[0]
    for child, arg in zip(t.children()[1:], args[1:], strict=True):
        moved = p.arithmetic("shl", result, p.const(child.size()), 64)
        result = p.arithmetic("or", moved, arg, 64)
    return result


def _arithmetic(op: str) -> Callable[[Program, Any, list[Ref]], Ref]:
    return lambda p, t, args: reduce(lambda a, b: p.arithmetic(op, a, b, t.size()), args)


def _complement(p: Program, t: Any, args: list[Ref]) -> Ref:
    return p.arithmetic("sub", p.const((1 << t.size()) - 1), args[0], t.size())


_FLAGS: dict[int, Callable[[Program, list[Ref]], Ref]] = {
    z3.Z3_OP_TRUE: lambda p, a: p.const(1),
    z3.Z3_OP_FALSE: lambda p, a: p.const(0),
    z3.Z3_OP_AND: lambda p, a: p.all(a),
    z3.Z3_OP_OR: lambda p, a: p.any(a),
    z3.Z3_OP_NOT: lambda p, a: p.flip(a[0]),
    z3.Z3_OP_EQ: lambda p, a: p.eq(*a),
    z3.Z3_OP_XOR: lambda p, a: p.flip(p.eq(*a)),
    z3.Z3_OP_DISTINCT: _distinct,
    z3.Z3_OP_IMPLIES: lambda p, a: p.any([p.flip(a[0]), a[1]]),
    z3.Z3_OP_ITE: lambda p, a: p.ite(*a),
    z3.Z3_OP_ULEQ: lambda p, a: p.less(a[0], a[1], equal=True),
    z3.Z3_OP_ULT: lambda p, a: p.less(a[0], a[1]),
    z3.Z3_OP_UGEQ: lambda p, a: p.less(a[1], a[0], equal=True),
    z3.Z3_OP_UGT: lambda p, a: p.less(a[1], a[0]),
}

_TERMS: dict[int, Callable[[Program, Any, list[Ref]], Ref]] = {
    z3.Z3_OP_BNUM: lambda p, t, a: p.const(t.as_long()),
    z3.Z3_OP_DT_CONSTRUCTOR: lambda p, t, a: p.const(constructor_index(t.decl())),
    z3.Z3_OP_DT_IS: lambda p, t, a: p.eq(a[0], p.const(recognised(t))),
    z3.Z3_OP_DT_RECOGNISER: lambda p, t, a: p.eq(a[0], p.const(recognised(t))),
    z3.Z3_OP_BADD: _arithmetic("add"),
    z3.Z3_OP_BSUB: _arithmetic("sub"),
    z3.Z3_OP_BMUL: _arithmetic("mul"),
    z3.Z3_OP_BAND: _arithmetic("and"),
    z3.Z3_OP_BOR: _arithmetic("or"),
    z3.Z3_OP_BNOT: _complement,
    z3.Z3_OP_EXTRACT: _extract,
    z3.Z3_OP_CONCAT: _concat,
    z3.Z3_OP_PB_AT_LEAST: lambda p, t, a: p.less(p.const(t.params()[0]), _count(p, a), equal=True),
    z3.Z3_OP_PB_AT_MOST: lambda p, t, a: p.less(_count(p, a), p.const(t.params()[0]), equal=True),
}
