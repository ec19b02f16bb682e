"""The search itself, compiled once for all models: expand states, keep each new one once.

The table of states is cut into partitions by hash, each with room of its own to grow in.  A
level is searched in rounds of two steps.  `expand` goes through states of the frontier and puts
what follows them into buffers, one for each partition; `insert` takes one partition after the
other and looks up what its buffers hold, so that the part of the table that is read stays in
cache.  Threads take turns at states of the frontier, and then at partitions: none is ever in two
hands, and nothing but the turns is atomic.

Slots are in buckets of eight, a line of cache, which are compared at once and filled in order.
A slot holds, for states of one word, the state and one more; for longer ones a tag and the
state's place in the store.  The store has the states in order of their levels; threads take
stretches of it, and what they leave unused is filled with ones, which is no state.

All numbers here are unsigned, since an index that may be negative costs as much as a look-up.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from checker.space.intrinsics import call, call_judged, fetch_add, lowest, matches, prefetch

# What a call ends with.
DONE, FULL, MISSING, CROWDED, UNFIT = 0, 1, -1, -2, -3
# The numbers of a thread, kept from call to call.
BLOCK, BLOCK_END, FREE, FREE_END, PENDING, RESUME, STATES, MANY, FIELDS = range(9)
# The numbers that all threads share, in cache lines of their own.
STORE, FRONTIER, PARTITION, STOP, SHARED = 0, 8, 16, 24, 32

U = np.uint64
CLAIM = U(256)  # states of the frontier taken at once
STRETCH = 1024  # places of the store taken at once
TOGETHER = 32  # states looked up together
PARTITIONS = 256
BUCKET = 8  # slots
TAG_BITS = 28  # of a hash: a state's first bucket follows from them alone
FULLEST_OF_16 = 12  # sixteenths of a partition that are in use at most
GROWTH_OF_16 = 24  # sixteenths of its size that it has next

ZERO, ONE = U(0), U(1)
NO_STATE = U(0xFFFFFFFFFFFFFFFF)
_STRETCH, _TOGETHER, _PARTITIONS = U(STRETCH), U(TOGETHER), U(PARTITIONS)
_PLACE_BITS, _TAG_BITS = U(64 - TAG_BITS), U(TAG_BITS)
_PLACE, _TAG = U((1 << 64 - TAG_BITS) - 1), U((1 << TAG_BITS) - 1)
_EIGHT, _SIXTEENTHS = U(8), U(16)
_FULLEST, _GROWTH = U(FULLEST_OF_16), U(GROWTH_OF_16)
_PARTITION_SHIFT = U(56)
_MIX_1 = U(0x9E3779B97F4A7C15)
_MIX_2 = U(0xD6E8FEB86659FD93)
_HALF = U(32)
_LOW = U(0xFFFFFFFF)


@njit(nogil=True, cache=True, forceinline=True)
def mixed(states: Any, at: Any, words: int) -> Any:
    """Return the hash of a state."""
    value = states[at] * _MIX_1
    value ^= value >> _HALF
    for k in range(1, words):
        value = (value ^ states[at + U(k)]) * _MIX_1
        value ^= value >> _HALF
    value *= _MIX_2
    return value ^ (value >> _HALF)


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
    return ((tag * (size // _EIGHT)) >> _TAG_BITS) * _EIGHT


@njit(nogil=True, cache=True, forceinline=True)
def fullest(size: Any) -> Any:
    """Return how many states a partition of some slots holds at most."""
    return size * _FULLEST // _SIXTEENTHS


@njit(nogil=True, cache=True, forceinline=True)
def found_in(
    words: int, slots: Any, bucket: Any, tag: Any, store: Any, states: Any, at: Any
) -> bool:
    """Return whether a bucket has a state."""
    address = U(slots.ctypes.data) + _EIGHT * bucket
    if words == 1:
        return matches(address, states[at] + ONE, ZERO) != ZERO
    same = matches(address, tag, _PLACE_BITS)
    while same != ZERO:
        place = (slots[bucket + lowest(same)] & _PLACE) - ONE
        if place < _PLACE and equal(words, store, place * U(words), states, at):
            return True
        same &= same - ONE
    return False


@njit(nogil=True, cache=True, forceinline=True)
def asked(
    words: int, slots: Any, base: Any, size: Any, states: Any, start: Any, many: Any, hashes: Any
) -> None:
    """Note the hashes of some states, and ask for their buckets before they are read."""
    address = U(slots.ctypes.data) + _EIGHT * base
    for k in range(many):
        hashes[k] = mixed(states, (start + k) * U(words), words)
        prefetch(address + _EIGHT * first_slot(tag_of(hashes[k]), size))


@njit(nogil=True, cache=True, forceinline=True)
def missing_from(
    words: int,
    slots: Any,
    base: Any,
    size: Any,
    tag: Any,
    store: Any,
    states: Any,
    at: Any,
) -> Any:
    """Return the bucket of a partition to put a state in, or `size` if the state is known."""
    bucket = first_slot(tag, size)
    while True:
        if found_in(words, slots, base + bucket, tag, store, states, at):
            return size
        if slots[base + bucket + _EIGHT - ONE] == ZERO:
            return bucket
        bucket += _EIGHT
        if bucket == size:
            bucket = ZERO


@njit(nogil=True, cache=True, forceinline=True)
def equal(words: int, a: Any, at: Any, b: Any, place: Any) -> bool:
    """Return whether two states are the same."""
    for k in range(words):  # noqa: SIM110
        if a[at + U(k)] != b[place + U(k)]:
            return False
    return True


@njit(nogil=True, cache=True, forceinline=True)
def copied(words: int, a: Any, at: Any, b: Any, place: Any) -> None:
    """Write a state to another place."""
    for k in range(words):
        b[place + U(k)] = a[at + U(k)]


@njit(nogil=True, cache=True, forceinline=True)
def empty_from(slots: Any, base: Any, size: Any, bucket: Any) -> Any:
    """Return the first empty slot of a partition from a bucket on."""
    while True:
        empty = matches(U(slots.ctypes.data) + _EIGHT * (base + bucket), ZERO, ZERO)
        if empty != ZERO:
            return base + bucket + lowest(empty)
        bucket += _EIGHT
        if bucket == size:
            bucket = ZERO


@njit(nogil=True, cache=True)
def grown(words: int, slots: Any, base: Any, size: Any, most: Any, spare: Any) -> Any:
    """Make a partition larger; return its new size, or the old one if it has all its room.

    Slots are in order of their tags but for those that found their buckets full, so that what
    is moved is read and written in order; `next_slot` is the one after the last in order.
    """
    larger = min(size * _GROWTH // _SIXTEENTHS // _EIGHT * _EIGHT, most)
    if larger <= size:
        return size
    spare[:size] = slots[base : base + size]
    slots[base : base + size] = ZERO
    next_slot = ZERO
    for k in range(size):
        held = spare[k]
        if held == ZERO:
            continue
        tag = held >> _PLACE_BITS
        if words == 1:
            spare[ZERO] = held - ONE
            tag = tag_of(mixed(spare, ZERO, 1))
        slot = first_slot(tag, larger)
        if slot < next_slot and slot + _EIGHT > next_slot:
            slot = next_slot
        elif slot < next_slot:
            slot = empty_from(slots, base, larger, slot) - base
        slots[base + slot] = held
        next_slot = max(next_slot, slot + ONE)
    return larger


@cache
def expand_for(words: int) -> Callable[..., int]:
    """Return the function that expands states of so many words."""

    @njit(nogil=True, cache=True)
    def expand(
        functions: Any,  # addresses: successors, judged, and orbit or 0
        tables: Any,
        store: Any,
        shared: Any,
        end: Any,  # where the frontier ends in the store
        mine: Any,  # the numbers of this thread
        out: Any,
        buffers: Any,  # of this thread: for each partition, room for states
        counts: Any,  # how many states are in each
        room: Any,
        failed: Any,
        taken: Any,  # by transition
    ) -> int:
        """Put the successors of states of the frontier into the buffers.

        It ends when the frontier is done, a buffer is full, or something has to be seen to.
        """
        wide, wider = U(words), U(words + 1)
        space = U(len(out)) // wider
        frontier = U(shared.ctypes.data) + _EIGHT * U(FRONTIER)
        while True:
            for k in range(mine[RESUME], mine[PENDING]):
                at = k * wider
                partition = partition_of(mixed(out, at, words))
                count = counts[partition]
                if count == room:
                    mine[RESUME] = k
                    return FULL
                free = (partition * room + count) * wide
                copied(words, out, at, buffers, free)
                counts[partition] = count + ONE
                taken[out[at + wide]] += np.int64(mine[MANY])
            mine[RESUME] = mine[PENDING] = ZERO
            if mine[BLOCK] == mine[BLOCK_END]:
                start = end if shared[STOP] else fetch_add(frontier, CLAIM)
                if start >= end:
                    return DONE
                mine[BLOCK], mine[BLOCK_END] = start, min(start + CLAIM, end)
            place = mine[BLOCK] * wide
            if store[place + wide - ONE] != NO_STATE:
                count = call(
                    functions[0],
                    U(store.ctypes.data) + _EIGHT * place,
                    U(out.ctypes.data),
                    space,
                    U(tables.ctypes.data),
                    U(failed.ctypes.data),
                )
                if count < 0:
                    return count
                mine[PENDING] = U(count)
                mine[MANY] = stood_for(functions, store, place)
            mine[BLOCK] += ONE

    return expand


@cache
def insert_for(words: int) -> Callable[..., int]:
    """Return the function that looks up states of so many words."""

    @njit(nogil=True, cache=True)
    def insert(
        functions: Any,
        slots: Any,
        most: Any,  # slots that a partition has room for
        sizes: Any,  # by partition: slots in use, states
        used: Any,
        store: Any,
        shared: Any,
        limit: Any,  # no stretch of the store begins after it
        mine: Any,
        buffers: Any,  # of all threads
        counts: Any,  # by thread and partition
        room: Any,
        hashes: Any,
        spare: Any,
        bad: Any,  # by property: how many states
        least: Any,  # by property: the least state of this level
        seen: Any,  # properties met by some state
    ) -> int:
        """Look up what is in the buffers, partition by partition, and keep what is new."""
        wide = U(words)
        turn = U(shared.ctypes.data) + _EIGHT * U(PARTITION)
        while True:
            partition = fetch_add(turn, ONE)
            if partition >= _PARTITIONS:
                return DONE
            base, size = partition * most, sizes[partition]
            for thread in range(U(len(counts))):
                first = (thread * _PARTITIONS + partition) * room
                last = first + counts[thread, partition]
                for start in range(first, last, _TOGETHER):
                    together = min(_TOGETHER, last - start)
                    asked(words, slots, base, size, buffers, start, together, hashes)
                    for k in range(together):
                        at, tag = (start + k) * wide, tag_of(hashes[k])
                        bucket = missing_from(words, slots, base, size, tag, store, buffers, at)
                        if bucket == size:
                            continue
                        if used[partition] >= fullest(size):
                            size = grown(words, slots, base, size, most, spare)
                            if size == sizes[partition]:
                                return FULL
                            sizes[partition] = size
                            bucket = first_slot(tag, size)
                        if mine[FREE] == mine[FREE_END]:
                            if shared[STORE] > limit:
                                return FULL
                            mine[FREE] = fetch_add(U(shared.ctypes.data), _STRETCH)
                            mine[FREE_END] = mine[FREE] + _STRETCH
                        free = mine[FREE]
                        slot = empty_from(slots, base, size, bucket)
                        if words == 1:
                            slots[slot] = buffers[at] + ONE
                        else:
                            slots[slot] = tag << _PLACE_BITS | (free + ONE)
                        copied(words, buffers, at, store, free * wide)
                        many = stood_for(functions, buffers, at)
                        judge(words, functions[1], buffers, at, many, bad, least, seen)
                        used[partition] += ONE
                        mine[FREE] = free + ONE
                        mine[STATES] += many
                counts[thread, partition] = ZERO

    return insert


@njit(nogil=True, cache=True)
def rebuilt(
    words: int,
    slots: Any,
    most: Any,
    sizes: Any,
    used: Any,
    store: Any,
    end: Any,
    spare: Any,
) -> int:
    """Put the states of the store up to a place, which are all different, into an empty table."""
    for place in range(end):
        at = place * U(words)
        if store[at + U(words - 1)] == NO_STATE:
            continue
        value = mixed(store, at, words)
        partition, tag = partition_of(value), tag_of(value)
        base = partition * most
        if used[partition] >= fullest(sizes[partition]):
            size = grown(words, slots, base, sizes[partition], most, spare)
            if size == sizes[partition]:
                return FULL
            sizes[partition] = size
        size = sizes[partition]
        slot = empty_from(slots, base, size, first_slot(tag, size))
        if words == 1:
            slots[slot] = store[at] + ONE
        else:
            slots[slot] = tag << _PLACE_BITS | (place + ONE)
        used[partition] += ONE
    return DONE


@njit(nogil=True, cache=True)
def places(
    words: int, slots: Any, most: Any, sizes: Any, store: Any, end: Any, places: Any
) -> None:
    """Note for each slot of a state of one word which place of the store has it."""
    for place in range(end):
        if store[place] != NO_STATE:
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
        for k in range(_EIGHT):
            slot = base + bucket + k
            held = slots[slot]
            if held == ZERO:
                return NO_STATE
            if words == 1 and held == states[at] + ONE:
                return slot
            if words > 1 and held >> _PLACE_BITS == tag:
                place = (held & _PLACE) - ONE
                if equal(words, store, place * U(words), states, at):
                    return slot
        bucket += _EIGHT
        if bucket == size:
            bucket = ZERO


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
            slot = (places[slot] if words == 1 else slots[slot] & _PLACE) - ONE
        found[k] = slot


@njit(nogil=True, cache=True, forceinline=True)
def stood_for(functions: Any, states: Any, at: Any) -> Any:
    """Return how many states one of them stands for: more than itself where they are renamed."""
    if functions[2] == ZERO:
        return ONE
    return call_judged(functions[2], U(states.ctypes.data) + _EIGHT * at)


@njit(nogil=True, cache=True, forceinline=True)
def judge(
    words: int, function: Any, states: Any, at: Any, many: Any, bad: Any, least: Any, seen: Any
) -> None:
    """Count what a state violates that stands for `many`, and note what it meets."""
    verdict = call_judged(function, U(states.ctypes.data) + _EIGHT * at)
    seen[0] |= verdict >> _HALF
    violated = verdict & _LOW
    while violated != ZERO:
        number = lowest(violated)
        bad[number] += np.int64(many)
        if smaller(words, states, at, least, number * U(words)):
            copied(words, states, at, least, number * U(words))
        violated &= violated - ONE


@njit(nogil=True, cache=True)
def smaller(words: int, a: Any, at: Any, b: Any, place: Any) -> bool:
    """Return whether a state comes before another, the last word counting most."""
    for n in range(words):
        k = U(words - 1 - n)
        if a[at + k] != b[place + k]:
            return bool(a[at + k] < b[place + k])
    return False


@njit(nogil=True, cache=True)
def following(functions: Any, tables: Any, state: Any, out: Any, room: Any, failed: Any) -> int:
    """Write what follows a state, as the machine code does; return how many transitions."""
    return call(
        functions[0],
        U(state.ctypes.data),
        U(out.ctypes.data),
        room,
        U(tables.ctypes.data),
        U(failed.ctypes.data),
    )


@njit(nogil=True, cache=True)
def before(
    words: int,
    functions: Any,
    tables: Any,
    store: Any,
    start: Any,
    end: Any,
    wanted: Any,  # states, one after the other
    out: Any,
    failed: Any,
    least: Any,  # for each, becomes the least state that leads to it; NO_STATE at first
) -> int:
    """Find the least states in a part of the store with transitions to wanted ones.

    Returns 0, or what has to be seen to first.
    """
    wide, wider = U(words), U(words + 1)
    room, many = U(len(out)) // wider, U(len(wanted)) // wide
    for position in range(start, end):
        place = position * wide
        if store[place + wide - ONE] == NO_STATE:
            continue
        count = call(
            functions[0],
            U(store.ctypes.data) + _EIGHT * place,
            U(out.ctypes.data),
            room,
            U(tables.ctypes.data),
            U(failed.ctypes.data),
        )
        if count < 0:
            return count
        for k in range(U(count)):
            for n in range(many):
                if equal(words, out, k * wider, wanted, n * wide) and smaller(
                    words, store, place, least, n * wide
                ):
                    copied(words, store, place, least, n * wide)
    return 0


@njit(nogil=True, cache=True)
def imaged(words: int, function: Any, block: Any, out: Any) -> None:
    """Write the images of each state of a block; what is no state has images that are none."""
    many = U(len(block)) // U(words)
    size = U(len(out)) // many if many else ZERO
    for row in range(many):
        at, place = row * U(words), row * size
        if block[at + U(words - 1)] == NO_STATE:
            out[place : place + size] = NO_STATE
        else:
            state, room = U(block.ctypes.data) + _EIGHT * at, U(out.ctypes.data) + _EIGHT * place
            call(function, state, room, ZERO, ZERO, ZERO)
