"""Walks over terms that are needed often: their constants, found without wrapping each subterm.

Rules share most of their subterms, and z3's Python objects cost more than the walk itself: so
the walk goes over the C handles, and only the constants that are found get an object.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import z3
from z3 import z3core

from model.handles import leaves, name, outermost
from model.vocabulary import ALL, ANY

QUANTIFIERS = frozenset({ANY.name(), ALL.name()})


def constants(term: z3.ExprRef, into_quantifiers: bool = True) -> list[z3.ExprRef]:
    """Return the uninterpreted constants of a term, each once, in order of appearance."""
    return constants_of([term], into_quantifiers)


def constants_of(terms: Iterable[z3.ExprRef], into_quantifiers: bool = True) -> list[z3.ExprRef]:
    """Return the uninterpreted constants of several terms; shared parts are walked once."""
    roots = list(terms)
    if not roots:
        return []
    closed = frozenset() if into_quantifiers else QUANTIFIERS
    return [z3.z3._to_expr_ref(h, roots[0].ctx) for h in leaves(roots, closed)]


def names_in(term: z3.ExprRef) -> frozenset[str]:
    """Return the names of the constants of a term."""
    ref = term.ctx_ref()
    return frozenset(name(ref, handle) for handle in leaves([term]))


def name_of(const: z3.ExprRef) -> str:
    """Return the name of a constant, or of the outermost operator of a term."""
    return name(const.ctx_ref(), const.as_ast())


def conjunction(terms: Iterable[z3.ExprRef]) -> z3.BoolRef:
    """Return what z3.And makes of terms, which are not looked at one by one for their sorts."""
    return _joined(z3core.Z3_mk_and, list(terms))


def disjunction(terms: Iterable[z3.ExprRef]) -> z3.BoolRef:
    """Return what z3.Or makes of terms, which are not looked at one by one for their sorts."""
    return _joined(z3core.Z3_mk_or, list(terms))


def _joined(make: Any, terms: list[z3.ExprRef]) -> z3.BoolRef:
    context = terms[0].ctx if terms else z3.main_ctx()
    handles = (z3.Ast * len(terms))(*(t.as_ast() for t in terms))
    return z3.BoolRef(make(context.ref(), len(terms), handles), context)


class Substitution:
    """Terms put in place of others, in many terms: the pairs are prepared once."""

    def __init__(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        self.pairs = list(pairs)
        count = len(self.pairs)
        self._old = (z3.Ast * count)(*(old.as_ast() for old, _ in self.pairs))
        self._new = (z3.Ast * count)(*(new.as_ast() for _, new in self.pairs))

    def of(self, term: Any) -> Any:
        """Return the term with all that stands for others replaced."""
        if not self.pairs:
            return term
        ref, count = term.ctx_ref(), len(self.pairs)
        made = z3core.Z3_substitute(ref, term.as_ast(), count, self._old, self._new)
        return z3.z3._to_expr_ref(made, term.ctx)


def quantifiers(term: z3.ExprRef) -> list[z3.ExprRef]:
    """Return the outermost `any option` and `every option` of a term, each once."""
    return [z3.z3._to_expr_ref(h, term.ctx) for h in outermost(term, QUANTIFIERS)]


def quantifies(t: z3.ExprRef) -> bool:
    """Return whether a term is one of `any option` and `every option`."""
    return z3.is_app(t) and t.decl().name() in QUANTIFIERS
