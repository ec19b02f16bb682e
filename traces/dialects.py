"""The wire forms of the BID option: how its octets become fields, never what is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from traces.options import BidOption

Layout = Literal["kame", "draft-04", "rfc5648"]

RFC_BID_TYPE = 35
KAME_BID_TYPE = 7
C_BIT, O_BIT, H_BIT, DRAFT_RESERVED = 0x80, 0x40, 0x20, 0x1F
RFC_H_BIT, RFC_RESERVED = 0x80, 0x7F


@dataclass(frozen=True, slots=True)
class Dialect:
    """A named layout of the BID option and the option type that carries it."""

    name: str
    option_type: int
    layout: Layout


KAME = Dialect("kame", KAME_BID_TYPE, "kame")
DRAFT_04 = Dialect("draft-04", RFC_BID_TYPE, "draft-04")
RFC5648 = Dialect("rfc5648", RFC_BID_TYPE, "rfc5648")
DIALECTS = {d.name: d for d in (KAME, DRAFT_04, RFC5648)}


def dialect(name: str, bid_type: int | None = None) -> Dialect:
    """The dialect of that name, with option type `bid_type` (2 to 255) if given, or ValueError.

    The draft never had a number, so `draft-04` takes the later one, 35, unless told otherwise.
    """
    if name not in DIALECTS:
        raise ValueError(f"dialect {name!r} is not known; take one of {', '.join(DIALECTS)}")
    known = DIALECTS[name]
    if bid_type is None:
        return known
    if not 2 <= bid_type <= 255:
        raise ValueError(f"BID option type {bid_type} is no option type; give a number 2 to 255")
    return Dialect(name, bid_type, known.layout)


def decode_bid(wire: Dialect, offset: int, body: bytes) -> BidOption:
    """The fields of the octets after Option Length, as far as they are present; never fails."""
    length = len(body)
    bid = int.from_bytes(body[:2], "big") if length >= 2 else None
    option = BidOption(wire.option_type, length, offset, data=body, bid=bid)
    if wire.layout == "kame":
        return replace(option, reserved=int.from_bytes(body[2:4].ljust(2, b"\0"), "big"))
    option = replace(option, status=body[2] if length >= 3 else None)
    flags = body[3] if length >= 4 else 0
    return _draft(option, flags) if wire.layout == "draft-04" else _rfc(option, flags)


def _draft(option: BidOption, flags: int) -> BidOption:
    """Draft -04 layout: C, O, H and five reserved bits; the address follows when C is set."""
    has_coa = bool(flags & C_BIT) and option.length >= 20
    return replace(
        option,
        c=bool(flags & C_BIT),
        o=bool(flags & O_BIT),
        h=bool(flags & H_BIT),
        reserved=flags & DRAFT_RESERVED,
        coa=IPv6Address(option.data[4:20]) if has_coa else None,
    )


def _rfc(option: BidOption, flags: int) -> BidOption:
    """RFC 5648 layout: H and seven reserved bits; the length tells whether an address follows."""
    return replace(
        option,
        h=bool(flags & RFC_H_BIT),
        reserved=flags & RFC_RESERVED,
        coa=IPv6Address(option.data[4:20]) if option.length == 20 else None,
        ipv4_coa=IPv4Address(option.data[4:8]) if option.length == 8 else None,
    )


def encode_bid(wire: Dialect, option: BidOption) -> bytes:
    """The octets after Option Length, exactly `option.length` of them, cut or filled to that."""
    if option.bid is None:
        return option.data[: option.length].ljust(option.length, b"\0")
    body = option.bid.to_bytes(2, "big") + _second_half(wire, option)
    address = option.coa if option.coa is not None else option.ipv4_coa
    body += address.packed if address is not None else b""
    filled = body + option.data[len(body) :]
    return filled[: option.length].ljust(option.length, b"\0")


def _second_half(wire: Dialect, option: BidOption) -> bytes:
    """The two octets after the BID."""
    if wire.layout == "kame":
        return option.reserved.to_bytes(2, "big")
    flags = option.reserved
    if wire.layout == "draft-04":
        flags |= option.c * C_BIT | option.o * O_BIT | option.h * H_BIT
    else:
        flags |= option.h * RFC_H_BIT
    return bytes([option.status or 0, flags])


def make_bid(
    wire: Dialect,
    bid: int,
    *,
    status: int = 0,
    o: bool = False,
    h: bool = False,
    coa: IPv6Address | None = None,
) -> BidOption:
    """A well-formed BID option of a dialect; ValueError for a field that it cannot carry."""
    if wire.layout == "kame" and (status or o or h or coa):
        raise ValueError("the kame BID option carries a BID only; take another dialect")
    if wire.layout == "rfc5648" and o:
        raise ValueError("RFC 5648 has O in the Binding Update, not in the option; set it there")
    return BidOption(
        wire.option_type,
        4 if coa is None else 20,
        bid=bid,
        status=None if wire.layout == "kame" else status,
        c=wire.layout == "draft-04" and coa is not None,
        o=o,
        h=h,
        coa=coa,
    )
