"""Mobility options as values; what a dialect makes of the BID option is in `traces.dialects`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Option:
    """What all mobility options share: type, Option Length, byte offset, raw octets.

    `offset` counts as the `offsets` of its message do. It and `data` (the octets after Option
    Length) are the reader's notes and take no part in comparison. Source: RFC 3775 6.2.1.
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
class LinkLayerAddress(Option):
    """Mobility Header Link-Layer Address, as "02:00:00:00:01:01" (RFC 5568 6.4.4).

    In a trace of the `kame` dialect its type, 7, is that of the BID option.
    """

    kind: ClassVar[str] = "link-layer-address"
    _: KW_ONLY
    code: int
    link_layer: str


@dataclass(frozen=True, slots=True)
class Ipv4HomeAddress(Option):
    """IPv4 Home Address; P (`is_prefix`) asks for a whole prefix (RFC 5555 3.1.1)."""

    kind: ClassVar[str] = "ipv4-home-address"
    _: KW_ONLY
    home_address: IPv4Address
    prefix_length: int = 0
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Ipv4CareOf(Option):
    """IPv4 Care-of Address (RFC 5555 3.1.2)."""

    kind: ClassVar[str] = "ipv4-care-of"
    _: KW_ONLY
    coa: IPv4Address


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
