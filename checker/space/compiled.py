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
from checker.space.lowered import Lowered
from checker.space.memory import Budget, Memory
from checker.space.native import Native
from checker.space.reached import Reached
from checker.space.system import TransitionSystem, Values
from checker.space.tables import Words, joined
from model.errors import RuleError

Progress = Callable[[int, int, int], None]  # states, transitions, depth
MOST_ALWAYS = 32


@dataclass
class _Thread:
    """What one thread of the search keeps from call to call."""

    numbers: Any
    out: Words
    hashes: Words
    failed: Words
    taken: Any
    bad: Any
    least: Words
    seen: Words


class Compiled:
    """Explores a system by machine code made from its terms."""

    def __init__(
        self,
        system: TransitionSystem,
        threads: int | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.system, self.lowered = system, Lowered(system)
        if max(len(system.always), len(system.sometimes)) > MOST_ALWAYS:
            raise RuleError(f"more than {MOST_ALWAYS} properties cannot be checked at once")
        self.native = Native(self.lowered)
        self.words = self.lowered.packing.words
        self.rows, self.tables = joined(self.lowered.lookups)
        self.functions = np.array([self.native.successors, self.native.judged], np.int64)
        self.threads = threads or os.cpu_count() or 1
        self.memory = Memory(self.words, budget or Budget.of_machine(), self.threads)
        self._adding = threading.Lock()
        self.search: _Search | None = None  # the last one, whose states are in the memory

    def run(
        self,
        progress: Progress | None = None,
        stop_at_first: bool = False,
        most_states: int | None = None,
    ) -> Reached:
        """Explore to the end, to the budget, until interrupted, or until the first violation.

        A level that is begun is ended, though there are `most_states` before.
        """
        search = self.search = _Search(self, progress)
        complete = False
        try:
            complete = search.levels(stop_at_first, most_states)
        except KeyboardInterrupt:
            complete = False
        return search.reached(complete)

    def levels(self) -> Iterator[list[Words]]:
        """Yield the states of each level of the last search, packed; rows of ones are none."""
        for start, end in self.search.spans if self.search else ():
            yield [self.memory.store[start * self.words : end * self.words]]

    def path_to(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return the least shortest sequence of states to one (packed) of a level."""
        assert self.search
        return self.search._path(depth, state)

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
        self.own = [self._thread() for _ in range(engine.threads)]
        self.first_bad: dict[int, tuple[int, Values]] = {}  # by property: depth and state

    def _thread(self) -> _Thread:
        system, words = self.engine.system, self.words
        lookups = self.engine.lowered.lookups
        return _Thread(
            np.zeros(kernel.FIELDS, np.int64),
            np.empty((len(system.transitions) + 2 * kernel.GATHERED) * (words + 1), np.uint64),
            np.empty(len(system.transitions) + 2 * kernel.GATHERED, np.uint64),
            np.zeros(max((len(x.key) for x in lookups), default=0) + 1, np.uint64),
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
        own, pack = self.own[0], self.engine.lowered.packing.pack
        states = np.array([pack(s) for s in self.engine.system.initial], np.uint64)
        flat, memory = states.reshape(-1), self.memory
        memory.shared[kernel.STORE] = kernel.STRETCH
        own.numbers[kernel.FREE_END] = kernel.STRETCH
        for k in range(len(states)):
            free = int(own.numbers[kernel.FREE])
            at, size = k * self.words, np.uint64(memory.size)
            value = np.uint64(kernel.mixed(flat, at, self.words))
            found = (memory.slots, size, memory.store, flat, at, value, free)
            if kernel.added(self.words, *found):
                judged = int(self.engine.functions[1])
                kernel.judge(self.words, judged, flat, at, own.bad, own.least, own.seen)
                own.numbers[kernel.FREE] += 1
                own.numbers[kernel.STATES] += 1
        self._end_level(0)

    def _level(self, pool: ThreadPoolExecutor) -> bool:
        """Expand the last level; return False where memory or the user ended it."""
        start, end = self.spans[-1]
        self.memory.shared[kernel.FRONTIER] = start
        while True:
            if kernel.FULL not in self._statuses(pool, end):
                break
            if not self.memory.grow(pool):
                self._end_level(end)
                return False
            self._tell()
        self._end_level(end)
        return not self.memory.shared[kernel.STOP]

    def _statuses(self, pool: ThreadPoolExecutor, end: int) -> list[int]:
        """Return what the threads end with; Ctrl-C lets them end what they have begun."""
        tasks = [pool.submit(self._work, own, end) for own in self.own]
        try:
            return [task.result() for task in tasks]
        except KeyboardInterrupt:
            self.memory.shared[kernel.STOP] = 1
            wait(tasks)
            return [kernel.DONE]

    def _work(self, own: _Thread, end: int) -> int:
        """Run a thread's search until the frontier is done or the table is full."""
        return self._seen_to(own, lambda: self._call(own, end))

    def _seen_to(self, own: _Thread, call: Callable[[], int]) -> int:
        """Repeat a call, seeing to keys that are missing and to room, until it has an answer."""
        while True:
            status = int(call())
            if status == kernel.MISSING:
                self.engine.known(*map(int, own.failed))
            elif status == kernel.CROWDED:
                own.out = np.empty(2 * len(own.out), np.uint64)
                own.hashes = np.empty(2 * len(own.hashes), np.uint64)
            elif status == kernel.UNFIT:
                name = self.engine.system.transitions[int(own.failed[0])].name
                raise RuleError(f"{name!r} sets a variable to a value that it does not have")
            else:
                return status

    def _call(self, own: _Thread, end: int) -> int:
        m, e = self.memory, self.engine
        status: int = kernel.search(
            self.words,
            e.functions,
            e.tables,
            m.slots,
            np.uint64(m.size),
            m.store,
            m.shared,
            m.limit,
            end,
            own.numbers,
            own.out,
            own.hashes,
            own.failed,
            own.taken,
            own.bad,
            own.least,
            own.seen,
        )
        return status

    def _end_level(self, start: int) -> None:
        """Note the level that begins at a place of the store, and what it violates first."""
        for own in sorted(self.own, key=lambda own: -own.numbers[kernel.FREE_END]):
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
        return sum(int(own.numbers[kernel.TRANSITIONS]) for own in self.own)

    def reached(self, complete: bool) -> Reached:
        """Return what was found."""
        system = self.engine.system
        taken = sum(own.taken for own in self.own)
        bad = sum(own.bad for own in self.own)
        seen = int(np.bitwise_or.reduce([own.seen[0] for own in self.own]))
        always = list(system.always)
        return Reached(
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

    def _path(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return the least shortest sequence of states to one at a depth."""
        path = [state]
        for level in range(depth - 1, -1, -1):
            path.append(self._before(level, path[-1]))
        return tuple(self.engine.lowered.packing.unpack(s) for s in reversed(path))

    def _before(self, level: int, state: Values) -> Values:
        own, least = self.own[0], np.zeros(self.words, np.uint64)
        wanted, e = np.array(state, np.uint64), self.engine
        where = (e.functions, e.tables, self.memory.store, *self.spans[level], wanted)
        self._seen_to(own, lambda: kernel.before(self.words, *where, own.out, own.failed, least))
        return tuple(map(int, least))
