"""What a transition does to a state, apart from the state: bits that it puts, bits that it keeps.

Each word after a transition is some bits put there, and bits of the state under masks, moved.
What is put and the masks depend on few bits of the state: the effect can be remembered for them,
and is then a few instructions for any state that agrees in these bits, however hard it was to
work out.  A message that another one makes room for is moved whole, so its bits are not among
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from checker.space.lowered import Lowered
from checker.space.moves import Put
from checker.space.packing import WORD
from checker.space.program import Ref
from checker.space.support import bits_needed


@dataclass(frozen=True)
class Move:
    """Bits of a word of the state, under a mask, that go so far upwards (or downwards)."""

    word: int
    distance: int
    mask: Ref


@dataclass(frozen=True)
class WordEffect:
    """A word after a transition: what is put there, and what is moved there; no bit twice."""

    put: Ref
    moves: tuple[Move, ...]

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Return what it is made of."""
        return self.put, *(move.mask for move in self.moves)


Effect = tuple[WordEffect, ...]  # of each word


@dataclass(frozen=True)
class Effects:
    """The effects of transitions with one guard and one lookup, once for each of its rows.

    `needs` masks the bits of each word of a state that they depend on.
    """

    lookup: int
    transitions: tuple[int, ...]
    each: tuple[Effect, ...]
    needs: tuple[int, ...]

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Return what the effects are made of, each once."""
        refs = (ref for effect in self.each for word in effect for ref in word.refs)
        return tuple(dict.fromkeys(refs))


@dataclass
class _Parts:
    """What is put into a word, and the masks by word and distance."""

    put: Ref
    masks: dict[tuple[int, int], Ref] = field(default_factory=dict)


def effects(lowered: Lowered, transitions: Sequence[int]) -> Effects:
    """Return the effects of transitions that have one guard and one lookup."""
    made = [lowered.transitions[k] for k in transitions]
    lookup = made[0].lookup
    assert lookup is not None
    none = (0,) * lowered.packing.words
    first = _Taking(lowered, none)
    refs = [ref for t in made for word in first.effect(t.puts) for ref in word.refs]
    unfit = [t.unfit for t in made]
    needs = bits_needed(lowered.program, lowered.cuts, lowered.word_inputs, [*refs, *unfit])
    known = tuple(a | b for a, b in zip(needs, lowered.lookups[lookup].needs, strict=True))
    taking = _Taking(lowered, known)
    return Effects(lookup, tuple(transitions), tuple(taking.effect(t.puts) for t in made), known)


class _Taking:
    """Takes words apart; a move of bits that are `known` in any case is put instead."""

    def __init__(self, lowered: Lowered, known: Sequence[int]) -> None:
        self.program, self.moves = lowered.program, lowered.moves
        self.words = {ref: n for n, ref in enumerate(lowered.word_inputs)}
        self.known = known

    def effect(self, puts: Sequence[Sequence[Put]]) -> Effect:
        """Return the effect of a transition, of what is in each word after it."""
        return tuple(self._word(n, word) for n, word in enumerate(puts))

    def _word(self, number: int, puts: Iterable[Put]) -> WordEffect:
        parts = self._parts(number, puts)
        moves = (Move(*key, mask) for key, mask in sorted(parts.masks.items()))
        return WordEffect(parts.put, tuple(moves))

    def _parts(self, number: int, puts: Iterable[Put]) -> _Parts:
        p, whole = self.program, self.moves.parts(puts)
        parts = _Parts(p.const(whole.constant))
        for (word, distance), bits in whole.copies.items():
            self._copy(parts, number, word, distance, bits)
        for flag, (yes, no) in whole.choices.items():
            self._choose(parts, flag, self._parts(number, yes), self._parts(number, no))
        for put in whole.others:
            value = p.arithmetic("shl", put.value, p.const(put.shift), WORD)
            parts.put = self._or(parts.put, value)
        return parts

    def _copy(self, parts: _Parts, number: int, word: Ref, distance: int, bits: int) -> None:
        source = self.words.get(word)
        stays = source == number and not distance
        if source is None or (not stays and not bits & ~self.known[source]):
            parts.put = self._or(parts.put, self.moves.copied(word, distance, bits))
        else:
            key = source, distance
            before = parts.masks.get(key, self.program.const(0))
            parts.masks[key] = self._or(before, self.program.const(bits))

    def _choose(self, parts: _Parts, flag: Ref, yes: _Parts, no: _Parts) -> None:
        p, none = self.program, self.program.const(0)
        parts.put = self._or(parts.put, p.ite(flag, yes.put, no.put))
        for key in yes.masks | no.masks:
            mask = p.ite(flag, yes.masks.get(key, none), no.masks.get(key, none))
            parts.masks[key] = self._or(parts.masks.get(key, none), mask)

    def _or(self, a: Ref, b: Ref) -> Ref:
        if a == self.program.const(0):
            return b
        return self.program.arithmetic("or", a, b, WORD)
