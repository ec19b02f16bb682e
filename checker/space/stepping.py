"""Single steps by machine code: the transitions out of one state, outside of a search."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from checker.space.group import Group
from checker.space.lowered import Lowered
from checker.space.native import Native
from checker.space.system import TransitionSystem, Values
from checker.space.tables import Rows, Words, joined
from checker.space.wanting import seen_to

_CALL = ctypes.CFUNCTYPE(
    ctypes.c_int64, *[ctypes.c_void_p] * 2, ctypes.c_int64, *[ctypes.c_void_p] * 2
)
ROOM = 256  # transitions at first


@dataclass
class Room:
    """What machine code writes to: its scratch, and transitions."""

    words: int
    held: Words
    out: Words

    @classmethod
    def for_system(cls, lowered: Lowered, native: Native) -> Room:
        """Return room for the transitions out of a state."""
        words = lowered.packing.words
        many = len(lowered.transitions) + ROOM
        out = np.empty(many * (words + 1), np.uint64)
        return cls(words, native.scratch.made(), out)

    @property
    def transitions(self) -> int:
        """Return how many transitions there is room for."""
        return len(self.out) // (self.words + 1)


@dataclass(frozen=True)
class Stepping:
    """The machine code of a system with the tables of its nodes' steps."""

    system: TransitionSystem
    lowered: Lowered
    native: Native
    rows: Sequence[Rows]
    tables: Words
    known: Callable[..., None]
    room: Room = field(compare=False)

    @classmethod
    def of(cls, engine: Any) -> Stepping:
        """Return that of a compiled engine, whose tables it shares."""
        room = Room.for_system(engine.lowered, engine.native)
        parts = (engine.lowered, engine.native, engine.rows, engine.tables, engine.known)
        return cls(engine.system, *parts, room)

    @classmethod
    def made(cls, system: TransitionSystem, group: Group | None = None) -> Stepping:
        """Return new machine code for a system, up to renaming with a group of renamings."""
        lowered = Lowered(system, group)
        rows, tables = joined(lowered.lookups)

        def known(lookup: int, *key: int) -> None:
            rows[lookup].place(key[: len(lowered.lookups[lookup].key)])

        native = Native(lowered)
        room = Room.for_system(lowered, native)
        return cls(system, lowered, native, rows, tables, known, room)

    @property
    def words(self) -> int:
        """Return how many words a state takes."""
        return self.lowered.packing.words

    def seen_to(self, room: Room, call: Callable[[], int]) -> int:
        """Repeat a call until it has an answer."""
        return seen_to(room, call, self.system, self.native, self.known)

    def successors(self, state: Values) -> Iterator[tuple[int, Values]]:
        """Yield the position of each transition out of a state, with the state after it.

        States are words here, as everywhere in this module.
        """
        given, room, function = np.array(state, np.uint64), self.room, _CALL(self.native.successors)

        def call() -> int:
            where = (room.out.ctypes.data, room.transitions, self.tables.ctypes.data)
            return int(function(given.ctypes.data, *where, room.held.ctypes.data))

        count = self.seen_to(room, call)
        found = room.out[: count * (self.words + 1)].reshape(-1, self.words + 1).tolist()
        for *after, position in found:
            yield position, tuple(after)

    def taken(self, states: Sequence[Values]) -> tuple[int, ...]:
        """Return the first transition from each state of a path to the next."""
        return tuple(
            next(k for k, found in self.successors(before) if found == after)
            for before, after in pairwise(states)
        )

    def unpacked(self, state: Values) -> Values:
        """Return the values of the variables in a state."""
        return self.lowered.packing.unpack(state)
