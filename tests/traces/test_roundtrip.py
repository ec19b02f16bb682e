"""Messages to octets and back, octets to messages and back, and octets of no sense at all."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traces.support import CAPTURES, HERE, messages, name_of, without_padding
from traces.capture import Frame, read_frames
from traces.declaration import Declaration, load_declaration
from traces.dialects import DRAFT_04, KAME, RFC5648, Dialect, dialect
from traces.encode import encode_mobility
from traces.events import (
    AlternateCareOf,
    BidOption,
    BindingAcknowledgement,
    BindingAuthorization,
    BindingError,
    BindingRefreshRequest,
    BindingUpdate,
    CareofTest,
    CareofTestInit,
    HomeTest,
    HomeTestInit,
    Ipv4CareOf,
    Ipv4HomeAddress,
    LinkLayerAddress,
    MobileNetworkPrefix,
    MobilityMessage,
    NeighborAdvertisement,
    NonceIndices,
    Option,
    ReadError,
    RefreshAdvice,
    UnknownOption,
)
from traces.links import LINK_TYPES
from traces.mobility import checksum
from traces.packets import Origin, decode_frame, decode_packet
from traces.read import read_trace
from traces.write import build_advertisement, build_packet, write_capture

WIRES = [KAME, DRAFT_04, RFC5648, dialect("draft-04", 7), dialect("rfc5648", 253)]
octet, word = st.integers(0, 255), st.integers(0, 65535)
address = st.integers(0, 2**128 - 1).map(IPv6Address)
eight = st.binary(min_size=8, max_size=8)
addresses = {
    "src": address,
    "dst": address,
    "home_address": st.none() | address,
    "routing_home": st.none() | address,
    "checksum_ok": st.booleans(),
    "payload_proto": octet,
}


def _bids(wire: Dialect) -> st.SearchStrategy[BidOption]:
    """Well-formed BID options of a dialect."""
    plain = {"type": st.just(wire.option_type), "bid": word}
    if wire.layout == "kame":
        return st.builds(BidOption, **plain, length=st.just(4), reserved=word)
    plain |= {"status": octet, "h": st.booleans()}
    if wire.layout == "draft-04":
        plain |= {"o": st.booleans(), "reserved": st.integers(0, 31)}
        far = st.builds(BidOption, **plain, length=st.just(20), c=st.just(True), coa=address)
        return far | st.builds(BidOption, **plain, length=st.just(4), c=st.booleans())
    plain |= {"reserved": st.integers(0, 127)}
    ipv4 = st.integers(0, 2**32 - 1).map(IPv4Address)
    return (
        st.builds(BidOption, **plain, length=st.just(4))
        | st.builds(BidOption, **plain, length=st.just(20), coa=address)
        | st.builds(BidOption, **plain, length=st.just(8), ipv4_coa=ipv4)
    )


def _unknown(kind: int, data: bytes) -> Option:
    return UnknownOption(kind, len(data), data=data)


def _link_layer(code: int, octets: bytes) -> Option:
    return LinkLayerAddress(7, 1 + len(octets), code=code, link_layer=octets.hex(":"))


def _later_options(wire: Dialect) -> st.SearchStrategy[Option]:
    """Options of RFC 5555 and RFC 5568; some dialects have the BID under the type of the last."""
    ipv4 = st.integers(0, 2**32 - 1).map(IPv4Address)
    found = st.builds(Ipv4CareOf, st.just(32), st.just(6), coa=ipv4) | st.builds(
        Ipv4HomeAddress,
        st.just(29),
        st.just(6),
        home_address=ipv4,
        prefix_length=st.integers(0, 63),
        is_prefix=st.booleans(),
    )
    if wire.option_type == 7:
        return found
    return found | st.builds(_link_layer, octet, st.binary(max_size=9))


def _options(wire: Dialect) -> st.SearchStrategy[tuple[Option, ...]]:
    """Options in any order, without padding."""
    kinds = st.integers(8, 255).filter(lambda kind: kind not in (29, 32, wire.option_type))
    other = (
        st.builds(AlternateCareOf, st.just(3), st.just(16), coa=address)
        | st.builds(NonceIndices, st.just(4), st.just(4), home=word, careof=word)
        | st.builds(
            BindingAuthorization,
            st.just(5),
            st.just(12),
            data=st.binary(min_size=12, max_size=12),
        )
        | st.builds(RefreshAdvice, st.just(2), st.just(2), interval=word)
        | st.builds(
            MobileNetworkPrefix, st.just(6), st.just(18), prefix=address, prefix_length=octet
        )
        | st.builds(_unknown, kinds, st.binary(max_size=20))
    )
    return st.lists(other | _later_options(wire) | _bids(wire), max_size=6).map(tuple)


def _messages(wire: Dialect) -> st.SearchStrategy[MobilityMessage]:
    """Messages of every type."""
    shared = {
        "place": st.just(HERE),
        "time": st.just(0.0),
        "options": _options(wire),
        **addresses,
    }
    test = {"nonce_index": word, "cookie": eight, "token": eight}
    update = {"sequence": word, "flags_raw": word, "lifetime": word}
    answer = {"status": octet, "flags_raw": octet, "sequence": word, "lifetime": word}
    return st.one_of(
        st.builds(BindingUpdate, **shared, **update),
        st.builds(BindingAcknowledgement, **shared, **answer),
        st.builds(BindingRefreshRequest, **shared),
        st.builds(HomeTestInit, **shared, cookie=eight),
        st.builds(CareofTestInit, **shared, cookie=eight),
        st.builds(HomeTest, **shared, **test),
        st.builds(CareofTest, **shared, **test),
        st.builds(BindingError, **shared, status=octet, home_address_in_message=address),
    )


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: f"{wire.name}-{wire.option_type}")
@settings(deadline=None, max_examples=100)
@given(st.data())
def test_message_comes_back(wire: Dialect, data: st.DataObject) -> None:
    sent = data.draw(_messages(wire))
    (back,) = decode_packet(build_packet(sent, wire), 0, Origin(HERE, 0.0), wire)
    assert isinstance(back, MobilityMessage), str(back)
    assert without_padding(back) == sent


@given(
    st.builds(
        NeighborAdvertisement,
        place=st.just(HERE),
        time=st.just(0.0),
        src=address,
        dst=address,
        target=address,
        router=st.booleans(),
        solicited=st.booleans(),
        override=st.booleans(),
        target_link_layer=st.none() | st.binary(min_size=6, max_size=6).map(lambda b: b.hex(":")),
    )
)
def test_advertisement_comes_back_and_its_checksum_is_right(sent: NeighborAdvertisement) -> None:
    packet = build_advertisement(sent)
    assert packet[7] == 255
    assert checksum(packet[40:], sent.src, sent.dst, 58) == 0
    assert decode_packet(packet, 0, Origin(HERE, 0.0), KAME) == (sent,)


def test_written_capture_is_read_again(tmp_path: Path) -> None:
    made = BindingUpdate(
        HERE, 1795392000.000001, src=IPv6Address("::1"), dst=IPv6Address("::2"), sequence=9
    )
    path = tmp_path / "made.pcap"
    write_capture(path, [(made.time, build_packet(made, DRAFT_04)), (2.5, b"\x60")])
    back, cut = read_trace(path, Declaration(dialect=DRAFT_04))
    assert isinstance(back, BindingUpdate)
    assert without_padding(back) == replace(made, interface=0, time=back.time)
    assert back.time == pytest.approx(made.time, abs=1e-9)
    assert isinstance(cut, ReadError)
    assert str(cut).startswith("made.pcap packet 2, byte 0: the IPv6 header is cut off")


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_recorded_headers_come_back_octet_by_octet(path: Path) -> None:
    wire = load_declaration(path).dialect
    for frame in read_frames(path):
        assert isinstance(frame, Frame)
        for message in messages(decode_frame(frame, path.name, wire)):
            start = message.offsets["header"]
            made = encode_mobility(message, wire)
            wanted = bytearray(frame.data[start : start + len(made)])
            wanted[4:6] = b"\0\0"  # the checksum is filled in later
            assert made == wanted


FRAMES = [
    frame.data
    for path in CAPTURES[:: max(1, len(CAPTURES) // 40)]
    for frame in read_frames(path)
    if isinstance(frame, Frame)
][:400]


@pytest.mark.parametrize("wire", [KAME, DRAFT_04, RFC5648], ids=lambda wire: wire.name)
@settings(deadline=None, max_examples=300)
@given(octets=st.binary(max_size=120), link=st.sampled_from([*sorted(LINK_TYPES), 147]))
def test_octets_of_no_sense_never_raise(wire: Dialect, octets: bytes, link: int) -> None:
    assert_one_event_or_place(decode_frame(Frame(1, 0.0, link, 0, octets), "x", wire), len(octets))


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_changed_packets_never_raise(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from(FRAMES)))
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(octet)
    cut = data.draw(st.integers(0, len(octets)))
    link = data.draw(st.sampled_from([1, 229]))
    frame = Frame(1, 0.0, link, 0, bytes(octets[: cut or None]))
    assert_one_event_or_place(decode_frame(frame, "x", dialect("draft-04", 7)), len(octets))


def assert_one_event_or_place(found: tuple[object, ...], size: int) -> None:
    """A frame gives at most one event, and an error points into it."""
    assert len(found) <= 1
    for event in found:
        if isinstance(event, ReadError):
            assert event.place.offset is not None
            assert 0 <= event.place.offset <= size
            assert str(event).endswith(".")
