"""Terms and situations in the document's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import z3

from model.fields import Field
from model.step import GroundRule
from model.vocabulary import ALL, ANY, DERIVED, FIELDS


def field_text(label: str, value: int) -> str:
    """Return a ground field and its value in words."""
    f, which = _field(label)
    return f"{which}{f.sentence}: {f.domain.show(value)}"


def _field(label: str) -> tuple[Field, str]:
    name, _, index = label.partition("[")
    return FIELDS[name], which(FIELDS[name].family, index.rstrip("]"))


def which(family: str, index: str) -> str:
    """Return the words for an index of a family, ending in ", " when there are any."""
    if not family or not index:
        return ""
    if family == "slot":
        return "" if index == "0" else f"sub-option {index}, "
    noun = {"option": "sub-option", "bid": "BID", "interface": "interface"}[family]
    return f"{noun} {index}, "


QUANTIFIED = {ANY.name(): "of some sub-option", ALL.name(): "of every sub-option"}
OUTCOME_WORDS = {
    "accepted": ("the update is accepted", "the update is refused"),
    "refused": ("it is refused", "it is not refused"),
    "discarded": ("the update is discarded", "the update is not discarded"),
}


def fact_text(label: str, holds: bool) -> str:
    """Return a named predicate, or its negation, in words."""
    name, _, index = label.partition("[")
    if name.startswith("rule "):
        return f"{name.removeprefix('rule ')} refuses the update or sub-option"
    if name in OUTCOME_WORDS:
        text = OUTCOME_WORDS[name][0 if holds else 1]
        return which("slot", index.rstrip("]")) + text
    derived = DERIVED[name]
    text = derived.sentence if holds else derived.negated
    return which(derived.family, index.rstrip("]")) + text


def situation_text(
    shown: Iterable[str], values: Mapping[str, int], facts: Mapping[str, bool]
) -> str:
    """Return what matters of a situation as one sentence."""
    named = [n for n in shown if not n.startswith("READ-")]
    parts = [fact_text(n, facts[n]) if n in facts else field_text(n, values[n]) for n in named]
    return "; ".join(parts) or "always"


def demand_sentence(g: GroundRule) -> str:
    """Return what a ground rule demands, in words."""
    text = _predicate(g.rule.demand.term) or _text(g.demand)
    return text if g.when is None else f"{text} (if {_text(g.when)})"


def condition_text(term: Any, index: int) -> str:
    """Return a condition of a rule, at an index of the family that it speaks of, in words."""
    inner = term.arg(0) if z3.is_not(term) else term
    if z3.is_const(inner) and inner.decl().name() in DERIVED:
        return fact_text(f"{inner.decl().name()}[{index}]", not z3.is_not(term))
    return _text(term)


def _predicate(term: Any) -> str:
    """Return a demand that is one named predicate, or its negation, in words ("" otherwise)."""
    inner = term.arg(0) if z3.is_not(term) else term
    name = inner.decl().name()
    if not z3.is_const(inner) or name not in DERIVED:
        return ""
    return DERIVED[name].negated if z3.is_not(term) else DERIVED[name].sentence


def _text(t: Any) -> str:
    kind = t.decl().kind()
    if kind == z3.Z3_OP_NOT:
        return _negated(t.arg(0))
    if kind in (z3.Z3_OP_AND, z3.Z3_OP_OR):
        word = " and " if kind == z3.Z3_OP_AND else " or "
        return word.join(_text(c) for c in t.children())
    if kind in (z3.Z3_OP_EQ, z3.Z3_OP_DISTINCT):
        return _comparison(t, "is" if kind == z3.Z3_OP_EQ else "is not")
    if kind == z3.Z3_OP_ITE:
        first, then, other = (_text(c) for c in t.children())
        return f"{then} if {first}, else {other}"
    return _atom(t)


def _negated(t: Any) -> str:
    if t.decl().name() in OUTCOME_WORDS:
        return OUTCOME_WORDS[t.decl().name()][1]
    if t.decl().kind() == z3.Z3_OP_EQ:
        return _comparison(t, "is not")
    return f"not ({_text(t)})"


def _comparison(t: Any, word: str) -> str:
    left, right = t.children()
    return f"{_atom(left)} {word} {_text(right)}"


def _atom(t: Any) -> str:
    kind = t.decl().kind()
    if kind == z3.Z3_OP_DT_CONSTRUCTOR:
        name: str = t.decl().name()
        return name.partition(".")[2].replace("_", " ")
    if kind == z3.Z3_OP_UNINTERPRETED and t.num_args() == 0:
        return _name(t.decl().name())
    if z3.is_bv_value(t) or z3.is_true(t) or z3.is_false(t):
        return str(t)
    if t.decl().name() in QUANTIFIED:
        return f"{QUANTIFIED[t.decl().name()]}: {_text(t.arg(0))}"
    return "(" + " ".join([t.decl().name(), *(_text(c) for c in t.children())]) + ")"


def _name(label: str) -> str:
    if label.partition("[")[0] in FIELDS:
        f, prefix = _field(label)
        return prefix + f.sentence
    if label in OUTCOME_WORDS:
        return OUTCOME_WORDS[label][0]
    return DERIVED[label].sentence if label in DERIVED else label
