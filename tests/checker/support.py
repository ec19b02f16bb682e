"""What several tests of the checker share: tiny rulesets, and terms judged by Z3 alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import z3

from checker.contradictions import Contradictions
from checker.finding import Finding
from checker.situation import Situations
from model.rule import Modality, On, Role, Rule, rule
from model.ruleset import Ruleset, gather
from model.rulesets.steps import STEPS
from model.scope import Scope

SMALLEST = Scope(bids=1, care_of=1, options=1, sequence_bits=2)
PROCEDURE = ("first", "second", "third")


def quiet(_text: str) -> None:
    """Say nothing."""


def stated(id: str, then: Any, **more: Any) -> Rule:
    """A stated rule of the receiver."""
    modality = more.pop("modality", Modality.STATED)
    title = more.pop("title", f"title of {id}")
    role = more.pop("role", Role.RECEIVER)
    return rule(id, "1", modality, role, title, then=then, **more)


def tiny(*rules: Rule, **more: Any) -> Ruleset:
    """A ruleset of these rules alone."""
    document = gather("tiny", rules)
    return Ruleset("tiny", "A tiny ruleset", "tiny", document, PROCEDURE, STEPS, **more)


def only(ruleset: Ruleset, *ids: str) -> Ruleset:
    """The ruleset with no rules but these."""
    return ruleset.only(*ids)


def contradictions(
    ruleset: Ruleset, on: On = On.RECEIVE_UPDATE, scope: Scope = SMALLEST
) -> list[Finding]:
    """The findings of rules against each other in one step."""
    return list(Contradictions(Situations(ruleset, on, scope)).findings())


def literal(const: Any, value: int) -> Any:
    """The Z3 value of a constant's sort: by index of an enumeration, yes or no, or number."""
    sort = const.sort()
    if z3.is_bool(const):
        return z3.BoolVal(bool(value))
    if z3.is_bv(const):
        return z3.BitVecVal(value, sort.size())
    return sort.constructor(value)()


def number(value: Any) -> int:
    """The number that stands for a Z3 value; AssertionError when it is no value."""
    if z3.is_bv_value(value):
        return int(value.as_long())
    if z3.is_true(value) or z3.is_false(value):
        return int(z3.is_true(value))
    assert value.num_args() == 0, f"{value} is no value"
    sort = value.sort()
    names = [sort.constructor(k).name() for k in range(sort.num_constructors())]
    return names.index(value.decl().name())


def by_z3(terms: Iterable[Any], consts: Mapping[str, Any], values: Mapping[str, int]) -> list[int]:
    """The values of terms, by Z3's substitution and simplification."""
    pairs = [(consts[n], literal(consts[n], v)) for n, v in values.items()]
    return [number(z3.simplify(z3.substitute(t, *pairs))) for t in terms]
