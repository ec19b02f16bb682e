"""A transition system as instructions over packed words: what every fast engine runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from checker.space.canonical import Images
from checker.space.group import Group
from checker.space.moves import Cut, Moves, Put, by_word
from checker.space.packing import WORD, Packing, Place
from checker.space.program import Lowering, Program, Ref
from checker.space.support import bits_needed
from checker.space.system import StepTable, Transition, TransitionSystem, Variable


@dataclass(frozen=True)
class Lookup:
    """A step table as it is looked up: the words of the key, and where decisions are.

    `needs` masks the bits of each word of a state that the key depends on.
    """

    table: StepTable
    key: tuple[Ref, ...]
    decided: Packing
    needs: tuple[int, ...]


@dataclass(frozen=True)
class LoweredTransition:
    """A transition: its guard, the words after it, and a flag that a value does not fit.

    `lookup` is a position in the lookups, or None; `puts` are the values in each of the words.
    """

    name: str
    guard: Ref
    lookup: int | None
    words: tuple[Ref, ...]
    unfit: Ref
    puts: tuple[tuple[Put, ...], ...]


class Lowered:
    """The instructions of a system, and of what must and what may hold in its states.

    With a group of renamings there are also the words of the least image of a state, `least`,
    the number of its different images, `orbit`, and all other images, `images`.
    """

    def __init__(self, system: TransitionSystem, group: Group | None = None) -> None:
        self.system = system
        self.packing = Packing(system.variables)
        self.program = Program()
        self.cuts: dict[Ref, Cut] = {}
        self.moves = Moves(self.program, self.cuts)
        self.word_inputs = [self._word("state", k) for k in range(self.packing.words)]
        self._state = self._unpacked(self.word_inputs, self.packing)
        self._state |= {n: self.program.const(v) for n, v in system.constants.items()}
        self.lookups: list[Lookup] = []
        self._decided: dict[str, tuple[Packing, Mapping[str, Ref]]] = {}
        lower = Lowering(self.program, self._state)
        self.transitions = [self._transition(t, lower) for t in system.transitions]
        self.always = [lower(t) for t in system.always.values()]
        self.sometimes = [lower(t) for t in system.sometimes.values()]
        self.least: tuple[Ref, ...] = ()
        self.images: tuple[tuple[Ref, ...], ...] = ()
        self.orbit = self.program.const(1)
        if group and len(group) > 1:
            images = Images(self.program, self.packing, group, tuple(self.word_inputs))
            self.least, self.orbit = images.least(), images.orbit()
            self.images = tuple(images.words[1:])

    def decisions(self, lookup: Lookup) -> list[Ref]:
        """Return the words that decisions are taken from, which a row of the table fills."""
        return [self._word(lookup.table.name, k) for k in range(lookup.decided.words)]

    def _word(self, of: str, k: int) -> Ref:
        return self.program.input(f"{of} {k}", 1 << WORD)

    def _unpacked(self, words: Sequence[Ref], packing: Packing) -> dict[str, Ref]:
        return {
            v.name: self._cut(words[p.word], p, v.size)
            for v, p in zip(packing.variables, packing.places, strict=True)
        }

    def _cut(self, word: Ref, place: Place, size: int) -> Ref:
        p = self.program
        shifted = p.arithmetic("shr", word, p.const(place.shift), WORD)
        if not place.width:
            return p.const(0)
        cut = p.put("and", shifted, p.const((1 << place.width) - 1), most=size - 1)
        self.cuts[cut] = Cut(word, place.shift, place.width)
        return cut

    # -- transitions -----------------------------------------------------------------------

    def _transition(self, t: Transition, lower: Lowering) -> LoweredTransition:
        names = self._state | {n: lower(term) for n, term in t.inputs.items()}
        lookup = self._lookup(t.table, names) if t.table else None
        before = names
        if t.table:
            names = {**names, **self._decided[t.table.name][1]}
        inside = Lowering(self.program, names)
        # An input that is a variable is so afterwards too, unless an update says otherwise.
        changed = {n: before[n] for n in t.inputs if n in self._places}
        changed |= {n: inside(term) for n, term in t.updates.items()}
        puts, unfit = self._packed(self._without_absent(changed))
        words = tuple(map(self.moves.word, puts))
        return LoweredTransition(t.name, lower(t.guard), lookup, words, unfit, puts)

    @cached_property
    def _places(self) -> dict[str, tuple[Place, int]]:
        variables = zip(self.packing.variables, self.packing.places, strict=True)
        return {v.name: (place, v.size) for v, place in variables}

    def _without_absent(self, changed: dict[str, Ref]) -> dict[str, Ref]:
        """Return the new values with 0 for what is absent then."""
        after = {**self._state, **changed}
        result = dict(changed)
        for absent in self.system.absent:
            present = Lowering(self.program, after)(absent.unless)
            for name in sorted(absent.names):
                value = self.program.ite(present, after[name], self.program.const(0))
                if value != after[name]:
                    after[name] = result[name] = value
        return result

    def _packed(self, changed: Mapping[str, Ref]) -> tuple[tuple[tuple[Put, ...], ...], Ref]:
        """Return what is in each word afterwards, and the flag that a value does not fit."""
        p, unfit = self.program, []
        for name, value in changed.items():
            size = self._places[name][1]
            if p.most(value) >= size:
                unfit.append(p.less(p.const(size - 1), value))
        after = {**self._state, **changed}
        placed = ((after[n], place) for n, (place, _) in self._places.items() if place.width)
        return by_word(self.packing.words, placed), p.any(unfit)

    # -- step tables -----------------------------------------------------------------------

    def _lookup(self, table: StepTable, names: Mapping[str, Ref]) -> int:
        if table.name not in self._decided:
            packing = Packing(table.decisions)
            words = [self._word(table.name, k) for k in range(packing.words)]
            self._decided[table.name] = packing, self._unpacked(words, packing)
        lower = Lowering(self.program, names)
        packing = key_packing(table)
        parts = zip(map(lower, table.key), packing.places, strict=True)
        key = self.moves.words(packing.words, parts)
        needs = bits_needed(self.program, self.cuts, self.word_inputs, key)
        lookup = Lookup(table, key, self._decided[table.name][0], needs)
        if lookup not in self.lookups:
            self.lookups.append(lookup)
        return self.lookups.index(lookup)


def key_packing(table: StepTable) -> Packing:
    """Return how the key of a table is packed; the word after the last is never needed."""
    parts = [Variable(f"key {k}", 1 << width) for k, width in enumerate(table.widths)]
    return Packing(parts, most=64)
