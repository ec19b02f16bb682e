"""Care-of Tests, Binding Refresh Requests, Binding Errors: what applies and what it decides."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest
import z3

from checker.outcomes import Outcome
from model.fields import Domain, Value
from model.rule import Modality, On, Role
from model.rulesets.draft04 import RULESET
from model.rulesets.steps_control import STEPS
from model.vocabulary import FIELDS
from tests.checker.support import literal
from tests.draft04 import engine, findings, number, situations

STEPS_HERE = tuple(step.on for step in STEPS)
Given = Mapping[str, int | str]
NOTHING: Given = MappingProxyType({})
OPTION: Given = {"o.present[1]": 1, "o.bid[1]": 1}
WITH_C: Given = {**OPTION, "o.C[1]": 1, "o.length[1]": "twenty"}
COPIED: Given = {**OPTION, "cot.present[1]": 1, "cot.bid[1]": 1}
LISTED: Given = {"bul.status[1]": "registered"}
BOTH_LISTED: Given = {**LISTED, "bul.status[2]": "registered"}


def inputs(on: On, given: Given) -> list[int]:
    """All inputs of a step: these, and the others at their default; KeyError on an unknown one."""
    values = {n: situations(on).default(n) for n in situations(on).fields}
    unknown = set(given) - set(values)
    if unknown:
        raise KeyError(unknown)
    return list((values | {n: number(n, v) for n, v in given.items()}).values())


def outcomes(on: On, given: Given) -> tuple[Outcome, ...]:
    """The outcomes of a step."""
    return engine(on).outcomes(inputs(on, given))


def decided(on: On, label: str, given: Given = NOTHING) -> set[str]:
    """What a step leaves of one decision."""
    places = [d.label for d in engine(on).relation.decisions]
    domain = FIELDS[label.partition("[")[0]].domain
    found = {o.values[places.index(label)] for o in outcomes(on, given)}
    return {shown(domain, v) for v in found}


def shown(domain: object, value: Value) -> str:
    """The name of a value."""
    return domain.values[int(value)] if isinstance(domain, Domain) else str(int(value))


def applying(on: On, given: Given) -> set[str]:
    """The rules that apply."""
    applied = engine(on).applied(inputs(on, given))
    return {engine(on).relation.rules[k].rule.key for k in applied.rules}


def test_the_default_situation_of_each_step_has_an_outcome() -> None:
    for on in STEPS_HERE:
        assert outcomes(on, {}), on
        assert RULESET.rules_on(on), on


# -- a Care-of Test Init is sent ---------------------------------------------------------------


@pytest.mark.parametrize(("token", "sent"), [(0, "1"), (1, "0")])
def test_a_care_of_test_init_goes_out_where_no_valid_token_is(token: int, sent: str) -> None:
    assert decided(On.SEND_TEST, "test.sent", {"test.token": token}) == {sent}


def test_a_home_test_need_not_be_repeated() -> None:
    assert decided(On.SEND_TEST, "test.home_sent") == {"1"}
    assert decided(On.SEND_TEST, "test.home_sent", {"test.home_token": 1}) == {"0"}


def test_the_init_names_the_bid_of_its_address_without_a_flag() -> None:
    given = {"test.bid": 2}
    assert decided(On.SEND_TEST, "o.present[1]", given) == {"1"}
    assert decided(On.SEND_TEST, "o.bid[1]", given) == {"2"}
    for flag in ("C", "O", "H", "reserved"):
        assert decided(On.SEND_TEST, f"o.{flag}[1]", given) == {"0"}
    assert decided(On.SEND_TEST, "o.length[1]", given) == {"four"}


def test_without_bids_the_init_is_that_of_rfc_3775() -> None:
    given = {"test.uses_bid": 0, "test.bid": 0}
    assert decided(On.SEND_TEST, "o.present[1]", given) == {"0"}
    assert decided(On.SEND_TEST, "test.several", given) == {"0"}


def test_how_many_sub_options_an_init_has_is_left_open() -> None:
    assert decided(On.SEND_TEST, "test.several") == {"0", "1"}
    assert decided(On.SEND_TEST, "o.present[2]") == {"0", "1"}


# -- a Care-of Test Init is received -----------------------------------------------------------


def test_an_init_that_fails_its_tests_is_not_answered() -> None:
    failing: tuple[Given, ...] = ({"test.valid": 0}, {"test.valid": 0, **OPTION})
    for given in failing:
        assert decided(On.RECEIVE_TEST, "cot.sent", given) == {"0"}
    assert not applying(On.RECEIVE_TEST, {**WITH_C, "test.valid": 0}) & {"04-6.2-7", "04-6.2-9"}


def test_an_init_without_sub_option_is_answered_as_in_rfc_3775() -> None:
    assert decided(On.RECEIVE_TEST, "cot.sent") == {"1"}
    assert decided(On.RECEIVE_TEST, "cot.token") == {"without_bid"}
    assert decided(On.RECEIVE_TEST, "cot.present[1]") == {"0"}


def test_a_sub_option_without_flags_comes_back_with_status_zero() -> None:
    given = {"o.present[1]": 1, "o.bid[1]": 2}
    assert decided(On.RECEIVE_TEST, "cot.status[1]", given) == {"accepted"}
    assert decided(On.RECEIVE_TEST, "cot.bid[1]", given) == {"2"}
    assert decided(On.RECEIVE_TEST, "cot.token", given) == {"without_bid"}


@pytest.mark.parametrize("flag", ["C", "O"])
def test_with_c_or_o_there_is_no_token_but_the_status_incompliant(flag: str) -> None:
    given = {**OPTION, f"o.{flag}[1]": 1}
    assert decided(On.RECEIVE_TEST, "cot.sent", given) == {"1"}
    assert decided(On.RECEIVE_TEST, "cot.token", given) == {"none"}
    assert decided(On.RECEIVE_TEST, "cot.status[1]", given) == {"mcoa_incompliant"}
    assert "3775-9.4.4-2" not in applying(On.RECEIVE_TEST, given)


def test_h_which_a_sender_must_not_set_is_accepted_like_no_flag() -> None:
    given = {**OPTION, "o.H[1]": 1}
    assert decided(On.RECEIVE_TEST, "cot.status[1]", given) == {"accepted"}
    assert decided(On.RECEIVE_TEST, "cot.token", given) == {"without_bid"}
    assert "04-6.2-7" not in applying(On.RECEIVE_TEST, given)


def test_the_flags_of_one_sub_option_do_not_change_the_status_of_another() -> None:
    given = {**OPTION, "o.present[2]": 1, "o.bid[2]": 2, "o.C[2]": 1}
    assert decided(On.RECEIVE_TEST, "cot.status[1]", given) == {"accepted"}
    assert decided(On.RECEIVE_TEST, "cot.status[2]", given) == {"mcoa_incompliant"}
    assert decided(On.RECEIVE_TEST, "cot.token", given) == {"none"}


@pytest.mark.parametrize("given", [OPTION, WITH_C], ids=["no flag", "C"])
def test_a_node_that_does_not_know_the_sub_option_skips_it(given: Given) -> None:
    old: Given = {**given, "node.knows_bid": 0}
    assert decided(On.RECEIVE_TEST, "test.processed[1]", old) == {"0"}
    assert decided(On.RECEIVE_TEST, "cot.present[1]", old) == {"0"}
    assert decided(On.RECEIVE_TEST, "cot.token", old) == {"without_bid"}
    assert decided(On.RECEIVE_TEST, "cot.sent", old) == {"1"}


def test_the_rules_of_such_a_node_bind_no_other() -> None:
    legacy = {r.key for r in RULESET.rules if r.role is Role.LEGACY}
    assert {"04-6.2-3", "04-6.2-4", "04-6.2-5"} <= legacy
    assert not applying(On.RECEIVE_TEST, OPTION) & legacy
    old = applying(On.RECEIVE_TEST, {**OPTION, "node.knows_bid": 0})
    assert legacy & {r.key for r in RULESET.rules_on(On.RECEIVE_TEST)} <= old
    assert not old & {"04-6.2-7", "04-6.2-8", "04-6.2-9"}


def test_the_token_is_for_the_source_address_whatever_the_sub_option_carries() -> None:
    assert decided(On.RECEIVE_TEST, "cot.token_for", WITH_C) == {"source"}


# -- a Care-of Test is received ----------------------------------------------------------------


@pytest.mark.parametrize(("valid", "kept"), [(1, "1"), (0, "0")])
def test_the_token_of_a_care_of_test_that_passes_is_kept(valid: int, kept: str) -> None:
    assert decided(On.RECEIVE_TOKEN, "token.kept", {"cot.valid": valid}) == {kept}
    assert decided(On.RECEIVE_TOKEN, "token.others_kept", {"cot.valid": valid}) == {"1"}


def test_a_care_of_test_without_the_sub_option_tells_that_support_is_lacking() -> None:
    assert decided(On.RECEIVE_TOKEN, "token.support", OPTION) == {"lacking"}
    assert decided(On.RECEIVE_TOKEN, "token.without_bid", OPTION) == {"this", "all"}
    assert decided(On.RECEIVE_TOKEN, "token.kept", OPTION) == {"1"}


def test_a_care_of_test_with_it_or_without_any_asked_tells_no_such_thing() -> None:
    for given in (NOTHING, COPIED):
        assert "lacking" not in decided(On.RECEIVE_TOKEN, "token.support", given)
        assert decided(On.RECEIVE_TOKEN, "token.without_bid", given) == {"none"}


def test_nothing_is_said_of_a_status_in_a_care_of_test() -> None:
    told = {**COPIED, "cot.status[1]": "mcoa_incompliant"}
    assert len(decided(On.RECEIVE_TOKEN, "token.reaction[1]", told)) > 1
    assert decided(On.RECEIVE_TOKEN, "token.reaction[1]", COPIED) == {"none"}


def test_another_bid_in_a_care_of_test_leaves_open_which_entry_the_token_is_for() -> None:
    assert decided(On.RECEIVE_TOKEN, "token.entry[1]", COPIED) == {"of_init"}
    other = applying(On.RECEIVE_TOKEN, {**COPIED, "cot.bid[1]": 2})
    assert {"04-6.2-10b", "3775-11.6.2-3"} <= other


# -- Binding Refresh Request -------------------------------------------------------------------


def test_a_request_for_a_binding_with_a_bid_carries_one_sub_option() -> None:
    due = {"refresh.due": 1, "refresh.bid": 2}
    found = outcomes(On.SEND_REFRESH, due)
    labels = [d.label for d in engine(On.SEND_REFRESH).relation.decisions]
    names = ("refresh.sent", "o.present[1]", "o.bid[1]", "o.present[2]", "o.C[1]")
    seen = {tuple(int(o.values[labels.index(n)]) for n in names) for o in found}
    assert seen == {(1, 1, 2, 0, 0), (0, 1, 2, 0, 0)}  # sent or not, this is its content


def test_a_request_is_only_for_a_binding_that_runs_out_and_names_no_bid_it_lacks() -> None:
    assert decided(On.SEND_REFRESH, "refresh.sent", {"refresh.bid": 1}) == {"0"}
    assert decided(On.SEND_REFRESH, "o.present[1]", {"refresh.due": 1}) == {"0"}


def test_a_request_with_a_bid_renews_that_binding_by_an_update_with_the_bid() -> None:
    given = {**OPTION, **BOTH_LISTED}
    assert decided(On.RECEIVE_REFRESH, "refresh.answered", given) == {"1"}
    assert decided(On.RECEIVE_REFRESH, "refresh.renewed[1]", given) == {"1"}
    assert decided(On.RECEIVE_REFRESH, "refresh.named[1]", given) == {"1"}
    assert decided(On.RECEIVE_REFRESH, "refresh.others", given) == {"0"}


def test_a_request_for_a_bid_that_is_not_in_the_list_is_left_open() -> None:
    given = {**OPTION, "bul.status[2]": "registered"}
    assert decided(On.RECEIVE_REFRESH, "refresh.renewed[1]", given) == {"0", "1"}


def test_a_request_without_bid_renews_the_one_entry_and_leaves_open_which_of_several() -> None:
    assert decided(On.RECEIVE_REFRESH, "refresh.entries", LISTED) == {"one"}
    assert decided(On.RECEIVE_REFRESH, "refresh.entries", BOTH_LISTED) == {"one", "each"}


def test_a_request_that_fails_its_tests_is_not_answered() -> None:
    given = {**LISTED, "refresh.valid": 0}
    assert decided(On.RECEIVE_REFRESH, "refresh.answered", given) == {"0"}
    assert decided(On.RECEIVE_REFRESH, "refresh.entries", given) == {"none"}


def test_a_request_from_a_node_without_entry_is_and_is_not_answered() -> None:
    found = outcomes(On.RECEIVE_REFRESH, {})
    assert {o.given_up for o in found} == {
        frozenset({"04-5.7-6"}),
        frozenset({"3775-11.7.4-2"}),
    }


# -- Binding Error -----------------------------------------------------------------------------


def test_a_binding_error_removes_the_one_entry_and_leaves_open_which_of_several() -> None:
    assert decided(On.RECEIVE_ERROR, "error.removed") == {"none"}
    assert decided(On.RECEIVE_ERROR, "error.removed", LISTED) == {"one"}
    assert len(decided(On.RECEIVE_ERROR, "error.removed", BOTH_LISTED)) > 1
    progress = {**LISTED, "error.progress": 1}
    assert decided(On.RECEIVE_ERROR, "error.removed", progress) == {"none"}


@pytest.mark.parametrize(("waiting", "ceases"), [(1, "1"), (0, "0")])
def test_extensions_are_given_up_when_an_awaited_answer_is_an_error(
    waiting: int, ceases: str
) -> None:
    given = {**LISTED, "error.status": "unknown_message", "error.waiting": waiting}
    assert decided(On.RECEIVE_ERROR, "error.ceases", given) == {ceases}
    assert decided(On.RECEIVE_ERROR, "error.removed", given) == {"none"}


# -- each rule by itself -----------------------------------------------------------------------

FAILED_INIT: Given = {**OPTION, "test.valid": 0}
OLD: Given = {**OPTION, "node.knows_bid": 0}
WITHOUT_TOKEN: Given = {"test.token": 0}
BARE: Given = {"o.present[1]": 1, "o.C[1]": 0}
FLAGGED: Given = {"o.present[1]": 1, "o.C[1]": 1}
COPIED_BARE: Given = {"cot.present[1]": 1, "cot.C[1]": 0}
COPIED_FLAGGED: Given = {"cot.present[1]": 1, "cot.C[1]": 1}
# A rule, a situation, and what breaks it there: a value of a decision, or of several at once.
BREACHES: list[tuple[str, On, Given, Given]] = [
    ("3775-6.1.7-5", On.RECEIVE_TEST, OLD, {"test.processed[1]": 1}),
    ("3775-11.6.2-1", On.RECEIVE_TOKEN, {"cot.valid": 0}, {"token.kept": 1}),
    ("3775-11.3.6-2", On.RECEIVE_ERROR, NOTHING, {"error.removed": "each"}),
    (
        "3775-11.3.6-4",
        On.RECEIVE_ERROR,
        {**LISTED, "error.status": "unknown_message"},
        {"error.ceases": 1},
    ),
    ("3775-9.4.4-1", On.RECEIVE_TEST, NOTHING, {"cot.token_for": "option"}),
    ("04-3-6", On.SEND_TEST, WITHOUT_TOKEN, {"test.sent": 0}),
    ("04-5.2-1", On.SEND_TEST, WITHOUT_TOKEN, {"test.sent": 0}),
    ("04-5.2-3", On.SEND_TEST, {"test.bid": 1}, {"o.bid[1]": 2}),
    ("04-5.2-3b", On.SEND_TEST, NOTHING, {"test.several": 1, "o.present[2]": 0}),
    ("04-5.2-4", On.SEND_TEST, NOTHING, {**BARE, "o.H[1]": 1}),
    ("04-4.2.1-18t", On.SEND_TEST, NOTHING, {"o.reserved[1]": 1}),
    ("04-4.2.1-3t", On.SEND_TEST, NOTHING, {**BARE, "o.length[1]": "twenty"}),
    ("04-4.2.1-4t", On.SEND_TEST, NOTHING, {**FLAGGED, "o.length[1]": "four"}),
    ("04-6.2-2", On.RECEIVE_TEST, FAILED_INIT, {"cot.sent": 1}),
    ("04-5.2-5", On.RECEIVE_TEST, OPTION, {"cot.token": "with_bid"}),
    ("04-6.2-1", On.RECEIVE_TEST, OPTION, {"test.processed[1]": 0}),
    ("04-6.2-9", On.RECEIVE_TEST, OPTION, {"cot.bid[1]": 2}),
    ("04-4.2.1-20", On.RECEIVE_TEST, OPTION, {"cot.token_for": "option"}),
    ("04-4.2.1-22", On.RECEIVE_TEST, WITH_C, {"cot.token_for": "option"}),
    ("04-4.2.1-3k", On.RECEIVE_TEST, OPTION, {**COPIED_BARE, "cot.length[1]": "twenty"}),
    ("04-4.2.1-4k", On.RECEIVE_TEST, WITH_C, {**COPIED_FLAGGED, "cot.length[1]": "four"}),
    ("04-3-7", On.RECEIVE_TOKEN, NOTHING, {"token.others_kept": 0}),
    ("04-5.2-6", On.RECEIVE_TOKEN, {"cot.valid": 0}, {"token.kept": 1}),
    ("04-5.2-8", On.RECEIVE_TOKEN, OPTION, {"token.without_bid": "none"}),
    (
        "04-4.2.1-22k",
        On.RECEIVE_TOKEN,
        {**COPIED, "cot.length[1]": "twenty"},
        {"token.entry[1]": "of_care_of"},
    ),
    ("04-4.2.1-13r", On.SEND_REFRESH, {"refresh.bid": 1}, {"o.C[1]": 1}),
    ("04-4.2.1-15r", On.SEND_REFRESH, {"refresh.bid": 1}, {"o.O[1]": 1}),
    ("04-4.2.1-17r", On.SEND_REFRESH, {"refresh.bid": 1}, {"o.H[1]": 1}),
    ("04-4.2.1-18r", On.SEND_REFRESH, {"refresh.bid": 1}, {"o.reserved[1]": 1}),
    ("04-4.2.1-3r", On.SEND_REFRESH, {"refresh.bid": 1}, {**BARE, "o.length[1]": "twenty"}),
    ("04-4.2.1-4r", On.SEND_REFRESH, {"refresh.bid": 1}, {**FLAGGED, "o.length[1]": "four"}),
    (
        "04-5.7-2",
        On.RECEIVE_REFRESH,
        {**OPTION, **LISTED},
        {"refresh.answered": 1, "refresh.renewed[1]": 0},
    ),
    ("04-5.7-3", On.RECEIVE_REFRESH, {**OPTION, **LISTED}, {"refresh.others": 1}),
    ("04-5.7-5", On.RECEIVE_REFRESH, LISTED, {"refresh.answered": 0}),
]
PERMITTED: list[tuple[str, On, Given]] = [
    ("3775-11.3.6-3", On.RECEIVE_ERROR, {**LISTED, "error.progress": 1}),
    ("3775-11.7.4-3", On.RECEIVE_REFRESH, {**LISTED, "refresh.retain": 0}),
    ("04-5.2-2", On.SEND_TEST, {"test.home_token": 1}),
    ("04-5.2-9", On.RECEIVE_TOKEN, OPTION),
    ("04-6.2-5b", On.RECEIVE_TOKEN, COPIED),
    ("04-4.2.1-8", On.RECEIVE_TEST, WITH_C),
    ("04-6.2-10k", On.RECEIVE_TEST, WITH_C),
]


@pytest.mark.parametrize(
    ("key", "on", "given", "seen"), BREACHES, ids=[key for key, *_ in BREACHES]
)
def test_what_breaks_a_rule_is_seen_to_break_it(
    key: str, on: On, given: Given, seen: Given
) -> None:
    applied = engine(on).applied(inputs(on, given))
    chosen = [g for k in applied.rules if (g := engine(on).relation.rules[k]).rule.key == key]
    assert chosen
    values = {d.label: d for d in engine(on).relation.decisions}
    solver = z3.Solver()
    solver.add([g.constraint for g in chosen])
    solver.add([situations(on).equals(n, number(n, v)) for n, v in given.items()])
    solver.add([values[n].const == literal(values[n].const, number(n, v)) for n, v in seen.items()])
    assert solver.check() == z3.unsat


@pytest.mark.parametrize(("key", "on", "given"), PERMITTED, ids=[key for key, *_ in PERMITTED])
def test_what_the_text_permits_it_permits_here_and_not_everywhere(
    key: str, on: On, given: Given
) -> None:
    assert key in applying(on, given)
    assert key not in applying(on, NOTHING)


# -- what the analysis finds -------------------------------------------------------------------

GAPS: dict[On, set[str]] = {
    On.SEND_TEST: {"test.several"},
    On.RECEIVE_TEST: {"cot.field"},
    On.RECEIVE_TOKEN: {"token.reaction", "token.without_bid", "token.period"},
    On.SEND_REFRESH: set(),
    On.RECEIVE_REFRESH: {"refresh.renewed", "refresh.entries"},
    On.RECEIVE_ERROR: {"error.removed"},
}
CONFLICTS: dict[On, set[tuple[str, ...]]] = {
    On.SEND_TEST: set(),
    On.RECEIVE_TEST: {("permission conflict", "04-4.2.1-4", "04-6.2-10")},
    On.RECEIVE_TOKEN: {("permission conflict", "04-6.2-10", "3775-11.6.2-3")},
    On.SEND_REFRESH: set(),
    On.RECEIVE_REFRESH: {
        ("permission conflict", "04-5.7-5", "3775-11.7.4-3"),
        ("contradiction", "04-5.7-6", "3775-11.7.4-2"),
    },
    On.RECEIVE_ERROR: set(),
}


@pytest.mark.parametrize("on", STEPS_HERE, ids=lambda on: on.name)
def test_the_gaps_are_these(on: On) -> None:
    gaps = [f for f in findings(on) if f.kind == "gap"]
    assert {d for f in gaps for d in f.at_stake} == GAPS[on]
    assert all(f.replayed for f in gaps)


@pytest.mark.parametrize("on", STEPS_HERE, ids=lambda on: on.name)
def test_the_rules_that_cannot_agree_are_these(on: On) -> None:
    found = [f for f in findings(on) if f.kind != "gap"]
    restated = {i for r in RULESET.rules_on(on) for i in r.also}
    ids = {(f.kind, *(i for i in f.rules if i not in restated)) for f in found}
    assert ids == CONFLICTS[on]
    assert all(f.replayed for f in found)


def test_permissions_and_facts_keep_the_keyword_that_the_document_has() -> None:
    for step in STEPS_HERE:
        for r in RULESET.rules_on(step):
            lower = r.modality is Modality.MAY and RULESET.is_extension(r)
            assert not lower or r.label in ("can", "may") or r.id == "04-5.2-9", r.key
