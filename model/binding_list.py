"""How the Binding Update List follows from what a mobile node sends and concludes.

An update for which an acknowledgement is awaited changes nothing in the list but that: the
entry is updated when the acknowledgement says success.  What becomes of it when the update is
refused is a decision of the mobile node (`after.entry`).  A success of Lifetime zero leaves an
entry that runs out at once.
"""

from __future__ import annotations

from typing import Any

import z3

from model.mobile import Entry, PeerHolds, after, told_sequence
from model.scope import World
from model.vocabulary import (
    NONE,
    Belief,
    Left,
    Length,
    Registration,
    bu,
    mn,
    o,
)

LIST = (
    mn.status,
    mn.coa,
    mn.left,
    mn.awaited,
    mn.plain,
    mn.plain_coa,
    mn.plain_awaited,
)
Updates = dict[str, Any]


def _name(world: World, const: z3.ExprRef, index: int = 0) -> str:
    return str(world.at(const, index).decl().name())


def _address(value: int) -> z3.BitVecRef:
    return z3.BitVecVal(value, 8)


def _named(source: Any) -> Any:
    """Return the care-of address that an update is about: the alternate one, if it has that."""
    return z3.If(bu.alternate != NONE, bu.alternate, source)


def _registered(world: World, i: int) -> Any:
    """Return the care-of address that was sent for the BID of a sub-option (3775-11.1)."""
    carried = world.at(o.length, i) == Length.twenty
    return z3.If(carried, world.at(o.coa, i), _named(bu.source))


def listed(world: World, b: int) -> Any:
    """Return the term: there is an entry for a BID, or an update about it was not answered."""
    return z3.Or(world.at(mn.status, b) != Registration.none, world.at(mn.awaited, b))


def anything_listed(world: World) -> Any:
    """Return the term: there is an entry, or an update was not answered."""
    some = [listed(world, b) for b in world.bids]
    return z3.Or(mn.plain != Registration.none, mn.plain_awaited, *some)


def awaits(world: World) -> Any:
    """Return the term: an acknowledgement is awaited."""
    return z3.Or(mn.plain_awaited, *(world.at(mn.awaited, b) for b in world.bids))


def runs_out(world: World) -> Any:
    """Return the term: an entry has Lifetime zero."""
    return z3.Or([world.at(mn.left, b) == Left.zero for b in world.bids])


# -- an update is sent ---------------------------------------------------------------------


def sent_with_bids(world: World, bids: tuple[int, ...], address: int) -> Updates:
    """Return the list after an update about some BIDs, one in each sub-option in order.

    `address` is the source, and what a sub-option carries that has room for an address.
    """
    updates: Updates = {}
    for i, b in enumerate(bids, 1):
        done = z3.If(bu.zero_lifetime, Registration.none, Registration.registered)
        carried = world.at(o.length, i) == Length.twenty
        named = z3.If(carried, _address(address), _named(_address(address)))
        coa = z3.If(bu.zero_lifetime, _address(NONE), named)
        updates |= _unless_awaited(world, b, done, coa, z3.BoolVal(True))
    # An unacknowledged registration counts as obeyed: it replaces the regular binding.
    replaced = z3.Not(z3.Or(bu.ack, bu.zero_lifetime))
    return updates | _plain(
        z3.If(replaced, Registration.none, mn.plain),
        z3.If(replaced, _address(NONE), mn.plain_coa),
        z3.And(mn.plain_awaited, z3.Not(replaced)),
    )


def forgotten(world: World, b: int) -> Updates:
    """Return the list without the entry for a BID."""
    return _entry(world, b, Registration.none, _address(NONE), Left.agreed, z3.BoolVal(False))


def sent_without_bid(world: World, registers: bool, address: int) -> Updates:
    """Return the list after an update without BID: it is about every binding."""
    updates: Updates = {}
    for b in world.bids:
        awaited = listed(world, b)
        updates |= _unless_awaited(world, b, Registration.none, _address(NONE), awaited)
    done = Registration.registered if registers else Registration.none
    coa = _named(_address(address)) if registers else _address(NONE)
    had = z3.Or(mn.plain != Registration.none, mn.plain_awaited)
    awaited = z3.And(bu.ack, z3.BoolVal(True) if registers else had)
    return updates | _plain(
        z3.If(bu.ack, mn.plain, done), z3.If(bu.ack, mn.plain_coa, coa), awaited
    )


def _unless_awaited(world: World, b: int, done: Any, coa: Any, awaited: Any) -> Updates:
    """Return an entry: without A no acknowledgement is awaited, the update counts as obeyed."""
    return _entry(
        world,
        b,
        z3.If(bu.ack, world.at(mn.status, b), done),
        z3.If(bu.ack, world.at(mn.coa, b), coa),
        z3.If(bu.ack, world.at(mn.left, b), Left.agreed),
        z3.And(bu.ack, awaited),
    )


def _entry(world: World, b: int, status: Any, coa: Any, left: Any, awaited: Any) -> Updates:
    values = (status, coa, left, awaited)
    fields = (mn.status, mn.coa, mn.left, mn.awaited)
    return {_name(world, f, b): v for f, v in zip(fields, values, strict=True)}


def _plain(status: Any, coa: Any, awaited: Any) -> Updates:
    fields = (mn.plain, mn.plain_coa, mn.plain_awaited)
    return {f.decl().name(): v for f, v in zip(fields, (status, coa, awaited), strict=True)}


# -- the acknowledgement -------------------------------------------------------------------


def concluded(world: World) -> Updates:
    """Return the list after the mobile node has concluded from an acknowledgement."""
    updates: Updates = {}
    for b in world.bids:
        updates |= _concluded_of(world, b)
    return updates | _plain_concluded(world)


def believes(world: World, slot: int, belief: str) -> Any:
    """Return the term: this is what the mobile node concludes of a slot."""
    return world.at(mn.believed, slot) == Belief[belief]


def _goes_on(world: World, slot: int) -> Any:
    """Return: a refused sequence number is corrected, and the update sent again."""
    return z3.And(believes(world, slot, "failed"), world.at(told_sequence, slot))


def goes_on_with(world: World, slot: int) -> Any:
    """Return: the update is about a slot, and goes on with another sequence number."""
    about = world.at(o.present, slot) if slot else _alone(world)
    return z3.And(about, _goes_on(world, slot))


def _refused(world: World, slot: int) -> Any:
    """Return the term: an update is refused for good."""
    return z3.And(believes(world, slot, "failed"), z3.Not(world.at(told_sequence, slot)))


def _drops(world: World, slot: int) -> Any:
    return world.at(after.entry, slot) == Entry.dropped


def _alone(world: World) -> Any:
    return z3.Not(world.at(o.present, 1))


def _concluded_of(world: World, b: int) -> Updates:
    status, coa = world.at(mn.status, b), world.at(mn.coa, b)
    left, awaited = world.at(mn.left, b), world.at(mn.awaited, b)
    told, ends, goes_on = [], [], []
    for i in world.options:
        about = z3.And(world.at(o.present, i), world.at(o.bid, i) == b)
        done = z3.And(about, believes(world, i, "registered"))
        given_up = z3.And(about, _refused(world, i))
        success = _success(world, i)
        without = z3.Or(bu.zero_lifetime, success != Registration.registered)
        status = z3.If(done, success, status)
        coa = z3.If(done, z3.If(without, _address(NONE), _registered(world, i)), coa)
        left = z3.If(done, _left(success), left)
        told += [done, given_up]
        ends.append(z3.And(given_up, _drops(world, i)))
        goes_on.append(z3.And(about, _goes_on(world, i)))
    answered = z3.And(_alone(world), awaited)
    emptied = z3.And(answered, believes(world, 0, "registered"))
    given_up = z3.And(answered, _refused(world, 0))
    gone = z3.Or(emptied, z3.And(given_up, _drops(world, 0)), *ends)
    return _entry(
        world,
        b,
        z3.If(gone, Registration.none, status),
        z3.If(gone, _address(NONE), coa),
        z3.If(gone, Left.agreed, left),
        z3.Or(*goes_on, z3.And(awaited, z3.Not(z3.Or(emptied, given_up, *told)))),
    )


def _success(world: World, i: int) -> Any:
    """Return the entry after a success: ended where the peer is taken to hold nothing."""
    at_home = world.at(o.H, i)
    held = z3.If(at_home, Registration.home, Registration.registered)
    ended = z3.If(at_home, Registration.was_home, Registration.none)
    ends = z3.And(bu.zero_lifetime, world.at(after.holds, i) != PeerHolds.binding)
    return z3.If(ends, ended, held)


def _left(status: Any) -> Any:
    """Return the Lifetime of an entry that a success leaves."""
    there = z3.Or(status == Registration.registered, status == Registration.home)
    return z3.If(z3.And(bu.zero_lifetime, there), Left.zero, Left.agreed)


def _plain_concluded(world: World) -> Updates:
    alone = _alone(world)
    done, given_up = z3.And(alone, believes(world, 0, "registered")), _refused(world, 0)
    given_up = z3.And(alone, given_up)
    success = z3.If(bu.zero_lifetime, Registration.none, Registration.registered)
    replaced = z3.Or(
        [
            z3.And(
                world.at(o.present, i), believes(world, i, "registered"), z3.Not(bu.zero_lifetime)
            )
            for i in world.options
        ]
    )
    gone = z3.Or(replaced, z3.And(given_up, _drops(world, 0)))
    status = z3.If(gone, Registration.none, z3.If(done, success, mn.plain))
    coa = z3.If(done, _named(bu.source), mn.plain_coa)
    answered = z3.Or(done, given_up, replaced)
    return _plain(
        status,
        z3.If(status == Registration.none, _address(NONE), coa),
        z3.Or(z3.And(alone, _goes_on(world, 0)), z3.And(mn.plain_awaited, z3.Not(answered))),
    )
