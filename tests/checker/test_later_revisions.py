"""Defects of draft -04 that its later revisions repaired: each is found, by its rules, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from checker.check import analyse
from checker.finding import Finding
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from tests.checker.support import quiet

TWO_OPTIONS = Scope(bids=1, care_of=1, options=2, sequence_bits=2)
STEPS = (On.RECEIVE_UPDATE, On.SEND_UPDATE, On.KEEP_LIST)

Told = list[tuple[str, tuple[str, ...]]]


@pytest.fixture(scope="module")
def findings() -> tuple[Finding, ...]:
    """The findings about updates and the list that they are sent from."""
    steps = tuple(s for s in RULESET.steps if s.on in STEPS)
    return analyse(replace(RULESET, steps=steps), TWO_OPTIONS, quiet)


def about(found: Iterable[Finding], *ids: str) -> Told:
    """The kinds and rules of the findings whose rules include all of these."""
    told = [f for f in found if set(ids) <= set(f.rules) and f.kind != "redundant rule"]
    assert all(f.replayed for f in told)
    return [(f.kind, f.rules) for f in told]


def test_a_registration_that_is_carried_out_is_answered_by_bid_conflict(
    findings: tuple[Finding, ...],
) -> None:
    """-05 makes BID CONFLICT an error, -06 does not process the update; RFC 3775 says 0 or 1."""
    told = about(findings, "04-6.3-34", "3775-10.3.1-9")
    assert told == [("silent override", ("04-6.3-34", "3775-10.3.1-9"))]


def test_the_status_of_an_acknowledgement_whose_sub_options_have_their_own(
    findings: tuple[Finding, ...],
) -> None:
    """-05 has a status for it, a success; by -08 it is used where a sub-option says zero."""
    told = [f for f in findings if f.at_stake == ("ba.status",)]
    assert [(f.kind, dict(f.readings)) for f in told] == [("gap", {"READ-STAT": ("T2",)})]
    assert {"04-4.2.1-6", "04-4.2.1-7", "04-6.3-10"} <= set(told[0].rules)


def test_the_o_flag_of_a_deregistration_is_followed_or_ignored(
    findings: tuple[Finding, ...],
) -> None:
    """-06 has it ignored: followed, it removes bindings that the update does not name."""
    told = about(findings, "04-5.5-5", "04-6.3-24")
    assert told == [
        ("permission conflict", ("04-3-23", "04-4.2.1-14", "04-5.5-5", "04-6.3-24")),
    ]


def test_a_status_is_returned_for_a_registration_without_a(findings: tuple[Finding, ...]) -> None:
    """-14 answers only with A set, as RFC 3775 advises a correspondent node."""
    returned = ("04-6.3-35", "04-6.3-36", "3775-9.5.4-3")
    assert about(findings, *returned) == [("tension", returned)]


def test_a_binding_out_of_the_window_of_the_others(findings: tuple[Finding, ...]) -> None:
    """-11 has one sequence number for all bindings, and such a binding no longer exists."""
    (told,) = (f for f in findings if "04-5.4-10" in f.rules and f.kind != "redundant rule")
    assert (told.kind, tuple(told.readings)) == ("ambiguity", ("READ-SEQ",))


def test_whether_a_regular_binding_is_sought_before_o_removes_it(
    findings: tuple[Finding, ...],
) -> None:
    """-11 has the conflict only where O is not set."""
    assert about(findings, "04-6.3-32", "04-6.3-33") == [("ambiguity", ("04-6.3-32", "04-6.3-33"))]
    (told,) = (f for f in findings if f.region == "READ-PRE")
    assert told.readings == {"READ-PRE": ("P1", "P2")}
    assert (told.witness["o.O[1]"], told.witness["bc.plain"]) == (1, 1)


def test_home_and_foreign_bindings_need_two_lifetimes_in_one_message(
    findings: tuple[Finding, ...],
) -> None:
    """-05 drops the sharing of one Lifetime, -13 has a home binding by a Lifetime above zero."""
    told = about(findings, "04-5.5-17", "04-5.5-21", "04-5.4-6")
    assert told == [("contradiction", ("04-5.4-6", "04-5.5-17", "04-5.5-21"))]
    assert about(findings, "04-5.5-21", "3775-11.7.1-5") == []


def test_a_negative_number_is_none_that_the_field_could_hold(
    findings: tuple[Finding, ...],
) -> None:
    """By -08 the draft forbids zero alone: the BID is a number without sign."""
    told = [(f.kind, f.rules) for f in findings if f.at_stake == ("list.number",)]
    assert told == [("dead value", ("04-2-3", "04-5.1-5"))]
