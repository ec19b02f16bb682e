"""What an engine found: how many states, at which depth, what was taken, what was violated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from checker.space.system import Values

# Why a search stopped before its end.
MEMORY, INTERRUPTED, STATES, VIOLATION = "memory", "interrupted", "states", "violation"
LOST = "lost"  # a process with some of the states


@dataclass(frozen=True)
class Trail:
    """A sequence of states from an initial one, and the positions of the transitions between."""

    states: tuple[Values, ...]
    taken: tuple[int, ...]


@dataclass(frozen=True)
class Lasso:
    """A run that keeps from a term: a stem from an initial state, and what follows for ever.

    `taken` are the positions of the transitions between the states of the stem; `loop` has the
    states of a way round that begins and ends with the last one of the stem, which is a dead
    end of fair transitions where there is no loop.
    """

    stem: tuple[Values, ...]
    taken: tuple[int, ...]
    loop: tuple[Values, ...] = ()
    loop_taken: tuple[int, ...] = ()


@dataclass(frozen=True)
class Recovery:
    """Whether a term is reached again from every state by fair transitions; None = not decided.

    `states` are those of the quotient graph where the term does not hold, `edges` the fair
    transitions out of them, `stuck` the dead ends among them and `endless` the components with
    an endless fair run.
    """

    name: str
    holds: bool | None
    states: int = 0
    edges: int = 0
    stuck: int = 0
    endless: int = 0
    lasso: Lasso | None = None


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
