"""What a thread remembers of step tables, in machine code: the entry for the bits of a state.

To work out the key of a table takes some hundred instructions; few bits of the state decide
it.  So each lookup has a small memory of its own, one place for each hash of these bits, that
keeps the last bits that came there, and what was found for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from llvmlite import ir

from checker.space.lowered import Lowered
from checker.space.packing import WORD
from checker.space.support import ALL
from checker.space.tables import MIX

MOST_BITS = 14  # of the hash: places of a memory
I64, BIT = ir.IntType(64), ir.IntType(1)


@dataclass(frozen=True)
class Turned:
    """A masked word of a state, and by how many bits it is rotated upwards."""

    word: int
    mask: int
    turn: int

    @property
    def moved(self) -> int:
        """Return where the bits of the mask are then."""
        return (self.mask << self.turn | self.mask >> (WORD - self.turn)) & ALL


@dataclass(frozen=True)
class Remembered:
    """The memory of one lookup: where it begins in a thread's scratch, and what it is about."""

    begin: int
    needs: tuple[tuple[int, int], ...]  # words of a state, each with a mask

    @cached_property
    def together(self) -> tuple[tuple[Turned, ...], ...]:
        """Return the masked words that one word has room for, for each such word."""
        made: list[list[Turned]] = []
        for n, mask in self.needs:
            for others in made:
                turn = _turn(mask, [t.moved for t in others])
                if turn is not None:
                    others.append(Turned(n, mask, turn))
                    break
            else:
                made.append([Turned(n, mask, 0)])
        return tuple(map(tuple, made))

    @property
    def bits(self) -> int:
        """Return the width of the hash."""
        return min(MOST_BITS, sum(mask.bit_count() for _, mask in self.needs))

    @property
    def stride(self) -> int:
        """Return the words of a place: the bits, and the entry."""
        return len(self.together) + 1

    @property
    def end(self) -> int:
        """Return where the next memory begins."""
        return self.begin + (self.stride << self.bits)

    def place(self, b: ir.IRBuilder, scratch: Any, words: Sequence[Any]) -> Place:
        """Emit the way to the place for a state."""
        masked = [_joined(b, words, turned) for turned in self.together]
        hashed: Any = I64(0)
        for word in masked:
            hashed = b.mul(b.xor(hashed, word), I64(MIX))
            hashed = b.xor(hashed, b.lshr(hashed, I64(29)))
        mixed = b.mul(hashed, I64(MIX))
        at = b.lshr(mixed, I64(64 - self.bits)) if self.bits else I64(0)
        first = b.add(b.mul(at, I64(self.stride)), I64(self.begin))
        slots = [b.gep(scratch, [b.add(first, I64(n))]) for n in range(self.stride)]
        return Place(masked, slots)


@dataclass(frozen=True)
class Place:
    """The place for a state in a memory, as emitted: the bits it is about, and the slots."""

    masked: list[Any]
    slots: list[Any]

    def held(self, b: ir.IRBuilder) -> tuple[Any, Any]:
        """Emit whether it has an entry for these bits, and the entry."""
        entry = b.load(self.slots[-1])
        same = b.icmp_unsigned("!=", entry, I64(0))
        for slot, value in zip(self.slots, self.masked, strict=False):
            same = b.and_(same, b.icmp_unsigned("==", b.load(slot), value))
        return same, entry

    def keep(self, b: ir.IRBuilder, entry: Any) -> None:
        """Emit that it keeps an entry for these bits."""
        for slot, value in zip(self.slots, [*self.masked, entry], strict=True):
            b.store(value, slot)


def _turn(mask: int, taken: Sequence[int]) -> int | None:
    """Return a rotation that takes a mask to bits that are free, or None."""
    free = (n for n in range(WORD) if not any(Turned(0, mask, n).moved & m for m in taken))
    return next(free, None)


def _joined(b: ir.IRBuilder, words: Sequence[Any], turned: Sequence[Turned]) -> Any:
    result: Any = None
    for t in turned:
        value = b.and_(words[t.word], I64(t.mask))
        if t.turn:
            value = b.or_(b.shl(value, I64(t.turn)), b.lshr(value, I64(WORD - t.turn)))
        result = value if result is None else b.or_(result, value)
    return result


def told(lowered: Lowered) -> int:
    """Return how many words of the scratch tell what is missing: a lookup and a key."""
    return 1 + max((len(x.key) for x in lowered.lookups), default=0)


def memories(lowered: Lowered) -> list[Remembered]:
    """Return the memory of each lookup, one behind the other after what is told."""
    found: list[Remembered] = []
    for lookup in lowered.lookups:
        begin = found[-1].end if found else told(lowered)
        needs = tuple((n, mask) for n, mask in enumerate(lookup.needs) if mask)
        found.append(Remembered(begin, needs))
    return found
