"""The states of several words met so far: one table of open addresses, and a store in order.

Candidates come in the order of their hashes, and a hash says by its upper bits where the search
for it begins, so that the table is gone through from front to back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.space.columns import Column
from checker.space.ordered import Each, Ordered

FIRST = 1 << 16
FULLEST = 0.75
GROWTH = 1.5
_MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
Places = NDArray[np.int64]


def hashed(words: list[Column]) -> Column:
    """Return the hash of each state, given by its words."""
    value = words[0] * _MIX_1
    for word in words[1:]:
        value = ((value ^ (value >> _HALF)) ^ word) * _MIX_1
    value ^= value >> _HALF
    return value * _MIX_2


def of_words(words: int) -> Ordered | Visited:
    """Return room for states of so many words."""
    return Ordered() if words == 1 else Visited(words)


class Visited:
    """The states: `store` has their words, in the order in which they were added."""

    def __init__(self, words: int) -> None:
        self.words, self.count = words, 0
        self.store: list[Column] = [np.empty(FIRST, np.uint64) for _ in range(words)]
        self.size = FIRST
        self.slots: Any = self._slots()

    def _slots(self) -> Any:
        """Return an empty table; a slot has the number of a state, and one."""
        return np.zeros(self.size, np.uint32)

    def distinct(self, words: list[Column]) -> list[Column]:
        """Return candidates that wait for others; it is soon enough to look for equal ones then."""
        return words

    def state(self, number: int) -> tuple[int, ...]:
        """Return the words of a state."""
        return tuple(int(column[number]) for column in self.store)

    def part(self, start: int, end: int) -> list[Column]:
        """Return the words of some states, one after the other."""
        return [column[start:end] for column in self.store]

    @property
    def bytes(self) -> int:
        """Return how many bytes table and store take."""
        return int(self.slots.nbytes + sum(column.nbytes for column in self.store))

    def add(self, words: list[Column], each: Each = map) -> None:
        """Add the states that are not there yet, each once, in the order of their hashes."""
        hashes = hashed(words)
        order = np.argsort(hashes)
        hashes, words = hashes[order], [word[order] for word in words]
        same = np.ones(len(hashes), bool)
        same[:1] = False
        for word in words:
            same[1:] &= word[1:] == word[:-1]
        kept = np.flatnonzero(~same)
        hashes, words = hashes[kept], [word[kept] for word in words]
        self._room(len(hashes))
        self._entered(hashes, words)

    def _entered(self, hashes: Column, words: list[Column]) -> None:
        """Enter candidates: each goes on until it finds itself, or a free place."""
        start, many = self.count, len(hashes)
        for column, word in zip(self.store, words, strict=True):
            column[start : start + many] = word
        waiting: Places = np.arange(many)
        slots = self._begin(hashes)
        taken = np.full(many, -1, np.int64)  # the slot of each that is new
        while len(waiting):
            held = self.slots[slots]
            free = held == 0
            self.slots[slots[free]] = (start + 1 + waiting[free]).astype(np.uint32)
            held = self.slots[slots]
            own = held == start + 1 + waiting
            taken[waiting[own]] = slots[own]
            known = ~own
            for column, word in zip(self.store, words, strict=True):
                known &= column[held.astype(np.int64) - 1] == word[waiting]
            rest = ~(own | known)
            waiting, slots = waiting[rest], self._next(slots[rest])
        self._closed(taken)

    def _closed(self, taken: Places) -> None:
        """Let the new states stand one after the other."""
        start, new = self.count, np.flatnonzero(taken >= 0)
        for column in self.store:
            column[start : start + len(new)] = column[start + new]
        numbers = np.arange(start + 1, start + 1 + len(new))
        self.slots[taken[new]] = numbers.astype(np.uint32)
        self.count += len(new)

    def _begin(self, hashes: Column) -> Places:
        return ((hashes >> _HALF) * np.uint64(self.size) >> _HALF).astype(np.int64)

    def _next(self, slots: Places) -> Places:
        following = slots + 1
        following[following == self.size] = 0
        return following

    # -- room ------------------------------------------------------------------------------

    def _room(self, more: int) -> None:
        """See to it that so many states more have room."""
        wanted = self.count + more
        if wanted > len(self.store[0]):
            size = max(wanted, int(len(self.store[0]) * GROWTH))
            for k, column in enumerate(self.store):
                self.store[k] = np.empty(size, np.uint64)
                self.store[k][: self.count] = column[: self.count]
        if wanted > FULLEST * len(self.slots):
            while wanted > FULLEST * self.size:
                self.size = int(self.size * GROWTH)
            self.slots = None  # before there is another one
            self.slots = self._slots()
            self._again()

    def _again(self) -> None:
        """Enter all states into an empty table; they are different."""
        step = 1 << 20
        for start in range(0, self.count, step):
            part = self.part(start, min(start + step, self.count))
            hashes = hashed(part)
            order = np.argsort(hashes)
            slots, numbers = self._begin(hashes[order]), start + 1 + order
            while len(slots):
                free = self.slots[slots] == 0
                self.slots[slots[free]] = numbers[free].astype(np.uint32)
                rest = self.slots[slots] != numbers
                slots, numbers = self._next(slots[rest]), numbers[rest]
