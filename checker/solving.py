"""The solver as the analyses use it: every question it is asked can be written down.

A journal keeps what was asserted and asked, so that another solver can be put the same
questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import z3


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

    def __init__(self, journal: Journal | None = None) -> None:
        super().__init__()
        self._journal = journal
        self._number = journal.solver() if journal else 0

    def assert_exprs(self, *terms: Any) -> None:
        """Assert terms."""
        self._note("assert", terms)
        super().assert_exprs(*terms)

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
        answer = super().check(*assumptions)
        if answer == z3.unknown:
            raise UnknownError(f"the solver gave up: {self.reason_unknown()}")
        self._note("check", assumptions, answer == z3.sat)
        return answer

    def holds(self, *assumptions: Any) -> bool:
        """Return whether what was asserted can hold together with the assumptions."""
        return bool(self.check(*assumptions) == z3.sat)

    def core_names(self) -> set[str]:
        """Return the names of the assumptions that the last failed check needed."""
        return {c.decl().name() for c in self.unsat_core()}

    def _note(self, event: str, terms: Iterable[Any] = (), answer: bool | None = None) -> None:
        if self._journal is not None:
            self._journal.entries.append(Asked(self._number, event, tuple(terms), answer))
