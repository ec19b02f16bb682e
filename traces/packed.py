"""Traces that were packed with gzip: what is in them, as far as it can be unpacked."""

from __future__ import annotations

import io
import zlib
from typing import Any, Protocol

GZIP_MAGIC = b"\x1f\x8b"
GZIP_FORM = 31  # a gzip header and the largest window, as zlib counts it
LARGEST = 1 << 36  # octets that are unpacked at most
STEP = 1 << 16  # packed octets that are taken at once

CUT, DAMAGED = "the packed data end early", "the packed data are damaged"
FOLLOWED = "something that is not packed follows the packed data"


class Source(Protocol):
    """What octets are read from."""

    def read(self, size: int, /) -> bytes:
        """Return the next octets, `size` at most; none at the end."""


class Octets(Protocol):
    """Octets that are read in order, and can be looked at before."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next octets: `size` of them, less only at the end; all without a size."""

    def peek(self, size: int = 0, /) -> bytes:
        """Return some of the next octets, which are yet to be read; none at the end only."""


class Unpacking(io.RawIOBase):
    """What gzip members hold, read piece by piece.

    What stands before a fault is given; then it ends, and `wrong` says what is wrong.
    """

    def __init__(self, packed: Source, largest: int = LARGEST) -> None:
        super().__init__()
        self.wrong: str | None = None
        self._packed, self._left = packed, largest
        self._largest = largest
        self._member: Any = zlib.decompressobj(GZIP_FORM)
        self._given = b""  # packed octets that are not yet unpacked
        self._ready = b""  # octets that are not yet given

    def readable(self) -> bool:
        """Whether it can be read from: yes."""
        return True

    def readinto(self, room: Any) -> int:
        """Fill the room; less only at the end: no form is seen in a member of two octets."""
        filled = 0
        while filled < len(room) and self._has_more():
            piece = self._ready[: len(room) - filled]
            room[filled : filled + len(piece)] = piece
            self._ready = self._ready[len(piece) :]
            filled += len(piece)
        return filled

    def _has_more(self) -> bool:
        """Whether there are octets to give; some are unpacked if need be."""
        while not self._ready and self.wrong is None and self._more():
            self._ready = self._step(STEP)
            self._bound()
        return bool(self._ready)

    def _more(self) -> bool:
        """Whether there are packed octets to go on with; the next member is begun."""
        if self._member.eof:
            return self._next_member()
        self._given = self._given or self._packed.read(STEP)
        if not self._given:
            self.wrong = CUT
        return bool(self._given)

    def _next_member(self) -> bool:
        if len(self._given) < len(GZIP_MAGIC):
            self._given += self._packed.read(STEP)
        if self._given[:2] == GZIP_MAGIC:
            self._member = zlib.decompressobj(GZIP_FORM)
            return True
        # Tapes are filled up with zeros.
        while self._given and not self._given.strip(b"\0"):
            self._given = self._packed.read(STEP)
        self.wrong = FOLLOWED if self._given else None
        return False

    def _step(self, most: int) -> bytes:
        before, given = self._member.copy(), self._given
        try:
            piece: bytes = self._member.decompress(given, max(most, 1))
        except zlib.error:
            self.wrong = DAMAGED
            return _until_the_fault(before, given)
        self._given = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        return piece

    def _bound(self) -> None:
        """See to it that no more is given than may be."""
        if len(self._ready) > self._left:
            self.wrong = f"it unpacks to more than {self._largest} octets"
        self._ready = self._ready[: self._left]
        self._left -= len(self._ready)


def _until_the_fault(member: Any, given: bytes) -> bytes:
    """What comes before the octet that cannot be unpacked."""
    found = bytearray()
    try:
        for at in range(len(given)):
            found += member.decompress(given[at : at + 1])
    except zlib.error:
        pass
    return bytes(found)
