"""A small finite-domain constraint solver: every solution nearest the usual values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from checker.evaluate import Evaluation


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
    evaluator: Evaluation
    context: tuple[int, ...]
    tag: int
    _seen: dict[tuple[int, ...], bool] = field(default_factory=dict)

    def holds(self, values: Mapping[str, int]) -> bool:
        """Return whether it holds for values of all its variables."""
        return self.of(tuple([values[n] for n in self.names]))

    def of(self, key: tuple[int, ...]) -> bool:
        """Return the same for the values of its variables in order."""
        if key not in self._seen:
            self._seen[key] = bool(self.evaluator([*key, *self.context])[0])
        return self._seen[key]


Variables = Mapping[str, Variable]


Group = tuple[tuple[Variable, ...], tuple[Constraint, ...]]


class Known:
    """What was found of groups of variables and constraints, for problems that share some."""

    def __init__(self) -> None:
        self._nearest: dict[Group, list[dict[str, int]]] = {}
        self._possible: dict[Group, bool] = {}

    def nearest(self, group: Group) -> list[dict[str, int]]:
        """Return every solution with the fewest unusual values."""
        if group not in self._nearest:
            self._nearest[group] = _nearest(*group)
        return self._nearest[group]

    def possible(self, group: Group) -> bool:
        """Return whether some solution exists, whatever it costs."""
        if group not in self._possible:
            self._possible[group] = _possible(*group)
        return self._possible[group]


def solutions(
    variables: Variables, constraints: Sequence[Constraint], known: Known | None = None
) -> Iterator[dict[str, int]]:
    """Yield every solution with the fewest unusual values, component by component."""
    known, parts = known or Known(), []
    for names, own in components(variables, constraints):
        found = known.nearest(_group(variables, names, own))
        if not found:
            return
        parts.append(found)
    for chosen in product(*reversed(parts)):  # the first part varies fastest
        yield {name: value for part in reversed(chosen) for name, value in part.items()}


def satisfiable(
    variables: Variables, constraints: Sequence[Constraint], known: Known | None = None
) -> bool:
    """Return whether some solution exists, whatever it costs."""
    known = known or Known()
    return all(
        known.possible(_group(variables, names, own))
        for names, own in components(variables, constraints)
    )


def minimal_conflict(
    variables: Variables, constraints: Sequence[Constraint], known: Known | None = None
) -> list[Constraint] | None:
    """Return a set that cannot be satisfied though each part of it can, or None."""
    known = known or Known()
    for names, own in components(variables, constraints):
        if known.possible(_group(variables, names, own)):
            continue
        inside, core = {n: variables[n] for n in names}, list(own)
        for c in own:
            rest = [x for x in core if x is not c]
            if not satisfiable(inside, rest, known):
                core = rest
        return core
    return None


def _group(variables: Variables, names: list[str], own: list[Constraint]) -> Group:
    return tuple([variables[n] for n in names]), tuple(own)


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


def _possible(variables: Sequence[Variable], constraints: Sequence[Constraint]) -> bool:
    if any(not v.domain for v in variables):
        return False
    return not constraints or next(_search(variables, constraints, None), None) is not None


def _nearest(
    variables: Sequence[Variable], constraints: Sequence[Constraint]
) -> list[dict[str, int]]:
    if len(variables) == 1 and not constraints:
        (v,) = variables
        usual = [x for x in v.domain if v.usual is None or x in v.usual]
        return [{v.name: x} for x in usual or v.domain]
    for budget in range(len(variables) + 1):
        found = list(_search(variables, constraints, budget))
        if found:
            return found
    return []


def _search(
    variables: Sequence[Variable], constraints: Sequence[Constraint], budget: int | None
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
            open_[missing[0]] = _narrowed(open_[missing[0]], c, missing[0], values)
            if not open_[missing[0]]:
                return False
    return True


def _narrowed(
    domain: tuple[int, ...], c: Constraint, name: str, values: dict[str, int]
) -> tuple[int, ...]:
    """Return the values of one variable that a constraint leaves where it has all others."""
    place = c.names.index(name)
    before = tuple([values[n] for n in c.names[:place]])
    after = tuple([values[n] for n in c.names[place + 1 :]])
    return tuple([x for x in domain if c.of((*before, x, *after))])
