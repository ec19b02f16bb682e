"""Statements that follow from others: told for whole statements, each once.

A statement may speak in several steps; it is superfluous where all that it says follows.
"""

from __future__ import annotations

from collections.abc import Iterator

from checker.finding import Finding
from checker.kinds import parties
from checker.kinds.redundant import FOLLOWS, RESTATEMENTS
from checker.situation import Views
from model.ruleset import Ruleset


def whole_statements(found: list[Finding], views: Views, ruleset: Ruleset) -> list[Finding]:
    """Return the findings without redundant rules of statements that say more elsewhere."""
    steps: dict[str, set[str]] = {}
    for f in filter(_redundant, found):
        steps.setdefault(_statement(f), set()).add(f.on.name)
    spoken = {
        id: {r.on.name for r in ruleset.rules if r.id == id and r.on in views} for id in steps
    }
    told: set[str] = set()
    return [f for f in found if not _redundant(f) or _first_of(f, steps, spoken, told)]


def _first_of(
    f: Finding, steps: dict[str, set[str]], spoken: dict[str, set[str]], told: set[str]
) -> bool:
    id = _statement(f)
    new = id not in told and steps[id] == spoken[id]
    told.add(id)
    return new


def bound_elsewhere(found: list[Finding], views: Views, ruleset: Ruleset) -> list[Finding]:
    """Return the findings without duties of unbound parties that another finding tells.

    What follows from rules for a node in its own section binds it there; what a stranger is
    told cannot bind it, though it follows.
    """
    superfluous = {_statement(f) for f in filter(_redundant, found)}
    unbound = list(parties.findings(views, ruleset, superfluous))
    strange = {r.id for r in ruleset.rules if r.role in parties.STRANGERS}
    kept = [f for f in found if not _redundant(f) or _statement(f) not in strange]
    return [*(f for f in kept if f.kind != "unbound party"), *unbound]


def _redundant(f: Finding) -> bool:
    return f.kind == "redundant rule" and f.region != RESTATEMENTS


def _statement(f: Finding) -> str:
    """Return the statement that a redundant rule is about."""
    return next(_following(f))


def _following(f: Finding) -> Iterator[str]:
    yield from (id for id, text in f.demands if text == FOLLOWS)
