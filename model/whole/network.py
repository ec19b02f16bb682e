"""What happens to nodes and messages in the whole system: loss, moves, restarts, time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import z3

from model.binding_list import LIST
from model.mobile import kept as listing
from model.mobile import own
from model.packets import ex
from model.receiver import STATE
from model.rule import On
from model.running_out import PEER, listed_inputs
from model.system import Action
from model.vocabulary import Kind, Left, Others, Registration, Where, bc, mn, net, node
from model.whole.channel import Channel, zero
from model.whole.fields import kept, noticed
from model.whole.system import CARRIED, MOBILE_NODE, NETWORK, RECEIVER, WholeSystem

Updates = dict[str, Any]
PLAIN_LEFT, LISTED_LEFT = (c.decl().name() for c in (kept.plain_left, kept.listed_left))


def actions(system: WholeSystem) -> Iterator[Action]:
    """Yield what no rule decides, and what follows when a Lifetime is over."""
    yield _lost(system, "loses the update", system.up)
    yield _lost(system, "loses the acknowledgement", system.down)
    yield from _moves(system)
    yield from _restarts(system)
    for over in system.running_out():
        yield _noticing_end(system, over)
    if system.bounds.expiry:
        yield from _time(system)
    if system.bounds.correspondents:
        yield from _tests(system)
    for stray in system.strays():
        yield _stray(system, stray)


def _noticing_end(system: WholeSystem, over: Action) -> Action:
    """Note the end of the last home binding at the home agent."""
    if over.on is not On.EXPIRE:
        return over
    ended = {system.name(noticed.ended): system.home_ends(over.updates)}
    return replace(over, updates={**over.updates, **ended})


def _lost(system: WholeSystem, name: str, channel: Channel) -> Action:
    """A loss of a later message is the same: it is not noticed before its turn."""
    guard = z3.And(channel.there(1), system.may("loss"))
    return Action(
        name, NETWORK, guard, updates=channel.removed(1) | system.spending("loss"), fair=False
    )


def _moves(system: WholeSystem) -> Iterator[Action]:
    """With its care-of address an interface loses the token for it."""
    for k, move in zip(
        (k for k in system.addresses for _ in range(2)), system.moves(), strict=True
    ):
        token = {system.name(kept.token, k): z3.BoolVal(False)}
        gone = token if system.bounds.correspondents else {}
        yield replace(move, updates={**move.updates, **gone}, fair=False)


# -- restarts ------------------------------------------------------------------------------


def _restarts(system: WholeSystem) -> Iterator[Action]:
    """A restart loses the list, and the number to be sent next; or the cache."""
    true, false = z3.BoolVal(True), z3.BoolVal(False)
    listed = _zero(system, *LIST, mn.sequence) | {"mn.defends": false, "kept.there": false}
    tokens = _zero(system, kept.token) if system.bounds.correspondents else {}
    over = _zero(system, kept.listed_left) if system.bounds.expiry else {}
    listed |= {own.boots.decl().name(): true, **tokens, **over}
    cache = _zero(system, *STATE, *PEER) | {system.name(kept.crashed): true}
    cache |= _zero(system, kept.plain_left) if system.bounds.expiry else {}
    can = system.may("restart")
    spent = system.spending("restart") if system.bounds.restart else {}
    for actor, lost, updates in ((MOBILE_NODE, "list", listed), (RECEIVER, "cache", cache)):
        name = f"starts anew, with an empty {lost}"
        yield Action(name, actor, can, updates=updates | spent, fair=False)


def _zero(system: WholeSystem, *consts: z3.ExprRef) -> Updates:
    return {system.name(c, i): zero(system.at(c, i)) for c in consts for i in system.indices(c)}


# -- time ----------------------------------------------------------------------------------


def _time(system: WholeSystem) -> Iterator[Action]:
    """What was agreed for one binding is over on both sides; each then does what rules say."""
    for b in system.world.bids:
        yield _over(system, f"the Lifetime agreed for BID {b} is over", *_of_bid(system, b))
    held, listed = bc.plain, mn.plain == Registration.registered
    updates = {
        PLAIN_LEFT: z3.Or(kept.plain_left, held),
        LISTED_LEFT: z3.Or(kept.listed_left, listed),
    }
    yield _over(system, "the Lifetime agreed without BID is over", z3.Or(held, listed), updates)
    yield _plain_held(system)
    yield _plain_listed(system)


def _over(system: WholeSystem, name: str, there: Any, updates: Updates) -> Action:
    guard = z3.And(there, z3.Not(system.lapsing), system.may("expiry"))
    return Action(name, NETWORK, guard, updates=updates | system.spending("expiry"), fair=False)


def _of_bid(system: WholeSystem, b: int) -> tuple[Any, Updates]:
    at = system.world.at
    held = z3.And(at(bc.kind, b) != Kind.absent, at(bc.left, b) == Left.agreed)
    status = at(mn.status, b)
    listed = z3.Or(status == Registration.registered, status == Registration.home)
    updates = {
        system.name(bc.left, b): z3.If(held, Left.zero, at(bc.left, b)),
        system.name(mn.left, b): z3.If(listed, Left.zero, at(mn.left, b)),
    }
    return z3.Or(held, listed), updates


def _plain_held(system: WholeSystem) -> Action:
    """The regular binding runs out at the receiver."""
    at, bids = system.world.at, system.world.bids
    kinds = [at(bc.kind, b) for b in bids]
    gone, remain = ex.entry == Others.delete, z3.Or([k != Kind.absent for k in kinds])
    stays = z3.Or(z3.Not(gone), remain)
    updates = {
        PLAIN_LEFT: z3.BoolVal(False),
        "bc.plain": z3.And(bc.plain, z3.Not(gone)),
        "bc.plain_coa": z3.If(gone, zero(bc.plain_coa), bc.plain_coa),
        "bc.home_registration": z3.And(bc.home_registration, stays),
        "bc.last_sequence": z3.If(stays, bc.last_sequence, zero(bc.last_sequence)),
        "bc.proxy": z3.And(ex.proxy, stays),
    }
    inputs = {
        "ex.run_out": z3.BoolVal(True),
        "ex.home": z3.BoolVal(False),
        "ex.others": z3.Or([k == Kind.bid for k in kinds]),
        "ex.home_stays": z3.Or([k == Kind.home for k in kinds]),
    }
    name = "comes to the end of the Lifetime given for the binding without BID"
    return Action(name, RECEIVER, kept.plain_left, On.EXPIRE, inputs, updates)


def _plain_listed(system: WholeSystem) -> Action:
    """The entry without BID runs out at the mobile node."""
    gone = listing.removed
    updates = {
        LISTED_LEFT: z3.BoolVal(False),
        "bul.plain": z3.If(gone, Registration.none, mn.plain),
        "bul.plain_coa": z3.If(gone, zero(mn.plain_coa), mn.plain_coa),
    }
    name = "comes to the end of the Lifetime listed without BID"
    return Action(name, MOBILE_NODE, kept.listed_left, On.KEEP_LIST, listed_inputs(), updates)


# -- correspondent nodes -------------------------------------------------------------------


def _tests(system: WholeSystem) -> Iterator[Action]:
    """A care-of test gives a token for an interface on a foreign link; it is not kept for ever."""
    for k in system.addresses:
        token, name = system.at(kept.token, k), system.name(kept.token, k)
        away = system.at(mn.where, k) == Where.foreign
        can = z3.And(z3.Not(node.home_agent), away, z3.Not(token))
        given, lost = {name: z3.BoolVal(True)}, {name: z3.BoolVal(False)}
        yield Action(f"tests the address of interface {k}", MOBILE_NODE, can, updates=given)
        yield Action(
            f"has no longer a token for interface {k}",
            MOBILE_NODE,
            z3.And(token, system.may("expiry")),
            updates=lost | (system.spending("expiry") if system.bounds.expiry else {}),
            fair=False,
        )


def _stray(system: WholeSystem, stray: Action) -> Action:
    """An update of another node, which takes the place of one, though no node may send it."""
    message = {
        system.name(c, i): stray.updates.get(system.name(c, i), zero(system.at(c, i)))
        for c in CARRIED
        for i in system.indices(c)
    }
    more = z3.ULT(net.sent, system.bounds.updates)
    can = z3.And(system.quiet, more, z3.Not(node.home_agent), system.may("attacker"))
    spent = {system.name(net.sent): net.sent + 1}
    spent |= system.spending("attacker") if system.bounds.attacker else {}
    return replace(stray, guard=can, updates=system.up.sent(message) | spent, fair=False)
