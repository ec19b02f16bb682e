"""Near misses: which rule would have demanded what was observed, and what it lacks to apply."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.replay.judge import MOST, contradicting, holds
from checker.replay.likeness import Remembered
from checker.replay.relation import Compiled, Relation
from checker.replay.seen import Seen
from checker.sentences import condition_text
from model.step import GroundRule, definitions
from model.terms import Substitution

MOST_MISSES = 2
MOST_LACKING = 3
NOT_REACHED = "the procedure comes to it"


@dataclass(frozen=True, slots=True)
class Miss:
    """A rule that would demand what was observed, and the conditions that it lacks."""

    rule: str
    lacks: tuple[str, ...]


@dataclass
class Nearest:
    """Looks for near misses among the rules of a relation."""

    relation: Relation
    _known: Remembered[Hashable, list[Miss]] = field(default_factory=Remembered)
    _conditions: dict[int, list[tuple[str, Evaluator]]] = field(default_factory=dict)

    def of(self, c: Compiled, values: tuple[int, ...], seen: Seen, key: Hashable) -> list[Miss]:
        """The nearest misses for a demand that is broken; `key` is that of the assessment."""
        return self._known.of((id(c), key), lambda: self._misses(c, values, seen))

    def _misses(self, c: Compiled, values: tuple[int, ...], seen: Seen) -> list[Miss]:
        found: dict[str, Miss] = {}
        for k in self._candidates(c):
            other = self.relation.compiled(k)
            if not self._explains(other, c, values, seen):
                continue
            miss = Miss(other.rule.rule.id, tuple(self._lacking(k, values)) or (NOT_REACHED,))
            known = found.get(miss.rule, miss)
            found[miss.rule] = min(known, miss, key=lambda m: len(m.lacks))
        near = [m for m in found.values() if len(m.lacks) <= MOST_LACKING]
        return sorted(near, key=lambda m: (len(m.lacks), m.rule))[:MOST_MISSES]

    def _candidates(self, c: Compiled) -> Iterator[int]:
        """The binding rules that speak of the same decisions."""
        labels = set(c.demand_names)
        for k, g in enumerate(self.relation.step.rules):
            if g.rule.id != c.rule.rule.id and g.rule.modality.binds and labels & g.decisions:
                yield k

    def _explains(self, other: Compiled, c: Compiled, values: tuple[int, ...], seen: Seen) -> bool:
        """Whether a rule would have demanded what was observed, and nothing else."""
        if not set(other.demand_names) <= seen.values.keys():
            return False
        sets = [tuple(seen.values.get(n, self.relation.domain(n))) for n in other.names]
        if prod(map(len, sets)) > MOST:
            return False
        truths = {holds(other, [*x, *values]) for x in product(*sets)}
        return truths == {"obeyed"} and bool(contradicting(self.relation, c, values, [other]))

    def _lacking(self, k: int, values: tuple[int, ...]) -> Iterator[str]:
        """The conditions of a rule that are not met."""
        if k not in self._conditions:
            self._conditions[k] = list(self._split(self.relation.step.rules[k]))
        yield from (text for text, holds_ in self._conditions[k] if not holds_(values)[0])

    def _split(self, g: GroundRule) -> Iterator[tuple[str, Evaluator]]:
        """The conditions of a rule one by one, each in words."""
        for part in conjuncts(g.rule.given):
            term = self._outcomes.of(self.relation.world.ground(part, g.index))
            yield condition_text(part, g.index), Evaluator([term], self.relation.layout)

    @cached_property
    def _outcomes(self) -> Substitution:
        return definitions(self.relation.step.outcomes)


def conjuncts(term: Any) -> list[Any]:
    """The conditions that a term joins by "and", those inside each other too; none for "true"."""
    if z3.is_and(term):
        return [part for child in term.children() for part in conjuncts(child)]
    return [] if z3.is_true(term) else [term]
