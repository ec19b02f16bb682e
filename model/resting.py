"""When both sides are at rest, and whether they hold the same bindings then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import z3

from model.binding_list import awaits, runs_out
from model.running_out import held_runs_out
from model.scope import World
from model.vocabulary import Kind, Registration, bc, mn, net


@dataclass(frozen=True)
class Absence:
    """Names that mean nothing, and are 0, in every state where a term does not hold."""

    unless: Any
    names: frozenset[str]


def entries_agree(world: World) -> Any:
    """Return the term: the Binding Update List and the cache hold the same bindings."""
    terms = []
    for b in world.bids:
        kind, status = world.at(bc.kind, b), world.at(mn.status, b)
        same = world.at(bc.coa, b) == world.at(mn.coa, b)
        terms.append((kind == Kind.bid) == (status == Registration.registered))
        terms.append((kind == Kind.home) == (status == Registration.home))
        terms.append(z3.Implies(kind == Kind.bid, same))
    terms.append(bc.plain == (mn.plain == Registration.registered))
    return z3.And(terms)


def running_out(world: World) -> Any:
    """Return the term: a binding of Lifetime zero is still held, or listed."""
    return z3.Or(held_runs_out(world), runs_out(world))


def at_rest(world: World) -> Any:
    """Return the term: no message is under way, awaited or answered, and nothing runs out."""
    return z3.Not(z3.Or(net.update, net.acknowledgement, awaits(world), running_out(world)))
