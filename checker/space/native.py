"""Lowered systems as machine code: functions that are called by address.

`successors(state, out, room, tables, failed)` writes, for each transition out of a state, its
words and its position, and returns how many there are; or it stops and returns MISSING (a table
has no row for the key that it writes to `failed`, after the number of the lookup), CROWDED (the
room, in transitions, is too small), UNFIT (a value does not fit its variable; the number of the
transition is in `failed`) or FORGET (there is no room for what is remembered of tables).

`judged(state)` returns bit k for the k-th property that must always hold and does not, and bit
32 + k for the k-th that may hold and does.

`orbit(state)` returns how many states it stands for; with renamings that is the number of its
images under them, and the states that `successors` writes are the least of their images.

`failed` is the scratch of a thread, in which it remembers what the rows of tables do to states;
zeros at first.

`ahead(state, scratch, many)` notes hashes of what is remembered of a state behind so many, and
returns how many there are then; `nearer(scratch, _, many)` asks for what is remembered for them.

`images(state, out)` writes its images under the renamings but the one that renames nothing.

`tables` has four numbers for each lookup: the addresses of its slots, keys and rows, and the
number of slots less one (a power of two).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from llvmlite import binding as llvm
from llvmlite import ir

from checker.space.ahead import Ahead, nearer
from checker.space.emitted import I64, POINTER, Code, Scope
from checker.space.filling import Filling, name_of
from checker.space.lowered import Lowered
from checker.space.remembered import Memories
from checker.space.successors import Successors

CAREFUL, QUICK = 2, 0  # of the choice of instructions: for what runs often, and seldom


class Native:
    """The functions of a lowered system, compiled; they live as long as this object."""

    def __init__(self, lowered: Lowered) -> None:
        memories = Memories(lowered)
        self.scratch = memories.scratch
        self._seldom, fills = _fills(lowered, memories)
        module = ir.Module(name="transitions")
        far = _write(module, lowered, memories, fills)
        self._engine = _compiled(module, CAREFUL)
        self.successors, self.judged = self._at("successors"), self._at("judged")
        self.orbit, self.images = self._at("orbit"), np.uint64(self._at("images"))
        self.least = self._at("least") if lowered.least else 0
        self.ahead, self.nearer = (self._at(f) if far else 0 for f in ("ahead", "nearer"))

    def _at(self, function: str) -> int:
        return int(self._engine.get_function_address(function))


def _compiled(module: ir.Module, effort: int) -> Any:
    """Return an engine with the code of a module.

    There are no passes over the code: the instructions are reduced already, and passes were seen
    to take three times as long as the rest and to gain nothing.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    parsed = llvm.parse_assembly(str(module))
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), opt=effort
    )
    engine = llvm.create_mcjit_compiler(parsed, target)
    engine.finalize_object()
    return engine


def _fills(lowered: Lowered, memories: Memories) -> tuple[Any, dict[str, int]]:
    """Return the functions that fill records, by address, and the engine that has their code.

    They are most of the code, and run once for each record.
    """
    module = ir.Module(name="records")
    filling = Filling(module, lowered, memories.scratch)
    for memory in memories.records.values():
        filling.write(memory)
    engine, names = _compiled(module, QUICK), map(name_of, memories.records.values())
    return engine, {name: int(engine.get_function_address(name)) for name in names}


def _write(
    module: ir.Module, lowered: Lowered, memories: Memories, fills: Mapping[str, int]
) -> bool:
    """Write all functions but those; return whether records are worth being asked for."""
    Successors(module, lowered, memories, fills, _least(module, lowered)).write()
    _judged(module, lowered)
    _orbit(module, lowered)
    _images(module, lowered)
    far = [memory for memory in memories.records.values() if memory.many]
    Ahead(module, lowered, memories.scratch, far).write()
    nearer(module, memories.scratch)
    return bool(far)


def _of_state(module: ir.Module, lowered: Lowered, name: str) -> tuple[Any, Code, Scope]:
    """Begin a function of a state: return where it is, and what emits into it from its words."""
    function = ir.Function(module, ir.FunctionType(I64, [POINTER]), name)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    words, state = lowered.word_inputs, function.args[0]
    scope = {ref: b.load(b.gep(state, [I64(k)])) for k, ref in enumerate(words)}
    return function, Code(lowered, b), scope


def _least(module: ir.Module, lowered: Lowered) -> Any:
    """Write what puts the least image of a state in its place; None without renamings."""
    if not lowered.least:
        return None
    function, code, scope = _of_state(module, lowered, "least")
    values = [code.value(ref, scope) for ref in lowered.least]
    for k, value in enumerate(values):
        code.builder.store(value, code.builder.gep(function.args[0], [I64(k)]))
    code.builder.ret(I64(0))
    return function


def _orbit(module: ir.Module, lowered: Lowered) -> None:
    _, code, scope = _of_state(module, lowered, "orbit")
    code.builder.ret(code.value(lowered.orbit, scope))


def _judged(module: ir.Module, lowered: Lowered) -> None:
    _, code, scope = _of_state(module, lowered, "judged")
    b, result = code.builder, I64(0)
    for k, term in enumerate(lowered.always):
        bad = b.xor(code.value(term, scope), I64(1))
        result = b.or_(result, b.shl(bad, I64(k)))
    for k, term in enumerate(lowered.sometimes):
        result = b.or_(result, b.shl(code.value(term, scope), I64(32 + k)))
    b.ret(result)


def _images(module: ir.Module, lowered: Lowered) -> None:
    """Write the function that writes the other images of a state; further arguments are unused."""
    kind = ir.FunctionType(I64, [POINTER, POINTER, I64, POINTER, POINTER])
    function = ir.Function(module, kind, "images")
    b = ir.IRBuilder(function.append_basic_block("entry"))
    code, words = Code(lowered, b), lowered.word_inputs
    state, out = function.args[:2]
    scope: Scope = {ref: b.load(b.gep(state, [I64(k)])) for k, ref in enumerate(words)}
    for n, ref in enumerate(ref for image in lowered.images for ref in image):
        b.store(code.value(ref, scope), b.gep(out, [I64(n)]))
    b.ret(I64(0))
