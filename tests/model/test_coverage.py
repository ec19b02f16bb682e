"""The account of draft -04: every statement of the catalogue once, executable or with a reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from model.coverage import Entry, State, coverage, coverage_lines, totals
from model.ruleset import Override, Ruleset
from model.rulesets.catalogue_draft04 import CATALOGUE, DOCUMENTS, STATEMENTS
from model.rulesets.draft04 import DOCUMENT, RULESET
from model.rulesets.draft04_account import NOT_EXECUTABLE
from model.vocabulary import Dad, bu, decide
from tests.checker.support import stated, tiny

IDS = (Path(__file__).parent / "catalogue_ids.txt").read_text(encoding="utf-8").split()
SKIP = decide.dad == Dad.skip
LONGEST = 120


def test_the_shipped_catalogue_is_the_independent_copy() -> None:
    assert list(CATALOGUE) == IDS
    assert len(set(IDS)) == len(IDS) == 366
    assert set(DOCUMENTS) == set(STATEMENTS)
    assert DOCUMENTS["04"] == DOCUMENT


def test_every_statement_of_the_draft_is_accounted_for_once() -> None:
    entries = coverage(RULESET)
    counted = Counter(e.id for e in entries)
    assert [id for id in IDS if counted[id] != 1] == []
    assert [e.id for e in entries if e.state is State.MISSING] == []
    added = [e.id for e in entries if e.state is State.ADDED]
    assert [id for id in added if id.startswith("04-")] == []


def test_every_reason_is_a_short_sentence() -> None:
    assert [id for id, why in NOT_EXECUTABLE.items() if not why.strip()] == []
    assert [id for id, why in NOT_EXECUTABLE.items() if len(why) > LONGEST] == []
    assert [id for id in NOT_EXECUTABLE if id not in IDS] == []


def test_nothing_is_executable_and_said_not_to_be() -> None:
    executable = {i for r in RULESET.rules for i in r.ids}
    assert sorted(executable & set(NOT_EXECUTABLE)) == []


def test_sections_come_in_the_order_of_the_documents() -> None:
    sections = [
        section for section, _ in groupby(coverage(RULESET)[: len(IDS)], key=lambda e: e.section)
    ]
    assert len(sections) == len(set(sections))
    assert sections[:3] == ["04-1", "04-2", "04-3"]


def small() -> Ruleset:
    """A ruleset with a statement of every state."""
    rules = tiny(
        stated("T-1-1", SKIP, also=("T-1-2",)), stated("T-1-1b", SKIP), stated("T-2-9", SKIP)
    )
    return replace(
        rules,
        catalogue=("T-1-1", "T-1-2", "T-1-3", "T-2-1", "T-2-2"),
        not_executable={"T-1-3": "a definition"},
        overrides=(Override("T-2-9", bu.ack, "T-2-2"),),
    )


def test_a_statement_is_executable_or_not_or_missing_or_added() -> None:
    step = "receiver receives a Binding Update"
    assert coverage(small()) == (
        Entry("T-1-1", State.EXECUTABLE, f"{step} (rule)"),
        Entry("T-1-2", State.EXECUTABLE, f"{step} (restates T-1-1)"),
        Entry("T-1-3", State.NOT_EXECUTABLE, "a definition"),
        Entry("T-2-1", State.MISSING, "no rule executes it, and no reason is given"),
        Entry("T-2-2", State.EXECUTABLE, "overrides T-2-9"),
        Entry("T-2-9", State.ADDED, f"{step} (rule)"),
    )


def test_the_account_has_a_line_for_each_statement_and_totals() -> None:
    lines = list(coverage_lines(small()))
    assert [line for line in lines if not line.startswith(" ")] == [
        "T-1",
        "T-2",
        "3 executable, 1 not executable, 1 MISSING, 1 not in the catalogue; "
        "5 statements in the catalogue",
    ]
    assert "  T-2-1  MISSING: no rule executes it, and no reason is given" in lines
    assert sum(totals(coverage(small())).values()) == len(lines) - 3


def test_a_rule_that_is_taken_away_is_missing_and_one_that_is_added_is_executable() -> None:
    def states(ruleset: Ruleset) -> dict[str, State]:
        return {e.id: e.state for e in coverage(ruleset)}

    assert states(RULESET.without("04-6.3-29"))["04-6.3-29"] is State.MISSING
    changed = small().having(stated("T-1-3", SKIP))
    assert states(changed)["T-1-3"] is State.EXECUTABLE
    assert changed.not_executable == {}
    assert small().not_executable
