"""What is worked out once for all that is alike is what would be worked out for each."""

from __future__ import annotations

import random
from functools import cache

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.evaluate import Evaluator
from checker.replay.after import After
from checker.replay.judge import assess, judged, with_readings
from checker.replay.likeness import Likeness, Remembered
from checker.replay.relation import WIDE, Relation
from checker.replay.seen import Seen
from model.errors import RuleError
from model.receiver import receiver_updates
from model.rulesets.draft04 import RULESET
from model.scope import Scope

NEAR = (0, 1, 2, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF)  # distances at which windows end


@cache
def relation() -> Relation:
    return Relation(RULESET, Scope(2, 250, 2, 16))


@cache
def largest() -> dict[str, int]:
    domains = {n: relation().scope.largest(f.domain) for n, f in relation().inputs.items()}
    return domains | {n: r.domain.size() - 1 for n, r in relation().readings.items()}


def situation(chance: random.Random) -> tuple[int, ...]:
    """Values of all inputs; sequence numbers are near each other, or half the numbers apart."""
    start = chance.randrange(1 << 16)
    found = {}
    for name in relation().layout:
        most = largest()[name]
        wide = most >= WIDE
        found[name] = (
            (start + chance.choice(NEAR)) & 0xFFFF if wide else chance.randint(0, min(most, 3))
        )
    return relation().values(found)


def observed(chance: random.Random) -> Seen:
    seen = Seen()
    for label in chance.sample(sorted(relation().decisions), 6):
        domain = relation().domain(label)
        seen.put(label, chance.sample(domain, min(len(domain), chance.randint(1, 2))))
    return seen


def moved(values: tuple[int, ...], by: int) -> tuple[int, ...]:
    """The same situation with all sequence numbers so much higher."""
    wide = [largest()[name] >= WIDE for name in relation().layout]
    return tuple((v + by) & 0xFFFF if w else v for v, w in zip(values, wide, strict=True))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1 << 32), st.integers(0, 0xFFFF))
def test_inputs_with_the_same_key_are_judged_alike(seed: int, by: int) -> None:
    chance = random.Random(seed)
    values, seen = situation(chance), observed(chance)
    other = moved(values, by)
    assert relation().alike(values) == relation().alike(other)
    once = with_readings(relation(), assess(relation(), values, seen))
    again = with_readings(relation(), assess(relation(), other, seen))
    kept = judged(relation(), other, seen)
    assert once.judgements == again.judgements == kept.judgements
    assert [c.rule for c in kept.applied] == [c.rule for c in again.applied]
    assert kept.values == other


def test_keys_tell_sequence_numbers_apart_where_rules_do() -> None:
    """In the window and out of it; equal."""
    base = {name: 100 if largest()[name] >= WIDE else 0 for name in relation().layout}
    keys = {
        relation().alike(relation().values({**base, "bu.sequence": n}))
        for n in range(0, 1 << 16, 50)
    }
    assert len(keys) == 2
    assert relation().alike.compared >= 3


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 1 << 32))
def test_outlines_leave_what_the_update_terms_leave(seed: int) -> None:
    chance = random.Random(seed)
    values = situation(chance)
    decided = {n: chance.choice(relation().domain(n)) for n in relation().decisions}
    terms = receiver_updates(relation().world)
    plain = Evaluator(terms.values(), [*relation().decisions, *relation().layout])
    expected = zip(terms, plain([*decided.values(), *values]), strict=True)
    outline = relation().after.outline(values, decided)
    assert relation().after.state(outline, values) == {n: int(v) for n, v in expected if v}
    later = moved(values, 1)
    if relation().alike(later) == relation().alike(values):
        assert relation().after.outline(later, decided) == outline


def test_an_update_that_reckons_with_sequence_numbers_is_refused() -> None:
    number = z3.BitVec("bc.last_sequence", 16)
    with pytest.raises(RuleError, match="which input the update copies"):
        After({"bc.last_sequence": number + 1}, [], ["bc.last_sequence"], frozenset({str(number)}))


def test_an_input_that_is_not_only_compared_stays_in_the_key() -> None:
    wide, flag = z3.BitVec("w", 16), z3.Bool("f")
    mixed = Likeness([z3.If(flag, wide, wide + 1) == 5], ["w", "f"], frozenset({"w"}))
    assert mixed((3, 0)) != mixed((4, 0))
    alone = Likeness([z3.And(flag, wide == 5)], ["w", "f"], frozenset({"w"}))
    assert alone((3, 0)) == alone((4, 0)) != alone((5, 0))


def test_what_is_remembered_is_bounded() -> None:
    known: Remembered[int, int] = Remembered(10)
    assert [known.of(k % 25, lambda k=k: 2 * (k % 25)) for k in range(100)] == [
        2 * (k % 25) for k in range(100)
    ]
    assert len(known._known) <= 10
