"""Other solvers, told and asked what a journal says: Z3 in its terms, cvc5 in SMT-LIB text.

Z3 can also take the place of the solver, so that it alone leads the analysis.
"""

from __future__ import annotations

from typing import Any

import cvc5
import z3

from checker.evaluate import constructors
from checker.solving import Asked
from tests.checker.smtlib import Writer, flat


def by_z3(told: list[Asked]) -> list[str]:
    """Return the answers of Z3 to all that one solver was asked: sat, unsat or unknown."""
    solver, found = z3.Solver(), []
    for entry in told:
        terms = list(flat(entry.terms))
        if entry.event == "assert":
            solver.add(*terms)
        elif entry.event == "check":
            found.append(str(solver.check(*terms)))
        else:
            getattr(solver, entry.event)()
    return found


def by_cvc5(told: list[Asked], writer: Writer) -> list[str]:
    """Return the answers of cvc5 to all that one solver was asked, or that it gave up."""
    terms = cvc5.TermManager()
    symbols = cvc5.SymbolManager(terms)
    solver = fresh(terms)
    parser = cvc5.InputParser(solver, symbols)
    text = "\n".join(writer.script(told))
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "journal")
    said = []
    while not (c := parser.nextCommand()).isNull():
        said.append(str(c.invoke(solver, symbols)).strip())
    return [s for s in said if s]


def fresh(terms: Any) -> Any:
    """Return a cvc5 solver that keeps what it was told between questions."""
    solver = cvc5.Solver(terms)
    solver.setOption("incremental", "true")
    solver.setOption("tlimit-per", "60000")
    solver.setLogic("ALL")
    return solver


class Z3Solver(z3.Solver):  # type: ignore[misc]
    """Z3 with what the analyses ask of a solver; it looks for other models than usual."""

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self.set("random_seed", 7)
        self.set("phase_selection", 5)  # at random

    def add_any(self, terms: list[Any]) -> None:
        """Assert that one of the terms holds."""
        self.add(z3.Or(terms))

    def holds(self, *assumptions: Any) -> bool:
        """Return whether what was asserted can hold together with the assumptions."""
        answer = self.check(*assumptions)
        assert answer != z3.unknown
        return bool(answer == z3.sat)

    def core_names(self) -> set[str]:
        """Return the names of the assumptions that the last failed question needed."""
        return {c.decl().name() for c in self.unsat_core()}

    def model(self) -> Z3Model:
        """Return the values with which the last question was answered yes."""
        return Z3Model(super().model())


class Z3Model:
    """A model of Z3, read as the analyses read one: its circuits are the terms themselves."""

    def __init__(self, model: z3.ModelRef) -> None:
        self._model = model

    @property
    def circuits(self) -> Z3Model:
        """Return what gives the bits of a term."""
        return self

    def bits(self, term: Any) -> Any:
        """Return the term."""
        return term

    def number(self, term: Any) -> int:
        """Return the value of a term; what is left open is 0."""
        value = self._model.eval(term)
        if z3.is_bool(value):
            return int(z3.is_true(value))
        if z3.is_bv_value(value):
            return int(value.as_long())
        enumeration = isinstance(term.sort(), z3.DatatypeSortRef)
        return constructors(term.sort()).get(value.decl().name(), 0) if enumeration else 0
