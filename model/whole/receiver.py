"""What the peer does in the whole system: it processes the updates that reach it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import z3

from model.predicates import entry_exists
from model.receiver import STATE
from model.running_out import PEER
from model.system import Action
from model.vocabulary import Authorization, Kind, bc, bu, decide, mn, node, o
from model.whole.fields import noticed
from model.whole.system import ANSWER, WholeSystem

Updates = dict[str, Any]
BINDINGS = (bc.kind, bc.coa, bc.plain, bc.plain_coa)


def actions(system: WholeSystem) -> Iterator[Action]:
    """Yield how each update under way is processed: in order, once more, or before others."""
    for p in system.up.places:
        for whole in _processing(system, p):
            taken = {**whole.updates, **system.up.marked(system.up.removed(p), "late", p)}
            if p == 1:
                yield replace(whole, updates=taken)
                yield from _again(system, whole)
            else:
                yield replace(
                    whole,
                    name=f"{whole.name}, {_ORDER[p]} before those sent earlier",
                    guard=z3.And(whole.guard, system.may("reorder")),
                    updates=taken | system.spending("reorder"),
                    fair=False,
                )


_ORDER = {2: "the second", 3: "the third", 4: "the fourth"}


def _again(system: WholeSystem, whole: Action) -> Iterator[Action]:
    """Yield the same for a copy: the update remains under way."""
    if not whole.by and whole.fair:
        yield replace(
            whole,
            name="processes a copy of the update",
            guard=z3.And(whole.guard, system.may("duplication")),
            updates={**whole.updates, **system.spending("duplication")},
            fair=False,
            keeps=True,
        )


def _processing(system: WholeSystem, place: int) -> Iterator[Action]:
    """Yield the ways to process an update: as it is, ignoring BIDs, with a nonce run out."""
    whole = _processed(system, place)
    yield whole
    yield _ignoring(system, place, whole)
    if system.bounds.correspondents:
        yield replace(
            whole,
            name="processes the update, whose care-of nonce is no longer valid",
            guard=z3.And(whole.guard, z3.Not(node.home_agent), system.may("expiry")),
            inputs={**whole.inputs, bu.authorization.decl().name(): Authorization.careof_nonce},
            updates={**whole.updates, **system.spending("expiry")},
            fair=False,
        )


def _ignoring(system: WholeSystem, place: int, whole: Action) -> Action:
    """For a node that ignores the BID the update is one without sub-options (04-6.1-8)."""
    base = system.ignoring()
    named = system.up.records[place][system.name(o.present, 1)]
    return replace(
        whole,
        name=base.name,
        guard=z3.And(whole.guard, node.single, named),
        inputs={**whole.inputs, **base.inputs},
        by=base.by,
    )


def _processed(system: WholeSystem, place: int) -> Action:
    base = system.processing()
    cache = {n: base.updates[n] for n in system.labels(*STATE, *PEER)}
    answer = {n: base.updates[n] for n in system.labels(*(c for c in ANSWER if c is not o.bid))}
    for i in system.world.options:
        copied = base.updates[system.name(o.copied, i)]
        bid = system.world.at(o.bid, i)
        answer[system.name(o.bid, i)] = z3.If(copied, bid, z3.BitVecVal(0, bid.size()))
    late = system.up.mark(place, "late")
    updates = cache | system.down.sent(answer, decide.acknowledged)
    updates |= {
        system.name(noticed.stray): system.correspondent_changed(),
        system.name(noticed.ended): system.home_ends(cache),
        system.name(noticed.late): z3.And(late, _changed(system, cache)),
        system.name(noticed.emptied): z3.And(late, _emptied(system, cache)),
    }
    guard = z3.And(system.up.there(place), z3.Not(system.down.full))
    return replace(base, guard=guard, inputs=_given(system, place), updates=updates)


def _given(system: WholeSystem, place: int) -> Updates:
    """Return the update as it arrives, and who answers a probe for the home address.

    Nobody but the mobile node itself can: no third node takes the address.
    """
    probed = z3.And(mn.defends, system.at_home)
    return {**system.up.records[place].inputs(), "node.address_taken": probed}


def _changed(system: WholeSystem, cache: Updates) -> Any:
    return z3.Or(
        [system.at(c, i) != cache[system.name(c, i)] for c in BINDINGS for i in system.indices(c)]
    )


def _emptied(system: WholeSystem, cache: Updates) -> Any:
    left = [cache[system.name(bc.kind, b)] != Kind.absent for b in system.world.bids]
    remains = z3.Or(cache[system.name(bc.plain)], *left)
    return z3.And(system.world.at(entry_exists, 0), z3.Not(remains))
