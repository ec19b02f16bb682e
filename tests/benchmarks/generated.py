"""A long capture made for benchmarks: one packet in ten is a Mobility Header.

Thousands of mobile nodes register, refresh, move and return home as in the shipped recordings,
each at its own pace; the other packets are datagrams.  Frames are Ethernet, a thousand a second.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import traces
from traces.declaration import load_declaration
from traces.dialects import RFC5648
from traces.events import BindingAcknowledgement, BindingUpdate, MobilityMessage
from traces.read import read_trace
from traces.write import build_packet

RECORDED = Path(traces.__file__).parent / "recorded"
STORIES = ("01-register", "02-refresh", "03-move", "04-home", "08-traffic")
NODES, AT_ONCE, ONE_IN, A_SECOND = 5_000, 8, 10, 1_000
HOME_PREFIX = int(IPv6Address("2001:db8:a::"))
ETHERNET = bytes(12) + b"\x86\xdd"
Exchange = tuple[MobilityMessage, ...]


def generated(path: Path, packets: int) -> None:
    """Write a capture of so many packets."""
    messages = conversation(random.Random(5648))
    plain = ETHERNET + datagram(100)
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number in range(packets):
            frame = plain if number % ONE_IN else ETHERNET + next(messages)
            second, part = divmod(number, A_SECOND)
            times = second, part * 1_000_000 // A_SECOND
            file.write(struct.pack("<IIII", *times, len(frame), len(frame)) + frame)


def datagram(octets: int) -> bytes:
    """Return a UDP packet with so many octets of payload."""
    header = struct.pack(">IHBB", 0x60000000, octets, 17, 64)
    ends = (IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2"))
    return header + b"".join(end.packed for end in ends) + bytes(octets)


def conversation(chance: random.Random) -> Iterator[bytes]:
    """Yield packets for ever: some exchanges are under way at one time, each in its order."""
    story = [exchange for name in STORIES for exchange in exchanges(name)]
    told = [chance.randrange(len(story)) for _ in range(NODES)]
    under_way: list[list[bytes]] = []
    while True:
        if len(under_way) < AT_ONCE:
            node = chance.randrange(NODES)
            under_way.append(of_node(story[told[node] % len(story)], node, told[node]))
            told[node] += 1
        packets = chance.choice(under_way)
        yield packets.pop(0)
        under_way = [left for left in under_way if left]


def of_node(exchange: Exchange, node: int, number: int) -> list[bytes]:
    """Return the packets of an exchange as those of a mobile node; `number` counts its updates."""
    home = IPv6Address(HOME_PREFIX | node)
    return [build_packet(_of_node(m, home, number & 0xFFFF), RFC5648) for m in exchange]


def _of_node(message: MobilityMessage, home: IPv6Address, number: int) -> MobilityMessage:
    told: dict[str, Any] = {
        n: home for n in ("home_address", "routing_home") if getattr(message, n) is not None
    }
    if isinstance(message, BindingUpdate | BindingAcknowledgement):
        told["sequence"] = number
    return replace(message, **told)


def exchanges(name: str) -> list[Exchange]:
    """Return the updates that a home agent received in a recording, each with its answers."""
    path = RECORDED / "umip" / f"{name}-ha.pcapng"
    found: list[list[MobilityMessage]] = []
    for event in read_trace(path, load_declaration(path)):
        if isinstance(event, BindingUpdate) and event.home_registration and not event.tunnelled:
            found.append([event])
        elif isinstance(event, BindingAcknowledgement) and found and not event.tunnelled:
            found[-1].append(event)
    return [tuple(exchange) for exchange in found]
