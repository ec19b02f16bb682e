"""A long capture made for benchmarks: one packet in ten is a Mobility Header.

The messages are those of the shipped recordings, for thousands of home addresses; the others are
datagrams between two nodes.  Frames are Ethernet, a thousand a second.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path

import traces
from traces.declaration import load_declaration
from traces.dialects import RFC5648
from traces.events import MobilityMessage
from traces.read import read_trace
from traces.write import build_packet

RECORDED = Path(traces.__file__).parent / "recorded"
NODES, VARIANTS, ONE_IN, A_SECOND = 5_000, 10_000, 10, 1_000
HOME_PREFIX = int(IPv6Address("2001:db8:a::"))
ETHERNET = bytes(12) + b"\x86\xdd"


def generated(path: Path, packets: int) -> None:
    """Write a capture of so many packets."""
    chance = random.Random(5648)
    messages = [ETHERNET + octets for octets in variants(chance)]
    plain = ETHERNET + datagram(100)
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(packets):
            frame = plain if number % ONE_IN else chance.choice(messages)
            second, part = divmod(number, A_SECOND)
            times = second, part * 1_000_000 // A_SECOND
            file.write(struct.pack("<IIII", *times, len(frame), len(frame)) + frame)


def datagram(octets: int) -> bytes:
    """Return a UDP packet with so many octets of payload."""
    header = struct.pack(">IHBB", 0x60000000, octets, 17, 64)
    ends = (IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2"))
    return header + b"".join(end.packed for end in ends) + bytes(octets)


def variants(chance: random.Random) -> Iterator[bytes]:
    """Yield packets with recorded messages, of one mobile node or another."""
    known = list(recorded())
    for _ in range(VARIANTS):
        message = chance.choice(known)
        home = IPv6Address(HOME_PREFIX | chance.randrange(NODES))
        told = {n: home for n in ("home_address", "routing_home") if getattr(message, n)}
        yield build_packet(replace(message, **told), RFC5648)


def recorded() -> Iterator[MobilityMessage]:
    """Yield the messages of the recordings of the home agent that knows no BIDs."""
    for path in sorted((RECORDED / "umip").glob("*-ha.pcapng")):
        for event in read_trace(path, load_declaration(path)):
            if isinstance(event, MobilityMessage):
                yield event
