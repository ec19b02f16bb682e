"""Which rules apply in a step: procedure, refusals, base and extension, overrides, roles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import z3

from model.rule import Modality, On, Refuses, Role, Rule, discard, reject, reject_option
from model.ruleset import Override, Ruleset
from model.scope import Scope, World
from model.step import StepRelation, step_relation
from model.terms import constants
from model.vocabulary import (
    FIELDS,
    CareOf,
    Dad,
    Effect,
    Others,
    Status,
    accepted,
    bu,
    decide,
    o,
    refused,
)
from tests.checker.support import by_z3, stated, tiny

TWO = Scope(bids=2, care_of=1, options=2, sequence_bits=2)
BOTH = {"o.present[1]": 1, "o.present[2]": 1}


def relation_of(*rules: Rule, **more: Any) -> StepRelation:
    """The receiving step of these rules at two options."""
    return step_relation(tiny(*rules, **more), On.RECEIVE_UPDATE, World(TWO))


def applying(relation: StepRelation, **inputs: int) -> set[tuple[str, int]]:
    """The rules that apply, each with its index, by Z3; inputs not named are at their default."""
    values = {n.replace("__", "."): v for n, v in inputs.items()}
    terms = [g.applies for g in relation.rules]
    consts = {c.decl().name(): c for t in terms for c in constants(t)}
    given = {n: values.get(n, FIELDS[n.partition("[")[0]].default) for n in consts}
    bits = by_z3(terms, consts, given)
    return {(g.rule.key, g.index) for g, bit in zip(relation.rules, bits, strict=True) if bit}


def outcomes(relation: StepRelation, **inputs: int) -> dict[str, bool]:
    """What is refused or accepted."""
    terms = list(relation.outcomes.values())
    consts = {c.decl().name(): c for t in terms for c in constants(t)}
    given = {n: inputs.get(n, FIELDS[n.partition("[")[0]].default) for n in consts}
    bits = by_z3(terms, consts, given)
    return {n: bool(bit) for n, bit in zip(relation.outcomes, bits, strict=True)}


ANSWERS = stated("T-2", decide.answer == Status.accepted, at="second")


@pytest.mark.parametrize(
    ("at", "reached"), [("first", False), ("second", True), ("third", True), ("", True)]
)
def test_a_refusal_pre_empts_the_later_steps_and_no_others(at: str, reached: bool) -> None:
    relation = relation_of(stated("T-1", reject(Status.prohibited), given=bu.ack, at=at), ANSWERS)
    assert ("T-2", 0) in applying(relation)
    assert (("T-2", 0) in applying(relation, **{"bu.ack": 1})) is reached


def test_a_rule_of_no_step_is_reached_whatever_is_refused() -> None:
    refusal = stated("T-1", reject(Status.prohibited), at="first")
    unplaced = stated("T-2", decide.answer == Status.prohibited)
    assert applying(relation_of(refusal, unplaced)) == {("T-1", 0), ("T-2", 0)}


def test_of_two_refusals_the_earlier_alone_applies() -> None:
    relation = relation_of(
        stated("T-1", reject(Status.sequence), given=bu.ack, at="second"),
        stated("T-2", reject(Status.prohibited), given=bu.nonces, at="first"),
    )
    both = {"bu.ack": 1, "bu.nonces": 1}
    assert applying(relation, **both) == {("T-2", 0)}
    assert applying(relation, **{"bu.ack": 1}) == {("T-1", 0)}


def test_without_order_the_bullets_all_apply() -> None:
    refusal = stated("T-1", reject(Status.prohibited), at="first")
    free = relation_of(refusal, ANSWERS, unordered=bu.esp, bullets=("first", "second"))
    assert applying(free) == {("T-1", 0)}
    assert applying(free, **{"bu.esp": 1}) == {("T-1", 0), ("T-2", 0)}
    one = relation_of(refusal, ANSWERS, unordered=bu.esp, bullets=("first",))
    assert applying(one, **{"bu.esp": 1}) == {("T-1", 0)}


def test_the_refusal_of_an_option_pre_empts_the_later_steps_of_that_option() -> None:
    relation = relation_of(
        stated("T-1", reject_option(Status.prohibited), given=o.C, at="first"), ANSWERS
    )
    assert applying(relation, **BOTH, **{"o.C[2]": 1}) == {("T-1", 2), ("T-2", 1)}


def test_the_refusal_of_an_option_does_not_pre_empt_that_of_the_message() -> None:
    relation = relation_of(
        stated("T-1", reject_option(Status.prohibited), given=o.C, at="first"),
        stated("T-2", reject(Status.sequence), at="second"),
    )
    found = applying(relation, **BOTH, **{"o.C[1]": 1})
    assert found == {("T-1", 1), ("T-2", 1), ("T-2", 2)}


def test_a_rule_of_the_options_applies_to_each_that_is_present() -> None:
    relation = relation_of(stated("T-1", decide.care_of == CareOf.option, given=o.C))
    assert applying(relation, **{"o.C[1]": 1, "o.C[2]": 1}) == set()
    one = {"o.present[1]": 1, "o.C[1]": 1, "o.C[2]": 1}
    assert applying(relation, **one) == {("T-1", 1)}
    assert applying(relation, **BOTH, **{"o.C[1]": 1, "o.C[2]": 1}) == {("T-1", 1), ("T-1", 2)}


def test_slot_0_is_the_update_without_an_option() -> None:
    relation = relation_of(stated("T-1", decide.answer == Status.accepted))
    assert applying(relation) == {("T-1", 0)}
    assert applying(relation, **BOTH) == {("T-1", 1), ("T-1", 2)}


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        (reject(), {"refused[1]", "refused[2]"}),
        (reject_option(), {"refused[2]", "accepted"}),
        (discard(), {"refused[1]", "refused[2]", "discarded"}),
    ],
    ids=["message", "option", "silently"],
)
def test_the_outcome_is_derived_from_the_refusals(demand: Any, expected: set[str]) -> None:
    given = o.C if demand.refuses is Refuses.OPTION else bu.ack
    relation = relation_of(stated("T-1", demand, given=given))
    found = outcomes(relation, **BOTH, **{"o.C[2]": 1, "bu.ack": 1})
    # Slot 0 is not there: what is said of it has no meaning.
    assert {n for n, holds in found.items() if holds and n != "refused[0]"} == expected
    assert outcomes(relation, **BOTH)["accepted"]


def test_when_every_option_is_refused_nothing_is_accepted() -> None:
    relation = relation_of(stated("T-1", reject_option(), given=o.C))
    found = outcomes(relation, **BOTH, **{"o.C[1]": 1, "o.C[2]": 1})
    assert not found["accepted"]
    assert found["refused[1]"]
    assert not found["discarded"]


def test_effects_commit_only_where_nothing_refuses() -> None:
    refusal = stated("T-1", reject_option(), given=o.C)
    effect = stated("T-2", decide.effect == Effect.register)
    shared = stated("T-3", decide.others == Others.delete)
    answer = stated("T-4", decide.dad == Dad.skip)
    relation = relation_of(refusal, effect, shared, answer)
    one = applying(relation, **BOTH, **{"o.C[1]": 1})
    assert one == {("T-1", 1), ("T-2", 2), ("T-3", 0), ("T-4", 0)}
    none = applying(relation, **BOTH, **{"o.C[1]": 1, "o.C[2]": 1})
    assert none == {("T-1", 1), ("T-1", 2), ("T-4", 0)}


def test_a_trigger_may_speak_of_the_outcome() -> None:
    relation = relation_of(
        stated("T-1", reject(), given=bu.ack),
        stated("T-2", decide.dad == Dad.run, given=accepted),
        stated("T-3", decide.dad == Dad.skip, given=refused),
    )
    assert applying(relation) == {("T-2", 0)}
    assert {k for k, _ in applying(relation, **{"bu.ack": 1})} == {"T-1", "T-3"}


def with_base(base: Rule, extension: Rule, **more: Any) -> Ruleset:
    """A ruleset with one rule of a base document and one of its own."""
    ruleset = tiny(extension, **more)
    return replace(ruleset, rules=(base.of("base"), *ruleset.rules))


def test_a_dispatch_procedure_of_the_base_yields_decision_by_decision() -> None:
    base = stated("B-1", decide.effect == Effect.register, yields=True)
    firm = replace(base, yields=False)
    own = stated("T-1", decide.effect == Effect.delete, given=bu.zero_lifetime)
    other = stated("T-1", decide.dad == Dad.skip, given=bu.zero_lifetime)
    gone = {"bu.zero_lifetime": 1}
    for first, second, speaks in ((base, own, False), (firm, own, True), (base, other, True)):
        relation = step_relation(with_base(first, second), On.RECEIVE_UPDATE, World(TWO))
        assert ("B-1", 0) in applying(relation)
        assert (("B-1", 0) in applying(relation, **gone)) is speaks


@pytest.mark.parametrize("silent", [Modality.MAY, Modality.DEFINITION])
def test_the_base_does_not_yield_to_what_does_not_speak(silent: Modality) -> None:
    base = stated("B-1", decide.effect == Effect.register, yields=True)
    own = stated("T-1", decide.effect == Effect.delete, modality=silent)
    relation = step_relation(with_base(base, own), On.RECEIVE_UPDATE, World(TWO))
    assert ("B-1", 0) in applying(relation)


def test_a_refusal_of_the_base_yields_where_the_extension_speaks_of_the_effect() -> None:
    base = stated("B-1", reject_option(Status.type_change), yields=True)
    own = stated("T-1", decide.effect == Effect.update, given=bu.ack)
    relation = step_relation(with_base(base, own), On.RECEIVE_UPDATE, World(TWO))
    assert applying(relation) == {("B-1", 0)}
    assert applying(relation, **{"bu.ack": 1}) == {("T-1", 0)}


def test_an_override_takes_a_base_rule_out_of_force_where_it_holds() -> None:
    base = stated("B-1", decide.proxy, also=("B-2",))
    own = stated("T-1", ~decide.proxy, given=bu.ack)
    for name in ("B-1", "B-2"):
        lifted = (Override(name, bu.ack, "T-1"),)
        ruleset = with_base(base, own, overrides=lifted)
        relation = step_relation(ruleset, On.RECEIVE_UPDATE, World(TWO))
        assert applying(relation) == {("B-1", 0)}
        assert applying(relation, **{"bu.ack": 1}) == {("T-1", 0)}


@pytest.mark.parametrize("home_agent", [0, 1])
@pytest.mark.parametrize("home", [0, 1])
def test_a_home_agent_acts_as_correspondent_for_what_is_no_home_registration(
    home_agent: int, home: int
) -> None:
    relation = relation_of(
        stated("T-1", decide.dad == Dad.run, role=Role.HOME_AGENT),
        stated("T-2", decide.dad == Dad.skip, role=Role.CORRESPONDENT),
        stated("T-3", decide.acknowledged),
    )
    found = {
        k
        for k, _ in applying(
            relation, **{"node.home_agent": home_agent, "bu.home_registration": home}
        )
    }
    assert found == {"T-3", "T-1" if home_agent and home else "T-2"}


def test_a_conjunction_is_split_so_that_each_part_can_be_told() -> None:
    both = stated("T-1", z3.And(decide.dad == Dad.run, decide.acknowledged))
    relation = relation_of(both)
    assert [(g.part, sorted(g.decisions)) for g in relation.rules] == [
        (0, ["dad"]),
        (1, ["acknowledged"]),
    ]


@pytest.mark.parametrize(
    ("then", "more", "speaks"),
    [
        (decide.dad == Dad.run, {}, True),
        (decide.dad == Dad.run, {"modality": Modality.SHOULD}, True),
        (decide.dad == Dad.run, {"modality": Modality.MAY}, False),
        (decide.dad == Dad.run, {"modality": Modality.DEFINITION}, False),
        (decide.dad == Dad.run, {"when": decide.acknowledged}, False),
        (decide.dad != Dad.run, {}, False),
        (~decide.acknowledged, {}, True),
    ],
    ids=["demands", "advises", "permits", "defines", "couples", "forbids a value", "flag"],
)
def test_what_speaks_of_a_decision(then: Any, more: dict[str, Any], speaks: bool) -> None:
    (ground,) = relation_of(stated("T-1", then, **more)).rules
    assert ground.speaks is speaks


def test_a_rule_that_can_never_apply_is_left_out() -> None:
    assert relation_of(stated("T-1", decide.dad == Dad.run, given=False)).rules == ()
