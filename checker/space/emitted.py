"""Instructions of a program as machine code, emitted where they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from checker.space.branches import Branch, Guarded, conjuncts, tree
from checker.space.lowered import Lowered
from checker.space.program import Ref

I64, BIT = ir.IntType(64), ir.IntType(1)
POINTER = I64.as_pointer()
Scope = dict[Ref, Any]


class Code:
    """Emits instructions of a program where a scope does not have them yet."""

    def __init__(self, lowered: Lowered, builder: ir.IRBuilder) -> None:
        self.program, self.builder = lowered.program, builder

    def value(self, ref: Ref, scope: Scope) -> Any:
        """Return the value of an instruction as 64 bits."""
        waiting = [ref]
        while waiting:
            top = waiting[-1]
            missing = [a for a in self.program.instructions[top].args if a not in scope]
            if missing and top not in scope:
                waiting += missing
                continue
            waiting.pop()
            if top not in scope:
                scope[top] = self._emit(top, scope)
        return scope[ref]

    def flag(self, ref: Ref, scope: Scope) -> Any:
        """Return a flag as a bit to branch on."""
        return self.builder.trunc(self.value(ref, scope), BIT)

    def _emit(self, ref: Ref, scope: Scope) -> Any:
        instruction = self.program.instructions[ref]
        args = [scope[a] for a in instruction.args]
        if instruction.op == "const":
            return I64(int(instruction.data))
        return _EMIT[instruction.op](self.builder, *args)


def _compared(operator: str) -> Callable[..., Any]:
    return lambda b, x, y: b.zext(b.icmp_unsigned(operator, x, y), I64)


_EMIT: dict[str, Callable[..., Any]] = {
    "and": lambda b, x, y: b.and_(x, y),
    "or": lambda b, x, y: b.or_(x, y),
    "xor": lambda b, x, y: b.xor(x, y),
    "not": lambda b, x: b.xor(x, I64(1)),
    "eq": _compared("=="),
    "ult": _compared("<"),
    "ule": _compared("<="),
    "ite": lambda b, c, x, y: b.select(b.trunc(c, BIT), x, y),
    "add": lambda b, x, y: b.add(x, y),
    "sub": lambda b, x, y: b.sub(x, y),
    "mul": lambda b, x, y: b.mul(x, y),
    "shl": lambda b, x, y: b.shl(x, y),
    "shr": lambda b, x, y: b.lshr(x, y),
}


def branched(
    code: Code, guards: Sequence[Ref], scope: Scope, what: Callable[[int, Scope], None]
) -> None:
    """Emit something for each guard, by its position, where it holds: what several ask is asked
    once."""
    flags = [Guarded(conjuncts(code.program, g), n) for n, g in enumerate(guards)]
    _branch(code, tree(flags), scope, what)


def _branch(code: Code, branch: Branch, scope: Scope, what: Callable[[int, Scope], None]) -> None:
    for n in branch.done:
        what(n, dict(scope))
    for inner in branch.within:
        assert inner.flag is not None
        with code.builder.if_then(code.flag(inner.flag, scope)):
            _branch(code, inner, dict(scope), what)


class counting:
    """A loop in the code from 0 to a number less one, as a context."""

    def __init__(self, builder: ir.IRBuilder, function: Any, many: Any) -> None:
        self.builder, self.many = builder, many
        self.body = function.append_basic_block("row")
        self.after = function.append_basic_block("rows_done")

    def __enter__(self) -> Any:
        b = self.builder
        before = b.block
        b.cbranch(b.icmp_unsigned("!=", self.many, I64(0)), self.body, self.after)
        b.position_at_end(self.body)
        self.at = b.phi(I64)
        self.at.add_incoming(I64(0), before)
        return self.at

    def __exit__(self, *_: object) -> None:
        b = self.builder
        following = b.add(self.at, I64(1))
        self.at.add_incoming(following, b.block)
        b.cbranch(b.icmp_unsigned("<", following, self.many), self.body, self.after)
        b.position_at_end(self.after)
