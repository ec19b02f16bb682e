"""The terminal summary, against its golden file."""

import re
from pathlib import Path

from reports.terminal import summarise
from tests.reports.sample import footer, header, sample
from tests.reports.support import result_of

GOLDEN = Path(__file__).parent / "golden" / "terminal.txt"


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
