"""How far an exploration is, as a value for those who want to know while it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

INTERVAL_S = 1.0
FARTHEST = 100_000  # levels that an estimate looks ahead


@dataclass(frozen=True)
class Advance:
    """States and transitions so far, the depth, states `waiting` for their transitions.

    `bytes` is what states and table take, where the engine knows; `rate` is in states a second,
    and `left` in seconds, None where the levels do not say.
    """

    states: int
    transitions: int
    depth: int
    waiting: int
    bytes: int
    seconds: float
    rate: float
    left: float | None


Progress = Callable[[Advance], None]


@dataclass
class Watch:
    """Tells of an exploration: at once when asked to, or if it has not for a second."""

    tell: Progress | None

    def __post_init__(self) -> None:
        self._begun = time.monotonic()
        self._last = self._begun - INTERVAL_S

    @property
    def due(self) -> bool:
        """Return whether somebody listens and has heard nothing for a second."""
        return self.tell is not None and time.monotonic() - self._last >= INTERVAL_S

    def say(
        self, levels: Sequence[int], states: int, transitions: int, waiting: int, used: int = 0
    ) -> None:
        """Tell how far it is; `levels` are those that are known in full."""
        if self.tell is None:
            return
        self._last = time.monotonic()
        seconds = max(self._last - self._begun, 1e-6)
        more = to_come(levels)
        done = (states - waiting) / seconds
        left = None if more is None or not done else (waiting + more) / done
        depth = len(levels) - 1
        rate = states / seconds
        self.tell(Advance(states, transitions, depth, waiting, used, seconds, rate, left))


def to_come(levels: Sequence[int]) -> float | None:
    """Estimate the states beyond the last level; None where the levels do not get smaller.

    The ratio of one level to the one before it goes on to change as it has over the last five.
    """
    known = levels[-5:]
    if len(known) < 5 or not all(known):
        return None
    ratio, early = known[-1] / known[-2], known[-4] / known[-5]
    change = min(float((ratio / early) ** (1 / 3)), 1.0)
    size, total = float(known[-1]), 0.0
    for _ in range(FARTHEST):
        ratio *= change
        size *= ratio
        total += size
        if size < 1:
            return total
    return None
