"""Terms over inputs and decisions, with the parts that are about inputs alone taken out.

What a node may do depends on few facts about its inputs.  Each largest subterm over inputs
alone becomes a constant of its own, evaluated once for an input: inputs with the same facts
have the same outcomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import z3

from checker.evaluate import Evaluator
from model.terms import names_in


class Abstraction:
    """Replaces subterms over inputs alone by numbered constants, the same by the same."""

    def __init__(self, decisions: set[str]) -> None:
        self._decisions = decisions
        self._facts: dict[int, tuple[Any, Any]] = {}  # by id of the term: the term, its constant
        self._names: dict[int, tuple[Any, frozenset[str]]] = {}  # the term, its names

    def of(self, term: Any) -> Any:
        """Return the term over decisions and constants for facts."""
        pairs = [(t, self._constant(t)) for t in self._largest(term)]
        return z3.substitute(term, *pairs) if pairs else term

    @property
    def names(self) -> list[str]:
        """Return the names of the constants, in the order in which they were made."""
        return [constant.decl().name() for _, constant in self._facts.values()]

    @property
    def terms(self) -> list[Any]:
        """Return the terms that the constants stand for, in that order."""
        return [term for term, _ in self._facts.values()]

    def evaluator(self, layout: Sequence[str]) -> Evaluator:
        """Return the evaluator of all facts for inputs laid out so."""
        return Evaluator(self.terms, layout)

    def _constant(self, term: Any) -> Any:
        if term.get_id() not in self._facts:
            constant = z3.Const(f"fact {len(self._facts)}", term.sort())
            self._facts[term.get_id()] = (term, constant)
        return self._facts[term.get_id()][1]

    def _largest(self, term: Any) -> Iterator[Any]:
        names = self._names_in(term)
        if not names & self._decisions:
            if names:
                yield term
            return
        for child in term.children():
            yield from self._largest(child)

    def _names_in(self, term: Any) -> frozenset[str]:
        if term.get_id() not in self._names:
            self._names[term.get_id()] = (term, names_in(term))
        return self._names[term.get_id()][1]
