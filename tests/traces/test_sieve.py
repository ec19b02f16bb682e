"""What is passed over gives no event: on all recordings, and on frames made to be near it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.support import CAPTURES, name_of
from traces.capture import Frame, read_frames
from traces.dialects import RFC5648
from traces.links import LINK_TYPES
from traces.packets import decode_frame
from traces.sieve import ETHERNET, READ, gives_nothing

LINKS = sorted(LINK_TYPES)
HEADS = {
    0: b"\x1e\0\0\0",
    1: bytes(12) + b"\x86\xdd",
    **dict.fromkeys((12, 14, 101, 229), b""),
    108: b"\0\0\0\x18",
    113: bytes(14) + b"\x86\xdd",
    276: b"\x86\xdd" + bytes(18),
}
OTHERS = {  # IPv4 under each link type that can tell it
    0: b"\2\0\0\0",
    1: bytes(12) + b"\x08\0",
    **dict.fromkeys((12, 14, 101), b""),
    108: b"\0\0\0\2",
    113: bytes(14) + b"\x08\0",
    276: b"\x08\0" + bytes(18),
}


def check(frame: Frame) -> bool:
    """Check that a frame which is passed over gives nothing; return whether it is."""
    passed = gives_nothing(frame.linktype, frame.data)
    assert not passed or decode_frame(frame, "x", RFC5648) == ()
    return passed


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_frames_of_recordings_that_are_passed_over_give_nothing(path: Path) -> None:
    for frame in read_frames(path):
        if isinstance(frame, Frame):
            check(frame)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Draw a frame that looks like an IPv6 packet, or is one, cut somewhere."""
    link = draw(st.sampled_from(LINKS))
    protocol = draw(st.sampled_from([6, 17, 58, 59, 132, 253, *sorted(READ)]))
    version = draw(st.sampled_from([0x60, 0x60, 0x60, 0x40]))
    rest = draw(st.binary(max_size=60))
    length = draw(st.sampled_from([len(rest), 0, 1, 9]))
    kind = bytes([draw(st.sampled_from([128, 129, 133, 135, 136, 143]))])
    header = bytes([version, 0, 0, 0]) + length.to_bytes(2, "big") + bytes([protocol, 64])
    octets = (
        draw(st.sampled_from([HEADS[link], OTHERS.get(link, b"")]))
        + header
        + bytes(32)
        + kind
        + rest
    )
    cut = draw(st.integers(0, len(octets))) if draw(st.booleans()) else len(octets)
    data = octets[:cut]
    return Frame(1, 0.0, link, 0, data, original_length=draw(st.sampled_from([cut, len(octets)])))


@given(frames())
def test_frames_that_are_passed_over_give_nothing(frame: Frame) -> None:
    check(frame)


@given(st.sampled_from(LINKS), st.binary(max_size=80))
def test_other_octets_that_are_passed_over_give_nothing(link: int, octets: bytes) -> None:
    check(Frame(1, 0.0, link, 0, octets))


@pytest.mark.parametrize("protocol", [6, 17, 50, 59])
def test_plain_traffic_is_passed_over(protocol: int) -> None:
    packet = b"\x60\0\0\0\0\x08" + bytes([protocol]) + bytes(41)
    assert all(check(Frame(1, 0.0, link, 0, head + packet)) for link, head in HEADS.items())


def test_every_link_type_is_known_to_the_sieve() -> None:
    assert set(HEADS) == LINK_TYPES
    assert set(OTHERS) == LINK_TYPES - {229}


@pytest.mark.parametrize("link", OTHERS)
def test_ipv4_is_passed_over(link: int) -> None:
    octets = OTHERS[link] + b"\x45" + bytes(39)
    assert check(Frame(1, 0.0, link, 0, octets))
    whole = len(OTHERS[link]) or 1
    assert all(not check(Frame(1, 0.0, link, 0, octets[:end])) for end in range(whole - 2))


@pytest.mark.parametrize("link", HEADS)
def test_messages_and_cut_headers_are_not_passed_over(link: int) -> None:
    packet = b"\x60\0\0\0\0\x08\x87" + bytes(41)
    octets = HEADS[link] + packet
    assert not any(check(Frame(1, 0.0, link, 0, octets[:end])) for end in range(len(octets) + 1))


def test_other_protocols_on_ethernet_are_passed_over() -> None:
    assert check(Frame(1, 0.0, ETHERNET, 0, bytes(12) + b"\x08\x06" + bytes(28)))
    assert not check(Frame(1, 0.0, ETHERNET, 0, bytes(12) + b"\x81\x00" + bytes(28)))
