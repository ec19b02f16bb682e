"""The compiled engine: breadth first by levels, on all cores, for large scopes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from checker.advance import Progress
from checker.exploring import EVERY_S
from checker.space.checkpoint import Checkpoint
from checker.space.interrupts import told_of_interrupt
from checker.space.kernel import imaged
from checker.space.lowered import Lowered
from checker.space.memory import Budget, Memory
from checker.space.native import Native
from checker.space.prepared import Prepared
from checker.space.reached import Reached
from checker.space.search import Search
from checker.space.sieve import kept_by_some
from checker.space.states import States
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem, Values
from checker.space.tables import Words
from model.errors import RuleError

PIECE = 1 << 18  # states of a level at once


class Compiled(Prepared):
    """Explores a system by machine code made from its terms, up to renaming if that is given."""

    def __init__(
        self,
        system: TransitionSystem,
        threads: int | None = None,
        budget: Budget | None = None,
        up_to: Symmetry | None = None,
        lowered: Lowered | None = None,
    ) -> None:
        super().__init__(system, up_to, lowered)
        self.native = Native(self.lowered)
        native, orbit = self.native, self.native.orbit if self.lowered.least else 0
        functions = native.successors, native.judged, orbit, native.ahead, native.nearer
        self.functions = np.array(functions, np.uint64)
        self.threads = threads or os.cpu_count() or 1
        self.budget = budget or Budget.of_machine()
        self._search: Search | None = None

    def run(
        self,
        progress: Progress | None = None,
        stop_at_first: bool = False,
        most_states: int | None = None,
        checkpoint: Path | None = None,
        every: float = EVERY_S,
    ) -> Reached:
        """Explore to the end, to the budget, until interrupted, or until the first violation.

        A level that is begun is ended, though there are `most_states` before; Ctrl-C and the
        budget end it at once.  What is known when a level ends is kept in the file `checkpoint`
        `every` so many seconds and when the search stops; where there is such a file, the
        search goes on from it.  RuleError where it is damaged or of another system.
        """
        search = Search(self, Memory(self.words, self._for_states, self.threads), progress)
        kept = Checkpoint(checkpoint, every, self) if checkpoint else None
        self._search = search
        with told_of_interrupt(search.stop):
            if not (kept and kept.resumed(search)):
                search.start()
            if kept:
                kept.level_ended(search)
            ended = (lambda: kept.level_ended(search)) if kept else (lambda: None)
            stopped = search.levels(stop_at_first, most_states, ended)
            if kept and stopped:
                kept.write()
        return search.reached(stopped)

    @property
    def _for_states(self) -> Budget:
        """Return what the threads leave of the budget with what they remember of steps."""
        remembered = self.threads * self.native.scratch.bytes if self.lowered.lookups else 0
        return Budget(self.budget.bytes - min(remembered, self.budget.bytes // 8))

    @cached_property
    def kept(self) -> Words:
        """Return masks of the bits that transitions keep, for sieves."""
        return kept_by_some(self.lowered)

    def images(self, states: Words) -> Words:
        """Return states, one a row, and their images under the renamings."""
        others = np.empty(states.size * len(self.lowered.images), np.uint64)
        imaged(self.words, self.native.images, states.reshape(-1), others)
        return np.concatenate([states, others.reshape(-1, self.words)])

    def path_to(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return a shortest sequence of states to one (its words) of a level, up to renaming."""
        return self.followed(self._ran.path_to(depth, state))

    def levels(self) -> Iterator[list[Words]]:
        """Yield the states of each level of the last run, packed; rows of ones are none."""
        store, words = self._ran.memory.store, self.words
        for start, end in self._ran.spans:
            pieces = pairwise([*range(start, end, PIECE), end])
            yield [store[a * words : b * words] for a, b in pieces]

    @property
    def _ran(self) -> Search:
        if self._search is None:
            raise RuleError("no state is known yet", remedy="run the engine first")
        return self._search

    def states(self) -> States:
        """Return the states that the last run reached; RuleError before there was one."""
        return States(self._ran)
