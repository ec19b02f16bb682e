"""What has to hold of the whole system: in every state, and in the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from model.binding_list import awaits
from model.mobile import own
from model.properties import Property, properties
from model.resting import entries_agree
from model.system import System
from model.vocabulary import Kind, Registration, Status, ba_status, bc, bu, mn, node, o
from model.whole.fields import kept, noticed
from model.whole.system import WholeSystem


def checked(system: System) -> tuple[Property, ...]:
    """Return the properties of a system, whichever it is."""
    return tuple(_whole(system)) if isinstance(system, WholeSystem) else properties(system)


def recoveries(system: System) -> dict[str, Property]:
    """Return what has to come about again once there are no more faults, by name."""
    if not isinstance(system, WholeSystem):
        return {}
    return {p.name: p for p in _recoveries(system)}


def _whole(system: WholeSystem) -> Iterator[Property]:
    yield from _defending(system)
    yield from _concluding(system)
    yield from _holding(system)
    yield from _overtaken(system)


def _any_bid(system: WholeSystem, const: z3.ExprRef, *values: z3.ExprRef) -> Any:
    found = [system.world.at(const, b) == v for b in system.world.bids for v in values]
    return z3.Or(found)


def _defending(system: WholeSystem) -> Iterator[Property]:
    rest, both = system.rest, z3.And(bc.proxy, mn.defends)
    at_home = _any_bid(system, bc.kind, Kind.home)
    yield Property(
        "no-address-collision",
        "the home agent and the mobile node never both defend the home address at rest",
        "designs.md P1; 04-3-17",
        z3.Not(z3.And(both, rest)),
        z3.And(mn.defends, rest),
    )
    was_home = _any_bid(system, mn.status, Registration.was_home)
    yield Property(
        "no-collision-after-a-home-binding",
        "when a home binding has ended for the mobile node, the two do not both defend at rest",
        "designs.md P1; 04-5.5-24, 04-5.5-27, 04-5.5-31",
        z3.Not(z3.And(both, rest, was_home)),
        z3.And(rest, was_home),
    )
    yield Property(
        "no-collision-as-a-home-binding-ends",
        "when the home agent's last home binding ends, the two do not both defend from then on",
        "designs.md P1; 04-6.3-26, 3775-10.4.1-1",
        z3.Not(z3.And(both, noticed.ended)),
        noticed.ended,
    )
    yield Property(
        "home-flag-excludes-proxy",
        "while a home binding exists there is no proxy Neighbor Discovery",
        "04-6.3-26",
        z3.Not(z3.And(bc.proxy, at_home)),
        at_home,
    )
    yield Property(
        "no-refusal-against-itself",
        "duplicate address detection of the home agent is not answered by the mobile node itself",
        "designs.md P1, P7; 3775-10.3.1-5",
        z3.Not(z3.And(node.home_agent, _duplicate(system))),
        bc.proxy,
    )


def _duplicate(system: WholeSystem) -> Any:
    """An answer says that the home address is another node's; no third node takes it."""
    found = []
    for p, record in system.down.records.items():
        labels = [system.name(ba_status), *(system.name(o.ba_status, i) for i in _options(system))]
        taken = z3.Or([record[n] == Status.duplicate_address for n in labels])
        found.append(z3.And(system.down.there(p), taken))
    return z3.Or(found)


def _options(system: WholeSystem) -> range:
    return system.world.options


def _concluding(system: WholeSystem) -> Iterator[Property]:
    yield Property(
        "status-precedence-success",
        "the mobile node takes nothing for registered that the receiver has refused",
        "04-5.6-6, 04-5.6-7, 04-5.6-9",
        z3.Not(noticed.fooled),
        system.answered,
    )
    yield Property(
        "status-precedence-failure",
        "the mobile node takes nothing for failed that the receiver has done",
        "04-5.6-6, 04-5.6-7, 04-5.6-8",
        z3.Not(noticed.missed),
        system.answered,
    )


def _holding(system: WholeSystem) -> Iterator[Property]:
    world, settled = system.world, z3.And(system.rest, node.home_agent, _remembering(system))
    registered = {b: world.at(mn.status, b) == Registration.registered for b in world.bids}
    held = {b: world.at(bc.kind, b) == Kind.bid for b in world.bids}
    plain = mn.plain == Registration.registered
    yield Property(
        "agreement-at-rest",
        "at rest, when no node has lost its memory, list and home agent's cache are the same",
        "designs.md P5",
        z3.Implies(settled, entries_agree(world)),
        z3.And(settled, z3.Or(list(held.values()))),
    )
    yield Property(
        "nothing-listed-in-vain",
        "at rest, when no node has lost its memory, the home agent has what the list has",
        "designs.md P2, P5",
        z3.Implies(settled, z3.And(_each(registered, held), z3.Implies(plain, bc.plain))),
        z3.And(settled, z3.Or(list(registered.values()))),
    )
    yield Property(
        "nothing-held-in-vain",
        "at rest, when no node has lost its memory, the list has what the home agent has",
        "designs.md P5",
        z3.Implies(settled, z3.And(_each(held, registered), z3.Implies(bc.plain, plain))),
        z3.And(settled, z3.Or(list(held.values()))),
    )
    yield Property(
        "regular-excludes-others",
        "a binding without BID and one with a BID never exist together",
        "04-6.3-2, 04-6.3-34",
        z3.Not(z3.And(bc.plain, z3.Or(list(held.values())))),
        bc.plain,
    )
    yield Property(
        "interception-at-rest",
        "at rest, while the home agent has a binding, someone answers for the home address",
        "designs.md P2; 3775-10.4.1-1",
        z3.Implies(z3.And(settled, _bound(system)), z3.Or(bc.proxy, mn.defends)),
        z3.And(settled, _bound(system)),
    )
    yield Property(
        "bulk-only-for-home-registration",
        "no cache of a correspondent node ever changes by a bulk update",
        "04-2-9, 04-6.3-17",
        z3.Not(noticed.stray),
        z3.And(z3.Not(node.home_agent), _bulk_under_way(system)),
    )


def _each(these: dict[int, Any], those: dict[int, Any]) -> Any:
    return z3.And([z3.Implies(these[b], those[b]) for b in these])


def _bound(system: WholeSystem) -> Any:
    """Return the term: a home agent has some binding, of any kind."""
    held = _any_bid(system, bc.kind, Kind.bid, Kind.home)
    return z3.And(node.home_agent, z3.Or(bc.plain, held))


def _remembering(system: WholeSystem) -> Any:
    """Return the term: no restart has made a node forget."""
    lost = [kept.crashed] if system.bounds.restart else []
    return z3.Not(z3.Or(own.boots, *lost))


def _bulk_under_way(system: WholeSystem) -> Any:
    if system.world.scope.options < 2:
        return z3.BoolVal(False)
    return z3.And(system.up.there(1), system.up.records[1][system.name(o.present, 2)])


def _overtaken(system: WholeSystem) -> Iterator[Property]:
    late = z3.And(system.up.there(1), system.up.mark(1, "late"))
    yield Property(
        "overtaken-changes-nothing",
        "an update that a later one has overtaken changes nothing in the cache",
        "3775-9.5.1-2, 3775-9.5.1-6",
        z3.Not(noticed.late),
        late,
    )
    yield Property(
        "overtaken-empties-nothing",
        "an update that a later one has overtaken does not delete the last binding",
        "3775-9.5.1-2, 04-6.3-2",
        z3.Not(noticed.emptied),
        late,
    )


# -- in the end ----------------------------------------------------------------------------


def _recoveries(system: WholeSystem) -> Iterator[Property]:
    """A mobile node whose interface has moved on has to ask anew: nothing follows by itself."""
    waiting = z3.Or(awaits(system.world), kept.there)
    moved = z3.And(kept.there, z3.Not(system.usable(system.kept[bu.source.decl().name()])))
    settled = z3.And(system.rest, z3.Or(z3.Not(node.home_agent), entries_agree(system.world)))
    yield Property(
        "requests-end",
        "once faults have stopped, each update is accepted or refused in the end",
        "designs.md P7; 04-5.9-3, 3775-11.7.1-6",
        z3.Or(z3.Not(waiting), moved),
        waiting,
    )
    comes_back = z3.Or(settled, moved)
    yield Property(
        "agreement-comes-back",
        "once faults have stopped, list and home agent's cache become the same again",
        "designs.md P5",
        z3.Or(comes_back, z3.Not(_remembering(system))),
        z3.Not(settled),
    )
    if system.bounds.restart:
        yield Property(
            "agreement-comes-back-after-a-restart",
            "they become so too when a node has lost its memory",
            "designs.md P5; 04-5.9-1",
            comes_back,
            z3.Not(z3.Or(settled, _remembering(system))),
        )
