"""Terms over inputs and decisions, with the parts that are about inputs alone taken out.

What a node may do depends on few facts about its inputs.  Each largest subterm over inputs
alone becomes a constant of its own, evaluated once for an input: inputs with the same facts
have the same outcomes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

import z3

from model.handles import arguments, identity, name, operator
from model.terms import Substitution

INPUTS, DECISIONS = 1, 2


class Abstraction:
    """Replaces subterms over inputs alone by numbered constants, the same by the same."""

    def __init__(self, decisions: set[str]) -> None:
        self._decisions = decisions
        self._facts: dict[int, tuple[Any, Any]] = {}  # by id of the term: the term, its constant
        self._about: dict[int, int] = {}  # by id of a subterm: what it is about
        self._kept: list[Any] = []  # identities stay unique while the terms are alive

    def of(self, term: Any) -> Any:
        """Return the term over decisions and constants for facts."""
        self._kept.append(term)
        handles = self._largest(term.ctx_ref(), term.as_ast())
        facts = [z3.z3._to_expr_ref(handle, term.ctx) for handle in handles]
        return Substitution((t, self._constant(t)) for t in facts).of(term)

    @property
    def names(self) -> list[str]:
        """Return the names of the constants, in the order in which they were made."""
        return [f"fact {k}" for k in range(len(self._facts))]

    @property
    def terms(self) -> list[Any]:
        """Return the terms that the constants stand for, in that order."""
        return [term for term, _ in self._facts.values()]

    def _constant(self, term: Any) -> Any:
        if term.get_id() not in self._facts:
            constant = z3.Const(f"fact {len(self._facts)}", term.sort())
            self._facts[term.get_id()] = (term, constant)
        return self._facts[term.get_id()][1]

    def _largest(self, ref: Any, handle: Any) -> Iterator[Any]:
        about = self._about_of(ref, handle)
        if about & DECISIONS:
            for below in arguments(ref, handle):
                yield from self._largest(ref, below)
        elif about & INPUTS:
            yield handle

    def _about_of(self, ref: Any, handle: Any) -> int:
        """Return whether a subterm is about inputs, decisions, or both."""
        key = identity(ref, handle)
        if key not in self._about:
            below = arguments(ref, handle)
            if not below and operator(ref, handle) == z3.Z3_OP_UNINTERPRETED:
                decided = name(ref, handle) in self._decisions
                self._about[key] = DECISIONS if decided else INPUTS
            else:
                found = (self._about_of(ref, argument) for argument in below)
                self._about[key] = reduce(or_, found, 0)
        return self._about[key]
