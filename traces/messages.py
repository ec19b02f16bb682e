"""What nodes send: mobility messages, neighbour discovery, tunnelled packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from ipaddress import IPv6Address
from types import MappingProxyType

from traces.options import (
    AlternateCareOf,
    BidOption,
    BindingAuthorization,
    NonceIndices,
    Option,
)
from traces.place import Direction, Fate, Place

UNSPECIFIED = IPv6Address(0)
SOLICITED = int(IPv6Address("ff02::1:ff00:0"))
FLAG_A, FLAG_H, FLAG_L, FLAG_K, FLAG_R, FLAG_O = 0x8000, 0x4000, 0x2000, 0x1000, 0x0400, 0x0040
BA_FLAG_K, BA_FLAG_R = 0x80, 0x40


def _no_offsets() -> Mapping[str, int]:
    """The offsets of a message that was made, not read."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MobilityMessage:
    """What all Mobility Header messages share; time in seconds since 1970, addresses of the packet.

    `offsets` gives the byte offset of each field, in the frame, or in the packet put together where
    the message came in fragments; `place_of` gives the frame too. It and `comment` (the packet
    comment of a capture, the note of a log) take no part in comparison. `outer_src` and `outer_dst`
    are the tunnel's addresses when the message is `tunnelled`. `fate` is what the captures of a run
    together tell of its way, None for a capture by itself. Source: RFC 3775 6.1.1.
    """

    place: Place
    time: float
    _: KW_ONLY
    src: IPv6Address
    dst: IPv6Address
    interface: int | None = None
    direction: Direction | None = None
    node: str | None = None
    home_address: IPv6Address | None = None
    routing_home: IPv6Address | None = None
    checksum_ok: bool = True
    payload_proto: int = 59
    options: tuple[Option, ...] = ()
    offsets: Mapping[str, int] = field(default_factory=_no_offsets, compare=False, repr=False)
    tunnelled: bool = False
    outer_src: IPv6Address | None = None
    outer_dst: IPv6Address | None = None
    comment: str | None = field(default=None, compare=False)
    fate: Fate | None = field(default=None, compare=False)

    def place_of(self, name: str) -> Place:
        """The frame and the byte of a field; KeyError for one that is not in `offsets`."""
        return self.place.at(self.offsets[name])

    @property
    def bids(self) -> tuple[BidOption, ...]:
        """The Binding Unique Identifier sub-options, in the order of the message."""
        return tuple(o for o in self.options if isinstance(o, BidOption))

    @property
    def alternate(self) -> IPv6Address | None:
        """The address of the first Alternate Care-of Address option, or None (RFC 3775 6.2.5)."""
        return next((o.coa for o in self.options if isinstance(o, AlternateCareOf)), None)

    @property
    def nonces(self) -> NonceIndices | None:
        """The first Nonce Indices option, or None (RFC 3775 6.2.6)."""
        return next((o for o in self.options if isinstance(o, NonceIndices)), None)

    @property
    def authorization(self) -> BindingAuthorization | None:
        """The first Binding Authorization Data option, or None (RFC 3775 6.2.7)."""
        return next((o for o in self.options if isinstance(o, BindingAuthorization)), None)


def _sync(message: object, names: Mapping[str, int], raw: int) -> None:
    """Make the single flags and `flags_raw` of a message say the same."""
    given = [(name, bit, getattr(message, name)) for name, bit in names.items()]
    for _, bit, value in given:
        raw |= bit if value else 0
    object.__setattr__(message, "flags_raw", raw)
    for name, bit, value in given:
        if value is not bool(raw & bit):
            object.__setattr__(message, name, bool(raw & bit))


@dataclass(frozen=True, slots=True)
class BindingUpdate(MobilityMessage):
    """Binding Update; `lifetime` in 4-second units; flags may be given singly or as `flags_raw`.

    Source: RFC 3775 6.1.7; R of RFC 3963 4.1; O (`overwrite`) of RFC 5648 4.2.
    """

    _: KW_ONLY
    sequence: int = 0
    ack: bool = False
    home_registration: bool = False
    link_local: bool = False
    key_mgmt: bool = False
    mobile_router: bool = False
    overwrite: bool = False
    flags_raw: int = 0
    lifetime: int = 0

    def __post_init__(self) -> None:
        """Keep the flags and `flags_raw` equal in meaning."""
        _sync(self, BU_FLAGS, self.flags_raw)

    @property
    def lifetime_s(self) -> int:
        """The lifetime in seconds."""
        return 4 * self.lifetime


BU_FLAGS: Mapping[str, int] = MappingProxyType(
    {
        "ack": FLAG_A,
        "home_registration": FLAG_H,
        "link_local": FLAG_L,
        "key_mgmt": FLAG_K,
        "mobile_router": FLAG_R,
        "overwrite": FLAG_O,
    }
)
BA_FLAGS: Mapping[str, int] = MappingProxyType({"key_mgmt": BA_FLAG_K, "mobile_router": BA_FLAG_R})


@dataclass(frozen=True, slots=True)
class BindingAcknowledgement(MobilityMessage):
    """Binding Acknowledgement; `lifetime` in 4-second units (RFC 3775 6.1.8; R of RFC 3963 4.2)."""

    _: KW_ONLY
    status: int = 0
    key_mgmt: bool = False
    mobile_router: bool = False
    flags_raw: int = 0
    sequence: int = 0
    lifetime: int = 0

    def __post_init__(self) -> None:
        """Keep the flags and `flags_raw` equal in meaning."""
        _sync(self, BA_FLAGS, self.flags_raw)

    @property
    def lifetime_s(self) -> int:
        """The lifetime in seconds."""
        return 4 * self.lifetime


@dataclass(frozen=True, slots=True)
class BindingRefreshRequest(MobilityMessage):
    """Binding Refresh Request (RFC 3775 6.1.2)."""


@dataclass(frozen=True, slots=True)
class HomeTestInit(MobilityMessage):
    """Home Test Init with its 8-octet cookie (RFC 3775 6.1.3)."""

    _: KW_ONLY
    cookie: bytes = bytes(8)


@dataclass(frozen=True, slots=True)
class CareofTestInit(MobilityMessage):
    """Care-of Test Init with its 8-octet cookie (RFC 3775 6.1.4)."""

    _: KW_ONLY
    cookie: bytes = bytes(8)


@dataclass(frozen=True, slots=True)
class HomeTest(MobilityMessage):
    """Home Test: nonce index, 8-octet cookie, 8-octet keygen token (RFC 3775 6.1.5)."""

    _: KW_ONLY
    nonce_index: int = 0
    cookie: bytes = bytes(8)
    token: bytes = bytes(8)


@dataclass(frozen=True, slots=True)
class CareofTest(MobilityMessage):
    """Care-of Test: nonce index, 8-octet cookie, 8-octet keygen token (RFC 3775 6.1.6)."""

    _: KW_ONLY
    nonce_index: int = 0
    cookie: bytes = bytes(8)
    token: bytes = bytes(8)


@dataclass(frozen=True, slots=True)
class BindingError(MobilityMessage):
    """Binding Error with the home address that it speaks of (RFC 3775 6.1.9)."""

    _: KW_ONLY
    status: int = 0
    home_address_in_message: IPv6Address = UNSPECIFIED


@dataclass(frozen=True, slots=True)
class OtherMobility(MobilityMessage):
    """A Mobility Header of a type that monami does not judge; `data` follows the checksum."""

    _: KW_ONLY
    mh_type: int = 255
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class NeighborSolicitation:
    """Neighbor Solicitation (RFC 4861 4.3); link-layer addresses as "02:00:00:00:01:01"."""

    place: Place
    time: float
    _: KW_ONLY
    src: IPv6Address
    dst: IPv6Address
    target: IPv6Address
    interface: int | None = None
    direction: Direction | None = None
    source_link_layer: str | None = None
    frame_src: str | None = None
    node: str | None = None

    @property
    def is_dad(self) -> bool:
        """Whether this is a duplicate address detection probe: its source is unspecified."""
        return self.src == UNSPECIFIED


@dataclass(frozen=True, slots=True)
class NeighborAdvertisement:
    """Neighbor Advertisement (RFC 4861 4.4); link-layer addresses as "02:00:00:00:01:01"."""

    place: Place
    time: float
    _: KW_ONLY
    src: IPv6Address
    dst: IPv6Address
    target: IPv6Address
    interface: int | None = None
    direction: Direction | None = None
    router: bool = False
    solicited: bool = False
    override: bool = False
    target_link_layer: str | None = None
    frame_src: str | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class ListenerReport:
    """A Multicast Listener Report (RFC 3810 5.2): groups that a node began or ceased to hear."""

    place: Place
    time: float
    _: KW_ONLY
    src: IPv6Address
    joined: tuple[IPv6Address, ...] = ()
    left: tuple[IPv6Address, ...] = ()
    interface: int | None = None
    direction: Direction | None = None
    frame_src: str | None = None
    node: str | None = None


def solicited_node(address: IPv6Address) -> IPv6Address:
    """The multicast group on which a node hears solicitations for an address (RFC 4291 2.7.1)."""
    return IPv6Address(SOLICITED | int(address) & 0xFFFFFF)


@dataclass(frozen=True, slots=True)
class Tunnelled:
    """An IPv6-in-IPv6 packet that carries neither a mobility message nor neighbour discovery."""

    place: Place
    time: float
    _: KW_ONLY
    outer_src: IPv6Address
    outer_dst: IPv6Address
    inner_src: IPv6Address
    inner_dst: IPv6Address
    interface: int | None = None
    direction: Direction | None = None
    frame_src: str | None = None
    node: str | None = None
