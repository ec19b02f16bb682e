"""One stream of several captures: each message once, what each place can and cannot show."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from tests.traces.splitting import (
    AGENT,
    AT_AGENT,
    AT_MOBILE,
    CARE_OF,
    HOME,
    START,
    answer,
    at_mobile,
    clocked,
    numbered,
    probe,
    report,
    source,
    update,
)
from tests.traces.support import RECORDED
from traces.declaration import Declaration, load_declaration
from traces.dialects import dialect
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    Event,
    MobilityMessage,
    Place,
    ReadError,
)
from traces.offsets import HELD_S
from traces.runs import RunError, Source, TraceRun, run_of

UMIP = RECORDED / "umip"


def exchanges(count: int, every: float = 10.0) -> list[Event]:
    """So many registrations with their answers."""
    return [e for k in range(count) for e in (update(k * every, k), answer(k * every + 0.01, k))]


def two(agent: Sequence[Event], mobile: Sequence[Event], ahead: float = 100.0) -> TraceRun:
    """The run of a capture at the home agent and one at the mobile node."""
    return run_of(
        [
            source("ha", agent, AT_AGENT),
            source("mn", clocked(mobile, ahead), AT_MOBILE),
        ],
        "made",
    )


def fates(run: TraceRun, kind: type = BindingUpdate) -> list[tuple[int, str | None]]:
    """The numbers of messages of a kind, and what became of each."""
    return [(e.sequence, e.fate) for e in run.events() if isinstance(e, kind)]  # type: ignore[attr-defined]


def told(run: TraceRun, kind: type = BindingUpdate) -> list[str]:
    """The same in words."""
    return [f"{number} {fate}" for number, fate in fates(run, kind)]


def recorded(scenario: str, *kinds: str) -> TraceRun:
    """A run of recordings of UMIP."""
    paths = [next(UMIP.glob(f"{scenario}-{kind}.pcap*")) for kind in kinds]
    return run_of([Source.of(p, load_declaration(p)) for p in paths], scenario)


def test_each_message_is_one_event_told_by_the_observed_node() -> None:
    """Its time and packet are those of the home agent's capture; the other is named too."""
    agent = exchanges(3)
    found = list(two(agent, at_mobile(agent)).events())
    assert [e.time for e in found] == [e.time for e in agent]
    assert {e.place.file for e in found} == {"ha"}
    assert [str(p) for e in found for p in e.place.also] == [f"mn packet {k}" for k in range(1, 7)]
    assert [e.direction for e in found[:2] if isinstance(e, MobilityMessage)] == ["in", "out"]
    assert [replace(e, direction=None) for e in found] == numbered("ha", agent)


def test_an_update_that_does_not_arrive_was_lost() -> None:
    """It is sent again with the next number, which arrives."""
    agent = exchanges(4)
    mobile = [*at_mobile(agent), update(15.0, 900)]
    run = two(agent, sorted(mobile, key=lambda e: e.time or 0.0))
    assert told(run) == ["0 arrived", "1 arrived", "900 lost", "2 arrived", "3 arrived"]


def test_the_same_update_again_is_another_message() -> None:
    """Of two copies of equal content the first was lost."""
    agent = exchanges(4)
    mobile = at_mobile(agent)
    again = [replace(mobile[2], time=(mobile[2].time or 0.0) - 2.0), *mobile]
    run = two(agent, sorted(again, key=lambda e: e.time or 0.0))
    assert told(run) == ["0 arrived", "1 lost", "1 arrived", "2 arrived", "3 arrived"]


def test_an_answer_that_does_not_come_through_was_lost() -> None:
    """At the mobile node it is not seen, though others of its way are."""
    agent = exchanges(4)
    mobile = [e for e in at_mobile(agent) if getattr(e, "status", 1) or e.sequence != 1]
    run = two(agent, mobile)
    found = told(run, BindingAcknowledgement)
    assert found == ["0 arrived", "1 lost", "2 arrived", "3 arrived"]


def test_what_was_before_or_after_a_capture_is_not_lost() -> None:
    """The home agent's capture begins later and ends earlier."""
    agent = exchanges(8)
    found = [fate for _, fate in fates(two(agent[6:12], at_mobile(agent)))]
    assert found == [*[None] * 3, *["arrived"] * 3, *[None] * 2]


def test_what_passes_elsewhere_is_not_lost() -> None:
    """Nothing was captured on the link that the update takes to the home agent."""
    agent = exchanges(4)
    other = IPv6Address("2001:db8:b::10")
    mobile = [*at_mobile(agent), update(15.0, 900, src=other)]
    run = two(agent, sorted(mobile, key=lambda e: e.time or 0.0))
    assert dict(fates(run))[900] is None


def test_an_answered_update_was_not_lost() -> None:
    """The home agent's capture missed it, but not the answer to it."""
    agent = exchanges(4)
    mobile = at_mobile(agent)
    run = two([e for e in agent if e != agent[2]], mobile)
    assert dict(fates(run))[1] is None


def test_a_capture_that_misses_answers_proves_nothing() -> None:
    """An answer is seen at the mobile node only: then no update is said to be seen or lost."""
    agent = exchanges(4)
    mobile = [*at_mobile(agent), update(15.0, 900)]
    run = two([e for e in agent if e != agent[3]], sorted(mobile, key=lambda e: e.time or 0.0))
    assert {fate for _, fate in fates(run)} == {None}
    assert not run.views[0].whole


def test_one_interface_is_not_all_of_a_home_agent() -> None:
    """Without the home link, a return home would not be seen."""
    agent = exchanges(3)
    declared = replace(AT_AGENT, home_link_interface=None)
    mobile = source("mn", at_mobile(agent), AT_MOBILE)
    run = run_of([source("up", agent, declared), mobile], "made")
    assert (run.views[0].whole, run.views[0].complete) == ({AGENT}, frozenset())
    link = source("home", [report(k, k) for k in range(1, 5)], replace(AT_AGENT, clock="c"))
    both = run_of([source("up", agent, replace(declared, clock="c")), link], "made")
    assert both.views[0].complete == {AGENT}


def test_a_routers_two_links_show_one_message() -> None:
    """What comes in on the home link and goes out to a correspondent node."""
    peer = IPv6Address("2001:db8:cc::2")
    sent = [update(k, k, src=HOME, dst=peer, home_address=None) for k in range(4)]
    links = ((0, 0.0), (1, 1e-4))
    router = [replace(e, time=e.time + s, interface=i) for e in sent for i, s in links]
    at_peer = Declaration(role="correspondent-node", observed=(peer,), at="correspondent-node")
    run = run_of([source("ha", router, AT_AGENT), source("cn", sent, at_peer)], "made")
    assert fates(run) == [(k, "arrived") for k in range(4)]
    assert {len(e.place.also) for e in run.events()} == {2}


def test_the_home_link_is_one_link_in_all_captures() -> None:
    """Interface 0 of another capture is another link; a message on the home link is told there."""
    agent = [*exchanges(3), probe(40.0)]
    mobile = [*at_mobile(agent), probe(50.0, interface=0, frame_src=None)]
    host = [probe(40.001, interface=3), *(report(k, k) for k in range(41, 44))]
    at_host = replace(AT_AGENT, at="elsewhere", home_link_interface=3, clock="c")
    run = run_of(
        [
            source("ha", agent, replace(AT_AGENT, clock="c")),
            source("mn", mobile, AT_MOBILE),
            source("hn", host, at_host),
        ],
        "made",
    )
    assert run.declaration.home_link_interface == 0
    probes = [(e.place.file, e.interface) for e in run.events() if hasattr(e, "target")]
    assert probes[0] == ("ha", 0)
    assert probes[1][0] == "mn"
    assert probes[1][1] != 0
    assert len(probes) == 2


@pytest.mark.parametrize("seed", range(5))
def test_out_of_order_messages_are_paired(seed: int) -> None:
    """Delays of up to two seconds turn the order round, in both directions."""
    rnd = random.Random(seed)
    agent = exchanges(30, every=0.5)
    delays = [rnd.choice((0.001, rnd.uniform(0, 2))) for _ in agent]
    run = two(agent, at_mobile(agent, delays.__getitem__), rnd.uniform(-50, 50))
    found = list(run.events())
    assert [e.time for e in found] == [e.time for e in agent]
    assert all(len(e.place.also) == 1 for e in found)
    assert {f for _, f in fates(run)} == {"arrived"}


def test_drifting_clocks_are_followed_through_the_stream() -> None:
    """A tenth of a thousandth over a day is nine seconds, more than any message is held."""
    agent = exchanges(400, every=216.0)
    mobile = clocked(at_mobile(agent), 3.0, 1e-4)
    found = list(two(agent, mobile, 0.0).events())
    assert len(found) == len(agent)
    assert all(len(e.place.also) == 1 for e in found)


def test_memory_is_that_of_a_few_seconds() -> None:
    """When an event comes out, no capture was read further than messages may be held."""
    agent = exchanges(500, every=1.0)
    ahead = 0.0

    def watched() -> Iterator[Event]:
        nonlocal ahead
        for e in agent:
            ahead = e.time or 0.0
            yield e

    run = run_of([Source("ha", AT_AGENT, watched), source("mn", at_mobile(agent), AT_MOBILE)], "m")
    most = max(ahead - (e.time or 0.0) for e in run.events())
    assert HELD_S - 1.5 < most < HELD_S + 2.5


def test_what_cannot_be_read_is_told_in_its_place() -> None:
    """By the clock of the run; an error without a time comes after what was read before it."""
    agent = exchanges(3)
    broken = ReadError(Place("mn", 3), "broken", "repair it", START + 12.0)
    cut = ReadError(Place("mn", None), "cut", "record it again")
    mobile = [*at_mobile(agent)[:4], broken, *at_mobile(agent)[4:]]
    shifted = clocked(mobile, 100.0)
    sources = [
        source("ha", agent, AT_AGENT),
        Source("mn", AT_MOBILE, lambda: iter([*shifted, cut])),
    ]
    found = list(run_of(sources, "made").events())
    places = [k for k, e in enumerate(found) if isinstance(e, ReadError)]
    assert places == [4, 7]
    assert found[4].time == pytest.approx(START + 12.0, abs=1e-3)


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ([source("a", exchanges(2), AT_AGENT)], "a run of one capture is that capture"),
        ([source("a", exchanges(2), AT_AGENT)] * 2, "two captures of the run are called a"),
        (
            [source("a", exchanges(2), AT_AGENT), source("b", [], AT_MOBILE)],
            "b has no message that is read here",
        ),
        (
            [
                source("a", exchanges(2), AT_AGENT),
                source("b", exchanges(2), replace(AT_MOBILE, dialect=dialect("draft-04", 7))),
            ],
            "declared with different dialects",
        ),
        (
            [
                source("a", exchanges(2), AT_AGENT),
                source("b", exchanges(2), replace(AT_MOBILE, knows_bids=False)),
            ],
            "declared with different answers to knows_bids",
        ),
        (
            [source("a", exchanges(2), AT_AGENT), source("b", [update(1, 70)], AT_MOBILE)],
            "made: b shares too few messages",
        ),
    ],
)
def test_captures_that_are_no_run_are_refused(sources: list[Source], said: str) -> None:
    """In one sentence."""
    with pytest.raises(RunError, match=said) as raised:
        run_of(sources, "made")
    assert "\n" not in str(raised.value)


def test_offsets_are_for_captures_of_the_run() -> None:
    sources = [source("a", exchanges(2), AT_AGENT), source("b", exchanges(2), AT_MOBILE)]
    with pytest.raises(RunError, match="c, which is no capture of the run; use a, b"):
        run_of(sources, "made", {"c": 1.0})


def test_standard_input_cannot_be_read_twice() -> None:
    with pytest.raises(RunError, match="standard input"):
        Source.of(Path("-"), Declaration())


def test_a_missing_file_is_told_as_such() -> None:
    missing = Source.of(Path("nowhere.pcap"), AT_MOBILE)
    with pytest.raises(RunError, match=r"nowhere\.pcap: the file cannot be opened"):
        run_of([source("a", exchanges(2), AT_AGENT), missing], "made")


def test_a_home_agent_is_where_home_registrations_go() -> None:
    """Where the observed node is not declared; an update to a correspondent node passes it."""
    peer = IPv6Address("2001:db8:cc::2")
    passing = update(45.0, 77, dst=peer, home_registration=False, flags_raw=0)
    declared = replace(AT_AGENT, observed=())
    agent = source("ha", [*exchanges(3), passing], declared)
    run = run_of([agent, source("mn", at_mobile(exchanges(3)), AT_MOBILE)], "made")
    assert run.views[0].nodes == {AGENT}


def test_nothing_is_said_of_where_a_capture_was_taken() -> None:
    """Directions tell; without them no capture proves anything."""
    agent = exchanges(3)
    plain = Declaration(observed=(AGENT,))
    mobile = source("mn", at_mobile(agent), plain)
    marked = [replace(e, direction="in" if isinstance(e, BindingUpdate) else "out") for e in agent]
    run = run_of([mobile, source("ha", marked, plain)], "made")
    assert [v.nodes for v in run.views] == [frozenset(), {AGENT}]
    assert {e.place.file for e in run.events()} == {"ha"}
    blind = run_of([mobile, source("ha", agent, plain)], "made")
    assert {fate for _, fate in fates(blind)} == {None}


def test_lost_acknowledgements_of_a_recording() -> None:
    """A router dropped the first five; the retransmissions are other messages."""
    found = fates(recorded("10-lost-ba", "ha", "mn"), BindingAcknowledgement)
    assert found == [(34656 + k, "lost") for k in range(5)] + [(34661, "arrived")]


def test_both_interfaces_of_a_recording_are_the_capture_of_both() -> None:
    """The home agent's two captures against the file that has both, which share no clock offset."""
    both = list(recorded("08-traffic", "ha-up", "ha-home").events())
    whole = recorded("08-traffic", "ha", "mn")
    alone = list(whole.sources[0].open())
    assert [type(e) for e in both] == [type(e) for e in alone]
    assert [e.time for e in both] == [e.time for e in alone]


def test_clocks_of_recordings_agree_without_being_declared() -> None:
    """They are of one machine: the offset is zero within what is said to be uncertain."""
    paths = [UMIP / f"03-move-{kind}.pcap{ng}" for kind, ng in (("ha", "ng"), ("mn", ""))]
    declared = [replace(load_declaration(p), clock=None) for p in paths]
    run = run_of([Source.of(p, d) for p, d in zip(paths, declared, strict=True)], "03-move")
    clock = run.views[1].clock
    assert clock.messages >= 10
    assert clock.uncertainty_s is not None
    assert abs(clock.ahead_at(run.views[1].begin)) <= clock.uncertainty_s < 0.001


def test_addresses_of_the_care_of_network_are_told_apart() -> None:
    """An answer to another mobile node of the same network is not lost at this one."""
    agent = exchanges(4)
    other = IPv6Address(int(CARE_OF) + 1)
    agent = sorted([*agent, answer(16.0, 5, dst=other)], key=lambda e: e.time or 0.0)
    mobile = [e for e in at_mobile(agent) if getattr(e, "dst", None) != other]
    assert dict(fates(two(agent, mobile), BindingAcknowledgement))[5] is None
