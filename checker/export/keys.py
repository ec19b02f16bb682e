"""The situations that a system's steps meet: an engine explores it, and what it asks is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from checker.space.reached import Reached
from checker.space.system import StepTable, TransitionSystem, Values
from model.errors import RuleError

Keys = Mapping[str, tuple[Values, ...]]  # by table, in order
Explores = Callable[[TransitionSystem], Reached]


def met(system: TransitionSystem, explore: Explores) -> Keys:
    """Return the keys of each table that an engine asks for; RuleError if it does not end."""
    tables = {t.table.name: _Asked(t.table) for t in system.transitions if t.table}
    watched = {name: replace(asked.table, rows=asked) for name, asked in tables.items()}
    transitions = tuple(
        replace(t, table=watched[t.table.name]) if t.table else t for t in system.transitions
    )
    if not explore(replace(system, transitions=transitions)).complete:
        raise RuleError(
            "the search ended before all states were reached, and an export needs them all",
            remedy="export a smaller scope",
        )
    return {name: tuple(sorted(asked.keys)) for name, asked in tables.items()}


class _Asked:
    """Asks the rows of a table, and keeps the keys."""

    def __init__(self, table: StepTable) -> None:
        self.table, self.keys = table, set[Values]()

    def __call__(self, key: Values) -> Sequence[Values]:
        self.keys.add(key)
        return self.table.rows(key)
