"""Where an event was read, and what could not be read there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

Direction = Literal["in", "out"]
Fate = Literal["arrived", "lost"]


class Piece(NamedTuple):
    """Part of a packet put together from fragments: its first octet there, and that one's place."""

    start: int
    place: Place


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event was read: frame and log line count from 1, byte offset in the frame from 0.

    What came in fragments has the place of the fragment that completed it. Its offsets then count
    in the packet put together, from its IPv6 header on; `pieces` tell where its octets are, in
    order, and `at` finds the real byte of any of them.
    `also`: the other captures of a run that show the same message; no part of comparison.
    """

    file: str
    packet: int | None
    line: int | None = None
    offset: int | None = None
    pieces: tuple[Piece, ...] = ()
    also: tuple[Place, ...] = field(default=(), compare=False)

    def at(self, offset: int) -> Place:
        """The place of a byte: in this frame, or in the frame of the fragment that has it."""
        piece = next((p for p in reversed(self.pieces) if p.start <= offset), None)
        if piece is None:
            return replace(self, offset=offset)
        return replace(piece.place, offset=(piece.place.offset or 0) + offset - piece.start)

    def __str__(self) -> str:
        """The place in words, such as "ha01.pcapng packet 3, byte 58"."""
        packet = "" if self.packet is None else f"packet {self.packet}"
        if self.line is not None:
            packet = f"line {self.line}" + (f" ({packet})" if packet else "")
        byte = "" if self.offset is None else f", byte {self.offset}"
        return f"{self.file} {packet}".rstrip() + byte


@dataclass(frozen=True, slots=True)
class ReadError:
    """Input that could not be read; reading goes on with the next packet or line where it can."""

    place: Place
    what: str
    remedy: str
    time: float | None = None

    def __str__(self) -> str:
        """One sentence: where, what, what to do."""
        return f"{self.place}: {self.what}; {self.remedy}."
