"""Values of named variables in few 64-bit words: each in bits of its own, none across words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checker.space.system import Values, Variable
from model.errors import RuleError

WORD = 64


@dataclass(frozen=True)
class Place:
    """Where a variable is: the word, how far up in it, how many bits."""

    word: int
    shift: int
    width: int


def least_of(states: Iterable[Sequence[int]]) -> Values:
    """Return the least of some states, given by their words: the last word counts most."""
    return min(map(tuple, states), key=lambda words: words[::-1])


class Packing:
    """Places for variables in order; the last word keeps its highest bit free.

    So a word of ones only stands for no state.  RuleError when more than `most` words are
    needed.
    """

    def __init__(self, variables: Sequence[Variable], most: int = 8) -> None:
        self.variables = tuple(variables)
        self.places = tuple(_places(v.width for v in variables))
        used = self.places[-1].word + 1 if self.places else 1
        full = bool(self.places) and self.places[-1].shift + self.places[-1].width == WORD
        self.words = used + int(full)
        self.bits = sum(v.width for v in variables)
        if self.words > most:
            raise RuleError(
                f"a state takes {self.bits} bits, more than {most} words hold",
                remedy="explore a smaller scope",
            )

    def pack(self, values: Sequence[int]) -> Values:
        """Return the words that hold the values."""
        words = [0] * self.words
        for variable, place, value in zip(self.variables, self.places, values, strict=True):
            if not 0 <= value < variable.size:
                raise RuleError(f"{variable.name} has no value {value}")
            words[place.word] |= value << place.shift
        return tuple(words)

    def unpack(self, words: Sequence[int]) -> Values:
        """Return the values that words hold."""
        return tuple(int(words[p.word]) >> p.shift & ((1 << p.width) - 1) for p in self.places)


def _places(widths: Iterable[int]) -> Iterable[Place]:
    word = shift = 0
    for width in widths:
        if shift + width > WORD:
            word, shift = word + 1, 0
        yield Place(word, shift, width)
        shift += width
