"""Terms over fields as circuits: what a SAT solver is asked instead of the term.

Every field has few values: an enumeration is its index in binary, a number its bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import combinations
from typing import Any

import z3

from checker.evaluate import constructor_index, recognised
from checker.gates import FALSE, TRUE, Bits, Gates, Words
from model.errors import RuleError
from model.handles import arguments, identity, operator

Built = Callable[[list[Bits]], Bits]


class Circuits:
    """The circuits of terms, each built once."""

    def __init__(self) -> None:
        self.gates = Gates()
        self._words = Words(self.gates)
        # By identity; the term is kept, so that its number stays its own.
        self._known: dict[int, tuple[Any, Bits]] = {}
        self._joining = self._connectives() | self._orders() | self._arithmetic()

    def literal(self, term: z3.BoolRef) -> int:
        """Return the literal of a term that is true or false."""
        return self.bits(term)[0]

    def bits(self, term: z3.ExprRef) -> Bits:
        """Return the bits of a term; RuleError where an operator is unknown."""
        ref, handle = term.ctx_ref(), term.as_ast()
        known = self._known.get(identity(ref, handle))
        return known[1] if known else self._visit(term.ctx, ref, handle)

    def _visit(self, context: Any, ref: Any, handle: Any) -> Bits:
        key = identity(ref, handle)
        if key not in self._known:
            term = z3.z3._to_expr_ref(handle, context)
            self._known[key] = term, self._built(term, context, ref, handle)
        return self._known[key][1]

    def _built(self, term: Any, context: Any, ref: Any, handle: Any) -> Bits:
        if z3.is_quantifier(term):
            raise RuleError(f"the solver has no case for a quantifier in {term.sexpr()[:80]}")
        if z3.is_bv_value(term):
            return self._words.constant(term.as_long(), term.size())
        kind = operator(ref, handle)
        parts = [self._visit(context, ref, a) for a in arguments(ref, handle)]
        joined = self._joining.get(kind)
        return joined(parts) if joined else self._special(kind, term, parts)

    def _special(self, kind: int, t: Any, parts: list[Bits]) -> Bits:
        """Return the bits of what is told by more than its parts."""
        if kind == z3.Z3_OP_UNINTERPRETED and not parts:
            return self._constant(t.sort())
        if kind == z3.Z3_OP_DT_CONSTRUCTOR:
            return self._words.constant(constructor_index(t.decl()), _width(t.sort()))
        if kind == z3.Z3_OP_EXTRACT:
            high, low = t.params()
            return parts[0][low : high + 1]
        if kind in (z3.Z3_OP_DT_IS, z3.Z3_OP_DT_RECOGNISER):
            chosen = self._words.constant(recognised(t), len(parts[0]))
            return (self._words.equal(parts[0], chosen),)
        if kind in (z3.Z3_OP_PB_AT_LEAST, z3.Z3_OP_PB_AT_MOST):
            return (self._counted(kind, t.params()[0], [p[0] for p in parts]),)
        raise RuleError(f"the solver has no case for {t.decl().name()!r} in {t.sexpr()[:80]}")

    def _counted(self, kind: int, count: int, literals: list[int]) -> int:
        if kind == z3.Z3_OP_PB_AT_LEAST:
            return self._words.at_least(literals, count)
        return -self._words.at_least(literals, count + 1)

    def _constant(self, sort: Any) -> Bits:
        bits = self.gates.inputs(_width(sort))
        size = sort.num_constructors() if isinstance(sort, z3.DatatypeSortRef) else 1 << len(bits)
        if size < 1 << len(bits):
            last = self._words.constant(size - 1, len(bits))
            self.gates.restrict(bits, self._words.at_most(bits, last))
        return bits

    def _connectives(self) -> dict[int, Built]:
        g = self.gates
        return {
            z3.Z3_OP_TRUE: lambda p: (TRUE,),
            z3.Z3_OP_FALSE: lambda p: (FALSE,),
            z3.Z3_OP_AND: lambda p: (g.all_of([x[0] for x in p]),),
            z3.Z3_OP_OR: lambda p: (g.any_of([x[0] for x in p]),),
            z3.Z3_OP_NOT: lambda p: (-p[0][0],),
            z3.Z3_OP_IMPLIES: lambda p: (g.any_of([-p[0][0], p[1][0]]),),
            z3.Z3_OP_XOR: lambda p: (reduce(g.differ, [x[0] for x in p]),),
            z3.Z3_OP_ITE: lambda p: tuple(
                g.choice(p[0][0], a, b) for a, b in zip(p[1], p[2], strict=True)
            ),
        }

    def _orders(self) -> dict[int, Built]:
        w = self._words
        return {
            z3.Z3_OP_EQ: lambda p: (w.equal(*p),),
            z3.Z3_OP_DISTINCT: lambda p: (
                self.gates.all_of([-w.equal(a, b) for a, b in combinations(p, 2)]),
            ),
            z3.Z3_OP_ULEQ: lambda p: (w.at_most(p[0], p[1]),),
            z3.Z3_OP_UGEQ: lambda p: (w.at_most(p[1], p[0]),),
            z3.Z3_OP_ULT: lambda p: (-w.at_most(p[1], p[0]),),
            z3.Z3_OP_UGT: lambda p: (-w.at_most(p[0], p[1]),),
        }

    def _arithmetic(self) -> dict[int, Built]:
        w, g = self._words, self.gates
        return {
            z3.Z3_OP_BADD: lambda p: reduce(w.sum, p),
            z3.Z3_OP_BSUB: lambda p: reduce(w.difference, p),
            z3.Z3_OP_BMUL: lambda p: reduce(w.product, p),
            z3.Z3_OP_BNOT: lambda p: tuple(-x for x in p[0]),
            z3.Z3_OP_BAND: lambda p: tuple(map(g.all_of, zip(*p, strict=True))),
            z3.Z3_OP_BOR: lambda p: tuple(map(g.any_of, zip(*p, strict=True))),
            z3.Z3_OP_CONCAT: lambda p: tuple(x for part in reversed(p) for x in part),
        }


def _width(sort: Any) -> int:
    """Return the bits that a value of a sort needs."""
    if isinstance(sort, z3.DatatypeSortRef):
        return max(1, int(sort.num_constructors() - 1).bit_length())
    return int(sort.size()) if isinstance(sort, z3.BitVecSortRef) else 1
