"""The instructions of a program over columns: many states at once, by NumPy.

A value takes the fewest bytes that hold all it can be: most are flags and small numbers, and
arithmetic on bytes is many times as fast as on words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checker.space.program import Instruction, Program, Ref

Column = NDArray[Any]
Slot = int
Wanted = tuple[Ref, int]  # an instruction, and the bytes of its value

FLAG, WHOLE = 1, 8
TYPES: dict[int, Any] = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
# For a number of bits, how many bytes hold it.
HOLDING = [next(size for size in TYPES if bits <= 8 * size) for bits in range(65)]
_COMPARED: dict[str, Any] = {"eq": np.equal, "ult": np.less, "ule": np.less_equal}
_COMPUTED: dict[str, Any] = {
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "shl": np.left_shift,
    "shr": np.right_shift,
}


class Step(NamedTuple):
    """One call: a function of what is in two slots, and the slot of its result."""

    function: Callable[[Any, Any], Any]
    first: Slot
    second: Slot
    result: Slot


class Plan:
    """What to work out, in order, for some instructions where others are given as columns."""

    def __init__(self, program: Program, given: Sequence[Ref], wanted: Sequence[Wanted]) -> None:
        made = _Planning(program, given, wanted)
        results = [made.slots[key] for key in wanted]
        self._constant = [made.values.get(slot) for slot in results]
        count, place = _places(made, [*range(len(given)), *results])
        self._results = [place[slot] for slot in results]
        self._start: list[Any] = [None] * count
        for slot, value in made.values.items():
            self._start[place[slot]] = value
        self._steps = [
            (s.function, place[s.first], place[s.second], place[s.result]) for s in made.steps
        ]

    def __call__(self, columns: Sequence[Column]) -> list[Column]:
        """Return the columns of what is wanted, for the columns of what is given."""
        slots = self._start.copy()
        slots[: len(columns)] = columns
        for function, first, second, result in self._steps:
            slots[result] = function(slots[first], slots[second])
        many, found = len(columns[0]), zip(self._results, self._constant, strict=True)
        return [slots[k] if value is None else np.full(many, value) for k, value in found]


def _places(made: _Planning, kept: Sequence[Slot]) -> tuple[int, dict[Slot, int]]:
    """Return how many places are needed, and that of each slot: freed after its last use.

    Few columns are alive at once then, and the cache has them.
    """
    last = {s: k for k, step in enumerate(made.steps) for s in (step.first, step.second)}
    lasting = {*kept, *made.values}
    place: dict[Slot, int] = {}
    for slot in (*range(made.given), *made.values):
        place[slot] = len(place)
    count, free = len(place), list[int]()
    for k, step in enumerate(made.steps):
        count += 0 if free else 1
        place[step.result] = free.pop() if free else count - 1
        ended = {s for s in (step.first, step.second) if last[s] == k} - lasting
        free += [place[s] for s in sorted(ended)]
    return count, place


class _Planning:
    """Chooses the steps: each result has a slot of its own, after those of what is given."""

    def __init__(self, program: Program, given: Sequence[Ref], wanted: Sequence[Wanted]) -> None:
        self.program, self.given = program, len(given)
        self.steps: list[Step] = []
        self.values: dict[Slot, Any] = {}  # of the slots that are constant
        self.slots: dict[Wanted, Slot] = {(ref, WHOLE): k for k, ref in enumerate(given)}
        self._masks: dict[Wanted, Slot] = {}
        self._many = len(given)
        needed = self._needed(set(given), wanted)
        for ref in sorted(needed):
            self._emit(ref, sorted(needed[ref]))

    def _needed(self, given: set[Ref], wanted: Sequence[Wanted]) -> dict[Ref, set[int]]:
        """Return in which sizes each instruction is needed."""
        needed: defaultdict[Ref, set[int]] = defaultdict(set)
        for ref, size in wanted:
            needed[ref].add(size)
        # What is used comes before its uses, so that they are all known when it is looked at.
        for ref in sorted(self._below(given, {ref for ref, _ in wanted}), reverse=True):
            if ref not in given:
                for size in self._computed(ref, needed[ref]):
                    for argument in self.program.instructions[ref].args:
                        needed[argument].add(size)
        return needed

    def _below(self, given: set[Ref], refs: set[Ref]) -> set[Ref]:
        found, waiting = set(refs), list(refs)
        while waiting:
            top = waiting.pop()
            new = set() if top in given else set(self.program.instructions[top].args) - found
            found |= new
            waiting += new
        return found

    def _computed(self, ref: Ref, needed: set[int]) -> list[int]:
        """Return the sizes that the arguments have.

        The low bits of a result depend on the low bits alone, except of what is compared or
        shifted to the right.  A difference may be negative before it is cut to its width, so
        it is worked out in the size of what is to be made of it.
        """
        instruction = self.program.instructions[ref]
        if instruction.op == "sub":
            return sorted(needed)
        if instruction.op in _COMPARED or instruction.op == "shr":
            return [max(map(self._own, instruction.args))]
        return [self._own(ref)]

    def _own(self, ref: Ref) -> int:
        """Return how many bytes hold the value of an instruction."""
        instruction = self.program.instructions[ref]
        if instruction.op in ("sub", "input"):
            return WHOLE
        return HOLDING[min(instruction.most.bit_length(), 64)]

    # -- steps -----------------------------------------------------------------------------

    def _emit(self, ref: Ref, needed: list[int]) -> None:
        """See to it that an instruction has a slot in all sizes that are needed."""
        instruction, own = self.program.instructions[ref], self._own(ref)
        for size in needed:
            if instruction.op == "const":
                self.slots[ref, size] = self._constant(int(instruction.data), size)
            elif instruction.op == "sub":
                self.slots[ref, size] = self._called(instruction, size)
            else:
                if (ref, own) not in self.slots:
                    self.slots[ref, own] = self._result(ref, instruction, own)
                self.slots[ref, size] = self._sized(self.slots[ref, own], own, size)

    def _result(self, ref: Ref, instruction: Instruction, own: int) -> Slot:
        """Return the slot of an instruction in its own size."""
        (size,) = self._computed(ref, set())
        made = self._called(instruction, size)
        return self._sized(made, size, own) if instruction.op == "shr" else made

    def _called(self, instruction: Instruction, size: int) -> Slot:
        """Return the slot of an instruction whose arguments have a size."""
        if instruction.op == "ite":
            return self._chosen(instruction.args, size)
        args = [self.slots[a, size] for a in instruction.args]
        if instruction.op == "not":
            return self._put(np.bitwise_xor, args[0], self._constant(1, size))
        if instruction.op in _COMPARED:
            answers = self._put(_COMPARED[instruction.op], *args)
            return self._put(np.ndarray.view, answers, self._value(np.uint8))
        return self._put(_COMPUTED[instruction.op], *args)

    def _chosen(self, args: Sequence[Ref], size: int) -> Slot:
        """Return the slot of a choice: no ^ ((yes ^ no) & mask), which takes no branch."""
        flag, yes, no = args
        mask, first, second = self._mask(flag, size), self.slots[yes, size], self.slots[no, size]
        if self.program.value(no) == 0:
            return self._put(np.bitwise_and, first, mask)
        differ = second if self.program.value(yes) == 0 else self._differ(yes, no, size)
        return self._put(np.bitwise_xor, second, self._put(np.bitwise_and, differ, mask))

    def _differ(self, yes: Ref, no: Ref, size: int) -> Slot:
        first, second = self.program.value(yes), self.program.value(no)
        if first is not None and second is not None:
            return self._constant(first ^ second, size)
        return self._put(np.bitwise_xor, self.slots[yes, size], self.slots[no, size])

    def _mask(self, flag: Ref, size: int) -> Slot:
        """Return the slot that has all bits where a flag is set, and none elsewhere."""
        if (flag, size) not in self._masks:
            zero = self._constant(0, size)
            self._masks[flag, size] = self._put(np.subtract, zero, self.slots[flag, size])
        return self._masks[flag, size]

    def _sized(self, slot: Slot, size: int, wanted: int) -> Slot:
        if size == wanted:
            return slot
        return self._put(np.ndarray.astype, slot, self._value(TYPES[wanted]))

    def _put(self, function: Callable[[Any, Any], Any], first: Slot, second: Slot) -> Slot:
        self.steps.append(Step(function, first, second, self._next()))
        return self.steps[-1].result

    def _constant(self, value: int, size: int) -> Slot:
        # An array without dimensions: NumPy takes longer to see what a plain number is.
        return self._value(np.array(value & (1 << 8 * size) - 1, TYPES[size]))

    def _value(self, value: Any) -> Slot:
        slot = self._next()
        self.values[slot] = value
        return slot

    def _next(self) -> Slot:
        self._many += 1
        return self._many - 1
