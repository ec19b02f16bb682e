"""What is reached again once faults and wishes are over, and the runs that never get there.

For each term of `recovers`: from every reachable state, if from then on only fair transitions
are taken, each of them at last where it stays possible, a state where the term holds is reached.
What keeps a run from it is a dead end of fair transitions, or an endless fair run (`fairness`),
in the calm graph (`calm`) of what matters (`cone`).  The answer is a run of the system
itself: a shortest sequence to such a place, and a way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from checker.space.calm import Calm, Graph
from checker.space.compiled import Compiled
from checker.space.cone import calm_system
from checker.space.fairness import NOWHERE, Kept, Rounds, Runs
from checker.space.reached import Lasso, Reached, Recovery
from checker.space.stepping import Stepping, every_state_needed
from checker.space.system import TransitionSystem, Values
from model.errors import RuleError

MOST_TERMS = 32
Entry = tuple[int, Values]  # depth and state


def recoveries(engine: Compiled, found: Reached) -> dict[str, Recovery]:
    """Return the answers for a system that an engine has explored, by name.

    Nothing is said where the search did not go to its end.  RuleError for more than 32 terms,
    and after a search up to renaming: the calm graph has to have every state.
    """
    names = list(engine.system.recovers)
    if len(names) > MOST_TERMS:
        raise RuleError(
            f"more than {MOST_TERMS} recoveries cannot be checked at once", remedy="take fewer"
        )
    every_state_needed(engine, "whether a term is reached again")
    if not found.complete or not names:
        return {name: Recovery(name, None) for name in names}
    return {r.name: r for r in _Recoveries(engine, found).all()}


class _Recoveries:
    """The calm graph of one explored system, and what its terms come to."""

    def __init__(self, engine: Compiled, found: Reached) -> None:
        self.engine = engine
        self.states = engine.states()
        calm = calm_system(engine.system)
        self.calm = Calm(engine.lowered.packing, Stepping.made(calm), found.states)
        for depth in range(self.states.depths):
            self.calm.enter(self.states.level(depth))
        self.graph = self.calm.graph(engine.threads)
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
        for depth in range(self.states.depths):
            if not missing:
                break
            for k, state in enumerate(self.calm.first(marks, len(kept), self.states.level(depth))):
                if k in missing and state:
                    found[k] = depth, state
            missing -= {k for k, entry in enumerate(found) if entry}
        return found

    def _answer(self, name: str, kept: Kept, entry: Entry | None) -> Recovery:
        away = kept.component != NOWHERE
        sizes = int(away.sum()), int(np.diff(self.graph.offsets)[away].sum())
        counts = int(kept.stuck.sum()), int(kept.endless.sum())
        lasso = self._lasso(kept, entry) if entry else None
        return Recovery(name, lasso is None, *sizes, *counts, lasso)

    def _lasso(self, kept: Kept, entry: Entry) -> Lasso:
        node = self.calm.number(entry[1])
        around = [] if kept.stuck[node] else Rounds(self.runs, kept, node).edges()
        stem = self.states.path_to(*entry)
        return Lifting(self.engine, self.calm, self.graph).lasso(stem, around)


class Lifting:
    """Runs of the calm graph as runs of the system.

    The way round is repeated until what does not matter is the same again too; until it first
    is, repetitions are part of the stem.
    """

    def __init__(self, engine: Compiled, calm: Calm, graph: Graph) -> None:
        self.calm, self.graph = calm, graph
        self.whole = Stepping.of(engine)
        self.fair = _fair(engine.system)

    def lasso(self, stem: list[Values], around: Sequence[int]) -> Lasso:
        """Return a run from its stem, and the way round, by edges, from where that ends."""
        taken, unpack = list(self.whole.taken(stem)), self.whole.unpacked
        loop, loop_taken = list[Values](), list[int]()
        if around:
            more, positions, first = self._rounds(stem[-1], around)
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
            if k == position and self.calm.number(after) == target
        )


def _fair(system: TransitionSystem) -> list[int]:
    """Return the positions of the fair transitions."""
    return [k for k, t in enumerate(system.transitions) if t.fair]
