"""Expressions in C, and in Promela, which differs in how it chooses and names the state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from checker.export.expressions import Expr
from checker.export.flat import DECIDED, STATE
from checker.export.naming import Naming
from model.errors import RuleError

MOST_BITS = 31  # of an int that is never negative


@dataclass(frozen=True)
class CNotation:
    """Writes an operator; `state` stands before a variable, `choice` between flag and values."""

    names: Naming
    state: str = "now."
    choice: str = "?"

    def __call__(self, e: Expr, args: Sequence[str]) -> str:
        """Return the text of an operator with written arguments."""
        if e.sort.bits > MOST_BITS:
            raise RuleError(f"a number of {e.sort.bits} bits is too long for SPIN")
        if e.op == "name":
            role, label = e.data
            return {STATE: self.state, DECIDED: "d->"}.get(role, "") + self.names(label)
        if e.op == "const":
            return self.names(e.sort.values[e.data]) if e.sort.values else str(e.data)
        if e.op == "ite":
            return f"({args[0]} {self.choice} {args[1]} : {args[2]})"
        return _OPERATORS[e.op](e, args)


PROMELA_CHOICE = "->"


def _joined(sign: str) -> Callable[[Any, Sequence[str]], str]:
    return lambda e, args: f"({f' {sign} '.join(args)})"


def _compared(sign: str, turned: str) -> Callable[[Expr, Sequence[str]], str]:
    """Compare, with a constant on the right."""
    return lambda e, args: (
        f"({args[0]} {sign} {args[1]})"
        if e.args[0].value is None
        else f"({args[1]} {turned} {args[0]})"
    )


def _modulo(sign: str) -> Callable[[Expr, Sequence[str]], str]:
    return lambda e, args: f"(({args[0]} {sign} {args[1]}) & {(1 << e.sort.bits) - 1})"


def _extract(e: Expr, args: Sequence[str]) -> str:
    low, mask = e.data[1], (1 << e.sort.bits) - 1
    return f"(({args[0]} >> {low}) & {mask})" if low else f"({args[0]} & {mask})"


_OPERATORS: dict[str, Callable[[Expr, Sequence[str]], str]] = {
    "and": _joined("&&"),
    "or": _joined("||"),
    "not": lambda e, args: f"!{args[0]}",
    "eq": _joined("=="),
    "ne": _joined("!="),
    "ult": _compared("<", ">"),
    "ule": _compared("<=", ">="),
    "add": _modulo("+"),
    "sub": _modulo("-"),
    "mul": _modulo("*"),
    "bitand": _joined("&"),
    "bitor": _joined("|"),
    "extract": _extract,
    "concat": lambda e, args: f"(({args[0]} << {e.args[1].sort.bits}) | {args[1]})",
    "atleast": lambda e, args: f"(({' + '.join(args)}) >= {e.data})",
}
