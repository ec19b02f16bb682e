"""What is reached again once faults and wishes are over, and the runs that never get there.

For each term of `recovers`: from every reachable state, if from then on only fair transitions
are taken, each of them at last where it stays possible, a state where the term holds is reached.
What keeps a run from it is a dead end of fair transitions, or an endless fair run (`fairness`),
in the quotient graph (`quotient`) of what matters (`cone`).  The answer is a run of the system
itself: a shortest sequence to such a place, and a way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from checker.space.calm import Graph
from checker.space.cone import projected
from checker.space.fairness import NOWHERE, Kept, Rounds, Runs
from checker.space.packing import least_of
from checker.space.reached import Lasso, Reached, Recovery
from checker.space.system import TransitionSystem, Values
from model.errors import RuleError

MOST_TERMS = 32
Entry = tuple[int, Values]  # depth and state


class Engine(Protocol):
    """What has explored a system: its states by level, and ways to them."""

    system: TransitionSystem

    def levels(self) -> Iterator[Iterable[Any]]:
        """Yield the states of each level, in blocks."""

    def path_to(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return a shortest sequence of states to one (its words) of a level."""

    def successors(self, state: Values) -> Iterable[tuple[str, Values]]:
        """Return the transitions out of a state."""


class Nodes(Protocol):
    """What matters of states, each once, with numbers in order of arrival."""

    @property
    def count(self) -> int:
        """Return how many nodes there are."""

    def first(self, marks: Any, bits: int, block: Any) -> list[Values | None]:
        """Return, for each bit of marks of nodes, the least state of a block with such a node."""

    def number(self, values: Values) -> int:
        """Return the number of a node, by the values of what matters; less than 0 for none."""


@dataclass(frozen=True)
class Calm:
    """The graph in which runs are looked for: its system, its nodes, its edges, its runs."""

    system: TransitionSystem
    nodes: Nodes
    graph: Graph
    runs: Runs


def nothing_said(engine: Engine, found: Reached) -> dict[str, Recovery] | None:
    """Return the answers where there is nothing to look for, or a search was not whole.

    RuleError for more than 32 terms.
    """
    names = list(engine.system.recovers)
    if len(names) > MOST_TERMS:
        raise RuleError(
            f"more than {MOST_TERMS} recoveries cannot be checked at once", remedy="take fewer"
        )
    if not found.complete or not names:
        return {name: Recovery(name, None) for name in names}
    return None


@dataclass(frozen=True)
class Recoveries:
    """What the terms of one explored system come to.

    `near` has what matters of the states that the engine has; `numbers` are the nodes near of
    which nodes of the graph are images.
    """

    engine: Engine
    near: Nodes
    whole: Calm
    numbers: Callable[[NDArray[np.int64]], NDArray[np.int64]]

    def told(self) -> dict[str, Recovery]:
        """Return an answer for each term, by its name."""
        return {r.name: r for r in self.all()}

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
            marks[self.numbers(np.flatnonzero(where.lost))] |= np.uint32(1 << k)
        return marks

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
        self, marks: NDArray[np.uint32], bits: int, blocks: Iterable[Any]
    ) -> Iterator[tuple[int, Values]]:
        """Yield the least state of a level for each mark that one of its states has."""
        by_block = [self.near.first(marks, bits, block) for block in blocks]
        for k in range(bits):
            states = [states[k] for states in by_block]
            seen = [s for s in states if s is not None]
            if seen:
                yield k, least_of(seen)

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

    def __init__(self, engine: Engine, calm: Calm) -> None:
        self.engine, self.calm, self.graph = engine, calm, calm.graph
        self.position = {t.name: k for k, t in enumerate(engine.system.transitions)}
        self.fair = _fair(engine.system)

    def number(self, state: Values) -> int:
        """Return the node of a state of the system, less than 0 for none."""
        return self.calm.nodes.number(projected(self.engine.system, self.calm.system, state))

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
