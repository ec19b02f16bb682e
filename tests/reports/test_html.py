"""The page: whole, self-contained, linked, inert, and usable when long."""

import itertools
import re
import time
from collections import Counter
from typing import Any

import pytest

from reports.form import VERDICTS
from reports.html import render_html
from tests.reports.sample import RULES, Record, footer, header, rules, sample, verdict
from tests.reports.support import Page, result_of

HOSTILE = "</script></style><img src=x onerror=alert(1)>\"'{{7*7}}\u202eevil\x1b[31m\ud800"


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render_html(result_of(sample())))


def test_every_tag_is_closed(page: Page) -> None:
    assert page.open == []
    assert page.tags[0] == ("html", {"lang": "en"})


def test_identifiers_are_unique_and_every_link_arrives(page: Page) -> None:
    names = Counter(page.values("id"))
    assert [name for name, number in names.items() if number > 1] == []
    broken = [link for link in page.values("href") if link[1:] not in names]
    assert broken == []
    referred = " ".join(page.values("aria-labelledby")).split()
    assert set(referred) <= set(names)


def test_nothing_is_fetched(page: Page) -> None:
    assert all(link.startswith("#") for link in page.values("href"))
    assert page.values("src") == []
    assert {tag for tag, _ in page.tags}.isdisjoint({"link", "img", "iframe", "object", "embed"})
    text = render_html(result_of(sample()))
    assert re.findall(r"url\(|@import|https?://", text) == []
    assert "default-src 'none'" in page.values("content")[0]


def test_heading_levels_do_not_skip(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize(
    "shown",
    [
        "Multiple Care-of Addresses Registration, revision 04",
        "8c1f0e6b2d9a47c3",
        "the sub-options are copied to the answer",
        "draft04.py:120",
        "Which flags must be equal in all sub-options?",
        "the C flag alone",
        "A bulk Binding Update with the H flag must be refused and must be accepted",
        "refuse the Binding Update",
        "The home agent holds BID 2 and receives a bulk update from home.",
        "binding of BID 2",
        "The home agent registers and defends the home address.",
        "gives up 04-6.3-12",
        "no-address-collision",
        "18,204",
        "No correspondent node sends a bulk update in this scope.",
        "reboot never",
        "one BID is deregistered",
        "Binding Update seq 3, lifetime 0, BID 100",
        "answered in packet 4",
        "BID 100 at care-of address 1",
        "what 04-6.3-31 asks",
        "every binding removed",
        "packet 5, line 4, byte 58",
        "The cache is not logged.",
        "Declared: no bulk.",
        "ha99.pcap packet 3, byte 58",
        "ab" * 32,
        "z3 4.13.0",
    ],
)
def test_every_kind_of_record_is_shown(page: Page, shown: str) -> None:
    assert shown in page.text


def test_the_legend_defines_every_verdict(page: Page) -> None:
    for one in VERDICTS:
        assert one.definition in page.text


def test_clauses_stand_in_the_order_of_the_document(page: Page) -> None:
    order = [name for name in page.values("id") if name.startswith("rule-")]
    clauses = [name.split("-")[2] for name in order]
    assert clauses == ["5.1", "6.2", "6.3", "6.3", "6.3", "6.10"]
    assert len(order) == len(RULES)


def test_the_first_screen_answers_and_says_what_is_open(page: Page) -> None:
    first = page.text[: page.text.index("What the sentences of the document say")]
    assert "The rules have 2 contradictions, 1 gap, 1 tension and 1 redundant rule." in first
    assert "2 of 2 recordings violate 1 binding rule (2 departures)." in first
    assert "first in shisa/ha08.jsonl, packet 3; 2 times in all" in first
    assert "1 of 6 rules: no recording exercised them" in first
    assert "the exploration stopped before every state was visited" in first


def test_a_truncated_file_is_flagged_and_never_reads_as_a_pass() -> None:
    shown = Page(render_html(result_of([header()]))).text
    assert "Incomplete. The result file has no footer" in shown
    assert "Nothing was judged." in shown
    assert "no finding" not in shown
    whole = Page(render_html(result_of([header(), footer()]))).text
    assert "Incomplete" not in whole
    assert "No recorded exchange was judged." in whole


def test_an_unfinished_run_is_flagged() -> None:
    unfinished = {**footer(), "complete": False}
    assert "Incomplete." in Page(render_html(result_of([header(), unfinished]))).text


def poisoned(value: Any, key: str = "") -> Any:
    """The record with the hostile text added to every text whose value is free."""
    if isinstance(value, dict):
        return {k: poisoned(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(item, key) for item in value]
    kept = key in ("record", "verdict", "commands")
    return value + HOSTILE if isinstance(value, str) and not kept else value


def test_hostile_strings_are_inert() -> None:
    clean = Page(render_html(result_of(sample())))
    text = render_html(result_of(poisoned(record) for record in sample()))
    page = Page(text)
    assert "img" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "{{7*7}}" in page.text
    assert not set(text) & {"\u202e", "\x1b", "\ud800"}
    assert "\\u202eevil" in page.text
    assert page.open == clean.open == []
    names = set(page.values("id"))
    assert all(link[1:] in names for link in page.values("href"))


def test_verdicts_without_records_beside_them_are_still_shown() -> None:
    lonely: Record = verdict("x.pcap", "04-9-9", "violates")
    page = Page(render_html(result_of([header(), lonely, footer()])))
    assert "packet 3, line 4, byte 58" in page.text
    assert "v1" in page.values("id")
    assert all(link[1:] in page.values("id") for link in page.values("href"))


def many(number: int) -> list[Record]:
    names = [v.name for v in VERDICTS if not v.listed]
    found = []
    for n in range(number):
        name = "violates" if n % 100 == 0 else names[n % len(names)]
        rule = RULES[n % len(RULES)][0]
        found.append(verdict(f"t{n % 60}.pcap", rule, name, packet=n // 60, exchange=n // 60))
    return found


def test_twenty_thousand_verdicts_stay_usable() -> None:
    result = result_of([header(), *rules(), *many(20_000), footer()])
    start = time.perf_counter()
    text = render_html(result)
    assert time.perf_counter() - start < 20
    assert len(text) < 2_000_000
    assert len(re.findall(r'<article class="item', text)) == 200


def test_the_page_is_the_same_every_time() -> None:
    assert render_html(result_of(sample())) == render_html(result_of(sample()))
