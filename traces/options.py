"""Mobility options as values; what a dialect makes of the BID option is in `traces.dialects`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Option:
    """What all mobility options share: type, Option Length, byte offset in the frame, raw octets.

    `offset` and `data` (the octets after Option Length) are the reader's notes and take no part in
    comparison. Source: RFC 3775 6.2.1.
    """

    kind: ClassVar[str] = "option"
    type: int
    length: int
    offset: int = field(default=0, compare=False)
    _: KW_ONLY
    data: bytes = field(default=b"", compare=False)


@dataclass(frozen=True, slots=True)
class BidOption(Option):
    """Binding Unique Identifier sub-option; None or False where a field is not there.

    `reserved` holds the bits that the dialect leaves unnamed: 16 in `kame`, 5 in `draft-04`, 7 in
    `rfc5648`. Source: draft-ietf-monami6-multiplecoa-04 4.2.1; RFC 5648 4.3.
    """

    kind: ClassVar[str] = "bid"
    _: KW_ONLY
    bid: int | None = None
    status: int | None = None
    c: bool = False
    o: bool = False
    h: bool = False
    reserved: int = 0
    coa: IPv6Address | None = None
    ipv4_coa: IPv4Address | None = None


@dataclass(frozen=True, slots=True)
class AlternateCareOf(Option):
    """Alternate Care-of Address (RFC 3775 6.2.5)."""

    kind: ClassVar[str] = "alternate-care-of"
    _: KW_ONLY
    coa: IPv6Address


@dataclass(frozen=True, slots=True)
class NonceIndices(Option):
    """Nonce Indices (RFC 3775 6.2.6)."""

    kind: ClassVar[str] = "nonce-indices"
    _: KW_ONLY
    home: int
    careof: int


@dataclass(frozen=True, slots=True)
class BindingAuthorization(Option):
    """Binding Authorization Data; its authenticator is `data` (RFC 3775 6.2.7)."""

    kind: ClassVar[str] = "binding-authorization"
    _: KW_ONLY
    data: bytes


@dataclass(frozen=True, slots=True)
class RefreshAdvice(Option):
    """Binding Refresh Advice; `interval` in 4-second units (RFC 3775 6.2.4)."""

    kind: ClassVar[str] = "refresh-advice"
    _: KW_ONLY
    interval: int


@dataclass(frozen=True, slots=True)
class MobileNetworkPrefix(Option):
    """Mobile Network Prefix (RFC 3963 4.3)."""

    kind: ClassVar[str] = "mobile-network-prefix"
    _: KW_ONLY
    prefix: IPv6Address
    prefix_length: int


@dataclass(frozen=True, slots=True)
class Padding(Option):
    """Pad1 (type 0, one octet in all, length 0) or PadN (type 1) (RFC 3775 6.2.2, 6.2.3)."""

    kind: ClassVar[str] = "padding"


@dataclass(frozen=True, slots=True)
class UnknownOption(Option):
    """An option that is not read further; its octets are `data`."""

    kind: ClassVar[str] = "unknown"
    _: KW_ONLY
    data: bytes
