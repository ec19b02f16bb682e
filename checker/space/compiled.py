"""The compiled engine: breadth first by levels, on all cores, for large scopes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np

from checker.space import kernel
from checker.space.interpreted import Interpreted
from checker.space.lowered import Lowered
from checker.space.memory import Budget, Memory, reserved
from checker.space.native import Native
from checker.space.quotient import expanded, fitting
from checker.space.reached import Reached
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem, Values
from checker.space.tables import Words, joined
from model.errors import RuleError

Progress = Callable[[int, int, int], None]  # states, transitions, depth
MOST_ALWAYS = 32
FEW = 2048  # states of a frontier that are not shared among threads


@dataclass
class _Thread:
    """What one thread of the search keeps from call to call."""

    number: int
    numbers: Any
    out: Words
    hashes: Words
    spare: Words
    failed: Words
    taken: Any
    bad: Any
    least: Words
    seen: Words


class Compiled:
    """Explores a system by machine code made from its terms, up to renaming if that is given."""

    def __init__(
        self,
        system: TransitionSystem,
        threads: int | None = None,
        budget: Budget | None = None,
        up_to: Symmetry | None = None,
    ) -> None:
        self.symmetry = fitting(system, up_to)
        self.system = system = self.symmetry.system
        self.group = self.symmetry.group
        self.lowered = Lowered(system, self.group)
        if max(len(system.always), len(system.sometimes)) > MOST_ALWAYS:
            raise RuleError(f"more than {MOST_ALWAYS} properties cannot be checked at once")
        self.native = Native(self.lowered)
        self.words = self.lowered.packing.words
        self.rows, self.tables = joined(self.lowered.lookups)
        orbit = self.native.orbit if self.symmetry.proved else 0
        self.functions = np.array([self.native.successors, self.native.judged, orbit], np.uint64)
        self.threads = threads or os.cpu_count() or 1
        self.memory = Memory(self.words, budget or Budget.of_machine(), self.threads)
        self._adding = threading.Lock()
        self._slow: Interpreted | None = None

    def run(
        self,
        progress: Progress | None = None,
        stop_at_first: bool = False,
        most_states: int | None = None,
    ) -> Reached:
        """Explore to the end, to the budget, until interrupted, or until the first violation.

        A level that is begun is ended, though there are `most_states` before.
        """
        search = _Search(self, progress)
        complete = False
        try:
            complete = search.levels(stop_at_first, most_states)
        except KeyboardInterrupt:
            complete = False
        return search.reached(complete)

    def least(self, state: Values) -> Values:
        """Return the words of the least image of a state, the last word counting most."""
        pack = self.lowered.packing.pack
        return min(map(pack, self.group.images(state)), key=lambda words: words[::-1])

    def successors(self, state: Values) -> Iterator[tuple[str, Values]]:
        """Yield the transitions out of a state, by the evaluator; not up to renaming."""
        self._slow = self._slow or Interpreted(self.symmetry.plain)
        return self._slow.successors(state)

    def known(self, lookup: int, *key: int) -> None:
        """See to it that a table has the rows for a key, whose words may be followed by others."""
        words = len(self.lowered.lookups[lookup].key)
        with self._adding:
            self.rows[lookup].place(key[:words])


class _Search:
    """One search: the levels so far, and what the threads have counted."""

    def __init__(self, engine: Compiled, progress: Progress | None) -> None:
        self.engine, self.memory, self.progress = engine, engine.memory, progress
        self.words = engine.words
        self.spans: list[tuple[int, int]] = []  # of each level in the store
        self.counts: list[int] = []
        self.own = [self._thread(k) for k in range(engine.threads)]
        self.first_bad: dict[int, tuple[int, Values]] = {}  # by property: depth and state

    def _thread(self, number: int) -> _Thread:
        system, words = self.engine.system, self.words
        return _Thread(
            number,
            np.zeros(kernel.FIELDS, np.uint64),
            np.empty((2 * len(system.transitions) + 512) * (words + 1), np.uint64),
            np.empty(kernel.TOGETHER, np.uint64),
            reserved(self.memory.most),
            np.zeros(self.engine.native.scratch, np.uint64),
            np.zeros(max(len(system.transitions), 1), np.int64),
            np.zeros(MOST_ALWAYS, np.int64),
            np.full(MOST_ALWAYS * words, kernel.NO_STATE),
            np.zeros(1, np.uint64),
        )

    # -- levels ----------------------------------------------------------------------------

    def levels(self, stop_at_first: bool, most_states: int | None = None) -> bool:
        """Go through the levels; return whether there is nothing beyond them."""
        self._start()
        with ThreadPoolExecutor(self.engine.threads) as pool:
            while self.counts[-1]:
                enough = most_states is not None and self.states > most_states
                if enough or (stop_at_first and self.first_bad):
                    return False
                if not self._level(pool):
                    return False
        self.counts.pop()
        self.spans.pop()
        return True

    def _start(self) -> None:
        own, memory = self.own[0], self.memory
        initial = map(self.engine.least, self.engine.system.initial)
        states = np.array(list(initial), np.uint64)
        room, flat = max(len(states), memory.room), states.reshape(-1)
        for k in range(len(states)):
            value = np.uint64(kernel.mixed(flat, np.uint64(k * self.words), self.words))
            p = int(kernel.partition_of(value))
            free = p * room + int(memory.counts[0, p])
            memory.buffers[free * self.words : (free + 1) * self.words] = states[k]
            memory.counts[0, p] += 1
        self._insert(own, room)
        self._end_level(0)

    def _level(self, pool: ThreadPoolExecutor) -> bool:
        """Expand the last level; return False where memory or the user ended it."""
        start, end = self.spans[-1]
        self.memory.shared[kernel.FRONTIER] = start
        own = self.own if end - start > FEW else self.own[:1]
        more, fits = True, True
        while more and fits:
            room = self.memory.room
            more = kernel.FULL in self._statuses(pool, self._expand, own, room, end)
            self.memory.shared[kernel.PARTITION] = 0
            fits = kernel.FULL not in self._statuses(pool, self._insert, own, room)
        self._end_level(end)
        return fits and not self.memory.shared[kernel.STOP]

    def _statuses(
        self, pool: ThreadPoolExecutor, work: Callable[..., int], own: list[_Thread], *more: int
    ) -> list[int]:
        """Return what the threads end with; Ctrl-C lets them end what they have begun."""
        if len(own) == 1:
            return [work(own[0], *more)]
        tasks = [pool.submit(work, one, *more) for one in own]
        try:
            return [task.result() for task in tasks]
        except KeyboardInterrupt:
            self.memory.shared[kernel.STOP] = 1
            wait(tasks)
            return [kernel.DONE]

    def _seen_to(self, own: _Thread, call: Callable[[], int]) -> int:
        """Repeat a call, seeing to keys that are missing and to room, until it has an answer."""
        while True:
            status = int(call())
            if status == kernel.MISSING:
                self.engine.known(*map(int, own.failed[: self.engine.native.told]))
            elif status == kernel.CROWDED:
                own.out = np.empty(2 * len(own.out), np.uint64)
            elif status == kernel.UNFIT:
                name = self.engine.system.transitions[int(own.failed[0])].name
                raise RuleError(f"{name!r} sets a variable to a value that it does not have")
            else:
                return status

    def _expand(self, own: _Thread, room: int, end: int) -> int:
        """Run a thread's search until the frontier is done or a buffer is full."""
        m, e = self.memory, self.engine
        where = (e.functions, e.tables, m.store, m.shared, np.uint64(end), own.numbers)
        buffers, counts = m.buffers_of(own.number, room), m.counts[own.number]
        expand = kernel.expand_for(self.words)
        return self._seen_to(
            own,
            lambda: expand(
                *where, own.out, buffers, counts, np.uint64(room), own.failed, own.taken
            ),
        )

    def _insert(self, own: _Thread, room: int) -> int:
        """Look up what the buffers of all threads hold."""
        m, e = self.memory, self.engine
        most, limit = np.uint64(m.most), np.uint64(m.limit)
        table = (m.slots, most, m.sizes, m.used_slots, m.store, m.shared, limit)
        status: int = kernel.insert_for(self.words)(
            e.functions,
            *table,
            own.numbers,
            m.buffers,
            m.counts,
            np.uint64(room),
            own.hashes,
            own.spare,
            own.bad,
            own.least,
            own.seen,
        )
        return status

    def _end_level(self, start: int) -> None:
        """Note the level that begins at a place of the store, and what it violates first."""
        for own in sorted(self.own, key=lambda own: -int(own.numbers[kernel.FREE_END])):
            self.memory.close(int(own.numbers[kernel.FREE]), int(own.numbers[kernel.FREE_END]))
            own.numbers[kernel.FREE] = own.numbers[kernel.FREE_END]
        self.spans.append((start, self.memory.used))
        self.counts.append(self.states - sum(self.counts))
        for k in range(len(self.engine.system.always)):
            if k not in self.first_bad and any(own.bad[k] for own in self.own):
                self.first_bad[k] = len(self.spans) - 1, self._least(k)
        self._tell()

    def _least(self, k: int) -> Values:
        w = self.words
        states = [tuple(map(int, own.least[k * w : k * w + w])) for own in self.own]
        return min(states, key=lambda s: s[::-1])

    def _tell(self) -> None:
        if self.progress:
            self.progress(self.states, self.transitions, len(self.counts) - 1)

    # -- results ---------------------------------------------------------------------------

    @property
    def states(self) -> int:
        """Return how many states there are so far."""
        return sum(int(own.numbers[kernel.STATES]) for own in self.own)

    @property
    def transitions(self) -> int:
        """Return how many transitions were taken so far."""
        return sum(int(own.taken.sum()) for own in self.own)

    def reached(self, complete: bool) -> Reached:
        """Return what was found."""
        system = self.engine.system
        taken = sum(own.taken for own in self.own)
        bad = sum(own.bad for own in self.own)
        seen = int(np.bitwise_or.reduce([own.seen[0] for own in self.own]))
        always = list(system.always)
        found = Reached(
            self.states,
            self.transitions,
            tuple(self.counts),
            {t.name: int(n) for t, n in zip(system.transitions, taken, strict=False) if n},
            {p: int(bad[k]) for k, p in enumerate(always) if bad[k]},
            {always[k]: self._path(*found) for k, found in self.first_bad.items()},
            frozenset(p for k, p in enumerate(system.sometimes) if seen >> k & 1),
            complete,
            self.memory.bytes,
        )
        return self._expanded(found)

    def _expanded(self, found: Reached) -> Reached:
        e, unpack = self.engine, self.engine.lowered.packing.unpack
        return expanded(
            found,
            e.symmetry,
            self.memory.kept if e.symmetry.proved else 0,
            lambda s: unpack(e.least(s)),
            e.successors,
        )

    def _path(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return the least shortest sequence of states to one at a depth."""
        path = [state]
        for level in range(depth - 1, -1, -1):
            path.append(self._before(level, path[-1]))
        return tuple(self.engine.lowered.packing.unpack(s) for s in reversed(path))

    def _before(self, level: int, state: Values) -> Values:
        own, least = self.own[0], np.zeros(self.words, np.uint64)
        wanted, e = np.array(state, np.uint64), self.engine
        start, end = map(np.uint64, self.spans[level])
        where = (e.functions, e.tables, self.memory.store, start, end, wanted)
        self._seen_to(own, lambda: kernel.before(self.words, *where, own.out, own.failed, least))
        return tuple(map(int, least))
