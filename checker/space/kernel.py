"""The search itself, compiled once for all models: expand states, keep each new one once.

The table of states is cut into partitions by hash, each with room of its own to grow in.  A
level is searched in rounds of two steps.  `expand` goes through states of the frontier and puts
what follows them into buffers, one for each partition; `insert` takes one partition after the
other and looks up what its buffers hold, so that the part of the table that is read stays in
cache.  Threads take turns at states of the frontier, and then at partitions: none is ever in two
hands, and nothing but the turns is atomic.

The store has the states in order of their levels; threads take stretches of it, and what they
leave unused is filled with ones, which is no state.  States, slots and buffers are named by
their addresses: an array would be counted in and out for each state, which is half the time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from checker.space.asking import LATER, asked_ahead, begin_of, lane, size_of, steps_for
from checker.space.intrinsics import call, call_judged, fetch_add, lowest, prefetch, put, word
from checker.space.sieve import passes
from checker.space.slots import (
    EIGHT,
    NO_STATE,
    ONE,
    PARTITIONS,
    PLACE_BITS,
    ZERO,
    U,
    copied,
    empty_from,
    equal,
    first_slot,
    fullest,
    grown,
    missing_from,
    mixed,
    partition_of,
    sketched,
    smaller,
    tag_of,
)

# What a call ends with.
DONE, FULL = 0, 1
# The numbers of a thread, kept from call to call.
BLOCK, BLOCK_END, NEAR, FREE, FREE_END, PENDING, RESUME, STATES, MANY, FIELDS = range(10)
# The numbers that all threads share, in cache lines of their own.
STORE, FRONTIER, PARTITION, STOP, SHARED = 0, 8, 16, 24, 32

CLAIM = U(256)  # states of the frontier taken at once
STRETCH = 1024  # places of the store taken at once
RECENT = 64  # hashes of what follows a state
AHEAD = 16  # states whose records are asked for together

_STRETCH, _PARTITIONS, _AHEAD = U(STRETCH), U(PARTITIONS), U(AHEAD)
_NEXT = U(16)  # words of a buffer that are asked for before they are written
_RECENT = U(RECENT - 1)
_HALF, _LOW = U(32), U(0xFFFFFFFF)
_FRONTIER = EIGHT * U(FRONTIER)
_PARTITION = EIGHT * U(PARTITION)
# Functions of a system by address: successors, judged, and orbit, ahead, nearer or 0.
_SUCCESSORS, _JUDGED, _ORBIT, _AHEAD_OF, _NEARER = range(5)


@njit(nogil=True, cache=True, forceinline=True)
def turned(shared: Any, end: Any, mine: Any) -> bool:
    """See to it that a thread has a state of the frontier to go on with; whether there is one."""
    if mine[BLOCK] != mine[BLOCK_END]:
        return True
    start = fetch_add(shared + _FRONTIER, CLAIM)
    if start >= end:
        return False
    mine[BLOCK], mine[BLOCK_END] = start, min(start + CLAIM, end)
    mine[NEAR] = start
    return True


@njit(nogil=True, cache=True, forceinline=True)
def neared(
    words: int, ahead: Any, nearer: Any, store: Any, block: Any, end: Any, held: Any
) -> None:
    """Ask for what is remembered of some states, that they are expanded with soon."""
    many = ZERO
    for place in range(block, end):
        at = place * U(words)
        if word(store, at + U(words - 1)) != NO_STATE:
            many = U(call(ahead, store + EIGHT * at, held, many, ZERO, ZERO))
    call(nearer, held, ZERO, many, ZERO, ZERO)


@njit(nogil=True, cache=True, forceinline=True)
def repeated(words: int, out: Any, k: Any, recent: Any, value: Any) -> bool:
    """Return whether the k-th state in `out`, of a hash, is one of those before it.

    It is compared with the last one that had a hash like its own, be it that of another round:
    what is in `out` now is compared.  States of one word are looked up as fast.
    """
    if words == 1:
        return False
    before, wider = word(recent, value & _RECENT), U(words + 1)
    return before < k and equal(words, out, before * wider, out, k * wider)


@cache
def expand_for(words: int) -> Callable[..., int]:
    """Return the function that expands states of so many words."""

    @njit(nogil=True, cache=True)
    def expand(
        functions: Any,
        tables: Any,  # an address, as are `store`, `shared`, `out`, `buffers`, `held` and `recent`
        store: Any,
        shared: Any,
        end: Any,  # where the frontier ends in the store
        mine: Any,  # the numbers of this thread
        out: Any,
        space: Any,  # for so many transitions
        buffers: Any,  # of this thread: for each partition, room for states
        counts: Any,  # how many states are in each
        room: Any,
        held: Any,
        recent: Any,  # which of the states in `out` had a hash last, by its lowest bits
        taken: Any,  # by transition
    ) -> int:
        """Put the successors of states of the frontier into the buffers.

        It ends when the frontier is done, a buffer is full, or something has to be seen to.
        """
        wide, wider = U(words), U(words + 1)
        successors, orbit = functions[_SUCCESSORS], functions[_ORBIT]
        ahead, nearer = functions[_AHEAD_OF], functions[_NEARER]
        while True:
            many = np.int64(mine[MANY])
            for k in range(mine[RESUME], mine[PENDING]):
                at = k * wider
                value = mixed(out, at, words)
                if not repeated(words, out, k, recent, value):
                    partition = partition_of(value)
                    count = counts[partition]
                    if count == room:
                        mine[RESUME] = k
                        return FULL
                    place = (partition * room + count) * wide
                    copied(words, out, at, buffers, place)
                    prefetch(buffers + EIGHT * (place + _NEXT))
                    counts[partition] = count + ONE
                    if words > 1:
                        put(recent, value & _RECENT, k)
                taken[word(out, at + wide)] += many
            mine[RESUME] = mine[PENDING] = ZERO
            if mine[BLOCK] == mine[BLOCK_END] and word(shared, U(STOP)) != ZERO:
                return DONE
            if not turned(shared, end, mine):
                return DONE
            block = mine[BLOCK]
            if ahead != ZERO and block == mine[NEAR]:
                mine[NEAR] = min(block + _AHEAD, mine[BLOCK_END])
                neared(words, ahead, nearer, store, block, mine[NEAR], held)
            at = block * wide
            if word(store, at + wide - ONE) != NO_STATE:
                count = call(successors, store + EIGHT * at, out, space, tables, held)
                if count < 0:
                    return count
                mine[PENDING] = U(count)
                mine[MANY] = stood_for(orbit, store, at)
            mine[BLOCK] = block + ONE

    return expand


@cache
def insert_for(words: int) -> Callable[..., int]:
    """Return the function that looks up states of so many words."""

    @njit(nogil=True, cache=True, forceinline=True)
    def kept(slots: Any, slot: Any, tag: Any, store: Any, free: Any, states: Any, at: Any) -> None:
        """Put a new state into a slot and into the store."""
        held = word(states, at) + ONE if words == 1 else tag << PLACE_BITS | (free + ONE)
        put(slots, slot, held)
        copied(words, states, at, store, free * U(words))

    @njit(nogil=True, cache=True)
    def insert(
        functions: Any,
        slots: Any,  # an address, as are `store`, `shared`, `buffers`, `hashes` and `spare`
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
        wide, threads = U(words), U(len(counts))
        judged, orbit = functions[_JUDGED], functions[_ORBIT]
        while True:
            partition = fetch_add(shared + _PARTITION, ONE)
            if partition >= _PARTITIONS:
                return DONE
            base, size = partition * most, sizes[partition]
            for thread in range(threads):
                first = (thread * _PARTITIONS + partition) * room
                count, full = counts[thread, partition], ZERO
                for step in range(steps_for(count)):
                    full = asked_ahead(
                        words, slots, base, size, store, buffers, first, count, step, hashes, full
                    )
                    begin, noted = first + begin_of(step - LATER), lane(hashes, step - LATER)
                    for k in range(size_of(step - LATER, count)):
                        at, tag = (begin + k) * wide, tag_of(word(noted, k))
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
                            if word(shared, U(STORE)) > limit:
                                return FULL
                            mine[FREE] = fetch_add(shared, _STRETCH)
                            mine[FREE_END] = mine[FREE] + _STRETCH
                        slot = empty_from(slots, base, size, bucket)
                        kept(slots, slot, tag, store, mine[FREE], buffers, at)
                        many = stood_for(orbit, buffers, at)
                        verdict = call_judged(judged, buffers + EIGHT * at)
                        if verdict != ZERO:
                            judge(words, verdict, buffers, at, many, bad, least, seen)
                        used[partition] += ONE
                        mine[FREE] += ONE
                        mine[STATES] += many
                counts[thread, partition] = ZERO

    return insert


@njit(nogil=True, cache=True, forceinline=True)
def stood_for(orbit: Any, states: Any, at: Any) -> Any:
    """Return how many states one of them stands for: more than itself where they are renamed."""
    if orbit == ZERO:
        return ONE
    return call_judged(orbit, states + EIGHT * at)


@njit(nogil=True, cache=True)
def judge(
    words: int, verdict: Any, states: Any, at: Any, many: Any, bad: Any, least: Any, seen: Any
) -> None:
    """Count what a state violates that stands for `many`, and note what it meets."""
    seen[0] |= verdict >> _HALF
    violated, kept = verdict & _LOW, U(least.ctypes.data)
    while violated != ZERO:
        number = lowest(violated)
        bad[number] += np.int64(many)
        if smaller(words, states, at, kept, number * U(words)):
            copied(words, states, at, kept, number * U(words))
        violated &= violated - ONE


@njit(nogil=True, cache=True)
def following(functions: Any, tables: Any, state: Any, out: Any, room: Any, held: Any) -> int:
    """Write what follows a state, as the machine code does; return how many transitions.

    `state`, `out`, `tables` and `held` are arrays here.
    """
    given, tables_at = U(state.ctypes.data), U(tables.ctypes.data)
    return call(functions[0], given, U(out.ctypes.data), room, tables_at, U(held.ctypes.data))


@njit(nogil=True, cache=True)
def before(
    words: int,
    functions: Any,
    tables: Any,
    store: Any,
    shared: Any,
    end: Any,  # where the level ends in the store; the turns begin where it begins
    mine: Any,
    wanted: Any,  # states, one after the other
    number: Any,  # of them
    masks: Any,  # how many, where they are, and the holes of a sieve for the wanted states
    out: Any,
    space: Any,
    held: Any,
    least: Any,  # for each, becomes the least state that leads to it; NO_STATE at first
) -> int:
    """Find the least states of a level with transitions to wanted ones.

    Only what passes the sieve is expanded.  Returns 0, or what has to be seen to first; it goes
    on from there when called again.
    """
    wide, wider, sketch = U(words), U(words + 1), ZERO
    many, kept, holes = masks
    for n in range(number):
        sketch |= sketched(words, wanted, n * wide)
    while turned(shared, end, mine):
        place, count = mine[BLOCK] * wide, 0
        there = word(store, place + wide - ONE) != NO_STATE
        if there and passes(words, store, place, many, kept, holes):
            state = store + EIGHT * place
            count = call(functions[_SUCCESSORS], state, out, space, tables, held)
            if count < 0:
                return count
        for k in range(U(count)):
            if sketched(words, out, k * wider) & sketch == ZERO:
                continue
            for n in range(number):
                if equal(words, out, k * wider, wanted, n * wide) and smaller(
                    words, store, place, least, n * wide
                ):
                    copied(words, store, place, least, n * wide)
        mine[BLOCK] += ONE
    return DONE


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
            state, room = U(block.ctypes.data) + EIGHT * at, U(out.ctypes.data) + EIGHT * place
            call(function, state, room, ZERO, ZERO, ZERO)
