"""Machine code that looks backwards: the states of a level from which wanted ones are next."""

from __future__ import annotations

from typing import Any

from numba import njit

from checker.space.calm_kernel import number_of
from checker.space.intrinsics import call, call_judged
from checker.space.slots import NO_STATE, U

DONE, FULL = 0, 1
ROW, FOUND, FIELDS = range(3)


@njit(nogil=True, cache=True)
def leading(
    words: int,
    functions: Any,  # addresses: successors, judged
    tables: Any,
    block: Any,  # states; rows of ones are none
    number: int,  # of the property
    slots: Any,  # a table of wanted states; an empty one for those that violate the property
    wanted: Any,
    out: Any,
    failed: Any,
    found: Any,  # rows: number of the state in the block, transition, words of the state after
    numbers: Any,
) -> int:
    """Write each transition from a state that does not violate a property to a wanted one."""
    room, anything = len(out) // (words + 1), len(wanted) == 0
    bit, none = U(1) << U(number), U(0)
    while numbers[ROW] < len(block) // words:
        place = numbers[ROW] * words
        if block[place + words - 1] != NO_STATE:
            state = U(block.ctypes.data) + U(8 * place)
            out_at, tables_at = U(out.ctypes.data), U(tables.ctypes.data)
            count = call(functions[0], state, out_at, U(room), tables_at, U(failed.ctypes.data))
            if count < 0:
                return count
            if numbers[FOUND] + count > len(found):
                return FULL
            before = numbers[FOUND]
            for k in range(count):
                at = k * (words + 1)
                if anything:
                    good = call_judged(functions[1], out_at + U(8 * at)) & bit != none
                else:
                    good = number_of(words, slots, wanted, out, at) >= 0
                if good:
                    found[numbers[FOUND], 0] = numbers[ROW]
                    found[numbers[FOUND], 1] = out[at + words]
                    for n in range(words):
                        found[numbers[FOUND], 2 + n] = out[at + n]
                    numbers[FOUND] += 1
            if numbers[FOUND] > before and call_judged(functions[1], state) & bit != none:
                numbers[FOUND] = before
        numbers[ROW] += 1
    return DONE
