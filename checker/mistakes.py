"""Mistakes of a rule's author in words: what Python and Z3 say, and what they do not say."""

from __future__ import annotations

from enum import EnumMeta
from typing import Any

import z3

from model import predicates, vocabulary
from model.errors import RuleError
from model.rule import nearest
from model.vocabulary import FIELDS

ORDER = ("<", "<=", ">", ">=")
PRECEDENCE = (
    "`&` and `|` bind more tightly than a comparison",
    "put the comparison in parentheses, as in o.C & (bu.alternate != NONE)",
)
Wrong = tuple[str, str] | None


def kind_of(value: Any) -> str:
    """Return the kind of a value in words."""
    if z3.is_bool(value) or isinstance(value, bool):
        return "a truth value"
    if not z3.is_expr(value):
        return "nothing (None)" if value is None else f"{type(value).__name__} {value!r}"[:60]
    if value.sort().kind() == z3.Z3_DATATYPE_SORT:
        return f"of the domain {value.sort().name()}"
    field = FIELDS.get(value.decl().name()) if z3.is_const(value) else None
    return f"a number ({field.domain.name})" if field else "a number"


def wrong_join(sign: str, left: Any, right: Any, loose: bool) -> Wrong:
    """Return what is wrong with `left & right`, or None."""
    for side in (left, right):
        if not z3.is_bool(side) and not isinstance(side, bool):
            if loose:
                return PRECEDENCE
            return f"`{sign}` joins truth values, and one side is {kind_of(side)}", "compare it"
    if isinstance(left, bool):
        return f"`{sign}` has Python's {left} at its left", "take it out, or write z3.BoolVal"
    return None


def wrong_comparison(sign: str, left: Any, right: Any, loose: bool) -> Wrong:
    """Return what is wrong with a comparison of two values, or None."""
    if loose:
        return PRECEDENCE
    term, other = (left, right) if z3.is_expr(left) else (right, left)
    if sign in ORDER:
        return _ordered(sign, term)
    if z3.is_bv(term):
        return _with_number(term, other)
    truths = z3.is_bool(term) and (z3.is_bool(other) or isinstance(other, bool))
    alike = z3.is_expr(other) and term.sort().eq(other.sort())
    return None if truths or alike else _unlike(term, other)


def _ordered(sign: str, term: Any) -> Wrong:
    if z3.is_bv(term):
        return f"`{sign}` is signed in Z3", "write z3.ULT, z3.ULE, z3.UGT or z3.UGE"
    return f"`{sign}` compares what has no order", "use == or !="


def _with_number(term: Any, other: Any) -> Wrong:
    if z3.is_expr(other):
        fits = z3.is_bv(other) and term.size() == other.size()
        return None if fits else _unlike(term, other)
    if not isinstance(other, int) or isinstance(other, bool):
        return _unlike(term, other)
    largest = (1 << term.size()) - 1
    return None if 0 <= other <= largest else (f"{other} is out of range", f"use 0 to {largest}")


def _unlike(term: Any, other: Any) -> Wrong:
    what = f"one side is {kind_of(term)}, the other {kind_of(other)}"
    if z3.is_bool(term):
        return what, "write the field alone, or ~ before it"
    if term.sort().kind() != z3.Z3_DATATYPE_SORT:
        return what, "compare like with like"
    sort = term.sort()
    values = [sort.constructor(k).name() for k in range(sort.num_constructors())]
    return what, f"use one of {', '.join(values)}"


def explain(bad: BaseException) -> RuleError:
    """Return what an exception in a rule file says, without its place."""
    if isinstance(bad, NameError):
        return _name(bad.name or "")
    if isinstance(bad, AttributeError) and isinstance(bad.obj, EnumMeta):
        what = f"{bad.obj.__name__} has no {bad.name!r}"
        return RuleError(what, remedy=nearest(bad.name or "", bad.obj.__members__))
    if isinstance(bad, z3.Z3Exception):
        return _solver(bad)
    if isinstance(bad, ImportError):
        return RuleError(str(bad).partition(" (")[0], remedy="correct the import")
    return RuleError(f"{type(bad).__name__}: {_line(bad)}", remedy="correct the line")


def _solver(bad: z3.Z3Exception) -> RuleError:
    if "Symbolic expressions cannot" in str(bad):
        remedy = "write z3.And, z3.Or, & | ~ instead of all, any, and, or, not"
        return RuleError("Python asks for the truth of a term", remedy=remedy)
    return RuleError(f"Z3 says: {_line(bad)}", remedy="join and compare values of the same kind")


def _name(name: str) -> RuleError:
    for module in (vocabulary, predicates):
        if hasattr(module, name):
            remedy = f"import it from {module.__name__}"
            return RuleError(f"the name {name} is not defined", remedy=remedy)
    known = [n for m in (vocabulary, predicates) for n in vars(m) if not n.startswith("_")]
    found = nearest(name, known)
    remedy = found if found.startswith("did") else "define or import it"
    return RuleError(f"the name {name} is not defined", remedy=remedy)


def _line(bad: BaseException) -> str:
    """Return the first line of a message, short."""
    text = bad.value if isinstance(bad, z3.Z3Exception) else str(bad)
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    lines = str(text).strip().splitlines() or ["no more is known"]
    return lines[0][:200]
