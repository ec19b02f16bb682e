"""Named predicates over the vocabulary: the situations that several rules speak of."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import z3

from model.fields import Domain
from model.vocabulary import (
    HOME_ADDRESS,
    NONE,
    TABLE,
    Covered,
    Kind,
    Length,
    bc,
    bu,
    decide,
    node,
    o,
)

READ_H = Domain("READ-H", "H1", "H2")
READ_HSCOPE = Domain("READ-HSCOPE", "HS1", "HS2")
READ_FLAG = Domain("READ-FLAG", "F1", "F2", "F3")
READ_ORD = Domain("READ-ORD", "O1", "O2")
READ_PRE = Domain("READ-PRE", "P1", "P2")
READ_BULKDEREG = Domain("READ-BULKDEREG", "B1", "B2", "B3")
READ_SEQ = Domain("READ-SEQ", "S1", "S2")
READ_STAT = Domain("READ-STAT", "T1", "T2")
READ_IGN = Domain("READ-IGN", "I1", "I2")
READ_CN_COA = Domain("READ-CN-COA", "K1", "K2")
READ_MAYNOT = Domain("READ-MAYNOT", "N1", "N2")
READ_COPY = Domain("READ-COPY", "Y1", "Y2")
READ_BULK = Domain("READ-BULK", "U1", "U2")
READING_DOMAINS = (
    READ_H,
    READ_HSCOPE,
    READ_FLAG,
    READ_ORD,
    READ_PRE,
    READ_BULKDEREG,
    READ_SEQ,
    READ_STAT,
    READ_IGN,
    READ_CN_COA,
    READ_MAYNOT,
    READ_COPY,
    READ_BULK,
)


def reads(domain: Domain, *alternatives: str) -> z3.BoolRef:
    """Return the term: the reading in force is one of these alternatives."""
    chosen = z3.Const(domain.name, domain.sort)
    return z3.Or([chosen == domain[a] for a in alternatives])


_define = TABLE.define


def _no_options(w: Any, _i: int) -> z3.BoolRef:
    return z3.And([z3.Not(w.at(o.present, i)) for i in w.options])


def _bulk(w: Any, _i: int) -> z3.BoolRef:
    return w.at(o.present, 2) if w.scope.options > 1 else z3.BoolVal(False)


def _options_in_order(w: Any, _i: int) -> z3.BoolRef:
    pairs = [(w.at(o.present, j), w.at(o.present, j + 1)) for j in w.options[:-1]]
    return z3.And([z3.Implies(later, first) for first, later in pairs])


def _flags_differ(w: Any, _i: int) -> z3.BoolRef:
    def differ(i: int, j: int) -> z3.BoolRef:
        unequal = [w.at(f, i) != w.at(f, j) for f in (o.C, o.O)]
        with_home = z3.And(reads(READ_FLAG, "F1", "F2"), w.at(o.H, i) != w.at(o.H, j))
        with_reserved = z3.And(reads(READ_FLAG, "F2"), w.at(o.reserved, i) != w.at(o.reserved, j))
        return z3.And(w.at(o.present, j), z3.Or([*unequal, with_home, with_reserved]))

    return z3.Or([differ(i, j) for i, j in combinations(w.options, 2)] or [z3.BoolVal(False)])


def _entries(w: Any) -> list[z3.BoolRef]:
    bids = [w.at(bc.kind, b) != Kind.absent for b in w.bids]
    return [w.at(bc.plain, 0), *bids]


def _entry_exists(w: Any, _i: int) -> z3.BoolRef:
    return z3.Or(_entries(w))


def _several(w: Any, _i: int) -> z3.BoolRef:
    return z3.AtLeast(*_entries(w), 2)


def _known(w: Any, i: int) -> z3.BoolRef:
    bid = w.at(o.bid, i)
    return z3.Or([z3.And(bid == b, w.at(bc.kind, b) != Kind.absent) for b in w.bids])


def _after_replacement(w: Any, i: int, before: z3.BoolRef) -> z3.BoolRef:
    return z3.And(before, z3.Not(z3.And(reads(READ_PRE, "P2"), _replaces(w))))


def _replaces(w: Any) -> z3.BoolRef:
    """A registration at a home agent has the O flag: all bindings go first (04-6.3-32)."""
    asked = z3.Or([z3.And(w.at(o.present, j), w.at(o.O, j)) for j in w.options])
    return z3.And(_serving(w, 0), z3.Not(w.at(bu.zero_lifetime, 0)), asked)


def _still_known(w: Any, i: int) -> z3.BoolRef:
    return _after_replacement(w, i, _known(w, i))


def _still_regular(w: Any, i: int) -> z3.BoolRef:
    return _after_replacement(w, i, w.at(bc.plain, 0))


def _length_fits(w: Any, i: int) -> z3.BoolRef:
    expected = z3.If(w.at(o.C, i), Length.twenty, Length.four)
    return w.at(o.length, i) == expected


def newer(w: Any, sequence: z3.BitVecRef, last: z3.BitVecRef) -> z3.BoolRef:
    """Return: `sequence` is greater than `last` in the scope's window (3775-9.5.1-2)."""
    mask = (1 << w.scope.sequence_bits) - 1
    half = mask // 2 + 1
    distance = (sequence - last) & mask
    return z3.And(distance != 0, z3.ULT(distance, half))


def _serving(w: Any, _i: int) -> z3.BoolRef:
    return z3.And(w.at(node.home_agent, 0), w.at(bu.home_registration, 0))


def _proven(w: Any, _i: int) -> z3.BoolRef:
    """The authenticator covers the address that has to be covered (READ-CN-COA)."""
    alternate = w.at(bu.alternate, 0)
    base = z3.If(alternate == NONE, Covered.source, Covered.alternate)
    first = z3.And(w.at(o.present, 1), w.at(o.C, 1))
    registered = z3.If(z3.And(reads(READ_CN_COA, "K1"), first), Covered.option, base)
    covered = w.at(bu.proven, 0)
    right = z3.Or(covered == Covered.the_right_one, covered == registered)
    return z3.Or(right, _base_delete(w, 0))


def _stale(w: Any, _i: int) -> z3.BoolRef:
    """3775-9.5.1-2: per home address (S1), or per home address and BID (S2)."""
    sequence = w.at(bu.sequence, 0)
    per_home = z3.And(_entry_exists(w, 0), z3.Not(newer(w, sequence, w.at(bc.last_sequence, 0))))
    per_bid = [
        z3.And(
            w.at(o.present, i),
            w.at(o.bid, i) == b,
            w.at(bc.kind, b) != Kind.absent,
            z3.Not(newer(w, sequence, w.at(bc.sequence, b))),
        )
        for i in w.options
        for b in w.bids
    ]
    plain = z3.And(_no_options(w, 0), per_home)
    return z3.If(reads(READ_SEQ, "S1"), per_home, z3.Or([plain, *per_bid]))


def _base_delete(w: Any, _i: int) -> z3.BoolRef:
    alternate, source = w.at(bu.alternate, 0), w.at(bu.source, 0)
    care_of = z3.If(alternate == NONE, source, alternate)
    return z3.Or(w.at(bu.zero_lifetime, 0), care_of == HOME_ADDRESS)


def _unknown_so_far(w: Any, i: int) -> z3.BoolRef:
    unknown = [z3.And(w.at(o.present, j), z3.Not(_known(w, j))) for j in range(1, i + 1)]
    return z3.Or(unknown)


def _others_remain(w: Any, _i: int) -> z3.BoolRef:
    def named(b: int) -> z3.BoolRef:
        return z3.Or([z3.And(w.at(o.present, i), w.at(o.bid, i) == b) for i in w.options])

    rest = [z3.And(w.at(bc.kind, b) != Kind.absent, z3.Not(named(b))) for b in w.bids]
    return z3.Or([z3.And(w.at(bc.plain, 0), w.at(o.present, 1)), *rest])


def _home_binding_stays(w: Any, _i: int) -> z3.BoolRef:
    """A home binding exists that this update does not delete: it may update it (04-6.3-26)."""

    def deleted(b: int) -> z3.BoolRef:
        named = z3.Or([z3.And(w.at(o.present, i), w.at(o.bid, i) == b) for i in w.options])
        return z3.And(w.at(bu.zero_lifetime, 0), named)

    kept = [z3.And(w.at(bc.kind, b) == Kind.home, z3.Not(deleted(b))) for b in w.bids]
    return z3.And(z3.Or(kept), z3.Not(_replaces(w)), w.at(o.present, 1))


def _entries_are_home(w: Any, _i: int) -> z3.BoolRef:
    return z3.And(_entry_exists(w, 0), w.at(bc.home_registration, 0))


def _answers_differ(w: Any, _i: int) -> z3.BoolRef:
    pairs = [
        z3.And(w.at(o.present, j), w.at(decide.answer, i) != w.at(decide.answer, j))
        for i, j in combinations(w.options, 2)
    ]
    return z3.Or(pairs or [z3.BoolVal(False)])


later = _define(
    "o.later", "it is not the first sub-option", lambda _w, i: z3.BoolVal(i > 1), "option"
)
answers_differ = _define(
    "answers_differ", "the options of the update are answered differently", _answers_differ
)
serving = _define(
    "serving",
    "the receiver serves as home agent",
    _serving,
    negated="the receiver acts as a correspondent node",
)
proven = _define(
    "proven",
    "the authenticator covers the care-of address that it must cover",
    _proven,
    negated="the authenticator covers another care-of address than it must",
)
no_options = _define("no_options", "the message has no BID sub-option", _no_options)
options_in_order = _define(
    "options_in_order", "its sub-options stand in order, without a hole", _options_in_order
)
bulk = _define("bulk", "the message has several BID sub-options", _bulk)
flags_differ = _define(
    "flags_differ",
    "the flags of the sub-options differ",
    _flags_differ,
    negated="the flags of the sub-options are equal",
)
entry_exists = _define(
    "entry_exists",
    "the cache has a binding for the home address",
    _entry_exists,
    negated="the cache has no binding for the home address",
)
several_entries = _define(
    "several_entries", "the cache has several bindings for the home address", _several
)
home_entry_exists = _define(
    "home_entry_exists", "a home registration entry exists", _entries_are_home
)
known = _define(
    "o.known",
    "the cache has a binding for its BID",
    _known,
    "option",
    "the cache has no binding for its BID",
)
still_known = _define(
    "o.still_known",
    "the cache has a binding for its BID (before or after replacement, by reading)",
    _still_known,
    "option",
    "the cache has no binding for its BID (before or after replacement, by reading)",
)
still_regular = _define(
    "still_regular",
    "a regular binding exists (before or after replacement, by reading)",
    _still_regular,
)
length_fits = _define(
    "o.length_fits",
    "its Length fits its C flag",
    _length_fits,
    "option",
    "its Length does not fit its C flag",
)
stale = _define("stale", "the sequence number is not greater than the last accepted", _stale)
base_delete = _define(
    "base_delete", "Lifetime zero or care-of address equal to the home address", _base_delete
)
unknown_so_far = _define(
    "o.unknown_so_far", "its BID or an earlier one has no binding", _unknown_so_far, "option"
)
others_remain = _define("others_remain", "bindings that it does not name exist", _others_remain)
home_binding_stays = _define(
    "home_binding_stays", "a home binding exists that it does not delete", _home_binding_stays
)
bulk_possible = z3.And(node.home_agent, bu.home_registration, node.bulk)
