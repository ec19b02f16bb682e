"""Dead ends: reached states out of which there is no transition, fair or not.

That some transition is possible is a term, so that an engine counts the states where it does
not hold, and finds the way to a first one, as it does for any property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import z3

from checker.space.reached import Reached
from checker.space.system import StepTable, Transition, TransitionSystem, Values
from model.errors import RuleError

AT_REST, ELSEWHERE = "goes on from rest", "goes on from where it is not at rest"
Path = tuple[Values, ...]


@dataclass(frozen=True)
class DeadEnds:
    """How many dead ends are at rest and how many are not, with a shortest way to one of each."""

    at_rest: int = 0
    elsewhere: int = 0
    to_rest: Path = ()
    to_elsewhere: Path = ()


def watching_ends(system: TransitionSystem, rest: Any) -> TransitionSystem:
    """Return a system with two more properties: it goes on where `rest` holds, and elsewhere.

    A search of it raises a RuleError where a step leaves a node nothing to decide: there a
    transition would seem possible that is not.
    """
    on = z3.Or([t.guard for t in system.transitions])
    ends = {AT_REST: z3.Or(on, z3.Not(rest)), ELSEWHERE: z3.Or(on, rest)}
    transitions = tuple(_deciding(system.transitions))
    return replace(system, transitions=transitions, always={**system.always, **ends})


def told_apart(found: Reached) -> tuple[Reached, DeadEnds]:
    """Return what was found of the properties themselves, and the dead ends."""
    counts, paths = found.violated, found.paths
    ends = DeadEnds(
        counts.get(AT_REST, 0),
        counts.get(ELSEWHERE, 0),
        paths.get(AT_REST, ()),
        paths.get(ELSEWHERE, ()),
    )
    names = set(found.violated) - {AT_REST, ELSEWHERE}
    own = replace(
        found,
        violated={n: many for n, many in found.violated.items() if n in names},
        paths={n: path for n, path in found.paths.items() if n in names},
    )
    return own, ends


def _deciding(transitions: Sequence[Transition]) -> Iterator[Transition]:
    """Yield transitions whose tables, shared as before, are never without a row."""
    made: dict[str, StepTable] = {}
    for t in transitions:
        if t.table is None:
            yield t
            continue
        name = t.table.name
        made.setdefault(name, replace(t.table, rows=_some(name, t.table.rows)))
        yield replace(t, table=made[name])


def _some(
    name: str, rows: Callable[[Values], Sequence[Values]]
) -> Callable[[Values], Sequence[Values]]:
    def found(key: Values) -> Sequence[Values]:
        outcomes = rows(key)
        if not outcomes:
            raise RuleError(
                f"the step {name} leaves a node nothing to decide in some situation",
                remedy="give the step an outcome for each situation",
            )
        return outcomes

    return found
