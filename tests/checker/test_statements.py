"""A record of a statement says what the statement says, in all its parts or in those concerned."""

from __future__ import annotations

from dataclasses import replace

import pytest
import z3

from checker.finding import Finding
from checker.statements import parts_told, statement_record
from model.rule import Modality, On, Rule
from model.rulesets.draft04 import RULESET
from model.vocabulary import Dad, Others, bu, decide
from tests.checker.support import stated, tiny

SKIP = stated("T-1", decide.dad == Dad.skip, given=bu.ack)
MUST_KEEP = stated("T-1", decide.others == Others.keep, modality=Modality.MUST)
PARTS = (SKIP, replace(MUST_KEEP, part="k", title="others stay"))
REPEATING = stated("T-2r", decide.dad == Dad.run, also=("T-1", "T-4.2-7"))
WHOLE = tiny(REPEATING, *PARTS)


def about(*at_stake: str, rules: tuple[str, ...] = ("T-1", "T-2")) -> Finding:
    """A finding about some decisions."""
    false = z3.BoolVal(False)
    return Finding("contradiction", On.RECEIVE_UPDATE, rules, at_stake, "", false, {})


def test_a_statement_of_several_parts_is_told_whole_with_its_greatest_strength() -> None:
    record = statement_record("T-1", WHOLE)
    assert record["title"] == f"{SKIP.title}; others stay"
    assert (record["modality"], record["restates"]) == ("MUST", None)


def test_a_statement_without_a_rule_of_its_own_says_which_it_restates() -> None:
    record = statement_record("T-4.2-7", WHOLE)
    assert (record["restates"], record["clause"], record["title"]) == (
        "T-2",
        "4.2",
        REPEATING.title,
    )


@pytest.mark.parametrize(
    ("at_stake", "title", "modality"),
    [("dad", SKIP.title, "stated"), ("others", "others stay", "MUST")],
)
def test_of_a_finding_only_the_part_is_told_that_speaks_of_what_is_at_stake(
    at_stake: str, title: str, modality: str
) -> None:
    told = parts_told(about(at_stake), WHOLE)
    assert list(told) == ["T-1"]
    assert (told["T-1"]["title"], told["T-1"]["modality"]) == (title, modality)


def test_where_all_parts_are_concerned_nothing_is_told_apart() -> None:
    assert parts_told(about("dad", "others"), WHOLE) == {}
    assert parts_told(about(), WHOLE) == {}


def own_titles(rules: tuple[Rule, ...], id: str) -> set[str]:
    """The titles of the rules whose own statement this is."""
    return {r.title for r in rules if r.id == id}


def test_no_statement_of_the_draft_is_told_in_the_words_of_another() -> None:
    for id in {r.id for r in RULESET.rules}:
        titles = statement_record(id, RULESET)["title"].split("; ")
        assert set(titles) == {p for t in own_titles(RULESET.rules, id) for p in t.split("; ")}
