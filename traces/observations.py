"""What an event log tells of a node: its caches, proxy ND, DAD, its end."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from traces.place import Place


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One binding as a node holds it, times in seconds; `bid` None: a plain binding without BID.

    `peer` is the address of the node that holds the binding. `expires_in_s` is None while no timer
    runs. What an observer does not tell is None.
    """

    home_address: IPv6Address
    care_of: IPv6Address
    bid: int | None
    peer: IPv6Address
    lifetime_s: int | None = None
    expires_in_s: int | None = None
    sequence: int | None = None
    home_registration: bool = False
    state: str | None = None
    flags: str = ""


@dataclass(frozen=True, slots=True)
class CacheDump:
    """The binding cache of a node at one moment, the kernel's copy, and the proxied addresses."""

    place: Place
    time: float
    entries: tuple[CacheEntry, ...]
    proxied: tuple[IPv6Address, ...]
    kernel: tuple[CacheEntry, ...] = ()
    after: str | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateListEntry:
    """One entry of a mobile node's Binding Update List; `lifetime` in 4-second units."""

    home_address: IPv6Address
    care_of: IPv6Address
    bid: int | None
    peer: IPv6Address
    lifetime: int
    sequence: int
    flags: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class UpdateListDump:
    """The Binding Update List of a mobile node at one moment (SHISA lists root and BID entries)."""

    place: Place
    time: float
    entries: tuple[UpdateListEntry, ...]
    after: str | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class ProxyNd:
    """Proxy Neighbor Discovery for an address was started (`active`) or stopped."""

    place: Place
    time: float
    address: IPv6Address
    active: bool
    node: str | None = None


@dataclass(frozen=True, slots=True)
class ProxyAdvertisement:
    """A node told its kernel to advertise a proxied address; the packet itself was not recorded."""

    place: Place
    time: float
    address: IPv6Address
    dst: IPv6Address
    override: bool
    node: str | None = None


@dataclass(frozen=True, slots=True)
class DadStart:
    """Duplicate address detection of an address began."""

    place: Place
    time: float
    address: IPv6Address
    node: str | None = None


@dataclass(frozen=True, slots=True)
class DadResult:
    """Duplicate address detection of an address ended; `success`: no duplicate was found."""

    place: Place
    time: float
    address: IPv6Address
    success: bool
    node: str | None = None


@dataclass(frozen=True, slots=True)
class DadRefused:
    """The kernel refused to begin duplicate address detection of an address."""

    place: Place
    time: float
    address: IPv6Address
    reason: str
    node: str | None = None


@dataclass(frozen=True, slots=True)
class NodeStopped:
    """The observed node crashed or hung; nothing can be expected of it afterwards."""

    place: Place
    time: float
    what: str
    node: str | None = None


@dataclass(frozen=True, slots=True)
class KernelDrop:
    """The kernel refused a packet before the observed node saw it."""

    place: Place
    time: float
    reason: str
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Meta:
    """What a log says of itself."""

    place: Place
    time: float
    description: str
    implementation: str
    daemon: str | None
    node: str | None = None
