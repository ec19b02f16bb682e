"""Every recording is read, and read the same as capture and as event log."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.traces.support import (
    CAPTURES,
    LOGS,
    RECORDED,
    errors,
    events,
    messages,
    name_of,
)
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    DadRefused,
    MobilityMessage,
    NeighborAdvertisement,
    NeighborSolicitation,
    NodeStopped,
    Place,
    Tunnelled,
    UpdateListDump,
)

ANYWHERE = Place("", None)
BROKEN = {
    "shisa/ha55_bid_length_254_nodebug.pcapng": [(3, 76)],
    "tcpdump/ipv6-mobility-header-oobr.pcap": [(1, 40)],
    "tcpdump/mobility_opt_asan.pcap": [(1, 55), (2, 55)],
    "tcpdump/mobility_opt_asan_2.pcap": [(1, 55)],
    "tcpdump/mobility_opt_asan_3.pcap": [(1, 55), (2, 55)],
    "tcpdump/mobility_opt_asan_4.pcap": [(1, 55)],
}


def test_recordings_are_there() -> None:
    assert len(LOGS) == 62
    assert len(CAPTURES) > 100


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_captures_read_with_the_known_errors_only(path: Path) -> None:
    places = [(error.place.packet, error.place.offset) for error in errors(events(path))]
    assert places == BROKEN.get(name_of(path), [])


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_every_checksum_of_real_nodes_is_right(path: Path) -> None:
    found = messages(events(path))
    is_made = path.parent.name == "tcpdump"  # its messages carry a checksum of zero
    assert [m.place for m in found if m.checksum_ok is is_made] == []


def _bare(message: MobilityMessage) -> MobilityMessage:
    return replace(message, place=ANYWHERE, time=0.0, interface=None, direction=None, node=None)


def _bare_capture(path: Path) -> dict[int | None, MobilityMessage]:
    return {m.place.packet: _bare(m) for m in messages(events(path.with_suffix(".pcapng")))}


@pytest.mark.parametrize("path", LOGS, ids=name_of)
def test_log_and_capture_hold_the_same_messages_under_the_same_numbers(path: Path) -> None:
    in_log = [m for m in messages(events(path)) if m.place.packet is not None]
    in_capture = _bare_capture(path)
    assert {m.place.packet for m in in_log} == set(in_capture)
    assert all(_bare(m) == in_capture[m.place.packet] for m in in_log)


@pytest.mark.parametrize("path", LOGS, ids=name_of)
def test_log_and_capture_agree_on_time_and_direction(path: Path) -> None:
    sent = {m.place.packet: m for m in messages(events(path)) if _is_first(path, m)}
    for message in messages(events(path.with_suffix(".pcapng"))):
        twin = sent[message.place.packet]
        assert twin.time == pytest.approx(message.time, abs=1e-6)
        assert twin.direction == message.direction


def _is_first(path: Path, message: MobilityMessage) -> bool:
    """Between two real nodes the capture shows the sending."""
    return message.direction == "out" or not path.name.startswith("e2e")


def test_undelivered_packets_of_a_mobile_node_have_no_number() -> None:
    found = messages(events(RECORDED / "shisa" / "e2e02_move_one_bid.jsonl"))
    unnumbered = [m for m in found if m.place.packet is None]
    assert [(m.node, m.direction) for m in unnumbered] == [("mn", "out")]


def test_each_end_of_a_delivery_is_told_by_its_node() -> None:
    found = messages(events(RECORDED / "shisa" / "e2e05_plain_mn.jsonl"))
    first = [(m.node, m.direction) for m in found if m.place.packet == 1]
    assert first == [("mn", "out"), ("ha", "in")]


def test_hang_is_told_after_the_option_that_caused_it() -> None:
    found = events(RECORDED / "shisa" / "ha55_bid_length_254_nodebug.jsonl")
    assert isinstance(found[-1], NodeStopped)
    assert found[-1].what.startswith("hang")
    assert str(errors(found)[0].place).endswith("line 22 (packet 3), byte 76")


def test_refused_dad_is_told() -> None:
    found = events(RECORDED / "shisa" / "ha34_dad_window_two_bids.jsonl")
    assert [e.reason for e in found if isinstance(e, DadRefused)] == ["already in progress"]


def _dumps(name: str) -> list[CacheDump]:
    found = events(RECORDED / "shisa" / name)
    return [event for event in found if isinstance(event, CacheDump)]


def test_plain_bindings_have_no_bid_in_either_build() -> None:
    for name in ("ha01_plain_reg_refresh_dereg.jsonl", "cn01_rr_plain.jsonl"):
        entries = [entry for dump in _dumps(name) for entry in dump.entries]
        assert entries
        assert all(entry.bid is None for entry in entries)


def test_dump_tells_bid_state_lifetime_and_proxy() -> None:
    under_dad, valid = _dumps("ha04_one_bid.jsonl")[:2]
    assert (under_dad.entries[0].state, under_dad.entries[0].expires_in_s) == ("UNDER_DAD", None)
    assert under_dad.proxied == under_dad.kernel == ()
    entry = valid.entries[0]
    assert (entry.bid, entry.lifetime_s, entry.sequence, entry.state) == (100, 600, 1, "VALID")
    assert entry.home_registration
    assert valid.proxied == (entry.home_address,)
    assert valid.kernel[0].bid == 100


def test_link_local_addresses_lose_the_kernel_s_interface_number() -> None:
    proxied = {str(a) for dump in _dumps("ha41_l_and_k_flags.jsonl") for a in dump.proxied}
    assert proxied == {"2001:db8:1::100", "fe80::100"}


def test_mobile_node_s_list_is_told() -> None:
    found = events(RECORDED / "shisa" / "e2e01_two_bids_refresh.jsonl")
    dump = next(e for e in found if isinstance(e, UpdateListDump))
    assert [(e.level, e.bid, e.lifetime) for e in dump.entries] == [
        ("root", None, 10),
        ("mcoa", 100, 10),
    ]


def test_both_interfaces_of_the_home_agent_are_told_apart() -> None:
    found = events(RECORDED / "umip" / "01-register-ha.pcapng")
    where = {m.interface for m in messages(found)}
    probes = [e for e in found if isinstance(e, NeighborSolicitation) and e.is_dad]
    assert where == {1}
    assert {e.interface for e in probes if str(e.target) == "2001:db8:1::1234"} == {0}


def test_merged_capture_holds_what_its_two_halves_hold() -> None:
    for whole in sorted((RECORDED / "umip").glob("*-ha.pcapng")):
        parts = [whole.with_name(whole.stem + end) for end in ("-home.pcap", "-up.pcap")]
        kinds = Counter(type(e).__name__ for part in parts for e in events(part))
        assert Counter(type(e).__name__ for e in events(whole)) == kinds
        assert Counter(e.interface for e in messages(events(whole)))[0] == len(
            messages(events(parts[0]))
        )


def test_announcement_of_the_home_agent_has_the_manifest_s_flags() -> None:
    found = events(RECORDED / "umip" / "01-register-ha-home.pcap")
    seen = next(e for e in found if e.place.packet == 13 and isinstance(e, NeighborAdvertisement))
    assert (seen.router, seen.solicited, seen.override) == (True, False, False)
    assert seen.target_link_layer == seen.frame_src == "02:00:00:00:01:01"


def test_tunnelled_traffic_and_tunnelled_messages_are_told() -> None:
    traffic = events(RECORDED / "umip" / "08-traffic-ha-up.pcap")
    assert any(isinstance(e, Tunnelled) and str(e.outer_src) == "2001:db8:1::1" for e in traffic)
    inits = messages(events(RECORDED / "umip" / "12p-route-opt-padfix-ha-up.pcap"))
    tunnelled = [m for m in inits if m.tunnelled]
    assert {type(m).__name__ for m in tunnelled} == {"HomeTestInit", "HomeTest"}
    assert all(m.outer_src is not None and m.outer_dst is not None for m in tunnelled)


def test_bulk_registration_has_both_options_and_addresses() -> None:
    update = messages(events(RECORDED / "umip" / "11-crafted-b-ha-up.pcap"))[0]
    assert isinstance(update, BindingUpdate)
    assert [(o.bid, str(o.coa)) for o in update.bids] == [
        (1, "2001:db8:f1::ff:fe00:34"),
        (2, "2001:db8:f2::ff:fe00:34"),
    ]


def test_bids_of_other_lengths_are_read_as_far_as_they_go() -> None:
    found = messages(events(RECORDED / "shisa" / "ha25_bid_wrong_length.pcapng"))
    seen = {o.bid: o.length for m in found if isinstance(m, BindingUpdate) for o in m.bids}
    assert {1002: 2, 1003: 3, 1005: 5, 1006: 6, 1008: 8}.items() <= seen.items()
    statuses = [m.status for m in found if isinstance(m, BindingAcknowledgement)]
    assert statuses[:5] == [0] * 5


def test_flags_of_the_draft_are_read_from_shisa_s_option() -> None:
    found = messages(events(RECORDED / "shisa" / "ha23_bulk_unequal_flags.pcapng"))
    flags = [[(o.c, o.o, o.h) for o in m.bids] for m in found if isinstance(m, BindingUpdate)]
    assert flags[0] == [(True, True, False), (True, False, False)]
    assert flags[1] == [(True, False, True), (True, False, False)]


def test_kame_s_stop_bit_is_no_status() -> None:
    update = messages(events(RECORDED / "shisa" / "ha32_kame_stop_flag.pcapng"))[0]
    assert (update.bids[0].status, update.bids[0].reserved) == (None, 0x8000)


def _aid(path: Path) -> list[list[tuple[int, int, int | None]]]:
    """Options as the recorder's own aid shows them, of messages that it could decode whole."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    aids = [r["decoded"] for r in records if r["kind"] in ("rx", "tx") and "opts" in r["decoded"]]
    return [
        [(o["type"], o["len"], o.get("bid")) for o in aid["opts"] if o["type"] > 1]
        for aid in aids
        if not any(o.get("truncated") for o in aid["opts"])
    ]


@pytest.mark.parametrize("path", LOGS, ids=name_of)
def test_options_are_those_of_the_recorder_s_aid(path: Path) -> None:
    found = messages(events(path))
    ours = [
        [(o.type, o.length, getattr(o, "bid", None)) for o in m.options if o.type > 1]
        for m in found
    ]
    theirs = _aid(path)
    assert [[(kind, size) for kind, size, _ in m] for m in ours] == [
        [(kind, size) for kind, size, _ in m] for m in theirs
    ]
    bids = [[bid for kind, _, bid in m if kind == 7] for m in theirs]
    assert [[bid for kind, _, bid in m if kind == 7] for m in ours] == bids
