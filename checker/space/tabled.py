"""Step tables over columns: the keys of many states at once, and a row for each outcome."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from checker.space.columns import Column
from checker.space.lowered import Lookup, key_packing
from checker.space.system import Values
from checker.space.visited import hashed

MOST_ROWS = 1 << 16  # outcomes that are given together, unless one state has more


class Tabled:
    """The outcomes of one lookup, asked for when a key is first met."""

    def __init__(self, lookup: Lookup) -> None:
        self.table, self.decided = lookup.table, lookup.decided
        self.packing = key_packing(lookup.table)
        self.known: dict[Values, tuple[int, int]] = {}  # the first row, and how many
        self._rows: list[Values] = []
        self._columns = [np.empty(0, np.uint64) for _ in range(self.decided.words)]
        self._adding = Lock()

    def rows(self, key: list[Column]) -> Iterator[tuple[NDArray[np.int64], list[Column]]]:
        """Yield, for each outcome of each state, which state it is of, and the words decided."""
        first, many = self._asked(key)
        columns = self._filled()
        for some in _parts(many):
            counts = many[some]
            which = np.repeat(np.arange(some.start, some.stop), counts)
            begins = np.repeat(first[some] - (np.cumsum(counts) - counts), counts)
            chosen = begins + np.arange(len(which))
            yield which, [column.take(chosen) for column in columns]

    def _filled(self) -> list[Column]:
        """Return the words of all rows that there are now."""
        with self._adding:
            if len(self._columns[0]) < len(self._rows):
                table = np.array(self._rows, np.uint64)
                self._columns = [table[:, n].copy() for n in range(self.decided.words)]
            return self._columns

    def _asked(self, key: list[Column]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first row of each state and how many there are."""
        _, examples, group = np.unique(hashed(key), return_index=True, return_inverse=True)
        same = all(bool(np.all(word == word[examples][group])) for word in key)
        if not same:  # two keys have one hash
            rows = np.stack(key, axis=1)
            _, examples, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        places = [self._place(tuple(int(word[k]) for word in key)) for k in examples]
        found = np.array(places, np.int64).reshape(-1, 2)[group.reshape(-1)]
        return found[:, 0], found[:, 1]

    def _place(self, key: Values) -> tuple[int, int]:
        with self._adding:
            if key not in self.known:
                outcomes = self.table.rows(self.packing.unpack(key))
                self.known[key] = len(self._rows), len(outcomes)
                self._rows += [self.decided.pack(outcome) for outcome in outcomes]
            return self.known[key]


def _parts(counts: NDArray[np.int64]) -> Iterator[slice]:
    """Yield parts of states which have few outcomes together, or are one state."""
    ends, start = np.cumsum(counts), 0
    while start < len(counts):
        done = int(ends[start - 1]) if start else 0
        end = max(int(np.searchsorted(ends, done + MOST_ROWS, side="right")), start + 1)
        yield slice(start, end)
        start = end
