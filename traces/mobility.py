"""The Mobility Header: octets to messages (RFC 3775 6.1, 6.2; encoding is in `traces.encode`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import Any

from traces.addresses import address
from traces.dialects import Dialect, decode_bid
from traces.events import (
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingUpdate,
    CareofTest,
    CareofTestInit,
    Direction,
    HomeTest,
    HomeTestInit,
    MobilityMessage,
    OtherMobility,
    Place,
)
from traces.options import (
    AlternateCareOf,
    BindingAuthorization,
    Ipv4CareOf,
    Ipv4HomeAddress,
    LinkLayerAddress,
    MobileNetworkPrefix,
    NonceIndices,
    Option,
    Padding,
    RefreshAdvice,
    UnknownOption,
)

MOBILITY_HEADER = 135
OLD_MOBILITY_HEADER = 62  # the number of the drafts before RFC 3775
LOOK_AT_SENDER = "check what the sender put there, or leave the packet out"


SHARED = (
    *("place", "time", "src", "dst", "interface", "direction", "node", "comment"),
    *("home_address", "routing_home", "tunnelled", "outer_src", "outer_dst"),
)


class Malformed(ValueError):
    """Octets that are no message: `what`, the byte `offset` in the frame, the `remedy`."""

    def __init__(self, what: str, offset: int, remedy: str = LOOK_AT_SENDER) -> None:
        """Keep the three parts for the reader's error."""
        super().__init__(what)
        self.what, self.offset, self.remedy = what, offset, remedy


@dataclass(frozen=True, slots=True)
class Envelope:
    """What frame and IPv6 headers say of a message; `final_dst`: behind the routing headers."""

    place: Place
    time: float
    src: IPv6Address
    dst: IPv6Address
    final_dst: IPv6Address
    interface: int | None = None
    direction: Direction | None = None
    node: str | None = None
    comment: str | None = None
    home_address: IPv6Address | None = None
    routing_home: IPv6Address | None = None
    tunnelled: bool = False
    outer_src: IPv6Address | None = None
    outer_dst: IPv6Address | None = None
    protocol: int = MOBILITY_HEADER
    offsets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """The fixed part of one message type: its class, size in octets, field offsets, reader."""

    make: type[MobilityMessage]
    size: int
    offsets: Mapping[str, int]
    read: Callable[[bytes], dict[str, Any]]


def _u16(data: bytes, at: int) -> int:
    """The 16-bit number at an offset."""
    return int.from_bytes(data[at : at + 2], "big")


def _nothing(_: bytes) -> dict[str, Any]:
    return {}


def _init(data: bytes) -> dict[str, Any]:
    return {"cookie": data[8:16]}


def _test(data: bytes) -> dict[str, Any]:
    return {"nonce_index": _u16(data, 6), "cookie": data[8:16], "token": data[16:24]}


def _update(data: bytes) -> dict[str, Any]:
    return {"sequence": _u16(data, 6), "flags_raw": _u16(data, 8), "lifetime": _u16(data, 10)}


def _acknowledgement(data: bytes) -> dict[str, Any]:
    return {
        "status": data[6],
        "flags_raw": data[7],
        "sequence": _u16(data, 8),
        "lifetime": _u16(data, 10),
    }


def _error(data: bytes) -> dict[str, Any]:
    return {"status": data[6], "home_address_in_message": address(data[8:24])}


_INIT = {"cookie": 8}
_TEST = {"nonce_index": 6, "cookie": 8, "token": 16}
_BU = {"sequence": 6, "flags": 8, "lifetime": 10}
_BA = {"status": 6, "flags": 7, "sequence": 8, "lifetime": 10}
_BE = {"status": 6, "home_address_in_message": 8}
FORMS: Mapping[int, Form] = MappingProxyType(
    {
        0: Form(BindingRefreshRequest, 8, {}, _nothing),
        1: Form(HomeTestInit, 16, _INIT, _init),
        2: Form(CareofTestInit, 16, _INIT, _init),
        3: Form(HomeTest, 24, _TEST, _test),
        4: Form(CareofTest, 24, _TEST, _test),
        5: Form(BindingUpdate, 12, _BU, _update),
        6: Form(BindingAcknowledgement, 12, _BA, _acknowledgement),
        7: Form(BindingError, 24, _BE, _error),
    }
)


def decode_mobility(
    data: bytes, start: int, end: int, envelope: Envelope, wire: Dialect
) -> MobilityMessage:
    """The message whose Mobility Header begins at byte `start`; `end` is where the packet ends.

    A wrong checksum is told by `checksum_ok` (RFC 3775 9.2). Malformed is raised for a header or an
    option that does not fit; a BID option of an odd length that fits is read as far as it goes.
    """
    message = data[start : start + _length(data, start, end)]
    common = _common(message, start, envelope)
    form = FORMS.get(message[2])
    if form is None:
        return OtherMobility(**common, mh_type=message[2], data=message[6:])
    if len(message) < form.size:
        what = f"a {form.make.__name__} of {len(message)} octets is too short, {form.size} is least"
        raise Malformed(what, start + 1)
    common["offsets"].update({name: start + at for name, at in form.offsets.items()})
    options = tuple(decode_options(message, form.size, start, wire))
    return form.make(**common, **form.read(message), options=options)


def _length(data: bytes, start: int, end: int) -> int:
    """The message's length in octets, checked against the end of the packet."""
    if end - start < 8:
        raise Malformed(
            f"the Mobility Header is cut off after {max(0, end - start)} of at least 8 octets",
            start,
        )
    length = 8 * (data[start + 1] + 1)
    if length > end - start:
        what = f"the Mobility Header claims {length} octets, the packet has {end - start}"
        raise Malformed(what, start + 1)
    return length


def _common(message: bytes, start: int, envelope: Envelope) -> dict[str, Any]:
    """The fields that every message has."""
    offsets = {"header": start, "type": start + 2, "checksum": start + 4}
    return {name: getattr(envelope, name) for name in SHARED} | {
        "payload_proto": message[0],
        "checksum_ok": _is_right(message, envelope),
        "offsets": {**envelope.offsets, **offsets},
    }


def _is_right(message: bytes, envelope: Envelope) -> bool:
    """Whether the checksum is right, with the home address as source where it is told."""
    src = envelope.home_address or envelope.src
    return checksum(message, src, envelope.final_dst, envelope.protocol) == 0


def checksum(
    message: bytes, src: IPv6Address, dst: IPv6Address, protocol: int = MOBILITY_HEADER
) -> int:
    """The checksum of a message with its pseudo-header; 0 when the one inside is right.

    `src` is the home address where a Home Address option tells it, `dst` the final destination.
    Source: RFC 3775 6.1.1; RFC 2460 8.1.
    """
    pseudo = src.packed + dst.packed + len(message).to_bytes(4, "big") + bytes([0, 0, 0, protocol])
    # The sum of 16-bit words with end-around carry is the remainder by 0xFFFF, which stands for 0.
    total = int.from_bytes(pseudo + message + bytes(len(message) % 2), "big")
    return (total % 0xFFFF or 0xFFFF) ^ 0xFFFF


def decode_options(message: bytes, at: int, start: int, wire: Dialect) -> Iterator[Option]:
    """The mobility options from byte `at` of a message that begins at byte `start` of the frame."""
    while at < len(message):
        if message[at] == 0:
            yield Padding(0, 0, start + at)
            at += 1
            continue
        option = _option(message, at, start + at, wire)
        yield option
        at += 2 + option.length


def _option(message: bytes, at: int, offset: int, wire: Dialect) -> Option:
    """The option at byte `at` of the message, byte `offset` of the frame."""
    kind = message[at]
    if at + 2 > len(message):
        raise Malformed(f"mobility option type {kind} has no length, the message ends", offset)
    length = message[at + 1]
    body = message[at + 2 : at + 2 + length]
    if len(body) < length:
        what = f"mobility option type {kind} claims {length} octets, the message has {len(body)}"
        raise Malformed(what, offset)
    if kind == wire.option_type:
        return decode_bid(wire, offset, body)
    _check_length(kind, length, offset)
    return _known(kind, length, offset, body)


_FIXED = {2: 2, 3: 16, 4: 4, 6: 18, 29: 6, 32: 6}
_LEAST = {7: 1}  # the Option-Code


def _check_length(kind: int, length: int, offset: int) -> None:
    """Raise Malformed for an option of known form that has another length."""
    what = f"mobility option type {kind} has length {length} where "
    if length != _FIXED.get(kind, length):
        raise Malformed(what + f"{_FIXED[kind]} is due", offset)
    if length < _LEAST.get(kind, 0):
        raise Malformed(what + f"{_LEAST[kind]} is least", offset)


def _known(kind: int, length: int, offset: int, body: bytes) -> Option:
    """An option of RFC 3775, 3963, 5555 or 5568, or one that is not read further."""
    make = _MAKERS.get(kind, UnknownOption)
    fields = _FIELDS[kind](body) if kind in _FIELDS else {}
    return make(kind, length, offset, data=body, **fields)


def _ipv4_home(body: bytes) -> dict[str, Any]:
    """Six bits of prefix length, P, nine reserved bits, the address."""
    return {
        "prefix_length": body[0] >> 2,
        "is_prefix": bool(body[0] & 2),
        "home_address": IPv4Address(body[2:]),
    }


_MAKERS: Mapping[int, Callable[..., Option]] = MappingProxyType(
    {
        1: Padding,
        2: RefreshAdvice,
        3: AlternateCareOf,
        4: NonceIndices,
        5: BindingAuthorization,
        6: MobileNetworkPrefix,
        7: LinkLayerAddress,
        29: Ipv4HomeAddress,
        32: Ipv4CareOf,
    }
)
_FIELDS: Mapping[int, Callable[[bytes], dict[str, Any]]] = MappingProxyType(
    {
        2: lambda body: {"interval": _u16(body, 0)},
        3: lambda body: {"coa": address(body)},
        4: lambda body: {"home": _u16(body, 0), "careof": _u16(body, 2)},
        6: lambda body: {"prefix": address(body[2:]), "prefix_length": body[1]},
        7: lambda body: {"code": body[0], "link_layer": body[1:].hex(":")},
        29: _ipv4_home,
        32: lambda body: {"coa": IPv4Address(body[2:])},
    }
)
