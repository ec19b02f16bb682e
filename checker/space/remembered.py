"""What a thread remembers of step tables, in machine code: the effects for the bits of a state.

To work out the key of a table, and then what each of its rows does to a state, takes some
hundred instructions each; few bits of the state decide it.  So a thread keeps a record of the
effects for these bits, and finds it again by a hash of them.

A thread's scratch is one stretch of memory, zeros at first: what is told of a key that is
missing, how many words of the records are used, how many records there are, hashes that are
needed soon, an index with a slot for each hash (the upper half of it, and where the record
begins and one more), and the records.  A record has the number of the effects above the number
of rows, the bits, and where its rows are: for each row and transition what is put and moved.
Many states differ in bits and have the same rows, which are kept once, and found by a hash of
their own in the same index.  So nearly all records are half a line of cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from llvmlite import ir

from checker.space.effects import Effects, effects
from checker.space.emitted import I64
from checker.space.kernel import AHEAD
from checker.space.lowered import Lowered
from checker.space.memory import reserved
from checker.space.packing import WORD
from checker.space.program import Ref
from checker.space.support import ALL
from checker.space.tables import COUNT_BITS, MIX, Words

MANY_BITS = 32  # of a state: effects that depend on more have too many records for a cache
INDEX_BITS = 20
RECORDS = 1 << 25
HALF = 32
LINE = 8  # words of a cache line
UNIT = 4  # words: records begin at multiples of it
ROWS = 1 << 40  # in the place of a number of effects: what follows are rows


@dataclass(frozen=True)
class Scratch:
    """Where things are in the scratch of a thread; a record begins at its number of words."""

    told: int  # words that tell a lookup and a key
    effects: int  # how many effects are remembered
    index_bits: int
    room: int  # words of all records

    @classmethod
    def of(cls, lowered: Lowered, effects: int) -> Scratch:
        """Return that of a system, for so many effects."""
        told = 1 + max((len(x.key) for x in lowered.lookups), default=0)
        return cls(told, effects, INDEX_BITS, RECORDS)

    @property
    def bytes(self) -> int:
        """Return how many bytes it takes when it is full."""
        return 8 * (self.records + 1 + self.room)

    def made(self) -> Words:
        """Return an empty one; its pages are taken as they are used."""
        return reserved(self.bytes // 8, large=True)

    @property
    def used(self) -> int:
        """Return where the number of words that records use is; their number is the next."""
        return self.told

    @property
    def ahead(self) -> int:
        """Return where the hashes are that are needed soon."""
        return self.told + 2

    @property
    def index(self) -> int:
        """Return where the index begins, at a line of cache."""
        return rounded(self.ahead + AHEAD * self.effects, LINE)

    @property
    def slots(self) -> int:
        """Return how many slots the index has; half of them are used at most."""
        return 1 << self.index_bits

    @property
    def records(self) -> int:
        """Return where the records begin, and one less: a record's number is never 0."""
        return self.index + self.slots - 1

    def forget(self, scratch: Words) -> bool:
        """Empty a scratch; return whether there was something to forget."""
        some = bool(scratch[self.used])
        scratch[self.used : self.records + 1] = 0
        return some


def rounded(words: int, unit: int) -> int:
    """Return the next multiple of a number."""
    return -(-words // unit) * unit


@dataclass(frozen=True)
class Turned:
    """A masked word of a state, and by how many bits it is rotated upwards."""

    word: int
    mask: int
    turn: int

    @property
    def moved(self) -> int:
        """Return where the bits of the mask are then."""
        return (self.mask << self.turn | self.mask >> (WORD - self.turn)) & ALL


@dataclass(frozen=True)
class Remembered:
    """The records of some effects: what tells them from others, and what is in them."""

    number: int
    effects: Effects
    stored: tuple[Ref, ...]  # of the effects, what is not the same for all states

    @classmethod
    def of(cls, number: int, effects: Effects, lowered: Lowered) -> Remembered:
        """Return that of effects with a number of their own."""
        stored = tuple(ref for ref in effects.refs if lowered.program.value(ref) is None)
        return cls(number, effects, stored)

    @cached_property
    def together(self) -> tuple[tuple[Turned, ...], ...]:
        """Return the masked words that one word has room for, for each such word."""
        made: list[list[Turned]] = []
        for n, mask in enumerate(self.effects.needs):
            if not mask:
                continue
            for others in made:
                turn = _turn(mask, [t.moved for t in others])
                if turn is not None:
                    others.append(Turned(n, mask, turn))
                    break
            else:
                made.append([Turned(n, mask, 0)])
        return tuple(map(tuple, made))

    @property
    def many(self) -> bool:
        """Return whether there may be more records than a cache holds."""
        return sum(mask.bit_count() for mask in self.effects.needs) > MANY_BITS

    @property
    def head(self) -> int:
        """Return the words of a record, of which the last tells where its rows are."""
        return rounded(2 + len(self.together), UNIT)

    def key(self, b: ir.IRBuilder, words: Sequence[Any]) -> list[Any]:
        """Emit the bits of a state that the effects depend on, in few words."""
        return [_joined(b, words, turned) for turned in self.together]

    def hashed(self, b: ir.IRBuilder, key: Sequence[Any]) -> Any:
        """Emit the hash of the bits."""
        value: Any = I64((self.number + 1) * MIX & ALL)
        for word in key:
            value = b.mul(b.xor(value, word), I64(MIX))
            value = b.xor(value, b.lshr(value, I64(HALF)))
        value = b.mul(value, I64(MIX))
        return b.xor(value, b.lshr(value, I64(HALF)))

    def begun(self, b: ir.IRBuilder, many: Any) -> Any:
        """Emit the first word of a record with so many rows."""
        return b.or_(many, I64(self.number << COUNT_BITS))

    def rows_begun(self, b: ir.IRBuilder, many: Any) -> Any:
        """Emit the word before so many rows; no record begins with it."""
        return b.or_(many, I64((self.number | ROWS) << COUNT_BITS))


class Memories:
    """The transitions of a system in groups with one guard and one lookup, and their records.

    What they share is computed once, and there is one branch to be taken or not.
    """

    def __init__(self, lowered: Lowered) -> None:
        self.groups = _groups(lowered)
        self.records = {
            n: Remembered.of(n, effects(lowered, group), lowered)
            for n, group in enumerate(self.groups)
            if lowered.transitions[group[0]].lookup is not None
        }
        self.scratch = Scratch.of(lowered, len(self.records))


def _groups(lowered: Lowered) -> list[list[int]]:
    groups = dict[tuple[Ref, int | None], list[int]]()
    for k, t in enumerate(lowered.transitions):
        if lowered.program.value(t.guard) != 0:
            groups.setdefault((t.guard, t.lookup), []).append(k)
    return list(groups.values())


def recalling(module: ir.Module, scratch: Scratch, words: int) -> ir.Function:
    """Write the search for a record by bits in so many words: its number, or 0."""
    kind = ir.FunctionType(I64, [I64.as_pointer(), *[I64] * (2 + words)])
    function = ir.Function(module, kind, f"recall_{words}")
    held, hashed, number, *key = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    with probing(b, held, scratch, hashed) as (slot, missing):
        with b.if_then(missing, likely=False):
            b.ret(I64(0))
        tags = b.lshr(b.xor(slot, hashed), I64(HALF))
        with b.if_then(b.icmp_unsigned("==", tags, I64(0))):
            record = b.and_(slot, I64((1 << HALF) - 1))
            begin = b.gep(held, [b.add(record, I64(scratch.records))])
            first = b.lshr(b.load(begin), I64(COUNT_BITS))
            same = b.icmp_unsigned("==", first, number)
            for n, word in enumerate(key):
                kept = b.load(b.gep(begin, [I64(1 + n)]))
                same = b.and_(same, b.icmp_unsigned("==", kept, word))
            with b.if_then(same):
                b.ret(record)
    return function


def keeping(module: ir.Module, scratch: Scratch) -> ir.Function:
    """Write what puts a record into the first free slot of the index from its hash on."""
    kind = ir.FunctionType(I64, [I64.as_pointer(), I64, I64])
    function = ir.Function(module, kind, "keep")
    held, hashed, record = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    probe = probing(b, held, scratch, hashed)
    with probe as (_, missing), b.if_then(missing):
        tag = b.and_(hashed, I64(ALL << HALF & ALL))
        b.store(b.or_(tag, record), probe.address)
        b.ret(record)
    return function


class probing:
    """A loop in the code over the slots from that of a hash on, which something ends."""

    def __init__(self, b: ir.IRBuilder, held: Any, scratch: Scratch, hashed: Any) -> None:
        self.builder, self.held, self.scratch, self.hashed = b, held, scratch, hashed
        self.body = b.append_basic_block("probe")

    def __enter__(self) -> tuple[Any, Any]:
        b = self.builder
        start, entry = b.and_(self.hashed, I64(self.scratch.slots - 1)), b.block
        b.branch(self.body)
        b.position_at_end(self.body)
        self.at = b.phi(I64)
        self.at.add_incoming(start, entry)
        self.address = b.gep(self.held, [b.add(self.at, I64(self.scratch.index))])
        slot = b.load(self.address)
        return slot, b.icmp_unsigned("==", slot, I64(0))

    def __exit__(self, *_: object) -> None:
        b = self.builder
        following = b.and_(b.add(self.at, I64(1)), I64(self.scratch.slots - 1))
        self.at.add_incoming(following, b.block)
        b.branch(self.body)


def _turn(mask: int, taken: Sequence[int]) -> int | None:
    """Return a rotation that takes a mask to bits that are free, or None."""
    free = (n for n in range(WORD) if not any(Turned(0, mask, n).moved & m for m in taken))
    return next(free, None)


def _joined(b: ir.IRBuilder, words: Sequence[Any], turned: Sequence[Turned]) -> Any:
    result: Any = None
    for t in turned:
        value = b.and_(words[t.word], I64(t.mask))
        if t.turn:
            value = b.or_(b.shl(value, I64(t.turn)), b.lshr(value, I64(WORD - t.turn)))
        result = value if result is None else b.or_(result, value)
    return result
