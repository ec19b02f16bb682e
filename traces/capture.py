"""Capture containers, pcap and pcapng, to numbered frames.

Read by hand: dpkt yields a cut last packet as if it were whole and knows one pcapng section only;
python-pcapng ends in KeyError or UnicodeDecodeError on broken blocks and tells no byte offset.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from traces.events import Direction, Place, ReadError
from traces.packed import Octets

PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
# magic -> byte order, fractions a second
PCAP_MAGICS = {
    b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\xd4\xc3\xb2\xa1": ("<", 10**6),
    b"\xa1\xb2\x3c\x4d": (">", 10**9),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9),
}
BYTE_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0A0D0D0A, 1, 2, 3, 6
OPT_COMMENT, EPB_FLAGS, IF_TSRESOL, IF_TSOFFSET = 1, 2, 9, 14
DIRECTIONS: dict[int, Direction] = {1: "in", 2: "out"}
RECORD_AGAIN = "copy or record the capture again"
LARGEST = 1 << 26  # octets of a packet or a block at most; no link has larger ones


class Frame(NamedTuple):
    """One captured frame: number from 1, time in seconds since 1970, link type, its octets.

    `interface` counts from 0 over all sections of the file; `original_length` is the length on the
    wire in octets.
    """

    number: int
    time: float
    linktype: int
    interface: int
    data: bytes
    comment: str | None = None
    direction: Direction | None = None
    original_length: int = 0


def read_frames(path: Path) -> Iterator[Frame | ReadError]:
    """The frames of a pcap or pcapng file, in order; where the file is broken, a ReadError.

    A container error tells the byte offset in the file in its words, as it belongs to no frame.
    OSError is raised for a file that cannot be opened.
    """
    with path.open("rb") as octets:
        yield from frames_of(octets, path.name)


def _none(linktype: int, data: bytes) -> bool:
    return False


def frames_of(
    octets: Octets, file: str, passed_over: Callable[[int, bytes], bool] = _none
) -> Iterator[Frame | ReadError]:
    """The frames in the octets of a capture file, each when it is read: none is kept.

    Left out are those that are `passed_over` by their link type and octets.
    """
    magic = octets.peek(4)[:4]
    if magic == PCAPNG_MAGIC:
        frames = _Pcapng(octets, file).frames()
        for frame in frames:
            if isinstance(frame, ReadError) or not passed_over(frame.linktype, frame.data):
                yield frame
    elif magic in PCAP_MAGICS:
        yield from _pcap(octets, file, passed_over)
    else:
        yield ReadError(Place(file, None), "this is no capture", "give pcap or pcapng")


def _broken(file: str, number: int, offset: int, what: str) -> ReadError:
    """A ReadError about the container, at a byte offset in the file."""
    return ReadError(Place(file, number), f"{what} at byte {offset} of the file", RECORD_AGAIN)


def _pcap(
    octets: Octets, file: str, passed_over: Callable[[int, bytes], bool]
) -> Iterator[Frame | ReadError]:
    """Classic pcap, either byte order, micro- or nanoseconds."""
    head = octets.read(24)
    order, fractions = PCAP_MAGICS[head[:4]]
    if len(head) < 24:
        yield _broken(file, 1, len(head), "the file ends in its header")
        return
    linktype = struct.unpack(order + "I", head[20:24])[0] & 0xFFFF
    unpack, read = struct.Struct(order + "IIII").unpack, octets.read
    at, number = 24, 0
    while header := read(16):
        number += 1
        if len(header) < 16:
            yield _broken(file, number, at + len(header), "the file ends in a packet header")
            return
        seconds, fraction, size, original = unpack(header)
        if size > LARGEST:
            what = f"a packet header tells {size} octets, which no packet has,"
            yield _broken(file, number, at, what)
            return
        data = read(size)
        at += 16 + len(data)
        if len(data) < size:
            yield _broken(file, number, at, "the file ends in the packet")
            return
        if passed_over(linktype, data):
            continue
        time = seconds + fraction / fractions
        yield Frame(number, time, linktype, 0, data, None, None, original)


@dataclass(frozen=True, slots=True)
class _Interface:
    """An Interface Description Block: link type, number in the file, clock."""

    linktype: int
    number: int
    per_second: int
    offset: int

    def time(self, high: int, low: int) -> float:
        """Seconds since 1970 of a block's two timestamp words."""
        ticks = (high << 32) | low
        whole, rest = divmod(ticks, self.per_second)
        return self.offset + whole + rest / self.per_second


class _BlockError(ValueError):
    """A packet block that cannot be read though its framing is sound."""


@dataclass(slots=True)
class _Pcapng:
    """A walk over the blocks of a pcapng file."""

    octets: Octets
    file: str
    at: int = 0
    order: str = "<"
    number: int = 0
    seen: int = 0
    last_time: float = 0.0
    interfaces: list[_Interface] = field(default_factory=list)

    def frames(self) -> Iterator[Frame | ReadError]:
        """The frames of all sections; after a block whose length is broken nothing can be found."""
        while head := self.octets.read(8):
            body = self._body(head)
            if body is None:
                what = "a pcapng block is cut off or has a broken length"
                yield _broken(self.file, self.number + 1, self.at, what)
                return
            yield from self._block(self._word(head, 0), body)
            self.at += len(body) + 12

    def _word(self, octets: bytes, at: int) -> int:
        return int(struct.unpack_from(self.order + "I", octets, at)[0])

    def _body(self, head: bytes) -> bytes | None:
        """What a block holds, None if it is broken; a section sets the byte order."""
        begun = b""
        if head[:4] == PCAPNG_MAGIC:
            begun = self.octets.read(4)
            if begun not in BYTE_ORDERS:
                return None
            self.order = BYTE_ORDERS[begun]
        size = self._word(head, 4) if len(head) == 8 else 0
        if not 12 + len(begun) <= size <= LARGEST or size % 4:
            return None
        rest = begun + self.octets.read(size - 8 - len(begun))
        whole = len(rest) == size - 8 and self._word(rest, size - 12) == size
        return rest[:-4] if whole else None

    def _block(self, kind: int, body: bytes) -> Iterator[Frame | ReadError]:
        """What one block gives: packets a frame, all others nothing."""
        try:
            if kind == SECTION:
                self.interfaces = []
            elif kind == INTERFACE:
                self._add_interface(body)
            elif kind in (PACKET, OLD_PACKET, SIMPLE_PACKET):
                self.number += 1
                yield self._frame(kind, body)
        except (_BlockError, struct.error) as bad:
            what = str(bad) if isinstance(bad, _BlockError) else "a pcapng block is too short"
            yield _broken(self.file, self.number, self.at, what)

    def _add_interface(self, body: bytes) -> None:
        """Keep an Interface Description Block with its clock."""
        linktype = struct.unpack_from(self.order + "H", body)[0]
        options = _options(body[8:], self.order)
        resolution = (options.get(IF_TSRESOL) or b"\x06")[0]
        per_second = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        offset = 0
        if len(options.get(IF_TSOFFSET, b"")) == 8:
            offset = struct.unpack(self.order + "q", options[IF_TSOFFSET])[0]
        self.interfaces.append(_Interface(linktype, self.seen, per_second, offset))
        self.seen += 1

    def _frame(self, kind: int, body: bytes) -> Frame:
        """The frame of an enhanced, simple or obsolete packet block."""
        if kind == SIMPLE_PACKET:
            original = struct.unpack_from(self.order + "I", body)[0]
            interface = self._interface(0)
            size, start, time = min(original, len(body) - 4), 4, self.last_time
        else:
            form = "IIIII" if kind == PACKET else "HHIIII"
            which, *rest = struct.unpack_from(self.order + form, body)
            high, low, size, original = rest[-4:]
            interface = self._interface(which)
            start, time = 20, interface.time(high, low)
        if size > len(body) - start:
            raise _BlockError(f"a packet of {size} octets does not fit its block")
        self.last_time = time
        options = _options(body[start + size + (-size % 4) :], self.order)
        octets = body[start : start + size]
        return self._with_options(interface, time, octets, original, options)

    def _with_options(
        self,
        interface: _Interface,
        time: float,
        octets: bytes,
        original: int,
        options: dict[int, bytes],
    ) -> Frame:
        """A frame with the comment and the direction that its options give."""
        comment = options.get(OPT_COMMENT)
        flags = options.get(EPB_FLAGS, b"")
        word = struct.unpack(self.order + "I", flags)[0] if len(flags) == 4 else 0
        return Frame(
            self.number,
            time,
            interface.linktype,
            interface.number,
            octets,
            None if comment is None else comment.decode("utf-8", "replace"),
            DIRECTIONS.get(word & 3),
            original,
        )

    def _interface(self, which: int) -> _Interface:
        """The interface of that number in this section."""
        if which >= len(self.interfaces):
            raise _BlockError(f"a packet names interface {which}, which is not described")
        return self.interfaces[which]


def _options(data: bytes, order: str) -> dict[int, bytes]:
    """The first value of each option of a block; a broken list ends where it breaks."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(order + "HH", data, at)
        value = data[at + 4 : at + 4 + size]
        if code == 0 or len(value) < size:
            break
        found.setdefault(code, value)
        at += 4 + size + (-size % 4)
    return found
