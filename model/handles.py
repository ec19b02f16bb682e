"""Terms by the handles of the solver's C library, for walks that visit every subterm.

Z3's Python objects cost more than such a walk itself, and so does asking after each call
whether it went well, which it does for the handle of a term.  A handle stays valid as long as
the term that it was taken from is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3
from z3 import z3core


def _plain(call: Any) -> Any:
    """Return what a call of Z3's rests on, without the question whether it went well."""
    behind = getattr(call, "__defaults__", None)
    return getattr(behind[0], "f", call) if behind else call


_identity = _plain(z3core.Z3_get_ast_id)
_kind = _plain(z3core.Z3_get_ast_kind)
_declaration = _plain(z3core.Z3_get_app_decl)
_operator = _plain(z3core.Z3_get_decl_kind)
_count = _plain(z3core.Z3_get_app_num_args)
_argument = _plain(z3core.Z3_get_app_arg)


def identity(ref: Any, handle: Any) -> int:
    """Return the number of a term: equal terms that are alive have the same."""
    return int(_identity(ref, handle))


def is_application(ref: Any, handle: Any) -> bool:
    """Return whether a term is an operator or constant applied, and no quantifier."""
    return bool(_kind(ref, handle) == z3.Z3_APP_AST)


def operator(ref: Any, handle: Any) -> int:
    """Return the kind of the outermost operator (z3.Z3_OP_...)."""
    return int(_operator(ref, _declaration(ref, handle)))


def arguments(ref: Any, handle: Any) -> list[Any]:
    """Return the handles of the arguments, in order."""
    count = _count(ref, handle)
    return [_argument(ref, handle, k) for k in range(count)]


def name(ref: Any, handle: Any) -> str:
    """Return the name of the outermost operator, or of a constant."""
    declaration = _declaration(ref, handle)
    return str(z3core.Z3_get_symbol_string(ref, z3core.Z3_get_decl_name(ref, declaration)))


def leaves(roots: list[z3.ExprRef], closed: frozenset[str] = frozenset()) -> Iterator[Any]:
    """Yield the handles of the uninterpreted constants, each once, left to right.

    What is below an uninterpreted operator named in `closed` is left out.
    """
    ref = roots[0].ctx_ref()
    for handle, below in _walk(roots, closed):
        if not below and operator(ref, handle) == z3.Z3_OP_UNINTERPRETED:
            yield handle


def outermost(root: z3.ExprRef, wanted: frozenset[str]) -> Iterator[Any]:
    """Yield the handles of the outermost uninterpreted operators named in `wanted`, each once."""
    ref = root.ctx_ref()
    for handle, below in _walk([root], wanted):
        if _is_closed(ref, handle, below, wanted):
            yield handle


def _walk(roots: list[z3.ExprRef], closed: frozenset[str]) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each subterm once with its arguments, left to right; nothing below a closed one."""
    ref = roots[0].ctx_ref()
    seen: set[int] = set()
    stack = [t.as_ast() for t in reversed(roots)]
    while stack:
        handle = stack.pop()
        key = identity(ref, handle)
        if key in seen or not is_application(ref, handle):
            continue
        seen.add(key)
        below = arguments(ref, handle)
        yield handle, below
        if not _is_closed(ref, handle, below, closed):
            stack.extend(reversed(below))


def _is_closed(ref: Any, handle: Any, below: list[Any], closed: frozenset[str]) -> bool:
    if not closed or len(below) != 1 or operator(ref, handle) != z3.Z3_OP_UNINTERPRETED:
        return False
    return name(ref, handle) in closed
