"""A run captured at several places: more is judged than from any capture, and nothing wrongly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv6Address
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.replay.records import Record
from tests.checker.replay.support import RECORDED, replayer, verdicts
from tests.traces.splitting import AT_MOBILE, at_mobile, clocked, source
from traces.declaration import load_declaration
from traces.events import BindingAcknowledgement, BindingUpdate, Event
from traces.offsets import HELD_S
from traces.read import read_trace
from traces.runs import Source, run_of

UMIP = RECORDED / "umip"
AGENT = IPv6Address("2001:db8:1::1")
ADVERTISEMENT, UNANSWERED = "3775-10.4.1-2", "3775-9.5.4-2"
Told = Counter[tuple[str, str, str]]


def recording(scenario: str, kind: str, **declared: Any) -> Source:
    """One capture of a scenario of UMIP."""
    path = next(UMIP.glob(f"{scenario}-{kind}.pcap*"))
    return Source.of(path, replace(load_declaration(path), **declared))


def merged(sources: Sequence[Source], name: str = "run") -> list[Record]:
    """The records of a run."""
    return list(replayer().replay_run(run_of(sources, name)))


def single(capture: Source) -> list[Record]:
    """The records of a capture by itself."""
    events = list(capture.open())
    return list(replayer().replay_events(events, capture.name, capture.declaration))


def told(records: Iterable[Record]) -> Told:
    """The verdicts by the update that they are about, in whichever capture it was seen."""
    known = list(records)
    about = {r["exchange"]: r["summary"] for r in known if r["record"] == "exchange"}
    return Counter(
        (about[r["exchange"]], r["rule"], r["verdict"])
        for r in known
        if r["record"] == "verdict" and "exchange" in r
    )


def judged(found: Told) -> int:
    """How many verdicts say something."""
    return sum(count for key, count in found.items() if key[2] != "inconclusive")


@pytest.mark.parametrize("scenario", ["01-register", "04-home", "06-ha-crash", "08-traffic"])
def test_both_interfaces_apart_are_judged_as_both_in_one_file(scenario: str) -> None:
    """To the letter: every verdict on every update."""
    apart = told(merged([recording(scenario, "ha-up"), recording(scenario, "ha-home")]))
    assert apart == told(single(recording(scenario, "ha")))
    assert judged(apart) > judged(told(single(recording(scenario, "ha-up"))))


def test_a_host_on_the_home_link_and_the_uplink_show_what_the_home_agent_shows() -> None:
    """No capture on the home agent's home interface is needed."""
    kinds = ("hn", "mn", "ha-up")
    found = told(merged([recording("04-home", kind) for kind in kinds]))
    assert found == told(single(recording("04-home", "ha")))


def test_an_update_that_arrived_and_was_not_answered() -> None:
    """Neither capture alone can tell; together they show that no answer was sent (06)."""
    sources = [recording("06-ha-crash", kind) for kind in ("ha-up", "mn")]
    for capture in sources:
        assert verdicts(single(capture), "violates") == {}
    found = verdicts(merged(sources), "violates")
    assert found == {UNANSWERED: [16], "3775-10.3.1-9": [16]}


def test_lost_answers_are_no_fault_and_are_told() -> None:
    """Five answers of 10 did not reach the mobile node, from where they look like none."""
    records = merged([recording("10-lost-ba", kind) for kind in ("mn", "ha")])
    assert set(verdicts(records, "violates")) == {ADVERTISEMENT}
    observed = [r["observed"] for r in records if r["record"] == "exchange"]
    assert ["it did not reach the mobile node" in texts for texts in observed] == [True] * 5 + [
        False
    ]


def test_a_lost_answer_of_a_return_home_explains_the_second_update() -> None:
    """10c: the retransmission is refused with 133, since the binding had gone."""
    records = merged([recording("10c-lost-dereg-ba", kind) for kind in ("mn", "ha")])
    assert told(records) == told(single(recording("10c-lost-dereg-ba", "ha")))


def test_nothing_is_violated_that_the_home_agents_capture_does_not_show() -> None:
    """Each two captures of two scenarios; some updates pass one of them only."""
    for scenario in ("06-ha-crash", "10c-lost-dereg-ba"):
        whole = told(single(recording(scenario, "ha")))
        wrong = {key for key in whole if key[2] in ("violates", "deviates")}
        for kinds in combinations(("ha", "ha-home", "ha-up", "mn"), 2):
            found = told(merged([recording(scenario, kind) for kind in kinds]))
            assert {key for key in found if key[2] in ("violates", "deviates")} <= wrong, kinds


def test_one_interface_of_the_home_agent_leaves_open_what_passed_the_other() -> None:
    """08: the mobile node came home in between, so an old number is accepted again."""
    records = merged([recording("08-traffic", kind) for kind in ("ha-up", "cn")])
    assert verdicts(records, "violates") == {}


def test_a_home_agent_and_a_correspondent_node_are_judged_together() -> None:
    """12p: each by its own captures."""
    scenario = "12p-route-opt-padfix"
    found = told(merged([recording(scenario, kind) for kind in ("ha", "mn", "cn")]))
    apart = [told(single(recording(scenario, kind))) for kind in ("ha", "cn")]
    assert judged(found) > max(map(judged, apart))
    assert {key[:2] for key in found if key[2] == "violates"} == {
        key[:2] for key in apart[0] if key[2] == "violates"
    }


def test_records_say_which_file_a_packet_is_in() -> None:
    """The home agent's packet, and where the mobile node sent it."""
    records = merged([recording("04-home", kind) for kind in ("mn", "ha-up", "ha-home")], "04")
    about = [r for r in records if r["record"] == "exchange"]
    assert [(r["trace"], r["file"], r["packet"]) for r in about] == [
        ("04", "04-home-ha-up.pcap", 5),
        ("04", "04-home-ha-up.pcap", 9),
        ("04", "04-home-ha-home.pcap", 29),
    ]
    assert [r["also"] for r in about] == [[f"04-home-mn.pcap packet {n}"] for n in (9, 11, 36)]
    assert [(r["answer_file"], r["answers"]) for r in about][2] == ("04-home-ha-home.pcap", [33])
    captures = {c["file"]: c for r in records if r["record"] == "trace" for c in r["captures"]}
    assert captures["04-home-mn.pcap"]["mobile_node"]
    assert captures["04-home-ha-up.pcap"]["at"] == [str(AGENT)]


def test_the_packet_that_shows_a_duplicate_is_named_with_its_file() -> None:
    """09: another node holds the home address."""
    records = merged([recording("09-dad-conflict", kind) for kind in ("mn", "ha-up", "hn")])
    notes = {r["note"] for r in records if r.get("rule") == "3775-10.3.1-5" and "note" in r}
    assert len(notes) == 2
    assert all("of 09-dad-conflict-hn.pcap shows it" in note for note in notes)


@pytest.mark.parametrize("name", ["ha05_two_bids", "ha20_bulk_two", "cm10_seq_window"])
def test_a_log_and_a_capture_of_one_run(name: str) -> None:
    """The log tells more; the capture takes nothing from it."""
    paths = [RECORDED / "shisa" / f"{name}.{kind}" for kind in ("pcapng", "jsonl")]
    sources = [Source.of(path, load_declaration(path)) for path in paths]
    assert told(merged(sources)) == told(single(sources[1]))


def test_a_home_link_capture_that_ended_proves_nothing_later() -> None:
    """That no probe was seen after its end is no fault."""
    up, link = recording("02c-expiry", "ha-up"), recording("02c-expiry", "ha-home")
    first = [e for e in link.open() if e.time is not None][:20]
    short = Source(link.name, link.declaration, lambda: iter(first))
    whole, cut = told(single(recording("02c-expiry", "ha"))), told(merged([up, short]))
    assert {key for key in cut if key[2] != "inconclusive"} < set(whole)


def test_what_one_interface_could_have_taken_after_its_capture_ended_is_left_open() -> None:
    """08: the return home came after the home link's capture had ended."""
    link = recording("08-traffic", "ha-home")
    first = [e for e in link.open() if e.time is not None][:19]
    short = Source(link.name, link.declaration, lambda: iter(first))
    found = verdicts(merged([recording("08-traffic", "ha-up"), short]), "violates")
    assert set(found) == {ADVERTISEMENT}


def test_a_mobile_nodes_capture_that_began_earlier_takes_nothing_away() -> None:
    """06: the home agent's was started after the first registration."""
    whole = recording("06-ha-crash", "ha")
    rest = [e for e in whole.open() if e.time is not None][20:]
    late = Source(whole.name, whole.declaration, lambda: iter(rest))
    found = told(merged([late, recording("06-ha-crash", "mn")]))
    alone = told(single(late))
    assert {key[:2] for key in found if key[2] == "violates"} >= {
        key[:2] for key in alone if key[2] == "violates" and key[1] == UNANSWERED
    }
    assert judged(found) >= judged(alone)


WHOLE = {
    name: list(read_trace(path, load_declaration(path)))
    for name in ("04-home", "06-ha-crash", "10-lost-ba")
    for path in [UMIP / f"{name}-ha.pcapng"]
}


@settings(max_examples=15, deadline=None)
@given(
    scenario=st.sampled_from(sorted(WHOLE)),
    ahead=st.floats(-1000, 1000),
    drift=st.sampled_from([0.0, 0.0, 5e-5, -5e-5]),
    delays=st.lists(st.floats(0.0005, 0.3), min_size=3, max_size=9),
    lost=st.sets(st.integers(0, 12), max_size=4),
    never=st.lists(st.integers(0, 12), max_size=3),
)
def test_a_run_split_over_its_places_gives_the_verdicts_of_the_whole(
    scenario: str,
    ahead: float,
    drift: float,
    delays: list[float],
    lost: set[int],
    never: list[int],
) -> None:
    """Whatever the clocks, the delays, the answers lost after and the updates lost before."""
    events = WHOLE[scenario]
    mobile = at_mobile(events, lambda k: delays[k % len(delays)])
    gone = {id(e) for k, e in enumerate(mobile) if k in lost and is_answer(e)}
    seen = [e for e in mobile if id(e) not in gone]
    extra = [never_arrives(at, k) for k, at in enumerate(inside(events, seen, never))]
    at_node = clocked(sorted([*seen, *extra], key=lambda e: e.time or 0.0), ahead, drift)
    declared = load_declaration(UMIP / f"{scenario}-ha.pcapng")
    home = replace(declared, notes=None, clock="one")
    away = replace(home, home_link_interface=None)
    sources = [
        source("mn", at_node, replace(AT_MOBILE, dialect=declared.dialect)),
        source("up", [e for e in events if getattr(e, "interface", 0)], away),
        source("home", [e for e in events if not getattr(e, "interface", 1)], home),
    ]
    whole = list(replayer().replay_events(events, "whole", declared))
    assert told(merged(sources)) == told(whole)


def inside(events: Sequence[Event], seen: Sequence[Event], places: Sequence[int]) -> list[Event]:
    """Messages at which the capture of the home agent's other interface is surely under way."""
    times = [e.time or 0.0 for e in events if getattr(e, "interface", 0)]
    begin, end = min(times) + 1.0, max(times) - HELD_S - 1.0
    sure = [e for e in seen if begin < (e.time or 0.0) < end]
    return [sure[k % len(sure)] for k in places if sure]


def is_answer(event: Event) -> bool:
    return isinstance(event, BindingAcknowledgement)


def never_arrives(like: Event, number: int) -> Event:
    """An update that the mobile node sent shortly before another message, and nobody received."""
    update = next(e for e in WHOLE["04-home"] if isinstance(e, BindingUpdate))
    time = (like.time or 0.0) - 0.001 * (number + 1)
    return replace(update, time=time, sequence=5000 + number, interface=0)
