"""The system of a ruleset as a transition system of terms for the fast engines.

What a node decides is looked up by the ground rules that apply and by the facts that their
demands depend on: nothing about a rule is worked out here, the constraint search that the
interpreter uses fills the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import z3

from checker.machine import Machine
from checker.outcomes import StepEngine
from checker.space.system import (
    Absent,
    Renaming,
    StepTable,
    Transition,
    TransitionSystem,
    Values,
    Variable,
)
from model.properties import properties
from model.rule import On
from model.scope import World
from model.system import ACKNOWLEDGEMENT, MESSAGE, Action
from model.vocabulary import FIELDS, FIRST_CARE_OF, Address, Bid, net


def transition_system(machine: Machine) -> TransitionSystem:
    """Return the transition system of a machine: the same states, transitions and properties."""
    tables = {on: _table(on, engine) for on, engine in machine.engines.items()}
    checked = properties(machine.world)
    return TransitionSystem(
        tuple(_variable(machine, n) for n in machine.names),
        tuple(machine.initial()),
        tuple(_transition(a, tables) for a in machine.actions),
        {p.name: p.always for p in checked},
        {p.name: p.witness for p in checked},
        machine.constants,
        _absent(machine),
        renamings=_renamings(machine.world),
    )


def _variable(machine: Machine, label: str) -> Variable:
    domain = FIELDS[label.partition("[")[0]].domain
    return Variable(label, machine.scope.largest(domain) + 1)


def _transition(action: Action, tables: Mapping[On, StepTable]) -> Transition:
    table = tables[action.on] if action.on else None
    return Transition(action.name, action.guard, action.updates, action.inputs, table)


def _absent(machine: Machine) -> tuple[Absent, ...]:
    """Return what is 0 while no message is under way."""

    def own(consts: tuple[Any, ...]) -> frozenset[str]:
        names = {c.decl().name() for c in consts}
        return frozenset(n for n in machine.names if n.partition("[")[0] in names)

    answered = Absent(net.acknowledgement, own(ACKNOWLEDGEMENT))
    return answered, Absent(z3.Or(net.update, net.acknowledgement), own(MESSAGE))


@dataclass(frozen=True)
class _Kind:
    """What there are several of: a family of fields, and the values that stand for its indices."""

    noun: str
    family: str
    domain: Any
    offset: int  # the value of an index is so much more


_INTERCHANGEABLE = (
    _Kind("BID", "bid", Bid, 0),
    _Kind("interface", "interface", Address, FIRST_CARE_OF - 1),  # and its care-of address
)


def _renamings(world: World) -> tuple[Renaming, ...]:
    """Return what may be interchangeable: two BIDs, or two interfaces with their addresses."""
    return tuple(
        _exchanged(world, kind, dict(zip(pair, reversed(pair), strict=True)))
        for kind in _INTERCHANGEABLE
        for pair in combinations(world.indices(kind.family), 2)
    )


def _exchanged(world: World, kind: _Kind, other: Mapping[int, int]) -> Renaming:
    """Return the renaming by which each of two indices becomes the other."""
    numbers = range(world.scope.largest(kind.domain) + 1)
    values = tuple(other.get(v - kind.offset, v - kind.offset) + kind.offset for v in numbers)
    fields = list(world.fields())
    return Renaming(
        " and ".join(f"{kind.noun} {k}" for k in other),
        {
            f.label(i): f.label(other[i])
            for f, i in fields
            if f.family == kind.family and i in other
        },
        {f.label(i): values for f, i in fields if f.domain is kind.domain},
    )


def _table(on: On, engine: StepEngine) -> StepTable:
    relation = engine.relation
    facts = engine.fact_terms
    key = (*(g.applies for g in relation.rules), *facts)
    widths = (*(1 for _ in relation.rules), *(_bits(t) for t in facts))
    decisions = tuple(
        Variable(d.label, relation.world.scope.largest(d.field.domain) + 1)
        for d in relation.decisions
    )
    return StepTable(on.name, key, widths, decisions, _Rows(engine))


def _bits(term: Any) -> int:
    sort = term.sort()
    if isinstance(sort, z3.BoolSortRef):
        return 1
    if isinstance(sort, z3.BitVecSortRef):
        return int(sort.size())
    return int(sort.num_constructors() - 1).bit_length()


@dataclass(frozen=True)
class _Rows:
    """The outcomes of a step, for the rules that apply and the facts."""

    engine: StepEngine

    def __call__(self, key: Values) -> list[Values]:
        many = len(self.engine.relation.rules)
        applied = self.engine.applied_with(key[:many], key[many:])
        return [tuple(map(int, o.values)) for o in self.engine.outcomes_of(applied)]
