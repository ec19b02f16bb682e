"""What is asked of memory some time before it is read, so that it is there by then.

States are looked up in steps, so many together.  While those of one step are compared, memory
is asked for the buckets of states of a later step, and, as buckets arrive, for the states that
they have with the same tags.  A bucket that is full may have sent its states to the next one,
which is asked for in turn.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from checker.space.intrinsics import lowest, matches, prefetch, put, word
from checker.space.slots import (
    EIGHT,
    ONE,
    PLACE,
    PLACE_BITS,
    ZERO,
    U,
    after,
    first_slot,
    mixed,
    tag_of,
)

TOGETHER = 32  # states of a step
LANES = 4  # steps whose hashes are kept, so that states are looked up LANES - 1 steps later
HASHES = TOGETHER * (LANES + 1)  # the last of them for states whose buckets are full
LATER = U(LANES - 1)
_TOGETHER, _LANES = U(TOGETHER), U(LANES)
_NEXT = U(64)  # words of a buffer that are asked for before they are read


@njit(nogil=True, cache=True, forceinline=True)
def steps_for(many: Any) -> Any:
    """Return how many steps it takes to ask for so many states and to look up all of them."""
    return (many + _TOGETHER - ONE) // _TOGETHER + LATER


@njit(nogil=True, cache=True, forceinline=True)
def begin_of(step: Any) -> Any:
    """Return how many states there are in the steps before one."""
    return step * _TOGETHER


@njit(nogil=True, cache=True, forceinline=True)
def size_of(step: Any, many: Any) -> Any:
    """Return how many of all states are of a step; none are of one that is not."""
    begin = step * _TOGETHER
    return min(_TOGETHER, many - begin) if begin < many else ZERO


@njit(nogil=True, cache=True, forceinline=True)
def lane(hashes: Any, step: Any) -> Any:
    """Return where the hashes of a step are."""
    return hashes + EIGHT * _TOGETHER * (step % _LANES)


@njit(nogil=True, cache=True, forceinline=True)
def asked_ahead(
    words: int,
    slots: Any,
    base: Any,  # where the partition begins
    size: Any,
    store: Any,
    states: Any,
    first: Any,
    many: Any,  # states from the first on
    step: Any,
    hashes: Any,
    full: Any,  # states of the step before last whose buckets are full
) -> Any:
    """Ask for the buckets of a step, and the states in those asked for before.

    Returns how many buckets of these are full.
    """
    start, further = first + begin_of(step), hashes + EIGHT * _TOGETHER * _LANES
    asked(words, slots, base, size, states, start, size_of(step, many), lane(hashes, step))
    if words == 1:
        return ZERO
    glanced_after(words, slots, base, size, store, full, further)
    before, noted = size_of(step - ONE, many), lane(hashes, step - ONE)
    return glanced(words, slots, base, size, store, before, noted, further)


@njit(nogil=True, cache=True, forceinline=True)
def asked(
    words: int, slots: Any, base: Any, size: Any, states: Any, start: Any, many: Any, hashes: Any
) -> None:
    """Note the hashes of some states, and ask for their buckets before they are read."""
    address = slots + EIGHT * base
    for k in range(many):
        at = (start + k) * U(words)
        prefetch(states + EIGHT * (at + _NEXT))
        value = mixed(states, at, words)
        put(hashes, k, value)
        prefetch(address + EIGHT * first_slot(tag_of(value), size))


@njit(nogil=True, cache=True, forceinline=True)
def glanced(
    words: int, slots: Any, base: Any, size: Any, store: Any, many: Any, hashes: Any, full: Any
) -> Any:
    """Ask for the states that have the tags of some hashes, before they are compared.

    Where a bucket is full and has none the next one is asked for; the hashes for which it is
    are noted as well, and their number is returned.
    """
    found = ZERO
    for k in range(many):
        value = word(hashes, k)
        tag = tag_of(value)
        bucket = first_slot(tag, size)
        if _seen(words, slots + EIGHT * (base + bucket), tag, store):
            continue
        if word(slots, base + bucket + EIGHT - ONE) != ZERO:
            prefetch(slots + EIGHT * (base + after(bucket, size)))
            put(full, found, value)
            found += ONE
    return found


@njit(nogil=True, cache=True, forceinline=True)
def glanced_after(
    words: int, slots: Any, base: Any, size: Any, store: Any, many: Any, full: Any
) -> None:
    """Ask for the states that have the tags of some hashes, in the buckets after their own."""
    for k in range(many):
        tag = tag_of(word(full, k))
        bucket = after(first_slot(tag, size), size)
        _seen(words, slots + EIGHT * (base + bucket), tag, store)


@njit(nogil=True, cache=True, forceinline=True)
def _seen(words: int, bucket: Any, tag: Any, store: Any) -> bool:
    """Ask for the first state of a bucket that has a tag; return whether there is one."""
    same = matches(bucket, tag, PLACE_BITS)
    if same == ZERO:
        return False
    place = (word(bucket, lowest(same)) & PLACE) - ONE
    prefetch(store + EIGHT * U(words) * (place & PLACE))
    return True
