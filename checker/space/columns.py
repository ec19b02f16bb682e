"""The instructions of a program over columns: many states at once, by NumPy.

A flag is a column of booleans, any other value one of 64-bit numbers; what was worked out once
for the same columns is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.space.program import Program, Ref

Column = NDArray[np.uint64]
_FLAGS = ("and", "or", "not", "eq", "ult", "ule", "ite", "xor")


class Columns:
    """Values of instructions where inputs have these columns, all of one length."""

    def __init__(self, program: Program, inputs: Mapping[Ref, Column], length: int) -> None:
        self.program, self.length = program, length
        self._values: dict[Ref, Any] = dict(inputs)
        self._flags: dict[Ref, Any] = {}

    def value(self, ref: Ref) -> Any:
        """Return the column of an instruction, or one number where it is the same for all."""
        if ref not in self._values:
            instruction = self.program.instructions[ref]
            if instruction.op == "const":
                self._values[ref] = np.uint64(int(instruction.data))
            elif self._is_flag(ref):
                self._values[ref] = np.asarray(self.flag(ref)).astype(np.uint64)
            else:
                self._values[ref] = _VALUES[instruction.op](self, *instruction.args)
        return self._values[ref]

    def flag(self, ref: Ref) -> Any:
        """Return the same of a flag, as booleans."""
        if ref not in self._flags:
            instruction = self.program.instructions[ref]
            if instruction.op != "const" and self._is_flag(ref):
                self._flags[ref] = _BOOLEANS[instruction.op](self, *instruction.args)
            else:
                self._flags[ref] = self.value(ref) != 0
        return self._flags[ref]

    def whole(self, ref: Ref) -> Column:
        """Return a column in full length."""
        return np.broadcast_to(self.value(ref), self.length)

    def where(self, ref: Ref) -> NDArray[np.int64]:
        """Return the places where a flag is set."""
        return np.flatnonzero(np.broadcast_to(self.flag(ref), self.length))

    def _is_flag(self, ref: Ref) -> bool:
        instruction = self.program.instructions[ref]
        if instruction.op not in _FLAGS or instruction.most != 1:
            return False
        if instruction.op in ("eq", "ult", "ule"):
            return True
        return all(self.program.most(a) <= 1 for a in instruction.args)


def _choice(c: Columns, flag: Ref, yes: Ref, no: Ref) -> Any:
    return np.where(c.flag(flag), c.value(yes), c.value(no))


_BOOLEANS: dict[str, Callable[..., Any]] = {
    "and": lambda c, a, b: c.flag(a) & c.flag(b),
    "or": lambda c, a, b: c.flag(a) | c.flag(b),
    "xor": lambda c, a, b: c.flag(a) ^ c.flag(b),
    "not": lambda c, a: ~np.asarray(c.flag(a)),
    "eq": lambda c, a, b: c.value(a) == c.value(b),
    "ult": lambda c, a, b: c.value(a) < c.value(b),
    "ule": lambda c, a, b: c.value(a) <= c.value(b),
    "ite": lambda c, f, a, b: np.where(c.flag(f), c.flag(a), c.flag(b)),
}
_VALUES: dict[str, Callable[..., Any]] = {
    "and": lambda c, a, b: c.value(a) & c.value(b),
    "or": lambda c, a, b: c.value(a) | c.value(b),
    "xor": lambda c, a, b: c.value(a) ^ c.value(b),
    "not": lambda c, a: c.value(a) ^ np.uint64(1),
    "ite": _choice,
    "add": lambda c, a, b: np.add(c.value(a), c.value(b)),
    "sub": lambda c, a, b: np.subtract(c.value(a), c.value(b)),
    "mul": lambda c, a, b: np.multiply(c.value(a), c.value(b)),
    "shl": lambda c, a, b: c.value(a) << c.value(b),
    "shr": lambda c, a, b: c.value(a) >> c.value(b),
}
