"""Recordings without their first events: what was right in the whole is not wrong in the rest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from checker.replay.naming import Naming
from checker.replay.records import Record
from checker.replay.state import state_of_dump
from tests.checker.replay.support import AGENT, HOME, events_of, judge
from traces.events import CacheDump, CacheEntry, Event, Place


def violations(name: str, events: Sequence[Event]) -> set[tuple[str, int | None, int | None]]:
    """Rule, packet and line of each violation."""
    records: list[Record] = judge(name, events)[0]
    return {
        (r["rule"], r.get("packet"), r.get("line"))
        for r in records
        if r["record"] == "verdict" and r["verdict"] == "violates"
    }


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        # The number that a log does not tell is that of the newest entry of its first dump.
        ("shisa/cn10_seq_window.jsonl", 12),
        ("shisa/ha03_seq_window_plain.jsonl", 5),
        ("shisa/ha03_seq_window_plain.jsonl", 23),
        ("shisa/e2e05_plain_mn.jsonl", 8),
        # An answer that refuses for another reason does not tell the last number.
        ("shisa/ha39_reg_type_change.pcapng", 8),
        # An answer to an update before the beginning is not one to the first update in it.
        ("umip/01-register-mn.pcap", 8),
    ],
)
def test_nothing_new_is_violated(name: str, cut: int) -> None:
    events = events_of(name)
    assert violations(name, events[cut:]) <= violations(name, events)


def test_the_newest_number_of_a_dump_is_taken_where_none_was_followed() -> None:
    """Modulo 2**16: 3 comes after 65530."""

    def entry(bid: int, sequence: int | None) -> CacheEntry:
        return CacheEntry(HOME, AGENT, bid, AGENT, sequence=sequence)

    def last(followed: int, *entries: CacheEntry) -> int | None:
        dump = CacheDump(Place("made", None, 1), 0.0, entries, ())
        return state_of_dump(dump, Naming(HOME), AGENT, followed).get("bc.last_sequence")

    assert last(0, entry(1, 65530), entry(2, 3)) == 3
    assert last(7, entry(1, 65530), entry(2, 3)) == 7
    assert last(0, entry(1, None)) == 0
    assert last(0) is None
