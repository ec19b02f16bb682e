"""Values of constants in a solver's model, as numbers."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from typing import Any

import z3
from z3 import z3core

from checker.evaluate import constructors
from model.handles import name

Decode = Callable[[Any, Any], int]


class Reader:
    """Reads the same constants off many models: flags as 0 and 1, enumerations by index.

    A constant that a model leaves open has the value 0.
    """

    def __init__(self, constants: Iterable[Any]) -> None:
        self._read = [(c.decl().ast, _decoder(c.sort())) for c in constants]

    def __call__(self, model: z3.ModelRef) -> list[int]:
        """Return the values of the constants, in their order."""
        ref, model_handle = model.ctx.ref(), model.model
        handles = (
            (z3core.Z3_model_get_const_interp(ref, model_handle, d), decode)
            for d, decode in self._read
        )
        return [decode(ref, handle) if handle.value else 0 for handle, decode in handles]


def _decoder(sort: Any) -> Decode:
    if isinstance(sort, z3.BoolSortRef):
        return _flag
    if isinstance(sort, z3.BitVecSortRef):
        return _numeral
    index = constructors(sort)
    return lambda ref, handle: index[name(ref, handle)]


def _flag(ref: Any, handle: Any) -> int:
    return int(z3core.Z3_get_bool_value(ref, handle) == z3.Z3_L_TRUE)


def _numeral(ref: Any, handle: Any) -> int:
    value = ctypes.c_uint64()
    z3core.Z3_get_numeral_uint64(ref, handle, ctypes.byref(value))
    return value.value
