"""What an engine found: how many states, at which depth, what was taken, what was violated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checker.space.system import Values

# Why a search stopped before its end.
MEMORY, INTERRUPTED, STATES, VIOLATION = "memory", "interrupted", "states", "violation"


@dataclass(frozen=True)
class Reached:
    """The states that were reached, counted; unless `complete`, of the search so far.

    `levels` are the new states at each depth, of the last one only some where a search was
    `stopped` by what it had in memory or by an interruption; `violated` says how many states
    violate a property, and `paths` has a shortest sequence of states to one of them.  All of them
    are about the whole system, also where a search went through one state of each `renamings`
    that are images of each other, `kept` in all.
    """

    states: int
    transitions: int
    levels: tuple[int, ...]
    taken: Mapping[str, int] = field(default_factory=dict)
    violated: Mapping[str, int] = field(default_factory=dict)
    paths: Mapping[str, tuple[Values, ...]] = field(default_factory=dict)
    met: frozenset[str] = frozenset()
    complete: bool = True
    bytes: int = 0  # what states and table take
    renamings: int = 1  # how many there were, the one that renames nothing among them
    kept: int = 0  # states that were looked at; 0 where it was all of them
    told_apart: tuple[str, ...] = ()  # by candidate that is no symmetry: why not
    stopped: str = ""  # memory, interrupted, states, violation; nothing where it is complete

    @property
    def depth(self) -> int:
        """Return the number of transitions to the farthest state."""
        return len(self.levels) - 1
