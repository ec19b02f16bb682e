"""Progress: one line that renews itself on a terminal, nothing in a log."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TextIO

INTERVAL_S = 0.2


@dataclass
class Progress:
    """Tells what is being done; `stream` is written to only when it is a terminal."""

    stream: TextIO
    _started: float = field(default_factory=time.monotonic)
    _last: float = 0.0

    def say(self, text: str) -> None:
        """Show what is being done now."""
        if self.stream.isatty():
            self._write(text)

    def states(self, states: int, transitions: int, depth: int) -> None:
        """Show how far an exploration is."""
        now = time.monotonic()
        if self.stream.isatty() and now - self._last > INTERVAL_S:
            self._last = now
            rate = states / max(now - self._started, 0.001)
            self._write(
                f"{states:,} states, {transitions:,} transitions, depth {depth}, {rate:,.0f}/s"
            )

    def done(self) -> None:
        """Leave an empty line behind."""
        if self.stream.isatty():
            self._write("")

    def _write(self, text: str) -> None:
        self.stream.write(f"\r\x1b[K{text[:110]}")
        self.stream.flush()
