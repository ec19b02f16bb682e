"""A ruleset explored by the fast engine, with the answers that the interpreter gives, and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from checker.advance import Progress
from checker.explore import LEADS, Account, DeadEnds, Verdict, Way, held, kind_of
from checker.exploring import Exploring
from checker.machine import Machine, State, Step
from checker.space import endings
from checker.space.met import met
from checker.space.nodes import transition_system
from checker.space.reached import Reached, Recovery, Trail
from checker.space.running import Engine, ran
from checker.space.running import recoveries as recovered
from model.properties import Property
from model.whole.properties import checked, recoveries


def explored(
    machine: Machine, how: Exploring, progress: Progress | None = None
) -> tuple[Account, list[Verdict]]:
    """Return how far the exploration of a machine went, and what it says of the properties.

    For a property that is violated there are up to `how.most_paths` ways, each of another kind.
    Dead ends are no violation; they are not told of a search that stops at the first one.
    """
    system = transition_system(machine)
    if not how.stop_at_first:
        system = endings.watching_ends(system, machine.system.rest)
    engine, reached = ran(system, how, progress)
    found, ends = endings.told_apart(reached)
    answers = _Answers(machine, engine, found)
    account = Account(
        machine,
        found.states,
        found.transitions,
        found.levels,
        found.taken,
        found.complete,
        met(machine, engine),
        None if how.stop_at_first else answers.dead_ends(ends),
        found.stopped,
        found.kept,
        found.told_apart,
        found.bytes,
    )
    verdicts = [answers.safety(p, how.most_paths) for p in checked(machine.system)]
    return account, verdicts + answers.recovery()


class _Answers:
    """What was found, in the steps of the machine."""

    def __init__(self, machine: Machine, engine: Engine, found: Reached) -> None:
        self.machine, self.engine, self.found = machine, engine, found

    def safety(self, p: Property, most_paths: int) -> Verdict:
        """Return what was found of a property that is to hold in every state."""
        states, seen = self.found.paths.get(p.name), p.name in self.found.met
        holds = held(p, p.name in self.found.violated, seen, self.found.complete)
        if states is None:
            return Verdict(p, holds, seen, kind=kind_of(p))
        ways = [self._way(states)]
        if most_paths > 1:
            ways = [self._way(trail.states) for trail in self._several(p, most_paths)]
        first, *others = ways
        return Verdict(p, holds, seen, first.steps, first.start, kind_of(p), (), tuple(others))

    def _several(self, p: Property, most_paths: int) -> list[Trail]:
        labels = [f"{a.actor} {a.name}" for a in self.machine.actions]
        from checker.space.several import several  # noqa: PLC0415  (loads the compilers)

        trails = several(self.engine, self.found, p.name, most_paths, labels)
        return [replace(t, states=self.engine.followed(t.states)) for t in trails]

    def recovery(self) -> list[Verdict]:
        """Return what was found of what is to come about again."""
        told = recoveries(self.machine.system)
        return [self._led(told[r.name], r) for r in recovered(self.engine, self.found).values()]

    def _led(self, p: Property, r: Recovery) -> Verdict:
        if r.lasso is None:
            return Verdict(p, r.holds, r.holds is None or r.states > 0, kind=LEADS)
        stem = self._taken(Trail(r.lasso.stem, r.lasso.taken))
        around = (r.lasso.stem[-1], *r.lasso.loop)
        loop = self._taken(Trail(around, r.lasso.loop_taken)).steps
        return Verdict(p, False, True, stem.steps, stem.start, LEADS, loop)

    def dead_ends(self, ends: endings.DeadEnds) -> DeadEnds:
        """Return the dead ends with the ways there."""
        ways = [self._way(p) if p else None for p in (ends.to_rest, ends.to_elsewhere)]
        return DeadEnds(ends.at_rest, ends.elsewhere, *ways)

    def _way(self, states: Sequence[State]) -> Way:
        """Return the first transition of the machine from each state to the next."""
        steps = (self._step(*pair) for pair in pairwise(states))
        return Way(states[0], tuple(steps))

    def _taken(self, trail: Trail) -> Way:
        """Return the transitions of a trail."""
        pairs = zip(pairwise(trail.states), trail.taken, strict=True)
        steps = (self._step(*pair, self.machine.actions[k].name) for pair, k in pairs)
        return Way(trail.states[0], tuple(steps))

    def _step(self, before: State, after: State, name: str | None = None) -> Step:
        steps = (s for s in self.machine.successors(before) if s.state == after)
        return next(s for s in steps if name in (None, s.action.name))
