"""The outcomes and conflicts of one step, for random small rulesets, by trying everything."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, product
from typing import Any

import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.outcomes import Outcome, StepEngine
from checker.usual import UNUSED
from model.rule import Modality, On, Rule
from model.ruleset import Ruleset
from model.scope import World
from model.step import step_relation
from model.vocabulary import CareOf, Lifetime, SequenceSource, bu, decide
from tests.checker.support import SMALLEST, stated, tiny

DECIDED = ("ba.lifetime", "ba.sequence")
PAIRS = list(product(range(Lifetime.size()), range(SequenceSource.size())))
Allowed = frozenset[tuple[int, int]]
SOME = st.frozensets(st.sampled_from(PAIRS), min_size=1)


def allowing(id: str, pairs: Allowed, **more: Any) -> Rule:
    """A rule that leaves these pairs of values of two decisions."""
    terms = [
        z3.And(decide.ba_lifetime == Lifetime.at(a), decide.ba_sequence == SequenceSource.at(b))
        for a, b in sorted(pairs)
    ]
    return stated(id, z3.Or(*terms, z3.BoolVal(False)), **more)


def engine_of(ruleset: Ruleset) -> tuple[StepEngine, list[int]]:
    """The engine of the receiving step, and inputs that are all zero."""
    relation = step_relation(ruleset, On.RECEIVE_UPDATE, World(SMALLEST))
    names = list(relation.inputs)
    return StepEngine(relation, names, UNUSED), [0] * len(names)


def left_by(tables: Iterable[Allowed]) -> set[tuple[int, int]]:
    """The pairs that all of some tables allow."""
    return set(PAIRS).intersection(*tables)


def conflicting(tables: list[Allowed]) -> set[frozenset[int]]:
    """Every minimal set of tables that leaves nothing, by trying all sets."""
    found: list[frozenset[int]] = []
    for size in range(1, len(tables) + 1):
        for chosen in map(frozenset, combinations(range(len(tables)), size)):
            if not any(f <= chosen for f in found) and not left_by(tables[k] for k in chosen):
                found.append(chosen)
    return set(found)


def given_up(tables: list[Allowed]) -> set[frozenset[int]]:
    """Every minimal set of tables without which the others leave something."""
    found: list[frozenset[int]] = []
    numbers = set(range(len(tables)))
    for size in range(len(tables) + 1):
        for chosen in map(frozenset, combinations(numbers, size)):
            if not any(f <= chosen for f in found) and left_by(tables[k] for k in numbers - chosen):
                found.append(chosen)
    return set(found)


def ids(numbers: Iterable[int]) -> frozenset[str]:
    """The ids of rules by number."""
    return frozenset(f"T-{k}" for k in numbers)


def pair_of(engine: StepEngine, outcome: Outcome) -> tuple[int, ...]:
    """The values of the two decisions in an outcome."""
    labels = [d.label for d in engine.relation.decisions]
    return tuple(outcome.values[labels.index(n)] for n in DECIDED)


@settings(max_examples=60)
@given(st.lists(SOME, min_size=1, max_size=6))
def test_conflicts_are_all_minimal_sets_that_leave_nothing(tables: list[Allowed]) -> None:
    engine, inputs = engine_of(tiny(*(allowing(f"T-{k}", t) for k, t in enumerate(tables))))
    found = engine.conflicts(engine.applied(inputs))
    sets = [frozenset(g.rule.id for g in core) for core in found]
    assert len(sets) == len(set(sets))
    assert set(sets) == {ids(c) for c in conflicting(tables)}


def test_a_conflict_is_not_lost_behind_one_that_was_met_before() -> None:
    """{4, 5} is met first, then {2, 3}; {1, 5} is left only where 4, and 2 or 3, are away."""
    source, alternate, option, home = (
        CareOf.source,
        CareOf.alternate,
        CareOf.option,
        CareOf.home_address,
    )
    left = [(source, alternate), (source, option), (alternate, home), (source, alternate)]
    rules = [
        stated(f"T-{k}", z3.Or([decide.care_of == v for v in values]))
        for k, values in enumerate([*left, (option, home)], 1)
    ]
    for order in (rules, [rules[0], rules[1], rules[2], rules[4], rules[3]]):
        engine, inputs = engine_of(tiny(*order))
        found = engine.conflicts(engine.applied(inputs))
        sets = {tuple(sorted(g.rule.id for g in core if g.index == 0)) for core in found}
        assert sets == {("T-4", "T-5"), ("T-2", "T-3"), ("T-1", "T-5")}


@settings(max_examples=60)
@given(st.lists(SOME, min_size=1, max_size=5))
def test_there_is_an_outcome_for_each_way_of_giving_up_and_each_value_left(
    tables: list[Allowed],
) -> None:
    engine, inputs = engine_of(tiny(*(allowing(f"T-{k}", t) for k, t in enumerate(tables))))
    found = {(pair_of(engine, o), o.given_up) for o in engine.outcomes(inputs)}
    everything = set(range(len(tables)))
    assert found == {
        (pair, ids(lost))
        for lost in given_up(tables)
        for pair in left_by(tables[k] for k in everything - lost)
    }


@settings(max_examples=100)
@given(SOME, SOME)
def test_advice_is_followed_where_it_can_be_and_given_up_before_a_demand(
    demanded: Allowed, advised: Allowed
) -> None:
    rules = [allowing("T-0", demanded), allowing("T-1", advised, modality=Modality.SHOULD)]
    engine, inputs = engine_of(tiny(*rules))
    outcomes = engine.outcomes(inputs)
    both = demanded & advised
    assert {pair_of(engine, o) for o in outcomes} == set(both or demanded)
    assert all(not o.given_up for o in outcomes)
    assert {o.deviates for o in outcomes} == {frozenset() if both else frozenset({"T-1"})}


def test_a_definition_is_never_given_up() -> None:
    rules = [
        allowing("T-0", frozenset(PAIRS[:1]), modality=Modality.DEFINITION),
        allowing("T-1", frozenset(PAIRS[1:2])),
    ]
    engine, inputs = engine_of(tiny(*rules))
    assert {o.given_up for o in engine.outcomes(inputs)} == {frozenset({"T-1"})}


def test_a_permission_adds_a_value_to_the_default() -> None:
    can = stated("T-0", decide.ba_lifetime == Lifetime.above, modality=Modality.MAY)
    engine, inputs = engine_of(tiny(can))
    above, within = Lifetime.values.index("above"), Lifetime.values.index("within")
    assert {pair_of(engine, o)[0] for o in engine.outcomes(inputs)} == {above, within}


def test_the_use_of_a_permission_may_bring_with_it_what_is_unusual() -> None:
    usual = (decide.ba_lifetime == Lifetime.within, decide.ba_sequence == SequenceSource.at(0))
    may = stated("T-0", z3.Not(usual[0]), modality=Modality.MAY)
    then = stated("T-1", z3.Not(usual[1]), when=z3.Not(usual[0]))
    engine, inputs = engine_of(tiny(may, then))
    found = {pair_of(engine, o) for o in engine.outcomes(inputs)}
    within = Lifetime.values.index("within")
    assert (within, 0) in found
    assert any(lifetime != within and sequence for lifetime, sequence in found)


def test_what_is_required_and_unspoken_is_a_gap_with_an_outcome_for_each_value() -> None:
    acknowledged = stated("T-0", decide.acknowledged)
    engine, inputs = engine_of(tiny(acknowledged))
    outcomes = engine.outcomes(inputs)
    answers = [d.label for d in engine.relation.decisions].index("answer[0]")
    decision = engine.relation.decisions[answers]
    assert {o.values[answers] for o in outcomes} == set(engine.domain(decision))
    assert all("answer[0]" in o.gaps for o in outcomes)
    assert not any("ba.lifetime" in o.gaps for o in outcomes)


def test_only_the_rules_whose_situation_holds_apply() -> None:
    with_a = allowing("T-0", frozenset(PAIRS[:1]), given=bu.ack)
    without = allowing("T-1", frozenset(PAIRS[1:2]), given=~bu.ack)
    engine, inputs = engine_of(tiny(with_a, without))
    place = engine.layout.index("bu.ack")
    for value, id in ((1, "T-0"), (0, "T-1")):
        inputs[place] = value
        applied = engine.applied(inputs)
        assert [engine.relation.rules[k].rule.id for k in applied.rules] == [id]
        assert engine.conflicts(applied) == []
