"""Guards as a tree: what several of them ask first is asked once, and none beneath it if not.

A guard is a conjunction; the part that most guards share is the next branch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from checker.space.program import Program, Ref


@dataclass(frozen=True)
class Guarded:
    """Something to be done where all of some flags are set."""

    flags: frozenset[Ref]
    what: int

    def without(self, flag: Ref) -> Guarded:
        """Return what is left to ask once a flag is known to be set."""
        return Guarded(self.flags - {flag}, self.what)


@dataclass(frozen=True)
class Branch:
    """What is done where a flag is set (None: in any case), and the branches there."""

    flag: Ref | None
    done: tuple[int, ...]
    within: tuple[Branch, ...]


def conjuncts(program: Program, ref: Ref) -> frozenset[Ref]:
    """Return the flags of which one is the conjunction."""
    found, waiting = set[Ref](), [ref]
    while waiting:
        top = waiting.pop()
        instruction = program.instructions[top]
        if instruction.op == "and" and all(program.most(a) == 1 for a in instruction.args):
            waiting += instruction.args
        elif program.value(top) != 1:
            found.add(top)
    return frozenset(found)


def tree(guarded: Sequence[Guarded]) -> Branch:
    """Return the branches for things with their guards."""
    return _branch(None, guarded)


def _branch(flag: Ref | None, guarded: Iterable[Guarded]) -> Branch:
    items = list(guarded)
    done = tuple(g.what for g in items if not g.flags)
    return Branch(flag, done, tuple(_within([g for g in items if g.flags])))


def _within(items: list[Guarded]) -> Iterator[Branch]:
    while items:
        counts = Counter(flag for g in items for flag in g.flags)
        most = max(counts, key=lambda flag: (counts[flag], -flag))
        yield _branch(most, (g.without(most) for g in items if most in g.flags))
        items = [g for g in items if most not in g.flags]
