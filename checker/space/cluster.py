"""The engine for several machines: the states in parts by hash, a part in each process.

Level by level, in rounds: each part goes through states of its own, gives what follows to the
parts that it belongs to, and keeps what it is given and has not seen.  What step tables say is
worked out here, once, and told to the parts.  What the system comes back to is found here too, from
what matters of the states in the parts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from checker.advance import Progress, Watch
from checker.space.crew import Crew, Lost, connected
from checker.space.interrupts import told_of_interrupt
from checker.space.memory import Budget
from checker.space.packing import least_of
from checker.space.part import Tally
from checker.space.prepared import Prepared
from checker.space.reached import INTERRUPTED, LOST, MEMORY, STATES, VIOLATION, Reached, Recovery
from checker.space.recovered import recoveries
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem, Values
from checker.space.tables import Words
from checker.space.travelling import Asked, Told, travelling
from model.errors import RuleError


class Clustered(Prepared):
    """Explores a system in processes on all machines of a Ray cluster, up to renaming if given.

    `parts` is how many processes there are, by default one for each free core; `budget` is what
    their states may take on each machine.
    """

    def __init__(
        self,
        system: TransitionSystem,
        parts: int | None = None,
        budget: Budget | None = None,
        up_to: Symmetry | None = None,
    ) -> None:
        super().__init__(system, up_to)
        self.parts, self.budget = parts, budget
        self.recovered: dict[str, Recovery] = {}  # of the last run

    def run(
        self,
        progress: Progress | None = None,
        stop_at_first: bool = False,
        most_states: int | None = None,
    ) -> Reached:
        """Explore to the end, to the budget, until interrupted, or until the first violation.

        A level that is begun is ended, though there are `most_states` before; Ctrl-C, the
        budget and the loss of a process end it after the round.  RuleError where Ray is not
        installed, no cluster answers, or a machine has another monami.
        """
        with connected(self.parts) as ray:
            budget = self.budget.bytes if self.budget else None
            crew = Crew(ray, travelling(self.lowered), self.parts, budget)
            try:
                crew.check()
                search = _Search(self, crew, Watch(progress))
                with told_of_interrupt(search.stop):
                    stopped = search.levels(stop_at_first, most_states)
                return self._with_recoveries(search, search.reached(stopped))
            finally:
                crew.end()

    def _with_recoveries(self, search: _Search, found: Reached) -> Reached:
        """Find what the system comes back to; undecided where a process is lost meanwhile."""
        try:
            self.recovered = recoveries(_Gathered(search), found)
        except Lost:
            self.recovered = {name: Recovery(name, None) for name in self.system.recovers}
            return replace(found, stopped=LOST)
        return found

    def told(self, asked: Asked) -> Told:
        """Return what a step table says of a situation."""
        rows = self.table(asked.table)
        key = rows.packing.pack(asked.key)
        rows.place(key)
        outcomes = map(rows.decided.unpack, rows.decided_for(key))
        return Told(asked, tuple(outcomes))


class _Search:
    """The levels so far, and what the parts have counted when they last all answered."""

    def __init__(self, engine: Clustered, crew: Crew, watch: Watch) -> None:
        self.engine, self.crew, self.watch = engine, crew, watch
        self.counts: list[int] = []
        self.tallies: list[Tally] = []
        self.ways: dict[int, list[Values]] = {}  # by property, from the violation backwards
        self._told: list[Told] = []
        self._knows = [0] * crew.size  # how much of it each part knows
        self._interrupted = False

    def stop(self) -> None:
        """Let the round be ended, and the search with it."""
        self._interrupted = True

    # -- levels ----------------------------------------------------------------------------

    def levels(self, stop_at_first: bool, most_states: int | None) -> str:
        """Go through the levels; return why not to the end, or nothing."""
        try:
            self._start()
            while self.counts[-1]:
                if most_states is not None and self.states > most_states:
                    return STATES
                if stop_at_first and self.ways:
                    return VIOLATION
                stopped = self._level()
                if stopped:
                    return stopped
        except Lost as lost:
            if not self.tallies:
                raise RuleError(f"a process of the Ray cluster did not begin ({lost})") from lost
            if self.states > sum(self.counts):
                self._count_level()
            return LOST
        self.counts.pop()
        return ""

    def _start(self) -> None:
        initial = np.array(list(map(self.engine.least, self.engine.system.initial)), np.uint64)
        self.tallies = self.crew.all("enter", initial.reshape(-1))
        self._end_level()

    def _level(self) -> str:
        """Go through the last level; return what ended it before its end, or nothing."""
        more = True
        while more and self._fits:
            more = any(self._answers("expand")) and not self._interrupted
            self.tallies = self.crew.exchanged(not more)
            if more and self.watch.due:
                self._say()
        if more:
            self.tallies = self.crew.all("level_ended")
        self._end_level()
        if not self._fits:
            return MEMORY
        return INTERRUPTED if self._interrupted else ""

    def _end_level(self) -> None:
        self._count_level()
        self._find_ways()
        self._say()

    def _count_level(self) -> None:
        self.counts.append(self.states - sum(self.counts))

    def _answers(self, method: str, *given: Any) -> list[Any]:
        """Return what each part answers, when they have been told what they ask."""
        answers: list[Any] = [None] * self.crew.size
        waiting = {self._call(k, method, *given): k for k in range(self.crew.size)}
        while waiting:
            reference, answer = self.crew.first(list(waiting))
            k = waiting.pop(reference)
            if isinstance(answer, RuleError):
                raise answer
            if isinstance(answer, Asked):
                if all(answer != told.asked for told in self._told[self._knows[k] :]):
                    self._told.append(self.engine.told(answer))
                waiting[self._call(k, method, *given)] = k
            else:
                answers[k] = answer
        return answers

    def _call(self, k: int, method: str, *given: Any) -> Any:
        new, self._knows[k] = self._told[self._knows[k] :], len(self._told)
        return getattr(self.crew.parts[k], method).remote(new, *given)

    # -- ways to violations ----------------------------------------------------------------

    def _find_ways(self) -> None:
        """Find the least shortest way to a state of this level for what it violates first.

        It is done at once: a process that is lost later takes its states with it.
        """
        depth = len(self.counts) - 1
        found = [t.first_bad for t in self.tallies]
        new = {k for first in found for k, (at, _) in first.items() if at == depth} - set(self.ways)
        ways = {k: [least_of(f[k][1] for f in found if k in f)] for k in sorted(new)}
        self._lead_back(list(ways.values()), depth)
        self.ways |= ways

    def _lead_back(self, ways: list[list[Values]], depth: int) -> None:
        """Lengthen ways to states of a depth by the least states before, to an initial one."""
        for level in range(depth - 1, -1, -1) if ways else ():
            wanted = [way[-1] for way in ways]
            before = zip(*self._answers("preceding", level, wanted), strict=True)
            for way, states in zip(ways, before, strict=True):
                way.append(least_of(states))

    def path_to(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return the least shortest sequence of states to one (its words) of a level."""
        way = [state]
        self._lead_back([way], depth)
        return self._unpacked(way)

    def _unpacked(self, way: list[Values]) -> tuple[Values, ...]:
        return tuple(map(self.engine.lowered.packing.unpack, reversed(way)))

    # -- what is known ---------------------------------------------------------------------

    @property
    def states(self) -> int:
        """Return how many states there are so far."""
        return sum(t.states for t in self.tallies)

    @property
    def _fits(self) -> bool:
        return all(t.fits for t in self.tallies)

    def _say(self) -> None:
        states, waiting = self.states, sum(t.waiting for t in self.tallies)
        ahead = min(waiting, self.counts[-1]) + states - sum(self.counts)
        transitions = int(sum(t.taken.sum() for t in self.tallies))
        used = sum(t.bytes for t in self.tallies)
        self.watch.say(self.counts, states, transitions, ahead, used)

    def reached(self, stopped: str) -> Reached:
        """Return what was found."""
        e, tallies = self.engine, self.tallies
        always, names = list(e.system.always), [t.name for t in e.system.transitions]
        taken, bad = (np.sum([getattr(t, n) for t in tallies], 0) for n in ("taken", "bad"))
        seen = int(np.bitwise_or.reduce([t.seen for t in tallies]))
        found = Reached(
            self.states,
            int(taken.sum()),
            tuple(self.counts),
            {t: int(n) for t, n in zip(names, taken, strict=False) if n},
            {p: int(bad[k]) for k, p in enumerate(always) if bad[k]},
            {always[k]: self._unpacked(way) for k, way in self.ways.items()},
            frozenset(p for k, p in enumerate(e.system.sometimes) if seen >> k & 1),
            not stopped,
            sum(t.bytes for t in tallies),
            stopped=stopped,
        )
        return e.expanded(found, sum(t.kept for t in tallies))


class _Gathered:
    """The states in the parts, when a search has ended, for who looks at all of them."""

    def __init__(self, search: _Search) -> None:
        self.search, engine = search, search.engine
        self.system, self.group, self.lowered = engine.system, engine.group, engine.lowered
        self.threads = os.cpu_count() or 1

    def levels(self) -> Iterator[Iterator[Words]]:
        """Yield the states of each level, packed; rows of ones are none."""
        return map(self._blocks, range(len(self.search.counts)))

    def _blocks(self, level: int) -> Iterator[Words]:
        for number in count():
            blocks = [b for b in self.search.crew.all("block", level, number) if b.size]
            if not blocks:
                return
            yield from map(np.copy, blocks)  # what has come from elsewhere may not be written to

    def path_to(self, depth: int, state: Values) -> tuple[Values, ...]:
        """Return a shortest sequence of states to one (its words) of a level, up to renaming."""
        return self.search.engine.followed(self.search.path_to(depth, state))

    def successors(self, state: Values) -> Iterator[tuple[str, Values]]:
        """Yield the transitions out of a state."""
        return self.search.engine.successors(state)
