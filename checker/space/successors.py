"""The function that tells the transitions out of a state, in machine code.

Transitions with step tables are taken by the effects that a thread remembers; the others by
their words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llvmlite import ir

from checker.space.effects import Move, WordEffect
from checker.space.emitted import I64, POINTER, Code, Scope, branched, counting
from checker.space.filling import CROWDED, filled_by, fitting, name_of
from checker.space.lowered import Lowered
from checker.space.program import Ref
from checker.space.remembered import Memories, Remembered, recalling
from checker.space.tables import COUNT_BITS


class Successors:
    """Writes the function."""

    def __init__(
        self,
        module: ir.Module,
        lowered: Lowered,
        memories: Memories,
        fills: Mapping[str, int],  # the address of each function that fills a record
        least: Any,
    ) -> None:
        self.module, self.lowered, self.least = module, lowered, least
        self.groups, self.records = memories.groups, memories.records
        self.scratch, self.fills = memories.scratch, fills
        self._recall: dict[int, ir.Function] = {}
        kind = ir.FunctionType(I64, [POINTER, POINTER, I64, POINTER, POINTER])
        self.function = ir.Function(module, kind, "successors")
        self.state, self.out, self.room, self.tables, self.held = self.function.args
        for argument in self.function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.code = Code(lowered, self.builder)
        self.stride = lowered.packing.words + 1

    def write(self) -> None:
        """Write the whole function."""
        b, words = self.builder, self.lowered.word_inputs
        self.count = b.alloca(I64)
        b.store(I64(0), self.count)
        self.words = [b.load(b.gep(self.state, [I64(k)])) for k in range(len(words))]
        guards = [self.lowered.transitions[g[0]].guard for g in self.groups]
        branched(self.code, guards, dict(zip(words, self.words, strict=True)), self._group)
        b.ret(b.load(self.count))

    def _group(self, n: int, scope: Scope) -> None:
        if n in self.records:
            self._rows(self.records[n])
        else:
            self._crowded(I64(len(self.groups[n])))
            self._take(self.groups[n], scope)

    def _crowded(self, more: Any) -> None:
        b = self.builder
        full = b.icmp_unsigned(">", b.add(b.load(self.count), more), self.room)
        with b.if_then(full, likely=False):
            b.ret(I64(CROWDED))

    def _take(self, together: list[int], scope: Scope) -> None:
        """Write what follows from each of some transitions."""
        for k in together:
            fitting(self.builder, self.code, self.lowered, k, scope, self.held)
        words = [self.lowered.transitions[k].words for k in together]
        self._write(together, [[self.code.value(w, scope) for w in one] for one in words])

    def _write(self, together: Sequence[int], words: Sequence[Sequence[Any]]) -> None:
        """Write the words after each of some transitions."""
        b, stride = self.builder, self.stride
        count = b.load(self.count)
        place = b.gep(self.out, [b.mul(count, I64(stride))])
        for position, (k, values) in enumerate(zip(together, words, strict=True)):
            for n, value in enumerate([*values, I64(k)]):
                b.store(value, b.gep(place, [I64(position * stride + n)]))
            if self.least:
                b.call(self.least, [b.gep(place, [I64(position * stride)])])
        b.store(b.add(count, I64(len(together))), self.count)

    # -- effects ---------------------------------------------------------------------------

    def _rows(self, memory: Remembered) -> None:
        """Take transitions with one lookup, once for each row."""
        b, scratch = self.builder, self.scratch
        record = b.gep(self.held, [b.add(self._recalled(memory), I64(scratch.records))])
        rows = b.add(b.load(b.gep(record, [I64(memory.head - 1)])), I64(scratch.records + 1))
        many = b.and_(b.load(record), I64((1 << COUNT_BITS) - 1))
        self._crowded(b.mul(many, I64(len(memory.effects.transitions))))
        with counting(b, self.function, many) as at:
            place = b.gep(self.held, [b.add(rows, b.mul(at, I64(len(memory.stored))))])
            held = {r: b.gep(place, [I64(n)]) for n, r in enumerate(memory.stored)}
            known: Scope = {ref: b.load(address) for ref, address in held.items()}
            each = memory.effects.each
            self._write(
                memory.effects.transitions,
                [[self._word(word, known) for word in effect] for effect in each],
            )

    def _recalled(self, memory: Remembered) -> Any:
        """Return the number of the record for this state, which is filled if there is none."""
        b = self.builder
        key = memory.key(b, self.words)
        number = [I64(memory.number), *key]
        found = b.call(self._recalling(len(key)), [self.held, memory.hashed(b, key), *number])
        before = b.block
        with b.if_then(b.icmp_unsigned("==", found, I64(0)), likely=False):
            address = I64(self.fills[name_of(memory)])
            fill = b.inttoptr(address, filled_by(self.lowered).as_pointer())
            filled = b.call(fill, [*self.words, self.tables, self.held])
            with b.if_then(b.icmp_signed("<", filled, I64(0)), likely=False):
                b.ret(filled)
            inside = b.block
        result = b.phi(I64)
        result.add_incoming(found, before)
        result.add_incoming(filled, inside)
        return result

    def _recalling(self, words: int) -> ir.Function:
        """Return the search for a record by bits in so many words."""
        if words not in self._recall:
            self._recall[words] = recalling(self.module, self.scratch, words)
        return self._recall[words]

    def _word(self, word: WordEffect, known: Scope) -> Any:
        """Return a word after a transition, of what is put there and moved there."""
        b, result = self.builder, self._known(word.put, known)
        for move in word.moves:
            result = b.or_(result, self._moved(move, known))
        return result

    def _moved(self, move: Move, known: Scope) -> Any:
        b = self.builder
        kept = b.and_(self.words[move.word], self._known(move.mask, known))
        if move.distance < 0:
            return b.lshr(kept, I64(-move.distance))
        return b.shl(kept, I64(move.distance)) if move.distance else kept

    def _known(self, ref: Ref, known: Scope) -> Any:
        value = self.lowered.program.value(ref)
        return known[ref] if value is None else I64(value)
