"""The least image of a state under a group, as instructions over its packed words.

A generator is carried out by masks and shifts: fields of a word that move equally far move
together, and where several fields exchange the same two values they do so at once.  Each
element of the group is an earlier one and one generator more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from checker.space.group import Group, Permutation
from checker.space.packing import WORD, Packing
from checker.space.program import Program, Ref
from checker.space.system import Values

Words = tuple[Ref, ...]


@dataclass(frozen=True)
class _Exchange:
    """Fields of one word and one width that exchange two values; `lowest` has their lowest bits."""

    word: int
    width: int
    values: tuple[int, int]
    lowest: int


@dataclass(frozen=True)
class _Move:
    """Fields of one word that go to another, or the same, by the same distance upwards."""

    word: int
    to: int
    distance: int
    mask: int


class Images:
    """The images of a state under each element of a group."""

    def __init__(self, program: Program, packing: Packing, group: Group, words: Words) -> None:
        self.program, self.packing = program, packing
        rounds = [_rounds(packing, g) for g in group.generators]
        moves = [_moves(packing, g) for g in group.generators]
        self.words: list[Words] = [words]
        for element in group.elements[1:]:
            image = self.words[element.before]
            for exchanges in rounds[element.generator]:
                image = self._exchanged(image, exchanges)
            self.words.append(self._moved(image, moves[element.generator]))

    def least(self) -> Words:
        """Return the words of the least image; the last word counts most."""
        return reduce(self._lesser, self.words)

    def orbit(self) -> Ref:
        """Return how many different images there are."""
        p, size = self.program, len(self.words)
        same = [
            p.all([p.eq(*pair) for pair in zip(w, self.words[0], strict=True)]) for w in self.words
        ]
        fixed = reduce(lambda a, b: p.arithmetic("add", a, b, 16), same)
        result = p.const(size)
        for many in (k for k in range(2, size + 1) if size % k == 0):
            result = p.ite(p.eq(fixed, p.const(many)), p.const(size // many), result)
        return result

    def _lesser(self, a: Words, b: Words) -> Words:
        p, less = self.program, self.program.const(0)
        for x, y in zip(b, a, strict=True):
            if x != y:
                less = p.any([p.less(x, y), p.all([p.eq(x, y), less])])
        return tuple(p.ite(less, x, y) for x, y in zip(b, a, strict=True))

    # -- one generator ---------------------------------------------------------------------

    def _exchanged(self, words: Words, exchanges: Iterable[_Exchange]) -> Words:
        result = list(words)
        for e in exchanges:
            hit, word = self._hit(words[e.word], e), result[e.word]
            bits = [k for k in range(e.width) if (e.values[0] ^ e.values[1]) >> k & 1]
            for k in bits:
                word = self._do("xor", word, self._do("shl", hit, self.program.const(k)))
            result[e.word] = word
        return tuple(result)

    def _hit(self, word: Ref, e: _Exchange) -> Ref:
        """Return the lowest bits of the fields that hold one of the two values."""
        a, b = e.values
        first = next(k for k in range(e.width) if (a ^ b) >> k & 1)
        hit = self.program.const(e.lowest)
        for k in (k for k in range(e.width) if k != first):
            bit, wanted = self._bit(word, k), a >> k & 1
            if (a ^ b) >> k & 1:
                bit, wanted = self._do("xor", bit, self._bit(word, first)), wanted ^ a >> first & 1
            bit = bit if wanted else self._do("xor", bit, self.program.const(e.lowest))
            hit = self._do("and", bit, hit)
        return hit

    def _bit(self, word: Ref, k: int) -> Ref:
        return self._do("shr", word, self.program.const(k))

    def _moved(self, words: Words, moves: Sequence[_Move]) -> Words:
        return tuple(
            self._gathered(words, [m for m in moves if m.to == k], k) for k in range(len(words))
        )

    def _gathered(self, words: Words, moves: Sequence[_Move], to: int) -> Ref:
        if all(m.word == to and not m.distance for m in moves):
            return words[to]
        p = self.program
        parts = []
        for m in moves:
            part = self._do("and", words[m.word], p.const(m.mask))
            way = "shl" if m.distance > 0 else "shr"
            parts.append(self._do(way, part, p.const(abs(m.distance))))
        return reduce(lambda a, b: self._do("or", a, b), parts)

    def _do(self, op: str, a: Ref, b: Ref) -> Ref:
        return self.program.arithmetic(op, a, b, WORD)


def _rounds(packing: Packing, g: Permutation) -> list[list[_Exchange]]:
    """Return exchanges of values, those at once that have no values in common."""
    found: list[dict[tuple[int, int, tuple[int, int]], int]] = []
    for place, values in zip(packing.places, g.values, strict=True):
        for k, pair in enumerate(_exchanges(values)):
            if k == len(found):
                found.append({})
            key = (place.word, place.width, pair)
            found[k][key] = found[k].get(key, 0) | 1 << place.shift
    return [[_Exchange(*key, lowest) for key, lowest in each.items()] for each in found]


def _exchanges(values: Values) -> list[tuple[int, int]]:
    """Return exchanges of two values that one after the other make a permutation."""
    left, result = list(values), []
    for k in range(len(left)):
        while left[k] != k:
            other = left[k]
            result.append((min(k, other), max(k, other)))
            left[k], left[other] = left[other], other
    return result


def _moves(packing: Packing, g: Permutation) -> list[_Move]:
    found: dict[tuple[int, int, int], int] = {}
    for place, end in zip(packing.places, g.places, strict=True):
        to = packing.places[end]
        key = (place.word, to.word, to.shift - place.shift)
        found[key] = found.get(key, 0) | ((1 << place.width) - 1) << place.shift
    return [_Move(*key, mask) for key, mask in found.items()]
