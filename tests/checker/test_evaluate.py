"""The evaluator means by every term what Z3 means by it."""

from __future__ import annotations

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
from tests.checker.shapes import (
    ATOMS,
    BUILDERS,
    CONSTS,
    FLAGS,
    INPUTS,
    NUMBERS,
    VALUES,
    built,
    sample,
    shapes,
)
from tests.checker.support import by_z3


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
