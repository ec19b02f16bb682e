"""What is reached again once faults and wishes are over, and the runs that never get there.

For each term of `recovers`: from every reachable state, if from then on only fair transitions
are taken, each of them at last where it stays possible, a state where the term holds is reached.
What keeps a run from it is a dead end of fair transitions, or an endless fair run (`fairness`),
in the quotient graph (`quotient`) of what matters (`cone`).  The answer is a run of the system
itself: a shortest sequence to such a place, and a way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from checker.space.compiled import Compiled
from checker.space.cone import calm_system
from checker.space.fairness import NOWHERE, Kept, Rounds, Runs
from checker.space.quotient import Graph, Quotient
from checker.space.reached import Lasso, Reached, Recovery
from checker.space.stepping import Stepping
from checker.space.system import TransitionSystem, Values
from model.errors import RuleError

MOST_TERMS = 32
Entry = tuple[int, Values]  # depth and state


def recoveries(engine: Compiled, found: Reached) -> dict[str, Recovery]:
    """Return the answers for a system that an engine has explored, by name.

    Nothing is said where the search did not go to its end.  RuleError for more than 32 terms.
    """
    names = list(engine.system.recovers)
    if len(names) > MOST_TERMS:
        raise RuleError(
            f"more than {MOST_TERMS} recoveries cannot be checked at once", remedy="take fewer"
        )
    if not found.complete or not names:
        return {name: Recovery(name, None) for name in names}
    return {r.name: r for r in _Recoveries(engine, found).all()}


class _Recoveries:
    """The quotient of one explored system, and what its terms come to."""

    def __init__(self, engine: Compiled, found: Reached) -> None:
        self.engine = engine
        calm = calm_system(engine.system)
        self.quotient = Quotient(engine.lowered.packing, Stepping.made(calm), found.states)
        self.quotient.enter(chain.from_iterable(engine.levels()))
        self.graph = self.quotient.graph(engine.threads)
        self.runs = Runs(self.graph, len(calm.transitions))

    def all(self) -> Iterator[Recovery]:
        """Yield an answer for each term."""
        names = list(self.engine.system.recovers)
        kept = [self.runs.kept_from(k) for k in range(len(names))]
        entries = self._entries(kept)
        for name, where, entry in zip(names, kept, entries, strict=True):
            yield self._answer(name, where, entry)

    def _entries(self, kept: Sequence[Kept]) -> list[Entry | None]:
        """Return for each term the least of the first states from which it may not be reached."""
        marks = np.zeros(self.graph.nodes, np.uint32)
        for k, where in enumerate(kept):
            marks |= where.lost.astype(np.uint32) << np.uint32(k)
        found: list[Entry | None] = [None] * len(kept)
        missing = {k for k, where in enumerate(kept) if where.lost.any()}
        for depth, blocks in enumerate(self.engine.levels()):
            if not missing:
                break
            for k, state in self._first(marks, len(kept), blocks):
                if k in missing:
                    found[k] = depth, state
            missing -= {k for k, entry in enumerate(found) if entry}
        return found

    def _first(
        self, marks: NDArray[np.uint32], bits: int, blocks: Sequence[NDArray[np.uint64]]
    ) -> Iterator[tuple[int, Values]]:
        """Yield the least state of a level for each mark that one of its states has."""
        by_block = [self.quotient.first(marks, bits, block) for block in blocks]
        for k in range(bits):
            states = [states[k] for states in by_block]
            seen = [s for s in states if s is not None]
            if seen:
                yield k, min(seen, key=lambda s: s[::-1])

    def _answer(self, name: str, kept: Kept, entry: Entry | None) -> Recovery:
        away = kept.component != NOWHERE
        sizes = int(away.sum()), int(np.diff(self.graph.offsets)[away].sum())
        counts = int(kept.stuck.sum()), int(kept.endless.sum())
        lasso = self._lasso(kept, entry) if entry else None
        return Recovery(name, lasso is None, *sizes, *counts, lasso)

    def _lasso(self, kept: Kept, entry: Entry) -> Lasso:
        node = self.quotient.number(entry[1])
        around = [] if kept.stuck[node] else Rounds(self.runs, kept, node).edges()
        return Lifting(self.engine, self.quotient, self.graph).lasso(entry, around)


class Lifting:
    """Runs of the quotient as runs of the system.

    The way round is repeated until what does not matter is the same again too; until it first
    is, repetitions are part of the stem.
    """

    def __init__(self, engine: Compiled, quotient: Quotient, graph: Graph) -> None:
        self.engine, self.quotient, self.graph = engine, quotient, graph
        self.whole = Stepping.of(engine)
        self.fair = _fair(engine.system)

    def lasso(self, entry: Entry, around: Sequence[int]) -> Lasso:
        """Return the shortest stem to an entry and the way round, by edges, from there."""
        pack, unpack = self.engine.lowered.packing.pack, self.whole.unpacked
        stem = [pack(values) for values in self.engine.path_to(*entry)]
        taken = list(self.whole.taken(stem))
        loop, loop_taken = list[Values](), list[int]()
        if around:
            more, positions, first = self._rounds(entry[1], around)
            stem, taken = stem + more[:first], taken + positions[:first]
            loop, loop_taken = more[first:], positions[first:]
        return Lasso(
            tuple(map(unpack, stem)), tuple(taken), tuple(map(unpack, loop)), tuple(loop_taken)
        )

    def _rounds(self, state: Values, around: Sequence[int]) -> tuple[list[Values], list[int], int]:
        """Return states and transitions until a round begins as one did, and where that was."""
        states, positions, begun = list[Values](), list[int](), dict[Values, int]()
        while state not in begun:
            begun[state] = len(states)
            for edge in around:
                position, state = self._step(state, edge)
                positions.append(position)
                states.append(state)
        return states, positions, begun[state]

    def _step(self, state: Values, edge: int) -> tuple[int, Values]:
        """Return the first transition of the system that an edge stands for."""
        position, target = self.fair[self.graph.taken[edge]], self.graph.targets[edge]
        return next(
            (k, after)
            for k, after in self.whole.successors(state)
            if k == position and self.quotient.number(after) == target
        )


def _fair(system: TransitionSystem) -> list[int]:
    """Return the positions of the fair transitions."""
    return [k for k, t in enumerate(system.transitions) if t.fair]
