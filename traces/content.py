"""What makes a message the same one in two captures: its content, apart from where and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import blake2b
from ipaddress import IPv6Address
from operator import attrgetter
from typing import Any

from traces.events import (
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingUpdate,
    CareofTest,
    CareofTestInit,
    Event,
    HomeTest,
    HomeTestInit,
    ListenerReport,
    MobilityMessage,
    NeighborAdvertisement,
    NeighborSolicitation,
    Tunnelled,
)

Neighbor = NeighborSolicitation | NeighborAdvertisement | ListenerReport
Told = MobilityMessage | Neighbor | Tunnelled
FROM_MOBILE = (BindingUpdate, HomeTestInit, CareofTestInit)
TO_MOBILE = (
    *(BindingAcknowledgement, BindingError, BindingRefreshRequest),
    *(HomeTest, CareofTest),
)
# What a place adds: a network card may fill in the checksum after the sender's own capture.
OF_THE_PLACE = frozenset(
    (
        *("place", "time", "interface", "direction", "node", "offsets", "comment", "fate"),
        *("frame_src", "checksum_ok"),
    )
)
AS_THEY_ARE = frozenset((int, bool, str, bytes, type(None)))
OCTETS = 8


def content_of(event: Event) -> int | None:
    """A number that is the same for the same packet wherever it is seen; None for observations.

    Neighbour messages, and tunnelled packets of which the addresses alone are known, may have the
    same content again and again: `travels` tells which messages are good for setting clocks.
    """
    if not isinstance(event, Told):
        return None
    octets = repr(_compared(event)).encode()
    return int.from_bytes(blake2b(octets, digest_size=OCTETS).digest())


@cache
def _reader(kind: Any) -> Callable[[object], tuple[object, ...]]:
    """What takes from a message, or an option of one, the fields that are its content."""
    compared = (f.name for f in fields(kind) if f.compare)
    return attrgetter("__class__.__name__", *(n for n in compared if n not in OF_THE_PLACE))


def _compared(value: object) -> tuple[object, ...]:
    """What a message, or an option of one, is compared by."""
    kind: Any = value.__class__
    return tuple([v if v.__class__ in AS_THEY_ARE else _plain(v) for v in _reader(kind)(value)])


def _plain(value: object) -> object:
    """A value without what its reader noted of the place in the frame."""
    if isinstance(value, IPv6Address):
        return value.packed
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return _compared(value) if is_dataclass(value) else value


def travels(event: Event) -> bool:
    """Whether a message goes from link to link, so that it takes time and has a number."""
    return isinstance(event, MobilityMessage)


def stays(event: Event) -> bool:
    """Whether a message stays on one link, so that all its captures see it at once."""
    return isinstance(event, Neighbor)


def heading(event: Event) -> int:
    """1 for a message from a mobile node, -1 for one to it, 0 for any other."""
    return int(isinstance(event, FROM_MOBILE)) - int(isinstance(event, TO_MOBILE))


def ends(event: Event) -> tuple[IPv6Address, IPv6Address] | None:
    """The source and the destination of a mobility message, None for other events."""
    return (event.src, event.dst) if isinstance(event, MobilityMessage) else None


def network(address: IPv6Address) -> bytes:
    """The first half of an address: the link where a node of it is."""
    return address.packed[:8]
