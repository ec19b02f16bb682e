"""Small random transition systems: guards, inputs, step tables, absent variables."""

from __future__ import annotations

from typing import Any

import z3
from hypothesis import strategies as st

from checker.space.system import Absent, StepTable, Transition, TransitionSystem, Values, Variable

SIZES = {"a": 3, "b": 5, "c": 2, "d": 4}
NAMES = sorted(SIZES)
CHOICE = Variable("choice", 3)


def var(name: str) -> Any:
    return z3.BitVec(name, 4)


@st.composite
def conditions(draw: st.DrawFn, names: tuple[str, ...] = tuple(NAMES)) -> Any:
    """Draw a term over one or two variables."""
    name = draw(st.sampled_from(names))
    term = var(name) == draw(st.integers(0, SIZES[name] - 1))
    if draw(st.booleans()):
        term = z3.Not(term)
    kind = draw(st.sampled_from(["one", "one", "and", "or", "or"]))
    if kind == "one":
        return term
    other = draw(conditions(names))
    return z3.And(term, other) if kind == "and" else z3.Or(term, other)


@st.composite
def values(draw: st.DrawFn, name: str, more: tuple[str, ...] = ()) -> Any:
    """Draw a term whose value fits a variable."""
    size = SIZES[name]
    source = draw(st.sampled_from([*NAMES, *more]))
    kind = draw(st.sampled_from(["constant", "next", "next", "cut", "if"]))
    constant = z3.BitVecVal(draw(st.integers(0, size - 1)), 4)
    if kind == "constant":
        return constant
    if kind == "next":
        return z3.If(var(name) == size - 1, z3.BitVecVal(0, 4), var(name) + 1)
    if kind == "cut":
        return z3.If(z3.ULT(var(source), size), var(source), constant)
    return z3.If(draw(conditions()), constant, var(name))


@st.composite
def tables(draw: st.DrawFn, number: int) -> StepTable:
    """Draw a step table that knows one condition and leaves one or two outcomes."""
    rows = [draw(st.lists(st.integers(0, 2), min_size=1, max_size=2)) for _ in range(2)]

    def found(key: Values) -> list[Values]:
        return [(n,) for n in rows[key[0]]]

    return StepTable(f"step {number}", (draw(conditions()),), (1,), (CHOICE,), found)


@st.composite
def transitions(draw: st.DrawFn, number: int) -> Transition:
    """Draw a transition."""
    table = draw(st.none() | tables(number))
    more = (CHOICE.name,) if table else ()
    changed = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    updates = {n: draw(values(n, more)) for n in changed}
    given_name = draw(st.sampled_from([None, None, *NAMES]))
    inputs = {given_name: draw(values(given_name))} if given_name else {}
    fair = draw(st.sampled_from([True, True, False]))
    return Transition(f"t{number}", draw(conditions()), updates, inputs, table, fair)


@st.composite
def systems(draw: st.DrawFn) -> TransitionSystem:
    """Draw a system with one term to be reached again, over one or two variables."""
    variables = tuple(Variable(n, SIZES[n]) for n in NAMES)
    count = draw(st.integers(3, 9))
    initial = draw(
        st.lists(st.tuples(*(st.integers(0, v.size - 1) for v in variables)), max_size=3)
    )
    absent = draw(st.sampled_from(["", *NAMES]))
    guard = draw(conditions(tuple(n for n in NAMES if n != absent)))
    return TransitionSystem(
        variables,
        ((0, 0, 0, 0), *initial),
        tuple(draw(transitions(k)) for k in range(count)),
        {"always": z3.Not(z3.And(draw(conditions()), draw(conditions())))},
        absent=(Absent(guard, frozenset({absent})),) if absent else (),
        recovers={"again": draw(conditions()), "both": z3.And(draw(conditions()), var("b") != 1)},
    )
