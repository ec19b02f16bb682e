"""Lowered systems as machine code: functions that are called by address.

`successors(state, out, room, tables, failed)` writes, for each transition out of a state, its
words and its position, and returns how many there are; or it stops and returns MISSING (a table
has no row for the key that it writes to `failed`, after the number of the lookup), CROWDED (the
room, in transitions, is too small) or UNFIT (a value does not fit its variable; the number of
the transition is in `failed`).

`judged(state)` returns bit k for the k-th property that must always hold and does not, and bit
32 + k for the k-th that may hold and does.

`orbit(state)` returns how many states it stands for; with renamings that is the number of its
images under them, and the states that `successors` writes are the least of their images.

`failed` has more room behind the key: `scratch` words in all, in which a thread remembers what it
found for the bits of a state that a key depends on; zeros at first.

`images(state, out)` writes its images under the renamings but the one that renames nothing.

`tables` has four numbers for each lookup: the addresses of its slots, keys and rows, and the
number of slots less one (a power of two).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding as llvm
from llvmlite import ir

from checker.space.branches import Branch, Guarded, conjuncts, tree
from checker.space.lowered import Lookup, Lowered
from checker.space.program import Ref
from checker.space.remembered import memories, told
from checker.space.support import depending
from checker.space.tables import COUNT_BITS, MIX

MISSING, CROWDED, UNFIT = -1, -2, -3
I64, BIT = ir.IntType(64), ir.IntType(1)
POINTER = I64.as_pointer()
Scope = dict[Ref, Any]


class Native:
    """The functions of a lowered system, compiled; they live as long as this object."""

    def __init__(self, lowered: Lowered) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        parsed = llvm.parse_assembly(str(_module(lowered)))
        # No passes over the code: the instructions are reduced already, and passes were seen
        # to take three times as long as the rest and to gain nothing.
        target = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), opt=2
        )
        self._engine = llvm.create_mcjit_compiler(parsed, target)
        self._engine.finalize_object()
        known = memories(lowered)
        self.told = told(lowered)
        self.scratch = known[-1].end if known else self.told
        self.successors = int(self._engine.get_function_address("successors"))
        self.judged = int(self._engine.get_function_address("judged"))
        self.orbit = int(self._engine.get_function_address("orbit"))
        self.least = int(self._engine.get_function_address("least")) if lowered.least else 0
        self.images = np.uint64(self._engine.get_function_address("images"))


def _module(lowered: Lowered) -> ir.Module:
    module = ir.Module(name="transitions")
    find = {n: _find(module, n) for n in {len(x.key) for x in lowered.lookups}}
    sought = [
        _sought(module, lowered, k, find[len(lookup.key)])
        for k, lookup in enumerate(lowered.lookups)
    ]
    _Successors(module, lowered, sought, _least(module, lowered)).write()
    _judged(module, lowered)
    _orbit(module, lowered)
    _images(module, lowered)
    return module


class _Code:
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


class _Successors:
    """Writes the function that tells the transitions out of a state."""

    def __init__(self, module: ir.Module, lowered: Lowered, sought: list[Any], least: Any) -> None:
        self.lowered, self.sought, self.least = lowered, sought, least
        self.memories = memories(lowered)
        self.slots: dict[int, Any] = {}  # by lookup: what was found in this state
        kind = ir.FunctionType(I64, [POINTER, POINTER, I64, POINTER, POINTER])
        self.function = ir.Function(module, kind, "successors")
        self.state, self.out, self.room, self.tables, self.failed = self.function.args
        for argument in self.function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.code = _Code(lowered, self.builder)
        self.stride = lowered.packing.words + 1

    def write(self) -> None:
        """Write the whole function."""
        b, words = self.builder, self.lowered.word_inputs
        self.count = b.alloca(I64)
        b.store(I64(0), self.count)
        scope = {ref: b.load(b.gep(self.state, [I64(k)])) for k, ref in enumerate(words)}
        groups = self._groups()
        asking = Counter(self.lowered.transitions[g[0]].lookup for g in groups)
        for k in (k for k, many in asking.items() if k is not None and many > 1):
            self.slots[k] = b.alloca(I64)
            b.store(I64(0), self.slots[k])
        guards = [self.lowered.transitions[g[0]].guard for g in groups]
        flags = [Guarded(conjuncts(self.code.program, g), n) for n, g in enumerate(guards)]
        self._branch(tree(flags), groups, scope)
        b.ret(b.load(self.count))

    def _groups(self) -> list[list[int]]:
        """Return the transitions with one guard and one lookup together: what they share is
        computed once, and there is one branch to be taken or not."""
        groups = dict[tuple[Ref, int | None], list[int]]()
        for k, t in enumerate(self.lowered.transitions):
            if self.code.program.value(t.guard) != 0:
                groups.setdefault((t.guard, t.lookup), []).append(k)
        return list(groups.values())

    def _branch(self, branch: Branch, groups: list[list[int]], scope: Scope) -> None:
        """Write what is done where the flags so far are set."""
        for n in branch.done:
            self._group(groups[n], dict(scope))
        for inner in branch.within:
            assert inner.flag is not None
            with self.builder.if_then(self.code.flag(inner.flag, scope)):
                self._branch(inner, groups, dict(scope))

    def _group(self, together: list[int], scope: Scope) -> None:
        lookup = self.lowered.transitions[together[0]].lookup
        if lookup is None:
            self._crowded(I64(len(together)))
            self._take(together, scope)
        else:
            self._rows(together, self._look(lookup, scope), scope)

    def _look(self, k: int, scope: Scope) -> Any:
        """Return what the table has for the key; where several ask, it is looked for once."""
        if k not in self.slots:
            return self._found(k, scope)
        b, slot = self.builder, self.slots[k]
        with b.if_then(b.icmp_unsigned("==", b.load(slot), I64(0))):
            b.store(self._found(k, scope), slot)
        return b.load(slot)

    def _found(self, k: int, scope: Scope) -> Any:
        """Return what was found for the same bits of a state before, or is found now."""
        b = self.builder
        words = [scope[ref] for ref in self.lowered.word_inputs]
        place = self.memories[k].place(b, self.failed, words)
        held, entry = place.held(b)
        before = b.block
        with b.if_then(b.not_(held), likely=False):
            sought = b.call(self.sought[k], [*words, self.tables, self.failed])
            with b.if_then(b.icmp_unsigned("==", sought, I64(0)), likely=False):
                b.ret(I64(MISSING))
            place.keep(b, sought)
            inside = b.block
        result = b.phi(I64)
        result.add_incoming(entry, before)
        result.add_incoming(sought, inside)
        return result

    def _rows(self, together: list[int], found: Any, scope: Scope) -> None:
        """Take transitions with one lookup, once for each row."""
        b, position = self.builder, self.lowered.transitions[together[0]].lookup
        assert position is not None
        lookup = self.lowered.lookups[position]
        many = b.and_(found, I64((1 << COUNT_BITS) - 1))
        self._crowded(b.mul(many, I64(len(together))))
        size = lookup.decided.words
        rows = b.inttoptr(b.load(b.gep(self.tables, [I64(4 * position + 2)])), POINTER)
        first = b.mul(b.lshr(found, I64(COUNT_BITS)), I64(size))
        self._before_rows(together, lookup, scope)
        with _counting(b, self.function, many) as at:
            place = b.add(first, b.mul(at, I64(size)))
            for n in range(size):
                word = self.lowered.program.input(f"{lookup.table.name} {n}", 1 << 64)
                scope[word] = b.load(b.gep(rows, [b.add(place, I64(n))]))
            self._take(together, scope)

    def _before_rows(self, together: list[int], lookup: Lookup, scope: Scope) -> None:
        """Work out what is the same for each row."""
        program = self.code.program
        after = depending(program, self.lowered.decisions(lookup))
        words = (self.lowered.transitions[k] for k in together)
        waiting, seen = [w for t in words for w in (*t.words, t.unfit)], set[Ref]()
        while waiting:
            ref = waiting.pop()
            if ref in seen:
                continue
            seen.add(ref)
            if ref in after:
                waiting += program.instructions[ref].args
            elif program.value(ref) is None:
                self.code.value(ref, scope)

    def _crowded(self, more: Any) -> None:
        b = self.builder
        full = b.icmp_unsigned(">", b.add(b.load(self.count), more), self.room)
        with b.if_then(full, likely=False):
            b.ret(I64(CROWDED))

    def _take(self, together: list[int], scope: Scope) -> None:
        """Write what follows from each of some transitions."""
        b = self.builder
        for k in together:
            self._fits(k, scope)
        count = b.load(self.count)
        place = b.gep(self.out, [b.mul(count, I64(self.stride))])
        for position, k in enumerate(together):
            words = [self.code.value(w, scope) for w in self.lowered.transitions[k].words]
            for n, value in enumerate([*words, I64(k)]):
                b.store(value, b.gep(place, [I64(position * self.stride + n)]))
            if self.least:
                b.call(self.least, [b.gep(place, [I64(position * self.stride)])])
        b.store(b.add(count, I64(len(together))), self.count)

    def _fits(self, k: int, scope: Scope) -> None:
        b, unfit = self.builder, self.lowered.transitions[k].unfit
        if self.code.program.value(unfit) != 0:
            with b.if_then(self.code.flag(unfit, scope), likely=False):
                b.store(I64(k), self.failed)
                b.ret(I64(UNFIT))


class _counting:
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


def _of_state(module: ir.Module, lowered: Lowered, name: str) -> tuple[Any, _Code, Scope]:
    """Begin a function of a state: return where it is, and what emits into it from its words."""
    function = ir.Function(module, ir.FunctionType(I64, [POINTER]), name)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    words, state = lowered.word_inputs, function.args[0]
    scope = {ref: b.load(b.gep(state, [I64(k)])) for k, ref in enumerate(words)}
    return function, _Code(lowered, b), scope


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
    code, words = _Code(lowered, b), lowered.word_inputs
    state, out = function.args[:2]
    scope: Scope = {ref: b.load(b.gep(state, [I64(k)])) for k, ref in enumerate(words)}
    for n, ref in enumerate(ref for image in lowered.images for ref in image):
        b.store(code.value(ref, scope), b.gep(out, [I64(n)]))
    b.ret(I64(0))


def _sought(module: ir.Module, lowered: Lowered, k: int, find: ir.Function) -> ir.Function:
    """Write the search for the key of a lookup in a state: its entry, or 0 with the key told."""
    many = len(lowered.word_inputs)
    kind = ir.FunctionType(I64, [*[I64] * many, POINTER, POINTER])
    function = ir.Function(module, kind, f"sought_{k}")
    b = ir.IRBuilder(function.append_basic_block("entry"))
    code, (*words, tables, failed) = _Code(lowered, b), function.args
    scope: Scope = dict(zip(lowered.word_inputs, words, strict=True))
    key = [code.value(ref, scope) for ref in lowered.lookups[k].key]
    base = [b.load(b.gep(tables, [I64(4 * k + n)])) for n in (0, 1, 3)]
    found = b.call(find, [*base, *key])
    with b.if_then(b.icmp_unsigned("==", found, I64(0)), likely=False):
        for n, value in enumerate([I64(k), *key]):
            b.store(value, b.gep(failed, [I64(n)]))
    b.ret(found)
    return function


def _find(module: ir.Module, words: int) -> ir.Function:
    """Write the search for a key of some words: what its slot has, 0 for an empty one."""
    kind = ir.FunctionType(I64, [I64] * (3 + words))
    function = ir.Function(module, kind, f"find_{words}")
    b = ir.IRBuilder(function.append_basic_block("entry"))
    slots, keys, mask, *key = function.args
    hashed = I64(0)
    for word in key:
        hashed = b.mul(b.xor(hashed, word), I64(MIX))
        hashed = b.xor(hashed, b.lshr(hashed, I64(29)))
    probe, other = (function.append_basic_block(n) for n in ("probe", "other"))
    compare, done = (function.append_basic_block(n) for n in ("compare", "done"))
    entry, start = b.block, b.and_(hashed, mask)
    b.branch(probe)
    b.position_at_end(probe)
    at = b.phi(I64)
    at.add_incoming(start, entry)
    found = b.load(b.gep(b.inttoptr(slots, POINTER), [at]))
    b.cbranch(b.icmp_unsigned("==", found, I64(0)), done, compare)
    b.position_at_end(compare)
    place, same = b.mul(at, I64(words)), BIT(1)
    for n, word in enumerate(key):
        held = b.load(b.gep(b.inttoptr(keys, POINTER), [b.add(place, I64(n))]))
        same = b.and_(same, b.icmp_unsigned("==", held, word))
    b.cbranch(same, done, other)
    b.position_at_end(other)
    at.add_incoming(b.and_(b.add(at, I64(1)), mask), other)
    b.branch(probe)
    b.position_at_end(done)
    b.ret(found)
    return function
