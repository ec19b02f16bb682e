"""Link layers: where in a frame the IPv6 packet begins, and who sent the frame."""

from __future__ import annotations

from dataclasses import dataclass

from traces.events import Direction
from traces.mobility import Malformed

ETHERTYPE_IPV6 = 0x86DD
VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
NULL_INET6 = (10, 24, 28, 30)  # AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS
RAW_IP = (12, 14, 101)  # 12 and 14 are the numbers that BSD systems write for raw IP
COOKED_DIRECTIONS: dict[int, Direction] = {0: "in", 1: "in", 2: "in", 4: "out"}
LINK_TYPES = {0, 1, *RAW_IP, 108, 113, 229, 276}


@dataclass(frozen=True, slots=True)
class Cooked:
    """A Linux cooked header: its size and the octets where its fields lie."""

    size: int
    protocol: int
    address: int
    address_length: int
    kind: int


SLL = Cooked(size=16, protocol=14, address=6, address_length=5, kind=1)
SLL2 = Cooked(size=20, protocol=0, address=12, address_length=11, kind=10)


@dataclass(frozen=True, slots=True)
class Link:
    """Byte offset of the IPv6 header, link-layer source and direction where they are told."""

    start: int
    src: str | None = None
    direction: Direction | None = None


def network_layer(linktype: int, data: bytes) -> Link | None:
    """Where the IPv6 packet begins, None if there is none; Malformed for a frame cut too short."""
    match linktype:
        case 1:
            return _ethernet(data)
        case 0 | 108:
            return _loopback(data, linktype)
        case 113:
            return _cooked(data, SLL)
        case 276:
            return _cooked(data, SLL2)
        case 229:
            return Link(0)
        case 12 | 14 | 101:
            return Link(0) if not data or data[0] >> 4 == 6 else None
        case _:
            raise Malformed(
                f"link type {linktype} is not read",
                0,
                "capture as Ethernet, raw IP, loopback or Linux cooked",
            )


def _need(data: bytes, octets: int, what: str) -> None:
    if len(data) < octets:
        raise Malformed(f"the {what} is cut off after {len(data)} of {octets} octets", 0)


def _ethernet(data: bytes) -> Link | None:
    """Ethernet with any number of VLAN tags."""
    _need(data, 14, "Ethernet header")
    at = 12
    while int.from_bytes(data[at : at + 2], "big") in VLAN_TAGS:
        at += 4
    if int.from_bytes(data[at : at + 2], "big") != ETHERTYPE_IPV6:
        return None
    return Link(at + 2, data[6:12].hex(":"))


def _loopback(data: bytes, linktype: int) -> Link | None:
    """Loopback: the address family in the capturing host's order (0) or in network order (108)."""
    _need(data, 4, "loopback header")
    families = [int.from_bytes(data[:4], "big")]
    if linktype == 0:
        families.append(int.from_bytes(data[:4], "little"))
    return Link(4) if any(family in NULL_INET6 for family in families) else None


def _cooked(data: bytes, form: Cooked) -> Link | None:
    """Linux cooked capture, version 1 or 2."""
    _need(data, form.size, "Linux cooked header")
    if int.from_bytes(data[form.protocol : form.protocol + 2], "big") != ETHERTYPE_IPV6:
        return None
    has_mac = data[form.address_length] == 6
    src = data[form.address : form.address + 6].hex(":") if has_mac else None
    return Link(form.size, src, COOKED_DIRECTIONS.get(data[form.kind]))
