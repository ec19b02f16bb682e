"""What conflicts in one situation, by the evaluator and plain search: no solver is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product

import pytest

from checker.constraints import Constraint, Variable, minimal_conflicts
from checker.contradictions import Contradictions, kind_of
from checker.demands import structural
from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.outcomes import Applied, StepEngine
from checker.situation import Situations
from checker.usual import STATUSES_IN_UPDATE, UNUSED
from model.fields import Number
from model.terms import names_in

Conflict = tuple[str, frozenset[str]]  # kind, ids of the rules without their restatements
ASSUMED = ("acknowledged", "o.copied", "o.present")
HARD, PRESENT = -1, -2


class Met:
    """The minimal sets of rules that apply to a situation and cannot all be obeyed."""

    def __init__(self, situations: Situations) -> None:
        self.situations, self.relation = situations, situations.relation
        self.names = list(situations.fields)
        self.engine = StepEngine(self.relation, self.names, UNUSED)
        self._known: dict[Applied, frozenset[Conflict]] = {}
        self._open: dict[tuple[Applied, str], bool] = {}
        self._own = {d.label for d in self.relation.decisions}
        linking = [g for g in self.relation.rules if structural(g, self.relation)]
        self._linking = [self._bound(g.constraint, HARD) for g in linking]

    def _bound(self, term: object, tag: int) -> Constraint:
        names = tuple(sorted(names_in(term)))
        return Constraint(names, Evaluator([term], names), (), tag)

    @cached_property
    def _variables(self) -> dict[str, Variable]:
        decisions = self.relation.decisions
        return {d.label: Variable(d.label, self.engine.domain(d)) for d in decisions}

    @cached_property
    def _assumed(self) -> list[list[Constraint]]:
        """Return what is taken to be there: all options, then fewer, at last nothing."""
        found = [d for d in self.relation.decisions if d.field.name in ASSUMED]
        last = max((d.index for d in found), default=-1)
        patterns = [[d for d in found if d.index <= i] for i in range(last, -1, -1)]
        return [[self._bound(d.const, PRESENT) for d in p] for p in (*patterns, [])]

    def here(self, values: Sequence[int]) -> frozenset[Conflict]:
        """Return the conflicts in one situation, by kind and rules."""
        applied = self.engine.applied(values)
        if applied not in self._known:
            self._known[applied] = frozenset(self._told(self._sets(applied)))
        return self._known[applied]

    def _sets(self, applied: Applied) -> Iterator[frozenset[int]]:
        """Yield the sets, where what was assumed first comes first; single rules are none."""
        soft = [self.engine._bound(k, applied) for k in applied.rules]
        soft = [c for c in soft if not structural(self.relation.rules[c.tag], self.relation)]
        shut = frozenset(c.tag for c in soft)
        for assumed in self._assumed:
            found = [*self._linking, *assumed, *soft]
            cores = [{c.tag for c in s} for s in minimal_conflicts(self._variables, found)]
            sets = {frozenset(k for k in core if k >= 0) for core in cores}
            least = [s for s in sets if not any(t < s for t in sets)]
            yield from (s for s in least if len(s) > 1 and s & shut)
            shut &= frozenset(k for s in least if len(s) == 1 for k in s)

    def _told(self, sets: Iterator[frozenset[int]]) -> Iterator[Conflict]:
        for s in sets:
            rules = [self.relation.rules[k].rule for k in s]
            kind = kind_of([r.modality for r in rules])
            if kind and len({r.key for r in rules}) == len(rules):
                yield kind, frozenset(r.id for r in rules)

    def silent(self, values: Sequence[int], label: str) -> bool:
        """Return whether no rule that applies speaks of a decision."""
        rules = [self.relation.rules[k] for k in self.engine.applied(values).rules]
        return not any(g.speaks and label in g.decisions for g in rules)

    def open(self, values: Sequence[int], label: str) -> bool:
        """Return whether a decision is required, spoken of by none, and left several values."""
        applied = self.engine.applied(values)
        if (applied, label) not in self._open:
            place = [d.label for d in self.relation.decisions].index(label)
            required = self.engine.requires(place, applied.context)
            obeyed = not self.engine.conflicts(applied)  # else it is told as a contradiction
            possible = required and obeyed and self.silent(values, label)
            self._open[applied, label] = possible and self.engine.left_open(values, label)
        return self._open[applied, label]


def every(situations: Situations) -> Iterator[tuple[int, ...]]:
    """Yield every well-formed situation, in the order of its fields."""
    names = list(situations.fields)
    formed = Evaluator(situations.well_formed, names)
    return (v for v in product(*(values(situations, n) for n in names)) if all(formed(v)))


def values(situations: Situations, name: str) -> list[int]:
    """Return the values of one input that are in use."""
    domain = situations.fields[name][0].domain
    largest = situations.scope.largest(domain)
    if name.startswith("o.status"):
        return [
            k for k in range(largest + 1) if any(domain.at(k).eq(s) for s in STATUSES_IN_UPDATE)
        ]
    unused = frozenset() if isinstance(domain, Number) else UNUSED.get(domain.name, frozenset())
    return [v for v in range(largest + 1) if v not in unused]


def lasting(found: set[Conflict]) -> set[Conflict]:
    """Return the conflicts whose rules do not include all those of a contradiction."""
    firm = [ids for kind, ids in found if kind == "contradiction"]
    return {(kind, ids) for kind, ids in found if not any(f < ids for f in firm)}


def apart(situations: Situations) -> list[Finding]:
    """Return the findings before those of one permission are taken together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("checker.contradictions.merged", iter)
        return list(Contradictions(situations).findings())
