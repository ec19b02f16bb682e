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
from checker.outcomes import Applied, Outcome, StepEngine
from checker.space.system import (
    Absent,
    Explained,
    Renaming,
    StepTable,
    Transition,
    TransitionSystem,
    Values,
    Variable,
)
from model.rule import On
from model.system import Action, System
from model.vocabulary import FIRST_CARE_OF, Address, Bid
from model.whole.properties import checked, recoveries


def transition_system(machine: Machine) -> TransitionSystem:
    """Return the transition system of a machine: the same states, transitions and properties."""
    tables = {on: _table(on, engine) for on, engine in machine.engines.items()}
    told = checked(machine.system)
    return TransitionSystem(
        tuple(Variable(n, machine.system.largest(n) + 1) for n in machine.names),
        tuple(machine.initial()),
        tuple(_transition(a, tables) for a in machine.actions),
        {p.name: p.always for p in told},
        {p.name: p.witness for p in told},
        machine.constants,
        tuple(Absent(a.unless, a.names) for a in machine.system.absent()),
        {p.name: p.always for p in recoveries(machine.system).values()},
        _renamings(machine.system),
    )


def _transition(action: Action, tables: Mapping[On, StepTable]) -> Transition:
    table = tables[action.on] if action.on else None
    inputs, fair = action.inputs, action.fair
    return Transition(action.name, action.guard, action.updates, inputs, table, fair)


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


def _renamings(system: System) -> tuple[Renaming, ...]:
    """Return what may be interchangeable: two BIDs, or two interfaces with their addresses."""
    return tuple(
        _exchanged(system, kind, dict(zip(pair, reversed(pair), strict=True)))
        for kind in _INTERCHANGEABLE
        for pair in combinations(system.world.indices(kind.family), 2)
    )


def _exchanged(system: System, kind: _Kind, other: Mapping[int, int]) -> Renaming:
    """Return the renaming by which each of two indices becomes the other."""
    fields, world = system.fields.values(), system.world
    numbers = range(world.scope.largest(kind.domain) + 1)
    values = tuple(other.get(v - kind.offset, v - kind.offset) + kind.offset for v in numbers)
    numbered = [f for f in fields if f.domain is kind.domain]
    return Renaming(
        " and ".join(f"{kind.noun} {k}" for k in other),
        {f.label(i): f.label(other[i]) for f in fields if f.family == kind.family for i in other},
        {f.label(i): values for f in numbered for i in world.indices(f.family)},
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
    rows = _Rows(engine)
    return StepTable(on.name, key, widths, decisions, rows, rows.explained)


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
        outcomes = self.engine.outcomes_of(self._applied(key))
        return [tuple(map(int, o.values)) for o in outcomes]

    def explained(self, key: Values) -> Explained:
        """Return the ids of the rules that apply, and what an outcome does to them."""
        applied = self._applied(key)
        rules = (self.engine.relation.rules[k] for k in applied.rules)
        ids = dict.fromkeys(f"{r.rule.id}[{r.index}]" if r.index else r.rule.id for r in rules)
        return Explained(tuple(ids), tuple(map(_said, self.engine.outcomes_of(applied))))

    def _applied(self, key: Values) -> Applied:
        many = len(self.engine.relation.rules)
        return self.engine.applied_with(key[:many], key[many:])


def _said(outcome: Outcome) -> str:
    """Return what an outcome gives up, does against advice, and settles though no rule does."""
    parts = (
        ("gives up", outcome.given_up),
        ("deviates from", outcome.deviates),
        ("left open:", outcome.gaps),
    )
    return "; ".join(f"{word} {', '.join(sorted(ids))}" for word, ids in parts if ids)
