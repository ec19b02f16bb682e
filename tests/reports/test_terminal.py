"""The terminal summary, against its golden file."""

import re
from pathlib import Path

import pytest

from reports.explain import explain
from reports.findings import nearest, reach, said, strength
from reports.kinds import KINDS, kind_named, kind_rank
from reports.lines import UNBOUNDED, columns, wrapped
from reports.overview import kinds
from reports.terminal import summarise
from reports.text import counted
from tests.reports.sample import findings, footer, header, rules, sample
from tests.reports.support import result_of

GOLDENS = Path(__file__).parent / "golden"
GOLDEN = GOLDENS / "terminal.txt"


def test_the_summary_is_the_golden_one() -> None:
    lines = list(summarise(result_of(sample()), color=False))
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_colour_adds_nothing_but_colour() -> None:
    plain = list(summarise(result_of(sample()), color=False))
    coloured = list(summarise(result_of(sample()), color=True))
    assert coloured != plain
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == plain


def test_escape_sequences_of_the_file_do_not_reach_the_terminal() -> None:
    error = {"record": "error", "where": "a\x1b]0;evil\x07\n", "text": "\x9b31m\u202e"}
    shown = "\n".join(summarise(result_of([header(), error, footer()]), color=False))
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert "a\\u001b]0;evil\\u0007" in shown


def test_a_truncated_file_is_said_to_be_so() -> None:
    shown = "\n".join(summarise(result_of([header()]), color=False))
    assert "has no footer" in shown
    assert "Nothing was judged." in shown


# -- findings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["F-51ab09", "F-0acce9", "no-address-collision"])
def test_what_is_explained_is_the_golden_one(name: str) -> None:
    lines = list(explain(result_of(sample()), name, color=False, width=100))
    golden = GOLDENS / f"explain-{name}.txt"
    assert lines == golden.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("width", [20, 80, 120, UNBOUNDED])
def test_no_line_is_wider_than_asked_unless_a_word_is(width: int) -> None:
    result = result_of(sample())
    names = [*(f["id"] for f in result.findings), *(p["property"] for p in result.properties)]
    shown = list(summarise(result, False, width))
    shown += [line for name in names for line in explain(result, name, False, width)]
    for line in shown:
        assert len(line) <= width or " " not in line.strip(), line


def test_wrapping_keeps_every_word_with_its_style() -> None:
    line = [("bold", "  one two"), ("", " three-and-more "), ("dim", "four"), ("", " five six")]
    rows = wrapped(line, 14)
    assert len(rows) > 2
    texts = ["".join(text for _, text in row) for row in rows]
    assert all(text.startswith("      ") for text in texts[1:])
    assert " ".join(texts).split() == "".join(text for _, text in line).split()
    found = {text.strip(): style for row in rows for style, text in row if text.strip()}
    assert (found["one two"], found["four"]) == ("bold", "dim")


def test_the_width_follows_the_terminal_within_bounds() -> None:
    assert [columns(n) for n in (None, 20, 100, 400)] == [UNBOUNDED, 80, 100, 120]


def test_restatements_stand_on_the_line_of_the_rule() -> None:
    shown = "\n".join(summarise(result_of(sample()), color=False))
    assert "04-6.3-31 (also 04-5.1-02) (6.3, stated)" in shown
    assert "\n  04-5.1-02" not in shown
    (finding,) = (f for f in result_of(sample()).findings if f["id"] == "F-51ab09")
    assert [rule.ids for rule in said(finding)] == ["04-6.3-20", "04-6.3-31 (also 04-5.1-02)"]


def test_what_needs_a_reading_comes_last_and_what_is_accepted_is_counted() -> None:
    shown = "\n".join(summarise(result_of(sample()), color=False))
    order = [shown.index(word) for word in ("F-3fa2c1", "F-90b7de", "Only under other", "F-51ab09")]
    assert order == sorted(order)
    assert "F-0acce9" not in shown
    assert "1 accepted and not listed" in shown
    assert "vanished F-beefed (as intended): no longer found, remove the entry" in shown


@pytest.mark.parametrize(
    ("record", "said_of_it"),
    [
        ({"reachable": "conforming", "path": [{}, {}]}, "reached by conforming nodes in 2 steps"),
        ({"reachable": "conforming"}, "reached by conforming nodes: it is the initial situation"),
        ({"reachable": "arbitrary peer", "path": [{}]}, "reached only with a message of an arb"),
        ({"reachable": "unreachable"}, "not reachable"),
        ({"reachable": "unreachable", "invariant": "H is never set"}, "not reachable: H is never"),
        ({"reachable": None}, "whether it can be reached is not known"),
        ({"reachable": "by magic"}, "by magic"),
    ],
)
def test_how_a_finding_is_reached(record: dict[str, object], said_of_it: str) -> None:
    whole = {"path": [], "reach": {"invariant": record.get("invariant")}, **record}
    assert reach(whole).startswith(said_of_it)


@pytest.mark.parametrize(
    ("modality", "label", "shown"),
    [
        ("MUST", None, "MUST"),
        ("stated", "must", "stated: must"),
        ("MAY", "may", "MAY, written may"),
    ],
)
def test_the_keyword_of_the_document_is_told(modality: str, label: str | None, shown: str) -> None:
    assert strength({"modality": modality, "label": label, "restates": None}) == shown


def test_a_finding_about_no_input_tells_of_no_situation() -> None:
    dead = {**findings()[-1], "kind": "dead value", "witness": {"message": {}, "state": {}}}
    result = result_of([header(), *rules(), {**dead, "situation": "always"}, footer()])
    for lines in (summarise(result, False), explain(result, dead["id"], False)):
        text = "\n".join(lines)
        assert dead["title"] in text
        assert "always" not in text
        assert "reached" not in text


def test_the_nearest_ids_are_named() -> None:
    assert nearest(result_of(sample()), "F-3fa2c")[0] == "F-3fa2c1"
    assert nearest(result_of([header(), footer()]), "F-1") == []


# -- kinds ---------------------------------------------------------------------------------------


def test_every_kind_has_a_meaning_of_one_sentence_and_its_own_name() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert kind.meaning.endswith("."), kind
        assert kind.meaning.count(". ") == 0, kind
        assert counted(2, kind.name) == f"2 {kind.plural}"


def test_a_kind_that_is_not_listed_is_shown_as_well_after_the_others() -> None:
    assert kind_named("riddle").plural == "riddles"
    assert kind_rank("riddle") == len(KINDS)
    odd = [{**f, "kind": "riddle", "id": f"F-{n}"} for n, f in enumerate(findings()[:2])]
    result = result_of([header(), *rules(), *odd, *findings()[:1], footer()])
    assert kinds(result.findings) == [("contradiction", 1), ("riddle", 2)]
    assert "Riddles (2)" in list(summarise(result, color=False))
