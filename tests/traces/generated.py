"""Packets drawn at random, the same for the same seed: sound ones, and such as are broken a little.

Plain draws in place of Hypothesis: ten thousand packets are there in a second, and tshark is asked
about all of them at once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from random import Random
from typing import Any

from tests.traces.support import HERE
from traces.dialects import Dialect
from traces.events import (
    AlternateCareOf,
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
    NonceIndices,
    Option,
    OtherMobility,
    Padding,
    RefreshAdvice,
    UnknownOption,
)
from traces.mobility import checksum
from traces.packets import ADVERTISEMENT, ICMPV6, SOLICITATION, TUNNEL
from traces.write import build_packet

HEADER = 40  # octets of an IPv6 header
OTHER_OPTIONS = (19, 60, 111, 200, 250)  # all but the first (RFC 5094) are not assigned
OTHER_TYPES = (8, 10, 11, 13, 19, 60, 200, 255)


@dataclass
class Draws:
    """Packets, fields and faults, drawn one after the other from one source."""

    random: Random
    wire: Dialect

    def octets(self, least: int, most: int | None = None) -> bytes:
        """So many octets of no sense."""
        return self.random.randbytes(self.random.randint(least, least if most is None else most))

    def number(self, octets: int) -> int:
        """A number of so many octets."""
        return self.random.getrandbits(8 * octets)

    def address(self) -> IPv6Address:
        """A global unicast address."""
        return IPv6Address(b"\x20\x01\x0d\xb8" + self.octets(12))

    def chance(self, of_hundred: int) -> bool:
        """True so many times of a hundred."""
        return self.random.randrange(100) < of_hundred

    def perhaps(self, of_hundred: int) -> IPv6Address | None:
        """An address so many times of a hundred."""
        return self.address() if self.chance(of_hundred) else None

    def packet(self) -> bytes:
        """An IPv6 packet: a message or neighbour discovery, perhaps in tunnels, perhaps broken."""
        made = self._neighbour() if self.chance(15) else self._mobility()
        if self.chance(20):
            made = self._broken(made)
        for _ in range(self.random.choice((0, 0, 0, 0, 1, 2))):
            made = self.ip(TUNNEL, made)
        return made

    def ip(self, protocol: int, payload: bytes, source: IPv6Address | None = None) -> bytes:
        """An IPv6 packet from anywhere to anywhere."""
        header = struct.pack(">IHBB", 0x60000000, len(payload), protocol, 255)
        return header + (source or self.address()).packed + self.address().packed + payload

    def _mobility(self) -> bytes:
        """A message of any type."""
        message = self.message()
        packet = build_packet(message, self.wire)
        if message.routing_home is not None and self.chance(5):  # no segments are left
            packet = packet[: HEADER + 3] + b"\0" + packet[HEADER + 4 :]
        if self.chance(10):  # a hop-by-hop header goes first: padding, or an option of RFC 6744
            options = self.random.choice((bytes(6), b"\1\4\0\0\0\0", b"\x8b\4" + self.octets(4)))
            packet = _behind(packet, 0, bytes([packet[6], 0]) + options)
        return packet

    def message(self) -> MobilityMessage:
        """A message of any type with any options."""
        shared: dict[str, Any] = {
            "src": self.address(),
            "dst": self.address(),
            "home_address": self.perhaps(40),
            "routing_home": self.perhaps(30),
            "checksum_ok": self.chance(80),
            "options": tuple(self.option() for _ in range(self.random.choice(range(7)))),
        }
        make, fields = self.random.choice(
            (
                (BindingUpdate, {"sequence": 2, "flags_raw": 2, "lifetime": 2}),
                (BindingUpdate, {"sequence": 2, "flags_raw": 2, "lifetime": 2}),
                (
                    BindingAcknowledgement,
                    {"status": 1, "flags_raw": 1, "sequence": 2, "lifetime": 2},
                ),
                (BindingRefreshRequest, {}),
                (HomeTestInit, {}),
                (CareofTestInit, {}),
                (HomeTest, {"nonce_index": 2}),
                (CareofTest, {"nonce_index": 2}),
                (BindingError, {"status": 1}),
                (OtherMobility, {}),
            )
        )
        shared |= {name: self.number(octets) for name, octets in fields.items()}
        return make(HERE, 0.0, **{**shared, **self._tokens(make)})

    def _tokens(self, make: type[MobilityMessage]) -> dict[str, Any]:
        """The fields that are no numbers."""
        if make in (HomeTestInit, CareofTestInit):
            return {"cookie": self.octets(8)}
        if make in (HomeTest, CareofTest):
            return {"cookie": self.octets(8), "token": self.octets(8)}
        if make is BindingError:
            return {"home_address_in_message": self.address()}
        if make is OtherMobility:
            kind = self.random.choice(OTHER_TYPES)
            return {"mh_type": kind, "data": self.octets(2, 40), "options": ()}
        return {}

    def option(self) -> Option:
        """A mobility option; BID options come more often than others."""
        ipv4 = IPv4Address(self.number(4))
        draws: tuple[Callable[[], Option], ...] = (
            self._bid,
            self._bid,
            self._bid,
            lambda: Padding(0, 0),
            lambda: Padding(1, size := self.random.randint(0, 9), data=bytes(size)),
            lambda: RefreshAdvice(2, 2, interval=self.number(2)),
            lambda: AlternateCareOf(3, 16, coa=self.address()),
            lambda: NonceIndices(4, 4, home=self.number(2), careof=self.number(2)),
            lambda: BindingAuthorization(5, 12, data=self.octets(12)),
            lambda: MobileNetworkPrefix(
                6, 18, prefix=self.address(), prefix_length=self.random.randint(0, 128)
            ),
            self._link_layer,
            lambda: Ipv4HomeAddress(
                29,
                6,
                home_address=ipv4,
                prefix_length=self.random.randint(0, 63),
                is_prefix=self.chance(50),
            ),
            lambda: Ipv4CareOf(32, 6, coa=ipv4),
            self._unknown,
        )
        return self.random.choice(draws)()

    def _bid(self) -> Option:
        """A BID option of one of the lengths of its layout, or of another one, octets at random."""
        length = self.random.choice((4, 4, 8, 20, 20, self.random.randint(0, 24)))
        return UnknownOption(self.wire.option_type, length, data=self.octets(length))

    def _link_layer(self) -> Option:
        size = self.random.choice((6, 6, 8, self.random.randint(0, 12)))
        text = self.octets(size).hex(":")
        return LinkLayerAddress(7, 1 + size, code=self.number(1), link_layer=text)

    def _unknown(self) -> Option:
        data = self.octets(0, 20)
        return UnknownOption(self.random.choice(OTHER_OPTIONS), len(data), data=data)

    def _neighbour(self) -> bytes:
        """A solicitation or an advertisement with options."""
        kind = self.random.choice((SOLICITATION, ADVERTISEMENT))
        flags = self.number(1) if kind == ADVERTISEMENT else 0
        body = bytes([kind, 0, 0, 0, flags, 0, 0, 0]) + self.address().packed
        for _ in range(self.random.choice((0, 1, 1, 2))):
            body += self._neighbour_option()
        probe = kind == SOLICITATION and self.chance(30)
        packet = self.ip(ICMPV6, body, IPv6Address(0) if probe else None)
        src, dst = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
        total = checksum(body, src, dst, ICMPV6)
        return packet[:42] + total.to_bytes(2, "big") + packet[44:]

    def _neighbour_option(self) -> bytes:
        """A link-layer address, of Ethernet or longer, a nonce or a trust anchor (RFC 3971)."""
        kind, units = self.random.choice(((1, 1), (2, 1), (1, 2), (2, 2), (14, 1), (15, 1)))
        return bytes([kind, units]) + self.octets(8 * units - 2)

    def _broken(self, packet: bytes) -> bytes:
        """The packet with one fault: cut, an octet changed, a length that lies."""
        fault = self.random.choice((self._cut, self._changed, self._changed, self._lying))
        return fault(packet)

    def _cut(self, packet: bytes) -> bytes:
        """Cut somewhere, with a header that says so: the sender made it short."""
        end = self.random.randint(HEADER, len(packet))
        return packet[:4] + (end - HEADER).to_bytes(2, "big") + packet[6:end]

    def _changed(self, packet: bytes) -> bytes:
        """One octet behind the IPv6 header is another."""
        at = self.random.randint(HEADER, len(packet) - 1)
        return packet[:at] + self.octets(1) + packet[at + 1 :]

    def _lying(self, packet: bytes) -> bytes:
        """The length of the first header behind the IPv6 header is another."""
        length = self.random.choice((0, 1, 2, 5, 255, self.number(1)))
        return packet[: HEADER + 1] + bytes([length]) + packet[HEADER + 2 :]


def _behind(packet: bytes, protocol: int, header: bytes) -> bytes:
    """The packet with an extension header more, which goes first."""
    length = int.from_bytes(packet[4:6], "big") + len(header)
    first = packet[:4] + length.to_bytes(2, "big") + bytes([protocol, packet[7]])
    return first + packet[8:HEADER] + header + packet[HEADER:]


def packets(seed: int, count: int, wire: Dialect) -> list[bytes]:
    """So many packets in which the BID option has the type and layout of a dialect."""
    draws = Draws(Random(seed), wire)
    return [draws.packet() for _ in range(count)]


def piece(packet: bytes, start: int, end: int | None, *, mark: int = 7, head: int = 40) -> bytes:
    """The fragment with the octets from `start` to `end` behind the first `head` octets."""
    whole = packet[head:]
    more = end is not None and end < len(whole)
    body = whole[start:end]
    field = (start | more).to_bytes(2, "big") + mark.to_bytes(4, "big")
    payload = packet[40:head] + bytes([packet[6], 0]) + field + body
    length = len(payload).to_bytes(2, "big")
    return packet[:4] + length + bytes([44]) + packet[7:40] + payload


def divided(packet: bytes, cuts: Iterable[int], mark: int = 7) -> list[bytes]:
    """The fragments of a packet that is cut at these multiples of 8 octets."""
    ends = sorted({0, *(8 * cut for cut in cuts if 0 < 8 * cut < len(packet) - 40)})
    return [piece(packet, a, b, mark=mark) for a, b in pairwise([*ends, len(packet) - 40])]
