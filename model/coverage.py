"""The account of a ruleset: which statements are executable, and why others not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from model.rule import Rule
from model.ruleset import Ruleset


class State(Enum):
    """What became of a statement."""

    EXECUTABLE = "executable"
    NOT_EXECUTABLE = "not executable"
    MISSING = "MISSING"
    ADDED = "not in the catalogue"


@dataclass(frozen=True)
class Entry:
    """One statement: its id, what became of it, and how or why."""

    id: str
    state: State
    account: str

    @property
    def section(self) -> str:
        """Return document and section, such as 04-6.3."""
        return self.id.rpartition("-")[0]


def coverage(ruleset: Ruleset) -> tuple[Entry, ...]:
    """Return every id of the catalogue once, in its order, then the ids that rules add to it."""
    known = dict.fromkeys(ruleset.catalogue)
    added = dict.fromkeys(i for r in ruleset.rules for i in r.ids if i not in known)
    return (
        *(_entry(ruleset, id) for id in known),
        *(Entry(id, State.ADDED, _executed(ruleset, id)) for id in added),
    )


def _entry(ruleset: Ruleset, id: str) -> Entry:
    executed = _executed(ruleset, id)
    if executed:
        return Entry(id, State.EXECUTABLE, executed)
    if id in ruleset.not_executable:
        return Entry(id, State.NOT_EXECUTABLE, ruleset.not_executable[id])
    return Entry(id, State.MISSING, "no rule executes it, and no reason is given")


def _executed(ruleset: Ruleset, id: str) -> str:
    """Return the steps in which rules or overrides execute a statement; empty when none does."""
    rules = [r for r in ruleset.rules if id in r.ids]
    lifted = [v.base for v in ruleset.overrides if v.by == id]
    parts = [*dict.fromkeys(_part(r, id) for r in rules), *(f"overrides {b}" for b in lifted)]
    return "; ".join(parts)


def _part(r: Rule, id: str) -> str:
    kind = "rule" if id == r.id else f"restates {r.id}"
    return f"{r.role.value} {r.on.value} ({kind})"


def coverage_lines(ruleset: Ruleset) -> Iterator[str]:
    """Yield the account as lines, by section, with totals at the end."""
    entries, section = coverage(ruleset), ""
    for entry in entries:
        if entry.section != section:
            section = entry.section
            yield section
        yield f"  {entry.id}  {entry.state.value}: {entry.account}"
    yield (
        ", ".join(f"{count} {state}" for state, count in totals(entries).items() if count)
        + f"; {len(ruleset.catalogue)} statements in the catalogue"
    )


def totals(entries: tuple[Entry, ...]) -> dict[str, int]:
    """Return how many statements are in each state."""
    return {s.value: sum(e.state is s for e in entries) for s in State}
