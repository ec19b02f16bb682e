"""Which rules of a ruleset a search met: the keys that step tables were asked for tell them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checker.explore import Met
from checker.machine import Machine
from checker.outcomes import Outcome
from checker.space.running import Engine
from model.rule import On


def met(machine: Machine, engine: Engine) -> tuple[Met, ...]:
    """Return for each step what was met in the last search of a machine's system.

    A table is asked for the situations of reached states alone, and for each of them.
    """
    tables = {rows.table.name: rows for rows in engine.rows}
    return tuple(_met(machine, on, tables.get(on.name)) for on in machine.relations)


def _met(machine: Machine, on: On, rows: Any | None) -> Met:
    relation, asked = machine.relations[on], list(_asked(machine, on, rows) if rows else ())
    applied = {relation.rules[k].rule.id for rules, _ in asked for k in rules}
    outcomes = [o for _, found in asked for o in found]
    never = {r.id for r in machine.ruleset.rules_on(on)} - applied
    sets = (_all(o.given_up for o in outcomes), _all(o.deviates for o in outcomes))
    return Met(on, frozenset(applied), frozenset(never), *sets, _all(o.gaps for o in outcomes))


def _all(sets: Iterator[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def _asked(
    machine: Machine, on: On, rows: Any
) -> Iterator[tuple[tuple[int, ...], tuple[Outcome, ...]]]:
    """Yield the rules that applied in a situation, by position, and the outcomes there."""
    engine = machine.engines[on]
    many = len(machine.relations[on].rules)
    for words in rows.known:
        key = rows.packing.unpack(words)
        applied = engine.applied_with(key[:many], key[many:])
        yield applied.rules, engine.outcomes_of(applied)
