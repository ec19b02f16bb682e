"""What was observed of a step: the possible values of each decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from model.fields import Domain
from model.vocabulary import Status

PARTLY = 99  # no value of any decision: something between them was done


@dataclass(slots=True)
class Seen:
    """Possible values by decision; a decision that is not in it was not observed.

    Values of a decision in `alike` cannot be told apart by anyone: whichever of them a rule
    demands was done.
    """

    values: dict[str, frozenset[int]] = field(default_factory=dict)
    alike: set[str] = field(default_factory=set)

    def put(self, label: str, values: Iterable[int], alike: bool = False) -> None:
        """Note what a decision may have been."""
        self.values[label] = frozenset(values)
        if alike:
            self.alike.add(label)

    def sure(self, label: str) -> int | None:
        """The value of a decision when only one is possible."""
        found = self.values.get(label, frozenset())
        return next(iter(found)) if len(found) == 1 else None

    def key(self) -> tuple[object, ...]:
        """What tells this from other observations."""
        return (*self.values.items(), *sorted(self.alike))

    def key_of(self, labels: Iterable[str]) -> tuple[object, ...]:
        """The same, as far as some decisions go."""
        values, alike = self.values, self.alike
        return tuple([(values.get(n), n in alike) for n in labels])

    def extended(self, label: str, values: Iterable[int]) -> Seen:
        """A copy with one more decision."""
        copy = Seen(dict(self.values), set(self.alike))
        copy.put(label, values)
        return copy


def index_of(domain: Domain, *names: str) -> frozenset[int]:
    """The indices of values of an enumeration."""
    return _indices(domain.values, names)


@lru_cache
def _indices(values: tuple[str, ...], names: tuple[str, ...]) -> frozenset[int]:
    return frozenset(map(values.index, names))


def statuses(number: int, numbers: Mapping[str, int]) -> frozenset[int]:
    """The statuses that a number on the wire may stand for: several where none was assigned."""
    named = [name for name, n in numbers.items() if n == number]
    if named:
        return index_of(Status, *named)
    return index_of(Status, *(name for name in Status.values if name not in numbers))


SUCCESS = index_of(Status, "accepted", "accepted_prefix_discovery")
