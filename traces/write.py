"""Messages to packets and captures that other tools open: raw IPv6, pcap with nanoseconds."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from traces.dialects import Dialect
from traces.encode import encode_mobility
from traces.events import MobilityMessage, NeighborAdvertisement
from traces.mobility import MOBILITY_HEADER, checksum
from traces.packets import (
    ADVERTISEMENT,
    DESTINATION_OPTIONS,
    HOME_ADDRESS_OPTION,
    ICMPV6,
    ROUTING,
)

LINKTYPE_IPV6 = 229
NANOSECONDS = 10**9


def build_packet(message: MobilityMessage, wire: Dialect) -> bytes:
    """The IPv6 packet of a message, with Home Address option, type 2 routing header and checksum.

    The checksum is made wrong where `checksum_ok` is False. ValueError is raised for a message that
    does not fit its format. Source: RFC 3775 6.1.1, 6.3, 6.4.
    """
    extensions, first = _extensions(message)
    payload = extensions + _checked(message, encode_mobility(message, wire))
    header = struct.pack(">IHBB", 0x60000000, len(payload), first, 64)
    return header + message.src.packed + message.dst.packed + payload


def _extensions(message: MobilityMessage) -> tuple[bytes, int]:
    """The extension headers and the protocol number of the first header."""
    octets, following = b"", MOBILITY_HEADER
    if message.home_address is not None:
        option = bytes([HOME_ADDRESS_OPTION, 16]) + message.home_address.packed
        # PadN of four octets puts the option at 8n+6, as RFC 3775 6.3 asks
        octets = bytes([following, 2, 1, 2, 0, 0]) + option
        following = DESTINATION_OPTIONS
    if message.routing_home is not None:
        route = bytes([following, 2, 2, 1, 0, 0, 0, 0]) + message.routing_home.packed
        octets, following = route + octets, ROUTING
    return octets, following


def _checked(message: MobilityMessage, header: bytes) -> bytes:
    """The Mobility Header with its checksum."""
    src = message.home_address or message.src
    dst = message.routing_home or message.dst
    total = checksum(header, src, dst)
    if not message.checksum_ok:
        total ^= 0x5555
    return header[:4] + total.to_bytes(2, "big") + header[6:]


def build_advertisement(message: NeighborAdvertisement) -> bytes:
    """The IPv6 packet of a Neighbor Advertisement, with hop limit 255 and checksum (RFC 4861 4.4).

    The target's link-layer address goes in an option when it is told.
    """
    flags = message.router << 7 | message.solicited << 6 | message.override << 5
    body = bytes([ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0]) + message.target.packed
    if message.target_link_layer is not None:
        address = bytes.fromhex(message.target_link_layer.replace(":", ""))
        fill = bytes(-(2 + len(address)) % 8)
        body += bytes([2, (2 + len(address) + len(fill)) // 8]) + address + fill
    total = checksum(body, message.src, message.dst, ICMPV6)
    body = body[:2] + total.to_bytes(2, "big") + body[4:]
    header = struct.pack(">IHBB", 0x60000000, len(body), ICMPV6, 255)
    return header + message.src.packed + message.dst.packed + body


def write_capture(path: Path, packets: Iterable[tuple[float, bytes]]) -> None:
    """Write IPv6 packets with their times (seconds since 1970) as a pcap file of link type 229."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, LINKTYPE_IPV6))
        for time, packet in packets:
            seconds, rest = divmod(round(time * NANOSECONDS), NANOSECONDS)
            head = struct.pack("<IIII", seconds, rest, len(packet), len(packet))
            file.write(head + packet)
