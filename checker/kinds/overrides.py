"""Silent overrides: an extension that contradicts its base and has no sentence that says so."""

from __future__ import annotations

from checker.finding import Finding
from model.rule import Modality, Rule
from model.ruleset import Ruleset


def classify(finding: Finding, ruleset: Ruleset) -> str:
    """Return the kind of a contradiction: silent override when base and extension make it.

    The rules of a base that some sentence overrides, if only in part, are no silent matter;
    nor is what is not a contradiction.
    """
    if finding.kind != "contradiction":
        return finding.kind
    members = _members(finding, ruleset)
    base = [r for r in members if not ruleset.is_extension(r)]
    declared = {v.base for v in ruleset.overrides}
    silent = base and len(base) < len(members)
    if silent and not any(declared & set(r.ids) for r in base):
        return "silent override"
    return finding.kind


def _members(finding: Finding, ruleset: Ruleset) -> list[Rule]:
    """Return the rules that contradict each other, without definitions that only link them."""
    ids = dict.fromkeys(i for i, _ in finding.demands) or dict.fromkeys(finding.rules)
    rules = [ruleset.rule(i) for i in ids]
    return [r for r in rules if r.modality is not Modality.DEFINITION]
