"""What is fuzzed: one function for each reader, which takes any octets and asserts what must hold.

No reader may raise for its input, but for the one error that it names. Beyond that: places lie in
the input, errors say what to do, what was read and is written again is read as the same.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv6Address

from traces.capture import Frame, frames_of
from traces.declaration import DeclarationError, declaration_of
from traces.dialects import DIALECTS, DRAFT_04, KAME, RFC5648, Dialect, dialect
from traces.events import Event, MobilityMessage, OtherMobility, Padding, Place, ReadError
from traces.fragments import Bounds, Reassembly
from traces.links import LINK_TYPES
from traces.mobility import FORMS, Envelope, Malformed, decode_mobility
from traces.options import Option
from traces.packets import Origin, decode_frame, decode_packet, read_error
from traces.read import events_of
from traces.sieve import gives_nothing
from traces.write import build_packet

WIRES = (KAME, DRAFT_04, RFC5648, dialect("draft-04", 7), dialect("rfc5648", 200))
LINKS = (*sorted(LINK_TYPES), 147)
HERE = Place("fuzzed", 1)
FEW = Bounds(packets=8, octets=20_000, seconds=40.0)
SHORTEST_BLOCK = 12  # octets: what a pcapng block takes at least


def events_in(octets: bytes) -> list[Event]:
    """The events in the octets of a trace."""
    return list(events_of(_given(octets), "fuzzed", DRAFT_04))


def _given(octets: bytes, at_once: int = 1 << 18) -> io.BufferedReader:
    """The octets as a reader takes them."""
    return io.BufferedReader(io.BytesIO(octets), at_once)  # type: ignore[arg-type]


def check_error(error: ReadError) -> None:
    """A read error is one sentence of where, what and what to do."""
    text = str(error)
    assert error.what, text
    assert error.remedy, text
    assert text.startswith(error.place.file)
    assert text.endswith(".")
    assert text.isprintable(), repr(text)


def capture(octets: bytes) -> None:
    """Containers: frames are numbered on and on, each octet is in one of them at most."""
    found = list(frames_of(_given(octets), "fuzzed"))
    assert found == list(frames_of(_given(octets, 17), "fuzzed"))
    frames = [frame for frame in found if isinstance(frame, Frame)]
    assert len(found) <= len(octets) // SHORTEST_BLOCK + 2
    assert sum(len(frame.data) for frame in frames) <= len(octets)
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    for one in found:
        if isinstance(one, ReadError):
            check_error(one)
    for event in events_in(octets):
        if isinstance(event, ReadError):
            check_error(event)
        else:
            assert event.place.packet in numbers


def packed(octets: bytes) -> None:
    """Packing with gzip: any octets are borne, and what was packed is read as if it were not."""
    for event in events_in(octets):
        if isinstance(event, ReadError):
            check_error(event)
    plain = events_in(octets[1:])
    cut = len(octets) // 2
    members = gzip.compress(octets[1:cut], 1) + gzip.compress(octets[max(1, cut) :], 1)
    # What was packed twice is not unpacked twice.
    if octets[1:3] != gzip.compress(b"")[:2]:
        assert repr(events_in(members)) == repr(plain)


def frame(octets: bytes) -> None:
    """Frames: link layers, headers, tunnels, neighbour discovery; places lie in the frame."""
    if len(octets) < 3:
        return
    wire, data = WIRES[octets[1] % len(WIRES)], octets[3:]
    link = LINKS[octets[0] % len(LINKS)]
    made = Frame(1, 0.0, link, 0, data, original_length=len(data) + octets[2])
    found = decode_frame(made, HERE.file, wire)
    assert len(found) <= 1
    assert not (found and gives_nothing(link, data))
    for event in found:
        check_event(event, len(data), wire)


def fragments(octets: bytes) -> None:
    """Packets, each behind its length: what was put together has real places."""
    wire, reassembly = WIRES[octets[0] % len(WIRES)] if octets else RFC5648, Reassembly(FEW)
    sent = [b""]
    for packet in _packets(octets[1:]):
        sent.append(packet)
        made = Frame(len(sent) - 1, float(len(sent)), 229, 0, packet, original_length=len(packet))
        for event in decode_frame(made, HERE.file, wire, reassembly):
            check_places(event, sent)
            if isinstance(event, MobilityMessage):
                check_written(event, wire)
    assert reassembly.incomplete < len(sent)


def _packets(octets: bytes) -> Iterator[bytes]:
    """The packets, each behind two octets that tell its length."""
    at = 0
    while at + 2 <= len(octets):
        end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
        yield octets[at + 2 : end]
        at = end


def check_places(event: Event, sent: list[bytes]) -> None:
    """What is read lies in a packet that was sent."""
    places = [event.place]
    if isinstance(event, ReadError):
        check_error(event)
    elif isinstance(event, MobilityMessage):
        places = [event.place_of(name) for name in event.offsets]
        places += [event.place.at(option.offset) for option in event.options]
        for option in event.options:
            place = event.place.at(option.offset)
            assert sent[place.packet or 0][place.offset or 0] == option.type
    for place in places:
        assert place.packet is not None
        assert 0 <= (place.offset or 0) <= len(sent[place.packet])


def check_event(event: Event, size: int, wire: Dialect) -> None:
    """What must hold of an event of a frame of so many octets."""
    if isinstance(event, ReadError):
        check_error(event)
        assert event.place.offset is not None
        assert 0 <= event.place.offset <= size
    elif isinstance(event, MobilityMessage):
        places = [*event.offsets.values(), *(option.offset for option in event.options)]
        assert all(0 <= at < size for at in places)
        check_written(event, wire)


def check_written(message: MobilityMessage, wire: Dialect) -> None:
    """The message is read as the same when it is written and read again."""
    (back,) = decode_packet(build_packet(message, wire), 0, Origin(HERE, 0.0), wire)
    assert isinstance(back, MobilityMessage), str(back)
    alone = {"place": HERE, "time": 0.0, "interface": None, "direction": None, "node": None}
    sent = replace(message, **alone, tunnelled=False, outer_src=None, outer_dst=None)
    assert _padded(back) == _padded(sent)


def _padded(message: MobilityMessage) -> MobilityMessage:
    """The message without its padding; octets of types that are not read may be filled up."""
    if isinstance(message, OtherMobility):
        return replace(message, data=message.data.rstrip(b"\0"))
    kept = tuple(option for option in message.options if not isinstance(option, Padding))
    return replace(message, options=kept)


def mobility(octets: bytes) -> None:
    """The Mobility Header in each dialect: options fill the message, octet by octet."""
    if len(octets) < 32:
        return
    addresses = Envelope(HERE, 0.0, *_addresses(octets[:32]))
    for wire in WIRES:
        try:
            message = decode_mobility(octets, 32, len(octets), addresses, wire)
        except Malformed as bad:
            check_error(read_error(HERE, 0.0, bad))
            continue
        check_event(message, len(octets), wire)
        if not isinstance(message, OtherMobility):
            start = FORMS[octets[34]].size
            assert start + _size(message.options) == 8 * (octets[33] + 1)


def _addresses(octets: bytes) -> tuple[IPv6Address, IPv6Address, IPv6Address]:
    """Source, destination and final destination."""
    src, dst = IPv6Address(octets[:16]), IPv6Address(octets[16:])
    return src, dst, dst


def _size(options: Iterable[Option]) -> int:
    """The octets that options take."""
    return sum(1 if option.type == 0 else 2 + option.length for option in options)


def log(octets: bytes) -> None:
    """Event logs: each line gives an event or nothing, and an error names its line."""
    lines = octets.count(b"\n") + 1
    found = events_in(octets)
    for event in found:
        if isinstance(event, ReadError):
            check_error(event)
        assert event.place.line is None or 1 <= event.place.line <= lines
    assert len(found) <= lines


def declaration(octets: bytes) -> None:
    """Declarations: they are understood, or refused in one sentence."""
    try:
        found = declaration_of(octets, "ha01.pcap", "trace.toml")
    except DeclarationError as bad:
        check_error(ReadError(Place(bad.file, None), bad.what, bad.remedy))
        return
    assert found.dialect.name in DIALECTS
    assert found.dialect.option_type >= 2


TARGETS: dict[str, Callable[[bytes], None]] = {
    "capture": capture,
    "packed": packed,
    "frame": frame,
    "fragments": fragments,
    "mobility": mobility,
    "log": log,
    "declaration": declaration,
}
