"""A transition system with its names resolved: what each export writes in its own notation.

The updates of a transition are over the state before it and the decisions of its step; inputs,
constants and what is absent are worked in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from checker.evaluate import Evaluator
from checker.export.expressions import FLAG, Expr, Expressions, Reading, Sort, number, sort_of
from checker.export.keys import Keys
from checker.space.system import StepTable, Transition, TransitionSystem, Values, Variable
from model.errors import RuleError
from model.terms import constants_of

STATE, GIVEN, DECIDED = "state", "given", "decided"  # the roles of names


@dataclass(frozen=True)
class Situation:
    """A key that is met, the rows for it, and what readers are told of both."""

    key: Values
    rows: tuple[Values, ...]
    rules: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FlatTable:
    """A step table: its key over the state and what is `given` with each transition."""

    name: str
    key: tuple[Expr, ...]
    widths: tuple[int, ...]
    given: tuple[Expr, ...]
    decisions: Mapping[str, tuple[Sort, int]]  # sort and size
    situations: tuple[Situation, ...]

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Return the variables that the key is about."""
        names = (e.data for e in names_of(self.key))
        return tuple(label for role, label in names if role == STATE)


@dataclass(frozen=True)
class FlatTransition:
    """A transition; `given` are what its table is looked up for beside the state."""

    name: str
    guard: Expr
    updates: Mapping[str, Expr]
    table: FlatTable | None = None
    given: tuple[Expr, ...] = ()


class Flat:
    """The system as expressions; `keys` are those that its tables are asked for."""

    def __init__(self, system: TransitionSystem, keys: Keys) -> None:
        self.system, self.made = system, Expressions()
        self._sorts = _sorts(system)
        self.sorts = {v.name: self._sort(v) for v in system.variables}
        self.state = {n: self.made.name(STATE, n, s) for n, s in self.sorts.items()}
        self._names = {**self.state, **self._constants()}
        read = Reading(self.made, self._names)
        inputs = [{n: read(e) for n, e in t.inputs.items()} for t in system.transitions]
        self.initial = list(dict.fromkeys(system.initial))
        self.tables = self._tables(keys, inputs)
        self.transitions = [
            self._transition(t, read, i) for t, i in zip(system.transitions, inputs, strict=True)
        ]
        self.always = {p: read(e) for p, e in system.always.items()}
        self.sometimes = {p: read(e) for p, e in system.sometimes.items()}

    def _sort(self, v: Variable) -> Sort:
        """Return the sort that terms give a variable; without one it is a number."""
        return self._sorts.get(v.name, FLAG if v.size == 2 else number(v.width))

    def _constants(self) -> dict[str, Expr]:
        constants = self.system.constants.items()
        return {n: self.made.const(v, self._sorts[n]) for n, v in constants if n in self._sorts}

    # -- tables ----------------------------------------------------------------------------

    def _tables(self, keys: Keys, inputs: Iterable[Mapping[str, Expr]]) -> dict[str, FlatTable]:
        given: dict[str, dict[str, Expr]] = {}
        found: dict[str, StepTable] = {}
        for t, own in zip(self.system.transitions, inputs, strict=True):
            if t.table:
                found[t.table.name] = t.table
                given.setdefault(t.table.name, {}).update(own)
        return {n: self._table(t, given[n], keys.get(n, ())) for n, t in found.items()}

    def _table(
        self, table: StepTable, given: Mapping[str, Expr], keys: Iterable[Values]
    ) -> FlatTable:
        hidden = {n: self.made.name(GIVEN, n, e.sort) for n, e in given.items()}
        read = Reading(self.made, {**self._names, **hidden})
        key = tuple(map(read, table.key))
        used = names_of(key)
        return FlatTable(
            table.name,
            key,
            table.widths,
            tuple(e for e in hidden.values() if e in used),
            {d.name: (self._sort(d), d.size) for d in table.decisions},
            tuple(_situation(table, k) for k in keys),
        )

    # -- transitions -----------------------------------------------------------------------

    def _transition(self, t: Transition, read: Reading, inputs: dict[str, Expr]) -> FlatTransition:
        before = {**self._names, **inputs}
        table = self.tables[t.table.name] if t.table else None
        decided = table.decisions.items() if table else ()
        names = {n: self.made.name(DECIDED, n, sort) for n, (sort, _) in decided}
        inside = Reading(self.made, {**before, **names})
        # An input that is a variable is so afterwards too, unless an update says otherwise.
        after = {n: before[n] for n in self.state}
        after |= {n: inside(term) for n, term in t.updates.items()}
        self._clear(after)
        changed = {n: e for n, e in after.items() if e is not self.state[n]}
        given = tuple(before[e.data[1]] for e in table.given) if table else ()
        return FlatTransition(t.name, read(t.guard), changed, table, given)

    def _clear(self, after: dict[str, Expr]) -> None:
        """Set to 0 what is absent, as the engines do: one after the other."""
        for absent in self.system.absent:
            before = Reading(self.made, self._names)(absent.unless)
            present = Reading(self.made, {**self._names, **after})(absent.unless)
            for name in sorted(absent.names):
                # What is absent before and after, and is not changed, is 0 already.
                if not (self._cleared and before is present and after[name] is self.state[name]):
                    nothing = self.made.const(0, self.sorts[name])
                    after[name] = self.made.ite(present, after[name], nothing)

    @cached_property
    def _cleared(self) -> bool:
        """Return whether all that is absent in the initial states is 0 there."""
        names = [*self.state, *self.system.constants]
        present = Evaluator([a.unless for a in self.system.absent], names)
        return not any(
            dict(zip(names, state, strict=False))[n] and not there
            for state in self.initial
            for there, a in zip(
                present((*state, *self.system.constants.values())), self.system.absent, strict=True
            )
            for n in a.names
        )


def _situation(table: StepTable, key: Values) -> Situation:
    rows = tuple(map(tuple, table.rows(key)))
    if table.explain is None:
        return Situation(key, rows, (), ("",) * len(rows))
    explained = table.explain(key)
    return Situation(key, rows, explained.rules, explained.rows)


def _sorts(system: TransitionSystem) -> dict[str, Sort]:
    """Return the sort of each name; RuleError where two terms give it different ones."""
    terms = [t for t in _terms(system) if not isinstance(t, bool)]
    found: dict[str, Sort] = {}
    for constant in constants_of(terms):
        name, sort = constant.decl().name(), sort_of(constant.sort())
        if found.setdefault(name, sort) != sort:
            raise RuleError(f"{name!r} has two sorts", remedy="give it another name in one place")
    return found


def _terms(system: TransitionSystem) -> Iterable[Any]:
    for t in system.transitions:
        yield from (t.guard, *t.updates.values(), *t.inputs.values())
        yield from t.table.key if t.table else ()
    yield from (*system.always.values(), *system.sometimes.values())
    yield from (a.unless for a in system.absent)


def names_of(roots: Iterable[Expr]) -> dict[Expr, None]:
    """Return the names in expressions, in order of appearance."""
    found: dict[Expr, None] = {}
    seen: set[Expr] = set()
    stack = list(roots)[::-1]
    while stack:
        e = stack.pop()
        if e not in seen:
            seen.add(e)
            stack.extend(reversed(e.args))
            if e.op == "name":
                found[e] = None
    return found


def enumerations(flat: Flat) -> list[Sort]:
    """Return the sorts with named values, in order of their names."""
    used = {*flat.sorts.values(), *(e.sort for t in flat.tables.values() for e in t.given)}
    used |= {sort for t in flat.tables.values() for sort, _ in t.decisions.values()}
    return sorted((s for s in used if s.values), key=lambda s: s.name)
