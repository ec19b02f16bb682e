"""The concrete evaluator: a walker that turns terms into one straight-line Python function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import z3

from model.errors import RuleError

Values = Sequence[int]


class Evaluator:
    """Terms compiled to Python; equal subterms are computed once.

    ``evaluator(values)`` takes the values of `inputs` in order (enumerations by index, flags
    as 0 and 1, numbers as integers) and returns the values of the terms in order.
    """

    def __init__(self, terms: Iterable[z3.ExprRef], inputs: Sequence[str]) -> None:
        self.terms = tuple(terms)
        self.inputs = tuple(inputs)
        code = _Code({name: k for k, name in enumerate(self.inputs)})
        results = [code.visit(t) for t in self.terms]
        source = "\n ".join(
            ["def run(v):", *code.lines, f"return ({''.join(r + ',' for r in results)})"]
        )
        space: dict[str, Any] = {}
        exec(compile(source, "<terms>", "exec"), space)
        self._run: Callable[[Values], tuple[int, ...]] = space["run"]

    def __call__(self, values: Values) -> tuple[int, ...]:
        """Return the values of the terms."""
        return self._run(values)


class _Code:
    """Three-address code of terms, one line for each subterm that is not trivial."""

    def __init__(self, position: dict[str, int]) -> None:
        self.position = position
        self.lines: list[str] = []
        self._names: dict[int, str] = {}
        self._alive: list[z3.ExprRef] = []  # get_id() may be reused after collection

    def visit(self, t: z3.ExprRef) -> str:
        """Return the expression or name that holds the value of `t`."""
        key = t.get_id()
        if key not in self._names:
            text = self._emit(t)
            self._alive.append(t)
            self._names[key] = (
                text if text.isidentifier() or t.num_args() == 0 else self._store(text)
            )
        return self._names[key]

    def _store(self, text: str) -> str:
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def _emit(self, t: z3.ExprRef) -> str:
        kind = t.decl().kind()
        if kind == z3.Z3_OP_UNINTERPRETED and t.num_args() == 0:
            return self._input(t.decl().name())
        if kind in _CONSTANTS:
            return _CONSTANTS[kind](t)
        args = [self.visit(a) for a in t.children()]
        if kind in _OPERATORS:
            return _OPERATORS[kind](t, args)
        raise RuleError(f"the evaluator has no case for {t.decl().name()!r} in {t.sexpr()[:80]}")

    def _input(self, name: str) -> str:
        if name not in self.position:
            raise RuleError(f"{name!r} is no input of this term", remedy="declare the field")
        return f"v[{self.position[name]}]"


def constructor_index(decl: z3.FuncDeclRef) -> int:
    """Return the index of an enumeration constant in its sort."""
    return _constructors(decl.range())[decl.name()]


@cache
def _constructors(sort: z3.DatatypeSortRef) -> dict[str, int]:
    return {sort.constructor(k).name(): k for k in range(sort.num_constructors())}


def _recognised(t: z3.ExprRef) -> int:
    return constructor_index(t.decl().params()[0])


def _mask(t: z3.ExprRef) -> int:
    return int((1 << t.size()) - 1)


def _joined(word: str, nothing: str = "") -> Callable[[z3.ExprRef, list[str]], str]:
    return lambda _t, args: "(" + (f" {word} ".join(args) or nothing) + ")"


def _extract(t: z3.ExprRef, args: list[str]) -> str:
    high, low = t.params()
    return f"({args[0]} >> {low} & {(1 << (high - low + 1)) - 1})"


def _concat(t: z3.ExprRef, args: list[str]) -> str:
    text = args[0]
    for child, arg in zip(t.children()[1:], args[1:], strict=True):
        text = f"({text} << {child.size()} | {arg})"
    return text


def _modular(sign: str) -> Callable[[z3.ExprRef, list[str]], str]:
    return lambda t, args: "((" + f" {sign} ".join(args) + f") & {_mask(t)})"


def _at_least(t: z3.ExprRef, args: list[str]) -> str:
    return f"(({' + '.join(f'bool({a})' for a in args)}) >= {t.params()[0]})"


def _at_most(t: z3.ExprRef, args: list[str]) -> str:
    return f"(({' + '.join(f'bool({a})' for a in args)}) <= {t.params()[0]})"


_CONSTANTS: dict[int, Callable[[z3.ExprRef], str]] = {
    z3.Z3_OP_TRUE: lambda t: "True",
    z3.Z3_OP_FALSE: lambda t: "False",
    z3.Z3_OP_BNUM: lambda t: str(t.as_long()),
    z3.Z3_OP_DT_CONSTRUCTOR: lambda t: str(constructor_index(t.decl())),
}

_OPERATORS: dict[int, Callable[[z3.ExprRef, list[str]], str]] = {
    z3.Z3_OP_AND: _joined("and", "True"),
    z3.Z3_OP_OR: _joined("or", "False"),
    z3.Z3_OP_NOT: lambda t, a: f"(not {a[0]})",
    z3.Z3_OP_EQ: _joined("=="),
    z3.Z3_OP_XOR: _joined("!="),
    z3.Z3_OP_DISTINCT: lambda t, a: f"(len({{{', '.join(a)}}}) == {len(a)})",
    z3.Z3_OP_IMPLIES: lambda t, a: f"(not {a[0]} or {a[1]})",
    z3.Z3_OP_ITE: lambda t, a: f"({a[1]} if {a[0]} else {a[2]})",
    z3.Z3_OP_DT_IS: lambda t, a: f"({a[0]} == {_recognised(t)})",
    z3.Z3_OP_DT_RECOGNISER: lambda t, a: f"({a[0]} == {_recognised(t)})",
    z3.Z3_OP_ULEQ: _joined("<="),
    z3.Z3_OP_ULT: _joined("<"),
    z3.Z3_OP_UGEQ: _joined(">="),
    z3.Z3_OP_UGT: _joined(">"),
    z3.Z3_OP_BADD: _modular("+"),
    z3.Z3_OP_BSUB: _modular("-"),
    z3.Z3_OP_BMUL: _modular("*"),
    z3.Z3_OP_BAND: _joined("&"),
    z3.Z3_OP_BOR: _joined("|"),
    z3.Z3_OP_BNOT: lambda t, a: f"({_mask(t)} & ~{a[0]})",
    z3.Z3_OP_EXTRACT: _extract,
    z3.Z3_OP_CONCAT: _concat,
    z3.Z3_OP_PB_AT_LEAST: _at_least,
    z3.Z3_OP_PB_AT_MOST: _at_most,
}


def knows(t: z3.ExprRef) -> bool:
    """Return whether the evaluator has a case for the operator of a term."""
    kind = t.decl().kind()
    leaf = kind == z3.Z3_OP_UNINTERPRETED and not t.num_args()
    return leaf or kind in _CONSTANTS or kind in _OPERATORS
