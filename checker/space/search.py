"""One search of the compiled engine: level by level, in rounds that threads share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from checker.advance import INTERVAL_S, Progress, Watch
from checker.space import kernel, slots
from checker.space.asking import HASHES
from checker.space.memory import Memory, address, reserved
from checker.space.packing import least_of
from checker.space.reached import INTERRUPTED, MEMORY, STATES, VIOLATION, Reached
from checker.space.sieve import Sieve
from checker.space.system import Values
from checker.space.tables import Words
from checker.space.wanting import seen_to

if TYPE_CHECKING:
    from checker.space.compiled import Compiled

MOST_ALWAYS = 32
FEW = 2048  # states of a frontier that are not shared among threads
SPARE_TRANSITIONS = 512


@dataclass
class Thread:
    """What one thread of the search keeps from call to call."""

    number: int
    numbers: Any
    out: Words
    hashes: Words
    spare: Words
    held: Words
    recent: Words
    taken: Any
    bad: Any
    least: Words
    seen: Words


@dataclass(frozen=True)
class Mark:
    """What is known when a level has ended, beside the store; all numbers of all threads."""

    used: int  # places of the store
    spans: tuple[tuple[int, int], ...]
    counts: tuple[int, ...]
    taken: tuple[int, ...]  # by transition
    bad: tuple[int, ...]  # by property
    seen: int
    first_bad: dict[int, tuple[int, Values]]  # by property: depth and state


class Search:
    """The levels so far, and what the threads have counted."""

    def __init__(self, engine: Compiled, memory: Memory, progress: Progress | None = None) -> None:
        self.engine, self.memory, self.watch = engine, memory, Watch(progress)
        self.words = engine.words
        self.spans: list[tuple[int, int]] = []  # of each level in the store
        self.counts: list[int] = []
        self.own = [self._thread(k) for k in range(engine.threads)]
        self.first_bad: dict[int, tuple[int, Values]] = {}

    def _thread(self, number: int) -> Thread:
        transitions, words = len(self.engine.system.transitions), self.words
        return Thread(
            number,
            np.zeros(kernel.FIELDS, np.uint64),
            np.empty((2 * transitions + SPARE_TRANSITIONS) * (words + 1), np.uint64),
            np.empty(HASHES, np.uint64),
            reserved(self.memory.most),
            self.engine.native.scratch.made(),
            np.zeros(kernel.RECENT, np.uint64),
            np.zeros(max(transitions, 1), np.int64),
            np.zeros(MOST_ALWAYS, np.int64),
            np.full(MOST_ALWAYS * words, slots.NO_STATE),
            np.zeros(1, np.uint64),
        )

    # -- levels ----------------------------------------------------------------------------

    def start(self) -> None:
        """Make the initial states the first level."""
        memory, engine = self.memory, self.engine
        states = np.array(list(map(engine.least, engine.system.initial)), np.uint64)
        room, flat = max(len(states), memory.room), address(states)
        for k in range(len(states)):
            value = np.uint64(slots.mixed(flat, np.uint64(k * self.words), self.words))
            p = int(slots.partition_of(value))
            free = p * room + int(memory.counts[0, p])
            memory.buffers[free * self.words : (free + 1) * self.words] = states[k]
            memory.counts[0, p] += 1
        self._insert(self.own[0], room)
        self._end_level(0)

    def levels(
        self,
        stop_at_first: bool,
        most_states: int | None,
        ended: Callable[[], None],
    ) -> str:
        """Go through the levels, calling after each; return why not to the end, or nothing."""
        with ThreadPoolExecutor(self.engine.threads) as pool:
            while self.counts[-1]:
                if most_states is not None and self.states > most_states:
                    return STATES
                if stop_at_first and self.first_bad:
                    return VIOLATION
                stopped = self._level(pool)
                if stopped:
                    return stopped
                ended()
        self.counts.pop()
        self.spans.pop()
        return ""

    def stop(self) -> None:
        """Let the threads end what they have begun, and the search with it."""
        self.memory.shared[kernel.STOP] = 1

    def _level(self, pool: ThreadPoolExecutor) -> str:
        """Expand the last level; return what ended it before its end, or nothing."""
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
        if not fits:
            return MEMORY
        return INTERRUPTED if self.memory.shared[kernel.STOP] else ""

    def _statuses(
        self, pool: ThreadPoolExecutor, work: Callable[..., int], own: list[Thread], *more: int
    ) -> list[int]:
        """Return what the threads end with; say how far they are while they go on."""
        start, end = self.spans[-1]
        if end - start <= FEW:
            return [work(own[0], *more)]
        tasks = [pool.submit(work, one, *more) for one in own]
        while wait(tasks, timeout=INTERVAL_S / 4).not_done:
            if self.watch.due:
                self._say()
        return [task.result() for task in tasks]

    def seen_to(self, own: Thread, call: Callable[[], int]) -> int:
        """Repeat a call until it has an answer."""
        engine = self.engine
        return seen_to(own, call, engine.system, engine.native, engine.known)

    def _expand(self, own: Thread, room: int, end: int) -> int:
        """Run a thread's search until the frontier is done or a buffer is full."""
        m, e = self.memory, self.engine
        where = (e.functions, address(e.tables), *map(address, (m.store, m.shared)), np.uint64(end))
        buffers = (address(m.buffers_of(own.number, room)), m.counts[own.number], np.uint64(room))
        expand, mine = kernel.expand_for(self.words), (address(own.held), address(own.recent))

        def call() -> int:
            out = (address(own.out), self._space(own))
            return expand(*where, own.numbers, *out, *buffers, *mine, own.taken)

        return self.seen_to(own, call)

    def _space(self, own: Thread) -> np.uint64:
        """Return for how many transitions a thread has room."""
        return np.uint64(len(own.out) // (self.words + 1))

    def _insert(self, own: Thread, room: int) -> int:
        """Look up what the buffers of all threads hold."""
        m, e = self.memory, self.engine
        most, limit = np.uint64(m.most), np.uint64(m.places)
        table = (address(m.slots), most, m.sizes, m.used_slots)
        store = (address(m.store), address(m.shared), limit)
        buffers = (address(m.buffers), m.counts, np.uint64(room))
        verdicts = (own.bad, own.least, own.seen)
        insert = kernel.insert_for(self.words)
        spare = (address(own.hashes), address(own.spare))
        return insert(e.functions, *table, *store, own.numbers, *buffers, *spare, *verdicts)

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
        self._say()

    def _least(self, k: int) -> Values:
        w = self.words
        return least_of([own.least[k * w : k * w + w].tolist() for own in self.own])

    # -- what is known ---------------------------------------------------------------------

    @property
    def states(self) -> int:
        """Return how many states there are so far."""
        return sum(int(own.numbers[kernel.STATES]) for own in self.own)

    @property
    def transitions(self) -> int:
        """Return how many transitions were taken so far."""
        return sum(int(own.taken.sum()) for own in self.own)

    def _say(self) -> None:
        """Say how far the search is; of the frontier, stretches that are begun count as done."""
        states, (_, end) = self.states, self.spans[-1]
        ahead = max(end - int(self.memory.shared[kernel.FRONTIER]), 0)
        waiting = min(ahead, self.counts[-1]) + states - sum(self.counts)
        self.watch.say(self.counts, states, self.transitions, waiting, self.memory.bytes)

    def mark(self) -> Mark:
        """Return what is known at the end of a level."""
        return Mark(
            self.memory.used,
            tuple(self.spans),
            tuple(self.counts),
            tuple(map(int, sum(own.taken for own in self.own))),
            tuple(map(int, sum(own.bad for own in self.own))),
            int(np.bitwise_or.reduce([own.seen[0] for own in self.own])),
            dict(self.first_bad),
        )

    def go_on_from(self, mark: Mark) -> None:
        """Take over what was known at the end of a level, with the store and the table."""
        own = self.own[0]
        self.spans, self.counts = list(mark.spans), list(mark.counts)
        self.first_bad = dict(mark.first_bad)
        own.taken[:], own.bad[:], own.seen[0] = mark.taken, mark.bad, mark.seen
        own.numbers[kernel.STATES] = sum(mark.counts)

    def reached(self, stopped: str) -> Reached:
        """Return what was found."""
        system, mark = self.engine.system, self.mark()
        always, names = list(system.always), [t.name for t in system.transitions]
        found = Reached(
            self.states,
            self.transitions,
            mark.counts,
            {t: n for t, n in zip(names, mark.taken, strict=False) if n},
            {p: mark.bad[k] for k, p in enumerate(always) if mark.bad[k]},
            {always[k]: path for k, path in self._paths().items()},
            frozenset(p for k, p in enumerate(system.sometimes) if mark.seen >> k & 1),
            not stopped,
            self.memory.bytes,
            stopped=stopped,
        )
        return self.engine.expanded(found, self.memory.kept)

    def path_to(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return the least shortest sequence of states to one (its words) of a level."""
        way = [state]
        for level in range(depth - 1, -1, -1):
            way += self._before(level, [0], {0: way})
        return tuple(map(self.engine.lowered.packing.unpack, reversed(way)))

    def _paths(self) -> dict[int, tuple[Values, ...]]:
        """Return, by property, the least shortest sequence of states to one that violates it.

        The levels are gone through backwards, once for all of them.
        """
        ways = {k: [state] for k, (_, state) in self.first_bad.items()}
        deepest = max((depth for depth, _ in self.first_bad.values()), default=0)
        for level in range(deepest - 1, -1, -1):
            longer = [k for k, (depth, _) in self.first_bad.items() if depth > level]
            for k, state in zip(longer, self._before(level, longer, ways), strict=True):
                ways[k].append(state)
        unpack = self.engine.lowered.packing.unpack
        return {k: tuple(map(unpack, reversed(way))) for k, way in ways.items()}

    def _before(self, level: int, longer: list[int], ways: dict[int, list[Values]]) -> list[Values]:
        """Return the least state of a level before the first state of each way so far."""
        wanted = np.array([ways[k][-1] for k in longer], np.uint64)
        sieve = Sieve(self.engine.kept, self.engine.images(wanted))
        start, end = self.spans[level]
        self.memory.shared[kernel.FRONTIER] = start
        own = self.own if end - start > FEW else self.own[:1]
        with ThreadPoolExecutor(len(own)) as pool:
            found = list(pool.map(lambda one: self._found_before(one, end, wanted, sieve), own))
        states = np.array(found, np.uint64).reshape(len(own), len(longer), self.words)
        return [least_of(states[:, k].tolist()) for k in range(len(longer))]

    def _found_before(self, own: Thread, end: int, wanted: Words, sieve: Sieve) -> Words:
        """Return the least states before wanted ones among those that a thread takes."""
        e, least = self.engine, np.full(wanted.size, slots.NO_STATE)
        own.numbers[kernel.BLOCK] = own.numbers[kernel.BLOCK_END]
        m, asked = self.memory, (address(wanted), np.uint64(len(wanted)), sieve.addresses)
        where = (e.functions, *map(address, (e.tables, m.store, m.shared)), np.uint64(end))

        def call() -> int:
            out = (address(own.out), self._space(own), address(own.held))
            return int(kernel.before(self.words, *where, own.numbers, *asked, *out, address(least)))

        self.seen_to(own, call)
        return least
