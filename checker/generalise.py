"""What of a situation matters for a condition: few inputs and predicates, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import z3

from checker.situation import Situations
from checker.solving import Aside, Solver
from model.fields import Number


def essential(
    situations: Situations, condition: Any, witness: dict[str, int], aside: Aside | None = None
) -> tuple[str, ...]:
    """Return a minimal set of inputs and predicates that alone make `condition` true."""
    general = Generaliser(situations, condition, aside or situations.aside())
    return general.core(witness, situations.facts(witness))


class Generaliser:
    """Finds inputs and predicates whose values alone make a condition true.

    Raw numbers are given up first, then predicates, flags and enumerations last, so that what
    is left is in the words of the rules.
    """

    def __init__(
        self,
        situations: Situations,
        condition: Any,
        aside: Aside,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.situations, self.more = situations, dict(more or {})
        self._aside = aside
        self._solver = Solver(situations.journal, self._aside.context)
        self._solver.add(*self._aside.background, self._aside.moved(z3.Not(condition)))
        self._literals: dict[tuple[str, int], Any] = {}

    def core(self, witness: Mapping[str, int], facts: Mapping[str, bool]) -> tuple[str, ...]:
        """Return names whose values in the witness alone make the condition true."""
        values = {**witness, **{n: int(v) for n, v in facts.items()}}
        order = self._order(facts, values)
        kept = self._sufficient(order, values)
        for name in list(kept):
            rest = [n for n in kept if n != name]
            if name in kept and self._enough(rest, values):
                kept = self._used(rest, values)
        return tuple(n for n in reversed(order) if n in kept)

    def _sufficient(self, order: list[str], values: Mapping[str, int]) -> list[str]:
        """Return names that suffice, without raw numbers where it can be."""
        fields = self.situations.fields
        worded = [
            n for n in order if n not in fields or not isinstance(fields[n][0].domain, Number)
        ]
        if self._enough(worded, values):
            return self._used(worded, values)
        if not self._enough(order, values):
            raise AssertionError("the witness does not satisfy its own condition")
        return self._used(order, values)

    def _order(self, facts: Mapping[str, bool], values: Mapping[str, int]) -> list[str]:
        fields = self.situations.fields
        numbers = [n for n, (f, _) in fields.items() if isinstance(f.domain, Number)]
        flags = [n for n in reversed(list(fields)) if n not in numbers]
        named = [n for n in reversed(list(facts)) if n not in self.more]
        rules = [n for n in reversed(list(facts)) if n in self.more and values[n]]
        return [*reversed(numbers), *named, *flags, *rules]

    def _enough(self, names: Iterable[str], values: Mapping[str, int]) -> bool:
        return not self._solver.holds(*(self._literal(n, values[n]) for n in names))

    def _used(self, names: Iterable[str], values: Mapping[str, int]) -> list[str]:
        core = self._solver.core_names()
        return [n for n in names if f"core {n} {values[n]}" in core]

    def _literal(self, name: str, value: int) -> Any:
        key = (name, value)
        if key not in self._literals:
            literal = z3.Bool(f"core {name} {value}", self._aside.context)
            self._solver.add(z3.Implies(literal, self._moved(name, value)))
            self._literals[key] = literal
        return self._literals[key]

    def _moved(self, name: str, value: int) -> Any:
        if name in self.more:
            return self._aside.moved(self.term(name, value))
        return self._aside.named(name, value, self.term(name, value))

    def term(self, name: str, value: int) -> Any:
        """Return the term: an input or predicate has this value."""
        if name in self.situations.fields:
            return self.situations.equals(name, value)
        term = self.more[name] if name in self.more else self.situations.predicates[name]
        return term if value else z3.Not(term)
