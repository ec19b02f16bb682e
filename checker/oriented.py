"""Terms whose form depends on what they say alone.

The solver's simplifier orders the parts of an equality, a sum or a disjunction by when they
were made, and so by whatever ran before.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import z3
from z3 import z3core

from model.handles import arguments, identity, is_application, operator

TURNED = {
    *(z3.Z3_OP_EQ, z3.Z3_OP_AND, z3.Z3_OP_OR, z3.Z3_OP_XOR, z3.Z3_OP_DISTINCT),
    *(z3.Z3_OP_BADD, z3.Z3_OP_BMUL, z3.Z3_OP_BAND, z3.Z3_OP_BOR),
}


class Oriented:
    """Gives what may be turned in terms of one context the same order in every run."""

    def __init__(self) -> None:
        # By identity: the term (kept, so that its number stays its own), its form, its digest.
        self._known: dict[int, tuple[Any, Any, bytes]] = {}

    def of(self, term: Any) -> Any:
        """Return the same term, with such parts in an order of their own."""
        return self._visit(term.ctx, term.ctx_ref(), term.as_ast())[1]

    def _visit(self, context: Any, ref: Any, handle: Any) -> tuple[Any, Any, bytes]:
        key = identity(ref, handle)
        if key not in self._known:
            term = z3.z3._to_expr_ref(handle, context)
            self._known[key] = (term, *self._turned(term, context, ref, handle))
        return self._known[key]

    def _turned(self, term: Any, context: Any, ref: Any, handle: Any) -> tuple[Any, bytes]:
        below = arguments(ref, handle) if is_application(ref, handle) else []
        if not below:
            return term, _digest(z3core.Z3_ast_to_string(ref, handle))
        parts = [self._visit(context, ref, h)[1:] for h in below]
        if operator(ref, handle) in TURNED:
            parts.sort(key=lambda part: part[1])
        declaration = z3core.Z3_get_app_decl(ref, handle)
        handles = (z3.Ast * len(parts))(*(t.as_ast() for t, _ in parts))
        made = z3core.Z3_mk_app(ref, declaration, len(parts), handles)
        name = z3core.Z3_func_decl_to_string(ref, declaration)
        return z3.z3._to_expr_ref(made, context), _digest(name, *(d for _, d in parts))


def _digest(text: str, *parts: bytes) -> bytes:
    return blake2b(b"".join((text.encode(), *parts)), digest_size=12).digest()
