"""How a receiver's state follows from its decisions about one Binding Update.

The rules decide; these update terms only carry the decisions out.  Exploration and replay
run the same terms.
"""

from __future__ import annotations

from typing import Any

import z3

from model.predicates import READ_SEQ, base_delete, entry_exists, reads
from model.scope import World
from model.vocabulary import (
    HOME_ADDRESS,
    NONE,
    CareOf,
    Effect,
    Kind,
    Others,
    Stored,
    bc,
    bu,
    decide,
    o,
)

STATE = (
    bc.kind,
    bc.coa,
    bc.sequence,
    bc.plain,
    bc.plain_coa,
    bc.home_registration,
    bc.last_sequence,
    bc.proxy,
)


def receiver_state(world: World) -> list[str]:
    """Return the names of the receiver's state fields, in a fixed order."""
    return [world.at(c, i).decl().name() for c in STATE for i in world.indices(world.family(c))]


def receiver_updates(world: World) -> dict[str, Any]:
    """Return, for each state field of the receiver, its value after the step.

    The terms are over the update, the state before and the decisions of the step.
    """
    after: dict[str, Any] = {}
    for b in world.bids:
        kind, coa, sequence = _binding(world, b)
        after |= {_name(world, bc.kind, b): kind, _name(world, bc.coa, b): coa}
        after[_name(world, bc.sequence, b)] = sequence
    after[bc.plain.decl().name()] = _plain(world)
    after[bc.plain_coa.decl().name()] = _plain_coa(world, after)
    after[bc.proxy.decl().name()] = decide.proxy
    remains = z3.Or(
        _plain(world), *(after[_name(world, bc.kind, b)] != Kind.absent for b in world.bids)
    )
    after |= _shared(world, remains)
    return after


def _name(world: World, const: z3.ExprRef, index: int) -> str:
    return str(world.at(const, index).decl().name())


def registers(world: World, slot: int) -> z3.BoolRef:
    """Return the term: the step creates or updates the binding of this slot."""
    effect = world.at(decide.effect, slot)
    return z3.Or(effect == Effect.register, effect == Effect.update)


def care_of(world: World, slot: int) -> z3.ExprRef:
    """Return the care-of address that the step takes for a slot."""
    source = world.at(decide.care_of, slot)
    option = world.at(o.coa, slot) if slot else _address(NONE)
    return z3.If(
        source == CareOf.source,
        bu.source,
        z3.If(
            source == CareOf.alternate,
            bu.alternate,
            z3.If(
                source == CareOf.option,
                option,
                z3.If(source == CareOf.home_address, _address(HOME_ADDRESS), _address(NONE)),
            ),
        ),
    )


def _address(value: int) -> z3.BitVecRef:
    return z3.BitVecVal(value, 8)


def _named(world: World, i: int, b: int) -> z3.BoolRef:
    return z3.And(world.at(o.present, i), world.at(o.bid, i) == b)


def _binding(world: World, b: int) -> tuple[Any, Any, Any]:
    removed = z3.Or(decide.others == Others.delete, _ignores_bids(world))
    kind = z3.If(removed, Kind.absent, world.at(bc.kind, b))
    coa = z3.If(removed, _address(NONE), world.at(bc.coa, b))
    sequence = z3.If(removed, z3.BitVecVal(0, 16), world.at(bc.sequence, b))
    per_bid = reads(READ_SEQ, "S2")
    for i in world.options:
        effect, named = world.at(decide.effect, i), _named(world, i, b)
        put = z3.And(named, registers(world, i))
        gone, home = z3.And(named, effect == Effect.delete), z3.And(named, effect == Effect.home)
        kept = z3.And(named, effect == Effect.keep)
        before = z3.If(kept, world.at(bc.kind, b), kind)
        # An entry whose care-of address is the home address is a home binding (04-5.5-26).
        marked = z3.And(put, world.at(decide.care_of, i) == CareOf.home_address)
        home = z3.Or(home, marked)
        put = z3.And(put, z3.Not(marked))
        kind = z3.If(put, Kind.bid, z3.If(gone, Kind.absent, z3.If(home, Kind.home, before)))
        unmoved = z3.If(kept, world.at(bc.coa, b), coa)
        at_home = z3.If(home, _address(HOME_ADDRESS), unmoved)
        coa = z3.If(put, care_of(world, i), z3.If(gone, _address(NONE), at_home))
        stored = z3.And(per_bid, z3.Or(put, home), decide.stored == Stored.store)
        unused = z3.If(gone, z3.BitVecVal(0, 16), sequence)
        sequence = z3.If(stored, bu.sequence, unused)
    return kind, coa, sequence


def _ignores_bids(world: World) -> z3.BoolRef:
    """Return the term: the update is taken for one without BID (04-6.1-8)."""
    at = world.at
    taken = [
        z3.And(at(o.present, i), at(decide.effect, i) == Effect.regular) for i in world.options
    ]
    return z3.Or(taken)


def _plain(world: World) -> z3.BoolRef:
    effect, alone = world.at(decide.effect, 0), z3.Not(world.at(o.present, 1))
    kept = z3.And(bc.plain, effect != Effect.delete)
    beside = z3.And(bc.plain, decide.plain != Others.delete)
    taken = z3.If(_ignores_bids(world), z3.Not(world.at(base_delete, 0)), beside)
    return z3.If(alone, z3.Or(registers(world, 0), kept), taken)


def _plain_coa(world: World, after: dict[str, Any]) -> z3.ExprRef:
    alone = z3.Not(world.at(o.present, 1))
    moved = z3.If(z3.And(alone, registers(world, 0)), care_of(world, 0), bc.plain_coa)
    named = z3.If(bu.alternate == NONE, bu.source, bu.alternate)
    taken = z3.And(z3.Not(alone), _ignores_bids(world))
    return z3.If(after["bc.plain"], z3.If(taken, named, moved), _address(NONE))


def _shared(world: World, remains: z3.BoolRef) -> dict[str, Any]:
    existed = world.at(entry_exists, 0)
    kind = z3.If(existed, bc.home_registration, bu.home_registration)
    last = z3.If(decide.stored == Stored.store, bu.sequence, bc.last_sequence)
    return {
        "bc.home_registration": z3.And(remains, kind),
        "bc.last_sequence": z3.If(remains, last, z3.BitVecVal(0, 16)),
    }
