"""The terms of a system lowered for names as they are, and for names that a renaming gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import z3

from checker.space.forms import Forms, Solver, differing
from checker.space.group import Permutation
from checker.space.program import Lowering, Ref
from checker.space.system import Renaming, StepTable, Transition, TransitionSystem, Values
from model.terms import constants_of

Names = Mapping[str, Ref]


@dataclass(frozen=True)
class Form:
    """A transition: when it may be taken, what its step is asked, and all variables after it."""

    table: str
    fair: bool
    guard: Ref
    key: tuple[Ref, ...]
    after: tuple[Ref, ...]

    def distance(self, other: Form) -> int:
        """Return in how many parts it is not equal to another in form."""
        if (self.table, self.fair) != (other.table, other.fair):
            return len(self.key) + len(self.after) + 1
        parts = differing(
            (self.guard, *self.key, *self.after), (other.guard, *other.key, *other.after)
        )
        return len(parts)

    def is_as(self, other: Form, solver: Solver) -> bool:
        """Return whether it is proved to be the same as another.

        Where a constant differs no proof is tried, though the guard may never hold.
        """
        if (self.table, self.fair) != (other.table, other.fair):
            return False
        rest = differing((*self.key, *self.after), (*other.key, *other.after))
        values = [[solver.program.value(ref) for ref in pair] for pair in rest]
        if any(None not in pair for pair in values):
            return False
        return solver.same([(self.guard, other.guard)]) and solver.same(rest, self.guard)


class Shape:
    """The values that a system is made of: an input for each variable and decision."""

    def __init__(self, program: Forms, system: TransitionSystem) -> None:
        self.program, self.system = program, system
        self.tables = {t.table.name: t.table for t in system.transitions if t.table}
        self.variables = {v.name: program.input(v.name, v.size) for v in system.variables}
        self.constants = {n: program.const(v) for n, v in system.constants.items()}
        self.decisions = {
            t.name: {d.name: program.input(f"{t.name}: {d.name}", d.size) for d in t.decisions}
            for t in self.tables.values()
        }

    def terms(self, renaming: Renaming | None = None) -> Terms:
        """Return the terms of the system, with the names that a renaming gives to the values."""
        by = renaming or Renaming("nothing")
        names = {**self.constants, **renamed(self.program, self.variables, by)}
        decided = {t: renamed(self.program, refs, by) for t, refs in self.decisions.items()}
        return Terms(self.program, self.system, names, decided)

    def check(self, renaming: Renaming) -> None:
        """Raise KeyError where a renaming is no permutation of names that have the same values."""
        if set(renaming.names) != set(renaming.names.values()):
            raise KeyError("a name twice")
        groups = [self.system.variables, *(t.decisions for t in self.tables.values())]
        for group in groups:
            sizes = {v.name: v.size for v in group}
            for name, size in sizes.items():
                values = renaming.values.get(name, ())
                permuted = sorted(values) == list(range(len(values))) and len(values) <= size
                if sizes[renaming.names.get(name, name)] != size or not permuted:
                    raise KeyError(name)


def renamed(program: Forms, values: Names, renaming: Renaming) -> dict[str, Ref]:
    """Return what values become under their new names."""
    return {
        renaming.names.get(n, n): program.mapped(ref, renaming.values.get(n, ()))
        for n, ref in values.items()
    }


class Terms:
    """Lowers the terms of a system where its names have these values."""

    def __init__(
        self, program: Forms, system: TransitionSystem, names: Names, decided: Mapping[str, Names]
    ) -> None:
        self.program, self.system, self.names, self.decided = program, system, names, decided
        self.term = Lowering(program, names)
        self._within: dict[frozenset[tuple[str, Ref]], Lowering] = {}

    def form(self, t: Transition) -> Form:
        """Return the form of a transition."""
        inputs = {**self.names, **{n: self.term(term) for n, term in t.inputs.items()}}
        lower = self._lowering(inputs)
        key = tuple(map(lower, t.table.key)) if t.table else ()
        name = t.table.name if t.table else ""
        return Form(name, t.fair, self.term(t.guard), key, self._after(t, inputs, name))

    def _lowering(self, names: Names) -> Lowering:
        known = frozenset(names.items())
        if known not in self._within:
            self._within[known] = Lowering(self.program, names)
        return self._within[known]

    def _after(self, t: Transition, inputs: Names, table: str) -> tuple[Ref, ...]:
        """Return what the variables are afterwards, in order; 0 where they are absent."""
        inside = self._lowering({**inputs, **self.decided.get(table, {})})
        kept = {v.name: inputs[v.name] for v in self.system.variables}
        after = {**self.names, **kept, **{n: inside(term) for n, term in t.updates.items()}}
        for absent in self.system.absent:
            present = Lowering(self.program, after)(absent.unless)
            for name in sorted(absent.names):
                after[name] = self.program.ite(present, after[name], self.program.const(0))
        return tuple(after[v.name] for v in self.system.variables)


def key_permutation(
    program: Forms, table: StepTable, renaming: Renaming, system: TransitionSystem
) -> Permutation:
    """Return what a renaming seems to do to the key of a table, seen from the key alone.

    A part that is in form another part with permuted values becomes that; any other stays.
    Whether the keys of the transitions follow it is another question.
    """
    free = _free(program, table, renaming, {v.name: v.size for v in system.variables})
    before = list(map(Lowering(program, free), table.key))
    after = list(map(Lowering(program, renamed(program, free, renaming)), table.key))
    choices = ((), *dict.fromkeys(map(tuple, renaming.values.values())))
    images = [{program.mapped(ref, v): v for v in reversed(choices)} for ref in before]
    ends = _ends(images, after)
    return Permutation(ends, tuple(images[k].get(after[n], ()) for k, n in enumerate(ends)))


def _ends(images: list[dict[Ref, Values]], after: list[Ref]) -> tuple[int, ...]:
    """Return where each part goes: to its own place if it can, else to a free one that fits."""
    ends = {k: k for k, ref in enumerate(after) if ref in images[k]}
    free = [k for k in range(len(after)) if k not in ends]
    for k in tuple(free):
        fitting = [n for n in free if after[n] in images[k]]
        if fitting:
            ends[k] = fitting[0]
            free.remove(fitting[0])
    return tuple(ends[k] if k in ends else free.pop(0) for k in range(len(after)))


def _free(
    program: Forms, table: StepTable, renaming: Renaming, sizes: Mapping[str, int]
) -> dict[str, Ref]:
    """Return an input for each name in a key, and for those that become one."""
    named = {c.decl().name(): c for c in constants_of(table.key)}
    origin = {new: old for old, new in renaming.names.items()}
    named |= {origin[n]: c for n, c in named.items() if origin.get(n, n) not in named}
    return {n: program.input(f"any {n}", sizes.get(n) or _size(c)) for n, c in named.items()}


def _size(constant: Any) -> int:
    sort = constant.sort()
    if isinstance(sort, z3.BitVecSortRef):
        return 1 << int(sort.size())
    return 2 if z3.is_bool(constant) else int(sort.num_constructors())
