"""Lifetimes: what a peer holds of them, and what happens when one runs out.

A home binding is made by an update of Lifetime zero: it runs out at once, unless the home
agent gives it a Lifetime of its own.  What was agreed on for other bindings runs out at both
sides, and is no part of the system.
"""

from __future__ import annotations

from typing import Any

import z3

from model.mobile import ListEvent, kept
from model.packets import EntryLifetime, ex, router
from model.scope import World
from model.vocabulary import (
    NONE,
    Kind,
    Left,
    Others,
    Registration,
    bc,
    bu,
    decide,
    mn,
    o,
)
from model.vocabulary import Effect as Effects

PEER = (bc.left, router.since_home)
Updates = dict[str, Any]


def _name(world: World, const: z3.ExprRef, index: int) -> str:
    return str(world.at(const, index).decl().name())


def _kind(world: World, b: int, kind: z3.ExprRef) -> Any:
    return world.at(bc.kind, b) == kind


def held_runs_out(world: World) -> Any:
    """Return the term: a home binding of the peer has Lifetime zero."""
    return z3.Or([world.at(bc.left, b) == Left.zero for b in world.bids])


def after_update(world: World, receiver: Updates) -> Updates:
    """Return what the peer holds after an update; `receiver` are its bindings then."""
    updates: Updates = {}
    removed = decide.others == Others.delete
    for b in world.bids:
        kind = receiver[_name(world, bc.kind, b)]
        named = [_named(world, i, b) for i in world.options]
        marked = z3.And(z3.Or(named), kind == Kind.home)
        left = z3.If(bu.zero_lifetime, Left.zero, Left.agreed)
        same = z3.If(kind == Kind.home, world.at(bc.left, b), Left.agreed)
        was = z3.Or(_kind(world, b, Kind.home), world.at(router.since_home, b))
        updates[_name(world, bc.left, b)] = z3.If(marked, left, same)
        since = z3.And(kind == Kind.bid, was, z3.Not(removed))
        updates[_name(world, router.since_home, b)] = since
    return updates


def _named(world: World, i: int, b: int) -> Any:
    effect = world.at(decide.effect, i)
    return z3.And(world.at(o.present, i), world.at(o.bid, i) == b, effect != Effects.keep)


# -- the home agent ------------------------------------------------------------------------


def held_inputs(world: World, b: int) -> Updates:
    """Return the inputs of the step in which the home binding of a BID runs out."""
    others = [k for k in world.bids if k != b]
    foreign = [_kind(world, k, Kind.bid) for k in others]
    home = [_kind(world, k, Kind.home) for k in others]
    return {
        ex.run_out.decl().name(): z3.BoolVal(True),
        ex.home.decl().name(): _kind(world, b, Kind.home),
        ex.others.decl().name(): z3.Or(bc.plain, *foreign),
        ex.home_stays.decl().name(): z3.Or([*home, z3.BoolVal(False)]),
    }


def held_updates(world: World, b: int) -> Updates:
    """Return the peer's bindings after that step."""
    gone = ex.entry == Others.delete
    remain = z3.Or(bc.plain, *(world.at(bc.kind, k) != Kind.absent for k in world.bids if k != b))
    stays = z3.Or(z3.Not(gone), remain)
    nothing, number = z3.BitVecVal(NONE, 8), z3.BitVecVal(0, 16)
    ends = z3.And(z3.Not(gone), ex.lifetime == EntryLifetime.infinite)
    return {
        _name(world, bc.kind, b): z3.If(gone, Kind.absent, world.at(bc.kind, b)),
        _name(world, bc.coa, b): z3.If(gone, nothing, world.at(bc.coa, b)),
        _name(world, bc.sequence, b): z3.If(gone, number, world.at(bc.sequence, b)),
        _name(world, bc.left, b): z3.If(ends, Left.endless, Left.agreed),
        "bc.home_registration": z3.And(bc.home_registration, stays),
        "bc.last_sequence": z3.If(stays, bc.last_sequence, number),
        "bc.proxy": z3.And(ex.proxy, stays),
    }


# -- the mobile node -----------------------------------------------------------------------


def listed_inputs() -> Updates:
    """Return the inputs of the step in which an entry of the Binding Update List runs out."""
    return {kept.event.decl().name(): ListEvent.runs_out}


def listed_updates(world: World, b: int) -> Updates:
    """Return the entry of a BID after that step; that it was at home is not forgotten."""
    status = world.at(mn.status, b)
    ended = z3.If(status == Registration.home, Registration.was_home, Registration.none)
    nothing = z3.BitVecVal(NONE, 8)
    return {
        _name(world, mn.status, b): z3.If(kept.removed, ended, status),
        _name(world, mn.coa, b): z3.If(kept.removed, nothing, world.at(mn.coa, b)),
        _name(world, mn.left, b): Left.agreed,
    }
