"""Recovery after a search by columns: the quotient of what matters in dictionaries and arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.space.calm import OUTSIDE, Graph
from checker.space.columns import Column
from checker.space.cone import calm_system, projected
from checker.space.fairness import Runs
from checker.space.packing import least_of
from checker.space.reached import Reached, Recovery
from checker.space.recovery import Calm, Recoveries, nothing_said
from checker.space.system import Values
from checker.space.vectorised import Vectorised


class Nodes:
    """What matters of the states of a search: those in which some term does not hold."""

    def __init__(self, engine: Vectorised) -> None:
        self.engine = engine
        self.calm = Vectorised(calm_system(engine.system), 1)
        self.known: dict[Values, int] = {}
        self.holds: list[int] = []
        for blocks in engine.levels():
            for block in blocks:
                self._enter(self._projected(block))

    @property
    def count(self) -> int:
        """Return how many nodes there are."""
        return len(self.known)

    def _projected(self, block: list[Column]) -> list[Values]:
        """Return what matters of each state, as words."""
        unpack, pack = self.engine.lowered.packing.unpack, self.calm.lowered.packing.pack
        states = map(unpack, zip(*(w.tolist() for w in block), strict=True))
        whole, calm = self.engine.system, self.calm.system
        return [pack(projected(whole, calm, s)) for s in states]

    def _enter(self, nodes: Iterable[Values]) -> None:
        new = [n for n in dict.fromkeys(nodes) if n not in self.known]
        if not new:
            return
        held = np.zeros(len(new), np.uint32)
        for k, flags in enumerate(self.calm.judged(_columns(new))[1]):
            held |= flags.astype(np.uint32) << np.uint32(k)
        every = (1 << len(self.calm.lowered.sometimes)) - 1
        for node, bits in zip(new, held.tolist(), strict=True):
            if bits != every:
                self.known[node] = len(self.known)
                self.holds.append(bits)

    def number(self, values: Values) -> int:
        """Return the number of a node, by the values of what matters; less than 0 for none."""
        return self.known.get(self.calm.lowered.packing.pack(values), OUTSIDE)

    def first(self, marks: Any, bits: int, block: list[Column]) -> list[Values | None]:
        """Return, for each bit of marks of nodes, the least state of a block with such a node."""
        states = list(zip(*(w.tolist() for w in block), strict=True))
        numbers = [self.known.get(n, OUTSIDE) for n in self._projected(block)]
        found: list[Values | None] = []
        for bit in range(bits):
            own = [
                s
                for s, n in zip(states, numbers, strict=True)
                if n != OUTSIDE and int(marks[n]) >> bit & 1
            ]
            found.append(least_of(own) if own else None)
        return found

    def graph(self) -> Graph:
        """Return the edges of the nodes."""
        edges = sorted(self._edges())  # by node, then transition; rows of a step as they come
        sources = np.array([e.source for e in edges], np.int64)
        offsets = np.searchsorted(sources, np.arange(self.count + 1))
        return Graph(
            offsets.astype(np.int64),
            np.array([e.target for e in edges], np.int32),
            np.array([e.taken for e in edges], np.uint16),
            np.array(self.holds, np.uint32),
        )

    def _edges(self) -> Iterator[Edge]:
        if not self.known:
            return
        for k, (places, after) in self.calm.following(_columns(list(self.known))):
            targets = zip(*(w.tolist() for w in after), strict=True)
            for source, target in zip(places.tolist(), targets, strict=True):
                yield Edge(source, k, self.known.get(target, OUTSIDE))


@dataclass(frozen=True, order=True)
class Edge:
    """A transition from one node to another, or outside."""

    source: int
    taken: int
    target: int


def _columns(nodes: Sequence[Values]) -> list[Column]:
    return [np.array(column, np.uint64) for column in zip(*nodes, strict=True)]


def recoveries(engine: Vectorised, found: Reached) -> dict[str, Recovery]:
    """Return the answers for a system that was explored without renamings, by name.

    Nothing is said where the search did not go to its end.  RuleError for more than 32 terms.
    """
    said = nothing_said(engine, found)
    if said is not None:
        return said
    nodes = Nodes(engine)
    graph, system = nodes.graph(), nodes.calm.system
    calm = Calm(system, nodes, graph, Runs(graph, len(system.transitions)))
    return Recoveries(engine, nodes, calm, _themselves).told()


def _themselves(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return numbers
