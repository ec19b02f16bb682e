"""Where a run can stay for ever under weak fairness, in a graph of fair transitions.

Weak fairness for an action says: from no point on is it possible in every state and never
taken.  Let I be what a run passes infinitely often: its states, with the edges between them,
are strongly connected, or one state without any edge.  The run is fair just where for each
action I has an edge of it, or a state in which it is not possible.  Both only become easier for
more states and edges, so that some part of a strongly connected component has a fair run if and
only if the component as a whole has one: the run that passes all of it over and over.  No
component inside a component needs to be looked at.  (Under strong fairness, where what is
possible again and again is taken, it would: there a larger part asks for more.)

An action is a transition of the system; what a node's step leaves open, the rows of its table,
is no action of its own: a node may decide the same way each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.space.calm import OUTSIDE, Graph

Flags = NDArray[np.bool_]
NOWHERE = -1


@dataclass(frozen=True)
class Kept:
    """What keeps runs from a term: dead ends, and components with an endless fair run.

    `component` has the number of each node's component, NOWHERE where the term holds;
    `endless` says of each component whether it has such a run.
    """

    stuck: Flags
    component: NDArray[np.int32]
    endless: Flags

    @property
    def lost(self) -> Flags:
        """Return the nodes from which a run need not go on to the term."""
        found = self.stuck.copy()
        inside = self.component != NOWHERE
        found[inside] |= self.endless[self.component[inside]]
        return found


class Runs:
    """The runs of a graph that keep out of states where a term holds."""

    def __init__(self, graph: Graph, actions: int) -> None:
        self.graph, self.actions = graph, actions

    @cached_property
    def sources(self) -> NDArray[np.int32]:
        """Return the node of each edge."""
        numbers = np.arange(self.graph.nodes, dtype=np.int32)
        return np.repeat(numbers, np.diff(self.graph.offsets))

    @cached_property
    def _first(self) -> Flags:
        """Return for each edge whether it is the first of its transition out of its node."""
        taken = self.graph.taken
        first = np.ones(len(taken), bool)
        first[1:] = (taken[1:] != taken[:-1]) | (self.sources[1:] != self.sources[:-1])
        return first

    def kept_from(self, term: int, fairly: bool = True) -> Kept:
        """Return what keeps a run from the term of a number; a fair one, or any."""
        graph = self.graph
        away = (graph.holds >> np.uint32(term) & np.uint32(1)) == 0
        stuck = away & (np.diff(graph.offsets) == 0)
        component = self._components(away)
        return Kept(stuck, component, self._endless(component, fairly))

    def ever_kept_from(self, term: int) -> Flags:
        """Return the nodes where a run may stay away from a term, be it fair or not."""
        kept = self.kept_from(term, fairly=False)
        return kept.lost

    def _components(self, away: Flags) -> NDArray[np.int32]:
        """Return the strongly connected components of the nodes where a term does not hold."""
        from scipy.sparse import csr_array  # noqa: PLC0415  (takes a third of a second)
        from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

        graph, many = self.graph, self.graph.nodes
        if not many:
            return np.zeros(0, np.int32)
        inside = away[self.sources] & (graph.targets != OUTSIDE)
        inside[inside] = away[graph.targets[inside]]
        before = np.concatenate([[0], np.cumsum(inside)])
        offsets, targets = before[graph.offsets], graph.targets[inside]
        data = np.ones(len(targets), np.int8)
        edges = csr_array((data, targets, offsets), shape=(many, many))
        _, found = connected_components(edges, connection="strong")
        component: NDArray[np.int32] = np.where(away, found, NOWHERE).astype(np.int32)
        return component

    def _endless(self, component: NDArray[np.int32], fairly: bool) -> Flags:
        """Return which components have a run, a fair one if asked, that does not leave them."""
        many = int(component.max(initial=NOWHERE)) + 1
        inside = self._inside(component)
        found = np.zeros(many, bool)
        found[component[self.sources[inside]]] = True
        if not fairly:
            return found
        sizes = np.bincount(component[component != NOWHERE], minlength=many)
        for possible, taken in self._by_action(component, inside, found):
            # What may be taken in every state has to be taken.
            found &= (possible < sizes) | (taken > 0)
        return found

    def _inside(self, component: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the edges that stay in a component."""
        ends = component[self.graph.targets]
        same = (component[self.sources] == ends) & (self.graph.targets != OUTSIDE)
        return np.flatnonzero(same & (ends != NOWHERE))

    def _by_action(
        self, component: NDArray[np.int32], inside: NDArray[np.int64], among: Flags
    ) -> Iterator[tuple[Any, Any]]:
        """Yield for each action in how many states of each component it is possible, and how
        many of its edges stay there."""
        many = len(among)
        ours = component[self.sources]
        edges = np.flatnonzero(self._first & (ours != NOWHERE))
        edges = edges[among[ours[edges]]]
        for action in range(self.actions):
            own = edges[self.graph.taken[edges] == action]
            staying = inside[self.graph.taken[inside] == action]
            counts = (ours[own], ours[staying])
            possible, taken = (np.bincount(c, minlength=many) for c in counts)
            yield possible, taken


class Rounds:
    """Short ways round in a component that take every action that has to be taken."""

    def __init__(self, runs: Runs, kept: Kept, start: int) -> None:
        self.graph, self.actions = runs.graph, runs.actions
        self.component, self.own = kept.component, kept.component[start]
        self.start = start

    def edges(self) -> list[int]:
        """Return the edges of a way round from the start that is a fair run when repeated.

        From where it stands it goes to what is nearest: there is no quick way to the
        shortest of all.
        """
        way: list[int] = []
        for action in range(self.actions):
            if not self._met(way, action):
                way += self._nearest(self._end(way), action)
        return way + self._back(self._end(way), bool(way))

    def _end(self, way: list[int]) -> int:
        return int(self.graph.targets[way[-1]]) if way else self.start

    def _met(self, way: list[int], action: int) -> bool:
        """Return whether an action is taken on a way, or not possible in a state of it."""
        if any(self.graph.taken[edge] == action for edge in way):
            return True
        states = [self.start, *(int(self.graph.targets[edge]) for edge in way)]
        return any(not self._possible(node, action) for node in states)

    def _possible(self, node: int, action: int) -> bool:
        start, end = self.graph.offsets[node], self.graph.offsets[node + 1]
        return bool((self.graph.taken[start:end] == action).any())

    def _inside(self, node: int) -> Iterator[int]:
        """Yield the edges of a node that stay in the component."""
        for edge in range(self.graph.offsets[node], self.graph.offsets[node + 1]):
            target = self.graph.targets[edge]
            if target != OUTSIDE and self.component[target] == self.own:
                yield edge

    def _nearest(self, node: int, action: int) -> list[int]:
        """Return the way to an edge of an action, or to a state where it is not possible."""

        def wanted(edge: int) -> bool:
            target = int(self.graph.targets[edge])
            return self.graph.taken[edge] == action or not self._possible(target, action)

        return self._way(node, wanted)

    def _back(self, node: int, moved: bool) -> list[int]:
        """Return the way to the start; where nothing was taken yet, at least one edge."""
        if moved and node == self.start:
            return []
        return self._way(node, lambda edge: bool(self.graph.targets[edge] == self.start))

    def _way(self, node: int, wanted: Callable[[int], bool]) -> list[int]:
        """Return the shortest way in the component whose last edge is wanted."""
        came: dict[int, tuple[int, int] | None] = {node: None}  # edge and node before it
        waiting = [node]
        for here in waiting:
            for edge in self._inside(here):
                if wanted(edge):
                    return [*self._to(came, here), edge]
                target = int(self.graph.targets[edge])
                if target not in came:
                    came[target] = edge, here
                    waiting.append(target)
        raise AssertionError("a component with an endless fair run has what the run needs")

    def _to(self, came: dict[int, tuple[int, int] | None], node: int) -> list[int]:
        way, last = [], came[node]
        while last is not None:
            way.append(last[0])
            last = came[last[1]]
        return way[::-1]
