"""Random terms with every operator that the evaluator and the circuits know."""

from __future__ import annotations

from functools import cache
from typing import Any

import z3
from hypothesis import strategies as st

from model.vocabulary import Effect

FLAGS = z3.Bools("p q r")
EFFECTS = z3.Consts("d e", Effect.sort)
NUMBERS = z3.BitVecs("x y", 8)
CONSTS = {c.decl().name(): c for c in (*FLAGS, *EFFECTS, *NUMBERS)}
INPUTS = list(CONSTS)
VALUES = st.fixed_dictionaries(
    {n: st.integers(0, 1) for n in "pqr"}
    | {n: st.integers(0, Effect.size() - 1) for n in "de"}
    | {n: st.one_of(st.integers(0, 3), st.integers(0, 255)) for n in "xy"}
)


def recognised(k: int, term: Any) -> Any:
    """The term: an enumeration has its value k."""
    return Effect.sort.recognizer(k)(term)


def swapped(x: Any) -> Any:
    """The two halves of an octet, exchanged."""
    return z3.Concat(z3.Extract(3, 0, x), z3.Extract(7, 4, x))


# How to build a term: its sort, then for each builder the sorts of the arguments.
BUILDERS: dict[str, tuple[str, tuple[str, ...], Any]] = {
    "not": ("flag", ("flag",), z3.Not),
    "and": ("flag", ("flag", "flag", "flag"), z3.And),
    "or": ("flag", ("flag", "flag", "flag"), z3.Or),
    "and of one": ("flag", ("flag",), z3.And),
    "implies": ("flag", ("flag", "flag"), z3.Implies),
    "xor": ("flag", ("flag", "flag"), z3.Xor),
    "equal flags": ("flag", ("flag", "flag"), lambda a, b: a == b),
    "equal effects": ("flag", ("effect", "effect"), lambda a, b: a == b),
    "equal numbers": ("flag", ("number", "number"), lambda a, b: a == b),
    "distinct": ("flag", ("effect", "effect", "effect"), z3.Distinct),
    "distinct numbers": ("flag", ("number", "number", "number"), z3.Distinct),
    "is": ("flag", ("effect",), lambda e: recognised(2, e)),
    "at least": ("flag", ("flag", "flag", "flag"), lambda *a: z3.AtLeast(*a, 2)),
    "at most": ("flag", ("flag", "flag", "flag"), lambda *a: z3.AtMost(*a, 1)),
    "flag by case": ("flag", ("flag", "flag", "flag"), z3.If),
    "<=": ("flag", ("number", "number"), z3.ULE),
    "<": ("flag", ("number", "number"), z3.ULT),
    ">=": ("flag", ("number", "number"), z3.UGE),
    ">": ("flag", ("number", "number"), z3.UGT),
    "effect by case": ("effect", ("flag", "effect", "effect"), z3.If),
    "number by case": ("number", ("flag", "number", "number"), z3.If),
    "+": ("number", ("number", "number"), lambda a, b: a + b),
    "-": ("number", ("number", "number"), lambda a, b: a - b),
    "*": ("number", ("number", "number"), lambda a, b: a * b),
    "&": ("number", ("number", "number"), lambda a, b: a & b),
    "|": ("number", ("number", "number"), lambda a, b: a | b),
    "~": ("number", ("number",), lambda a: ~a),
    "swap": ("number", ("number",), swapped),
}
ATOMS: dict[str, list[Any]] = {
    "flag": [*FLAGS, z3.BoolVal(True), z3.BoolVal(False), z3.And([]), z3.Or([])],
    "effect": [*EFFECTS, Effect.keep, Effect.delete, Effect.home],
    "number": [*NUMBERS, z3.BitVecVal(0, 8), z3.BitVecVal(1, 8), z3.BitVecVal(255, 8)],
}


@cache
def shapes(sort: str, depth: int) -> st.SearchStrategy[Any]:
    """Terms of a sort as nested tuples (Hypothesis must not compare Z3 terms)."""
    leaf = st.integers(0, len(ATOMS[sort]) - 1)
    if depth == 0:
        return leaf
    nodes = [
        st.tuples(st.just(name), *(shapes(a, depth - 1) for a in arguments))
        for name, (of, arguments, _) in BUILDERS.items()
        if of == sort
    ]
    return st.one_of(leaf, *nodes)


def built(shape: Any, sort: str) -> Any:
    """The Z3 term of a shape."""
    if isinstance(shape, int):
        return ATOMS[sort][shape]
    _, arguments, build = BUILDERS[shape[0]]
    return build(*(built(s, a) for s, a in zip(shape[1:], arguments, strict=True)))


def sample(name: str) -> Any:
    """The simplest term of a builder."""
    _, arguments, build = BUILDERS[name]
    taken: dict[str, int] = {}
    chosen = []
    for a in arguments:
        taken[a] = taken.get(a, -1) + 1
        chosen.append(ATOMS[a][taken[a]])
    return build(*chosen)
