"""What is reached again once faults and wishes are over, and the runs that never get there.

For each term of `recovers`: from every reachable state, if from then on only fair transitions
are taken, each of them at last where it stays possible, a state where the term holds is reached.
What keeps a run from it is a dead end of fair transitions, or an endless fair run (`fairness`),
in the quotient graph (`quotient`) of what matters (`cone`).  The answer is a run of the system
itself: a shortest sequence to such a place, and a way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from checker.space.calm_graph import Graph, Quotient
from checker.space.compiled import Compiled
from checker.space.cone import calm_group, calm_system, projected
from checker.space.fairness import NOWHERE, Kept, Rounds, Runs
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


@dataclass(frozen=True)
class Calm:
    """The quotient of one explored system: its nodes, its edges, its runs."""

    quotient: Quotient
    graph: Graph
    runs: Runs

    @classmethod
    def of(cls, quotient: Quotient, threads: int) -> Calm:
        """Return it with the edges of the nodes that there are."""
        graph = quotient.graph(threads)
        return cls(quotient, graph, Runs(graph, len(quotient.calm.system.transitions)))


class _Recoveries:
    """What the terms of one explored system come to.

    Where the search went up to renaming, so does the quotient.  What is fair is about single
    actions, which a renaming may exchange, and is no question to such a quotient: it tells
    where any run may stay, and the images of these nodes alone are looked at again.
    """

    def __init__(self, engine: Compiled, found: Reached) -> None:
        self.engine = engine
        calm = calm_system(engine.system)
        group = calm_group(engine.system, calm, engine.group)
        self.calm = calm
        self.near = Quotient(engine.lowered.packing, Stepping.made(calm, group), found.states)
        self.near.enter(chain.from_iterable(engine.levels()))
        whole = Calm.of(self.near, engine.threads)
        self.whole = whole if len(group) == 1 else self._unfolded(whole, len(group))

    def _unfolded(self, whole: Calm, images: int) -> Calm:
        """Return the quotient of the nodes where some run may stay, and of all their images."""
        terms = range(len(self.engine.system.recovers))
        lost = np.logical_or.reduce([whole.runs.ever_kept_from(k) for k in terms])
        states = self.near.blocks(np.flatnonzero(lost))
        plain = Stepping.made(self.calm)
        quotient = Quotient(plain.lowered.packing, plain, len(states) * images)
        quotient.enter([states, self.near.images(states, images)])
        return Calm.of(quotient, self.engine.threads)

    def all(self) -> Iterator[Recovery]:
        """Yield an answer for each term."""
        names = list(self.engine.system.recovers)
        kept = [self.whole.runs.kept_from(k) for k in range(len(names))]
        entries = self._entries(kept)
        for name, where, entry in zip(names, kept, entries, strict=True):
            yield self._answer(name, where, entry)

    def _marks(self, kept: Sequence[Kept]) -> NDArray[np.uint32]:
        """Return, for each node near, a bit for each term from which it is kept."""
        marks = np.zeros(self.near.count, np.uint32)
        for k, where in enumerate(kept):
            numbers = np.flatnonzero(where.lost)
            if self.whole.quotient is not self.near:
                numbers = self._near(numbers)
            marks[numbers] |= np.uint32(1 << k)
        return marks

    def _near(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the nodes near of which some are images."""
        return np.unique(self.near.numbers(self.whole.quotient.blocks(numbers)))

    def _entries(self, kept: Sequence[Kept]) -> list[Entry | None]:
        """Return for each term the least of the first states from which it may not be reached."""
        marks = self._marks(kept)
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
        by_block = [self.near.first(marks, bits, block) for block in blocks]
        for k in range(bits):
            states = [states[k] for states in by_block]
            seen = [s for s in states if s is not None]
            if seen:
                yield k, min(seen, key=lambda s: s[::-1])

    def _answer(self, name: str, kept: Kept, entry: Entry | None) -> Recovery:
        away = kept.component != NOWHERE
        sizes = int(away.sum()), int(np.diff(self.whole.graph.offsets)[away].sum())
        counts = int(kept.stuck.sum()), int(kept.endless.sum())
        lasso = self._lasso(kept, entry) if entry else None
        return Recovery(name, lasso is None, *sizes, *counts, lasso)

    def _lasso(self, kept: Kept, entry: Entry) -> Lasso:
        stem = self.engine.path_to(*entry)
        lifting = Lifting(self.engine, self.whole)
        node = lifting.number(stem[-1])
        around = [] if kept.stuck[node] else Rounds(self.whole.runs, kept, node).edges()
        return lifting.lasso(stem, around)


class Lifting:
    """Runs of the quotient as runs of the system.

    The way round is repeated until what does not matter is the same again too; until it first
    is, repetitions are part of the stem.
    """

    def __init__(self, engine: Compiled, calm: Calm) -> None:
        self.engine, self.calm, self.graph = engine, calm, calm.graph
        self.position = {t.name: k for k, t in enumerate(engine.system.transitions)}
        self.fair = _fair(engine.system)

    def number(self, state: Values) -> int:
        """Return the node of a state of the system, less than 0 for none."""
        calm, system = self.calm.quotient.calm, self.engine.system
        packed = calm.lowered.packing.pack(projected(system, calm.system, state))
        return self.calm.quotient.number_of(packed)

    def lasso(self, stem: Sequence[Values], around: Sequence[int]) -> Lasso:
        """Return a stem and the way round, by edges, from its end."""
        states, taken = list(stem), [self._first(*pair) for pair in pairwise(stem)]
        loop, loop_taken = list[Values](), list[int]()
        if around:
            more, positions, first = self._rounds(states[-1], around)
            states, taken = states + more[:first], taken + positions[:first]
            loop, loop_taken = more[first:], positions[first:]
        return Lasso(tuple(states), tuple(taken), tuple(loop), tuple(loop_taken))

    def _first(self, before: Values, after: Values) -> int:
        """Return the first transition from a state to another."""
        return next(k for k, found in self._successors(before) if found == after)

    def _successors(self, state: Values) -> Iterator[tuple[int, Values]]:
        for name, after in self.engine.successors(state):
            yield self.position[name], after

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
            for k, after in self._successors(state)
            if k == position and self.number(after) == target
        )


def _fair(system: TransitionSystem) -> list[int]:
    """Return the positions of the fair transitions."""
    return [k for k, t in enumerate(system.transitions) if t.fair]
