"""The vectorised engine: breadth first by NumPy, at once, without anything to compile."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.advance import Progress, Watch
from checker.space.columns import Column, Columns
from checker.space.lowered import LoweredTransition
from checker.space.reached import INTERRUPTED, MEMORY, STATES, VIOLATION, Reached
from checker.space.renaming import UpToRenaming
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem, Values
from checker.space.tabled import Tabled
from checker.space.visited import of_words
from model.errors import RuleError

BLOCK = 1 << 16  # states that are expanded together
GATHERED = 1 << 20  # successors that are looked up together
Expanded = tuple[NDArray[np.int64], list[list[Column]]]  # by transition; words after
Found = tuple[NDArray[np.int64], list[Column]]  # places in the block, words after


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

    def columns(self, words: Sequence[Column]) -> Columns:
        """Return what can be worked out of states."""
        inputs = dict(zip(self.lowered.word_inputs, words, strict=True))
        return Columns(self.lowered.program, inputs, len(words[0]))

    def following(self, words: Sequence[Column]) -> Iterator[tuple[int, Found]]:
        """Yield for each transition the states that it leads to, up to renaming."""
        whole = self.columns(words)
        for k, t in enumerate(self.lowered.transitions):
            places = whole.where(t.guard)
            if len(places):
                yield k, self._after(k, t, places, [w[places] for w in words])

    def _after(self, k: int, t: LoweredTransition, places: Any, words: list[Column]) -> Found:
        columns = self.columns(words)
        if t.lookup is not None:
            key = [columns.whole(ref) for ref in self.lowered.lookups[t.lookup].key]
            which, decided = self.tables[t.lookup].rows(key)
            places, words = places[which], [w[which] for w in words]
            inputs = dict(zip(self.lowered.word_inputs, words, strict=True))
            lookup = self.lowered.lookups[t.lookup]
            inputs |= dict(zip(self.lowered.decisions(lookup), decided, strict=True))
            columns = Columns(self.lowered.program, inputs, len(places))
        if np.any(columns.flag(t.unfit)):
            name = self.system.transitions[k].name
            raise RuleError(f"{name!r} sets a variable to a value that it does not have")
        return places, self.least_images([columns.whole(ref) for ref in t.words])

    def least_images(self, words: list[Column]) -> list[Column]:
        """Return the words of the least images of states."""
        if not self.lowered.least:
            return words
        columns = self.columns(words)
        return [columns.whole(ref) for ref in self.lowered.least]

    def images_of(self, columns: Columns) -> NDArray[np.int64]:
        """Return how many states each stands for."""
        return columns.whole(self.lowered.orbit).astype(np.int64)

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
        begins = [*range(start, end, BLOCK)]
        for k in range(0, len(begins), self.engine.threads):
            together = begins[k : k + self.engine.threads]
            for taken, found in self._expanded(together, end):
                self.taken += taken
                waiting += found
            if sum(len(w[0]) for w in waiting) > GATHERED:
                self._entered(waiting)
            if self.watch.due:
                self._say(end - together[-1])
        self._entered(waiting)
        self._ended(before)

    def _expanded(self, begins: list[int], end: int) -> Iterable[Expanded]:
        """Return what follows blocks of states, side by side where there are several."""
        blocks = [self.visited.part(at, min(at + BLOCK, end)) for at in begins]
        return map(self._block, blocks) if len(blocks) == 1 else self.pool.map(self._block, blocks)

    def _block(self, block: list[Column]) -> Expanded:
        stands = self.engine.images_of(self.engine.columns(block))
        taken, found = np.zeros_like(self.taken), list[list[Column]]()
        for k, (places, after) in self.engine.following(block):
            taken[k] += int(stands[places].sum())
            found.append(after)
        return taken, found

    def _entered(self, waiting: list[list[Column]]) -> None:
        if waiting:
            columns = zip(*waiting, strict=True)
            self.visited.add([np.concatenate(parts) for parts in columns])
            waiting.clear()

    def _added(self, states: list[Column], before: int) -> None:
        self.visited.add(states)
        self._ended(before)

    def _ended(self, before: int) -> None:
        """Note the level of the states from one on."""
        depth, count = len(self.spans), 0
        self.spans.append((before, self.visited.count))
        for at in range(before, self.visited.count, BLOCK):
            words = self.visited.part(at, min(at + BLOCK, self.visited.count))
            columns = self.engine.columns(words)
            stands = self.engine.images_of(columns)
            count += int(stands.sum())
            self._judged(columns, words, stands, depth)
        self.states += count
        self.counts.append(count)
        self._say(self.visited.count - before)

    def _judged(
        self, columns: Columns, words: list[Column], stands: NDArray[np.int64], depth: int
    ) -> None:
        for k, ref in enumerate(self.engine.lowered.always):
            bad = np.flatnonzero(~np.broadcast_to(columns.flag(ref), columns.length))
            if len(bad):
                self.bad[k] += int(stands[bad].sum())
                state = _least([w[bad] for w in words])
                known = self.first_bad.get(k)
                if known is None or (known[0] == depth and state[::-1] < known[1][::-1]):
                    self.first_bad[k] = depth, state
        for k, ref in enumerate(self.engine.lowered.sometimes):
            if k not in self.met and np.any(columns.flag(ref)):
                self.met.add(k)

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
                        found[state] = min(before, known, key=lambda s: s[::-1])
        return found


def _least(words: list[Column]) -> Values:
    """Return the least of some states, the last word counting most."""
    first = np.lexsort(words)[0]
    return tuple(int(w[first]) for w in words)
