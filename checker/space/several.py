"""Several counterexamples that differ in kind, found without a note of where states came from.

Two sequences are of one kind if the same transitions are taken as often, in whatever order and
whichever BIDs and interfaces they are about: renumbering, or two independent actions the other
way round, tell nothing new.  Nor does a sequence that takes all that another one takes, and
more; it is left out.  All sequences of a kind are equally long, so that each is a shortest one.

The search goes backwards through the levels, from transitions into violating states, and keeps
for each kind of ending a few states from which the rest is to be found.  So there may be kinds
that it does not find; what it finds are sequences of the system whose last state alone violates
the property.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from checker.space import several_kernel as kernel
from checker.space.calm_kernel import reinserted
from checker.space.compiled import Compiled
from checker.space.reached import Reached, Trail
from checker.space.stepping import Stepping
from checker.space.system import Values
from checker.space.tables import Words

DEEPER = 4  # levels after the first that has a violation
MOST_SEEN = 2_000_000  # states that are gone through for one of them
MOST_KINDS = 512  # of endings, at each level
MOST_STATES = 16  # of each of them
ROWS = 1 << 14
Kind = tuple[int, ...]  # how often each label is taken


@dataclass(frozen=True, eq=False)
class Ending:
    """A state (its words), and what follows: a transition, then another ending or the last."""

    state: Values
    position: int
    kind: Kind
    then: Ending | Values

    @property
    def rank(self) -> tuple[Any, ...]:
        """Return what puts endings in order, whichever was met first."""
        after = self.then.state if isinstance(self.then, Ending) else self.then
        return self.state[::-1], self.position, after[::-1]


class Several:
    """The kinds of shortest sequences to states that violate one property, after a search.

    `labels` say for each transition what it counts as; the default is its name without numbers.
    """

    def __init__(self, engine: Compiled, name: str, labels: Sequence[str] | None = None) -> None:
        self.stepping = Stepping.of(engine)
        self.property = list(engine.system.always).index(name)
        self.levels = list(engine.levels())
        given = labels or [t.name for t in engine.system.transitions]
        told = [re.sub(r"\d+", "", label) for label in given]
        names = list(dict.fromkeys(told))
        self.labels = [names.index(label) for label in told]
        self.nothing: Kind = (0,) * len(names)

    def trails(self, most: int, first: int) -> list[Trail]:
        """Return up to `most` sequences; the first violation is at the depth `first`."""
        found: list[Ending] = []
        for depth in self._depths(max(first, 1)):
            if len(found) < most:
                found += self._of_length(depth, [e.kind for e in found])
        return [self._trail(ending) for ending in found[:most]]

    def _depths(self, first: int) -> Iterator[int]:
        """Yield the depth of the first violation, and those after it that cost little."""
        yield first
        sizes = [sum(map(len, level)) // self.stepping.words for level in self.levels]
        for depth in range(first + 1, min(first + DEEPER, len(self.levels) - 1) + 1):
            if sum(sizes[:depth]) <= MOST_SEEN:
                yield depth

    def _of_length(self, length: int, known: Sequence[Kind]) -> list[Ending]:
        """Return one sequence of each kind of a length that includes no known kind."""
        endings = self._kept(self._last(length - 1), known, 1 if length == 1 else MOST_STATES)
        for level in range(length - 2, -1, -1):
            enough = 1 if level == 0 else MOST_STATES
            endings = self._kept(self._longer(level, endings), known, enough)
        return endings

    def _kept(self, endings: Iterable[Ending], known: Sequence[Kind], enough: int) -> list[Ending]:
        """Return a few endings of each kind, by kind."""
        by_kind: dict[Kind, list[Ending]] = {}
        for ending in endings:
            by_kind.setdefault(ending.kind, []).append(ending)
        new = [k for k in sorted(by_kind) if not any(_includes(k, other) for other in known)]
        return [
            e
            for kind in new[:MOST_KINDS]
            for e in sorted(by_kind[kind], key=lambda e: e.rank)[:enough]
        ]

    def _last(self, level: int) -> Iterator[Ending]:
        """Yield the transitions from states of a level to violating ones."""
        for state, position, after in self._leading(level, ()):
            yield Ending(state, position, self._with(self.nothing, position), after)

    def _longer(self, level: int, endings: Sequence[Ending]) -> Iterator[Ending]:
        """Yield endings with a transition from a state of a level before them."""
        beginning: dict[Values, list[Ending]] = {}
        for ending in endings:
            beginning.setdefault(ending.state, []).append(ending)
        found = self._leading(level, list(beginning)) if beginning else ()
        for state, position, after in found:
            for then in beginning[after]:
                yield Ending(state, position, self._with(then.kind, position), then)

    def _with(self, kind: Kind, position: int) -> Kind:
        label = self.labels[position]
        return tuple(many + (k == label) for k, many in enumerate(kind))

    def _trail(self, ending: Ending) -> Trail:
        states, taken = [ending.state], list[int]()
        then: Ending | Values = ending
        while isinstance(then, Ending):
            taken.append(then.position)
            after = then.then
            states.append(after.state if isinstance(after, Ending) else after)
            then = after
        return Trail(tuple(map(self.stepping.unpacked, states)), tuple(taken))

    # -- backwards by machine code -----------------------------------------------------------

    def _leading(self, level: int, wanted: Sequence[Values]) -> Iterator[tuple[Any, ...]]:
        """Yield transitions from a level: before, position, after.

        They lead to one of the `wanted` states, or, where there are none, to a violating one.
        """
        words = self.stepping.words
        states = np.array(wanted, np.uint64).reshape(-1)
        slots = np.zeros(1 << (4 * len(wanted) + 1).bit_length(), np.int32)
        reinserted(words, slots, states, len(wanted))
        for block in self.levels[level]:
            for number, position, *after in self._scanned(block, slots, states):
                before = block[number * words : (number + 1) * words].tolist()
                yield tuple(before), position, tuple(after)

    def _scanned(self, block: Words, slots: Any, wanted: Words) -> list[list[int]]:
        stepping, room = self.stepping, self.stepping.room
        functions = np.array([stepping.native.successors, stepping.native.judged], np.uint64)
        numbers = np.zeros(kernel.FIELDS, np.int64)
        found = np.zeros((ROWS, stepping.words + 2), np.uint64)
        given = (functions, stepping.tables, block, self.property, slots, wanted)

        def call() -> int:
            where = (room.out, room.held, found, numbers)
            status: int = kernel.leading(stepping.words, *given, *where)
            return status

        while stepping.seen_to(room, call) == kernel.FULL:
            found = np.concatenate([found, np.zeros_like(found)])
        rows: list[list[int]] = found[: numbers[kernel.FOUND]].tolist()
        return rows


def _includes(kind: Kind, other: Kind) -> bool:
    """Return whether a kind takes each transition at least as often as another."""
    return all(a >= b for a, b in zip(kind, other, strict=True))


def several(
    engine: Compiled, found: Reached, name: str, most: int, labels: Sequence[str] | None = None
) -> list[Trail]:
    """Return up to `most` counterexamples of a property that differ in kind, shortest first."""
    path = found.paths.get(name, ())
    if len(path) < 2:
        return [Trail(path, ())][: len(path)]
    return Several(engine, name, labels).trails(most, len(path) - 1)
