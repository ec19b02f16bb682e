"""The properties of the system that exploration checks in every state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import z3

from model.resting import entries_agree
from model.system import System
from model.vocabulary import Kind, bc, mn, net, node, o


@dataclass(frozen=True)
class Property:
    """A property: it always holds; `witness` must be reached, or it holds for lack of cases."""

    name: str
    title: str
    source: str
    always: Any
    witness: Any


def properties(system: System) -> tuple[Property, ...]:
    """Return the properties of a system at its scope."""
    world = system.world
    home_binding = z3.Or([world.at(bc.kind, b) == Kind.home for b in world.bids])
    second = world.at(o.present, 2) if world.scope.options > 1 else z3.BoolVal(False)
    rest = system.rest
    return (
        Property(
            "no-address-collision",
            "the home agent and the mobile node never both defend the home address at rest",
            "designs.md P1; 04-3-17",
            z3.Not(z3.And(bc.proxy, mn.defends, rest)),
            z3.And(mn.defends, rest),
        ),
        Property(
            "home-flag-excludes-proxy",
            "while a home binding exists there is no proxy Neighbor Discovery",
            "04-6.3-26",
            z3.Not(z3.And(bc.proxy, home_binding)),
            home_binding,
        ),
        Property(
            "status-precedence",
            "what the mobile node concludes for each binding is what the receiver did",
            "04-5.6-6, 04-5.6-7",
            z3.Not(mn.misled),
            system.answered,
        ),
        Property(
            "agreement-at-rest",
            "at rest the Binding Update List and the home agent's cache hold the same bindings",
            "designs.md P5",
            z3.Implies(z3.And(rest, node.home_agent), entries_agree(world)),
            z3.And(rest, z3.Or([world.at(bc.kind, b) == Kind.bid for b in world.bids])),
        ),
        Property(
            "bulk-only-for-home-registration",
            "no cache of a correspondent node ever changes by a bulk update",
            "04-2-9, 04-6.3-17",
            z3.Not(net.stray_bulk),
            z3.And(z3.Not(node.home_agent), net.update, second),
        ),
    )
