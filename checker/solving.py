"""The solver as the analyses use it: every question it is asked can be written down.

A journal keeps what was asserted and asked, so that another solver can be put the same
questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import z3
from z3 import z3core

from checker.oriented import Oriented
from model.handles import name


class UnknownError(RuntimeError):
    """The solver gave up on a question."""


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


class Solver(z3.Solver):  # type: ignore[misc]
    """A Z3 solver that keeps a journal and says yes or no; UnknownError when it gives up."""

    def __init__(self, journal: Journal | None = None, context: z3.Context | None = None) -> None:
        super().__init__(ctx=context)
        self._journal = journal
        self._number = journal.solver() if journal else 0

    def assert_exprs(self, *terms: Any) -> None:
        """Assert terms."""
        self._note("assert", terms)
        for term in _flat(terms):  # without z3's own casts here as well
            z3core.Z3_solver_assert(self.ctx.ref(), self.solver, term.as_ast())

    def push(self) -> None:
        """Open a scope for what is asserted from now on."""
        self._note("push")
        super().push()

    def pop(self, num: int = 1) -> None:
        """Forget what was asserted since the last `num` pushes."""
        for _ in range(num):
            self._note("pop")
        super().pop(num)

    def check(self, *assumptions: Any) -> Any:
        """Return z3.sat or z3.unsat for what was asserted, under the assumptions."""
        # Without z3's own casts, which cost more than the search where assumptions are many.
        handles = (z3.Ast * len(assumptions))(*(a.as_ast() for a in assumptions))
        result = z3core.Z3_solver_check_assumptions(
            self.ctx.ref(), self.solver, len(assumptions), handles
        )
        answer = z3.CheckSatResult(result)
        if answer == z3.unknown:
            raise UnknownError(f"the solver gave up: {self.reason_unknown()}")
        self._note("check", assumptions, answer == z3.sat)
        return answer

    def holds(self, *assumptions: Any) -> bool:
        """Return whether what was asserted can hold together with the assumptions."""
        return bool(self.check(*assumptions) == z3.sat)

    def core_names(self) -> set[str]:
        """Return the names of the assumptions that the last failed check needed."""
        core, ref = self.unsat_core(), self.ctx.ref()
        found = (z3core.Z3_ast_vector_get(ref, core.vector, k) for k in range(len(core)))
        return {name(ref, handle) for handle in found}

    def _note(self, event: str, terms: Iterable[Any] = (), answer: bool | None = None) -> None:
        if self._journal is not None:
            self._journal.entries.append(Asked(self._number, event, tuple(terms), answer))


def _flat(terms: Iterable[Any]) -> Iterator[Any]:
    for t in terms:
        if isinstance(t, list | tuple):
            yield from _flat(t)
        else:
            yield t


class Aside:
    """A context of the solver's for some questions alone.

    What a solver names as core, where there are several, depends on all terms that its context
    has seen: in a context of their own the answers are the same whatever ran before.
    """

    def __init__(self, background: Iterable[Any], oriented: Oriented) -> None:
        self.context = z3.Context()
        self._oriented = oriented
        self.background = [self.moved(t) for t in background]
        self._named: dict[tuple[str, int], Any] = {}

    def moved(self, term: Any) -> Any:
        """Return the same term in this context."""
        return self._oriented.of(term).translate(self.context)

    def named(self, name: str, value: int, term: Any) -> Any:
        """Return the same term in this context; it is known by a name and value."""
        if (name, value) not in self._named:
            self._named[name, value] = self.moved(term)
        return self._named[name, value]
