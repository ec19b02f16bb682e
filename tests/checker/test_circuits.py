"""A circuit is true exactly where Z3 says that its term is, and the solver finds it so."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.circuits import Circuits
from checker.models import Reader
from checker.solving import Journal, Solver
from model.errors import RuleError
from model.fields import Domain
from tests.checker.shapes import ATOMS, CONSTS, FLAGS, INPUTS, NUMBERS, VALUES, built, shapes
from tests.checker.support import by_z3, literal

THREE = Domain("Three", "one", "two", "three")


def equal(values: dict[str, int]) -> list[Any]:
    """The terms: each constant has its value."""
    return [CONSTS[n] == literal(CONSTS[n], values[n]) for n in INPUTS]


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(ATOMS)).flatmap(lambda s: st.tuples(st.just(s), shapes(s, 3))), VALUES
)
def test_a_circuit_has_the_value_that_z3_gives_its_term(
    of: tuple[str, Any], values: dict[str, int]
) -> None:
    term = built(of[1], of[0])
    (value,) = by_z3([term], CONSTS, values)
    same = term == literal(term, value)
    solver = Solver(Circuits())
    assert solver.holds(same, *equal(values))
    assert Reader(CONSTS.values())(solver.model()) == [values[n] for n in INPUTS]
    assert not solver.holds(z3.Not(same), *equal(values))


@given(st.lists(shapes("flag", 2), min_size=1, max_size=4))
def test_terms_hold_together_where_z3_says_so_and_the_core_is_one(some: list[Any]) -> None:
    named = {f"name {k}": built(s, "flag") for k, s in enumerate(some)}
    solver, other = Solver(Circuits()), z3.Solver()
    for name, term in named.items():
        solver.add(z3.Implies(z3.Bool(name), term))
        other.add(z3.Implies(z3.Bool(name), term))
    holds = other.check(*map(z3.Bool, named)) == z3.sat
    assert solver.holds(*map(z3.Bool, named)) is holds
    if holds:
        found = dict(zip(INPUTS, Reader(CONSTS.values())(solver.model()), strict=True))
        assert by_z3(list(named.values()), CONSTS, found) == [1] * len(named)
    else:
        core = solver.core_names()
        assert core <= set(named)
        assert other.check(*map(z3.Bool, sorted(core))) == z3.unsat


@given(st.lists(st.tuples(st.sampled_from("ap?"), shapes("flag", 2)), max_size=8))
def test_what_is_forgotten_is_forgotten(steps: list[tuple[str, Any]]) -> None:
    """Whatever is asserted, opened and closed, the answers are those of Z3."""
    solver, other = Solver(Circuits()), z3.Solver()
    for event, shape in [*steps, ("?", 0)]:
        term = built(shape, "flag")
        if event == "p":
            solver.push()
            other.push()
        solver.add(term)
        other.add(term)
        assert solver.holds() is (other.check() == z3.sat)
        if event == "?" and other.num_scopes():
            solver.pop()
            other.pop()
            assert solver.holds() is (other.check() == z3.sat)


def test_an_enumeration_has_no_value_beside_its_own() -> None:
    c = z3.Const("c", THREE.sort)
    solver, found = Solver(Circuits()), set()
    for k in range(3):
        assert solver.holds(c == THREE.at(k))
        found |= set(Reader([c])(solver.model()))
    assert found == {0, 1, 2}
    assert not solver.holds(*(c != THREE.at(k) for k in range(3)))


def test_counting_counts_for_every_number() -> None:
    for count, values in product(range(5), product((False, True), repeat=3)):
        solver = Solver(Circuits())
        solver.add(*(f == v for f, v in zip(FLAGS, values, strict=True)))
        assert solver.holds(z3.AtLeast(*FLAGS, count)) is (sum(values) >= count)
        assert solver.holds(z3.AtMost(*FLAGS, count)) is (sum(values) <= count)


def test_what_no_model_speaks_of_is_zero() -> None:
    solver = Solver(Circuits())
    assert solver.holds(FLAGS[0])
    assert Reader([*FLAGS, NUMBERS[0]])(solver.model()) == [1, 0, 0, 0]


def test_a_journal_keeps_what_is_asked_in_order() -> None:
    journal = Journal()
    solver = Solver(Circuits(), journal)
    solver.push()
    solver.add(FLAGS[0])
    assert not solver.holds(z3.Not(FLAGS[0]))
    solver.pop()
    assert solver.holds()
    told = [(e.event, e.answer) for e in journal.entries]
    expected = ["push", "assert", "check", "pop", "check"]
    assert told == list(zip(expected, [None, None, False, None, True], strict=True))


@pytest.mark.parametrize(
    "term",
    [
        NUMBERS[0] ^ NUMBERS[1] == 0,
        NUMBERS[0] < NUMBERS[1],
        z3.Function("f", z3.BoolSort(), z3.BoolSort())(FLAGS[0]),
        z3.ForAll([FLAGS[0]], z3.Or(FLAGS[0], FLAGS[1])),
    ],
    ids=["bvxor", "signed", "function", "quantifier"],
)
def test_an_unknown_operator_is_a_rule_error(term: Any) -> None:
    with pytest.raises(RuleError, match="the solver has no case for"):
        Solver(Circuits()).add(term)
