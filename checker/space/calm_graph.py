"""The quotient graph: what matters of all reached states, and the fair transitions between them.

It has the states in which some term that is to hold again does not; an edge to any other leads
outside.  States are numbered by when they were met, which tells nothing; edges of a state are
in the order of the transitions, and of the rows of a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checker.space import calm_kernel as kernel
from checker.space.calm import Graph
from checker.space.kernel import imaged
from checker.space.packing import Packing
from checker.space.stepping import Room, Stepping
from checker.space.system import Values
from checker.space.tables import Words

FIRST_SLOTS = 1 << 16
FULLEST = 0.5
EDGES = 1 << 22  # of one piece
Blocks = Iterable[Words]  # states, packed, one after the other; rows of ones are none


class Quotient:
    """The nodes and edges of the calm system, from the states that the whole one reaches."""

    def __init__(self, whole: Packing, calm: Stepping, most: int) -> None:
        self.calm, self.whole, self.words = calm, whole, calm.words
        self.moves = moves(whole, calm.lowered.packing)
        self.least = np.uint64(calm.native.least)
        self.every = (1 << len(calm.system.sometimes)) - 1
        self.slots: NDArray[np.int32] = np.zeros(FIRST_SLOTS, np.int32)
        # Pages of zeros are taken as they are used: `most` nodes cost nothing.
        self.nodes: Words = np.zeros((most + 1) * self.words, np.uint64)
        self.holds: NDArray[np.uint32] = np.zeros(most + 1, np.uint32)
        self.count = 0

    # -- nodes -----------------------------------------------------------------------------

    def enter(self, blocks: Blocks) -> None:
        """Enter what matters of states."""
        for block in blocks:
            numbers = np.array([0, self.count, 0], np.int64)
            while self._entered(block, numbers) == kernel.FULL:
                self._grow(int(numbers[kernel.COUNT]))
            self.count = int(numbers[kernel.COUNT])

    def _entered(self, block: Words, numbers: Any) -> int:
        most = int(len(self.slots) * FULLEST)
        where = (self.slots, self.nodes, self.holds, most, numbers)
        judged, width = np.uint64(self.calm.native.judged), self.whole.words
        status: int = kernel.entered(
            self.words, width, self.moves, self.least, judged, self.every, block, *where
        )
        return status

    def _grow(self, count: int) -> None:
        self.slots = np.zeros(2 * len(self.slots), np.int32)
        kernel.reinserted(self.words, self.slots, self.nodes, count)

    def blocks(self, numbers: NDArray[np.int64]) -> Words:
        """Return nodes as states, one after the other."""
        return self.nodes[: self.count * self.words].reshape(-1, self.words)[numbers].reshape(-1)

    def number(self, values: Values) -> int:
        """Return the number of a node, by the values of what matters; less than 0 for none."""
        given = np.array(self.calm.lowered.packing.pack(values), np.uint64)
        return int(kernel.number_of(self.words, self.slots, self.nodes, given, 0))

    def numbers(self, block: Words) -> NDArray[np.int64]:
        """Return the numbers of the least images of nodes, packed as they are here."""
        found = np.zeros(len(block) // self.words, np.int64)
        kernel.numbers(self.words, self.least, block.copy(), self.slots, self.nodes, found)
        return found

    def images(self, block: Words, many: int) -> Words:
        """Return all other images of nodes under the renamings, of which there are `many`."""
        found = np.empty(len(block) * (many - 1), np.uint64)
        imaged(self.words, self.calm.native.images, block, found)
        return found

    def first(self, marks: NDArray[np.uint32], bits: int, block: Words) -> list[Values | None]:
        """Return, for each bit of marks of nodes, the least state of a block with such a node."""
        width, found = self.whole.words, np.full(bits, -1, np.int64)
        where = (self.moves, self.least, block, self.slots, self.nodes, marks, found)
        kernel.first_in(self.words, width, *where)
        states = block.reshape(-1, width)
        return [tuple(map(int, states[at])) if at >= 0 else None for at in found]

    # -- edges -----------------------------------------------------------------------------

    def graph(self, threads: int) -> Graph:
        """Return the graph of the nodes."""
        cuts = [self.count * k // threads for k in range(threads + 1)]
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(lambda pair: self._woven(*pair), pairwise(cuts)))
        before = np.cumsum([0, *(len(targets) for _, targets, _ in parts)])
        offsets = [part[0][:-1] + shift for part, shift in zip(parts, before, strict=False)]
        return Graph(
            np.concatenate([*offsets, before[-1:]]),
            np.concatenate([part[1] for part in parts]),
            np.concatenate([part[2] for part in parts]),
            self.holds[: self.count],
        )

    def _woven(self, start: int, end: int) -> tuple[Any, Any, Any]:
        """Return offsets, targets and transitions of the edges of some nodes."""
        room = Room.for_system(self.calm.lowered, self.calm.native)
        offsets = np.zeros(end - start + 1, np.int64)
        numbers = np.zeros(kernel.FIELDS, np.int64)
        pieces: list[tuple[Any, Any]] = []
        status = kernel.FULL
        while status == kernel.FULL:
            done = int(numbers[kernel.EDGES])
            numbers[kernel.EDGES] = 0
            piece = np.empty(max(EDGES, room.transitions), np.int32)
            taken = np.empty(len(piece), np.uint16)
            row = int(numbers[kernel.ROW])
            status = self._piece(start, offsets, piece, taken, room, numbers)
            offsets[row + 1 : int(numbers[kernel.ROW]) + 1] += done
            count = int(numbers[kernel.EDGES])
            pieces.append((piece[:count].copy(), taken[:count].copy()))
            numbers[kernel.EDGES] = done + count
        targets, transitions = (np.concatenate(arrays) for arrays in zip(*pieces, strict=True))
        return offsets, targets, transitions

    def _piece(
        self, start: int, offsets: Any, piece: Any, taken: Any, room: Room, numbers: Any
    ) -> int:
        calm, words = self.calm, self.words
        functions = np.array([calm.native.successors, calm.native.judged], np.uint64)
        graph = (self.slots, self.nodes, start, len(offsets) - 1, offsets, piece, taken)

        def call() -> int:
            where = (*graph, room.out, room.held, numbers)
            status: int = kernel.woven(words, functions, calm.tables, *where)
            return status

        return calm.seen_to(room, call)


def moves(whole: Packing, calm: Packing) -> NDArray[np.uint64]:
    """Return what to move from words to words: word, shift, mask, word, shift."""
    places = {v.name: p for v, p in zip(whole.variables, whole.places, strict=True)}
    found: list[list[int]] = []
    for v, to in zip(calm.variables, calm.places, strict=True):
        place = places[v.name]
        mask = (1 << to.width) - 1
        if found and _follows(found[-1], place.word, place.shift, to.word, to.shift):
            found[-1][2] |= mask << (place.shift - found[-1][1])
        else:
            found.append([place.word, place.shift, mask, to.word, to.shift])
    return np.array(found, np.uint64).reshape(-1, 5)


def _follows(last: Sequence[int], word: int, shift: int, to_word: int, to_shift: int) -> bool:
    """Return whether a variable follows what was moved last, on both sides."""
    same = last[0] == word and last[3] == to_word
    return same and shift - last[1] == to_shift - last[4] == last[2].bit_length()
