"""Progress: one line that renews itself on a terminal, nothing in a log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TextIO

from checker.advance import Advance

INTERVAL_S = 0.2


@dataclass
class Progress:
    """Tells what is being done; `stream` is written to only when it is a terminal."""

    stream: TextIO
    _last: float = 0.0

    def say(self, text: str) -> None:
        """Show what is being done now."""
        if self.stream.isatty():
            self._write(text)

    def states(self, now: Advance) -> None:
        """Show how far an exploration is."""
        if self.stream.isatty() and time.monotonic() - self._last > INTERVAL_S:
            self._last = time.monotonic()
            self._write(advance_text(now))

    def done(self) -> None:
        """Leave an empty line behind."""
        if self.stream.isatty():
            self._write("")

    def _write(self, text: str) -> None:
        self.stream.write(f"\r\x1b[K{text[:110]}")
        self.stream.flush()


def advance_text(now: Advance) -> str:
    """Return how far an exploration is, in one line."""
    parts = [
        f"{now.states:,} states",
        f"{now.rate:,.0f}/s",
        f"depth {now.depth}",
        f"{now.waiting:,} waiting",
    ]
    if now.bytes:
        parts.append(f"{now.bytes / (1 << 20):,.0f} MiB")
    if now.left is not None:
        parts.append(f"about {now.left:,.0f} s left")
    return ", ".join(parts)
