"""States on their way between processes: whose they are, put together by owner, and taken in.

A state belongs to one of several parts, by bits of its hash that neither the partition nor the
tag has, so that each part fills all partitions of its table alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from checker.space.slots import (
    NO_STATE,
    ONE,
    PARTITIONS,
    ZERO,
    U,
    copied,
    equal,
    mixed,
    partition_of,
)

OWNER_BITS = 28
_OWNER_BITS, _OWNER = U(OWNER_BITS), U((1 << OWNER_BITS) - 1)
_PARTITIONS = U(PARTITIONS)


@njit(nogil=True, cache=True, forceinline=True)
def owner_of(value: Any, parts: Any) -> Any:
    """Return which of some parts the state of a hash belongs to."""
    return ((value & _OWNER) * parts) >> _OWNER_BITS


@njit(nogil=True, cache=True)
def sifted(
    words: int,
    buffers: Any,  # for each partition, room for states
    counts: Any,  # how many states are in each
    room: Any,
    recent: Any,  # states that went this way before; a power of two of them
    many: Any,  # becomes the number of states for each part
) -> None:
    """Drop from the buffers states that went this way lately, and count the others by owner."""
    wide, parts = U(words), U(len(many))
    mask = U(len(recent)) // wide - ONE
    states, before = U(buffers.ctypes.data), U(recent.ctypes.data)
    many[:] = ZERO
    for partition in range(_PARTITIONS):
        first, kept = partition * room, ZERO
        for k in range(counts[partition]):
            at = (first + k) * wide
            value = mixed(states, at, words)
            slot = (value & mask) * wide
            if equal(words, states, at, before, slot):
                continue
            copied(words, states, at, before, slot)
            copied(words, states, at, states, (first + kept) * wide)
            many[owner_of(value, parts)] += ONE
            kept += ONE
        counts[partition] = kept


@njit(nogil=True, cache=True)
def gathered(
    words: int,
    buffers: Any,
    counts: Any,
    room: Any,
    starts: Any,  # by part: where its states begin in `out`; becomes where they end
    out: Any,
) -> None:
    """Move the states of the buffers to where those of their owner are together."""
    wide, parts = U(words), U(len(starts))
    states, to = U(buffers.ctypes.data), U(out.ctypes.data)
    for partition in range(_PARTITIONS):
        for k in range(counts[partition]):
            at = (partition * room + k) * wide
            part = owner_of(mixed(states, at, words), parts)
            copied(words, states, at, to, starts[part] * wide)
            starts[part] += ONE
        counts[partition] = ZERO


@njit(nogil=True, cache=True)
def taken_in(words: int, states: Any, start: Any, buffers: Any, counts: Any, room: Any) -> Any:
    """Put states, from one on, into the buffers; return the first that finds its buffer full."""
    wide = U(words)
    many = U(len(states)) // wide
    given, to = U(states.ctypes.data), U(buffers.ctypes.data)
    for k in range(start, many):
        partition = partition_of(mixed(given, k * wide, words))
        count = counts[partition]
        if count == room:
            return k
        copied(words, given, k * wide, to, (partition * room + count) * wide)
        counts[partition] = count + ONE
    return many


@njit(nogil=True, cache=True)
def owners(words: int, states: Any, parts: Any, found: Any) -> None:
    """Note which part each of some states belongs to."""
    given = U(states.ctypes.data)
    for k in range(U(len(found))):
        found[k] = owner_of(mixed(given, k * U(words), words), parts)


def nothing_recent(words: int, bits: int) -> Any:
    """Return room for 2^bits states, of which none is there."""
    return np.full(words << bits, NO_STATE)
