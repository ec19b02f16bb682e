"""One face for every trace: `read_trace` picks the reader by what the file holds."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from traces.capture import PCAP_MAGICS, PCAPNG_MAGIC, Frame, frames_of
from traces.declaration import Declaration, load_declaration
from traces.dialects import Dialect
from traces.events import Event, Place, ReadError
from traces.fragments import Reassembly
from traces.links import LINK_TYPES
from traces.logs import log_events
from traces.packed import GZIP_MAGIC, Octets, Source, Unpacking
from traces.packets import decode_frame
from traces.sieve import gives_nothing

__all__ = ["Declaration", "load_declaration", "read_trace", "trace_name"]
STANDARD_INPUT = Path("-")
AT_ONCE = 1 << 18  # octets of a file that are read at once
FORMATS = "give pcap, pcapng or a JSON Lines event log, packed with gzip or not"


def read_trace(path: Path, declaration: Declaration) -> Iterator[Event]:
    """The events of a capture or event log in order, ReadErrors among them; never raises for input.

    Times are seconds since 1970; the format is known by the first octets, not by the name, and
    so is gzip around it.  The path - is standard input.  Of a capture no more is kept than the
    packet that is read; a log is read whole.
    """
    name = trace_name(path)
    try:
        with _opened(path) as octets:
            yield from events_of(octets, name, declaration.dialect)
    except OSError as bad:
        what = f"the file cannot be opened, {bad.strerror}"
        yield ReadError(Place(name, None), what, "check the path and the permissions")


@contextmanager
def _opened(path: Path) -> Iterator[Octets]:
    if path == STANDARD_INPUT:
        yield io.BufferedReader(_Given(sys.stdin.buffer), AT_ONCE)
        return
    with io.BufferedReader(io.FileIO(path), AT_ONCE) as octets:
        yield octets


class _Given(io.RawIOBase):
    """Standard input in whole pieces: a pipe may give single octets, and no form is seen in one."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        """Whether it can be read from: yes."""
        return True

    def readinto(self, room: Any) -> int:
        """Fill the room; less is given at the end only."""
        piece = self._source.read(len(room))
        room[: len(piece)] = piece
        return len(piece)


def trace_name(path: Path) -> str:
    """The name of a trace, as places and results have it."""
    return "standard input" if path == STANDARD_INPUT else path.name


def events_of(octets: Octets, file: str, wire: Dialect) -> Iterator[Event]:
    """The events in the octets of a trace, which may be packed."""
    if octets.peek(2)[:2] != GZIP_MAGIC:
        yield from _plain_events(octets, file, wire)
        return
    unpacking = Unpacking(octets)
    inside = io.BufferedReader(unpacking, AT_ONCE)
    if inside.peek(1) or unpacking.wrong is None:
        yield from _plain_events(inside, file, wire)
    if unpacking.wrong is not None:
        yield ReadError(Place(file, None), unpacking.wrong, "pack or record it again")


def is_capture(first: bytes) -> bool:
    """Whether a file with these first octets, four at least, is a capture."""
    return first[:4] == PCAPNG_MAGIC or first[:4] in PCAP_MAGICS


def _plain_events(octets: Octets, file: str, wire: Dialect) -> Iterator[Event]:
    first = octets.peek(AT_ONCE)
    if is_capture(first):
        yield from _capture_events(octets, file, wire)
    elif first.lstrip()[:1] == b"{":
        yield from log_events(octets.read(), file, wire)
    else:
        what = "this is neither a capture nor an event log" if first else "the file is empty"
        yield ReadError(Place(file, None), what, FORMATS)


def _capture_events(octets: Octets, file: str, wire: Dialect) -> Iterator[Event]:
    """The events of all frames; a link type that is not read is reported once."""
    refused: set[int] = set()
    reassembly = Reassembly()
    for frame in frames_of(octets, file, gives_nothing):
        if isinstance(frame, ReadError):
            yield frame
        elif frame.linktype not in refused:
            refused |= _refused(frame)
            yield from decode_frame(frame, file, wire, reassembly)


def _refused(frame: Frame) -> set[int]:
    """The frame's link type if it is none that can be read."""
    return set() if frame.linktype in LINK_TYPES else {frame.linktype}
