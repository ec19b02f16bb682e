"""Which states may lead to some others: a test that passes over nearly all that cannot.

A transition leaves some bits of a state as they are, whatever it does: a state that leads to
another agrees with it in the bits that one of the transitions keeps.  A sieve has, for each
set of bits that are kept, which hashes the wanted states have in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numba import njit

from checker.space.intrinsics import word
from checker.space.lowered import Lowered
from checker.space.moves import Put
from checker.space.program import Ref
from checker.space.slots import ONE, ZERO, U
from checker.space.tables import Words

BITS = 12  # of a hash: a sieve has so many holes, for each set of bits
_HASH_SHIFT, _WORD_BITS, _WORD = U(64 - BITS), U(6), U(63)
_ODD = U(0x9E3779B97F4A7C15)
_HOLE_WORDS = U(1 << BITS - 6)


def kept_by_some(lowered: Lowered) -> Words:
    """Return masks of the bits that transitions keep, one a row; those with more are left out."""
    possible = (t for t in lowered.transitions if lowered.program.value(t.guard) != 0)
    masks = {kept(lowered, t.puts) for t in possible}
    least = [m for m in masks if not any(o != m and _within(o, m) for o in masks)]
    return np.array(sorted(least), np.uint64).reshape(-1, lowered.packing.words)


def _within(few: Sequence[int], many: Sequence[int]) -> bool:
    return all(a & ~b == 0 for a, b in zip(few, many, strict=True))


def kept(lowered: Lowered, puts: Iterable[Sequence[Put]]) -> tuple[int, ...]:
    """Return the bits of each word that are after a transition what they were before it."""
    return tuple(
        _kept(lowered, ref, word) for ref, word in zip(lowered.word_inputs, puts, strict=True)
    )


def _kept(lowered: Lowered, word: Ref, puts: Iterable[Put]) -> int:
    parts = lowered.moves.parts(puts)
    bits = parts.copies.get((word, 0), 0)
    for yes, no in parts.choices.values():
        bits |= _kept(lowered, word, yes) & _kept(lowered, word, no)
    return bits


class Sieve:
    """Holes for states that may lead to some of wanted ones, by masks of the bits kept.

    For each mask there are holes for the first words of states, which most do not pass, and
    holes for all of them.
    """

    def __init__(self, masks: Words, wanted: Words) -> None:
        self.masks, self.many = masks, U(len(masks))
        self.holes = np.zeros((len(masks), 2, int(_HOLE_WORDS)), np.uint64)
        made(masks.shape[1], masks, wanted.reshape(-1), self.holes)

    @property
    def addresses(self) -> tuple[Any, ...]:
        """Return how many masks there are, where they are, and where the holes are."""
        return self.many, U(self.masks.ctypes.data), U(self.holes.ctypes.data)


@njit(nogil=True, cache=True, forceinline=True)
def hole(words: int, states: Any, at: Any, masks: Any, mask: Any) -> Any:
    """Return the number of the hole for the bits of so many words under a mask."""
    value, odd = ZERO, _ODD
    for k in range(words):
        value += odd * (word(states, at + U(k)) & word(masks, mask + U(k)))
        odd *= _ODD
    return value >> _HASH_SHIFT


@njit(nogil=True, cache=True)
def made(words: int, masks: Any, wanted: Any, holes: Any) -> None:
    """Make the holes for wanted states, one after the other."""
    flat, states = U(masks.ctypes.data), U(wanted.ctypes.data)
    for number in range(U(len(masks))):
        for n in range(U(len(wanted)) // U(words)):
            for few, many in enumerate((1, words)):
                place = hole(many, states, n * U(words), flat, number * U(words))
                holes[number, few, place >> _WORD_BITS] |= ONE << (place & _WORD)


@njit(nogil=True, cache=True, forceinline=True)
def passes(words: int, states: Any, at: Any, many: Any, masks: Any, holes: Any) -> bool:
    """Return whether a state may lead to one of those that a sieve was made for."""
    for number in range(many):
        mask, row = number * U(words), number * (_HOLE_WORDS + _HOLE_WORDS)
        if not _open(holes, row, hole(1, states, at, masks, mask)):
            continue
        if _open(holes, row + _HOLE_WORDS, hole(words, states, at, masks, mask)):
            return True
    return False


@njit(nogil=True, cache=True, forceinline=True)
def _open(holes: Any, row: Any, place: Any) -> bool:
    return bool(word(holes, row + (place >> _WORD_BITS)) >> (place & _WORD) & ONE != ZERO)
