"""What is passed over gives no event: on all recordings, and on frames made to be near it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.support import CAPTURES, name_of
from traces.capture import Frame, read_frames
from traces.dialects import RFC5648
from traces.packets import decode_frame
from traces.sieve import ETHERNET, READ, gives_nothing

LINKS = (0, 1, 12, 101, 108, 113, 229, 276)
HEADS = {1: bytes(12) + b"\x86\xdd", 113: bytes(14) + b"\x86\xdd", 229: b""}


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
    octets = HEADS.get(link, b"") + header + bytes(32) + kind + rest
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


def test_other_protocols_on_ethernet_are_passed_over() -> None:
    assert check(Frame(1, 0.0, ETHERNET, 0, bytes(12) + b"\x08\x06" + bytes(28)))
    assert not check(Frame(1, 0.0, ETHERNET, 0, bytes(12) + b"\x81\x00" + bytes(28)))
