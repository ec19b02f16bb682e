"""Rulesets: what is refused with a sentence, what can be changed in a copy, which ids there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import z3

from model.errors import RuleError
from model.rule import Demand, Modality, On, Refuses, Role, discard, reject, reject_option, rule
from model.ruleset import Override
from model.rulesets.draft04 import DOCUMENT, RULESET
from model.vocabulary import Dad, Status, bu, decide
from tests.checker.support import stated, tiny

IDS = Path(__file__).parent / "rule_ids.txt"


def skip(id: str, **more: Any) -> Any:
    """A rule that needs nothing."""
    return stated(id, decide.dad == Dad.skip, **more)


def test_the_draft_has_the_rules_of_the_golden_list() -> None:
    """The list was compared by hand with the catalogue of the two documents."""
    golden = IDS.read_text(encoding="utf-8").split()
    assert sorted({i for r in RULESET.rules for i in r.ids}) == golden
    assert len(golden) > 100


def test_every_id_tells_document_and_clause() -> None:
    nondp = "draft-wakikawa-mip6-no-ndp-02"
    prefixes = {DOCUMENT: "04", "RFC 3775": "3775", "RFC 3963": "3963", nondp: "nondp"}
    for r in RULESET.rules:
        assert r.id.startswith(f"{prefixes[r.document]}-{r.clause}-"), r.key
        assert r.title, r.key
        assert r.source.partition(":")[0].endswith(".py"), r.key


def test_every_step_of_the_procedure_and_every_base_that_is_overridden_exists() -> None:
    assert {r.at for r in RULESET.rules if r.at} <= set(RULESET.procedure)
    for override in RULESET.overrides:
        assert not RULESET.is_extension(RULESET.rule(override.base))
        assert RULESET.rule(override.by)


def test_every_reading_names_alternatives_and_statements() -> None:
    for reading in RULESET.readings:
        assert tuple(reading.alternatives) == reading.domain.values
        assert reading.default == reading.domain.values[0]
        assert reading.statements


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (skip("T-1"), skip("T-1")),
        (skip("T-1", also=("T-2",)), skip("T-2")),
        (skip("T-1a"), skip("T-1a")),
    ],
    ids=["id", "restatement", "part"],
)
def test_an_id_that_is_used_twice_is_refused_with_both_places(first: Any, second: Any) -> None:
    with pytest.raises(
        RuleError, match=r"rule id T-.* is used twice \(also at .+\.py:\d+\)"
    ) as bad:
        tiny(first, second)
    assert bad.value.remedy == "give it its own id"
    assert bad.value.where.partition(":")[0].endswith(".py")


def test_the_parts_of_one_statement_share_its_id() -> None:
    ruleset = tiny(skip("T-1"), skip("T-1b"))
    assert [(r.id, r.part, r.key) for r in ruleset.rules] == [
        ("T-1", "", "T-1"),
        ("T-1", "b", "T-1b"),
    ]


def test_an_unknown_step_is_refused_with_those_that_exist() -> None:
    with pytest.raises(RuleError, match="rule T-1 is at an unknown step 'never'") as bad:
        tiny(skip("T-1", at="never"))
    assert bad.value.remedy == "use one of first, second, third"


@pytest.mark.parametrize("part", ["given", "then"])
def test_a_part_that_is_no_truth_value_is_refused_with_its_line(part: str) -> None:
    terms = {"given": z3.BoolVal(True), "then": decide.acknowledged, part: bu.source}
    with pytest.raises(RuleError, match=f"`{part}` of rule T-1 is no truth value") as bad:
        rule("T-1", "1", Modality.MUST, Role.RECEIVER, "title", **terms)
    assert bad.value.where.startswith("test_ruleset.py:")


def test_a_rule_error_is_one_sentence() -> None:
    assert str(RuleError("what", "file:1", "do this")) == "file:1: what; do this"
    assert str(RuleError("what")) == "what"


def test_an_unknown_rule_is_a_rule_error() -> None:
    with pytest.raises(RuleError, match="ruleset tiny has no rule T-9; see `monami rules`"):
        tiny(skip("T-1")).rule("T-9")
    with pytest.raises(RuleError, match="has no rule T-9"):
        tiny(skip("T-1")).without("T-9")


def test_a_rule_is_found_and_removed_by_the_id_of_a_restatement_too() -> None:
    ruleset = tiny(skip("T-1", also=("T-2",)), skip("T-3"))
    assert ruleset.rule("T-2").id == "T-1"
    assert [r.id for r in ruleset.without("T-2").rules] == ["T-3"]
    assert [r.id for r in ruleset.without("T-1").rules] == ["T-3"]


def test_only_keeps_the_rules_that_are_named_with_all_their_parts() -> None:
    ruleset = tiny(skip("T-1", also=("T-2",)), skip("T-3"), skip("T-3b"), skip("T-4"))
    assert [r.key for r in ruleset.only("T-2", "T-3").rules] == ["T-1", "T-3", "T-3b"]
    with pytest.raises(RuleError, match="has no rule T-9"):
        ruleset.only("T-9")


def test_having_replaces_in_place_or_adds_at_the_end() -> None:
    ruleset = tiny(skip("T-1"), skip("T-2"))
    changed = ruleset.having(skip("T-1", title="changed"), skip("T-3"))
    assert [(r.id, r.title) for r in changed.rules] == [
        ("T-1", "changed"),
        ("T-2", "title of T-2"),
        ("T-3", "title of T-3"),
    ]
    assert {r.document for r in changed.rules} == {"tiny"}
    assert [r.title for r in ruleset.rules] == ["title of T-1", "title of T-2"]


def test_rules_on_a_step_are_all_of_it() -> None:
    assert sum(len(RULESET.rules_on(on)) for on in On) == len(RULESET.rules)
    assert all(r.on is On.SEND_UPDATE for r in RULESET.rules_on(On.SEND_UPDATE))


def test_the_digest_is_of_what_the_rules_say_and_not_of_titles_or_places() -> None:
    ruleset = tiny(skip("T-1"), skip("T-2"))
    digest = ruleset.digest()
    assert ruleset.having(skip("T-1", title="changed")).digest() == digest
    assert replace(ruleset, rules=ruleset.rules[::-1]).digest() == digest
    others = [
        ruleset.without("T-1"),
        ruleset.having(skip("T-1", given=bu.ack)),
        ruleset.having(skip("T-1", modality=Modality.MAY)),
        replace(ruleset, procedure=ruleset.procedure[::-1]),
        replace(ruleset, overrides=(Override("T-1", bu.ack, "T-2"),)),
    ]
    assert len({digest, *(r.digest() for r in others)}) == len(others) + 1


@pytest.mark.parametrize(
    ("demand", "reaches"),
    [
        (reject(Status.prohibited), Refuses.MESSAGE),
        (reject_option(), Refuses.OPTION),
        (discard(), Refuses.SILENTLY),
        (Demand(decide.acknowledged), Refuses.NOTHING),
    ],
    ids=["message", "option", "silently", "nothing"],
)
def test_how_far_a_refusal_reaches(demand: Demand, reaches: Refuses) -> None:
    assert stated("T-1", demand).demand.refuses is reaches


def test_a_refusal_without_a_status_leaves_any_error() -> None:
    solver = z3.Solver()
    solver.add(reject().term)
    assert solver.check(decide.answer == Status.accepted) == z3.unsat
    assert solver.check(decide.answer == Status.prohibited) == z3.sat


@pytest.mark.parametrize(
    ("modality", "binds", "advises"),
    [
        (Modality.MUST, True, False),
        (Modality.MUST_NOT, True, False),
        (Modality.STATED, True, False),
        (Modality.DEFINITION, True, False),
        (Modality.SHOULD, False, True),
        (Modality.SHOULD_NOT, False, True),
        (Modality.MAY, False, False),
    ],
)
def test_what_binds_and_what_advises(modality: Modality, binds: bool, advises: bool) -> None:
    assert (modality.binds, modality.advises) == (binds, advises)
