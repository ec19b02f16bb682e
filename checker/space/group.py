"""Permutations of places and of values: what renamings do to states, keys and decisions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from checker.space.forms import composed, image
from checker.space.system import Renaming, Values
from model.errors import RuleError

MOST = 1_000  # elements: each takes time for each transition

Named = TypeVar("Named", bound=Hashable)


@dataclass(frozen=True)
class Permutation:
    """What is at place k goes to `places[k]`, and becomes what `values[k]` makes of it."""

    places: tuple[int, ...]
    values: tuple[Values, ...]

    @classmethod
    def of(cls, renaming: Renaming, names: Sequence[str]) -> Permutation:
        """Return what a renaming does to the values of names in this order.

        KeyError where it leads out of them.
        """
        where = {n: k for k, n in enumerate(names)}
        places = tuple(where[renaming.names.get(n, n)] for n in names)
        return cls(places, tuple(_moving(renaming.values.get(n, ())) for n in names))

    def __call__(self, row: Sequence[int]) -> Values:
        """Return the values after it."""
        result = [0] * len(row)
        for value, place, values in zip(row, self.places, self.values, strict=True):
            result[place] = image(values, value)
        return tuple(result)

    def then(self, other: Permutation) -> Permutation:
        """Return the permutation that makes this one first."""
        values = (
            _moving(composed(own, other.values[p]))
            for own, p in zip(self.values, self.places, strict=True)
        )
        return Permutation(tuple(other.places[p] for p in self.places), tuple(values))


def _moving(values: Values) -> Values:
    """Return a permutation without the values at the end that stay."""
    return values[: max((k + 1 for k, v in enumerate(values) if k != v), default=0)]


@dataclass(frozen=True)
class Made:
    """An element of a group: an earlier one and then a generator; the first is made of none."""

    whole: Permutation
    before: int
    generator: int


@dataclass(frozen=True)
class Group:
    """All products of generators, which act on values in a fixed order; the first does nothing."""

    elements: tuple[Made, ...]
    generators: tuple[Permutation, ...]

    @classmethod
    def generated(cls, generators: Sequence[Permutation], size: int) -> Group:
        """Return the group of permutations of `size` values that generators make.

        RuleError where it is so large that no search would gain by it.
        """
        nothing = Permutation(tuple(range(size)), ((),) * size)
        elements, known = [Made(nothing, 0, 0)], {nothing}
        for before, element in enumerate(elements):  # which grows meanwhile
            for k, generator in enumerate(generators):
                product = element.whole.then(generator)
                if product not in known:
                    known.add(product)
                    elements.append(Made(product, before, k))
            if len(elements) > MOST:
                raise RuleError(f"more than {MOST} renamings", remedy="name fewer candidates")
        return cls(tuple(elements), tuple(generators))

    def __len__(self) -> int:
        """Return how many elements there are."""
        return len(self.elements)

    def images(self, row: Values) -> list[Values]:
        """Return what each element makes of some values."""
        return [e.whole(row) for e in self.elements]

    def least(self, row: Values) -> Values:
        """Return the least image, the first value counting most."""
        return min(self.images(row)) if len(self) > 1 else row

    def orbit(self, row: Values) -> int:
        """Return how many different images there are."""
        return len(set(self.images(row))) if len(self) > 1 else 1


def averaged(
    counts: Mapping[Named, int], moves: Iterable[Mapping[Named, Named]], whole: bool = True
) -> dict[Named, int]:
    """Return counts that are equal for what moves lead to each other, with the sums they had.

    Counts of a search that was cut off, not `whole`, may be one apart; ArithmeticError where
    others are.
    """
    result = dict(counts)
    for orbit in _orbits(list(moves)):
        each, left = divmod(sum(counts.get(n, 0) for n in orbit), len(orbit))
        if left and whole:
            raise ArithmeticError(f"{', '.join(map(str, orbit))} were not counted alike")
        result |= {n: each + (k < left) for k, n in enumerate(orbit)}
    return {n: many for n, many in result.items() if many}


def _orbits(moves: list[Mapping[Named, Named]]) -> list[list[Named]]:
    orbits: list[list[Named]] = []
    for pair in (dict.fromkeys(pair) for move in moves for pair in move.items()):
        joined = [o for o in orbits if pair.keys() & o]
        apart = [o for o in orbits if not pair.keys() & o]
        orbits = [*apart, list(dict.fromkeys([n for o in joined for n in o] + [*pair]))]
    return orbits
