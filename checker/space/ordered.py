"""The states of one word met so far, for many at once: sorted, and a store in order of arrival.

NumPy sorts a million numbers in some ten milliseconds, and a search for sorted numbers goes
through memory from front to back: so there is no table, and no byte beside a state's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.space.columns import Column

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]  # map, or that of a pool

PART = 1 << 16  # states of a part of the store
PIECE = 1 << 16  # candidates that are looked for together
RECENT = 4  # how many times as many old states there are at least


class Ordered:
    """The states: those of long ago and recent ones are both sorted; `store` has their order."""

    def __init__(self) -> None:
        self.words, self.count = 1, 0
        self.store: list[Column] = []
        self._old: Column = np.empty(0, np.uint64)
        self._recent: Column = np.empty(0, np.uint64)

    def state(self, number: int) -> tuple[int, ...]:
        """Return the words of a state."""
        return (int(self.store[number // PART][number % PART]),)

    def part(self, start: int, end: int) -> list[Column]:
        """Return the words of some states, one after the other."""
        parts = range(start // PART, max(-(-end // PART), 1))
        found = [self.store[k][max(start - k * PART, 0) : end - k * PART] for k in parts]
        return [found[0] if len(found) == 1 else np.concatenate(found)]

    @property
    def bytes(self) -> int:
        """Return how many bytes all this takes."""
        return 8 * (len(self.store) * PART + len(self._old) + len(self._recent))

    def distinct(self, words: list[Column]) -> list[Column]:
        """Return candidates each once, before they wait for others; the column is sorted."""
        (column,) = words
        column.sort()
        return [column.compress(_first(column, 0, len(column)))]

    def add(self, words: list[Column], each: Each = map) -> None:
        """Add the states that are not there yet, each once, in ascending order.

        The column is sorted.
        """
        (column,) = words
        column.sort()
        new = list(each(lambda at: self._unknown(column, at), range(0, len(column), PIECE)))
        for some in new:
            self._keep(some)
        self._recent = np.concatenate([self._recent, *new])
        self._recent.sort(kind="stable")  # which finds out where runs are sorted, and merges them
        if len(self._recent) * RECENT > len(self._old):
            self._join()

    def _unknown(self, column: Column, start: int) -> Column:
        """Return which candidates of a piece of a sorted column are new, each once."""
        end = min(start + PIECE, len(column))
        found = column[start:end].compress(_first(column, start, end))
        for known in (self._old, self._recent):
            if len(known):
                near = known.take(np.searchsorted(known, found), mode="clip")
                found = found.compress(near != found)
        return found

    def _keep(self, new: Column) -> None:
        """Put states into the store, which grows by parts, so that none is ever moved."""
        start = 0
        while start < len(new):
            number, place = divmod(self.count, PART)
            if not place:
                self.store.append(np.empty(PART, np.uint64))
            many = min(PART - place, len(new) - start)
            self.store[number][place : place + many] = new[start : start + many]
            start, self.count = start + many, self.count + many

    def _join(self) -> None:
        """Let the recent states be old ones."""
        before = len(self._old)
        # In place: a copy would take as much again.  Nobody else has a view of it.
        self._old.resize(before + len(self._recent), refcheck=False)
        self._old[before:] = self._recent
        self._recent = self._recent[:0].copy()
        self._old.sort(kind="stable")


def _first(column: Column, start: int, end: int) -> NDArray[np.bool_]:
    """Return which numbers of a part of a sorted column do not stand before it as well."""
    first = np.ones(end - start, bool)
    first[1:] = column[start + 1 : end] != column[start : end - 1]
    if 0 < start < end:
        first[0] = column[start] != column[start - 1]
    return first
