"""Values of constants in a solver's model, as numbers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from checker.circuits import Circuits
from checker.gates import Bits
from checker.solving import Model


class Reader:
    """Reads the same constants off many models: flags as 0 and 1, enumerations by index.

    A constant that a model leaves open has the value 0.
    """

    def __init__(self, constants: Iterable[Any]) -> None:
        self._constants = tuple(constants)
        self._bits = cache(self._bits_in)

    def __call__(self, model: Model) -> list[int]:
        """Return the values of the constants, in their order."""
        return [model.number(bits) for bits in self._bits(model.circuits)]

    def _bits_in(self, circuits: Circuits) -> list[Bits]:
        return [circuits.bits(c) for c in self._constants]
