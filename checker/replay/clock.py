"""Lifetimes: when the bindings that a node granted run out, by the time of the trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checker.replay.exchanges import Exchange
from checker.replay.naming import Naming
from checker.replay.state import PLAIN, State, bindings, unique, without

SLACK_S = 2.0


@dataclass(slots=True)
class Clock:
    """The time, in seconds, at which each binding runs out, by its key."""

    ends: dict[int, float] = field(default_factory=dict)

    def granted(self, e: Exchange, naming: Naming, knows_bids: bool) -> None:
        """Note what an acknowledgement granted."""
        if e.answer is None or e.answer.status >= 128:
            return
        options = e.bids if knows_bids else ()
        for key in [naming.bid(o.bid) for o in options] or [PLAIN]:
            self.ends[key] = e.answer.time + e.answer.lifetime_s

    def rename(self, bids: Mapping[int, int]) -> None:
        """Give the BIDs other indices; those that are not named any more are forgotten."""
        kept = {PLAIN: PLAIN, **bids}
        self.ends = {kept[key]: end for key, end in self.ends.items() if key in kept}

    def expired(self, states: list[State], now: float) -> list[State]:
        """The states that time may have made of `states`: near an end, with and without."""
        found: list[State] = []
        for state in states:
            keys = [k for k in bindings(state) if k in self.ends]
            gone = [k for k in keys if now > self.ends[k] + SLACK_S]
            near = [k for k in keys if k not in gone and now >= self.ends[k] - SLACK_S]
            left = without(state, gone) if gone else state
            found += [left, without(left, near)] if near else [left]
        return unique(found) if len(found) > 1 else found
