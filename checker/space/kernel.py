"""The search itself, compiled once for all models: expand states, keep each new one once.

Several threads run `search` side by side on one table of states.  A slot of the table is
claimed by comparing and swapping: for states of one word it holds the state and one more; for
longer ones a tag and the state's place in the store, where the state is written first.  The
store has the states in order of their levels; threads take stretches of it, and what they leave
unused is filled with ones, which is no state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

# What a call ends with.
DONE, FULL, MISSING, CROWDED, UNFIT = 0, 1, -1, -2, -3
# The numbers of a thread, kept from call to call.
BLOCK, BLOCK_END, FREE, FREE_END, PENDING, RESUME, TRANSITIONS, STATES, FIELDS = range(9)
# The numbers that all threads share.
STORE, FRONTIER, STOP = 0, 8, 16  # in cache lines of their own
SHARED = 24

CLAIM = 256  # states of the frontier taken at once
GATHERED = 256  # transitions looked up together
STRETCH = 1024  # places of the store taken at once
TAG_SHIFT = np.uint64(40)
PLACE = np.uint64((1 << 40) - 1)
NOTHING = np.uint64(0)
ONE = np.uint64(1)
NO_STATE = np.uint64(0xFFFFFFFFFFFFFFFF)
_MIX_1 = np.uint64(0x9E3779B97F4A7C15)
_MIX_2 = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_I64 = ir.IntType(64)


@intrinsic
def call(_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call a function of five 64-bit numbers by its address."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_I64, [_I64] * 5)
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), list(args[1:]))

    return types.int64(*[types.int64] * 6), code


@intrinsic
def call_judged(_context: Any, address: Any, a: Any) -> Any:
    """Call a function of one 64-bit number by its address."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_I64, [_I64])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1]])

    return types.int64(types.int64, types.int64), code


@intrinsic
def swap_if(_context: Any, address: Any, expected: Any, value: Any) -> Any:
    """Write a value to an address if it holds the expected one; return what it held."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], _I64.as_pointer())
        pair = builder.cmpxchg(place, args[1], args[2], "seq_cst", "seq_cst")
        return builder.extract_value(pair, 0)

    return types.uint64(types.int64, types.uint64, types.uint64), code


@intrinsic
def fetch_add(_context: Any, address: Any, value: Any) -> Any:
    """Add to the number at an address; return what it was."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.atomic_rmw("add", place, args[1], "seq_cst")

    return types.int64(types.int64, types.int64), code


@intrinsic
def prefetch(_context: Any, address: Any) -> Any:
    """Ask for the memory at an address, which is about to be read."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        constants = [ir.Constant(number, k) for k in (0, 3, 1)]  # to read, keep, data
        builder.call(function, [builder.inttoptr(args[0], byte), *constants])
        return args[0]

    return types.int64(types.int64), code


@njit(nogil=True, cache=True, inline="always")
def mixed(states: Any, at: int, words: int) -> Any:
    """Return the hash of a state."""
    value = states[at] * _MIX_1
    value ^= value >> _HALF
    for k in range(1, words):
        value = (value ^ states[at + k]) * _MIX_1
        value ^= value >> _HALF
    value *= _MIX_2
    return value ^ (value >> _HALF)


@njit(nogil=True, cache=True, inline="always")
def first_slot(value: Any, size: Any) -> Any:
    """Return where the search for a hash begins."""
    return np.int64(((value & _LOW) * size) >> _HALF) if size <= _LOW else np.int64(value % size)


@njit(nogil=True, cache=True, forceinline=True)
def added_word(slots: Any, size: Any, state: Any, value: Any) -> bool:
    """Return whether a state of one word is new, and is in the table now."""
    slot, wanted, base = first_slot(value, size), state + ONE, slots.ctypes.data
    while True:
        held = slots[slot]
        if held == NOTHING:
            held = swap_if(base + 8 * slot, NOTHING, wanted)
            if held == NOTHING:
                return True
        if held == wanted:
            return False
        slot += 1
        if slot == np.int64(size):
            slot = 0


@njit(nogil=True, cache=True)
def added_place(
    words: int, slots: Any, size: Any, store: Any, free: int, value: Any, again: bool
) -> bool:
    """Return whether the state at `free` in the store is new, and is in the table now.

    With `again` it is known to be new.
    """
    slot, base = first_slot(value, size), slots.ctypes.data
    wanted = (value >> TAG_SHIFT << TAG_SHIFT) | np.uint64(free + 1)
    while True:
        held = slots[slot]
        if held == NOTHING:
            held = swap_if(base + 8 * slot, NOTHING, wanted)
            if held == NOTHING:
                return True
        if not again and held >> TAG_SHIFT == wanted >> TAG_SHIFT:
            place = np.int64(held & PLACE) - 1
            if equal(words, store, place * words, store, free * words):
                return False
        slot += 1
        if slot == np.int64(size):
            slot = 0


@njit(nogil=True, cache=True)
def equal(words: int, a: Any, at: int, b: Any, place: int) -> bool:
    """Return whether two states are the same."""
    for k in range(words):  # noqa: SIM110
        if a[at + k] != b[place + k]:
            return False
    return True


@njit(nogil=True, cache=True, forceinline=True)
def added(
    words: int, slots: Any, size: Any, store: Any, states: Any, at: int, value: Any, free: int
) -> bool:
    """Return whether a state with this hash is new; it is then in the table, and at `free`."""
    if words == 1:
        if not added_word(slots, size, states[at], value):
            return False
        store[free] = states[at]
        return True
    for k in range(words):
        store[free * words + k] = states[at + k]
    return added_place(words, slots, size, store, free, value, False)


@njit(nogil=True, cache=True)
def reinserted(words: int, slots: Any, size: Any, store: Any, start: int, end: int) -> None:
    """Put the states of a part of the store into an emptied table."""
    for place in range(start, end):
        if store[place * words + words - 1] != NO_STATE:
            value = mixed(store, place * words, words)
            if words == 1:
                added_word(slots, size, store[place], value)
            else:
                added_place(words, slots, size, store, place, value, True)


@njit(nogil=True, cache=True)
def search(
    words: int,
    functions: Any,  # addresses: successors, judged, and orbit or 0
    tables: Any,
    slots: Any,
    size: Any,
    store: Any,
    shared: Any,
    limit: int,  # no stretch of the store begins after it
    end: int,  # where the frontier ends in the store
    mine: Any,  # the numbers of this thread
    out: Any,
    hashes: Any,
    failed: Any,
    taken: Any,  # by transition
    bad: Any,  # by property: how many states
    least: Any,  # by property: the least state of this level
    seen: Any,  # properties met by some state
) -> int:
    """Expand states of the frontier until it is done, or something has to be seen to.

    Transitions are gathered in `out` and looked up together, so that the memory of the table
    is asked for long before it is read.
    """
    room = len(out) // (words + 1)
    frontier = shared.ctypes.data + 8 * FRONTIER
    base = slots.ctypes.data
    while True:
        for k in range(mine[RESUME], mine[PENDING]):
            if mine[FREE] == mine[FREE_END]:
                if shared[STORE] > limit:
                    mine[RESUME] = k
                    return FULL
                mine[FREE] = fetch_add(shared.ctypes.data + 8 * STORE, STRETCH)
                mine[FREE_END] = mine[FREE] + STRETCH
            at = k * (words + 1)
            if added(words, slots, size, store, out, at, hashes[k], mine[FREE]):
                mine[FREE] += 1
                mine[STATES] += judge(words, functions, out, at, bad, least, seen)
        mine[RESUME] = mine[PENDING] = 0
        if mine[BLOCK] == mine[BLOCK_END]:
            start = end if shared[STOP] else fetch_add(frontier, CLAIM)
            if start >= end:
                return DONE
            mine[BLOCK], mine[BLOCK_END] = start, min(start + CLAIM, end)
        while mine[BLOCK] < mine[BLOCK_END] and mine[PENDING] < GATHERED:
            place, pending = mine[BLOCK] * words, mine[PENDING]
            if store[place + words - 1] != NO_STATE:
                count = call(
                    functions[0],
                    store.ctypes.data + 8 * place,
                    out.ctypes.data + 8 * pending * (words + 1),
                    room - pending,
                    tables.ctypes.data,
                    failed.ctypes.data,
                )
                if count == CROWDED and pending > 0:
                    break
                if count < 0:
                    return count
                many = stood_for(functions, store.ctypes.data + 8 * place)
                for k in range(pending, pending + count):
                    at = k * (words + 1)
                    hashes[k] = mixed(out, at, words)
                    prefetch(base + 8 * first_slot(hashes[k], size))
                    taken[out[at + words]] += many
                mine[PENDING] += count
                mine[TRANSITIONS] += count * many
            mine[BLOCK] += 1


@njit(nogil=True, cache=True)
def stood_for(functions: Any, state: int) -> int:
    """Return how many states the one at an address stands for."""
    return call_judged(functions[2], state) if functions[2] else 1


@njit(nogil=True, cache=True)
def judge(words: int, functions: Any, states: Any, at: int, bad: Any, least: Any, seen: Any) -> int:
    """Count what a state violates, note what it meets; return how many states it stands for."""
    many = stood_for(functions, states.ctypes.data + 8 * at)
    verdict = np.uint64(call_judged(functions[1], states.ctypes.data + 8 * at))
    seen[0] |= verdict >> _HALF
    violated = verdict & _LOW
    number = 0
    while violated != NOTHING:
        if violated & ONE:
            bad[number] += many
            if smaller(words, states, at, least, number * words):
                for k in range(words):
                    least[number * words + k] = states[at + k]
        violated >>= ONE
        number += 1
    return many


@njit(nogil=True, cache=True)
def smaller(words: int, a: Any, at: int, b: Any, place: int) -> bool:
    """Return whether a state comes before another, the last word counting most."""
    for k in range(words - 1, -1, -1):
        if a[at + k] != b[place + k]:
            return bool(a[at + k] < b[place + k])
    return False


@njit(nogil=True, cache=True)
def before(
    words: int,
    functions: Any,
    tables: Any,
    store: Any,
    start: int,
    end: int,
    wanted: Any,  # a state
    out: Any,
    failed: Any,
    least: Any,  # becomes the least state that leads to it
) -> int:
    """Find the least state in a part of the store with a transition to `wanted`.

    Returns whether there is one, or what has to be seen to first.
    """
    room = len(out) // (words + 1)
    found = 0
    for position in range(start, end):
        place = position * words
        if store[place + words - 1] == NO_STATE:
            continue
        if found and not smaller(words, store, place, least, 0):
            continue
        count = call(
            functions[0],
            store.ctypes.data + 8 * place,
            out.ctypes.data,
            room,
            tables.ctypes.data,
            failed.ctypes.data,
        )
        if count < 0:
            return count
        for k in range(count):
            at = k * (words + 1)
            if equal(words, out, at, wanted, 0):
                found = 1
                for n in range(words):
                    least[n] = store[place + n]
                break
    return found
