"""What asks for the records of states that are expanded soon, in machine code.

Records are found by a hash, so they are far away in memory; asked for some states ahead they
are there when they are read.  It is done in two passes, since the index has to be there first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from checker.space.emitted import I64, POINTER, Code, branched, counting
from checker.space.lowered import Lowered
from checker.space.remembered import HALF, Remembered, Scratch

I8P, I32 = ir.IntType(8).as_pointer(), ir.IntType(32)
KIND = ir.FunctionType(I64, [POINTER, POINTER, I64, I64, I64])


class Ahead:
    """Writes `ahead(state, scratch, many)`, which notes hashes behind so many: how many then."""

    def __init__(
        self, module: ir.Module, lowered: Lowered, scratch: Scratch, memories: Sequence[Remembered]
    ) -> None:
        self.lowered, self.scratch, self.memories = lowered, scratch, memories
        self.asked = _asking(module)
        self.function = ir.Function(module, KIND, "ahead")
        self.state, self.held, self.many, *_ = self.function.args
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.code = Code(lowered, self.builder)

    def write(self) -> None:
        """Write the whole function."""
        b, inputs = self.builder, self.lowered.word_inputs
        self.count = b.alloca(I64)
        b.store(self.many, self.count)
        self.words = [b.load(b.gep(self.state, [I64(k)])) for k in range(len(inputs))]
        guards = [self.lowered.transitions[m.effects.transitions[0]].guard for m in self.memories]
        scope = dict(zip(inputs, self.words, strict=True))
        branched(self.code, guards, scope, lambda n, _: self._ask(self.memories[n]))
        b.ret(b.load(self.count))

    def _ask(self, memory: Remembered) -> None:
        b, count = self.builder, self.builder.load(self.count)
        hashed = memory.hashed(b, memory.key(b, self.words))
        b.store(hashed, b.gep(self.held, [b.add(count, I64(self.scratch.ahead))]))
        b.store(b.add(count, I64(1)), self.count)
        _ask(b, self.asked, slot_of(b, self.held, self.scratch, hashed))


def nearer(module: ir.Module, scratch: Scratch) -> None:
    """Write `nearer(scratch, _, many)`, which asks for the records of the hashes noted."""
    asked = _asking(module)
    function = ir.Function(module, KIND, "nearer")
    held, _, many, *_ = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    with counting(b, function, many) as at:
        hashed = b.load(b.gep(held, [b.add(at, I64(scratch.ahead))]))
        slot = b.load(slot_of(b, held, scratch, hashed))
        record = b.add(b.and_(slot, I64((1 << HALF) - 1)), I64(scratch.records))
        _ask(b, asked, b.gep(held, [record]))
    b.ret(I64(0))


def slot_of(b: ir.IRBuilder, held: Any, scratch: Scratch, hashed: Any) -> Any:
    """Emit the address of the first slot of the index for a hash."""
    first = b.and_(hashed, I64(scratch.slots - 1))
    return b.gep(held, [b.add(first, I64(scratch.index))])


def _asking(module: ir.Module) -> Any:
    name = "llvm.prefetch.p0"
    if name in module.globals:
        return module.globals[name]
    return ir.Function(module, ir.FunctionType(ir.VoidType(), [I8P, I32, I32, I32]), name)


def _ask(b: ir.IRBuilder, asked: Any, address: Any) -> None:
    b.call(asked, [b.bitcast(address, I8P), *(I32(k) for k in (0, 3, 1))])  # read, keep, data
