"""Which inputs of a step are alike for all its rules, so that one is judged for the others.

Sequence numbers differ from update to update, but rules only ask how they compare.  Which
comparisons they make is read off the terms: a comparison stands in the key for the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import z3

from checker.evaluate import Evaluator
from model.terms import name_of, names_in

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
MOST_REMEMBERED = 50_000


@dataclass(slots=True)
class Remembered(Generic[Key, Value]):
    """What was worked out, by what it depends on; it begins anew when it is full."""

    most: int = MOST_REMEMBERED
    _known: dict[Key, Value] = field(default_factory=dict)

    def of(self, key: Key, work: Callable[[], Value]) -> Value:
        """The value of a key, worked out where it is not known."""
        if key not in self._known:
            value = work()
            if len(self._known) >= self.most:
                self._known.clear()
            self._known[key] = value
        return self._known[key]


class Likeness:
    """Keys of inputs: for inputs with the same key all terms have the same values."""

    def __init__(
        self, terms: Iterable[z3.ExprRef], layout: Sequence[str], wide: frozenset[str]
    ) -> None:
        """Read off the `terms` how the inputs with many values, `wide`, are compared."""
        comparisons: dict[int, z3.ExprRef] = {}
        plain = set(layout) - wide
        for found, name in _comparisons(terms, wide):
            if found is None:
                plain.add(name)
            else:
                comparisons[found.get_id()] = found
        self.compared = len(comparisons)
        self._places = [k for k, name in enumerate(layout) if name in plain]
        self._compare = Evaluator(comparisons.values(), layout)

    def __call__(self, values: Sequence[int]) -> tuple[int, ...]:
        """The key of the values of all inputs."""
        return (*[values[k] for k in self._places], *self._compare(values))


def _comparisons(
    terms: Iterable[z3.ExprRef], wide: frozenset[str]
) -> Iterator[tuple[z3.ExprRef | None, str]]:
    """Yield the largest conditions on wide inputs alone; None and a name for another use."""
    waiting, known = list(terms), set[int]()
    while waiting:
        term = waiting.pop()
        names = frozenset[str]() if term.get_id() in known else names_in(term)
        known.add(term.get_id())
        if not names & wide:
            continue
        if z3.is_bool(term) and names <= wide:
            yield term, ""
        elif z3.is_const(term):
            yield None, name_of(term)
        else:
            waiting += term.children()
