"""Readings that decide whether rules contradict each other.

A contradiction under the default alternative says nothing of another reading, unless it is
gone there: then that other question is open as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import z3

from checker.finding import Finding
from checker.generalise import essential
from checker.situation import Situations, Views
from model.ruleset import Reading, Ruleset

CLASHES = ("contradiction", "silent override", "permission conflict", "tension")
FIRM = ("contradiction", "silent override")


def deciding(found: Sequence[Finding], views: Views, ruleset: Ruleset) -> Iterator[Finding]:
    """Yield one finding for each reading that no other finding names, and that decides so."""
    named = {r for f in found if f.kind in (*CLASHES, "ambiguity") for r in f.readings}
    for reading in (r for r in ruleset.readings if not r.permitted and r.id not in named):
        yield from _first(_Decided(s, found, reading) for s in views.values())


def _first(searches: Iterator[_Decided]) -> Iterator[Finding]:
    for search in searches:
        told = search.finding() if search.matters else None
        if told is not None:
            yield told
            return


class _Decided:
    """What one reading decides in one node step."""

    def __init__(self, situations: Situations, found: Sequence[Finding], reading: Reading) -> None:
        self.situations, self.reading = situations, reading
        self.firm = [f for f in found if f.kind in FIRM and f.on is situations.on]
        self.usual = dict.fromkeys(situations.readings, 0)

    @property
    def matters(self) -> bool:
        """Return whether rules of the step depend on the reading."""
        return self.reading.id in self.situations.readings

    def finding(self) -> Finding | None:
        """Return the first contradiction that is gone, with all others, under an alternative."""
        for value in range(1, self.reading.domain.size()):
            for f in self.firm:
                witness = self._gone(f, value)
                if witness is not None:
                    return self._told(f, value, witness)
        return None

    def _read(self, term: Any, value: int) -> Any:
        """Return a term under the default readings, but this one at a value."""
        domains = self.situations.readings
        chosen = self.usual | {self.reading.id: value}
        pairs = [(z3.Const(r, domains[r].sort), domains[r].at(v)) for r, v in chosen.items()]
        return z3.substitute(term, *pairs)

    def _condition(self, f: Finding, value: int) -> Any:
        rest = [z3.Not(self._read(g.condition, value)) for g in self.firm]
        return z3.And(self._read(f.condition, 0), *rest)

    def _gone(self, f: Finding, value: int) -> dict[str, int] | None:
        solver = self.situations.solver()
        solver.add(self._condition(f, value))
        return self.situations.witness(solver, self.usual)

    def _told(self, f: Finding, value: int, witness: dict[str, int]) -> Finding:
        s, reading = self.situations, self.reading
        condition = self._condition(f, value)
        known = {i for r in s.ruleset.rules for i in r.ids}
        default, other = reading.domain.values[0], reading.domain.values[value]
        return Finding(
            "ambiguity",
            s.on,
            tuple(sorted(i for i in reading.statements if i in known)) or f.rules,
            (),
            f"{reading.question} {default}, not {other}: rules contradict each other",
            condition,
            witness,
            tuple(n for n in essential(s, condition, witness) if n not in s.readings),
            s.facts(witness),
            {reading.id: (default, other)},
            f.demands,
            replayed=self._replays(witness, value),
            region=reading.id,
            principal=(),
            also=f.rules,
        )

    def _replays(self, witness: Mapping[str, int], value: int) -> bool:
        """Return whether search without solver finds a conflict under the one alternative alone."""
        engine, names = self.situations.engine, list(self.situations.fields)
        either = [
            engine.conflicts(engine.applied([{**witness, self.reading.id: v}[n] for n in names]))
            for v in (0, value)
        ]
        return bool(either[0]) and not either[1]
