"""Where an event was read, and what could not be read there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event was read: frame and log line count from 1, byte offset in the frame from 0."""

    file: str
    packet: int | None
    line: int | None = None
    offset: int | None = None

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
