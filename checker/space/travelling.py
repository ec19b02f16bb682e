"""A lowered system that can be sent to another process, and what is asked of it there.

Instructions are plain values, terms and step tables are not.  Where a system goes without them
each step table raises `NotTold` for a situation whose rows it has not been told.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from checker.space.lowered import Lowered
from checker.space.system import StepTable, TransitionSystem, Values

Outcomes = tuple[Values, ...]


@dataclass(frozen=True)
class Asked:
    """A situation that a step table has to be asked about: the values of its key."""

    table: str
    key: Values


@dataclass(frozen=True)
class Told:
    """What a step table says of a situation: the values of the decisions in each outcome."""

    asked: Asked
    outcomes: Outcomes


class NotTold(Exception):
    """A step table was asked about a situation that it has not been told."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        self.asked = asked


class ToldRows:
    """The rows of a step table as far as they have been told."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.known: dict[Values, Outcomes] = {}

    def __call__(self, key: Values) -> Sequence[Values]:
        """Return the outcomes for a key; NotTold where they are not known."""
        if key not in self.known:
            raise NotTold(Asked(self.table, key))
        return self.known[key]


def travelling(lowered: Lowered) -> Lowered:
    """Return the same instructions with nothing beside them that is a term or a function."""
    tables = {x.table.name: _untold(x.table) for x in lowered.lookups}
    result = copy.copy(lowered)
    result.system = _terms_removed(lowered.system)
    result.lookups = [replace(x, table=tables[x.table.name]) for x in lowered.lookups]
    return result


def learn(lowered: Lowered, told: Iterable[Told]) -> None:
    """Tell the step tables of a system that has travelled what they are to say."""
    rows = {x.table.name: x.table.rows for x in lowered.lookups}
    for each in told:
        table = rows[each.asked.table]
        assert isinstance(table, ToldRows)
        table.known[each.asked.key] = each.outcomes


def _untold(table: StepTable) -> StepTable:
    return replace(table, key=(), rows=ToldRows(table.name), explain=None)


def _terms_removed(system: TransitionSystem) -> TransitionSystem:
    """Return a system with the names of its parts, in their order, and none of their terms."""
    transitions = (
        replace(t, guard=None, updates={}, inputs={}, table=None) for t in system.transitions
    )
    return TransitionSystem(
        system.variables,
        (),
        tuple(transitions),
        dict.fromkeys(system.always),
        dict.fromkeys(system.sometimes),
    )
