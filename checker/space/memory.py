"""Memory of a search: address space is reserved once, and pages are taken as they are used."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from checker.space import kernel, slots
from checker.space.tables import Words

FIRST_SLOTS = 64  # of a partition
FULLEST = slots.FULLEST_OF_16 / 16
BUFFERED = 1 / 6  # of the bytes of slots: successors that are gathered before they are looked up
LEAST_ROOM = 256  # of a buffer
PLACES = 1 << 64 - slots.TAG_BITS


@dataclass(frozen=True)
class Budget:
    """How many bytes states, their table and the buffers may take."""

    bytes: int

    @classmethod
    def of_machine(cls, share: float = 0.8) -> Budget:
        """Return a share of the memory that is free now."""
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return cls(int(free * share))


def reserved(count: int, large: bool = False) -> Words:
    """Return zeros whose pages are taken as they are used, large ones where there are such."""
    kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
    pages = mmap.mmap(-1, 8 * count, flags=kind)
    if large and hasattr(mmap, "MADV_HUGEPAGE"):
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, np.uint64)


def address(words: Words) -> np.uint64:
    """Return where words are; they have to live as long as it is used."""
    return np.uint64(words.ctypes.data)


class Memory:
    """The table of states and the store, which has them in order of their levels."""

    def __init__(self, words: int, budget: Budget, threads: int) -> None:
        self.words, self.threads = words, threads
        slot_bytes = 8 * (1 + BUFFERED)
        self.places = min(int(budget.bytes / (8 * words + slot_bytes / FULLEST)), PLACES - 1)
        most = int(self.places / FULLEST) // slots.PARTITIONS // slots.BUCKET * slots.BUCKET
        self.most = max(most, FIRST_SLOTS)
        self.slots = reserved(self.most * slots.PARTITIONS)
        room = max(self.places, FIRST_SLOTS) + kernel.STRETCH * (threads + 1)
        self.store = reserved(room * words, large=True)
        self.sizes = np.full(slots.PARTITIONS, FIRST_SLOTS, np.uint64)
        self.used_slots = np.zeros(slots.PARTITIONS, np.uint64)
        self.shared: Any = np.zeros(kernel.SHARED, np.uint64)
        self.counts = np.zeros((threads, slots.PARTITIONS), np.uint64)
        lanes = threads * slots.PARTITIONS
        most_room = max(int(self.most * BUFFERED) // words // threads, LEAST_ROOM)
        self.buffers = reserved(lanes * most_room * words, large=True)

    @property
    def used(self) -> int:
        """Return how many places of the store are taken."""
        return int(self.shared[kernel.STORE])

    @property
    def room(self) -> int:
        """Return how many successors a buffer may have now, while all are empty."""
        return max(int(self.sizes.min() * BUFFERED) // self.words // self.threads, LEAST_ROOM)

    def buffers_of(self, thread: int, room: int) -> Words:
        """Return the buffers of one thread, each with room for so many states."""
        size = slots.PARTITIONS * room * self.words
        return self.buffers[thread * size : (thread + 1) * size]

    def rebuilt(self, used: int) -> bool:
        """Make the table of what is in the store up to a place; return whether it fits."""
        self.shared[kernel.STORE] = used
        most, spare = np.uint64(self.most), reserved(self.most)
        table = (address(self.slots), most, self.sizes, self.used_slots, address(self.store))
        return bool(slots.rebuilt(self.words, *table, np.uint64(used), address(spare)))

    def close(self, free: int, end: int) -> None:
        """Give back what a thread leaves of its stretch of the store, or fill it."""
        if end == self.used:
            self.shared[kernel.STORE] = free
        self.store[free * self.words : end * self.words] = slots.NO_STATE

    @property
    def kept(self) -> int:
        """Return how many states are in the store; it looks at all of it."""
        last = self.store[self.words - 1 : self.used * self.words : self.words]
        return int(np.count_nonzero(last != slots.NO_STATE))

    @property
    def bytes(self) -> int:
        """Return how many bytes are in use."""
        buffers = self.threads * slots.PARTITIONS * self.room * self.words
        return 8 * (int(self.sizes.sum()) + self.used * self.words + buffers)
