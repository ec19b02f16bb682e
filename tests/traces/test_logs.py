"""Lines of event logs, whole and broken."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traces.dialects import dialect
from traces.events import (
    CacheDump,
    DadResult,
    Event,
    KernelDrop,
    Meta,
    NodeStopped,
    ProxyAdvertisement,
    ProxyNd,
    ReadError,
)
from traces.logs import OBSERVATIONS, log_events, number_packets

WIRE = dialect("draft-04", 7)
ENTRY = {
    "hoa": "2001:db8:1::100",
    "coa": "2001:db8:a::10",
    "myaddr": "2001:db8:1::1",
    "bid": -1,
    "lifetime": 600,
    "expires_in": 599,
    "seq": 3,
    "flags": "A",
    "flags_raw": "0x8000",
    "state": "VALID",
}


def _log(*records: Any) -> list[Event]:
    text = "\n".join(json.dumps({"t": 1.0} | record) for record in records)
    return list(log_events(text.encode(), "made.jsonl", WIRE))


def test_observations_are_read() -> None:
    target = {"target": "fe80:1::100"}
    found = _log(
        {"kind": "proxynd-start", **target},
        {"kind": "proxynd-stop", **target, "node": "ha"},
        {"kind": "na-tx", **target, "dst": "ff02::1", "override": 1},
        {"kind": "dad-result", "addr": "2001:db8::1", "result": "duplicate"},
        {"kind": "crash", "note": "signal 11"},
        {"kind": "kernel-drop", "why": "bad checksum"},
        {"kind": "log", "msg": "nothing of note"},
    )
    started, stopped, announced, dad, crash, drop = found
    assert isinstance(started, ProxyNd)
    assert isinstance(stopped, ProxyNd)
    assert (started.active, stopped.active, stopped.node) == (True, False, "ha")
    assert str(started.address) == "fe80::100"
    assert isinstance(announced, ProxyAdvertisement)
    assert announced.override
    assert isinstance(dad, DadResult)
    assert not dad.success
    assert isinstance(crash, NodeStopped)
    assert crash.what == "crash: signal 11"
    assert isinstance(drop, KernelDrop)
    assert drop.reason == "bad checksum"


def test_entry_without_bid_field_is_a_plain_binding() -> None:
    (dump,) = _log({"kind": "bc-dump", "bc": [ENTRY], "kernel_bc": [], "proxynd": []})
    assert isinstance(dump, CacheDump)
    entry = dump.entries[0]
    assert (entry.bid, entry.lifetime_s, entry.expires_in_s, entry.sequence) == (None, 600, 599, 3)
    assert not entry.home_registration


def test_nodes_of_a_log_are_told() -> None:
    (meta,) = _log(
        {"kind": "meta", "description": "d", "implementation": "i", "nodes": {"ha": "had"}}
    )
    assert isinstance(meta, Meta)
    assert meta.daemon == "ha: had"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "the line is no event"),
        ("[]", "it is no JSON object"),
        ('{"t": 1, "kind": "tx"}', "its field 'pkt' is missing"),
        ('{"t": 1, "kind": "tx", "pkt": "6z"}', "the event cannot be read"),
        ('{"t": 1, "kind": "tx", "pkt": 3}', "the event cannot be read"),
        ('{"t": NaN, "kind": "log"}', "its time is no number"),
        ('{"kind": "bc-dump"}', "its field 't' is missing"),
        ('{"t": 1, "kind": "bc-dump", "bc": 3, "proxynd": []}', "the event cannot be read"),
        ('{"t": 1, "kind": ["tx"]}', "the event cannot be read"),
        ('{"t": 1, "kind": "dad-start", "addr": "home"}', "the event cannot be read"),
        ("[" * 100000, "the line is no event"),
        ('{"t": 1e999, "kind": "log"}', "its time is no number"),
    ],
)
def test_broken_line_is_one_error_and_reading_goes_on(line: str, says: str) -> None:
    good = '{"t": 1, "kind": "proxynd-start", "target": "2001:db8::1"}'
    text = f"{good}\n\n{line}\n{good}\n"
    first, bad, last = log_events(text.encode(), "made.jsonl", WIRE)
    assert isinstance(bad, ReadError)
    assert str(bad).startswith("made.jsonl line 3")
    assert says in bad.what
    assert (first.place.line, last.place.line) == (1, 4)


def test_broken_packet_is_an_error_with_line_packet_and_byte() -> None:
    (bad,) = _log({"kind": "rx", "pkt": "60"})
    assert isinstance(bad, ReadError)
    assert str(bad).startswith("made.jsonl line 1 (packet 1), byte 0: the IPv6 header is cut off")


def test_packets_of_one_node_are_counted() -> None:
    records = [{"kind": kind, "pkt": "00"} for kind in ("meta", "rx", "log", "tx")]
    assert number_packets(records) == [None, 1, None, 2]


def test_packet_between_nodes_has_one_number_and_lost_ones_none() -> None:
    sent = [{"kind": "tx", "node": "mn", "pkt": octets} for octets in ("aa", "bb", "cc")]
    received = [{"kind": "rx", "node": "ha", "pkt": octets} for octets in ("aa", "cc")]
    assert number_packets(sent + received) == [1, None, 2, 1, 2]


def test_same_octets_sent_twice_are_two_packets() -> None:
    sent = {"kind": "tx", "node": "mn", "pkt": "aa"}
    received = {"kind": "rx", "node": "ha", "pkt": "aa"}
    assert number_packets([sent, sent, received, received]) == [1, 2, 1, 2]


scalars = st.sampled_from([None, True, -1, 0, 10**400, 0.5, float("inf"), "", "zz", "60", "::1"])
entries = st.sampled_from([{}, ENTRY, ENTRY | {"bid": None}, ENTRY | {"expires_in": 1e999}])
values = scalars | entries | st.lists(scalars | entries, max_size=2)
keys = st.sampled_from([*ENTRY, "t", "bc", "bul", "kernel_bc", "proxynd", "pkt", "addr", "node"])


@settings(deadline=None)
@given(st.sampled_from([*OBSERVATIONS, "rx"]), st.dictionaries(keys, values, max_size=5))
def test_records_of_no_sense_never_raise(kind: str, record: dict[str, Any]) -> None:
    found = _log({"kind": kind} | record)
    assert len(found) <= 1
    assert all(event.place.line == 1 for event in found)


@settings(deadline=None)
@given(st.binary())
def test_octets_of_no_sense_never_raise(data: bytes) -> None:
    assert all(isinstance(event, ReadError) for event in log_events(data, "x", WIRE))
