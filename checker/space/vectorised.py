"""The vectorised engine: breadth first by NumPy, at once, without anything to compile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.advance import Progress, Watch
from checker.space.columns import FLAG, WHOLE, Column, Plan
from checker.space.following import Following, Found
from checker.space.packing import least_of
from checker.space.program import Ref
from checker.space.reached import INTERRUPTED, MEMORY, STATES, VIOLATION, Reached
from checker.space.renaming import UpToRenaming
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem, Values
from checker.space.tabled import Tabled
from checker.space.visited import of_words
from model.errors import RuleError

BLOCK = 1 << 14  # states that are expanded together: what is worked out of them fits a cache
GATHERED = 1 << 19  # successors that are looked up together, or more: a share of the states
SHARE = 8
TOGETHER = 4  # blocks for each thread that are expanded without waiting for others
Expanded = tuple[NDArray[np.int64], list[Column]]  # by transition; words after
Flags = NDArray[np.bool_]


class Vectorised(UpToRenaming):
    """Explores a system by columns of states, up to renaming if that is given.

    `budget` bounds the bytes of states and table.
    """

    def __init__(
        self,
        system: TransitionSystem,
        threads: int | None = None,
        budget: int | None = None,
        up_to: Symmetry | None = None,
    ) -> None:
        super().__init__(system, up_to)
        self.budget, self.threads = budget, threads or os.cpu_count() or 1
        made = {x.table.name: Tabled(x) for x in self.lowered.lookups}
        self.tables = [made[x.table.name] for x in self.lowered.lookups]
        self._search: _Search | None = None

    def run(
        self,
        progress: Progress | None = None,
        stop_at_first: bool = False,
        most_states: int | None = None,
    ) -> Reached:
        """Explore to the end, to the budget, until interrupted, or until the first violation."""
        search = self._search = _Search(self, Watch(progress))
        with search.pool:
            try:
                stopped = search.levels(stop_at_first, most_states)
            except KeyboardInterrupt:
                stopped = INTERRUPTED
        return search.reached(stopped)

    # -- steps of many states ------------------------------------------------------------------

    def following(self, words: list[Column]) -> Iterator[tuple[int, Found]]:
        """Yield for transitions the states that they lead to, up to renaming."""
        for k, (places, after) in self._following.of(words):
            yield k, (places, self._least(after) if self._least else after)

    def judged(self, words: list[Column]) -> tuple[list[Flags], list[Flags]]:
        """Return for states what always has to hold, and what may hold at some time."""
        flags, many = self._judged(words), len(self.lowered.always)
        held = [flag.view(np.bool_) for flag in flags]
        return held[:many], held[many:]

    def images_of(self, words: list[Column]) -> NDArray[np.int64] | None:
        """Return how many states each stands for; nothing where each is one."""
        return self._orbit(words)[0].astype(np.int64) if self._least else None

    @cached_property
    def _following(self) -> Following:
        return Following(self.lowered, self.tables)

    @cached_property
    def _judged(self) -> Plan:
        return self._plan((*self.lowered.always, *self.lowered.sometimes), FLAG)

    @cached_property
    def _orbit(self) -> Plan:
        return self._plan((self.lowered.orbit,), WHOLE)

    @cached_property
    def _least(self) -> Plan | None:
        return self._plan(self.lowered.least, WHOLE) if self.lowered.least else None

    def _plan(self, wanted: Sequence[Ref], size: int) -> Plan:
        given = self.lowered.word_inputs
        return Plan(self.lowered.program, given, [(ref, size) for ref in wanted])

    # -- what others ask after a run -----------------------------------------------------------

    @property
    def rows(self) -> list[Tabled]:
        """Return the step tables, with the keys that they were asked for."""
        return list(dict.fromkeys(self.tables))

    def path_to(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return a shortest sequence of states to one (its words) of a level, up to renaming."""
        return self.followed(self._ran.path_to(depth, state))

    def levels(self) -> Iterator[list[list[Column]]]:
        """Yield the states of each level of the last run, as columns of words."""
        for start, end in self._ran.spans:
            yield [self._ran.visited.part(start, end)]

    @property
    def _ran(self) -> _Search:
        if self._search is None:
            raise RuleError("no state is known yet", remedy="run the engine first")
        return self._search


class _Search:
    """One search: what is known level by level."""

    def __init__(self, engine: Vectorised, watch: Watch) -> None:
        self.engine, self.watch = engine, watch
        self.words = engine.lowered.packing.words
        self.visited = of_words(self.words)
        self.spans: list[tuple[int, int]] = []
        self.counts: list[int] = []
        self.states = 0
        self.taken = np.zeros(len(engine.lowered.transitions), np.int64)
        self.bad = np.zeros(len(engine.lowered.always), np.int64)
        self.met: set[int] = set()
        self.first_bad: dict[int, tuple[int, Values]] = {}  # depth and words
        self.noting = Lock()
        self.pool = ThreadPoolExecutor(engine.threads)

    # -- levels --------------------------------------------------------------------------------

    def levels(self, stop_at_first: bool, most_states: int | None) -> str:
        """Go through the levels; return why not to the end, or nothing."""
        initial = map(self.engine.least, self.engine.system.initial)
        self._added([np.array(column, np.uint64) for column in zip(*initial, strict=True)], 0)
        while self.counts[-1]:
            if most_states is not None and self.states > most_states:
                return STATES
            if stop_at_first and self.first_bad:
                return VIOLATION
            if self.engine.budget is not None and self.visited.bytes > self.engine.budget:
                return MEMORY
            self._level(*self.spans[-1])
        self.counts.pop()
        self.spans.pop()
        return ""

    def _level(self, start: int, end: int) -> None:
        before = self.visited.count
        waiting: list[list[Column]] = []
        begins, many = [*range(start, end, BLOCK)], TOGETHER * self.engine.threads
        for k in range(0, len(begins), many):
            together = begins[k : k + many]
            for taken, found in self._each(lambda at: self._block(at, end), together):
                self.taken += taken
                waiting.append(found)
            if sum(len(w[0]) for w in waiting) > max(GATHERED, self.visited.count // SHARE):
                self._entered(waiting)
            if self.watch.due:
                self._say(end - together[-1])
        self._entered(waiting)
        self._ended(before)

    def _each(self, function: Callable[[Any], Any], parts: Iterable[Any]) -> Iterable[Any]:
        """Return what a function makes of parts, side by side where there are several."""
        parts = list(parts)
        alone = len(parts) == 1 or self.engine.threads == 1
        return map(function, parts) if alone else self.pool.map(function, parts)

    def _block(self, start: int, end: int) -> Expanded:
        """Return how often each transition leads out of a block, and the states it leads to."""
        block = self.visited.part(start, min(start + BLOCK, end))
        stands = self.engine.images_of(block)
        taken, found = np.zeros_like(self.taken), [[column[:0] for column in block]]
        for k, (places, after) in self.engine.following(block):
            taken[k] += _counted(stands, places)
            found.append(after)
        joined = [np.concatenate(parts) for parts in zip(*found, strict=True)]
        return taken, self.visited.distinct(joined)

    def _entered(self, waiting: list[list[Column]]) -> None:
        columns = [np.concatenate(parts) for parts in zip(*waiting, strict=True)]
        waiting.clear()
        if columns:
            self.visited.add(columns, self._each)

    def _added(self, states: list[Column], before: int) -> None:
        self.visited.add(states)
        self._ended(before)

    def _ended(self, before: int) -> None:
        """Note the level of the states from one on."""
        depth, end = len(self.spans), self.visited.count
        self.spans.append((before, end))
        begins = range(before, end, BLOCK)
        counts = self._each(lambda at: self._judged(at, min(at + BLOCK, end), depth), begins)
        self.counts.append(sum(counts))
        self.states += self.counts[-1]
        self._say(end - before)

    def _judged(self, start: int, end: int, depth: int) -> int:
        """Note what some states violate and meet; return how many they stand for."""
        words = self.visited.part(start, end)
        stands = self.engine.images_of(words)
        always, sometimes = self.engine.judged(words)
        for k, held in enumerate(always):
            if not held.all():
                self._violated(k, np.flatnonzero(~held), words, stands, depth)
        self.met.update(k for k, held in enumerate(sometimes) if held.any())
        return end - start if stands is None else int(stands.sum())

    def _violated(
        self, k: int, bad: Column, words: list[Column], stands: Column | None, depth: int
    ) -> None:
        state = _least([w[bad] for w in words])
        with self.noting:
            self.bad[k] += _counted(stands, bad)
            known = self.first_bad.get(k)
            if known is None or (known[0] == depth and state[::-1] < known[1][::-1]):
                self.first_bad[k] = depth, state

    def _say(self, waiting: int) -> None:
        transitions = int(self.taken.sum())
        self.watch.say(self.counts, self.states, transitions, waiting, self.visited.bytes)

    # -- results -------------------------------------------------------------------------------

    def reached(self, stopped: str) -> Reached:
        """Return what was found."""
        e, system = self.engine, self.engine.system
        always, sometimes = list(system.always), list(system.sometimes)
        names = [t.name for t in system.transitions]
        found = Reached(
            self.states,
            int(self.taken.sum()),
            tuple(self.counts),
            {t: int(n) for t, n in zip(names, self.taken, strict=True) if n},
            {p: int(self.bad[k]) for k, p in enumerate(always) if self.bad[k]},
            {always[k]: path for k, path in self._paths().items()},
            frozenset(p for k, p in enumerate(sometimes) if k in self.met),
            not stopped,
            self.visited.bytes,
            stopped=stopped,
        )
        return e.expanded(found, self.visited.count)

    def path_to(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return the least shortest sequence of states to one (its words) of a level."""
        way = [state]
        for level in range(depth - 1, -1, -1):
            way.append(self._before(level, {way[-1]})[way[-1]])
        return tuple(map(self.engine.lowered.packing.unpack, reversed(way)))

    def _paths(self) -> dict[int, tuple[Values, ...]]:
        """Return, by property, the least shortest sequence of states to one that violates it."""
        ways = {k: [state] for k, (_, state) in self.first_bad.items()}
        deepest = max((depth for depth, _ in self.first_bad.values()), default=0)
        for level in range(deepest - 1, -1, -1):
            longer = [k for k, (depth, _) in self.first_bad.items() if depth > level]
            found = self._before(level, {ways[k][-1] for k in longer})
            for k in longer:
                ways[k].append(found[ways[k][-1]])
        unpack = self.engine.lowered.packing.unpack
        return {k: tuple(map(unpack, reversed(way))) for k, way in ways.items()}

    def _before(self, level: int, wanted: set[Values]) -> dict[Values, Values]:
        """Return the least state of a level that leads to each wanted one."""
        found: dict[Values, Values] = {}
        start, end = self.spans[level]
        for at in range(start, end, BLOCK):
            block = self.visited.part(at, min(at + BLOCK, end))
            for _, (places, after) in self.engine.following(block):
                for state in wanted:
                    same = np.ones(len(places), bool)
                    for column, word in zip(after, state, strict=True):
                        same &= column == np.uint64(word)
                    here = places[same]
                    if len(here):
                        before = _least([w[here] for w in block])
                        known = found.get(state, before)
                        found[state] = least_of((before, known))
        return found


def _counted(stands: Column | None, places: Column) -> int:
    """Return how many states those at some places stand for."""
    return len(places) if stands is None else int(stands[places].sum())


def _least(words: list[Column]) -> Values:
    """Return the least of some states, the last word counting most."""
    first = np.lexsort(words)[0]
    return tuple(int(w[first]) for w in words)
