"""Recovery once more, plainly: all reached states by the evaluator, components by networkx."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import networkx as nx

from checker.evaluate import Evaluator
from checker.space.interpreted import Interpreted
from checker.space.reached import Lasso
from checker.space.system import TransitionSystem, Values


class Plain:
    """The fair transitions between all reached states of a small system."""

    def __init__(self, system: TransitionSystem) -> None:
        self.system, self.engine = system, Interpreted(system)
        self.fair = {t.name for t in system.transitions if t.fair}
        self.depths = self._depths()
        self.calm: nx.MultiDiGraph[Values] = nx.MultiDiGraph()
        for state in self.depths:
            self.calm.add_node(state)
            for name, after in self.engine.successors(state):
                if name in self.fair:
                    self.calm.add_edge(state, after, name=name)

    def _depths(self) -> dict[Values, int]:
        depths = dict.fromkeys(self.system.initial, 0)
        waiting = list(depths)
        for state in waiting:
            for _, after in self.engine.successors(state):
                if after not in depths:
                    depths[after] = depths[state] + 1
                    waiting.append(after)
        return depths

    def possible(self, state: Values) -> set[str]:
        """Return the fair actions that are possible in a state."""
        return {name for _, _, name in self.calm.out_edges(state, data="name")}

    def holds(self, name: str, state: Values) -> bool:
        term = Evaluator([self.system.recovers[name]], self.engine.names)
        return bool(term((*state, *self.engine.tail))[0])

    def lost(self, name: str) -> set[Values]:
        """Return the states of dead ends and endless runs where a term does not hold."""
        away = [s for s in self.calm if not self.holds(name, s)]
        part = self.calm.subgraph(away)
        found = {s for s in away if not self.possible(s)}
        for component in nx.strongly_connected_components(part):
            if self._endless(part.subgraph(component)):
                found |= component
        return found

    def _endless(self, part: nx.MultiDiGraph[Values]) -> bool:
        taken = {name for _, _, name in part.edges(data="name")}
        needed = set.intersection(*(self.possible(s) for s in part))
        return part.number_of_edges() > 0 and needed <= taken

    def depth(self, name: str) -> int | None:
        """Return how far the first lost state is from an initial one."""
        return min((self.depths[s] for s in self.lost(name)), default=None)

    def is_run(self, name: str, lasso: Lasso) -> bool:
        """Return whether a lasso is a run of the system that keeps from a term, fairly."""
        names = [t.name for t in self.system.transitions]
        steps = [*self._steps(lasso.stem, lasso.taken, names)]
        around = (lasso.stem[-1], *lasso.loop)
        loop = [*self._steps(around, lasso.loop_taken, names)]
        if lasso.stem[0] not in self.system.initial or not all(steps + loop):
            return False
        if not loop:
            return not self.possible(lasso.stem[-1]) and not self.holds(name, lasso.stem[-1])
        taken = {names[k] for k in lasso.loop_taken}
        needed = set.intersection(*(self.possible(s) for s in lasso.loop))
        away = not any(self.holds(name, s) for s in lasso.loop)
        return away and taken <= self.fair and needed <= taken and lasso.loop[-1] == lasso.stem[-1]

    def _steps(
        self, states: tuple[Values, ...], taken: tuple[int, ...], names: list[str]
    ) -> Iterator[bool]:
        for (before, after), position in zip(pairwise(states), taken, strict=True):
            yield (names[position], after) in set(self.engine.successors(before))
