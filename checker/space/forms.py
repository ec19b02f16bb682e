"""Terms compared: in form first, then by the solver where they differ in form.

Terms that are lowered in one program have the same position where they are equal in form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

import z3

from checker.space.program import Instruction, Program, Ref
from checker.space.system import Values

PATIENCE = 20_000  # milliseconds for one question


class Forms(Program):
    """A program that also knows the permutation of values that a renaming makes."""

    def __init__(self) -> None:
        super().__init__()
        self._mapped: dict[tuple[Ref, Values], Ref] = {}

    def mapped(self, ref: Ref, values: Values) -> Ref:
        """Return what a value becomes: `values` at that position, itself beyond them.

        `values` is a permutation of the numbers below its length.
        """
        if all(k == v for k, v in enumerate(values[: self.most(ref) + 1])):
            return ref
        if (ref, values) not in self._mapped:
            self._mapped[ref, values] = self._permuted(ref, values)
        return self._mapped[ref, values]

    def _permuted(self, ref: Ref, values: Values) -> Ref:
        instruction, known = self.instructions[ref], self.value(ref)
        if known is not None:
            return self.const(image(values, known))
        if instruction.op == "ite":
            flag, yes, no = instruction.args
            return self.ite(flag, self.mapped(yes, values), self.mapped(no, values))
        if instruction.op == "map":
            return self.mapped(instruction.args[0], composed(_table(instruction), values))
        if self.most(ref) == 1 and tuple(values[:2]) == (1, 0):
            return self.flip(ref)
        most = max(self.most(ref), len(values) - 1)
        return self.put("map", ref, data=" ".join(map(str, values)), most=most)

    def eq(self, a: Ref, b: Ref) -> Ref:
        """Return whether two values are equal; permuted ones where they were before."""
        a, b = (b, a) if self.instructions[b].op == "map" else (a, b)
        left, right = self.instructions[a], self.instructions[b]
        if left.op == "map" and right.op == "const":
            return self.eq(left.args[0], self.const(image(inverse(_table(left)), int(right.data))))
        if left.op == right.op == "map" and left.data == right.data:
            return self.eq(left.args[0], right.args[0])
        return super().eq(a, b)


def image(values: Values, value: int) -> int:
    """Return what a permutation makes of a value."""
    return values[value] if value < len(values) else value


def inverse(values: Values) -> Values:
    """Return the permutation that undoes another."""
    return tuple(values.index(k) for k in range(len(values)))


def composed(first: Values, second: Values) -> Values:
    """Return the permutation that makes one after the other."""
    size = max(len(first), len(second))
    return tuple(image(second, image(first, k)) for k in range(size))


def _table(instruction: Instruction) -> Values:
    return tuple(map(int, str(instruction.data).split()))


class Solver:
    """Asks whether instructions of a program have the same values for all inputs in range."""

    def __init__(self, program: Forms) -> None:
        self.program = program
        self.width = max(i.most.bit_length() for i in program.instructions)
        self._terms: dict[Ref, Any] = {}
        self._ranges: list[Any] = []

    def same(self, pairs: Iterable[tuple[Ref, Ref]], given: Ref | None = None) -> bool:
        """Return whether all pairs are proved equal, wherever the flag `given` is set."""
        different = [(a, b) for a, b in pairs if a != b]
        if not different:
            return True
        unequal = z3.Or([self._term(a) != self._term(b) for a, b in different])
        when = [] if given is None else [self._term(given) == 1]
        solver = z3.SolverFor("QF_BV")
        solver.set("timeout", PATIENCE)
        solver.add(unequal, *when, *self._ranges)
        return bool(solver.check() == z3.unsat)

    def _term(self, ref: Ref) -> Any:
        waiting = [ref]
        while waiting:
            missing = [
                a for a in self.program.instructions[waiting[-1]].args if a not in self._terms
            ]
            if missing:
                waiting += missing
                continue
            top = waiting.pop()
            if top not in self._terms:
                self._terms[top] = self._made(top)
        return self._terms[ref]

    def _made(self, ref: Ref) -> Any:
        instruction = self.program.instructions[ref]
        args = [self._terms[a] for a in instruction.args]
        if instruction.op == "const":
            return z3.BitVecVal(int(instruction.data), self.width)
        if instruction.op == "input":
            return self._input(str(instruction.data), instruction.most)
        if instruction.op == "map":
            return self._mapped(args[0], _table(instruction))
        return _MADE[instruction.op](*args)

    def _input(self, label: str, most: int) -> Any:
        bits = max(most.bit_length(), 1)
        small = z3.BitVec(label, bits)
        if most != (1 << bits) - 1:
            self._ranges.append(z3.ULE(small, most))
        return z3.ZeroExt(self.width - bits, small)

    def _mapped(self, term: Any, values: Values) -> Any:
        moved = [(k, v) for k, v in enumerate(values) if k != v]
        return reduce(lambda rest, m: z3.If(term == m[0], self._number(m[1]), rest), moved, term)

    def _number(self, value: int) -> Any:
        return z3.BitVecVal(value, self.width)


def _flag(condition: Any, like: Any) -> Any:
    return z3.If(condition, z3.BitVecVal(1, like.size()), z3.BitVecVal(0, like.size()))


_MADE: dict[str, Callable[..., Any]] = {
    "and": lambda x, y: x & y,
    "or": lambda x, y: x | y,
    "xor": lambda x, y: x ^ y,
    "not": lambda x: x ^ 1,
    "eq": lambda x, y: _flag(x == y, x),
    "ult": lambda x, y: _flag(z3.ULT(x, y), x),
    "ule": lambda x, y: _flag(z3.ULE(x, y), x),
    "ite": lambda c, x, y: z3.If(c == 1, x, y),
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "shl": lambda x, y: x << y,
    "shr": z3.LShR,
}


def differing(a: Sequence[Ref], b: Sequence[Ref]) -> list[tuple[Ref, Ref]]:
    """Return the pairs of two rows that are not equal in form."""
    return [pair for pair in zip(a, b, strict=True) if pair[0] != pair[1]]
