"""Each node step but the largest: the findings are those of every single input.

All inputs are tried, with one sub-option and, where there are not too many, with two, by the
evaluator and a search that no solver has a part in.
"""

from __future__ import annotations

from collections import defaultdict
from math import prod

import pytest
import z3

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.gaps import Gaps
from checker.situation import Situations
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from tests.checker.met import Conflict, Met, apart, every, lasting, values

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


def where(s: Situations, found: list[Finding]) -> dict[int, set[tuple[int, ...]]]:
    """The situations of each finding."""
    holds = Evaluator([f.condition for f in found], list(s.fields))
    told: dict[int, set[tuple[int, ...]]] = {k: set() for k in range(len(found))}
    for v in every(s):
        for k, yes in enumerate(holds(v)):
            if yes:
                told[k].add(v)
    return told


def witness(s: Situations, f: Finding) -> tuple[int, ...]:
    """The witness of a finding, in the order of the fields."""
    return tuple(f.witness[n] for n in s.fields)


@pytest.mark.parametrize("s", cases())
def test_conflicts_of_a_step_are_those_of_every_input(s: Situations) -> None:
    met, here = Met(s), defaultdict(set)
    for v in every(s):
        for conflict in met.here(v):
            here[conflict].add(v)
    found = apart(s)
    assert {of(f) for f in found} == lasting(set(here))
    told = where(s, found)
    for k, f in enumerate(found):
        assert f.replayed
        assert witness(s, f) in told[k]
        assert told[k] <= here[of(f)]


def usual(s: Situations, v: tuple[int, ...]) -> bool:
    """Whether at most one reading departs from its default: gaps are looked for there."""
    return sum(x != 0 for n, x in zip(s.fields, v, strict=True) if n in s.readings) <= 1


@pytest.mark.parametrize("s", cases())
def test_gaps_of_a_step_are_those_of_every_input(s: Situations) -> None:
    met, gaps, inputs = Met(s), list(Gaps(s).findings()), list(every(s))
    told = where(s, gaps)
    by_field: dict[str, list[str]] = defaultdict(list)
    for d in s.relation.decisions:
        if not z3.is_false(d.required) and d.index <= 1:
            by_field[d.field.name].append(d.label)
    for name, labels in by_field.items():  # a gap does not tell the index
        own = [k for k, f in enumerate(gaps) if f.at_stake == (name,)]
        open_ = {v for v in inputs if any(met.open(v, n) for n in labels)}
        covered = set().union(*(told[k] for k in own))
        assert {v for v in open_ if usual(s, v)} <= covered, name
        assert all(witness(s, gaps[k]) in open_ for k in own)
        assert all(any(met.silent(v, n) for n in labels) for v in covered)
