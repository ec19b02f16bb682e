"""Unbound parties: duties of nodes that the document, or that part of it, does not speak to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from checker.finding import Finding
from checker.kinds.common import without_input
from checker.situation import Situations
from model.rule import Modality, On, Role, Rule
from model.ruleset import Ruleset

STRANGERS = (Role.LEGACY,)  # who does not implement a document cannot be bound by it


def findings(
    views: Mapping[On, Situations], ruleset: Ruleset, superfluous: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield, clause by clause, the duties of strangers and those in a section for others.

    What of the latter is superfluous (by id) is left out.
    """
    duties = [r for r in ruleset.rules if _duty(r, ruleset) and r.on in views]
    for clause, rules in _by_clause(r for r in duties if r.role in STRANGERS).items():
        text = f"{clause} tells a {rules[0].role.value} what to do, which the document cannot bind"
        yield _finding(views, rules, text, clause)
    misplaced = (r for r in duties if _misplaced(r, ruleset) and r.id not in superfluous)
    for clause, rules in _by_clause(misplaced).items():
        parties = " and ".join(dict.fromkeys(r.role.value for r in rules))
        meant = " and ".join(p.value for p in addressed(rules[0], ruleset))
        text = f"{clause} speaks to the {meant}, and has duties of the {parties}"
        yield _finding(views, rules, text, clause)


def _finding(views: Mapping[On, Situations], rules: list[Rule], text: str, clause: str) -> Finding:
    """Return the finding with the statements of this clause only, not those that repeat them."""
    found = without_input(
        "unbound party", views[rules[0].on], rules, text, region=clause, principal=()
    )
    return replace(found, rules=tuple(sorted({r.id for r in rules})))


def addressed(r: Rule, ruleset: Ruleset) -> tuple[Role, ...]:
    """Return the parties that the section of a rule speaks to: all where it declares none."""
    for section, parties in ruleset.addressed.items():
        if f"{r.clause}.".startswith(f"{section}."):
            return parties
    return tuple(Role)


def _duty(r: Rule, ruleset: Ruleset) -> bool:
    lax = r.modality in (Modality.DEFINITION, Modality.MAY)
    return ruleset.is_extension(r) and not lax


def _misplaced(r: Rule, ruleset: Ruleset) -> bool:
    return r.role not in (*STRANGERS, *addressed(r, ruleset))


def _by_clause(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for r in rules:
        found.setdefault(r.clause, []).append(r)
    return found
