"""Link layers, header chains, fragments, tunnels, neighbour discovery."""

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from tests.traces.support import AGENT, CARE_OF, home_update, without_padding
from traces.capture import Frame
from traces.dialects import RFC5648
from traces.events import (
    BindingUpdate,
    Event,
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    ReadError,
    Tunnelled,
    solicited_node,
)
from traces.packets import DEEPEST_TUNNEL, decode_frame
from traces.write import build_packet

PACKET = build_packet(home_update(), RFC5648)
MAC = bytes.fromhex("020000000101")
ETHERNET = MAC + MAC + b"\x86\xdd"
COOKED = bytes.fromhex("0004000100060200000001010000") + b"\x86\xdd"
COOKED_2 = b"\x86\xdd" + bytes(6) + bytes.fromhex("0001040602000000010100 00")


def _read(link: int, octets: bytes) -> tuple[Event, ...]:
    return decode_frame(Frame(1, 0.0, link, 0, octets, original_length=len(octets)), "x", RFC5648)


def _ip(following: int, payload: bytes) -> bytes:
    head = bytes.fromhex("60000000") + len(payload).to_bytes(2, "big") + bytes([following, 64])
    return head + CARE_OF.packed + AGENT.packed + payload


def _error(octets: bytes) -> ReadError:
    (event,) = _read(229, octets)
    assert isinstance(event, ReadError)
    return event


@pytest.mark.parametrize(
    ("link", "head"),
    [
        (1, ETHERNET),
        (1, MAC + MAC + b"\x81\x00\x00\x07\x86\xdd"),
        (101, b""),
        (12, b""),
        (229, b""),
        (0, b"\x1e\0\0\0"),
        (0, b"\0\0\0\x18"),
        (108, b"\0\0\0\x0a"),
        (113, COOKED),
        (276, COOKED_2),
    ],
)
def test_each_link_layer_leads_to_the_message(link: int, head: bytes) -> None:
    (event,) = _read(link, head + PACKET)
    assert isinstance(event, BindingUpdate)
    assert event.checksum_ok
    assert event.offsets["ip"] == len(head)


def test_cooked_capture_tells_the_direction() -> None:
    for link, head in ((113, COOKED), (276, COOKED_2)):
        (event,) = _read(link, head + PACKET)
        assert isinstance(event, BindingUpdate)
        assert event.direction == "out"


@pytest.mark.parametrize(
    ("link", "octets"),
    [
        (1, MAC + MAC + b"\x08\x00" + bytes(40)),
        (101, b"\x45" + bytes(40)),
        (0, b"\x02\0\0\0" + bytes(40)),
        (113, COOKED[:14] + b"\x08\x00" + bytes(40)),
        (229, _ip(17, bytes(8))),
        (229, _ip(50, bytes(16))),
        (229, _ip(59, b"")),
        (229, _ip(58, b"\x80\0\0\0")),
        (229, _ip(44, bytes.fromhex("1100000900000001") + bytes(8))),
    ],
)
def test_other_traffic_gives_nothing(link: int, octets: bytes) -> None:
    assert _read(link, octets) == ()


def test_unread_link_type_says_what_to_do() -> None:
    (event,) = _read(147, PACKET)
    assert isinstance(event, ReadError)
    assert "link type 147 is not read; capture as Ethernet" in str(event)


def test_ethernet_padding_is_not_part_of_the_packet() -> None:
    (event,) = _read(1, ETHERNET + PACKET + bytes(6))
    assert isinstance(event, BindingUpdate)


def test_octets_behind_the_packet_do_not_fill_up_its_message() -> None:
    short = bytearray(ETHERNET + PACKET)
    short[19] -= 8  # the payload length of the IPv6 header
    (event,) = _read(1, bytes(short))
    assert isinstance(event, ReadError)
    assert "claims 16 octets, the packet has 8" in event.what


def test_fragment_of_a_message_is_an_error() -> None:
    for head in ("8700000100000001", "8700001000000001"):
        error = _error(_ip(44, bytes.fromhex(head) + bytes(16)))
        assert "fragmented Mobility Header is not read" in error.what
        assert error.place.offset == 40


def test_whole_packet_with_fragment_and_authentication_header_is_read() -> None:
    plain = replace(home_update(), home_address=None)
    header = build_packet(plain, RFC5648)[40:]
    authentication = bytes.fromhex("870400000000000000000000") + bytes(12)
    (event,) = _read(229, _ip(44, bytes.fromhex("3300000000000001") + authentication + header))
    assert isinstance(event, BindingUpdate)
    assert without_padding(event) == replace(plain, place=event.place, interface=0)


def test_broken_extension_headers_are_errors_at_their_byte() -> None:
    cases = [
        (_ip(60, b"\x87"), 40),
        (_ip(60, b"\x87\x05" + bytes(6)), 40),
        (_ip(60, bytes.fromhex("8700c910") + bytes(4)), 42),
        (_ip(60, bytes.fromhex("8700c9020000") + bytes(2)), 42),
        (_ip(0, bytes.fromhex("8700050500000000")), 42),
        (_ip(43, bytes.fromhex("8700020100000000")), 41),
        (_ip(43, bytes.fromhex("8702020200000000") + AGENT.packed), 43),
        (_ip(51, b"\x87\xff" + bytes(10)), 40),
        (_ip(41, bytes(8)), 40),
        (_ip(41, b"\x45" + bytes(39)), 40),
        (_ip(58, b""), 40),
        (_ip(58, b"\x87" + bytes(10)), 40),
        (_ip(58, b"\x87" + bytes(23) + b"\x01\x00"), 64),
        (_ip(58, b"\x88" + bytes(23) + b"\x02\x02" + bytes(6)), 64),
        (_ip(58, b"\x88" + bytes(23) + b"\x02"), 64),
    ]
    for octets, offset in cases:
        assert _error(octets).place.offset == offset


def test_message_in_a_tunnel_keeps_both_pairs_of_addresses() -> None:
    (event,) = _read(229, _ip(41, PACKET))
    assert isinstance(event, BindingUpdate)
    assert (event.tunnelled, event.outer_src, event.outer_dst) == (True, CARE_OF, AGENT)
    assert event.checksum_ok
    assert event.offsets["ip"] == 40


def test_other_tunnelled_packet_is_told() -> None:
    (event,) = _read(229, _ip(41, _ip(17, bytes(8))))
    assert isinstance(event, Tunnelled)
    assert (event.outer_src, event.inner_dst) == (CARE_OF, AGENT)


def test_tunnels_without_end_are_an_error() -> None:
    packet = PACKET
    for _ in range(DEEPEST_TUNNEL + 1):
        packet = _ip(41, packet)
    assert f"more than {DEEPEST_TUNNEL} tunnels" in _error(packet).what


def test_cut_frame_says_so() -> None:
    frame = Frame(1, 0.0, 229, 0, PACKET[:-9], original_length=len(PACKET))
    (event,) = decode_frame(frame, "x", RFC5648)
    assert str(event).endswith("the frame was captured in part, capture whole frames.")


def test_neighbour_discovery_is_read() -> None:
    target = IPv6Address("2001:db8:1::1234")
    probe = b"\x87\0\0\0" + bytes(4) + target.packed
    packet = bytearray(_ip(58, probe))
    packet[8:24] = bytes(16)
    (event,) = _read(1, ETHERNET + packet)
    assert isinstance(event, NeighborSolicitation)
    assert (event.is_dad, event.target, event.source_link_layer) == (True, target, None)
    assert event.frame_src == "02:00:00:00:01:01"


@pytest.mark.parametrize(("flags", "at"), [(0x80, 0), (0x40, 1), (0x20, 2)])
def test_each_flag_of_an_advertisement(flags: int, at: int) -> None:
    body = b"\x88\0\0\0" + bytes([flags, 0, 0, 0]) + AGENT.packed + b"\x02\x01" + MAC
    (event,) = _read(229, _ip(58, body))
    assert isinstance(event, NeighborAdvertisement)
    found = [event.router, event.solicited, event.override]
    assert found == [place == at for place in range(3)]
    assert event.target_link_layer == "02:00:00:00:01:01"


def test_longer_link_layer_address_is_kept_whole() -> None:
    """One of 8 octets, as IEEE 802.15.4 has it, with the fill behind it (RFC 4944 8)."""
    octets = bytes(range(8)) + bytes(6)
    (event,) = _read(229, _ip(58, b"\x87" + bytes(7) + AGENT.packed + b"\x01\x02" + octets))
    assert isinstance(event, NeighborSolicitation)
    assert event.source_link_layer == octets.hex(":")


def _record(kind: int, group: IPv6Address, sources: int = 0) -> bytes:
    return bytes([kind, 0, 0, sources]) + group.packed + bytes(16 * sources)


def test_listener_report_tells_groups_that_are_joined_and_left() -> None:
    left, joined = (solicited_node(IPv6Address(a)) for a in ("2001:db8:1::a1", "2001:db8:1::b2"))
    assert str(left) == "ff02::1:ff00:a1"
    records = _record(3, left) + _record(4, joined) + _record(4, AGENT, sources=1)
    (event,) = _read(229, _ip(58, b"\x8f" + bytes(6) + b"\x03" + records))
    assert isinstance(event, ListenerReport)
    assert (event.left, event.joined) == ((left,), (joined,))


def test_listener_report_is_read_as_far_as_it_is_there() -> None:
    group = solicited_node(AGENT)
    (event,) = _read(229, _ip(58, b"\x8f" + bytes(6) + b"\x09" + _record(3, group)))
    assert isinstance(event, ListenerReport)
    assert event.left == (group,)
