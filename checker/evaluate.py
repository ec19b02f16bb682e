"""The concrete evaluator: a walker that turns terms into one straight-line Python function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import Any

import z3

from model.errors import RuleError
from model.handles import arguments, identity, name, operator

Values = Sequence[int]
Evaluation = Callable[[Values], tuple[int, ...]]


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
        self._run: Evaluation = space["run"]

    def __call__(self, values: Values) -> tuple[int, ...]:
        """Return the values of the terms."""
        return self._run(values)


class Deferred:
    """The same, compiled when it is first called: much of a ruleset never is at a small scope."""

    def __init__(self, terms: Iterable[z3.ExprRef], inputs: Sequence[str]) -> None:
        self.terms, self.inputs = tuple(terms), tuple(inputs)

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(self.terms, self.inputs)

    def __call__(self, values: Values) -> tuple[int, ...]:
        """Return the values of the terms; RuleError where one cannot be compiled."""
        return self._evaluator(values)


class _Code:
    """Three-address code of terms, one line for each subterm that is not trivial."""

    def __init__(self, position: dict[str, int]) -> None:
        self.position = position
        self.lines: list[str] = []
        self._names: dict[int, str] = {}

    def visit(self, t: z3.ExprRef) -> str:
        """Return the expression or name that holds the value of `t`, which has to be kept."""
        return self._visit(t.ctx, t.ctx_ref(), t.as_ast())

    def _visit(self, context: Any, ref: Any, handle: Any) -> str:
        key = identity(ref, handle)
        if key not in self._names:
            args = [self._visit(context, ref, a) for a in arguments(ref, handle)]
            text = self._emit(context, ref, handle, args)
            self._names[key] = text if text.isidentifier() or not args else self._store(text)
        return self._names[key]

    def _store(self, text: str) -> str:
        stored = f"t{len(self.lines)}"
        self.lines.append(f"{stored} = {text}")
        return stored

    def _emit(self, context: Any, ref: Any, handle: Any, args: list[str]) -> str:
        kind = operator(ref, handle)
        if kind == z3.Z3_OP_UNINTERPRETED and not args:
            return self._input(name(ref, handle))
        if kind in _PLAIN:
            return _PLAIN[kind](args)
        t = z3.z3._to_expr_ref(handle, context)
        if kind in _CONSTANTS:
            return _CONSTANTS[kind](t)
        if kind in _OPERATORS:
            return _OPERATORS[kind](t, args)
        raise RuleError(f"the evaluator has no case for {t.decl().name()!r} in {t.sexpr()[:80]}")

    def _input(self, label: str) -> str:
        if label not in self.position:
            raise RuleError(f"{label!r} is no input of this term", remedy="declare the field")
        return f"v[{self.position[label]}]"


def constructor_index(decl: z3.FuncDeclRef) -> int:
    """Return the index of an enumeration constant in its sort."""
    return constructors(decl.range())[decl.name()]


@cache
def constructors(sort: z3.DatatypeSortRef) -> dict[str, int]:
    """Return the index of each enumeration constant of a sort by its name."""
    return {sort.constructor(k).name(): k for k in range(sort.num_constructors())}


def recognised(t: z3.ExprRef) -> int:
    """Return the index of the enumeration constant that a recogniser looks for."""
    return constructor_index(t.decl().params()[0])


def _mask(t: z3.ExprRef) -> int:
    return int((1 << t.size()) - 1)


def _joined(word: str, nothing: str = "") -> Callable[[list[str]], str]:
    return lambda args: "(" + (f" {word} ".join(args) or nothing) + ")"


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
    z3.Z3_OP_BNUM: lambda t: str(t.as_long()),
    z3.Z3_OP_DT_CONSTRUCTOR: lambda t: str(constructor_index(t.decl())),
}

_PLAIN: dict[int, Callable[[list[str]], str]] = {
    z3.Z3_OP_TRUE: lambda a: "True",
    z3.Z3_OP_FALSE: lambda a: "False",
    z3.Z3_OP_AND: _joined("and", "True"),
    z3.Z3_OP_OR: _joined("or", "False"),
    z3.Z3_OP_NOT: lambda a: f"(not {a[0]})",
    z3.Z3_OP_EQ: _joined("=="),
    z3.Z3_OP_XOR: _joined("!="),
    z3.Z3_OP_DISTINCT: lambda a: f"(len({{{', '.join(a)}}}) == {len(a)})",
    z3.Z3_OP_IMPLIES: lambda a: f"(not {a[0]} or {a[1]})",
    z3.Z3_OP_ITE: lambda a: f"({a[1]} if {a[0]} else {a[2]})",
    z3.Z3_OP_ULEQ: _joined("<="),
    z3.Z3_OP_ULT: _joined("<"),
    z3.Z3_OP_UGEQ: _joined(">="),
    z3.Z3_OP_UGT: _joined(">"),
    z3.Z3_OP_BAND: _joined("&"),
    z3.Z3_OP_BOR: _joined("|"),
}

_OPERATORS: dict[int, Callable[[z3.ExprRef, list[str]], str]] = {
    z3.Z3_OP_DT_IS: lambda t, a: f"({a[0]} == {recognised(t)})",
    z3.Z3_OP_DT_RECOGNISER: lambda t, a: f"({a[0]} == {recognised(t)})",
    z3.Z3_OP_BADD: _modular("+"),
    z3.Z3_OP_BSUB: _modular("-"),
    z3.Z3_OP_BMUL: _modular("*"),
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
    return leaf or any(kind in table for table in (_PLAIN, _CONSTANTS, _OPERATORS))
