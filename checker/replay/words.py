"""Demands and observations in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

from checker.replay.judge import MOST, holds
from checker.replay.naming import Naming
from checker.replay.relation import Compiled, Relation
from checker.replay.seen import PARTLY, Seen
from model.fields import Field

MANY = 3
# What is said when the values of a decision cannot be told apart.
NOTHING = {
    "effect": "none, no binding before and after",
    "others": "there were none",
    "plain": "there was none",
}


class Wording:
    """Says what a rule demanded, and what was seen instead, with the BIDs of the trace."""

    def __init__(self, relation: Relation, naming: Naming, bids: Sequence[int]) -> None:
        self.relation, self.naming, self.bids = relation, naming, bids

    def said(self, c: Compiled, values: tuple[int, ...], seen: Seen) -> tuple[str, str]:
        """What was expected and what was observed, in words."""
        known = tuple([values[k] for k in c.reads]), seen.key_of(c.names), tuple(self.bids)
        return c.texts.of(known, lambda: (self.expected(c, values, seen), self.observed(c, seen)))

    def expected(self, c: Compiled, values: tuple[int, ...], seen: Seen) -> str:
        """The values that the rule leaves for what it decides, given all else that was seen."""
        parts = [self._allowed(c, n, values, seen) for n in c.demand_names]
        said = [p for p in parts if p]
        return "; ".join(said) or c.rule.rule.title

    def observed(self, c: Compiled, seen: Seen) -> str:
        """What was seen of the decisions that a rule mentions."""
        return "; ".join(self._seen(n, seen) for n in c.demand_names)

    def _seen(self, label: str, seen: Seen) -> str:
        if label not in seen.values:
            return f"{self.name(label)}: not shown"
        stem = label.partition("[")[0]
        if stem in NOTHING and label in seen.alike and 0 in seen.values[label]:
            return f"{self.name(label)}: {NOTHING[stem]}"
        return f"{self.name(label)}: {self._choice(label, sorted(seen.values[label]))}"

    def name(self, label: str) -> str:
        """The name of a decision, with the BID that it is about."""
        stem, _, index = label.partition("[")
        sentence = self.field(stem).sentence
        if not index or index == "0]":
            return sentence
        option = int(index[:-1])
        bid = self.bids[option - 1] if option <= len(self.bids) else 0
        return f"{sentence} (option {option}, BID {bid})"

    def field(self, stem: str) -> Field:
        """The field of a decision."""
        return next(d.field for d in self.relation.decisions.values() if d.field.name == stem)

    def _choice(self, label: str, values: Sequence[int]) -> str:
        domain = self.field(label.partition("[")[0]).domain
        shown = ["only in part" if v == PARTLY else domain.show(v) for v in values]
        return " or ".join(shown)

    def _allowed(self, c: Compiled, label: str, values: tuple[int, ...], seen: Seen) -> str:
        domain = self.relation.domain(label)
        sets = [
            domain if n == label else tuple(seen.values.get(n, self.relation.domain(n)))
            for n in c.names
        ]
        if prod(len(s) for s in sets) > MOST:
            return ""
        at = c.names.index(label)
        good = {x[at] for x in product(*sets) if holds(c, [*x, *values]) == "obeyed"}
        if not good or len(good) == len(domain):
            return ""
        bad = [v for v in domain if v not in good]
        if len(good) <= MANY or len(bad) > MANY:
            return f"{self.name(label)}: {self._choice(label, sorted(good))}"
        return f"{self.name(label)}: not {self._choice(label, bad)}"
