"""Captures that are cut, lie, repeat themselves, or were made to take long."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import check_error, events_in
from tests.traces.generated import divided
from tests.traces.support import AGENT, CARE_OF, home_update
from traces.dialects import DRAFT_04, make_bid
from traces.events import Event, ReadError
from traces.write import build_packet

PACKETS = [
    build_packet(home_update(sequence=at, options=(make_bid(DRAFT_04, at),)), DRAFT_04)
    for at in range(1, 5)
]
HEAD = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 229)


def _pcap(packets: list[bytes]) -> bytes:
    """A pcap file of IPv6 packets, a second apart."""
    records = (struct.pack("<IIII", at, 0, len(p), len(p)) + p for at, p in enumerate(packets))
    return HEAD + b"".join(records)


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", 12 + len(body) + -len(body) % 4)
    return struct.pack("<I", kind) + size + body + bytes(-len(body) % 4) + size


def _pcapng(packets: list[bytes]) -> bytes:
    """A pcapng file of IPv6 packets, with microseconds."""
    section = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = _block(1, struct.pack("<HHI", 229, 0, 262144))
    heads = (struct.pack("<5I", 0, 0, at * 10**6, len(p), len(p)) for at, p in enumerate(packets))
    return (
        section
        + interface
        + b"".join(_block(6, h + p) for h, p in zip(heads, packets, strict=True))
    )


FORMS = {"pcap": _pcap, "pcapng": _pcapng}


@pytest.mark.parametrize("form", FORMS)
def test_a_capture_cut_at_any_octet_is_read_up_to_there(form: str) -> None:
    octets = FORMS[form](PACKETS)
    whole = events_in(octets)
    assert len(whole) == len(PACKETS)
    counts = []
    for end in range(1, len(octets)):
        found = events_in(octets[:end])
        sound = [event for event in found if not isinstance(event, ReadError)]
        assert sound == whole[: len(sound)]
        assert found[: len(sound)] == sound
        for error in found[len(sound) :]:
            assert isinstance(error, ReadError)
            check_error(error)
        assert len(found) <= len(sound) + 1
        counts.append((len(sound), len(found) - len(sound)))
    assert all(a[0] <= b[0] for a, b in pairwise(counts))
    # Only where a record ends is nothing missed; pcapng has blocks before its first packet too.
    assert sum(not errors for _, errors in counts) == (4 if form == "pcap" else 5)


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_lengths_that_lie_are_errors_or_nothing_worse(form: str, data: st.DataObject) -> None:
    octets = bytearray(FORMS[form](PACKETS))
    at = data.draw(st.integers(4, len(octets) - 4))
    lie = data.draw(st.sampled_from((0, 1, 2**31, 2**32 - 1)) | st.integers(0, 2**32 - 1))
    octets[at : at + 4] = lie.to_bytes(4, "little")
    for event in events_in(bytes(octets)):
        if isinstance(event, ReadError):
            check_error(event)


@pytest.mark.parametrize("form", FORMS)
@given(order=st.lists(st.sampled_from(range(len(PACKETS))), max_size=12))
def test_packets_repeated_and_reordered_are_read_each_by_itself(
    form: str, order: list[int]
) -> None:
    alone = [events_in(FORMS[form]([packet])) for packet in PACKETS]
    found = events_in(FORMS[form]([PACKETS[at] for at in order]))
    assert [_unplaced(event) for event in found] == [_unplaced(alone[at][0]) for at in order]
    assert [event.place.packet for event in found] == list(range(1, len(order) + 1))


def _unplaced(event: Event) -> Event:
    assert not isinstance(event, ReadError)
    return replace(event, place=replace(event.place, packet=None), time=0.0)  # type: ignore[call-arg]


def test_options_of_no_length_come_to_an_end() -> None:
    """PadN of no octets goes on by two; a neighbour option of no octets goes nowhere: an error."""
    padded = events_in(_pcap([_ip(135, _header(b"\1\0" * 1018))]))
    assert len(padded[0].options) == 1018  # type: ignore[union-attr]
    (error,) = events_in(_pcap([_ip(58, b"\x87" + bytes(23) + bytes(400))]))
    assert isinstance(error, ReadError)
    assert "option of 0 octets does not fit" in error.what


def _ip(following: int, payload: bytes) -> bytes:
    head = struct.pack(">IHBB", 0x60000000, len(payload), following, 64)
    return head + CARE_OF.packed + AGENT.packed + payload


def _header(options: bytes) -> bytes:
    """A Binding Update with options that fill it."""
    units = (12 + len(options)) // 8 - 1
    return bytes([59, units, 5, 0, 0, 0]) + bytes.fromhex("0001c0000096") + options


def _options(count: int) -> bytes:
    """A Binding Update with so many mobility options: 4 and a multiple of 8, 2036 at most."""
    return _ip(135, _header(bytes(count)))


def _headers(count: int) -> bytes:
    """A packet with so many extension headers."""
    header = bytes([60, 0, 1, 4, 0, 0, 0, 0])
    return _ip(60, header * (count - 1) + bytes([59]) + header[1:])


def _neighbours(count: int) -> bytes:
    """A solicitation with so many options."""
    return _ip(58, b"\x87" + bytes(23) + b"\x0e\1\0\0\0\0\0\0" * count)


def _records(count: int) -> bytes:
    """A Listener Report with so many records."""
    head = b"\x8f\0\0\0\0\0" + count.to_bytes(2, "big")
    return _ip(58, head + (b"\3\0\0\0" + AGENT.packed) * count)


GREAT = [(_options, 2036), (_headers, 8000), (_neighbours, 8000), (_records, 3000)]


@pytest.mark.parametrize(("make", "most"), GREAT)
def test_time_grows_no_faster_than_what_a_packet_holds(
    make: Callable[[int], bytes], most: int
) -> None:
    short, long = make(most // 8 // 8 * 8 + 4), make(most)
    assert _time([long] * 8) < 24 * _time([short] * 8)


def test_time_grows_no_faster_than_the_fragments_of_a_packet() -> None:
    short, long = (divided(_headers(count), range(count))[::-1] for count in (1000, 8000))
    assert len(long) == 8000
    assert _time(long) < 24 * _time(short)


@pytest.mark.long
@pytest.mark.parametrize(("make", "most"), GREAT)
def test_time_grows_no_faster_than_the_packets(make: Callable[[int], bytes], most: int) -> None:
    """A million options and more."""
    assert _time([make(most)] * 500) < 30 * _time([make(most)] * 50)


def _time(packets: list[bytes]) -> float:
    """Seconds of CPU that reading takes, the least of three times."""
    octets, times = _pcap(packets), []
    for _ in range(3):
        start = process_time()
        assert events_in(octets) is not None
        times.append(process_time() - start)
    return min(times)
