"""How records of effects are filled, in machine code: what a thread does not remember yet."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from checker.space.emitted import BIT, I64, POINTER, Code, Scope, counting
from checker.space.lowered import Lowered
from checker.space.remembered import HALF, UNIT, Remembered, Scratch, keeping, probing
from checker.space.support import ALL
from checker.space.tables import COUNT_BITS, MIX

MISSING, CROWDED, UNFIT, FORGET = -1, -2, -3, -4


class Filling:
    """Writes, for each of some effects, the function that fills a record for a state.

    Such a function makes a record and returns its number, or what is wanting; its arguments are
    the words of the state, the tables, and the scratch.
    """

    def __init__(self, module: ir.Module, lowered: Lowered, scratch: Scratch) -> None:
        self.module, self.lowered, self.scratch = module, lowered, scratch
        self.find = {n: _find(module, n) for n in {len(x.key) for x in lowered.lookups}}
        self.keep, self.share = keeping(module, scratch), _sharing(module, scratch)

    def write(self, memory: Remembered) -> None:
        """Write the function for one of the effects."""
        function = ir.Function(self.module, filled_by(self.lowered), name_of(memory))
        _Record(self, memory, function).write()


def filled_by(lowered: Lowered) -> ir.FunctionType:
    """Return the type of a function that fills a record."""
    return ir.FunctionType(I64, [*[I64] * lowered.packing.words, POINTER, POINTER])


def name_of(memory: Remembered) -> str:
    """Return the name of the function that fills a record."""
    return f"fill_{memory.number}"


class _Record:
    """Writes the function that makes one kind of record."""

    def __init__(self, filling: Filling, memory: Remembered, function: ir.Function) -> None:
        self.filling, self.memory, self.function = filling, memory, function
        self.lowered, self.effects = filling.lowered, memory.effects
        *self.words, self.tables, self.held = function.args
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.code = Code(self.lowered, self.builder)
        self.scope: Scope = dict(zip(self.lowered.word_inputs, self.words, strict=True))

    def write(self) -> None:
        """Write the whole function."""
        b, memory = self.builder, self.memory
        found = self._sought()
        many = b.and_(found, I64((1 << COUNT_BITS) - 1))
        length = b.add(I64(1), b.mul(many, I64(self._size)))
        used = self._room(b.add(I64(memory.head + UNIT), length))
        number = b.add(used, I64(1))
        rows = b.add(number, I64(memory.head))
        self._rows(b.lshr(found, I64(COUNT_BITS)), many, self._at(rows))
        shared = b.call(self.filling.share, [self.held, rows, length])
        key = memory.key(b, self.words)
        for n, word in enumerate([memory.begun(b, many), *key]):
            b.store(word, b.gep(self._at(number), [I64(n)]))
        b.store(shared, b.gep(self._at(number), [I64(memory.head - 1)]))
        ends = b.select(b.icmp_unsigned("==", shared, rows), b.add(rows, length), rows)
        self._used(b.and_(b.add(ends, I64(UNIT - 2)), I64(ALL - UNIT + 1)))
        b.ret(b.call(self.filling.keep, [self.held, memory.hashed(b, key), number]))

    def _at(self, number: Any) -> Any:
        """Return the address of what has a number."""
        b, records = self.builder, self.filling.scratch.records
        return b.gep(self.held, [b.add(number, I64(records))])

    @property
    def _size(self) -> int:
        return len(self.memory.stored)

    def _sought(self) -> Any:
        """Return what the table has for the key of this state; end with the key told if none."""
        b, k = self.builder, self.effects.lookup
        key = [self.code.value(ref, self.scope) for ref in self.lowered.lookups[k].key]
        base = [b.load(b.gep(self.tables, [I64(4 * k + n)])) for n in (0, 1, 3)]
        found = b.call(self.filling.find[len(key)], [*base, *key])
        with b.if_then(b.icmp_unsigned("==", found, I64(0)), likely=False):
            for n, value in enumerate([I64(k), *key]):
                b.store(value, b.gep(self.held, [I64(n)]))
            b.ret(I64(MISSING))
        return found

    def _room(self, size: Any) -> Any:
        """Return how many words records use; end if one more, and its rows, are too many."""
        b, scratch = self.builder, self.filling.scratch
        used, records = (b.load(b.gep(self.held, [I64(scratch.used + n)])) for n in (0, 1))
        full = b.icmp_unsigned(">", b.add(used, size), I64(scratch.room))
        many = b.icmp_unsigned(">=", records, I64(scratch.slots // 2 - 1))
        with b.if_then(b.or_(full, many), likely=False):
            b.ret(I64(FORGET))
        b.store(b.add(records, I64(1)), b.gep(self.held, [I64(scratch.used + 1)]))
        return used

    def _used(self, used: Any) -> None:
        self.builder.store(used, self.builder.gep(self.held, [I64(self.filling.scratch.used)]))

    def _rows(self, first: Any, many: Any, begin: Any) -> None:
        """Write what each row puts and moves, and before them what they are."""
        b, k = self.builder, self.effects.lookup
        b.store(self.memory.rows_begun(b, many), begin)
        size = self.lowered.lookups[k].decided.words
        rows = b.inttoptr(b.load(b.gep(self.tables, [I64(4 * k + 2)])), POINTER)
        with counting(b, self.function, many) as at:
            scope, row = dict(self.scope), b.mul(b.add(first, at), I64(size))
            for n, word in enumerate(self.lowered.decisions(self.lowered.lookups[k])):
                scope[word] = b.load(b.gep(rows, [b.add(row, I64(n))]))
            self._fit(scope)
            place = b.add(I64(1), b.mul(at, I64(self._size)))
            for n, ref in enumerate(self.memory.stored):
                b.store(self.code.value(ref, scope), b.gep(begin, [b.add(place, I64(n))]))

    def _fit(self, scope: Scope) -> None:
        for k in self.effects.transitions:
            fitting(self.builder, self.code, self.lowered, k, scope, self.held)


def fitting(b: ir.IRBuilder, code: Code, lowered: Lowered, k: int, scope: Scope, held: Any) -> None:
    """Emit that a transition after which a value does not fit is told, and ends the function."""
    unfit = lowered.transitions[k].unfit
    if code.program.value(unfit) != 0:
        with b.if_then(code.flag(unfit, scope), likely=False):
            b.store(I64(k), held)
            b.ret(I64(UNFIT))


def _sharing(module: ir.Module, scratch: Scratch) -> ir.Function:
    """Write what finds the number of rows like those with a number, or puts them into the index."""
    function = ir.Function(module, ir.FunctionType(I64, [POINTER, I64, I64]), "share")
    held, rows, words = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    own = b.gep(held, [b.add(rows, I64(scratch.records))])
    hashed = _hashed(b, function, own, words)
    same = b.alloca(BIT)
    probe = probing(b, held, scratch, hashed)
    with probe as (slot, missing):
        with b.if_then(missing):
            b.store(b.or_(b.and_(hashed, I64(ALL << HALF & ALL)), rows), probe.address)
            count = b.gep(held, [I64(scratch.used + 1)])
            b.store(b.add(b.load(count), I64(1)), count)
            b.ret(rows)
        other = b.and_(slot, I64((1 << HALF) - 1))
        begin = b.gep(held, [b.add(other, I64(scratch.records))])
        b.store(b.icmp_unsigned("<", b.xor(slot, hashed), I64(1 << HALF)), same)
        with b.if_then(b.load(same)):
            with counting(b, function, words) as at:
                alike = b.icmp_unsigned("==", b.load(b.gep(own, [at])), b.load(b.gep(begin, [at])))
                b.store(b.and_(b.load(same), alike), same)
            with b.if_then(b.load(same)):
                b.ret(other)
    return function


def _hashed(b: ir.IRBuilder, function: ir.Function, begin: Any, words: Any) -> Any:
    """Emit a hash of so many words."""
    result = b.alloca(I64)
    b.store(I64(0), result)
    with counting(b, function, words) as at:
        value = b.mul(b.xor(b.load(result), b.load(b.gep(begin, [at]))), I64(MIX))
        b.store(b.xor(value, b.lshr(value, I64(HALF))), result)
    return b.load(result)


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
