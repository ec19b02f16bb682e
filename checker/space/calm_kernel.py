"""The quotient graph in machine code: states projected to what matters, each once, and edges.

A table of open addresses has the number of each projected state, which is its place in order of
arrival, plus one.  States in which every term holds that is to hold again are no part of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from checker.space.calm import OUTSIDE
from checker.space.intrinsics import call, call_judged
from checker.space.slots import NO_STATE, U, equal, mixed, smaller

DONE, FULL = 0, 1
# The numbers of a call, kept from call to call.
ROW, COUNT, EDGES, FIELDS = range(4)
_HALF = np.uint64(32)


@njit(nogil=True, cache=True)
def projected(
    moves: Any, words: int, least: Any, source: Any, at: int, target: Any, to: int
) -> None:
    """Write what matters of a state: `moves` are word, shift, mask, word, shift.

    With the address of `least` it is the least image of that.
    """
    for k in range(words):
        target[to + k] = np.uint64(0)
    for m in range(moves.shape[0]):
        part = (source[at + np.int64(moves[m, 0])] >> moves[m, 1]) & moves[m, 2]
        target[to + np.int64(moves[m, 3])] |= part << moves[m, 4]
    if least != U(0):
        call_judged(least, U(target.ctypes.data) + U(8 * to))


@njit(nogil=True, cache=True)
def number_of(words: int, slots: Any, nodes: Any, states: Any, at: int) -> Any:
    """Return the number of a state; less than zero is where it would be in the table."""
    mask, known, given = len(slots) - 1, U(nodes.ctypes.data), U(states.ctypes.data)
    slot = np.int64(mixed(given, U(at), words)) & mask
    while slots[slot]:
        number = np.int64(slots[slot]) - 1
        if equal(words, known, U(number * words), given, U(at)):
            return number
        slot = (slot + 1) & mask
    return -slot - 1


@njit(nogil=True, cache=True)
def reinserted(words: int, slots: Any, nodes: Any, count: int) -> None:
    """Put the states there are into an empty table."""
    for number in range(count):
        slot = number_of(words, slots, nodes, nodes, number * words)
        if slot < 0:
            slots[-slot - 1] = number + 1


@njit(nogil=True, cache=True)
def entered(
    words: int,
    width: int,  # words of a state before
    moves: Any,
    least: Any,
    judged: Any,
    every: int,  # the bits of all terms
    block: Any,  # states before, rows of ones are none
    slots: Any,
    nodes: Any,
    holds: Any,
    most: int,
    numbers: Any,
) -> int:
    """Enter what matters of states that is not there yet, until there are `most`."""
    rows = len(block) // width
    while numbers[ROW] < rows:
        at = numbers[ROW] * width
        if block[at + width - 1] != NO_STATE:
            count = numbers[COUNT]
            if count >= most:
                return FULL
            projected(moves, words, least, block, at, nodes, count * words)
            slot = number_of(words, slots, nodes, nodes, count * words)
            if slot < 0:
                verdict = call_judged(judged, U(nodes.ctypes.data) + U(8 * count * words))
                met = np.int64(np.uint64(verdict) >> _HALF)
                if met != every:
                    slots[-slot - 1] = count + 1
                    holds[count] = met
                    numbers[COUNT] = count + 1
        numbers[ROW] += 1
    return DONE


@njit(nogil=True, cache=True)
def numbers(words: int, least: Any, block: Any, slots: Any, nodes: Any, found: Any) -> None:
    """Write the numbers of states; with the address of `least`, of their least images."""
    for row in range(len(found)):
        if least != U(0):
            call_judged(least, U(block.ctypes.data) + U(8 * row * words))
        found[row] = number_of(words, slots, nodes, block, row * words)


@njit(nogil=True, cache=True)
def woven(
    words: int,
    functions: Any,  # addresses: successors, judged
    tables: Any,
    slots: Any,
    nodes: Any,
    start: int,  # the first node that is to be seen to
    many: int,
    offsets: Any,  # where the edges of the next node begin
    targets: Any,
    taken: Any,  # the transition of each edge
    out: Any,
    failed: Any,
    numbers: Any,
) -> int:
    """Write the edges of nodes; those to states that are no part of the graph lead outside."""
    room = len(out) // (words + 1)
    while numbers[ROW] < many:
        node, edges = start + numbers[ROW], numbers[EDGES]
        count = call(
            functions[0],
            U(nodes.ctypes.data) + U(8 * node * words),
            U(out.ctypes.data),
            U(room),
            U(tables.ctypes.data),
            U(failed.ctypes.data),
        )
        if count < 0:
            return count
        if edges + count > len(targets):
            return FULL
        for k in range(count):
            at = k * (words + 1)
            number = number_of(words, slots, nodes, out, at)
            targets[edges + k] = number if number >= 0 else OUTSIDE
            taken[edges + k] = out[at + words]
        numbers[EDGES] += count
        numbers[ROW] += 1
        offsets[numbers[ROW]] = numbers[EDGES]
    return DONE


@njit(nogil=True, cache=True)
def first_in(
    words: int,
    width: int,
    moves: Any,
    least: Any,
    block: Any,
    slots: Any,
    nodes: Any,
    marks: Any,  # of each node: bit by bit what it is one of
    found: Any,  # by bit: the place of the least state in the block that is one, or -1
) -> None:
    """Find the least states of a block whose node has a mark."""
    state, states = np.zeros(words, np.uint64), U(block.ctypes.data)
    for row in range(len(block) // width):
        at = row * width
        if block[at + width - 1] == NO_STATE:
            continue
        projected(moves, words, least, block, at, state, 0)
        number = number_of(words, slots, nodes, state, 0)
        bits = marks[number] if number >= 0 else 0
        for bit in range(len(found)):
            if bits >> bit & 1 and (
                found[bit] < 0 or smaller(width, states, U(at), states, U(found[bit] * width))
            ):
                found[bit] = row
