"""Words put together from values: what moves together is moved together.

Fields of one word that go equally far are one mask and one shift; values that depend on the
same flag are chosen by it at once, a word at a time.  So a message that moves from one place
to another is a few instructions, however many fields it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from checker.space.packing import WORD, Place
from checker.space.program import Program, Ref


@dataclass(frozen=True)
class Cut:
    """A value that is some bits of a word, as they are."""

    word: Ref
    shift: int
    width: int


@dataclass(frozen=True)
class Put:
    """A value that goes to some bits of the word that is made; it fits there."""

    value: Ref
    shift: int
    width: int


def by_word(many: int, placed: Iterable[tuple[Ref, Place]]) -> tuple[tuple[Put, ...], ...]:
    """Return what is put into each of so many words, of values with their places."""
    puts: list[list[Put]] = [[] for _ in range(many)]
    for value, place in placed:
        puts[place.word].append(Put(value, place.shift, place.width))
    return tuple(map(tuple, puts))


@dataclass
class Parts:
    """What a word is made of: constant bits, copies by word and distance, choices by flag."""

    constant: int = 0
    copies: dict[tuple[Ref, int], int] = field(default_factory=dict)  # bits of the source
    choices: dict[Ref, tuple[list[Put], list[Put]]] = field(default_factory=dict)
    others: list[Put] = field(default_factory=list)


class Moves:
    """Makes words of values; `cuts` tells which values are bits of a word."""

    def __init__(self, program: Program, cuts: Mapping[Ref, Cut]) -> None:
        self.program, self.cuts = program, cuts
        self._known: dict[tuple[Put, ...], Ref] = {}

    def words(self, many: int, placed: Iterable[tuple[Ref, Place]]) -> tuple[Ref, ...]:
        """Return so many words with values at their places, and zeros elsewhere."""
        return tuple(map(self.word, by_word(many, placed)))

    def word(self, puts: Sequence[Put]) -> Ref:
        """Return the word with these values, and zeros elsewhere."""
        key = tuple(puts)
        if key not in self._known:
            self._known[key] = self._made(self.parts(key))
        return self._known[key]

    def parts(self, puts: Iterable[Put]) -> Parts:
        """Return what a word is made of."""
        parts = Parts()
        for put in puts:
            instruction = self.program.instructions[put.value]
            cut = self.cuts.get(put.value)
            if instruction.op == "const":
                parts.constant |= int(instruction.data) << put.shift
            elif cut is not None:
                key = cut.word, put.shift - cut.shift
                bits = ((1 << cut.width) - 1) << cut.shift
                parts.copies[key] = parts.copies.get(key, 0) | bits
            elif instruction.op == "ite":
                flag, yes, no = instruction.args
                chosen = parts.choices.setdefault(flag, ([], []))
                chosen[0].append(Put(yes, put.shift, put.width))
                chosen[1].append(Put(no, put.shift, put.width))
            else:
                parts.others.append(put)
        return parts

    def _made(self, parts: Parts) -> Ref:
        p = self.program
        made = [self.copied(*key, bits) for key, bits in parts.copies.items()]
        for flag, (yes, no) in parts.choices.items():
            made.append(p.ite(flag, self.word(yes), self.word(no)))
        made += [p.arithmetic("shl", q.value, p.const(q.shift), WORD) for q in parts.others]
        whole = reduce(lambda a, b: p.arithmetic("or", b, a, WORD), made, p.const(0))
        return p.arithmetic("or", whole, p.const(parts.constant), WORD)

    def copied(self, word: Ref, distance: int, bits: int) -> Ref:
        """Return some bits of a word, moved upwards by a distance (downwards if negative)."""
        p = self.program
        kept = p.arithmetic("and", word, p.const(bits), WORD)
        if distance < 0:
            return p.arithmetic("shr", kept, p.const(-distance), WORD)
        return p.arithmetic("shl", kept, p.const(distance), WORD)
