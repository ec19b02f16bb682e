"""The evaluator means by every term what Z3 means by it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from checker import evaluate
from checker.evaluate import Evaluator
from checker.situation import Situations
from model.errors import RuleError
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.vocabulary import Effect
from tests.checker.support import by_z3

FLAGS = z3.Bools("p q r")
EFFECTS = z3.Consts("d e", Effect.sort)
NUMBERS = z3.BitVecs("x y", 8)
CONSTS = {c.decl().name(): c for c in (*FLAGS, *EFFECTS, *NUMBERS)}
INPUTS = list(CONSTS)
VALUES = st.fixed_dictionaries(
    {n: st.integers(0, 1) for n in "pqr"}
    | {n: st.integers(0, Effect.size() - 1) for n in "de"}
    | {n: st.one_of(st.integers(0, 3), st.integers(0, 255)) for n in "xy"}
)


def recognised(k: int, term: Any) -> Any:
    """The term: an enumeration has its value k."""
    return Effect.sort.recognizer(k)(term)


def swapped(x: Any) -> Any:
    """The two halves of an octet, exchanged."""
    return z3.Concat(z3.Extract(3, 0, x), z3.Extract(7, 4, x))


# How to build a term: its sort, then for each builder the sorts of the arguments.
BUILDERS: dict[str, tuple[str, tuple[str, ...], Any]] = {
    "not": ("flag", ("flag",), z3.Not),
    "and": ("flag", ("flag", "flag", "flag"), z3.And),
    "or": ("flag", ("flag", "flag", "flag"), z3.Or),
    "and of one": ("flag", ("flag",), z3.And),
    "implies": ("flag", ("flag", "flag"), z3.Implies),
    "xor": ("flag", ("flag", "flag"), z3.Xor),
    "equal flags": ("flag", ("flag", "flag"), lambda a, b: a == b),
    "equal effects": ("flag", ("effect", "effect"), lambda a, b: a == b),
    "equal numbers": ("flag", ("number", "number"), lambda a, b: a == b),
    "distinct": ("flag", ("effect", "effect", "effect"), z3.Distinct),
    "distinct numbers": ("flag", ("number", "number", "number"), z3.Distinct),
    "is": ("flag", ("effect",), lambda e: recognised(2, e)),
    "at least": ("flag", ("flag", "flag", "flag"), lambda *a: z3.AtLeast(*a, 2)),
    "at most": ("flag", ("flag", "flag", "flag"), lambda *a: z3.AtMost(*a, 1)),
    "flag by case": ("flag", ("flag", "flag", "flag"), z3.If),
    "<=": ("flag", ("number", "number"), z3.ULE),
    "<": ("flag", ("number", "number"), z3.ULT),
    ">=": ("flag", ("number", "number"), z3.UGE),
    ">": ("flag", ("number", "number"), z3.UGT),
    "effect by case": ("effect", ("flag", "effect", "effect"), z3.If),
    "number by case": ("number", ("flag", "number", "number"), z3.If),
    "+": ("number", ("number", "number"), lambda a, b: a + b),
    "-": ("number", ("number", "number"), lambda a, b: a - b),
    "*": ("number", ("number", "number"), lambda a, b: a * b),
    "&": ("number", ("number", "number"), lambda a, b: a & b),
    "|": ("number", ("number", "number"), lambda a, b: a | b),
    "~": ("number", ("number",), lambda a: ~a),
    "swap": ("number", ("number",), swapped),
}
ATOMS: dict[str, list[Any]] = {
    "flag": [*FLAGS, z3.BoolVal(True), z3.BoolVal(False), z3.And([]), z3.Or([])],
    "effect": [*EFFECTS, Effect.keep, Effect.delete, Effect.home],
    "number": [*NUMBERS, z3.BitVecVal(0, 8), z3.BitVecVal(1, 8), z3.BitVecVal(255, 8)],
}


@cache
def shapes(sort: str, depth: int) -> st.SearchStrategy[Any]:
    """Terms of a sort as nested tuples (Hypothesis must not compare Z3 terms)."""
    leaf = st.integers(0, len(ATOMS[sort]) - 1)
    if depth == 0:
        return leaf
    nodes = [
        st.tuples(st.just(name), *(shapes(a, depth - 1) for a in arguments))
        for name, (of, arguments, _) in BUILDERS.items()
        if of == sort
    ]
    return st.one_of(leaf, *nodes)


def built(shape: Any, sort: str) -> Any:
    """The Z3 term of a shape."""
    if isinstance(shape, int):
        return ATOMS[sort][shape]
    _, arguments, build = BUILDERS[shape[0]]
    return build(*(built(s, a) for s, a in zip(shape[1:], arguments, strict=True)))


def sample(name: str) -> Any:
    """The simplest term of a builder."""
    _, arguments, build = BUILDERS[name]
    taken: dict[str, int] = {}
    chosen = []
    for a in arguments:
        taken[a] = taken.get(a, -1) + 1
        chosen.append(ATOMS[a][taken[a]])
    return build(*chosen)


def kinds(term: Any) -> set[int]:
    """The kinds of the operators in a term."""
    return {term.decl().kind()}.union(*(kinds(c) for c in term.children()))


def test_every_operator_of_the_evaluator_is_tried() -> None:
    tried = set().union(*(kinds(sample(name)) for name in BUILDERS))
    # An older Z3 told recognisers by another kind; no term can be built that has it.
    assert set(evaluate._OPERATORS) - tried <= {z3.Z3_OP_DT_IS, z3.Z3_OP_DT_RECOGNISER}
    assert tried & {z3.Z3_OP_DT_IS, z3.Z3_OP_DT_RECOGNISER}


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(ATOMS)).flatmap(lambda s: st.tuples(st.just(s), shapes(s, 3))), VALUES
)
def test_terms_have_the_value_that_z3_gives_them(
    of: tuple[str, Any], values: dict[str, int]
) -> None:
    term = built(of[1], of[0])
    found = Evaluator([term], INPUTS)([values[n] for n in INPUTS])
    assert [int(v) for v in found] == by_z3([term], CONSTS, values)


@given(st.lists(shapes("flag", 2), min_size=2, max_size=5), VALUES)
def test_several_terms_at_once_have_the_values_that_each_has_alone(
    some: list[Any], values: dict[str, int]
) -> None:
    terms = [built(s, "flag") for s in (*some, some[0])]
    given_values = [values[n] for n in INPUTS]
    alone = [Evaluator([t], INPUTS)(given_values)[0] for t in terms]
    assert [bool(v) for v in Evaluator(terms, INPUTS)(given_values)] == [bool(v) for v in alone]


@pytest.mark.parametrize(("term", "value"), [(z3.And([]), True), (z3.Or([]), False)])
def test_a_conjunction_of_nothing_is_true_and_a_disjunction_of_nothing_false(
    term: Any, value: bool
) -> None:
    assert bool(Evaluator([term], [])([])[0]) is value


class Ground:
    """The ground rules of draft -04 in one step, for any values of inputs and decisions."""

    def __init__(self, on: On) -> None:
        situations = Situations(RULESET, on, Scope())
        relation = situations.relation
        fields = dict(situations.fields)
        fields |= {d.label: (d.field, d.index) for d in relation.decisions}
        self.names = list(fields)
        self.consts = {n: f.instance(i) for n, (f, i) in fields.items()}
        self.terms = [t for g in relation.rules for t in (g.applies, g.constraint)]
        self.terms += [t for d in relation.decisions for t in (d.required, d.default)]
        self.labels = [(g.rule.key, g.index) for g in relation.rules for _ in range(2)]
        self.evaluator = Evaluator(self.terms, self.names)
        largest = {n: situations.scope.largest(f.domain) for n, (f, _) in fields.items()}
        # Mostly defaults: of wholly random updates nearly all are refused at once.
        self.values = st.fixed_dictionaries(
            {
                n: st.one_of(st.just(f.default), st.just(f.default), st.integers(0, largest[n]))
                for n, (f, _) in fields.items()
            }
        )


@pytest.mark.parametrize("on", list(On), ids=lambda on: on.name)
def test_every_ground_rule_of_the_draft_means_what_z3_says(on: On) -> None:
    ground = Ground(on)
    fired: set[Any] = set()

    @settings(max_examples=12)
    @given(ground.values)
    def agrees(values: dict[str, int]) -> None:
        found = [int(v) for v in ground.evaluator([values[n] for n in ground.names])]
        expected = by_z3(ground.terms, ground.consts, values)
        differing = [k for k, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b]
        assert not differing, [(*ground.labels, "decision")[k : k + 1] for k in differing]
        fired.update(k for k, v in enumerate(found) if v)

    agrees()
    assert len(fired) > len(ground.terms) / 4, "too few of the terms ever were true"


@pytest.mark.parametrize(
    "term",
    [
        NUMBERS[0] ^ NUMBERS[1],
        NUMBERS[0] < NUMBERS[1],
        z3.Function("f", z3.BoolSort(), z3.BoolSort())(FLAGS[0]),
        z3.PbGe([(FLAGS[0], 2), (FLAGS[1], 1)], 2),
    ],
    ids=["bvxor", "signed", "function", "weighted"],
)
def test_an_unknown_operator_is_a_rule_error_that_names_it(term: Any) -> None:
    with pytest.raises(RuleError, match="the evaluator has no case for") as bad:
        Evaluator([z3.Not(term) if z3.is_bool(term) else term == 1], INPUTS)
    assert repr(term.decl().name()) in str(bad.value)


def test_an_unknown_input_is_a_rule_error_that_names_it() -> None:
    with pytest.raises(RuleError, match="'stranger' is no input of this term; declare the field"):
        Evaluator([z3.And(FLAGS[0], z3.Bool("stranger"))], INPUTS)
