"""Findings that come and go together are told once: what is folded into what, and what is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
import z3

from checker.check import analyse
from checker.finding import Finding
from model.predicates import READ_H, reads
from model.rule import Modality, On, Role, Rule
from model.ruleset import Reading, Ruleset
from model.vocabulary import Dad, Others, bu, decide
from tests.checker.support import SMALLEST, quiet, stated, tiny

H = Reading(READ_H, "what of H?", {"H1": "this", "H2": "that"}, ("T-1",))
SKIP, RUN = decide.dad == Dad.skip, decide.dad == Dad.run
KEEP, DELETE = decide.others == Others.keep, decide.others == Others.delete
SKIPS = stated("T-1", SKIP, given=bu.ack)
RUNS = stated("T-2", RUN, given=bu.ack)
UNDER_H2 = stated("T-2", RUN, given=bu.ack & reads(READ_H, "H2"))


def told(*rules: Rule, **more: object) -> list[Finding]:
    """The findings of a ruleset about updates that are received."""
    ruleset = tiny(*rules, **more)
    steps = tuple(s for s in ruleset.steps if s.on is On.RECEIVE_UPDATE)
    return list(analyse(Ruleset(**{**vars(ruleset), "steps": steps}), SMALLEST, quiet))


def clashes(found: Iterable[Finding]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """The kinds of conflicts and ambiguities among findings, with their rules."""
    kinds = ("contradiction", "tension", "permission conflict", "ambiguity", "silent override")
    return [(f.kind, f.rules, f.also) for f in found if f.kind in kinds]


def test_a_permission_beside_the_duty_to_do_the_same_is_no_finding_of_its_own() -> None:
    may = stated("T-3", RUN, given=bu.ack & bu.zero_lifetime, modality=Modality.MAY)
    assert clashes(told(SKIPS, RUNS, may)) == [("contradiction", ("T-1", "T-2"), ("T-3",))]
    assert clashes(told(SKIPS, may)) == [("permission conflict", ("T-1", "T-3"), ())]


def test_a_permission_that_goes_further_than_the_duty_is_one() -> None:
    narrow = stated("T-2", RUN, given=bu.ack & bu.zero_lifetime)
    further = stated("T-3", z3.Or(RUN, DELETE), modality=Modality.MAY)
    found = told(SKIPS, narrow, further, stated("T-4", KEEP))
    assert ("permission conflict", ("T-1", "T-3", "T-4"), ()) in clashes(found)


def test_findings_about_different_decisions_stay_apart() -> None:
    asks = stated("T-3", DELETE, given=bu.ack, modality=Modality.MAY)
    found = clashes(told(SKIPS, RUNS, asks, stated("T-4", KEEP, given=bu.ack)))
    assert found == [
        ("contradiction", ("T-1", "T-2"), ()),
        ("permission conflict", ("T-3", "T-4"), ()),
    ]


def test_two_duties_against_one_are_two_contradictions_unless_they_are_about_the_same() -> None:
    same = stated("T-3", RUN, given=bu.ack)
    assert len(clashes(told(SKIPS, RUNS, same))) == 1
    other = stated("T-3", RUN, given=bu.ack & bu.zero_lifetime)
    assert len(clashes(told(SKIPS, RUNS, other))) == 2


def test_what_follows_from_a_rule_that_a_finding_names_with_it_is_told_there() -> None:
    may = stated("T-3", RUN, given=bu.ack & bu.zero_lifetime, modality=Modality.MAY)
    again = stated("T-4", RUN, given=bu.ack & bu.zero_lifetime, modality=Modality.MAY)
    found = told(SKIPS, RUNS, may, again)
    assert [f.also for f in found if f.kind == "contradiction"] == [("T-3", "T-4")]
    assert [f.rules for f in found if f.kind == "redundant rule"] == []


def test_a_reading_that_leaves_no_outcome_is_open_by_the_contradiction() -> None:
    (f,) = [f for f in told(SKIPS, UNDER_H2, readings=(H,)) if "rules contradict" in f.title]
    assert (f.kind, f.rules, f.also) == ("ambiguity", ("T-1",), ("T-2",))
    assert f.readings == {"READ-H": ("H1", "H2")}
    assert [rule for rule, _ in f.demands] == ["T-1", "T-2"]
    assert (f.witness["bu.ack"], f.witness["READ-H"]) == (1, 0)


def test_all_that_one_alternative_alone_contradicts_is_one_finding() -> None:
    keeps = stated("T-3", KEEP, given=bu.nonces)
    deletes = stated("T-4", DELETE, given=bu.nonces & reads(READ_H, "H2"), modality=Modality.SHOULD)
    found = clashes(told(SKIPS, UNDER_H2, keeps, deletes, readings=(H,)))
    assert found == [("ambiguity", ("T-1",), ("T-2", "T-3", "T-4"))]


def test_what_contradicts_itself_under_every_alternative_stays_a_contradiction() -> None:
    assert clashes(told(SKIPS, RUNS, readings=(H,)))[0][0] == "contradiction"


@pytest.mark.parametrize("permitted", [True, False])
def test_a_permitted_reading_is_not_open(permitted: bool) -> None:
    reading = Reading(READ_H, "what of H?", H.alternatives, ("T-1",), permitted=permitted)
    kinds = [kind for kind, *_ in clashes(told(SKIPS, UNDER_H2, readings=(reading,)))]
    assert kinds == ["contradiction" if permitted else "ambiguity"]


def test_a_reading_under_which_a_contradiction_is_partly_gone_is_open() -> None:
    """The contradiction is there under either alternative, and says nothing of the reading."""
    wider = stated("T-2", RUN, given=bu.ack & (reads(READ_H, "H1") | bu.zero_lifetime))
    found = told(SKIPS, wider, readings=(H,))
    assert clashes(found) == [
        ("contradiction", ("T-1", "T-2"), ()),
        ("ambiguity", ("T-1",), ("T-2",)),
    ]
    (decided,) = (f for f in found if f.kind == "ambiguity")
    assert decided.readings == {"READ-H": ("H1", "H2")}
    assert decided.witness["bu.zero_lifetime"] == 0
    assert decided.replayed


def test_a_reading_that_moves_no_contradiction_is_not_open() -> None:
    elsewhere = stated("T-2", RUN, given=bu.ack & (reads(READ_H, "H1") | bu.ack))
    assert clashes(told(SKIPS, elsewhere, readings=(H,))) == [("contradiction", ("T-1", "T-2"), ())]


@pytest.mark.parametrize("id", ["T-3", "T-5", "T-6", "T-7"])
def test_of_two_that_say_the_same_one_is_told_whatever_their_ids(id: str) -> None:
    """One of the duties demands what the other does and more, against the same advice."""
    whole = z3.Not(z3.Or(z3.Not(RUN), KEEP))  # no conjunction: it is not told in parts
    more = stated("T-2", whole, given=bu.ack)
    alone = stated(id, RUN, given=bu.ack)
    advice = stated("T-4", SKIP, given=bu.ack, modality=Modality.SHOULD)
    (f,) = (f for f in told(advice, alone, more) if f.kind == "tension")
    assert {*f.rules, *f.also} == {"T-2", id, "T-4"}


# -- statements that follow from others --------------------------------------------------------


def kinds_told(kind: str, *rules: Rule, **more: object) -> list[Finding]:
    """The findings of a kind."""
    return [f for f in told(*rules, **more) if f.kind == kind]


BROAD = stated("T-2", RUN)
NARROW = stated("T-1", RUN, given=bu.ack)


def test_a_statement_of_which_a_part_says_more_is_not_superfluous() -> None:
    (f,) = kinds_told("redundant rule", NARROW, BROAD)
    assert f.rules == ("T-1", "T-2")
    more = replace(stated("T-1", DELETE, given=bu.key), part="d")
    assert not kinds_told("redundant rule", NARROW, more, BROAD)


def test_a_duty_that_follows_from_one_in_its_own_section_is_not_misplaced() -> None:
    sections = {"1": (Role.MOBILE_NODE,), "2": (Role.RECEIVER,)}
    elsewhere = replace(BROAD, clause="2")
    (f,) = kinds_told("unbound party", NARROW, addressed=sections)
    assert f.rules == ("T-1",)
    assert not kinds_told("unbound party", NARROW, elsewhere, addressed=sections)


def test_what_a_stranger_is_told_in_vain_is_not_told_to_be_superfluous_too() -> None:
    found = told(replace(NARROW, role=Role.LEGACY), BROAD)
    assert [f.kind for f in found if "T-1" in f.rules] == ["unbound party"]
