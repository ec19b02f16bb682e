"""A ruleset explored by the fast engine, with the answers that the interpreter gives."""

from __future__ import annotations

from itertools import pairwise

from checker.advance import Progress
from checker.explore import Account, Verdict
from checker.machine import Machine, State, Step
from checker.space.compiled import Compiled
from checker.space.nodes import transition_system
from checker.space.reached import Reached
from model.properties import Property
from model.whole.properties import checked


def explored(
    machine: Machine,
    progress: Progress | None = None,
    most_states: int | None = None,
    stop_at_first: bool = False,
) -> tuple[Account, list[Verdict]]:
    """Return how far the exploration of a machine went, and what it says of the properties."""
    found = Compiled(transition_system(machine)).run(progress, stop_at_first, most_states)
    account = Account(
        machine, found.states, found.transitions, found.levels, found.taken, found.complete
    )
    return account, [_verdict(machine, found, p) for p in checked(machine.system)]


def _verdict(machine: Machine, found: Reached, p: Property) -> Verdict:
    states = found.paths.get(p.name)
    if states is None:
        return Verdict(p, True if found.complete else None, p.name in found.met)
    steps = tuple(_step(machine, *pair) for pair in pairwise(states))
    return Verdict(p, False, p.name in found.met, steps, states[0])


def _step(machine: Machine, before: State, after: State) -> Step:
    """Return the first transition of the machine from one state to another."""
    return next(step for step in machine.successors(before) if step.state == after)
