"""The table of states in machine code: hashes, buckets, and what is in them.

Slots are in buckets of eight, a line of cache, which are compared at once and filled in order.
A slot holds, for states of one word, the state and one more; for longer ones a tag and the
state's place in the store, which has the states in order of their levels.

Words of states, slots and the store are named by their addresses.  All numbers here are
unsigned, since an index that may be negative costs as much as a look-up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from checker.space.intrinsics import lowest, matches, put, word

U = np.uint64
PARTITIONS = 256
BUCKET = 8  # slots
TAG_BITS = 28  # of a hash: a state's first bucket follows from them alone
FULLEST_OF_16 = 12  # sixteenths of a partition that are in use at most
GROWTH_OF_16 = 24  # sixteenths of its size that it has next

ZERO, ONE = U(0), U(1)
NO_STATE = U(0xFFFFFFFFFFFFFFFF)
EIGHT = U(8)
PLACE = U((1 << 64 - TAG_BITS) - 1)
PLACE_BITS = U(64 - TAG_BITS)
_TAG_BITS, _TAG = U(TAG_BITS), U((1 << TAG_BITS) - 1)
_SIXTEENTHS, _FULLEST, _GROWTH = U(16), U(FULLEST_OF_16), U(GROWTH_OF_16)
_AHEAD = U(64)  # words
_PARTITION_SHIFT, _SKETCH_SHIFT = U(56), U(58)
_MIX_1 = U(0x9E3779B97F4A7C15)
_MIX_2 = U(0xD6E8FEB86659FD93)
_HALF = U(32)


@njit(nogil=True, cache=True, forceinline=True)
def mixed(states: Any, at: Any, words: int) -> Any:
    """Return the hash of a state."""
    value = word(states, at) * _MIX_1
    value ^= value >> _HALF
    for k in range(1, words):
        value = (value ^ word(states, at + U(k))) * _MIX_1
        value ^= value >> _HALF
    value *= _MIX_2
    return value ^ (value >> _HALF)


@njit(nogil=True, cache=True, forceinline=True)
def sketched(words: int, states: Any, at: Any) -> Any:
    """Return a number with one bit set, which equal states have in common."""
    value = word(states, at)
    for k in range(1, words):
        value ^= word(states, at + U(k))
    return ONE << (value * _MIX_1 >> _SKETCH_SHIFT)


@njit(nogil=True, cache=True, forceinline=True)
def partition_of(value: Any) -> Any:
    """Return the partition of a hash."""
    return value >> _PARTITION_SHIFT


@njit(nogil=True, cache=True, forceinline=True)
def tag_of(value: Any) -> Any:
    """Return the part of a hash that a slot keeps, the bits below those of the partition."""
    return (value >> _TAG_BITS) & _TAG


@njit(nogil=True, cache=True, forceinline=True)
def first_slot(tag: Any, size: Any) -> Any:
    """Return where in a partition the bucket of a tag begins: greater tags, later buckets."""
    return ((tag * (size // EIGHT)) >> _TAG_BITS) * EIGHT


@njit(nogil=True, cache=True, forceinline=True)
def fullest(size: Any) -> Any:
    """Return how many states a partition of some slots holds at most."""
    return size * _FULLEST // _SIXTEENTHS


@njit(nogil=True, cache=True, forceinline=True)
def equal(words: int, a: Any, at: Any, b: Any, place: Any) -> bool:
    """Return whether two states are the same."""
    for k in range(words):  # noqa: SIM110
        if word(a, at + U(k)) != word(b, place + U(k)):
            return False
    return True


@njit(nogil=True, cache=True, forceinline=True)
def copied(words: int, a: Any, at: Any, b: Any, place: Any) -> None:
    """Write a state to another place."""
    for k in range(words):
        put(b, place + U(k), word(a, at + U(k)))


@njit(nogil=True, cache=True, forceinline=True)
def smaller(words: int, a: Any, at: Any, b: Any, place: Any) -> bool:
    """Return whether a state comes before another, the last word counting most."""
    for n in range(words):
        k = U(words - 1 - n)
        if word(a, at + k) != word(b, place + k):
            return bool(word(a, at + k) < word(b, place + k))
    return False


@njit(nogil=True, cache=True, forceinline=True)
def found_in(
    words: int, slots: Any, bucket: Any, tag: Any, store: Any, states: Any, at: Any
) -> bool:
    """Return whether a bucket has a state."""
    address = slots + EIGHT * bucket
    if words == 1:
        return matches(address, word(states, at) + ONE, ZERO) != ZERO
    same = matches(address, tag, PLACE_BITS)
    while same != ZERO:
        place = (word(address, lowest(same)) & PLACE) - ONE
        if place < PLACE and equal(words, store, place * U(words), states, at):
            return True
        same &= same - ONE
    return False


@njit(nogil=True, cache=True, forceinline=True)
def after(bucket: Any, size: Any) -> Any:
    """Return the next bucket of a partition; the first comes after the last."""
    following = bucket + EIGHT
    return ZERO if following == size else following


@njit(nogil=True, cache=True, forceinline=True)
def missing_from(
    words: int, slots: Any, base: Any, size: Any, tag: Any, store: Any, states: Any, at: Any
) -> Any:
    """Return the bucket of a partition to put a state in, or `size` if the state is known."""
    bucket = first_slot(tag, size)
    while True:
        if found_in(words, slots, base + bucket, tag, store, states, at):
            return size
        if word(slots, base + bucket + EIGHT - ONE) == ZERO:
            return bucket
        bucket = after(bucket, size)


@njit(nogil=True, cache=True, forceinline=True)
def empty_from(slots: Any, base: Any, size: Any, bucket: Any) -> Any:
    """Return the first empty slot of a partition from a bucket on."""
    while True:
        empty = matches(slots + EIGHT * (base + bucket), ZERO, ZERO)
        if empty != ZERO:
            return base + bucket + lowest(empty)
        bucket = after(bucket, size)


@njit(nogil=True, cache=True)
def grown(words: int, slots: Any, base: Any, size: Any, most: Any, spare: Any) -> Any:
    """Make a partition larger; return its new size, or the old one if it has all its room.

    Slots are in order of their tags but for those that found their buckets full, so that what
    is moved is read and written in order; `next_slot` is the one after the last in order.
    """
    larger = min(size * _GROWTH // _SIXTEENTHS // EIGHT * EIGHT, most)
    if larger <= size:
        return size
    for k in range(size):
        put(spare, k, word(slots, base + k))
        put(slots, base + k, ZERO)
    next_slot = ZERO
    for k in range(size):
        held = word(spare, k)
        if held == ZERO:
            continue
        tag = held >> PLACE_BITS
        if words == 1:
            put(spare, ZERO, held - ONE)
            tag = tag_of(mixed(spare, ZERO, 1))
        slot = first_slot(tag, larger)
        if slot < next_slot and slot + EIGHT > next_slot:
            slot = next_slot
        elif slot < next_slot:
            slot = empty_from(slots, base, larger, slot) - base
        put(slots, base + slot, held)
        next_slot = max(next_slot, slot + ONE)
    return larger


@njit(nogil=True, cache=True)
def rebuilt(
    words: int,
    slots: Any,
    most: Any,
    sizes: Any,  # an array, as is `used`
    used: Any,
    store: Any,
    end: Any,
    spare: Any,
) -> bool:
    """Put the states of the store up to a place, which are all different, into an empty table.

    Returns whether there is room for all.
    """
    for place in range(end):
        at = place * U(words)
        if word(store, at + U(words - 1)) == NO_STATE:
            continue
        value = mixed(store, at, words)
        partition, tag = partition_of(value), tag_of(value)
        base = partition * most
        if used[partition] >= fullest(sizes[partition]):
            size = grown(words, slots, base, sizes[partition], most, spare)
            if size == sizes[partition]:
                return False
            sizes[partition] = size
        size = sizes[partition]
        slot = empty_from(slots, base, size, first_slot(tag, size))
        held = word(store, at) + ONE if words == 1 else tag << PLACE_BITS | (place + ONE)
        put(slots, slot, held)
        used[partition] += ONE
    return True


@njit(nogil=True, cache=True)
def places(
    words: int, slots: Any, most: Any, sizes: Any, store: Any, end: Any, places: Any
) -> None:
    """Note for each slot of a state of one word which place of the store has it."""
    for place in range(end):
        if word(store, place) != NO_STATE:
            found = slot_of(words, slots, most, sizes, store, store, place)
            places[found] = place + ONE


@njit(nogil=True, cache=True)
def slot_of(words: int, slots: Any, most: Any, sizes: Any, store: Any, states: Any, at: Any) -> Any:
    """Return the slot of a state, or NO_STATE if it is not in the table."""
    value = mixed(states, at, words)
    partition, tag = partition_of(value), tag_of(value)
    base, size = partition * most, sizes[partition]
    bucket = first_slot(tag, size)
    while True:
        for k in range(EIGHT):
            slot = base + bucket + k
            held = word(slots, slot)
            if held == ZERO:
                return NO_STATE
            if words == 1 and held == word(states, at) + ONE:
                return slot
            if words > 1 and held >> PLACE_BITS == tag:
                place = (held & PLACE) - ONE
                if equal(words, store, place * U(words), states, at):
                    return slot
        bucket = after(bucket, size)


@njit(nogil=True, cache=True)
def indices(
    words: int,
    slots: Any,
    most: Any,
    sizes: Any,
    store: Any,
    states: Any,  # one after the other
    stride: Any,  # words from one to the next
    many: Any,
    places: Any,  # of one word: the place and one more for each slot
    found: Any,  # becomes the place in the store of each, or NO_STATE
) -> None:
    """Find the places of states in the store."""
    for k in range(many):
        slot = slot_of(words, slots, most, sizes, store, states, k * stride)
        if slot != NO_STATE:
            slot = (places[slot] if words == 1 else word(slots, slot) & PLACE) - ONE
        found[k] = slot
