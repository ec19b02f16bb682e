"""The constraint solver against trying every assignment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.constraints import (
    Constraint,
    Variable,
    components,
    minimal_conflict,
    satisfiable,
    solutions,
)
from checker.evaluate import Evaluator

NAMES = "abcde"


@dataclass(frozen=True)
class Table:
    """A constraint by its allowed tuples, in place of a compiled term."""

    allowed: frozenset[tuple[int, ...]]

    def __call__(self, values: Sequence[int]) -> tuple[bool]:
        """Return whether the values are allowed."""
        return (tuple(values) in self.allowed,)


@dataclass(frozen=True)
class Problem:
    """Variables and constraints over them."""

    variables: Mapping[str, Variable]
    constraints: Sequence[Constraint]


@st.composite
def variables(draw: Any, empty: bool) -> Variable:
    """A variable of up to three values, with or without usual ones."""
    name = draw(st.sampled_from(NAMES))
    size = draw(st.integers(0 if empty else 1, 3))
    usual = draw(st.one_of(st.none(), st.frozensets(st.integers(0, 2))))
    return Variable(name, tuple(range(size)), usual)


@st.composite
def tables(draw: Any, names: Sequence[str], tag: int) -> Constraint:
    """A constraint that allows some of the tuples, often most of them."""
    own = tuple(draw(st.lists(st.sampled_from(names), max_size=3, unique=True)))
    tuples = list(product(range(3), repeat=len(own)))
    some = draw(st.frozensets(st.sampled_from(tuples), max_size=4))
    allowed = frozenset(tuples) - some if draw(st.booleans()) else some
    return Constraint(own, Table(allowed), (), tag)


@st.composite
def problems(draw: Any, empty: bool = False) -> Problem:
    """A small random problem."""
    chosen = draw(st.lists(variables(empty), min_size=1, max_size=4, unique_by=lambda v: v.name))
    names = [v.name for v in chosen]
    count = draw(st.integers(0, 5))
    constraints = [draw(tables(names, tag)) for tag in range(count)]
    return Problem({v.name: v for v in chosen}, constraints)


def allows(c: Constraint, values: Mapping[str, int]) -> bool:
    """Whether a constraint allows an assignment, by its table."""
    return c.evaluator([values[n] for n in c.names])[0]


def every(p: Problem, constraints: Sequence[Constraint]) -> Iterator[dict[str, int]]:
    """Every solution, by trying all assignments."""
    for values in product(*(v.domain for v in p.variables.values())):
        assignment = dict(zip(p.variables, values, strict=True))
        if all(allows(c, assignment) for c in constraints):
            yield assignment


def cost(p: Problem, values: Mapping[str, int]) -> int:
    """How many of the values are unusual."""
    return sum(v.usual is not None and values[n] not in v.usual for n, v in p.variables.items())


@settings(max_examples=400)
@given(problems(empty=True))
def test_satisfiable_says_what_trying_everything_says(p: Problem) -> None:
    assert satisfiable(p.variables, p.constraints) is any(True for _ in every(p, p.constraints))


@settings(max_examples=400)
@given(problems(empty=True))
def test_solutions_are_those_with_the_fewest_unusual_values_each_once(p: Problem) -> None:
    all_of_them = list(every(p, p.constraints))
    least = min((cost(p, v) for v in all_of_them), default=0)
    expected = [v for v in all_of_them if cost(p, v) == least]
    found = list(solutions(p.variables, p.constraints))
    assert sorted(map(sorted, (v.items() for v in found))) == sorted(
        map(sorted, (v.items() for v in expected))
    )


@settings(max_examples=400)
@given(problems())
def test_a_minimal_conflict_conflicts_and_each_part_of_it_does_not(p: Problem) -> None:
    core = minimal_conflict(p.variables, p.constraints)
    consistent = any(True for _ in every(p, p.constraints))
    assert (core is None) is consistent
    if core is not None:
        assert all(any(c is x for x in p.constraints) for c in core)
        assert not list(every(p, core))
        for part in combinations(core, len(core) - 1):
            assert list(every(p, part))


@given(problems())
def test_components_share_no_variable_and_leave_nothing_out(p: Problem) -> None:
    groups = list(components(p.variables, p.constraints))
    names = [n for own, _ in groups for n in own]
    assert sorted(names) == sorted(p.variables)
    placed = [c.tag for _, constraints in groups for c in constraints]
    assert sorted(placed) == sorted(c.tag for c in p.constraints)
    assert all(set(c.names) <= set(own) for own, constraints in groups for c in constraints)


def test_a_constraint_of_no_variable_decides_alone() -> None:
    free = {"a": Variable("a", (0, 1))}
    never = Constraint((), Table(frozenset()), (), 7)
    assert minimal_conflict(free, [never]) == [never]
    assert not satisfiable(free, [never])
    assert list(solutions(free, [never])) == []


def test_a_compiled_term_sees_its_own_variables_and_the_context() -> None:
    x, y = z3.BitVecs("x y", 8)
    below = Constraint(("x",), Evaluator([z3.ULT(x, y)], ["x", "y"]), (2,), 0)
    found = list(solutions({"x": Variable("x", (0, 1, 2, 3))}, [below]))
    assert found == [{"x": 0}, {"x": 1}]


def test_an_unusual_value_is_taken_only_where_no_usual_one_is_left() -> None:
    usual = Variable("a", (0, 1, 2), frozenset({0}))
    not_zero = Constraint(("a",), Table(frozenset({(1,), (2,)})), (), 0)
    assert list(solutions({"a": usual}, [])) == [{"a": 0}]
    assert list(solutions({"a": usual}, [not_zero])) == [{"a": 1}, {"a": 2}]
