"""What the further analyses share: examples of situations, and rules by their statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.situation import Situations, generic
from model.rule import Rule
from model.step import GroundRule


class Terms:
    """Terms over the inputs of a step, with situations that show which can hold together."""

    def __init__(self, situations: Situations, terms: Iterable[Any]) -> None:
        self.situations = situations
        self.terms = tuple(terms)
        self.solver = situations.solver()
        self.yes = [z3.Bool(f"holds {k}") for k in range(len(self.terms))]
        self.no = [z3.Bool(f"fails {k}") for k in range(len(self.terms))]
        for k, term in enumerate(self.terms):
            self.solver.add(z3.Implies(self.yes[k], term), z3.Implies(self.no[k], z3.Not(term)))
        self._evaluator = Evaluator(self.terms, list(situations.fields))
        self._read = situations.values
        self.examples: list[frozenset[int]] = []

    def possible(self, *assumptions: Any) -> bool:
        """Return whether some situation satisfies the assumptions; keep it as an example."""
        if not self.solver.holds(*assumptions):
            return False
        self.examples.append(self.holding(self.inputs()))
        return True

    def inputs(self) -> list[int]:
        """Return the inputs of the situation found last, in the order of the fields."""
        return self._read(self.solver.model())

    def holding(self, values: list[int]) -> frozenset[int]:
        """Return which of the terms hold for these inputs."""
        return frozenset(k for k, bit in enumerate(self._evaluator(values)) if bit)

    def implied(self, k: int, others: Iterable[int]) -> tuple[int, ...] | None:
        """Return a minimal part of `others` of which one holds wherever term `k` does, or None."""
        kept = list(others)
        if any(k in e and not e & set(kept) for e in self.examples):
            return None
        if self.possible(self.yes[k], *(self.no[j] for j in kept)):
            return None
        for j in list(kept):
            rest = [i for i in kept if i != j]
            if not self.possible(self.yes[k], *(self.no[i] for i in rest)):
                kept = rest
        return tuple(kept)


class ByRule:
    """The ground rules of a step by the rule they come from; none for one that never applies."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        self.rules = situations.ruleset.rules_on(situations.on)

    @cached_property
    def ground(self) -> Mapping[str, tuple[GroundRule, ...]]:
        """Return the ground rules by the key of their rule."""
        found: dict[str, list[GroundRule]] = {r.key: [] for r in self.rules}
        for g in self.situations.relation.rules:
            found[g.rule.key].append(g)
        return {key: tuple(own) for key, own in found.items()}

    def applies(self, r: Rule) -> Any:
        """Return the term: the rule applies, at whatever index."""
        return z3.Or([z3.BoolVal(False), *(g.applies for g in self.ground[r.key])])

    def at_stake(self, r: Rule) -> tuple[str, ...]:
        """Return the decisions that a rule is about, without indices."""
        own = {generic(d.label) for d in self.situations.relation.decisions}
        mentioned = {generic(n) for g in self.ground[r.key] for n in g.decisions}
        return tuple(sorted(mentioned & own))


def equal(situations: Situations, values: Mapping[str, int]) -> list[Any]:
    """Return the terms that inputs, or readings, have these values."""
    return [situations.equals(n, v) for n, v in values.items()]


def ids_of(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the ids of rules and of their restatements, sorted."""
    return tuple(sorted({i for r in rules for i in r.ids}))


def without_input(
    kind: str,
    situations: Situations,
    rules: Iterable[Rule],
    title: str,
    at_stake: tuple[str, ...] = (),
    **more: Any,
) -> Finding:
    """Return a finding about the text alone: no situation belongs to it."""
    own = tuple(dict.fromkeys(rules))
    return Finding(
        kind,
        situations.on,
        ids_of(own),
        at_stake,
        title,
        z3.BoolVal(False),
        {},
        **{"replayed": True, "principal": tuple(sorted({r.id for r in own})), **more},
    )


def unique(found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first finding of each kind and set of rules at one stake."""
    seen: set[str] = set()
    for f in found:
        if f.id not in seen:
            seen.add(f.id)
            yield f
