"""One part of a search that several processes share: the states whose hashes are its own.

It has a table and a store like any search, goes through its own states of a level, and gives
what follows them to the parts that they belong to.  What its step tables have not been told it
asks for by its answer, and goes on when it is told.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from checker.space import kernel, parcels, slots
from checker.space.compiled import Compiled
from checker.space.lowered import Lowered
from checker.space.memory import Budget, Memory
from checker.space.search import Search
from checker.space.system import Values
from checker.space.tables import Words
from checker.space.travelling import Asked, NotTold, Told, learn
from model.errors import RuleError

SHARE = 0.6  # of the free memory of a machine, for all its parts together
RECENT_BITS = 16
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Tally:
    """What a part has counted so far.

    `taken` is by transition and `bad` by property; `first_bad` has for properties the depth and
    the least state of the first level with a state here that violates it.  `waiting` are states
    of the level that are not gone through, `fits` is whether memory was enough.
    """

    states: int
    kept: int
    taken: Any
    bad: Any
    seen: int
    first_bad: dict[int, tuple[int, Values]]
    waiting: int
    bytes: int
    fits: bool


@dataclass(frozen=True)
class Place:
    """Where a part is, and a digest of the code that it runs."""

    host: str
    code: str


def here() -> Place:
    """Return where this process is, and which code it has."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return Place(socket.gethostname(), digest.hexdigest())


class Part(Search):
    """The states of one of several parts.

    `budget` is in bytes, for all parts of a machine; so much as `round_bytes` of states is given
    away at once.
    """

    def __init__(
        self, lowered: Lowered, number: int, parts: int, budget: int | None, round_bytes: int
    ) -> None:
        together = max(min(parts, os.cpu_count() or 1), 1)
        whole = Budget(budget) if budget else Budget.of_machine(SHARE)
        engine = Compiled(lowered.system, 1, Budget(whole.bytes // together), lowered=lowered)
        super().__init__(engine, Memory(engine.words, engine.budget, 1))
        self.number, self.parts, self.fits = number, parts, True
        self.round_bytes = round_bytes
        self._recent = parcels.nothing_recent(self.words, RECENT_BITS)
        self._ours = np.zeros(0, np.uint64)  # what follows our states and is our own

    def place(self) -> Place:
        """Return where this part is, and which code it has."""
        return here()

    def enter(self, states: Words) -> Tally:
        """Make those of the initial states that belong here the first level."""
        owner = np.zeros(len(states) // self.words, np.uint64)
        parcels.owners(self.words, states, np.uint64(self.parts), owner)
        own = states.reshape(-1, self.words)[owner == self.number].reshape(-1)
        self._take_in(np.ascontiguousarray(own))
        return self.level_ended()

    # -- a level ---------------------------------------------------------------------------

    def expand(self, told: Sequence[Told]) -> bool | Asked | RuleError:
        """Go through states until buffers are full; return whether there are more."""
        own, (_, end) = self.own[0], self.spans[-1]
        return self._answered(told, lambda: self._expand(own, self._room, end) == kernel.FULL)

    def handed(self) -> list[Words] | Words:
        """Return what follows, for each part; for one part alone without the list."""
        m, room, w = self.memory, np.uint64(self._room), self.words
        buffers, counts = m.buffers, m.counts[0]
        many = np.zeros(self.parts, np.uint64)
        parcels.sifted(w, buffers, counts, room, self._recent, many)
        ends = np.cumsum(many)
        out = np.empty(int(ends[-1]) * w, np.uint64)
        parcels.gathered(w, buffers, counts, room, ends - many, out)
        pieces = np.split(out, ends[:-1].astype(np.int64) * w)
        self._ours, pieces[self.number] = pieces[self.number], np.zeros(0, np.uint64)
        return pieces if self.parts > 1 else pieces[0]

    def insert(self, last: bool, *given: Words) -> Tally:
        """Look up what the parts have given to this one, and keep what is new.

        What is new is a level that can be gone through when this was the `last` of it.
        """
        ours, self._ours = self._ours, np.zeros(0, np.uint64)
        for states in (ours, *given):
            self._take_in(states)
        return self.level_ended() if last else self.tally()

    def level_ended(self) -> Tally:
        """Note that what is new since the last time is a level, the next to go through."""
        start = self.spans[-1][1] if self.spans else 0
        self._end_level(start)
        self.memory.shared[kernel.FRONTIER] = start
        return self.tally()

    def preceding(
        self, told: Sequence[Told], level: int, wanted: list[Values]
    ) -> list[Values] | Asked | RuleError:
        """Return the least state of a level here before each of some; words of ones for none."""
        ways, shared = {k: [state] for k, state in enumerate(wanted)}, self.memory.shared
        frontier = shared[kernel.FRONTIER]
        found = self._answered(told, lambda: self._before(level, list(ways), ways))
        shared[kernel.FRONTIER] = frontier  # who looks back need not leave it where it was
        return found

    def block(self, level: int, number: int) -> Words:
        """Return the states of a level here, or one block of them; nothing after the last."""
        start, end = self.spans[level]
        many = self.round_bytes // (8 * self.words)
        first = min(start + number * many, end)
        return self.memory.store[first * self.words : min(first + many, end) * self.words]

    # -- inside ----------------------------------------------------------------------------

    @property
    def _room(self) -> int:
        """Return how many states the buffer of a partition may have, here and in a parcel."""
        most = min(8 * len(self.memory.buffers), self.round_bytes)
        return most // (8 * self.words * slots.PARTITIONS)

    def _take_in(self, states: Words) -> None:
        m, own, done = self.memory, self.own[0], 0
        while self.fits and done * self.words < len(states):
            room = self._room
            where = (np.uint64(done), m.buffers, m.counts[0], np.uint64(room))
            done = int(parcels.taken_in(self.words, states, *where))
            m.shared[kernel.PARTITION] = 0
            self.fits = self._insert(own, room) != kernel.FULL

    def _answered(
        self, told: Sequence[Told], work: Callable[[], Answer]
    ) -> Answer | Asked | RuleError:
        learn(self.engine.lowered, told)
        try:
            return work()
        except NotTold as missing:
            return missing.asked
        except RuleError as wrong:
            return wrong

    def tally(self) -> Tally:
        """Return what is counted so far."""
        own, m, (_, end) = self.own[0], self.memory, self.spans[-1]
        unused = int(own.numbers[kernel.FREE_END]) - int(own.numbers[kernel.FREE])
        return Tally(
            self.states,
            m.used - unused,
            own.taken.copy(),
            own.bad.copy(),
            int(own.seen[0]),
            dict(self.first_bad),
            max(end - int(m.shared[kernel.FRONTIER]), 0),
            m.bytes,
            self.fits,
        )
