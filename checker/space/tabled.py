"""Step tables over columns: the keys of many states at once, and a row for each outcome."""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from checker.space.columns import Column
from checker.space.lowered import Lookup, key_packing
from checker.space.system import Values
from checker.space.visited import hashed


class Tabled:
    """The outcomes of one lookup, asked for when a key is first met."""

    def __init__(self, lookup: Lookup) -> None:
        self.table, self.decided = lookup.table, lookup.decided
        self.packing = key_packing(lookup.table)
        self.known: dict[Values, tuple[int, int]] = {}  # the first row, and how many
        self._rows: list[Values] = []
        self._adding = Lock()

    def rows(self, key: list[Column]) -> tuple[NDArray[np.int64], list[Column]]:
        """Return, for each outcome of each state, which state it is of, and the words decided."""
        first, many = self._asked(key)
        which = np.repeat(np.arange(len(first)), many)
        inside = np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many)
        table = np.array(self._rows, np.uint64).reshape(-1, self.decided.words)
        chosen = table[first[which] + inside]
        return which, [chosen[:, n] for n in range(self.decided.words)]

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
