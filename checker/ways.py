"""Explorations, one larger than the other, until the situations of findings are reached.

Situations that two updates do not lead to are tried with a third one; a single sub-option in
each keeps that exploration small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from checker.explore import Exploration, Explorer
from checker.finding import Finding
from checker.machine import Machine
from checker.reach import BY_PEER, Watch, Ways
from checker.situation import Views, views
from model.ruleset import Ruleset
from model.scope import Scope
from model.terms import names_in


@dataclass
class Search:
    """How the situations of findings are reached, and why others are not (by id)."""

    ruleset: Ruleset
    scope: Scope
    situations: Views
    ways: dict[str, Ways] = field(default_factory=dict)
    invariants: dict[str, str] = field(default_factory=dict)

    def run(
        self, findings: Iterable[Finding], say: Callable[[str], None], needed: bool = False
    ) -> Iterator[Exploration]:
        """Yield the explorations of two updates; `needed` for more than these findings."""
        situated = [f for f in findings if f.witness]
        for faults in (0, 1):
            rest = self._unreached(situated)
            if rest or needed:
                say(f"which of {len(rest)} situations are reachable, with {faults} faults")
                yield self._explored(replace(self.scope, updates=2, faults=faults), rest)
        nowhere = [f for f in situated if f.id not in self.ways]
        if nowhere:
            say(f"which of {len(nowhere)} situations are reachable, with a third update")
            self._longer(nowhere)

    def _unreached(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings that conforming nodes have not reached, and may reach."""
        known = {id for id, ways in self.ways.items() if ways.conforming}
        return [
            f
            for f in findings
            if f.id not in known and not (f.id in self.ways and f.kind in BY_PEER)
        ]

    def _explored(self, scope: Scope, findings: list[Finding]) -> Exploration:
        found, watch = explored(self.ruleset, self.situations, scope, findings)
        self._note(watch.ways(found))
        self.invariants |= watch.invariants
        return found

    def _longer(self, findings: list[Finding]) -> None:
        scope = replace(self.scope, options=1, updates=3, faults=0)
        situations = views(self.ruleset, scope)
        known = {on: {*s.fields} for on, s in situations.items()}
        possible = [f for f in findings if names_in(f.condition) <= known.get(f.on, set())]
        if possible:
            found, watch = explored(self.ruleset, situations, scope, possible)
            self._note(watch.ways(found))

    def _note(self, found: Mapping[str, Ways]) -> None:
        for id, ways in found.items():
            known = self.ways.get(id, Ways())
            conforming = known.conforming or ways.conforming
            self.ways[id] = Ways(conforming, known.arbitrary or ways.arbitrary)


def explored(
    ruleset: Ruleset, situations: Views, scope: Scope, findings: list[Finding]
) -> tuple[Exploration, Watch]:
    """Return an exploration, and what it says of the situations of findings."""
    relations = {on: s.relation for on, s in situations.items()}
    machine = Machine(ruleset, scope, relations=relations)
    watch = Watch(machine, findings)
    found = Explorer(machine, observer=watch.step).run()
    watch.from_states(found, situations)
    return found, watch
