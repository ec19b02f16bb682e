"""What is said of a statement of the documents: by all its rules, or by those of a finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from checker.finding import Finding
from model.rule import Modality, Rule
from model.ruleset import Ruleset
from model.terms import constants_of

Record = dict[str, Any]
STRENGTHS = (
    (Modality.MUST, Modality.MUST_NOT),
    (Modality.SHOULD, Modality.SHOULD_NOT),
    (Modality.STATED,),
    (Modality.MAY,),
    (Modality.DEFINITION,),
)


def statement_record(id: str, ruleset: Ruleset) -> Record:
    """Return the record of a statement, executed by one rule or by several."""
    own = [r for r in ruleset.rules if r.id == id]
    rules = own or [r for r in ruleset.rules if id in r.also]
    return {
        "record": "rule",
        "id": id,
        "clause": ruleset.clause(id),
        "document": rules[0].document,
        **_said(rules),
        "restates": None if own else rules[0].id,
    }


def parts_told(f: Finding, ruleset: Ruleset) -> dict[str, Record]:
    """Return, by id, what the rules of a finding say where it is not all that a statement says."""
    found = {}
    for id in f.rules:
        own = [r for r in ruleset.rules if r.id == id]
        concerned = _concerned(own, f)
        if len(concerned) < len(own):
            found[id] = _said(concerned)
    return found


def _concerned(rules: Sequence[Rule], f: Finding) -> Sequence[Rule]:
    """Return the rules of a statement that speak of what is at stake in the step."""
    if not f.at_stake:
        return rules
    in_step = [r for r in rules if r.on is f.on] or rules
    at_stake = {label.partition("[")[0] for label in f.at_stake}
    return [r for r in in_step if at_stake & _mentioned(r)] or in_step


def _mentioned(r: Rule) -> set[str]:
    terms = [r.demand.term] if r.when is None else [r.demand.term, r.when]
    return {c.decl().name() for c in constants_of(terms)}


def _said(rules: Sequence[Rule]) -> Record:
    strongest = min(rules, key=_rank)
    return {
        "modality": strongest.modality.value,
        "label": strongest.label or None,
        "role": _listed(list(_different(r.role.value for r in rules))),
        "title": "; ".join(_different(r.title for r in rules)),
        "source": ", ".join(_different(r.source for r in rules)),
    }


def _rank(r: Rule) -> int:
    return next(k for k, alike in enumerate(STRENGTHS) if r.modality in alike)


def _listed(texts: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))


def _different(texts: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(filter(None, texts))
