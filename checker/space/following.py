"""What follows many states at once: the transitions out of them, and columns of words after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from checker.space.columns import FLAG, WHOLE, Column, Plan
from checker.space.lowered import Lowered
from checker.space.tabled import Tabled
from model.errors import RuleError

Found = tuple[Column, list[Column]]  # places in a block, words after


class Following:
    """Finds the states where each guard holds, and works out there alone what follows."""

    def __init__(self, lowered: Lowered, tables: list[Tabled]) -> None:
        groups: defaultdict[tuple[int, int | None], list[int]] = defaultdict(list)
        for k, t in enumerate(lowered.transitions):
            groups[t.guard, t.lookup].append(k)
        self._groups: defaultdict[int, list[_Group]] = defaultdict(list)
        for (guard, _), chosen in groups.items():
            self._groups[guard].append(_Group(lowered, chosen, tables))
        guards = [(guard, FLAG) for guard in self._groups]
        self._guards = Plan(lowered.program, lowered.word_inputs, guards)

    def of(self, words: list[Column]) -> Iterator[tuple[int, Found]]:
        """Yield the transitions out of states, with the states that they lead to."""
        flags = self._guards(words)
        for held, groups in zip(flags, self._groups.values(), strict=True):
            places = np.flatnonzero(held.view(np.bool_))
            if len(places):
                there = [word.take(places) for word in words]
                for group in groups:
                    yield from group.of(places, there)


class _Group:
    """Transitions with one guard and one key of a step table, if any; planned when first taken."""

    def __init__(self, lowered: Lowered, chosen: list[int], tables: list[Tabled]) -> None:
        self.lowered, self.chosen = lowered, chosen
        self.transitions = [lowered.transitions[k] for k in chosen]
        number = self.transitions[0].lookup
        self.lookup = None if number is None else lowered.lookups[number]
        self.table = None if number is None else tables[number]
        self.doubtful = [t for t in self.transitions if lowered.program.value(t.unfit) != 0]

    @cached_property
    def _key(self) -> Plan:
        assert self.lookup is not None
        wanted = [(ref, WHOLE) for ref in self.lookup.key]
        return Plan(self.lowered.program, self.lowered.word_inputs, wanted)

    @cached_property
    def _after(self) -> Plan:
        given = list(self.lowered.word_inputs)
        if self.lookup is not None:
            given += self.lowered.decisions(self.lookup)
        wanted = [(ref, WHOLE) for t in self.transitions for ref in t.words]
        wanted += [(t.unfit, FLAG) for t in self.doubtful]
        return Plan(self.lowered.program, given, wanted)

    def of(self, places: Column, words: list[Column]) -> Iterator[tuple[int, Found]]:
        """Yield what follows the states at some places, which have these words."""
        if self.table is None:
            yield from self._taken(places, words)
            return
        for which, decided in self.table.rows(self._key(words)):
            columns = [*(word.take(which) for word in words), *decided]
            yield from self._taken(places.take(which), columns)

    def _taken(self, places: Column, columns: list[Column]) -> Iterator[tuple[int, Found]]:
        found, many = self._after(columns), self.lowered.packing.words
        for t, unfit in zip(self.doubtful, found[many * len(self.chosen) :], strict=True):
            if unfit.any():
                raise RuleError(f"{t.name!r} sets a variable to a value that it does not have")
        for k, number in enumerate(self.chosen):
            yield number, (places, found[many * k : many * (k + 1)])
