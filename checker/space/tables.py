"""Step tables in memory: keys and the rows of decisions, filled when a key is first asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from checker.space.lowered import Lookup, key_packing
from checker.space.system import StepTable, Values
from model.errors import RuleError

COUNT_BITS = 20  # of an entry: how many rows there are; above them, where they begin
MIX = 0x9E3779B97F4A7C15
WORD_MASK = (1 << 64) - 1
SLOTS = 1 << 17
ROWS = 1 << 22

Words = NDArray[np.uint64]


class Rows:
    """The rows of one table; memory is taken as it is filled.

    A slot is written last: who reads while a key is added finds all of it or nothing.
    """

    def __init__(self, lookup: Lookup) -> None:
        self.table: StepTable = lookup.table
        self.decided, self.packing = lookup.decided, key_packing(lookup.table)
        self.slots: Words = np.zeros(SLOTS, np.uint64)
        self.keys: Words = np.zeros((SLOTS, self.packing.words), np.uint64)
        self.rows: Words = np.zeros((ROWS, self.decided.words), np.uint64)
        self.known: set[Values] = set()
        self._used = 0

    def place(self, key: Values) -> None:
        """See to it that there are rows for a key (its words)."""
        if key not in self.known:
            self._add(key)
            self.known.add(key)

    def _add(self, key: Values) -> None:
        outcomes = self.table.rows(self.packing.unpack(key))
        if len(self.known) >= SLOTS // 2 or self._used + len(outcomes) > ROWS:
            raise RuleError(
                f"the step {self.table.name} has more than {SLOTS // 2} different situations",
                remedy="explore a smaller scope",
            )
        first = max(self._used, 1)  # so that no entry is 0
        for k, outcome in enumerate(outcomes):
            self.rows[first + k] = self.decided.pack(outcome)
        self._used = first + len(outcomes)
        at = self._free(key)
        self.keys[at] = key
        self.slots[at] = first << COUNT_BITS | len(outcomes)

    def _free(self, key: Values) -> int:
        at = hashed(key) & (SLOTS - 1)
        while self.slots[at]:
            at = (at + 1) & (SLOTS - 1)
        return at

    def decided_for(self, key: Values) -> list[Values]:
        """Return the words of the decisions for a key that is known, in each outcome."""
        at = hashed(key) & (SLOTS - 1)
        while tuple(map(int, self.keys[at])) != key or not self.slots[at]:
            at = (at + 1) & (SLOTS - 1)
        first, many = divmod(int(self.slots[at]), 1 << COUNT_BITS)
        return [tuple(map(int, row)) for row in self.rows[first : first + many]]

    def addresses(self) -> list[int]:
        """Return where slots, keys and rows are, and the number of slots less one."""
        return [a.ctypes.data for a in (self.slots, self.keys, self.rows)] + [SLOTS - 1]


def hashed(key: Sequence[int]) -> int:
    """Return the number from which the search for a key begins, as the machine code has it."""
    result = 0
    for word in key:
        result = (result ^ word) * MIX & WORD_MASK
        result ^= result >> 29
    return result


def joined(lookups: Sequence[Lookup]) -> tuple[list[Rows], Words]:
    """Return the rows for each lookup, one for each table, and the addresses for machine code."""
    made: dict[str, Rows] = {}
    for lookup in lookups:
        if lookup.table.name not in made:
            made[lookup.table.name] = Rows(lookup)
    rows = [made[lookup.table.name] for lookup in lookups]
    numbers = [a for r in rows for a in r.addresses()]
    return rows, np.array(numbers or [0], np.uint64)
