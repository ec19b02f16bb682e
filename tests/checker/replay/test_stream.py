"""A trace is judged while it is read: the same verdicts, and no more kept than has to be."""

from __future__ import annotations

import os
import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from checker.replay import listing, one_trace, parts
from checker.replay.evidence import Evidence
from checker.replay.gathering import MOST_IDLE, Gathering
from checker.replay.options import ReplayOptions
from checker.replay.outcome import Outcome
from checker.replay.recent import Recent
from checker.replay.session import PATIENCE_S
from tests.checker.replay.support import AGENT, HOME, RECORDED, judge, replayer
from traces.declaration import Declaration
from traces.dialects import RFC5648
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    Event,
    NeighborAdvertisement,
    Place,
)
from traces.write import build_packet, write_capture

CARE_OF = IPv6Address("2001:db8:a::10")
DECLARED = Declaration(observed=(AGENT,), role="home-agent")
RECORDINGS = [
    f"{p.parent.name}/{p.name}"
    for p in sorted(RECORDED.rglob("*-ha*.pcapng")) + sorted(RECORDED.rglob("ha0*.jsonl"))
]
Record = dict[str, Any]
Message = BindingUpdate | BindingAcknowledgement


def update(packet: int, time: float, sequence: int, home: IPv6Address = HOME) -> BindingUpdate:
    return BindingUpdate(
        Place("made", packet),
        time,
        src=CARE_OF,
        dst=AGENT,
        home_address=home,
        sequence=sequence,
        ack=True,
        home_registration=True,
        lifetime=10,
        direction="in",
    )


def answer(packet: int, time: float, sequence: int, home: IPv6Address = HOME) -> Message:
    return BindingAcknowledgement(
        Place("made", packet),
        time,
        src=AGENT,
        dst=CARE_OF,
        routing_home=home,
        sequence=sequence,
        lifetime=10,
        direction="out",
    )


def exchanges(events: list[Event]) -> list[list[tuple[int | None, int | None]]]:
    """The packets of updates and answers, in the stretches in which they are judged."""
    evidence = Evidence(DECLARED, ReplayOptions())
    gathering = Gathering(evidence, 3.0)
    ready = []
    for event in events:
        evidence.add(event)
        ready += [found for _, found in gathering.feed(event)]
    ready += [found for _, found in gathering.sweep(everything=True)]
    return [
        [(e.update.place.packet, e.answer.place.packet if e.answer else None) for e in found]
        for found in ready
    ]


@pytest.mark.parametrize("name", RECORDINGS)
def test_who_looks_less_far_ahead_accuses_nobody_more(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the trace can show is known later then, so less can be said of its beginning."""
    whole = failures(judge(name)[0])
    monkeypatch.setattr(one_trace, "AHEAD", 8)
    assert failures(judge(name)[0]) <= whole


def failures(records: list[Record]) -> set[tuple[str, str, int | None]]:
    grave = ("violates", "deviates", "ambiguous")
    verdicts = [r for r in records if r["record"] == "verdict" and r["verdict"] in grave]
    return {(r["rule"], r["verdict"], r.get("packet")) for r in verdicts}


def test_what_is_answered_is_judged_when_the_next_update_comes() -> None:
    events = [update(1, 0.0, 1), answer(2, 0.1, 1), update(3, 5.0, 2), answer(4, 5.1, 2)]
    assert exchanges(events) == [[(1, 2)], [(3, 4)]]


def test_updates_that_overtake_answers_are_judged_together() -> None:
    events = [update(1, 0.0, 1), update(2, 0.1, 2), answer(3, 0.2, 1), answer(4, 0.3, 2)]
    assert exchanges([*events, update(5, 9.0, 3)]) == [[(1, 3), (2, 4)], [(5, None)]]


def test_nobody_waits_for_ever() -> None:
    """An answer that comes later than any mobile node waits is not taken for one."""
    late = 1.0 + PATIENCE_S
    events = [update(1, 0.0, 1), update(2, late, 2), answer(3, late + 0.1, 1)]
    assert exchanges(events) == [[(1, None)], [(2, 3)]]
    events = [update(k, k / 100, k) for k in range(1, 200)]
    judged = exchanges(events)
    assert len(judged) > 100
    assert sum(map(len, judged)) == 199


def many(count: int, nodes: int, between: float = 0.01) -> Iterator[Message]:
    """Registrations that nobody refuses, one after the other, of so many mobile nodes."""
    for k in range(count):
        home = IPv6Address(int(HOME) + 1 + k % nodes)
        time, sequence = k * between, 1 + k // nodes
        yield update(2 * k + 1, time, sequence & 0xFFFF, home)
        yield answer(2 * k + 2, time + between / 2, sequence & 0xFFFF, home)


def peak(count: int, nodes: int) -> float:
    """The memory in MB that the replay of so many registrations takes at most."""
    made = replayer()
    list(made.replay_events(many(50, 1), "made", DECLARED))
    tracemalloc.start()
    try:
        for _ in made.replay_events(many(count, nodes), "made", DECLARED):
            pass
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times the packets of the same mobile nodes take no more."""
    monkeypatch.setattr(one_trace, "AHEAD", 100)
    monkeypatch.setattr(listing, "LISTED", 50)
    short, long = peak(600, 20), peak(2_400, 20)
    assert long < 1.2 * short + 0.3


def test_mobile_nodes_whose_bindings_are_over_are_forgotten() -> None:
    evidence = Evidence(DECLARED, ReplayOptions())
    gathering = Gathering(evidence, 3.0)
    nodes = 3 * MOST_IDLE
    for event in many(nodes, nodes):
        evidence.add(event)
        for _ in gathering.feed(event):
            pass
    assert len(gathering.idle) <= MOST_IDLE
    assert len(gathering.open) < nodes / 2


def test_repeated_neighbour_messages_are_kept_first_and_last() -> None:
    evidence = Evidence(replace(DECLARED, home_link_interface=0), ReplayOptions())
    gathering = Gathering(evidence, 3.0)
    told = [
        NeighborAdvertisement(
            Place("made", k), float(k), src=AGENT, dst=IPv6Address("ff02::1"), target=HOME
        )
        for k in range(10, 30)
    ]
    for event in [update(1, 0.0, 1), answer(2, 0.1, 1), *told]:
        evidence.add(event)
        assert list(gathering.feed(event)) == []
    ((_, (exchange,)),) = gathering.sweep(everything=True)
    assert [side.time for side in exchange.sides] == [10.0, 29.0]


def test_long_traces_are_told_in_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No verdict is lost: what is not told one by one is counted under its rule."""
    events = [e for k in range(60) for e in wrong(k)]
    whole = list(replayer().replay_events(events, "made", DECLARED))
    monkeypatch.setattr(listing, "LISTED", 5)
    monkeypatch.setattr(listing, "REPEATED", 8)
    made = replayer()
    short = list(made.replay_events(events, "made", DECLARED))
    assert counts(short) == counts(whole)
    assert made.summary.exit_code == 1
    assert len(short) < len(whole) / 2
    exchanges_told = [r["exchange"] for r in short if r["record"] == "exchange"]
    assert exchanges_told == sorted(exchanges_told)
    assert "not told one by one" in short[0]["description"]


def wrong(k: int) -> list[Event]:
    """A registration that is granted a longer Lifetime than was asked for."""
    got = answer(2 * k + 2, k + 0.1, k + 1)
    assert isinstance(got, BindingAcknowledgement)
    return [update(2 * k + 1, float(k), k + 1), replace(got, lifetime=11)]


def counts(records: list[Record]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for r in records:
        if r["record"] == "verdict":
            key = r["rule"], r["verdict"]
            found[key] = found.get(key, 0) + r.get("count", 1)
    return found


def test_what_was_judged_before_an_interrupt_is_told() -> None:
    def interrupted() -> Iterator[Event]:
        yield from islice(many(10, 2), 16)
        raise KeyboardInterrupt

    told: list[Record] = []
    with pytest.raises(KeyboardInterrupt):
        told.extend(replayer().replay_events(interrupted(), "made", DECLARED))
    assert (told[0]["record"], told[0]["exchanges"]) == ("trace", 6)


def test_recent_values_stay() -> None:
    recent: Recent[int, str] = Recent(3)
    chance = random.Random(1)
    used: list[int] = []
    for _ in range(200):
        key = chance.randrange(6)
        recent.setdefault(key, lambda: "made")
        used = [k for k in used if k != key] + [key]
        assert len(recent) == min(3, len(used))
        assert all(recent.get(k) == "made" for k in used[-3:])


def test_a_long_capture_in_parts_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes, each with some home addresses, say what one says."""
    path = tmp_path / "made.pcap"
    packets = [(e.time, build_packet(e, RFC5648)) for e in many(40, 10, 1.0)]
    write_capture(path, packets)
    whole = list(replayer(threads=1).replay(path, DECLARED))
    monkeypatch.setattr(parts, "LONG", 100)
    made = replayer(threads=3)
    assert list(made.replay(path, DECLARED)) == whole
    assert made.summary.judged > 100
    assert parts.parts_of(path, 3) == 3
    log = RECORDED / "shisa" / "ha05_two_bids.jsonl"
    assert parts.parts_of(log, 3) == parts.parts_of(tmp_path / "none", 3) == 1


def test_a_process_that_ends_without_result_is_told() -> None:
    def judge(part: parts.Part) -> Outcome:
        if part.number:
            os._exit(1)
        return Outcome(listing.Listing("made"))

    with pytest.raises(RuntimeError, match="ended without result"):
        parts.in_parts(judge, 2)
