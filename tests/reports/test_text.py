"""Order, ranges and names as the reports use them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.text import anchor, counted, listed, natural, plain, ranges, visible


def test_clauses_are_ordered_by_number() -> None:
    assert sorted(["6.10", "6.3", "A.1", "6"], key=natural) == ["6", "6.3", "6.10", "A.1"]


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [([], ""), ([3], "3"), ([2, 1], "1, 2"), ([5, 1, 6, 7, 7], "1, 5–7")],
)
def test_runs_are_shortened(numbers: list[int], shown: str) -> None:
    assert ranges(numbers) == shown


@given(st.text(), st.text())
def test_anchors_are_safe_and_tell_names_apart(one: str, other: str) -> None:
    assert anchor("x", one).isascii()
    assert not set(anchor("x", one)) & set(" \"'<>&#%")
    assert (anchor("x", one) == anchor("x", other)) == (one == other)


@given(st.text())
def test_visible_text_can_be_encoded(text: str) -> None:
    assert visible(text).encode("utf-8").decode("utf-8") == visible(text)


def test_counts_and_lists_read_as_sentences() -> None:
    assert counted(1, "gap") == "1 gap"
    assert counted(2, "property") == "2 properties"
    assert counted(1, "sender/receiver") == "1 sender/receiver contradiction"
    assert counted(2, "sender/receiver") == "2 sender/receiver contradictions"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_values_are_shown_in_words() -> None:
    assert [plain(value) for value in (True, False, None, 0, [], ["a", 1])] == [
        "yes",
        "no",
        "–",
        "0",
        "–",
        "a, 1",
    ]
    assert plain({"a": {"b": 1}}) == "a b 1"
