"""One face for every trace: `read_trace` picks the reader by what the file holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from traces.capture import PCAP_MAGICS, PCAPNG_MAGIC, Frame, frames_of
from traces.declaration import Declaration, load_declaration
from traces.dialects import Dialect
from traces.events import Event, Place, ReadError
from traces.links import LINK_TYPES
from traces.logs import log_events
from traces.packed import unpacked
from traces.packets import decode_frame
from traces.sieve import gives_nothing

__all__ = ["Declaration", "load_declaration", "read_trace", "trace_name"]
STANDARD_INPUT = Path("-")
FORMATS = "give pcap, pcapng or a JSON Lines event log, packed with gzip or not"


def read_trace(path: Path, declaration: Declaration) -> Iterator[Event]:
    """The events of a capture or event log in order, ReadErrors among them; never raises for input.

    Times are seconds since 1970; the format is known by the first octets, not by the name, and
    so is gzip around it.  The path - is standard input.
    """
    name = trace_name(path)
    try:
        data = sys.stdin.buffer.read() if path == STANDARD_INPUT else path.read_bytes()
    except OSError as bad:
        what = f"the file cannot be opened, {bad.strerror}"
        yield ReadError(Place(name, None), what, "check the path and the permissions")
        return
    yield from events_of(data, name, declaration.dialect)


def trace_name(path: Path) -> str:
    """The name of a trace, as places and results have it."""
    return "standard input" if path == STANDARD_INPUT else path.name


def events_of(data: bytes, file: str, wire: Dialect) -> Iterator[Event]:
    """The events in the octets of a trace, which may be packed."""
    data, wrong = unpacked(data)
    if data or wrong is None:
        yield from _plain_events(data, file, wire)
    if wrong is not None:
        yield ReadError(Place(file, None), wrong, "pack or record it again")


def _plain_events(data: bytes, file: str, wire: Dialect) -> Iterator[Event]:
    if data[:4] == PCAPNG_MAGIC or data[:4] in PCAP_MAGICS:
        yield from _capture_events(data, file, wire)
    elif data.lstrip()[:1] == b"{":
        yield from log_events(data, file, wire)
    else:
        what = "this is neither a capture nor an event log" if data else "the file is empty"
        yield ReadError(Place(file, None), what, FORMATS)


def _capture_events(data: bytes, file: str, wire: Dialect) -> Iterator[Event]:
    """The events of all frames; a link type that is not read is reported once."""
    refused: set[int] = set()
    for frame in frames_of(data, file):
        if isinstance(frame, ReadError):
            yield frame
        elif frame.linktype not in refused and not gives_nothing(frame.linktype, frame.data):
            refused |= _refused(frame)
            yield from decode_frame(frame, file, wire)


def _refused(frame: Frame) -> set[int]:
    """The frame's link type if it is none that can be read."""
    return set() if frame.linktype in LINK_TYPES else {frame.linktype}
