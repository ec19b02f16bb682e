"""JUnit, SARIF and Markdown: all that went wrong is in them, and no text of a trace is markup."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from reports import FAIL_ON, render_junit, render_markdown, render_sarif
from reports.coverage import coverage
from reports.markdown import MOST
from reports.problems import problems
from reports.records import merge
from tests.reports.sample import (
    Record,
    exploration,
    findings,
    footer,
    header,
    properties,
    rules,
    sample,
    traces,
    verdict,
)
from tests.reports.support import result_of
from tests.reports.test_html import HOSTILE, poisoned


def junit(records: list[Record]) -> Xml.Element:
    return Xml.fromstring(render_junit(result_of(records)).encode())


def sarif(records: list[Record]) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render_sarif(result_of(records)))["runs"][0]
    return run


def outcomes(root: Xml.Element) -> dict[tuple[str, str], str]:
    """Return what each test came to, by suite and the first word of its name."""
    return {
        (str(case.get("classname")), str(case.get("name")).split(" ")[0]): next(
            (child.tag for child in case), "passed"
        )
        for case in root.iter("testcase")
    }


def failing_on(worst: str) -> list[Record]:
    return [{**r, "fail_on": worst} if r["record"] == "header" else r for r in sample()]


# -- JUnit -------------------------------------------------------------------------------------


def test_each_rule_that_a_trace_made_apply_is_a_test() -> None:
    first, second = (t["trace"] for t in traces())
    found = outcomes(junit(sample()))
    assert {k[1]: v for k, v in found.items() if k[0] == first} == {
        "04-6.2-04": "passed",
        "04-6.3-31": "failure",
        "04-6.3-20": "skipped",
    }
    assert {k[1]: v for k, v in found.items() if k[0] == second} == {
        "04-6.3-31": "failure",
        "04-6.10-01": "skipped",
        "04-6.3-20": "skipped",
        "04-6.2-04": "error",
    }


def test_findings_and_properties_are_tests_and_what_is_accepted_is_skipped() -> None:
    found = outcomes(junit(sample()))
    own = {k[1]: v for k, v in found.items() if k[0] in ("rule analysis", "properties")}
    accepted = {f["id"] for f in findings() if f.get("accepted")}
    assert own == {
        **{f["id"]: "skipped" if f["id"] in accepted else "failure" for f in findings()},
        "no-address-collision": "failure",
        "bulk-only-for-home": "passed",
        "recovery": "skipped",
    }


@pytest.mark.parametrize(("worst", "failed"), [*zip(FAIL_ON, (2, 3, 4), strict=True)])
def test_what_counts_as_a_failure_is_chosen(worst: str, failed: int) -> None:
    found = outcomes(junit(failing_on(worst)))
    names = {t["trace"] for t in traces()}
    assert sum(v == "failure" for (suite, _), v in found.items() if suite in names) == failed


def test_counts_are_those_of_the_tests() -> None:
    root = junit(sample())
    for element in (root, *root.iter("testsuite")):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert element.get(name) == str(sum(case.find(tag) is not None for case in cases))


def test_a_run_that_judged_nothing_or_was_cut_off_is_not_green() -> None:
    nothing = [{**header(), "commands": ["replay"]}, {**footer(), "exit_code": 4}]
    cut = [{**header(), "commands": ["check"]}]
    stopped = [*cut, {**footer(), "exit_code": 1, "complete": False}]
    for records in (nothing, cut, stopped):
        root = junit(records)
        assert root.get("errors") == "1"
        assert root.get("failures") == "0"
        assert outcomes(root)["the run itself", "the"] == "error"


def test_an_analysis_without_findings_is_a_test_that_passed() -> None:
    clean = [{**header(), "commands": ["check"]}, *rules(), {**footer(), "exit_code": 0}]
    assert outcomes(junit(clean)) == {("rule analysis", "the"): "passed"}


# -- SARIF -------------------------------------------------------------------------------------


def test_each_problem_is_at_the_line_of_its_rule() -> None:
    run = sarif(sample())
    levels = [r["level"] for r in run["results"]]
    failed = len(findings()) + 1
    assert levels.count("error") == failed + 2
    assert (levels.count("warning"), levels.count("note")) == (1, 1)
    at = run["results"][-1]["locations"][0]["physicalLocation"]
    assert at["artifactLocation"] == {"uri": "draft04.py", "uriBaseId": "RULES"}
    assert at["region"] == {"startLine": 120}


def test_results_name_the_rules_of_the_driver() -> None:
    run = sarif(sample())
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(ids)) == len(ids)
    for found in run["results"]:
        assert ids[found["ruleIndex"]] == found["ruleId"]
        assert found["message"]["text"]


def test_fingerprints_differ_and_stay() -> None:
    prints = [r["partialFingerprints"]["problem/v1"] for r in sarif(sample())["results"]]
    assert len(set(prints)) == len(prints)
    assert prints == [r["partialFingerprints"]["problem/v1"] for r in sarif(sample())["results"]]


def test_what_is_accepted_is_suppressed_with_its_reason() -> None:
    found = [r for r in sarif(sample())["results"] if "suppressions" in r]
    assert [r["suppressions"][0]["justification"] for r in found] == ["the working group knows"]


def test_an_input_that_could_not_be_read_is_told_and_the_run_no_success() -> None:
    invocation = sarif(sample())["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [n["level"] for n in invocation["toolExecutionNotifications"]] == ["error", "note"]
    clean = [{**header(), "commands": ["check"]}, *rules(), {**footer(), "exit_code": 0}]
    assert sarif(clean)["invocations"][0]["executionSuccessful"] is True
    assert sarif(clean[:-1])["invocations"][0]["executionSuccessful"] is False


# -- Markdown ----------------------------------------------------------------------------------


def test_summary_has_the_answer_the_counts_and_the_first_places() -> None:
    text = render_markdown(result_of(sample()))
    assert text.startswith("## monami: Multiple Care-of Addresses Registration")
    assert "| violates | 2 |" in text
    assert "| properties: fails | 1 |" in text
    first = next(line for line in text.splitlines() if line.startswith("| violates | 2 | "))
    assert traces()[0]["trace"] in first
    assert "### Could not be read" in text


def test_a_long_table_is_cut_and_says_so() -> None:
    many = [verdict("a.pcap", f"04-9-{n}", "violates") for n in range(MOST + 7)]
    text = render_markdown(result_of([header(), *many, footer()]))
    assert text.count("\n| violates | 1 |") == MOST
    assert "7 more rows" in text


def test_a_result_that_was_cut_off_says_so_first() -> None:
    text = render_markdown(result_of([header(), exploration(), *properties()]))
    assert "results are missing" in text.splitlines()[2]


# -- hostile texts -----------------------------------------------------------------------------


def test_hostile_texts_are_inert() -> None:
    records = [poisoned(r) for r in sample()]
    root = junit(records)
    assert {e.tag for e in root.iter()} == {
        *("testsuites", "testsuite", "testcase", "failure", "error", "skipped")
    }
    assert sarif(records)["results"]
    text = render_markdown(result_of(records))
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert not re.search(r"(?<!\\)<", text)
    assert HOSTILE not in text


def test_coverage_says_what_became_of_each_rule() -> None:
    rules = [("1", "conforms"), ("2", "inconclusive"), ("2", "not exercised"), ("3", "unsupported")]
    rules += [("10", "not exercised"), ("1", "inconclusive")]
    told = [{"record": "verdict", "trace": "t", "rule": r, "verdict": v} for r, v in rules]
    known = [
        {
            "record": "rule",
            "id": r,
            "clause": "1",
            "document": "d",
            "modality": "MUST",
            "title": "t",
        }
        for r in ("1", "2", "3", "10", "11")
    ]
    result = result_of([sample()[0], *known, *told])
    assert coverage(result) == {
        "judged": ["1"],
        "exercised but not observable": ["2"],
        "unsupported": ["3"],
        "never exercised": ["10"],
        "not judged by replay": ["11"],
    }
    other = result_of([sample()[0], *known, {**told[0], "rule": "10"}])
    assert coverage(merge([result, other]))["judged"] == ["1", "10"]
    assert coverage(result_of([sample()[0], *known])) == {}
    lines = render_markdown(result).splitlines()
    assert "| never exercised | 1 | 10 |" in lines


def test_a_departure_is_one_problem_whatever_rules_it_breaks() -> None:
    broken = {"trace": "t", "verdict": "violates", "exchange": 1, "packet": 3, "observed": "o"}
    told: list[Record] = [
        {"record": "verdict", **broken, "rule": "1"},
        {"record": "verdict", **broken, "rule": "2", "same_as": "1"},
    ]
    found = [p.rules for p in problems(result_of([sample()[0], *told]))]
    assert found == [("1",)]
    # What is accepted under one rule alone is still a problem under the other.
    told[0]["accepted"] = "known"
    found = [(p.rules, p.accepted) for p in problems(result_of([sample()[0], *told]))]
    assert found == [(("1",), "known"), (("2",), None)]
    assert [r["level"] for r in sarif([sample()[0], *told])["results"]] == ["error", "error"]
