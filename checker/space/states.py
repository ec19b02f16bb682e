"""The states that a search reached, for others: by level, by index, with what follows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.space import kernel, slots
from checker.space.memory import address, reserved
from checker.space.search import Search
from checker.space.system import Values
from checker.space.tables import Words

Indices = NDArray[np.int64]


class States:
    """States of a search that has ended, as rows of words; a state's index stays as it is.

    Indices are below `bound`, in order of the levels; some are of no state.
    """

    def __init__(self, search: Search) -> None:
        self._search, self._memory, self._engine = search, search.memory, search.engine
        self.words = search.words
        self.bound = self._memory.used
        self.pack = self._engine.lowered.packing.pack
        self.unpack = self._engine.lowered.packing.unpack

    def __len__(self) -> int:
        return self._search.states

    def levels(self) -> Iterator[tuple[Indices, Words]]:
        """Yield for each level the indices of its states, and their words (one state a row)."""
        for start, end in self._search.spans:
            yield self.between(start, end)

    def between(self, start: int, end: int) -> tuple[Indices, Words]:
        """Return the indices of the states from one index up to another, and their words."""
        rows = self._memory.store[start * self.words : end * self.words].reshape(-1, self.words)
        there = np.flatnonzero(rows[:, -1] != slots.NO_STATE)
        return there + start, rows[there]

    def index(self, state: Sequence[int]) -> int | None:
        """Return the index of a state (its words), None if it was not reached."""
        found = int(self.indices(np.array([state], np.uint64))[0])
        return None if found < 0 else found

    def indices(self, states: Words) -> Indices:
        """Return the indices of states, one a row; -1 for one that was not reached."""
        return self._found(np.ascontiguousarray(states).reshape(-1), self.words, len(states))

    def successors(self, state: Sequence[int]) -> list[tuple[str, Values]]:
        """Return each transition out of a state (its words): its name, the words after it."""
        names = [t.name for t in self._engine.system.transitions]
        rows = self._following(np.array(state, np.uint64))
        return [(names[int(row[-1])], tuple(map(int, row[:-1]))) for row in rows]

    def edges(self, start: int, end: int) -> tuple[Indices, Indices, Indices]:
        """Return the transitions out of the states from one index up to another.

        For each there is the index of the state, the position of the transition in the system,
        and the index of the state after it, or -1 if that was not reached.
        """
        sources, rows = [], []
        for index, state in zip(*self.between(start, end), strict=True):
            following = self._following(state)
            rows.append(following)
            sources.append(np.full(len(following), index, np.int64))
        if not rows:
            return (np.zeros(0, np.int64),) * 3
        table = np.concatenate(rows)
        targets = self._found(table.reshape(-1), self.words + 1, len(table))
        return np.concatenate(sources), table[:, -1].astype(np.int64), targets

    def _following(self, state: Words) -> Words:
        own, engine = self._search.own[0], self._engine
        wide = self.words + 1

        def call() -> int:
            room = np.uint64(len(own.out) // wide)
            where = (engine.functions, engine.tables, state, own.out, room, own.held)
            return int(kernel.following(*where))

        many = self._search.seen_to(own, call)
        return own.out[: many * wide].reshape(-1, wide).copy()

    def _found(self, flat: Words, stride: int, many: int) -> Indices:
        found = np.zeros(many, np.uint64)
        numbers = (np.uint64(stride), np.uint64(many))
        where = (*self._table, address(flat))
        slots.indices(self.words, *where, *numbers, self._places, found)
        return found.view(np.int64)

    @property
    def _table(self) -> tuple[Any, ...]:
        m = self._memory
        return address(m.slots), np.uint64(m.most), m.sizes, address(m.store)

    @cached_property
    def _places(self) -> Words:
        """Return which place each slot's state has; longer states have it in the slot."""
        if self.words > 1:
            return np.zeros(1, np.uint64)
        places = reserved(len(self._memory.slots))
        slots.places(1, *self._table, np.uint64(self.bound), places)
        return places
