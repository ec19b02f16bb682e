"""Frames to events: link layers, the IPv6 header chain, tunnels, neighbour discovery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from typing import Any

from traces.addresses import address
from traces.capture import Frame
from traces.dialects import Dialect
from traces.events import (
    Direction,
    Event,
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    Place,
    ReadError,
    Tunnelled,
)
from traces.fragments import Fragment, Reassembly
from traces.links import Link, network_layer
from traces.mobility import (
    MOBILITY_HEADER,
    OLD_MOBILITY_HEADER,
    Envelope,
    Malformed,
    decode_mobility,
)

HOP_BY_HOP, TUNNEL, ROUTING, FRAGMENT, ESP, AUTHENTICATION = 0, 41, 43, 44, 50, 51
ICMPV6, DESTINATION_OPTIONS = 58, 60
HOME_ADDRESS_OPTION = 201
SOLICITATION, ADVERTISEMENT = 135, 136
LISTENER_REPORT = 143
CEASES, BEGINS = 3, 4  # change to include nothing, to exclude nothing (RFC 3810 5.2.12)
DEEPEST_TUNNEL = 4
MESSAGES = (MOBILITY_HEADER, OLD_MOBILITY_HEADER)
Found = tuple[Event, ...] | None
# What a packet in fragments may begin with and hold a message. Neighbour discovery is not among
# them: nodes ignore it where it comes in fragments (RFC 6980).
DIVIDED = frozenset({ROUTING, AUTHENTICATION, DESTINATION_OPTIONS, TUNNEL, *MESSAGES})


@dataclass(slots=True)
class Walk:
    """Where the walk along one IPv6 header chain is, and what it has seen."""

    data: bytes
    at: int
    end: int
    next_header: int
    named_at: int  # the byte that has next_header
    src: IPv6Address
    dst: IPv6Address
    final_dst: IPv6Address
    home_address: IPv6Address | None = None
    routing_home: IPv6Address | None = None
    offsets: dict[str, int] = field(default_factory=dict)

    def need(self, octets: int, what: str) -> None:
        """Raise Malformed unless so many octets are left from here."""
        if self.end - self.at < octets:
            left = max(0, self.end - self.at)
            raise Malformed(f"the {what} needs {octets} octets, the packet has {left}", self.at)

    def skip(self, octets: int) -> None:
        """Go to the header behind this one."""
        self.next_header, self.named_at = self.data[self.at], self.at
        self.at += octets


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a packet before its first octet is read."""

    place: Place
    time: float
    interface: int | None = None
    direction: Direction | None = None
    node: str | None = None
    comment: str | None = None
    frame_src: str | None = None
    tunnel: tuple[IPv6Address, IPv6Address] | None = None
    depth: int = 0
    was_divided: bool = False


def decode_frame(
    frame: Frame, file: str, wire: Dialect, reassembly: Reassembly | None = None
) -> tuple[Event, ...]:
    """The events of one frame: none for traffic that does not matter here, or one ReadError.

    `reassembly` keeps the fragments of one capture; without it those of a message are errors.
    """
    place = Place(file, frame.number)
    try:
        link = network_layer(frame.linktype, frame.data)
        if link is None:
            return ()
        origin = _origin(frame, place, link)
        events = decode_packet(frame.data, link.start, origin, wire, reassembly)
        is_cut = frame.original_length > len(frame.data)
        return tuple(_told_cut(event) for event in events) if is_cut else events
    except Malformed as bad:
        return (read_error(place, frame.time, bad),)


def _told_cut(event: Event) -> Event:
    """A read error with the remedy for frames that were captured in part."""
    if isinstance(event, ReadError):
        return replace(event, remedy="the frame was captured in part, capture whole frames")
    return event


def _origin(frame: Frame, place: Place, link: Link) -> Origin:
    """The frame's own facts, and what its link layer adds."""
    return Origin(
        place=place,
        time=frame.time,
        interface=frame.interface,
        direction=frame.direction or link.direction,
        comment=frame.comment,
        frame_src=link.src,
    )


def read_error(place: Place, time: float, bad: Malformed) -> ReadError:
    """The event for octets that are no message."""
    return ReadError(place.at(bad.offset), bad.what, bad.remedy, time)


def decode_packet(
    data: bytes, start: int, origin: Origin, wire: Dialect, reassembly: Reassembly | None = None
) -> tuple[Event, ...]:
    """The events of the IPv6 packet at byte `start`; a broken one gives one ReadError."""
    return _events(data, start, origin, wire, reassembly) or ()


def _events(
    data: bytes, start: int, origin: Origin, wire: Dialect, reassembly: Reassembly | None
) -> Found:
    """The same, None for a fragment that is kept: what it belongs to is yet to be told."""
    try:
        walk = _begin(data, start)
        _walk_extensions(walk)
        return _upper(walk, origin, wire, reassembly)
    except Malformed as bad:
        return (read_error(origin.place, origin.time, bad),)


def _begin(data: bytes, start: int) -> Walk:
    """Read the IPv6 header (RFC 2460 3)."""
    left = len(data) - start
    if left < 40:
        raise Malformed(f"the IPv6 header is cut off after {max(0, left)} of 40 octets", start)
    if data[start] >> 4 != 6:
        raise Malformed(f"the IP version is {data[start] >> 4}, not 6", start)
    payload = int.from_bytes(data[start + 4 : start + 6], "big")
    is_jumbo = payload == 0 and data[start + 6] == HOP_BY_HOP
    end = len(data) if is_jumbo else min(start + 40 + payload, len(data))
    src = address(data[start + 8 : start + 24])
    dst = address(data[start + 24 : start + 40])
    walk = Walk(data, start + 40, end, data[start + 6], start + 6, src, dst, dst)
    walk.offsets.update(ip=start, src=start + 8, dst=start + 24)
    return walk


def _walk_extensions(walk: Walk) -> None:
    """Pass the extension headers, keeping home address and type 2 routing header."""
    while True:
        match walk.next_header:
            case 0 | 60:
                _options_header(walk)
            case 43:
                _routing_header(walk)
            case 44:
                if not _fragment_header(walk):
                    return
            case 51:
                walk.need(8, "Authentication Header")
                length = 4 * (walk.data[walk.at + 1] + 2)
                walk.need(length, "Authentication Header")
                walk.skip(length)
            case _:
                return


def _extension_length(walk: Walk, name: str) -> int:
    """The length in octets of the extension header here, checked."""
    walk.need(8, name)
    length = 8 * (walk.data[walk.at + 1] + 1)
    walk.need(length, name)
    return length


def _options_header(walk: Walk) -> None:
    """Pass hop-by-hop or destination options; the latter may hold the home address."""
    is_destination = walk.next_header == DESTINATION_OPTIONS
    length = _extension_length(walk, "options header")
    name = "destination" if is_destination else "hop-by-hop"
    for at in _option_places(walk, walk.at + 2, walk.at + length, name):
        if is_destination and walk.data[at] == HOME_ADDRESS_OPTION:
            _home_address(walk, at)
    walk.skip(length)


def _option_places(walk: Walk, at: int, end: int, name: str) -> Iterator[int]:
    """Where the options between two bytes begin, padding of one octet left out."""
    data = walk.data
    while at < end:
        if data[at] == 0:
            at += 1
            continue
        if at + 2 > end or at + 2 + data[at + 1] > end:
            raise Malformed(f"{name} option type {data[at]} runs past its header", at)
        yield at
        at += 2 + data[at + 1]


def _home_address(walk: Walk, at: int) -> None:
    """Keep the address of the Home Address option at byte `at` (RFC 3775 6.3)."""
    if walk.data[at + 1] != 16:
        raise Malformed(f"the Home Address option has length {walk.data[at + 1]}, not 16", at)
    walk.home_address = address(walk.data[at + 2 : at + 18])
    walk.offsets["home_address"] = at + 2


def _routing_header(walk: Walk) -> None:
    """Routing headers type 2 (RFC 3775 6.4) and 0 tell the final destination, others are passed."""
    length = _extension_length(walk, "routing header")
    kind, left = walk.data[walk.at + 2], walk.data[walk.at + 3]
    if kind == 2:
        if length != 24:
            raise Malformed(f"the type 2 routing header has {length} octets, not 24", walk.at + 1)
        if left > 1:  # it is 1 on the way, 0 where it was used up
            raise Malformed(f"the type 2 routing header has {left} segments left", walk.at + 3)
        walk.routing_home = address(walk.data[walk.at + 8 : walk.at + 24])
        walk.offsets["routing_home"] = walk.at + 8
    if kind in (0, 2) and left and length >= 24:
        walk.final_dst = address(walk.data[walk.at + length - 16 : walk.at + length])
    walk.skip(length)


def _fragment_header(walk: Walk) -> bool:
    """Pass the fragment header of a packet that is whole (RFC 6946); False if it is a fragment."""
    walk.need(8, "fragment header")
    if int.from_bytes(walk.data[walk.at + 2 : walk.at + 4], "big") & 0xFFF9:
        return False
    walk.skip(8)
    return True


def _upper(walk: Walk, origin: Origin, wire: Dialect, reassembly: Reassembly | None) -> Found:
    """What the chain leads to; ESP and other protocols give no event."""
    match walk.next_header:
        case 135 | 62:
            envelope = _envelope(walk, origin)
            return (decode_mobility(walk.data, walk.at, walk.end, envelope, wire),)
        case 58:
            return tuple(_neighbour(walk, origin))
        case 41:
            return _tunnelled(walk, origin, wire, reassembly)
        case 44:
            return _divided(walk, origin, wire, reassembly)
        case _:
            return ()


def _divided(walk: Walk, origin: Origin, wire: Dialect, reassembly: Reassembly | None) -> Found:
    """The events of the packet that the fragment here completes, None while others are missing."""
    first = walk.data[walk.at]
    if reassembly is None and first in MESSAGES:
        remedy = "capture where the message is whole"
        raise Malformed("a fragmented Mobility Header is not read", walk.at, remedy)
    key = _datagram(walk, origin)
    if reassembly is None or not (first in DIVIDED or reassembly.awaits(key)):
        return ()
    if origin.was_divided:
        raise Malformed("a fragment lies in a packet that came in fragments", walk.at)
    if first == TUNNEL and not _is_there(walk):
        return ()  # most tunnels hold no message: cut ones are no error where they are whole either
    whole = reassembly.add(key, _fragment(walk, origin.place), origin.time)
    if whole is None:
        return None
    place = replace(origin.place, pieces=whole.pieces)
    put_together = replace(origin, place=place, was_divided=True)
    return _events(whole.octets, 0, put_together, wire, reassembly)


def _datagram(walk: Walk, origin: Origin) -> tuple[object, ...]:
    """What fragments of one packet have in common, and where they were seen (RFC 8200 4.5)."""
    seen = (origin.interface, origin.direction, origin.node, origin.tunnel, origin.depth)
    return (walk.src, walk.dst, walk.data[walk.at + 4 : walk.at + 8], *seen)


def _is_there(walk: Walk) -> bool:
    """Whether the packet that is walked along was captured to its end."""
    start = walk.offsets["ip"]
    payload = int.from_bytes(walk.data[start + 4 : start + 6], "big")
    return walk.end == start + 40 + payload


def _fragment(walk: Walk, place: Place) -> Fragment:
    """The fragment whose header is here; Malformed for one that no sender may make."""
    ip, at, named_at = walk.offsets["ip"], walk.at, walk.named_at
    field = int.from_bytes(walk.data[at + 2 : at + 4], "big")
    octets, more = walk.data[at + 8 : walk.end], bool(field & 1)
    if not _is_there(walk):
        raise Malformed("the fragment is cut off", walk.end)
    if not octets or (more and len(octets) % 8):
        raise Malformed(f"a fragment has {len(octets)} octets, which none may have", at)
    head = walk.data[ip:named_at] + walk.data[at : at + 1] + walk.data[named_at + 1 : at]
    return Fragment(field & 0xFFF8, more, octets, head, place, ip, at + 8, at)


def _envelope(walk: Walk, origin: Origin) -> Envelope:
    """Join what the frame and the header chain say."""
    outer = origin.tunnel or (None, None)
    return Envelope(
        place=origin.place,
        time=origin.time,
        src=walk.src,
        dst=walk.dst,
        final_dst=walk.final_dst,
        interface=origin.interface,
        direction=origin.direction,
        node=origin.node,
        comment=origin.comment,
        home_address=walk.home_address,
        routing_home=walk.routing_home,
        tunnelled=origin.tunnel is not None,
        outer_src=outer[0],
        outer_dst=outer[1],
        protocol=walk.next_header,
        offsets=walk.offsets,
    )


def _tunnelled(walk: Walk, origin: Origin, wire: Dialect, reassembly: Reassembly | None) -> Found:
    """The events inside a tunnel, or one that tells of the tunnelled packet (RFC 2473)."""
    if origin.depth == DEEPEST_TUNNEL:
        raise Malformed(f"more than {DEEPEST_TUNNEL} tunnels lie in one another", walk.at)
    data = walk.data[: walk.end]
    ends = (walk.src, walk.dst)
    deeper = replace(origin, tunnel=ends, depth=origin.depth + 1, was_divided=False)
    events = _events(data, walk.at, deeper, wire, reassembly)
    if events is None:
        return None
    return events or (_tunnel_event(walk, _begin(data, walk.at), origin),)


def _tunnel_event(outer: Walk, inner: Walk, origin: Origin) -> Tunnelled:
    """A tunnelled packet as an event."""
    return Tunnelled(
        origin.place,
        origin.time,
        outer_src=outer.src,
        outer_dst=outer.dst,
        inner_src=inner.src,
        inner_dst=inner.dst,
        interface=origin.interface,
        direction=origin.direction,
        frame_src=origin.frame_src,
        node=origin.node,
    )


def _neighbour(walk: Walk, origin: Origin) -> Iterator[Event]:
    """Neighbor Solicitation and Advertisement (RFC 4861 4.3, 4.4); other ICMPv6 gives nothing."""
    walk.need(1, "ICMPv6 header")
    kind = walk.data[walk.at]
    if kind == LISTENER_REPORT:
        yield _listener_report(walk, origin)
        return
    if kind not in (SOLICITATION, ADVERTISEMENT):
        return
    walk.need(24, "Neighbor Discovery message")
    link_layer = _link_layer_option(walk, 1 if kind == SOLICITATION else 2)
    common = _neighbour_fields(walk, origin)
    if kind == SOLICITATION:
        yield NeighborSolicitation(**common, source_link_layer=link_layer)
        return
    flags = walk.data[walk.at + 4]
    yield NeighborAdvertisement(
        **common,
        target_link_layer=link_layer,
        router=bool(flags & 0x80),
        solicited=bool(flags & 0x40),
        override=bool(flags & 0x20),
    )


def _listener_report(walk: Walk, origin: Origin) -> ListenerReport:
    """The groups that a node began or ceased to hear (RFC 3810 5.2), as far as they are there."""
    walk.need(8, "Multicast Listener Report")
    count = int.from_bytes(walk.data[walk.at + 6 : walk.at + 8], "big")
    at = walk.at + 8
    groups: dict[int, list[IPv6Address]] = {CEASES: [], BEGINS: []}
    for _ in range(count):
        if at + 20 > walk.end:
            break
        kind, auxiliary = walk.data[at], walk.data[at + 1]
        sources = int.from_bytes(walk.data[at + 2 : at + 4], "big")
        if kind in groups and not sources:
            groups[kind].append(address(walk.data[at + 4 : at + 20]))
        at += 20 + 16 * sources + 4 * auxiliary
    return ListenerReport(
        origin.place,
        origin.time,
        src=walk.src,
        joined=tuple(groups[BEGINS]),
        left=tuple(groups[CEASES]),
        interface=origin.interface,
        direction=origin.direction,
        frame_src=origin.frame_src,
        node=origin.node,
    )


def _neighbour_fields(walk: Walk, origin: Origin) -> dict[str, Any]:
    """The fields that solicitation and advertisement share."""
    return {
        "place": origin.place,
        "time": origin.time,
        "src": walk.src,
        "dst": walk.dst,
        "target": address(walk.data[walk.at + 8 : walk.at + 24]),
        "interface": origin.interface,
        "direction": origin.direction,
        "frame_src": origin.frame_src,
        "node": origin.node,
    }


def _link_layer_option(walk: Walk, wanted: int) -> str | None:
    """The link-layer address in the first option of that type, with its fill (RFC 4861 4.6.1)."""
    at, found = walk.at + 24, None
    while at < walk.end:
        if at + 2 > walk.end:
            raise Malformed("a Neighbor Discovery option has no length", at)
        length = 8 * walk.data[at + 1]
        if length == 0 or at + length > walk.end:
            raise Malformed(f"a Neighbor Discovery option of {length} octets does not fit", at)
        if walk.data[at] == wanted and found is None:
            found = walk.data[at + 2 : at + length].hex(":")
        at += length
    return found
