"""Contradictions that an author has decided: which of the rules is obeyed where they meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from checker.check import analyse
from checker.finding import Finding
from checker.resolution import Resolution
from model.errors import RuleError
from model.ruleset import Ruleset
from model.scope import Scope


def resolutions(
    ruleset: Ruleset, chosen: Mapping[str, str], say: Callable[[str], None]
) -> tuple[Resolution, ...]:
    """Return the resolutions of findings, by the rule that each is resolved to.

    RuleError for a finding that the analysis does not have, or a rule that is not one of its.
    """
    if not chosen:
        return ()
    found = {f.id: f for f in analyse(ruleset, Scope(), say)}
    return tuple(_resolution(found, name, rule) for name, rule in chosen.items())


def _resolution(found: Mapping[str, Finding], name: str, rule: str) -> Resolution:
    if name not in found:
        raise RuleError(f"no finding is called {name}", remedy="take one that `monami check` tells")
    rules = found[name].rules
    if rule not in rules:
        what = f"{rule} is no rule of finding {name}"
        raise RuleError(what, remedy=f"use one of {', '.join(rules)}")
    return Resolution(frozenset(rules), rule)
