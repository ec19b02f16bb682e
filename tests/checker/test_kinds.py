"""The further kinds of findings: one seeded defect makes one finding, its repair none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
import z3

from checker.contradictions import Contradictions
from checker.finding import Finding
from checker.kinds import classify, kinds
from checker.situation import Situations
from model.predicates import READ_H, READ_ORD, bulk, flags_differ, reads
from model.rule import Modality, On, Role, Rule, discard, reject, reject_option
from model.ruleset import Decision, NodeStep, Override, Reading, Ruleset
from model.rulesets.draft04 import RULESET
from model.rulesets.statuses import one_of
from model.scope import Scope
from model.vocabulary import (
    Belief,
    Dad,
    Intent,
    Length,
    Others,
    Registration,
    Status,
    ba_ack,
    ba_status,
    bu,
    decide,
    mn,
    o,
)
from reports.kinds import KINDS
from tests.checker.support import SMALLEST, stated, tiny

UPDATE_STEPS = (On.RECEIVE_UPDATE, On.SEND_UPDATE, On.RECEIVE_ACK)
H = Reading(READ_H, "what of H?", {"H1": "this", "H2": "that"}, ("T-1",))
ORDER = Reading(READ_ORD, "in order?", {"O1": "yes", "O2": "no"}, ("T-1",))


def found(ruleset: Ruleset, *wanted: str, scope: Scope = SMALLEST) -> list[Finding]:
    """The findings of some kinds."""
    views = {s.on: Situations(ruleset, s.on, scope) for s in ruleset.steps}
    return [f for f in kinds(views, ruleset) if f.kind in wanted]


def of(*rules: Rule, **more: Any) -> Ruleset:
    """A ruleset of these rules, about updates alone."""
    ruleset = tiny(*rules, **more)
    return replace(ruleset, steps=tuple(s for s in ruleset.steps if s.on in UPDATE_STEPS))


def sent(id: str, then: Any, **more: Any) -> Rule:
    """A rule of the mobile node that sends an update."""
    return stated(id, then, on=On.SEND_UPDATE, role=Role.MOBILE_NODE, **more)


def concluded(id: str, then: Any, **more: Any) -> Rule:
    """A rule of the mobile node that receives an acknowledgement."""
    return stated(id, then, on=On.RECEIVE_ACK, role=Role.MOBILE_NODE, **more)


SKIP, RUN = decide.dad == Dad.skip, decide.dad == Dad.run
DELETES = decide.others == Others.delete
FIRST = stated("T-1", reject(Status.prohibited), given=bu.ack, at="first")
SKIPS = stated("T-1", SKIP, given=bu.ack)
NARROW = bu.ack & bu.zero_lifetime
FAILS = concluded(
    "T-1",
    mn.believed == Belief.failed,
    given=o.copied,
    when=mn.effective == Status.mcoa_prohibited,
)
SENDS = stated("T-2", reject(Status.mcoa_prohibited), given=bu.ack, at="first")
NUMBERS = {"accepted": 0, "unspecified": 128, "prohibited": 129}
BY_CLASS = concluded(
    "T-3",
    mn.believed == Belief.failed,
    given=one_of(ba_status, (Status.unspecified, Status.prohibited)),
)
SETTLED = (
    sent("T-1", z3.And(o.present, ~o.C, ~o.H, ~o.reserved)),
    sent("T-2", z3.And(o.length == Length.four, o.status == Status.accepted)),
    stated("T-3", SKIP, given=o.O),
)
ALIKE = sent("T-4", z3.Not(flags_differ), when=bulk)
KEEPS = decide.others == Others.keep
CORNER = bu.zero_lifetime | bu.nonces
DISPATCH = (
    stated("B-1", DELETES, given=CORNER, yields=True).of("base"),
    stated("B-2", KEEPS, given=~CORNER, yields=True).of("base"),
)
UNRESERVED = sent("T-1", ~o.reserved)

# The kind, the rules of the finding, the defect, the repaired twin.
CASES: dict[str, tuple[str, tuple[str, ...], Ruleset, Ruleset]] = {
    "a refusal behind one that takes all of it": (
        "shadowed rule",
        ("T-1", "T-2"),
        of(FIRST, stated("T-2", reject(Status.resources), given=NARROW, at="second")),
        of(FIRST, stated("T-2", reject(Status.resources), given=bu.zero_lifetime, at="second")),
    ),
    "an effect where all is refused": (
        "shadowed rule",
        ("T-1", "T-2"),
        of(FIRST, stated("T-2", DELETES, given=NARROW)),
        of(FIRST, stated("T-2", DELETES, given=bu.zero_lifetime)),
    ),
    "a situation that cannot be": (
        "never fires",
        ("T-1",),
        of(stated("T-1", SKIP, given=bu.ack & ~bu.ack)),
        of(stated("T-1", SKIP, given=bu.ack & ~bu.zero_lifetime)),
    ),
    "a special case of another rule": (
        "redundant rule",
        ("T-1", "T-2"),
        of(SKIPS, stated("T-2", SKIP, given=NARROW)),
        of(SKIPS, stated("T-2", SKIP, given=bu.zero_lifetime)),
    ),
    "what two rules say between them": (
        "redundant rule",
        ("T-1", "T-2", "T-3"),
        of(SKIPS, stated("T-2", SKIP, given=~bu.ack), stated("T-3", SKIP, given=bu.nonces)),
        of(SKIPS, stated("T-2", SKIP, given=bu.esp), stated("T-3", SKIP, given=bu.nonces)),
    ),
    "a statement repeated": (
        "redundant rule",
        ("T-1", "T-9"),
        of(replace(SKIPS, also=("T-9",))),
        of(SKIPS),
    ),
    "one demand, two key words": (
        "modality mismatch",
        ("T-1", "T-2"),
        of(
            replace(SKIPS, modality=Modality.MUST),
            stated("T-2", SKIP, given=NARROW, modality=Modality.SHOULD),
        ),
        of(
            replace(SKIPS, modality=Modality.SHOULD),
            stated("T-2", SKIP, given=NARROW, modality=Modality.MUST),
        ),
    ),
    "a status handled and never sent": ("dead value", ("T-1",), of(FAILS), of(FAILS, SENDS)),
    "a status sent and never handled": ("dead value", ("T-2",), of(SENDS), of(FAILS, SENDS)),
    "a demand that nothing can break": (
        "dead value",
        ("T-1",),
        of(stated("T-1", z3.Or(SKIP, RUN), given=bu.ack)),
        of(SKIPS),
    ),
    "a base rule that yields where no sentence looks": (
        "silent override",
        ("B-1", "T-1"),
        of(*DISPATCH, stated("T-1", KEEPS, given=~bu.zero_lifetime)),
        of(*DISPATCH, stated("T-1", KEEPS, given=~bu.zero_lifetime & ~bu.nonces)),
    ),
    "a field that no sending rule settles": (
        "free field",
        ("T-3",),
        of(*SETTLED, ALIKE),
        of(*SETTLED, sent("T-4", ~o.O)),
    ),
    "a flag that the message does not have": (
        "undefined term",
        ("T-1",),
        of(stated("T-1", SKIP, given=ba_ack)),
        of(stated("T-1", SKIP, given=bu.ack)),
    ),
    "a reference to a text that says nothing": (
        "undefined term",
        ("T-8", "T-9"),
        of(SKIPS, references={"T-8": ("T-9",)}, not_executable={"T-9": "says nothing"}),
        of(replace(SKIPS, also=("T-9",)), references={"T-8": ("T-9",)}),
    ),
    "a status without number where its class is tested": (
        "undefined term",
        ("T-3", "T-7"),
        of(SENDS, BY_CLASS, status_numbers=NUMBERS, unnumbered=("T-7",)),
        of(SENDS, BY_CLASS, status_numbers={**NUMBERS, "mcoa_prohibited": 143}),
    ),
    "a duty of who does not know the document": (
        "unbound party",
        ("T-1",),
        of(replace(SKIPS, role=Role.LEGACY)),
        of(SKIPS),
    ),
    "a duty in a section for others": (
        "unbound party",
        ("T-1",),
        of(SKIPS, addressed={"1": (Role.MOBILE_NODE,)}),
        of(SKIPS, addressed={"2": (Role.MOBILE_NODE,)}),
    ),
    "a sending rule that no receiver checks": (
        "unchecked duty",
        ("T-1", "T-2"),
        of(UNRESERVED, stated("T-2", SKIP, given=o.reserved)),
        of(UNRESERVED, stated("T-2", reject_option(Status.prohibited), given=o.reserved)),
    ),
    "two readings that exclude each other": (
        "ambiguity",
        ("T-1",),
        of(SKIPS, stated("T-2", RUN, given=~bu.ack & reads(READ_H, "H2")), readings=(H,)),
        of(SKIPS, stated("T-2", SKIP, given=~bu.ack & reads(READ_H, "H2")), readings=(H,)),
    ),
    "a refusal that stands nowhere": (
        "precedence hole",
        ("T-1", "T-2"),
        of(replace(FIRST, at=""), stated("T-2", DELETES, given=bu.zero_lifetime)),
        of(FIRST, stated("T-2", DELETES, given=bu.zero_lifetime)),
    ),
    "two refusals at one step, one of them silent": (
        "precedence hole",
        ("T-1", "T-2"),
        of(FIRST, stated("T-2", discard(), given=bu.zero_lifetime, at="first")),
        of(FIRST, stated("T-2", discard(), given=bu.zero_lifetime, at="second")),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_seeded_defect_makes_one_finding(name: str) -> None:
    kind, rules, defect, _ = CASES[name]
    (only,) = found(defect, kind)
    assert (only.kind, only.rules, only.replayed) == (kind, rules, True)


@pytest.mark.parametrize("name", CASES)
def test_its_repaired_twin_has_none(name: str) -> None:
    kind, _, _, repaired = CASES[name]
    assert found(repaired, kind) == []


# -- what each kind is, and is not -----------------------------------------------------------------


def test_a_rule_is_shadowed_under_the_readings_that_give_an_order() -> None:
    later = stated("T-2", reject(Status.resources), given=NARROW, at="second")
    order: dict[str, Any] = {"bullets": ("first", "second"), "unordered": reads(READ_ORD, "O2")}
    (f,) = found(of(FIRST, later, readings=(ORDER,), **order), "shadowed rule")
    assert f.readings == {"READ-ORD": ("O1",)}


def test_a_rule_of_one_reading_is_not_shadowed_under_the_other() -> None:
    rule = stated("T-1", SKIP, given=bu.ack & reads(READ_H, "H2"))
    assert found(of(rule, readings=(H,)), "shadowed rule", "never fires") == []


def test_the_pre_empting_rules_are_those_that_are_needed() -> None:
    halves = (
        stated("T-1", reject(Status.prohibited), given=bu.zero_lifetime, at="first"),
        stated("T-2", reject(Status.prohibited), given=~bu.zero_lifetime, at="first"),
        stated("T-3", reject(Status.prohibited), given=bu.nonces, at="first"),
    )
    last = stated("T-4", reject(Status.resources), given=bu.ack, at="second")
    assert [f.rules for f in found(of(*halves, last), "shadowed rule")] == [("T-1", "T-2", "T-4")]


def test_advice_makes_no_duty_redundant_nor_the_other_way_round() -> None:
    advice = stated("T-2", SKIP, given=NARROW, modality=Modality.SHOULD)
    assert found(of(SKIPS, advice), "redundant rule") == []


def test_a_refusal_is_redundant_only_behind_one_that_refuses_as_much() -> None:
    refusal = stated("T-1", reject_option(), given=o.reserved, at="first")
    names = stated("T-2", decide.answer == Status.prohibited, given=o.reserved)
    assert found(of(refusal, names), "redundant rule") == []


def test_what_contradicts_itself_makes_nothing_redundant() -> None:
    rules = (SKIPS, stated("T-2", RUN, given=bu.ack), stated("T-3", DELETES, given=bu.ack))
    assert found(of(*rules), "redundant rule") == []


def test_a_key_word_in_lower_case_is_no_mismatch() -> None:
    must = replace(SKIPS, modality=Modality.MUST)
    may = stated("T-2", SKIP, given=NARROW, modality=Modality.MAY, label="can")
    assert found(of(must, may), "modality mismatch") == []
    assert len(found(of(must, replace(may, label="")), "modality mismatch")) == 1


def test_a_base_status_is_handled_by_its_class() -> None:
    class_ = concluded(
        "T-1",
        mn.believed == Belief.failed,
        when=z3.Or(mn.effective == Status.prohibited, mn.effective == Status.resources),
    )
    refusal = stated("T-2", reject(Status.resources), given=bu.ack, at="first")
    numbers = {"prohibited": 129, "resources": 130}  # statuses of the base
    assert found(of(class_, refusal, status_numbers=numbers), "dead value") == []
    other = concluded("T-1", mn.believed == Belief.failed, when=mn.effective != Status.resources)
    unhandled = found(of(other, refusal, status_numbers=numbers), "dead value")
    assert [f.rules for f in unhandled] == [("T-2",)]


def test_a_status_that_can_have_neither_class_is_told_with_what_forbids_each() -> None:
    conflict = Status.mcoa_bid_conflict
    rules = (
        stated("T-1", decide.answer == conflict, given=bu.ack),
        stated("T-2", z3.Not(one_of(decide.answer, (Status.unspecified, Status.prohibited)))),
        BY_CLASS,
        concluded("T-4", mn.believed == Belief.registered, given=ba_status == Status.accepted),
        concluded("T-5", mn.believed == Belief.failed, given=ba_status == conflict),
    )
    (f,) = found(of(*rules, status_numbers=NUMBERS), "undefined term")
    assert f.rules == ("T-1", "T-2", "T-3", "T-4", "T-5")
    assert [rule for rule, _ in f.demands] == ["T-1", "T-5"]
    (f,) = found(of(*rules[:-1], status_numbers=NUMBERS), "undefined term")
    assert f.demands == ()


def test_a_permission_settles_a_field_for_the_wishes_that_it_is_about() -> None:
    about = {"given": mn.intent == Intent.register_one, "modality": Modality.MAY}
    (f,) = found(of(*SETTLED, sent("T-4", o.O, **about)), "free field")
    assert f.at_stake == ("o.O",)
    assert "deregister one" in f.title
    assert " register one" not in f.title


def test_a_message_without_sub_option_leaves_none_of_its_fields_free() -> None:
    assert found(of(*SETTLED[1:], sent("T-1", ~o.present)), "free field") == []


def test_a_base_rule_that_yields_everywhere_to_a_sentence_is_overridden_openly() -> None:
    everywhere = stated("T-1", DELETES)
    assert found(of(DISPATCH[1], everywhere), "silent override") == []


def test_a_definition_handles_nothing() -> None:
    meaning = replace(FAILS, modality=Modality.DEFINITION)
    assert [f.rules for f in found(of(meaning, SENDS), "dead value")] == [("T-2",)]


KEEP = NodeStep(On.KEEP_LIST, (Decision(mn.plain),))


@pytest.mark.parametrize(("value", "count"), [("home", 0), ("registered", 1)])
def test_a_state_that_is_written_has_to_be_read(value: str, count: int) -> None:
    writes = stated("T-1", mn.plain == Registration.home, on=On.KEEP_LIST)
    reads_ = sent("T-2", bu.ack, given=mn.plain == Registration[value])
    ruleset = of(writes, reads_)
    kept = replace(ruleset, steps=(*ruleset.steps, KEEP))
    assert len(found(kept, "dead value")) == count


def test_a_message_that_another_wish_makes_correct_breaks_nothing() -> None:
    deregisters = sent("T-1", bu.zero_lifetime, given=mn.intent == Intent.deregister_one)
    looks = stated("T-2", SKIP, given=bu.zero_lifetime)
    assert found(of(deregisters, looks), "unchecked duty") == []


def test_the_witness_of_an_unchecked_duty_breaks_that_rule_and_nothing_else() -> None:
    other = sent("T-3", ~o.C)
    looks = stated("T-2", SKIP, given=o.reserved | o.C)
    (first, second) = found(of(UNRESERVED, other, looks), "unchecked duty")
    assert (first.rules, second.rules) == (("T-1", "T-2"), ("T-3", "T-2"))
    assert (first.witness["o.reserved[1]"], first.witness["o.C[1]"]) == (1, 0)
    assert (second.witness["o.reserved[1]"], second.witness["o.C[1]"]) == (0, 1)


def test_rules_that_say_the_same_are_broken_together() -> None:
    twin = sent("T-2", ~o.reserved)
    looks = stated("T-3", SKIP, given=o.reserved)
    assert [f.rules for f in found(of(UNRESERVED, twin, looks), "unchecked duty")] == [
        ("T-1", "T-2", "T-3")
    ]


def test_a_default_that_one_reading_keeps_is_an_outcome_as_well() -> None:
    deletes = stated("T-1", DELETES, given=bu.ack & reads(READ_H, "H2"))
    (f,) = found(of(deletes, readings=(H,)), "ambiguity")
    assert f.readings == {"READ-H": ("H1", "H2")}
    assert f.witness["bu.ack"] == 1


def test_what_the_text_permits_in_two_ways_is_no_ambiguity() -> None:
    deletes = stated("T-1", DELETES, given=bu.ack & reads(READ_H, "H2"))
    permitted = replace(H, permitted=True)
    assert found(of(deletes, readings=(permitted,)), "ambiguity") == []


def test_a_reading_that_leaves_no_outcome_is_no_ambiguity() -> None:
    rules = (
        stated("T-1", DELETES, given=bu.ack & reads(READ_H, "H2")),
        stated("T-2", decide.others == Others.keep, given=bu.ack),
    )
    assert found(of(*rules, readings=(H,)), "ambiguity") == []


# -- silent overrides ------------------------------------------------------------------------------


def classified(ruleset: Ruleset) -> list[str]:
    """The kinds of the contradictions of a receiver."""
    situations = Situations(ruleset, On.RECEIVE_UPDATE, SMALLEST)
    return [classify(f, ruleset) for f in Contradictions(situations).findings()]


def test_a_base_rule_contradicted_without_a_word_is_overridden_silently() -> None:
    base = stated("B-1", RUN, given=bu.zero_lifetime).of("base")
    assert classified(of(SKIPS, base)) == ["silent override"]
    assert classified(of(SKIPS, replace(base, document="tiny"))) == ["contradiction"]
    partly = Override("B-1", bu.nonces, "T-1")
    assert classified(of(SKIPS, base, overrides=(partly,))) == ["contradiction"]


def test_advice_of_the_base_is_not_overridden_silently() -> None:
    base = stated("B-1", RUN, given=bu.zero_lifetime, modality=Modality.SHOULD).of("base")
    assert classified(of(SKIPS, base)) == ["tension"]


# -- draft -04 -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def draft() -> list[Finding]:
    """The findings of these kinds about draft -04, updates and their answers."""
    ruleset = replace(RULESET, steps=tuple(s for s in RULESET.steps if s.on in UPDATE_STEPS))
    views = {s.on: Situations(ruleset, s.on, Scope()) for s in ruleset.steps}
    return list(kinds(views, ruleset))


def including(draft: Iterable[Finding], kind: str, *ids: str) -> list[Finding]:
    """The findings of a kind whose rules include all of these."""
    return [f for f in draft if f.kind == kind and set(ids) <= set(f.rules)]


EXPECTED = (
    ("silent override", ("04-6.3-27", "3775-9.5.1-12", "3963-6.2-2")),
    ("free field", ("04-4.2.1-14", "04-6.3-24")),
    ("free field", ("04-4.2.1-6", "04-4.2.1-8")),
    ("undefined term", ("04-6.3-37",)),
    ("undefined term", ("04-5.5-20", "nondp-4.4-1")),
    ("undefined term", ("04-4.3-6", "04-5.6-8", "04-5.6-9", "04-6.3-34", "3775-9.5.4-4")),
    ("shadowed rule", ("04-6.3-13", "04-6.3-15")),
    ("dead value", ("04-5.6-10",)),
    ("dead value", ("04-6.3-13", "04-6.3-15")),
    ("unchecked duty", ("04-4.2.1-18",)),
    ("unchecked duty", ("04-5.3-6", "04-5.4-7")),
    ("unchecked duty", ("04-4.2.1-13",)),
    ("unchecked duty", ("04-4.2.1-17",)),
    ("ambiguity", ("04-5.4-4", "04-6.3-19")),
    ("ambiguity", ("04-6.3-22",)),
    ("unbound party", ("04-5.6-2",)),
    ("redundant rule", ("04-5.6-2", "04-6.3-38")),
    ("redundant rule", ("04-3-13", "04-6.3-2")),
)


@pytest.mark.parametrize(("kind", "ids"), EXPECTED)
def test_the_draft_has_it_once(draft: list[Finding], kind: str, ids: tuple[str, ...]) -> None:
    assert len([f for f in including(draft, kind, *ids) if "repeat" not in f.title]) == 1


def test_the_option_without_address_is_never_refused_alone_when_bullets_are_in_order(
    draft: list[Finding],
) -> None:
    (f,) = including(draft, "shadowed rule", "04-6.3-15")
    assert f.readings == {"READ-ORD": ("O1",)}


def test_every_finding_replays_and_names_statements_of_the_draft(draft: list[Finding]) -> None:
    known = {*RULESET.catalogue, *(r.id for r in RULESET.rules)}
    assert [f.title for f in draft if not f.replayed] == []
    assert all(f.rules and set(f.rules) <= known for f in draft)
    assert len({f.id for f in draft}) == len(draft)
    assert {f.kind for f in draft} <= {kind.name for kind in KINDS}


def test_no_reading_that_the_text_permits_is_an_ambiguity(draft: list[Finding]) -> None:
    permitted = {r.id for r in RULESET.readings if r.permitted}
    assert permitted
    assert not permitted & {r for f in draft if f.kind == "ambiguity" for r in f.readings}
