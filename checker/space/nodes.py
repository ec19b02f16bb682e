"""The system of a ruleset as a transition system of terms for the fast engines.

What a node decides is looked up by the ground rules that apply and by the facts that their
demands depend on: nothing about a rule is worked out here, the constraint search that the
interpreter uses fills the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import z3

from checker.machine import Machine
from checker.outcomes import Applied, Outcome, StepEngine
from checker.space.system import (
    Absent,
    Explained,
    StepTable,
    Transition,
    TransitionSystem,
    Values,
    Variable,
)
from model.properties import properties
from model.rule import On
from model.system import ACKNOWLEDGEMENT, MESSAGE, Action
from model.vocabulary import FIELDS, net


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
