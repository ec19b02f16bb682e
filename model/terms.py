"""Walks over terms that are needed often: their constants, found without wrapping each subterm.

Rules share most of their subterms, and z3's Python objects cost more than the walk itself: so
the walk goes over the C handles, and only the constants that are found get an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import z3
from z3 import z3core

from model.vocabulary import ALL, ANY

QUANTIFIERS = (ANY.name(), ALL.name())


def constants(term: z3.ExprRef, into_quantifiers: bool = True) -> list[z3.ExprRef]:
    """Return the uninterpreted constants of a term, each once, in order of appearance."""
    return constants_of([term], into_quantifiers)


def constants_of(terms: Iterable[z3.ExprRef], into_quantifiers: bool = True) -> list[z3.ExprRef]:
    """Return the uninterpreted constants of several terms; shared parts are walked once."""
    roots = list(terms)
    if not roots:
        return []
    context = roots[0].ctx
    return [z3.z3._to_expr_ref(h, context) for h in _leaves(roots, into_quantifiers)]


def names_in(term: z3.ExprRef) -> frozenset[str]:
    """Return the names of the constants of a term."""
    return frozenset(c.decl().name() for c in constants(term))


def quantifies(t: z3.ExprRef) -> bool:
    """Return whether a term is one of `any option` and `every option`."""
    return z3.is_app(t) and t.decl().name() in QUANTIFIERS


def _leaves(roots: list[z3.ExprRef], into_quantifiers: bool) -> Iterator[Any]:
    """Yield the handles of the uninterpreted constants below `roots`, left to right."""
    ref = roots[0].ctx_ref()
    seen: set[int] = set()
    stack = [t.as_ast() for t in reversed(roots)]
    while stack:
        handle = stack.pop()
        key = z3core.Z3_get_ast_id(ref, handle)
        if key in seen or z3core.Z3_get_ast_kind(ref, handle) != z3.Z3_APP_AST:
            continue
        seen.add(key)
        count = z3core.Z3_get_app_num_args(ref, handle)
        if count and (into_quantifiers or not _is_quantifier(ref, handle, count)):
            stack.extend(z3core.Z3_get_app_arg(ref, handle, k) for k in range(count - 1, -1, -1))
        elif not count and _uninterpreted(ref, handle):
            yield handle


def _uninterpreted(ref: Any, handle: Any) -> bool:
    declaration = z3core.Z3_get_app_decl(ref, handle)
    return bool(z3core.Z3_get_decl_kind(ref, declaration) == z3.Z3_OP_UNINTERPRETED)


def _is_quantifier(ref: Any, handle: Any, count: int) -> bool:
    if count != 1 or not _uninterpreted(ref, handle):
        return False
    symbol = z3core.Z3_get_decl_name(ref, z3core.Z3_get_app_decl(ref, handle))
    return z3core.Z3_get_symbol_string(ref, symbol) in QUANTIFIERS
