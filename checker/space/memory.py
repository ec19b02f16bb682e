"""Memory of a search: address space is reserved once, and pages are taken as they are used."""

from __future__ import annotations

import mmap
import os
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from checker.space import kernel
from checker.space.tables import Words

FIRST_SLOTS = 1 << 16
FULLEST = 0.75
GROWTH = 1.6


@dataclass(frozen=True)
class Budget:
    """How many bytes states and their table may take."""

    bytes: int

    @classmethod
    def of_machine(cls, share: float = 0.8) -> Budget:
        """Return a share of the memory that is free now."""
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return cls(int(free * share))


def reserved(count: int) -> Words:
    """Return zeros whose pages are taken as they are used, large ones where there are such."""
    kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
    pages = mmap.mmap(-1, 8 * count, flags=kind)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, np.uint64)


class Memory:
    """The table of states and the store, which has them in order of their levels."""

    def __init__(self, words: int, budget: Budget, threads: int) -> None:
        self.words, self.threads = words, threads
        # At the table's emptiest and fullest a state takes 8 / 0.47 and 8 / 0.75 bytes of it.
        self.places = budget.bytes // (8 * words + 18)
        self.most_slots = max(int(self.places / FULLEST), FIRST_SLOTS)
        self.slots = reserved(self.most_slots)
        room = max(self.places, FIRST_SLOTS) + kernel.STRETCH * (threads + 1)
        self.store = reserved(room * words)
        self.size = FIRST_SLOTS
        self.shared: Any = np.zeros(kernel.SHARED, np.int64)

    @property
    def limit(self) -> int:
        """Return the place after which no stretch of the store may begin."""
        return int(self.size * FULLEST) - kernel.STRETCH * self.threads

    @property
    def used(self) -> int:
        """Return how many places of the store are taken."""
        return int(self.shared[kernel.STORE])

    @property
    def kept(self) -> int:
        """Return how many states are in the store; it looks at all of it."""
        last = self.store[self.words - 1 : self.used * self.words : self.words]
        return int(np.count_nonzero(last != kernel.NO_STATE))

    def grow(self, pool: Executor) -> bool:
        """Make the table larger; return False where the budget does not allow it."""
        if self.size >= self.most_slots:
            return False
        self.slots[: self.size] = 0
        self.size = min(int(self.size * GROWTH), self.most_slots)
        cuts = [self.used * k // self.threads for k in range(self.threads + 1)]
        waiting = [pool.submit(self._reinsert, start, end) for start, end in pairwise(cuts)]
        for task in waiting:
            task.result()
        return True

    def _reinsert(self, start: int, end: int) -> None:
        size = np.uint64(self.size)
        kernel.reinserted(self.words, self.slots, size, self.store, start, end)

    def close(self, free: int, end: int) -> None:
        """Give back what a thread leaves of its stretch of the store, or fill it."""
        if end == self.used:
            self.shared[kernel.STORE] = free
        self.store[free * self.words : end * self.words] = kernel.NO_STATE

    @property
    def bytes(self) -> int:
        """Return how many bytes are in use."""
        return 8 * (self.size + self.used * self.words)
