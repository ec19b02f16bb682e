"""Each node step but the largest: the findings are those of every single input.

All inputs are tried, with one sub-option and, where there are not too many, with two, by the
evaluator and a search that no solver has a part in.
"""

from __future__ import annotations

from collections import defaultdict
from math import prod

import pytest

from checker.contradictions import Contradictions
from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.gaps import Gaps
from checker.situation import Situations
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from tests.checker.met import Conflict, Met, every, lasting, values

MOST = 50_000
MOST_LONG = 300_000


def views(options: int) -> list[Situations]:
    """The situations of each step but the receiver's, at the smallest scope."""
    scope = Scope(bids=1, care_of=1, options=options, sequence_bits=1)
    steps = [s.on for s in RULESET.steps if s.on is not On.RECEIVE_UPDATE]
    return [Situations(RULESET, on, scope) for on in steps]


def cases() -> list[object]:
    """Each step with one and with two sub-options; the larger ones are long, the rest is left."""
    found = []
    for s in (*views(1), *views(2)):
        size = prod(len(values(s, n)) for n in s.fields)
        marks = [pytest.mark.long] if size > MOST else []
        if size <= MOST_LONG:
            name = f"{s.on.name}-{s.scope.options}"
            found.append(pytest.param(s, id=name, marks=marks))
    return found


def of(f: Finding) -> Conflict:
    """Kind and rules of a finding, without definitions and restatements."""
    return f.kind, frozenset(i for i, _ in f.demands)


def usual(s: Situations, v: tuple[int, ...]) -> bool:
    """Whether at most one reading departs from its default, as gaps are looked for."""
    return sum(x != 0 for n, x in zip(s.fields, v, strict=True) if n in s.readings) <= 1


@pytest.mark.parametrize("s", cases())
def test_findings_of_a_step_are_those_of_every_input(s: Situations) -> None:
    search = Contradictions(s)
    found = list(search.findings())
    gaps = list(Gaps(s, search.engine).findings())
    holds = Evaluator([f.condition for f in (*found, *gaps)], list(s.fields))
    met = Met(s)
    here: dict[Conflict, set[tuple[int, ...]]] = defaultdict(set)
    told: dict[Conflict, set[tuple[int, ...]]] = defaultdict(set)
    decisions = [d for d in s.relation.decisions if d.index <= 1]
    required = [
        d
        for d in decisions
        if met.engine.requires  # those that some input requires, below
    ]
    del required
    count = 0
    for v in every(s):
        count += 1
        for conflict in met.here(v):
            here[conflict].add(v)
        for f, yes in zip(found, holds(v), strict=False):
            if yes:
                told[of(f)].add(v)
    assert count
    assert {of(f) for f in found} == lasting(set(here))
    for f in found:
        assert tuple(f.witness[n] for n in s.fields) in here[of(f)]
        assert told[of(f)] <= here[of(f)]
