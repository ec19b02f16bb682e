"""Messages under way in one direction: a short queue, the oldest first, of copies of fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import z3

from model.fields import Field
from model.scope import World
from model.vocabulary import FIELDS, FLAG

Updates = dict[str, Any]


class Record:
    """The fields of a message under names of their own, which begin with a prefix."""

    def __init__(self, world: World, prefix: str, carried: Iterable[z3.ExprRef]) -> None:
        self.prefix = prefix
        self.fields = [_prefixed(prefix, FIELDS[c.decl().name()]) for c in carried]
        indices = {f.name: world.indices(f.family) for f in self.fields}
        self.labels = [f.label(i) for f in self.fields for i in indices[f.name]]
        self._held = {
            f.label(i).removeprefix(prefix): f.instance(i)
            for f in self.fields
            for i in indices[f.name]
        }

    def inputs(self) -> Updates:
        """Return the message as inputs of a step, by the fields' usual names."""
        return dict(self._held)

    def __getitem__(self, label: str) -> Any:
        return self._held[label]

    def holding(self, values: Mapping[str, Any]) -> Updates:
        """Return the updates after which it holds these values (by the usual names)."""
        return {f"{self.prefix}{n}": values[n] for n in self._held}

    def nothing(self) -> Updates:
        """Return the updates after which it holds nothing."""
        return {f"{self.prefix}{n}": zero(term) for n, term in self._held.items()}


class Channel:
    """A queue of at most some messages, each a record; `marks` are further flags of each."""

    def __init__(
        self,
        world: World,
        name: str,
        carried: Sequence[z3.ExprRef],
        places: int,
        marks: Sequence[str] = (),
    ) -> None:
        self.name, self.marks = name, ("there", *marks)
        self.places = range(1, places + 1)
        self.records = {p: Record(world, f"{name}{p}.", carried) for p in self.places}

    def fields(self) -> Iterator[Field]:
        """Yield the fields of all places."""
        for p, record in self.records.items():
            for mark in self.marks:
                label = self._label(p, mark)
                yield Field(label, FLAG, "", f"{label} of a message", 0, z3.Bool(label))
            yield from record.fields

    def names(self) -> list[str]:
        """Return the names of all it has, place by place."""
        return [
            n
            for p, record in self.records.items()
            for n in (*(self._label(p, m) for m in self.marks), *record.labels)
        ]

    def own(self, place: int) -> frozenset[str]:
        """Return the names that mean nothing while a place is empty."""
        marks = (self._label(place, m) for m in self.marks[1:])
        return frozenset((*marks, *self.records[place].labels))

    def _label(self, place: int, mark: str) -> str:
        return f"{self.name}{place}.{mark}"

    def mark(self, place: int, mark: str) -> z3.BoolRef:
        """Return a flag of the message at a place."""
        return z3.Bool(self._label(place, mark))

    def there(self, place: int) -> z3.BoolRef:
        """Return the term: there is a message at a place."""
        return self.mark(place, "there")

    @property
    def full(self) -> z3.BoolRef:
        """Return the term: no further message can be sent."""
        return self.there(self.places[-1])

    @property
    def empty(self) -> z3.BoolRef:
        """Return the term: nothing is under way."""
        return z3.Not(self.there(1))

    def sent(self, values: Mapping[str, Any], when: Any = True) -> Updates:
        """Return the updates that put a message behind the others."""
        updates: Updates = {}
        for p, record in self.records.items():
            before = [self.there(q) for q in self.places if q < p]
            free = z3.And(z3.Not(self.there(p)), *before, when)
            updates[self._label(p, "there")] = z3.Or(self.there(p), free)
            for label, term in record.holding(values).items():
                updates[label] = z3.If(free, term, record[label.removeprefix(record.prefix)])
        return updates

    def removed(self, place: int) -> Updates:
        """Return the updates that take a message out; those behind it move up."""
        updates: Updates = {}
        for p in (p for p in self.places if p >= place):
            later = self.records.get(p + 1)
            updates |= self.records[p].holding(later.inputs()) if later else self._none(p)
            for mark in self.marks:
                updates[self._label(p, mark)] = (
                    self.mark(p + 1, mark) if later else z3.BoolVal(False)
                )
        return updates

    def _none(self, place: int) -> Updates:
        return self.records[place].nothing()

    def marked(self, updates: Updates, mark: str, before: int) -> Updates:
        """Return updates that also mark the messages before a place."""
        true = z3.BoolVal(True)
        return updates | {self._label(p, mark): true for p in self.places if p < before}


def zero(term: Any) -> Any:
    """Return the first value of a term's sort."""
    sort = term.sort()
    if isinstance(sort, z3.BoolSortRef):
        return z3.BoolVal(False)
    if isinstance(sort, z3.BitVecSortRef):
        return z3.BitVecVal(0, sort.size())
    return sort.constructor(0)()


def _prefixed(prefix: str, f: Field) -> Field:
    name = f"{prefix}{f.name}"
    return replace(f, name=name, const=z3.Const(name, f.domain.sort))
