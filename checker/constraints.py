"""A small finite-domain constraint solver: every solution nearest the usual values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checker.evaluate import Evaluator


@dataclass(frozen=True)
class Variable:
    """A variable with its domain, and the values that cost nothing (None: all)."""

    name: str
    domain: tuple[int, ...]
    usual: frozenset[int] | None = None


@dataclass(frozen=True, eq=False)
class Constraint:
    """A compiled term over variables and a fixed context; `tag` tells where it came from."""

    names: tuple[str, ...]
    evaluator: Evaluator
    context: tuple[int, ...]
    tag: int
    _seen: dict[tuple[int, ...], bool] = field(default_factory=dict)

    def holds(self, values: Mapping[str, int]) -> bool:
        """Return whether it holds for values of all its variables."""
        key = tuple(values[n] for n in self.names)
        if key not in self._seen:
            self._seen[key] = bool(self.evaluator([*key, *self.context])[0])
        return self._seen[key]


Variables = Mapping[str, Variable]


def solutions(variables: Variables, constraints: Sequence[Constraint]) -> Iterator[dict[str, int]]:
    """Yield every solution with the fewest unusual values, component by component."""
    parts = []
    for names, own in components(variables, constraints):
        found = _nearest([variables[n] for n in names], own)
        if not found:
            return
        parts.append(found)
    yield from _product(parts)


def satisfiable(variables: Variables, constraints: Sequence[Constraint]) -> bool:
    """Return whether some solution exists, whatever it costs."""
    for names, own in components(variables, constraints):
        if own and next(_search([variables[n] for n in names], own, None), None) is None:
            return False
        if any(not variables[n].domain for n in names):
            return False
    return True


def minimal_conflict(
    variables: Variables, constraints: Sequence[Constraint]
) -> list[Constraint] | None:
    """Return a set that cannot be satisfied though each part of it can, or None."""
    for names, own in components(variables, constraints):
        inside = {n: variables[n] for n in names}
        if satisfiable(inside, own):
            continue
        core = list(own)
        for c in own:
            rest = [x for x in core if x is not c]
            if not satisfiable(inside, rest):
                core = rest
        return core
    return None


def minimal_conflicts(
    variables: Variables, constraints: Sequence[Constraint]
) -> list[frozenset[Constraint]]:
    """Return every set that cannot be satisfied though each part of it can."""
    found: list[frozenset[Constraint]] = []
    for names, own in components(variables, constraints):
        found += _conflicts_in({n: variables[n] for n in names}, own)
    return found


def _conflicts_in(
    variables: Variables, constraints: Sequence[Constraint]
) -> list[frozenset[Constraint]]:
    """Each set met is broken in every way, so that none hides behind another."""
    found: list[frozenset[Constraint]] = []
    tried: set[frozenset[Constraint]] = set()
    consistent: list[frozenset[Constraint]] = []
    open_ = [frozenset[Constraint]()]
    while open_:
        removed = open_.pop()
        if removed in tried or any(c <= removed for c in consistent):
            continue
        tried.add(removed)
        core = next((f for f in found if not f & removed), None)
        if core is None:
            fresh = minimal_conflict(variables, [c for c in constraints if c not in removed])
            if fresh is None:
                consistent.append(removed)
                continue
            core = frozenset(fresh)
            found.append(core)
        open_.extend(removed | {c} for c in core)
    return found


def components(
    variables: Variables, constraints: Sequence[Constraint]
) -> Iterator[tuple[list[str], list[Constraint]]]:
    """Yield groups of variables that constraints connect, each with its constraints."""
    parent = {n: n for n in variables}

    def root(n: str) -> str:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for c in constraints:
        for n in c.names[1:]:
            parent[root(n)] = root(c.names[0])
    groups: dict[str, tuple[list[str], list[Constraint]]] = {}
    for n in variables:
        groups.setdefault(root(n), ([], []))[0].append(n)
    loose = [c for c in constraints if not c.names]
    for c in constraints:
        if c.names:
            groups[root(c.names[0])][1].append(c)
    yield from groups.values()
    if loose:
        yield [], loose


def _nearest(variables: list[Variable], constraints: list[Constraint]) -> list[dict[str, int]]:
    for budget in range(len(variables) + 1):
        found = list(_search(variables, constraints, budget))
        if found:
            return found
    return []


def _search(
    variables: list[Variable], constraints: list[Constraint], budget: int | None
) -> Iterator[dict[str, int]]:
    if not all(c.names or c.holds({}) for c in constraints):
        return
    around: dict[str, list[Constraint]] = {v.name: [] for v in variables}
    for c in constraints:
        for n in c.names:
            around[n].append(c)
    domains = {v.name: v.domain for v in variables}
    if _filter(domains, [c for c in constraints if len(c.names) == 1], {}):
        usual = {v.name: v.usual for v in variables}
        yield from _Search(around, usual).extend(domains, {}, budget)


@dataclass(frozen=True)
class _Search:
    """Depth-first search, smallest domain first, with forward checking."""

    around: Mapping[str, list[Constraint]]
    usual: Mapping[str, frozenset[int] | None]

    def extend(
        self, open_: dict[str, tuple[int, ...]], values: dict[str, int], budget: int | None
    ) -> Iterator[dict[str, int]]:
        """Yield the ways to give values to the open variables, spending the budget exactly."""
        if not open_:
            if not budget:
                yield dict(values)
            return
        name = min(open_, key=lambda n: len(open_[n]))
        usual = self.usual[name]
        for x in open_[name]:
            costs = budget is not None and usual is not None and x not in usual
            if costs and not budget:
                continue
            values[name] = x
            rest = {n: d for n, d in open_.items() if n != name}
            if _filter(rest, self.around[name], values):
                yield from self.extend(rest, values, budget - 1 if costs and budget else budget)
            del values[name]


def _filter(
    open_: dict[str, tuple[int, ...]], constraints: Iterable[Constraint], values: dict[str, int]
) -> bool:
    """Narrow the domains by constraints with at most one open variable; False when none is left."""
    for c in constraints:
        missing = [n for n in c.names if n not in values]
        if not missing:
            if not c.holds(values):
                return False
        elif len(missing) == 1 and missing[0] in open_:
            name = missing[0]
            open_[name] = tuple(x for x in open_[name] if c.holds({**values, name: x}))
            if not open_[name]:
                return False
    return True


def _product(parts: list[list[dict[str, int]]]) -> Iterator[dict[str, int]]:
    if not parts:
        yield {}
        return
    for rest in _product(parts[1:]):
        for first in parts[0]:
            yield {**first, **rest}
