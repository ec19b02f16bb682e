"""Which renamings a system does not notice: proved from its terms, never assumed.

A renaming is a symmetry if the system with other names for everything is the same system:
the same initial states, the same transitions (guards, keys of steps, states after them) in
another order perhaps, the same properties.  What is not so in form is put to the solver, for
variables within their sizes.  What a step table says is compared when it is first asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from checker.space.forms import Forms, Solver
from checker.space.group import Group, Permutation
from checker.space.renamed import Form, Shape, key_permutation
from checker.space.system import (
    Renaming,
    StepTable,
    TransitionSystem,
    Values,
)
from model.errors import RuleError

NAMED = 3  # how many of what tells names apart are told


@dataclass(frozen=True)
class Proved:
    """A renaming that is a symmetry, with what it does to states, transitions, keys, decisions."""

    renaming: Renaming
    states: Permutation
    transitions: Mapping[str, str]
    keys: Mapping[str, Permutation]
    decisions: Mapping[str, Permutation]


@dataclass(frozen=True)
class Refused:
    """A renaming that is none, and what tells the names apart."""

    renaming: Renaming
    because: tuple[str, ...]

    def __str__(self) -> str:
        more = len(self.because) - NAMED
        rest = f", and {more} more" if more > 0 else ""
        return f"{self.renaming.title}: told apart by {', '.join(self.because[:NAMED])}{rest}"


class ToldApart(RuleError):
    """A step table has other decisions after a renaming; it was met during exploration."""

    def __init__(self, renaming: Renaming, table: str) -> None:
        self.refused = Refused(renaming, (f"the decisions of {table}",))
        super().__init__(str(self.refused), remedy="explore without this renaming")


@dataclass(frozen=True)
class Symmetry:
    """The symmetries of a system among its candidates, and the candidates that are none.

    `system` is the same system with step tables that raise `ToldApart` when asked for a
    decision that is not the same up to the renamings.
    """

    plain: TransitionSystem
    proved: tuple[Proved, ...]
    refused: tuple[Refused, ...]

    @cached_property
    def group(self) -> Group:
        """Return the group that the symmetries make; RuleError where it is too large."""
        return Group.generated([p.states for p in self.proved], len(self.plain.variables))

    @cached_property
    def system(self) -> TransitionSystem:
        """Return the system with step tables that are compared with their images."""
        tables = {id(t.table): t.table for t in self.plain.transitions if t.table}
        if not self.proved:
            return self.plain
        compared = {k: replace(t, rows=_Compared(t, self.proved)) for k, t in tables.items()}
        transitions = (
            replace(t, table=compared[id(t.table)]) if t.table else t
            for t in self.plain.transitions
        )
        return replace(self.plain, transitions=tuple(transitions))

    def without(self, refused: Refused) -> Symmetry:
        """Return these symmetries but for one that was found to be none."""
        left = tuple(p for p in self.proved if p.renaming != refused.renaming)
        return Symmetry(self.plain, left, (*self.refused, refused))

    @property
    def told(self) -> tuple[str, ...]:
        """Return what told names apart, one sentence for each candidate that is no symmetry."""
        return tuple(map(str, self.refused))


def symmetry(system: TransitionSystem, candidates: Iterable[Renaming] | None = None) -> Symmetry:
    """Return which of the candidates, by default those of the system, are symmetries of it.

    RuleError where a candidate is no permutation, or two transitions have one name.
    """
    chosen = system.renamings if candidates is None else tuple(candidates)
    prover = _Prover(system) if chosen else None
    answers = [prover.asked(renaming) for renaming in chosen] if prover else []
    return Symmetry(
        system,
        tuple(a for a in answers if isinstance(a, Proved)),
        tuple(a for a in answers if isinstance(a, Refused)),
    )


class _Compared:
    """The rows of a table, after it was seen that renaming the key renames the decisions."""

    def __init__(self, table: StepTable, proved: tuple[Proved, ...]) -> None:
        self.rows = table.rows
        self._by = [(p.keys[table.name], p.decisions[table.name], p) for p in proved]
        self._name = table.name
        self._known: dict[Values, Sequence[Values]] = {}  # all images of a key, or none of them

    def __call__(self, key: Values) -> Sequence[Values]:
        if key not in self._known:
            self._known |= self._orbit(key)
        return self._known[key]

    def _orbit(self, key: Values) -> dict[Values, Sequence[Values]]:
        """Return the rows for a key and all its images, which have been compared."""
        found, waiting = {key: self.rows(key)}, [key]
        for k in waiting:  # which grows meanwhile
            for renamed, decided, proved in self._by:
                image = renamed(k)
                if image not in found:
                    found[image] = self.rows(image)
                    waiting.append(image)
                if Counter(map(decided, found[k])) != Counter(map(tuple, found[image])):
                    raise ToldApart(proved.renaming, self._name)
        return found


class _Prover:
    """Holds the terms of a system against the same terms for renamed names."""

    def __init__(self, system: TransitionSystem) -> None:
        twice = [n for n, many in Counter(t.name for t in system.transitions).items() if many > 1]
        if twice:
            raise RuleError(f"two transitions are called {twice[0]!r}", remedy="rename one of them")
        self.system, self.program = system, Forms()
        self.shape = Shape(self.program, system)
        self.plain = self.shape.terms()
        self.forms = {t.name: self.plain.form(t) for t in system.transitions}

    def asked(self, renaming: Renaming) -> Proved | Refused:
        """Return what a renaming does if it is a symmetry, or what tells the names apart."""
        states, decisions = self._rows(renaming)
        keys = {
            n: key_permutation(self.program, t, renaming, self.system)
            for n, t in self.shape.tables.items()
        }
        transitions, alone = self._paired(renaming, states, keys)
        because = [*self._initial(states), *alone, *self._properties(renaming)]
        if because:
            return Refused(renaming, tuple(because))
        return Proved(renaming, states, transitions, keys, decisions)

    def _rows(self, renaming: Renaming) -> tuple[Permutation, dict[str, Permutation]]:
        """Return what a renaming does to states, and to the decisions of each table."""
        try:
            self.shape.check(renaming)
            states = Permutation.of(renaming, [v.name for v in self.system.variables])
            tables = self.shape.tables.items()
            return states, {
                n: Permutation.of(renaming, [d.name for d in t.decisions]) for n, t in tables
            }
        except KeyError as lost:
            raise RuleError(
                f"{renaming.title!r} leads to {lost}, which is not there or has other values",
                remedy="let it permute names that have the same values",
            ) from None

    def _initial(self, states: Permutation) -> Iterator[str]:
        initial = set(self.system.initial)
        if {states(s) for s in initial} != initial:
            yield "the initial states"

    def _properties(self, renaming: Renaming) -> Iterator[str]:
        s, other = self.system, self.shape.terms(renaming)
        stated = [*s.always.items(), *s.sometimes.items(), *s.recovers.items()]
        pairs = [(name, self.plain.term(t), other.term(t)) for name, t in stated]
        solver = Solver(self.program)
        for name in dict.fromkeys(n for n, a, b in pairs if not solver.same([(a, b)])):
            yield f"the property {name!r}"

    def _paired(
        self, renaming: Renaming, states: Permutation, keys: Mapping[str, Permutation]
    ) -> tuple[dict[str, str], list[str]]:
        """Return which transition each becomes, and those that become none."""
        other = self.shape.terms(renaming)
        expected = {n: self._moved(form, states, keys) for n, form in self.forms.items()}
        found = {t.name: other.form(t) for t in self.system.transitions}
        pairing = _Pairing(self.program, expected, found)
        return pairing.pairs, [f"the transition {n!r}" for n in pairing.alone]

    def _moved(self, form: Form, states: Permutation, keys: Mapping[str, Permutation]) -> Form:
        return replace(
            form,
            key=self._permuted(keys[form.table], form.key) if form.table else (),
            after=self._permuted(states, form.after),
        )

    def _permuted(self, by: Permutation, refs: Sequence[int]) -> tuple[int, ...]:
        result = [0] * len(refs)
        for ref, place, values in zip(refs, by.places, by.values, strict=True):
            result[place] = self.program.mapped(ref, values)
        return tuple(result)


class _Pairing:
    """Finds for each expected form the transition that has it; equal in form, or by the solver."""

    def __init__(
        self, program: Forms, expected: Mapping[str, Form], found: Mapping[str, Form]
    ) -> None:
        self.pairs: dict[str, str] = {}
        self.alone: list[str] = []
        free: dict[Form, list[str]] = {}
        for name, form in found.items():
            free.setdefault(form, []).append(name)
        waiting = []
        for name, form in expected.items():
            if free.get(form):
                self.pairs[name] = free[form].pop(0)
            else:
                waiting.append(name)
        left = {n: found[n] for names in free.values() for n in names}
        solver = Solver(program) if waiting else None
        for name in waiting:
            assert solver is not None
            self._search(solver, name, expected[name], left)

    def _search(self, solver: Solver, name: str, form: Form, left: dict[str, Form]) -> None:
        likely = sorted(left, key=lambda n: form.distance(left[n]))
        for other in likely:
            if form.is_as(left[other], solver):
                self.pairs[name] = other
                del left[other]
                return
        self.alone.append(name)
