"""Containers: byte orders, clocks, sections, interfaces, comments, and files that end early."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import dpkt
import pcapng
import pcapng.blocks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traces.support import CAPTURES, RECORDED, name_of
from traces.capture import Frame, frames_of, read_frames
from traces.events import ReadError

BY_HAND = [path for path in CAPTURES if path.stat().st_size < 20000]


def _read(data: bytes, name: str) -> Iterator[Frame | ReadError]:
    return frames_of(io.BufferedReader(io.BytesIO(data)), name)


def _frames(data: bytes) -> list[Frame]:
    found = list(_read(data, "made.pcap"))
    assert all(isinstance(frame, Frame) for frame in found), found
    return [frame for frame in found if isinstance(frame, Frame)]


def _pcap(order: str, magic: int, fraction: int, octets: bytes = b"abc", link: int = 229) -> bytes:
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    return head + struct.pack(order + "IIII", 7, fraction, len(octets), 90) + octets


def _block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def _option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def _section(order: str) -> bytes:
    return _block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def _interface(order: str, link: int, *options: bytes) -> bytes:
    return _block(order, 1, struct.pack(order + "HHI", link, 0, 0) + b"".join(options))


def _packet(order: str, which: int, ticks: int, octets: bytes, *options: bytes) -> bytes:
    head = struct.pack(order + "IIIII", which, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), 90)
    return _block(order, 6, head + octets + bytes(-len(octets) % 4) + b"".join(options))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "per_second"), [(0xA1B2C3D4, 10**6), (0xA1B23C4D, 10**9)])
def test_pcap_of_each_byte_order_and_clock(order: str, magic: int, per_second: int) -> None:
    frame = _frames(_pcap(order, magic, per_second // 4))[0]
    assert (frame.number, frame.time, frame.linktype) == (1, 7.25, 229)
    assert (frame.data, frame.original_length, frame.interface) == (b"abc", 90, 0)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_frame_has_interface_clock_comment_and_direction(order: str) -> None:
    options = _option(order, 1, "größer".encode()), _option(order, 2, struct.pack(order + "I", 2))
    data = _section(order) + _interface(order, 1)
    data += _interface(order, 229, _option(order, 9, b"\x09"))
    data += _packet(order, 1, 5 * 10**9 + 5 * 10**8, b"abc", *options)
    frame = _frames(data)[0]
    assert (frame.linktype, frame.interface, frame.time) == (229, 1, 5.5)
    assert (frame.comment, frame.direction, frame.data) == ("größer", "out", b"abc")


def test_pcapng_clock_in_powers_of_two_and_with_offset() -> None:
    clock = _option("<", 9, b"\x81"), _option("<", 14, struct.pack("<q", 100))
    data = _section("<") + _interface("<", 1, *clock) + _packet("<", 0, 3, b"a")
    assert _frames(data)[0].time == 101.5


def test_pcapng_sections_of_both_byte_orders_number_on() -> None:
    first = _section("<") + _interface("<", 1) + _packet("<", 0, 0, b"a")
    second = _section(">") + _interface(">", 229) + _packet(">", 0, 0, b"b")
    found = [(f.number, f.interface, f.linktype) for f in _frames(first + second)]
    assert found == [(1, 0, 1), (2, 1, 229)]


def test_pcapng_unknown_blocks_are_passed_and_old_packets_read() -> None:
    old = struct.pack("<HHIIII", 0, 0, 0, 2500000, 3, 3) + b"abc\0"
    simple = struct.pack("<I", 3) + b"xyz\0"
    data = _section("<") + _interface("<", 1) + _block("<", 0xBAD, b"1234")
    data += _block("<", 2, old) + _block("<", 3, simple)
    assert [(f.time, f.data) for f in _frames(data)] == [(2.5, b"abc"), (2.5, b"xyz")]


def test_pcapng_packet_of_an_undescribed_interface_is_one_error() -> None:
    data = _section("<") + _interface("<", 1)
    data += _packet("<", 4, 0, b"a") + _packet("<", 0, 0, b"b")
    bad, good = _read(data, "made.pcapng")
    assert isinstance(bad, ReadError)
    assert str(bad).startswith("made.pcapng packet 1: a packet names interface 4")
    assert isinstance(good, Frame)
    assert good.number == 2


def test_pcapng_packet_longer_than_its_block_is_one_error() -> None:
    head = struct.pack("<IIIII", 0, 0, 0, 99, 99)
    data = _section("<") + _interface("<", 1) + _block("<", 6, head + b"abcd")
    (bad,) = _read(data, "made.pcapng")
    assert isinstance(bad, ReadError)
    assert bad.place.packet == 1


@pytest.mark.parametrize("name", ["umip/01-register-ha.pcapng", "umip/01-register-ha-up.pcap"])
def test_cut_file_yields_what_is_whole_and_one_error(name: str) -> None:
    data = (RECORDED / name).read_bytes()
    whole = _frames(data)
    for cut in range(len(data) - 400, len(data)):
        *frames, last = _read(data[:cut], name)
        assert frames == whole[: len(frames)]
        if isinstance(last, ReadError):
            assert last.place.packet == len(frames) + 1
        else:
            assert last == whole[len(frames)]
    assert isinstance(list(_read(data[:-3], name))[-1], ReadError)


@pytest.mark.parametrize("data", [b"", b"\x0a\x0d\x0d\x0a", b"hello", b"\xa1\xb2\xc3\xd4\0"])
def test_what_is_no_capture_is_one_error(data: bytes) -> None:
    (only,) = _read(data, "x")
    assert isinstance(only, ReadError)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_broken_captures_never_raise(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(BY_HAND))
    octets = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    found = list(_read(bytes(octets), "x"))
    numbers = [f.number if isinstance(f, Frame) else f.place.packet for f in found]
    assert numbers in ([None], list(range(1, len(found) + 1)))


def _with_dpkt(path: Path) -> list[tuple[float, bytes]]:
    with path.open("rb") as file:
        return [(float(time), octets) for time, octets in dpkt.pcap.Reader(file)]


def _with_pcapng(path: Path) -> list[tuple[float, bytes]]:
    with path.open("rb") as file:
        blocks = list(pcapng.FileScanner(file))
    packets = [b for b in blocks if isinstance(b, pcapng.blocks.EnhancedPacket)]
    return [(b.timestamp, b.packet_data) for b in packets]


@pytest.mark.filterwarnings("ignore:Field type:DeprecationWarning")
@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_frames_are_those_that_other_readers_find(path: Path) -> None:
    theirs = _with_dpkt(path) if path.suffix == ".pcap" else _with_pcapng(path)
    ours = [frame for frame in read_frames(path) if isinstance(frame, Frame)]
    assert [frame.data for frame in ours] == [octets for _, octets in theirs]
    assert [frame.time for frame in ours] == pytest.approx([time for time, _ in theirs], abs=1e-6)
