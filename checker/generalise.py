"""What of a situation matters for a condition: few inputs and predicates, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import z3

from checker.situation import Situations, generic
from model.fields import Number


def essential(situations: Situations, condition: Any, witness: dict[str, int]) -> tuple[str, ...]:
    """Return a minimal set of inputs and predicates that alone make `condition` true."""
    general = Generaliser(situations, condition)
    return general.core(witness, situations.facts(witness))


class Generaliser:
    """Finds inputs and predicates whose values alone make a condition true.

    Raw numbers are given up first, then flags and enumerations, outcomes and predicates last,
    so that what is left is in the words of the rules.
    """

    def __init__(
        self,
        situations: Situations,
        condition: Any,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.situations, self.more = situations, dict(more or {})
        self._solver = situations.solver()
        self._solver.add(z3.Not(condition))
        self._literals: dict[tuple[str, int], Any] = {}

    def core(self, witness: Mapping[str, int], facts: Mapping[str, bool]) -> tuple[str, ...]:
        """Return names whose values in the witness alone make the condition true.

        Of the minimal sets it is the one that is left when names are given up one by one, so
        that it depends on what the terms say alone.
        """
        values = {**witness, **{n: int(v) for n, v in facts.items()}}
        order = self._order(facts)
        literals = [self._literal(n, values[n]) for n in order]
        kept: list[int] = []
        end = len(order)
        while not self._enough([literals[k] for k in kept]):
            end = self._last(literals[:end], [literals[k] for k in kept])
            kept.append(end)
        names = {order[k] for k in kept}
        return tuple(
            n for n in dict.fromkeys((*self.more, *self.situations.fields, *facts)) if n in names
        )

    def _last(self, literals: list[Any], kept: list[Any]) -> int:
        """Return where the shortest beginning of `literals` ends that is enough with those kept."""
        below, upto = 0, len(literals)
        if not self._enough([*literals, *kept]):
            raise AssertionError("the witness does not satisfy its own condition")
        while upto - below > 1:
            middle = (below + upto) // 2
            enough = self._enough([*literals[:middle], *kept])
            below, upto = (below, middle) if enough else (middle, upto)
        return upto - 1

    def _order(self, facts: Mapping[str, bool]) -> list[str]:
        """Return the names, those first that are given up last: what tells most comes first."""
        fields, outcomes = self.situations.fields, self.situations.relation.outcomes
        numbers = [n for n, (f, _) in fields.items() if isinstance(f.domain, Number)]
        flags = [n for n in fields if n not in numbers]
        whole = [n for n in reversed(list(outcomes)) if n in facts and generic(n) == n]
        parts = [n for n in outcomes if n in facts and generic(n) != n]
        rules = [n for n in facts if n in self.more and facts[n]]
        named = [n for n in facts if n not in self.more and n not in outcomes]
        return [*whole, *parts, *named, *rules, *flags, *numbers]

    def _enough(self, literals: Iterable[Any]) -> bool:
        return not self._solver.holds(*literals)

    def _literal(self, name: str, value: int) -> Any:
        key = (name, value)
        if key not in self._literals:
            self._literals[key] = self.term(name, value)
        return self._literals[key]

    def term(self, name: str, value: int) -> Any:
        """Return the term: an input or predicate has this value."""
        if name in self.situations.fields:
            return self.situations.equals(name, value)
        term = self.more[name] if name in self.more else self.situations.predicates[name]
        return term if value else z3.Not(term)
