"""The region where a finding holds: a short disjunction of conditions that cover it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import z3

from checker.generalise import Generaliser
from checker.sentences import situation_text
from checker.situation import Situations, generic

MOST_SHOWN = 4
MORE = "and other situations"


class Regions:
    """Covers a condition, under fixed readings, by conditions that each alone imply it."""

    def __init__(self, situations: Situations, condition: Any, readings: Mapping[str, int]) -> None:
        self.situations, self.readings = situations, dict(readings)
        fixed = [situations.equals(n, v) for n, v in readings.items()]
        self._solver = situations.solver()
        self._solver.add(condition, *fixed)
        self._general = Generaliser(situations, z3.Or(condition, z3.Not(z3.And(fixed))))

    def sentences(self, first: Mapping[str, int]) -> tuple[str, ...]:
        """Return the conditions in words, at most a few, that of the witness first."""
        found: list[str] = []
        for text in self._texts(first):
            if text not in found:
                found.append(text)
            if len(found) > MOST_SHOWN:
                return (*found[:MOST_SHOWN], MORE)
        return tuple(found)

    def _texts(self, first: Mapping[str, int]) -> Iterator[str]:
        """Sub-options being interchangeable, a condition is told for the first alone."""
        seen: set[tuple[tuple[str, int], ...]] = set()
        values: Mapping[str, int] | None = first
        for _ in range(3 * MOST_SHOWN):
            if values is None:
                return
            facts = self.situations.facts(dict(values))
            shown = self._general.core(values, facts)
            known = {**values, **{n: int(v) for n, v in facts.items()}}
            key = tuple(sorted((generic(n), known[n]) for n in shown))
            if key not in seen:
                seen.add(key)
                yield situation_text(shown, values, facts)
            terms = [self._general.term(n, known[n]) for n in shown]
            self._solver.add(z3.Not(z3.And(terms)))
            values = self.situations.witness(self._solver, self.readings)
