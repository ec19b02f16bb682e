"""Redundant rules, restatements, and one demand made with different key words.

A rule is redundant when, wherever it applies, others of the same strength demand at least as
much.  One demand is held against another on the decisions alone, whatever the input: so what
contradicts itself implies nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import z3

from checker.demands import Demand, structural
from checker.finding import Finding
from checker.kinds.common import ByRule, Terms, equal, ids_of, unique, without_input
from checker.situation import Situations
from model.rule import Modality, On, Refuses, Rule
from model.ruleset import Ruleset

FOLLOWS = "follows from the others"
RESTATEMENTS = "restatements"
STRENGTH: Mapping[Modality, int] = {
    Modality.MAY: 1,
    Modality.SHOULD: 2,
    Modality.SHOULD_NOT: 2,
    Modality.STATED: 3,
    Modality.MUST: 3,
    Modality.MUST_NOT: 3,
}


class Redundancy:
    """The redundant rules and modality mismatches of one node step."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        self.by_rule = ByRule(situations)
        found = [d for d in situations.demands if d.ground.rule.modality in STRENGTH]
        # What comes first is given up first in a minimal set: rules of the base.
        own = situations.ruleset.is_extension
        self.demands = sorted(found, key=lambda d: own(d.ground.rule))
        self.entailment = Entailment(situations, self.demands)
        self.terms = Terms(situations, [d.applies for d in self.demands])
        self.extension = [r for r in self.by_rule.rules if own(r)]
        self.of_rule: dict[str, list[int]] = {r.key: [] for r in self.by_rule.rules}
        for k, d in enumerate(self.demands):
            self.of_rule[d.ground.rule.key].append(k)

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each redundant rule, and each pair of unequal key words."""
        for id in dict.fromkeys(r.id for r in self.extension):
            parts = [r for r in self.extension if r.id == id]
            implied = [self._implying(r) for r in parts]
            if all(implied) and any(self._applies(r) for r in parts):
                yield self._redundant(parts, set().union(*implied))
        for weak in self.extension:
            for strong in self.extension:
                if self._outdone(weak, strong):
                    yield self._mismatch(weak, strong)

    def _applies(self, r: Rule) -> bool:
        """Return whether a rule applies somewhere under the default readings."""
        usual = equal(self.situations, dict.fromkeys(self.situations.readings, 0))
        return any(self.terms.possible(self.terms.yes[k], *usual) for k in self.of_rule[r.key])

    def _implying(self, r: Rule) -> set[Rule]:
        """Return rules of the same strength that together demand all that `r` does, or none."""
        found: set[Rule] = set()
        for k in self.of_rule[r.key]:
            among = [j for j in self._rivals(k) if self._as_strong(j, r)]
            if not among or self.entailment.always(k):
                return set()
            needed = self.terms.implied(k, [j for j in among if self.entailment.holds(j, k)])
            if not needed:
                return set()
            found |= {self.demands[j].ground.rule for j in needed}
        return found

    def _as_strong(self, j: int, r: Rule) -> bool:
        """Return whether the rule of demand `j` binds as `r` does, and refuses as much."""
        other = self.demands[j].ground.rule
        refuses = r.demand.refuses is Refuses.NOTHING or other.demand.refuses in (
            r.demand.refuses,
            Refuses.MESSAGE,
        )
        return refuses and STRENGTH[other.modality] == STRENGTH[r.modality]

    def _rivals(self, k: int) -> list[int]:
        """Return the demands of other rules that share a decision with demand `k`."""
        own = self.demands[k].ground
        return [
            j
            for j, d in enumerate(self.demands)
            if d.ground.rule.id != own.rule.id and d.ground.decisions & own.decisions
        ]

    def _outdone(self, weak: Rule, strong: Rule) -> bool:
        """Return whether a rule in stronger capitals makes the same demand wherever this does."""
        if not (capital(weak) and capital(strong) and self.of_rule[weak.key]):
            return False
        if STRENGTH[weak.modality] >= STRENGTH[strong.modality]:
            return False
        return all(self._covered(k, strong) for k in self.of_rule[weak.key])

    def _covered(self, k: int, strong: Rule) -> bool:
        shared = set(self.of_rule[strong.key]) & set(self._rivals(k))
        same = [j for j in sorted(shared) if self.entailment.equal(j, k)]
        return bool(same) and self.terms.implied(k, same) is not None

    def _redundant(self, parts: list[Rule], others: set[Rule]) -> Finding:
        rules = (*parts, *sorted(others, key=lambda s: s.key))
        title = f"{parts[0].title}: this follows from {', '.join(ids_of(others))}"
        stake = tuple(sorted({d for r in parts for d in self.by_rule.at_stake(r)}))
        said = tuple((id, FOLLOWS) for id in dict.fromkeys(r.id for r in parts))
        return without_input("redundant rule", self.situations, rules, title, stake, demands=said)

    def _mismatch(self, weak: Rule, strong: Rule) -> Finding:
        words = f"{weak.modality.value} in {weak.id}, {strong.modality.value} in {strong.id}"
        stake = self.by_rule.at_stake(weak)
        title = f"{weak.title}: {words}"
        return without_input("modality mismatch", self.situations, (weak, strong), title, stake)


class Entailment:
    """Which demand follows from which, on the decisions alone."""

    def __init__(self, situations: Situations, found: list[Demand]) -> None:
        relation = situations.relation
        self.solver = situations.blank_solver()
        self.solver.add(*(g.constraint for g in relation.rules if structural(g, relation)))
        texts: dict[str, int] = {}
        self.classes: list[int] = []
        for d in found:
            term = z3.simplify(z3.Implies(d.when, d.then))
            k = texts.setdefault(term.sexpr(), len(texts))
            self.classes.append(k)
            if k == len(texts) - 1:
                yes, no = self._literals(k)
                self.solver.add(z3.Implies(yes, term), z3.Implies(no, z3.Not(term)))
        self._known: dict[tuple[int, int], bool] = {}

    def holds(self, j: int, k: int) -> bool:
        """Return whether demand `k` follows from demand `j`."""
        pair = self.classes[j], self.classes[k]
        if pair[0] == pair[1]:
            return True
        if pair not in self._known:
            asked = self._literals(pair[0])[0], self._literals(pair[1])[1]
            self._known[pair] = not self.solver.holds(*asked)
        return self._known[pair]

    def always(self, k: int) -> bool:
        """Return whether demand `k` follows from the definitions alone."""
        return not self.solver.holds(self._literals(self.classes[k])[1])

    def equal(self, j: int, k: int) -> bool:
        """Return whether two demands say the same."""
        return self.holds(j, k) and self.holds(k, j)

    @staticmethod
    def _literals(k: int) -> tuple[Any, Any]:
        return z3.Bool(f"met {k}"), z3.Bool(f"unmet {k}")


def capital(r: Rule) -> bool:
    """Return whether the document has the key word of a rule in capitals."""
    return r.modality in STRENGTH and r.modality is not Modality.STATED and not r.label.islower()


def restatements(views: Mapping[On, Situations], ruleset: Ruleset) -> Iterator[Finding]:
    """Yield one finding with all statements of the document that others of it repeat."""
    own = {r.id for r in ruleset.rules}
    rules = [r for r in ruleset.rules if {*r.also} - own and ruleset.is_extension(r)]
    if rules:
        first = next(s for on, s in views.items() if on is rules[0].on)
        same = {i: f"says the same as {r.id}" for r in reversed(rules) for i in r.also}
        said = tuple((i, text) for i, text in sorted(same.items()) if i not in own)
        title = f"{len(said)} statements repeat another"
        yield without_input(
            "redundant rule", first, rules, title, demands=said, region=RESTATEMENTS, principal=()
        )


def findings(views: Mapping[On, Situations], ruleset: Ruleset) -> Iterator[Finding]:
    """Yield the redundant rules and modality mismatches of each step, then the restatements."""
    for situations in views.values():
        yield from unique(Redundancy(situations).findings())
    yield from restatements(views, ruleset)
