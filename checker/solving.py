"""The solver as the analyses use it: every question it is asked can be written down.

The questions are small and many: terms are asked about as circuits of a SAT solver, as for an
SMT solver starting costs more than searching.  A journal keeps what was asserted and asked, so
that other solvers can be put the same questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pysolvers
import z3
from pysat.solvers import Cadical153

from checker.circuits import Circuits
from checker.gates import TRUE, Bits, Clause


@dataclass(frozen=True)
class Asked:
    """One entry of a journal: assert, push, pop or check, with its terms and the answer."""

    solver: int
    event: str
    terms: tuple[Any, ...] = ()
    answer: bool | None = None


@dataclass
class Journal:
    """What all solvers of an analysis were told and asked, in order."""

    entries: list[Asked] = field(default_factory=list)
    solvers: int = 0

    def solver(self) -> int:
        """Return the number of the next solver."""
        self.solvers += 1
        return self.solvers


class _Search(Cadical153):  # type: ignore[misc]
    """A search that leaves Ctrl-C to Python: the library would jump out of it, past all that
    has to be put in order.  Questions are small; an interrupt waits for the answer.
    """

    def solve(self, assumptions: list[int]) -> bool:
        """Return whether the clauses can hold together with the assumptions."""
        self.prev_assumps = assumptions
        self.status = pysolvers.cadical153_solve(self.cadical, assumptions, False)
        return bool(self.status)


class Solver:
    """Says whether terms can hold together, and in which values; keeps a journal."""

    def __init__(self, circuits: Circuits, journal: Journal | None = None) -> None:
        self._circuits, self._journal = circuits, journal
        self._number = journal.solver() if journal else 0
        self._sat = _Search(bootstrap_with=[[TRUE]])
        self._own = {TRUE: TRUE}  # variables of the SAT solver, by gate
        self._count = TRUE
        self._scopes: list[int] = []  # a literal for each, true as long as it is open
        self._assumed: Sequence[Any] = ()

    def add(self, *terms: Any) -> None:
        """Assert terms, in the innermost scope."""
        self._note("assert", terms)
        closed = [-s for s in self._scopes[-1:]]
        for term in _flat(terms):
            for clause in self._circuits.gates.asserted(self._circuits.literal(term)):
                self._sat.add_clause([*self._clause(clause), *closed])

    def add_any(self, terms: Sequence[Any]) -> None:
        """Assert that one of the terms holds, without a term that says so."""
        if self._journal is not None:
            self._note("assert", [z3.Or(terms)])
        literals = map(self._circuits.literal, terms)
        self._sat.add_clause([*self._clause(literals), *(-s for s in self._scopes[-1:])])

    def push(self) -> None:
        """Open a scope for what is asserted from now on."""
        self._note("push")
        self._count += 1
        self._scopes.append(self._count)

    def pop(self) -> None:
        """Forget what was asserted since the last push."""
        self._note("pop")
        self._sat.add_clause([-self._scopes.pop()])

    def holds(self, *assumptions: Any) -> bool:
        """Return whether what was asserted can hold together with the assumptions."""
        self._assumed = assumptions
        literals = self._clause(map(self._circuits.literal, assumptions))
        answer = self._sat.solve([*self._scopes, *literals])
        self._note("check", assumptions, answer)
        return answer

    def core_names(self) -> set[str]:
        """Return the names of the assumptions that the last failed question needed."""
        core = set(self._sat.get_core() or ())
        literals = self._clause(map(self._circuits.literal, self._assumed))
        found = zip(self._assumed, literals, strict=True)
        return {t.decl().name() for t, literal in found if literal in core}

    def model(self) -> Model:
        """Return the values with which the last question was answered yes."""
        return Model(self._circuits, self._own, self._sat.get_model())

    def _clause(self, literals: Iterable[int]) -> Clause:
        """Return literals in the variables of the SAT solver, with what ties them."""
        missing: list[int] = []
        clause = [self._variable(x, missing) for x in literals]
        while missing:
            for tie in self._circuits.gates.defined(missing.pop()):
                self._sat.add_clause([self._variable(x, missing) for x in tie])
        return clause

    def _variable(self, literal: int, missing: list[int]) -> int:
        gate = abs(literal)
        if gate not in self._own:
            self._count += 1
            self._own[gate] = self._count
            missing.append(gate)
        return self._own[gate] if literal > 0 else -self._own[gate]

    def _note(self, event: str, terms: Iterable[Any] = (), answer: bool | None = None) -> None:
        if self._journal is not None:
            self._journal.entries.append(Asked(self._number, event, tuple(terms), answer))


@dataclass(frozen=True)
class Model:
    """Values that satisfy what a solver was told; what it was not told of is 0."""

    circuits: Circuits
    _own: dict[int, int]
    _values: Sequence[int]  # a literal for each variable of the SAT solver, in order

    def number(self, bits: Bits) -> int:
        """Return the value of bits."""
        return sum(1 << k for k, bit in enumerate(bits) if self._true(bit))

    def _true(self, bit: int) -> bool:
        variable = self._own.get(abs(bit), 0)
        told = 0 < variable <= len(self._values)
        return told and (self._values[variable - 1] > 0) == (bit > 0)


def _flat(terms: Iterable[Any]) -> Iterator[Any]:
    for t in terms:
        if isinstance(t, list | tuple):
            yield from _flat(t)
        else:
            yield t
