"""The explorer's contradictory situations are the solver's, situation by situation.

On one side every situation of the smallest scope is tried with `StepEngine`, which knows no
solver.  On the other stand the conditions of the findings, which Z3 alone judges: what was
met is turned into a term (a decision diagram over the inputs), and Z3 is asked for a
situation in which that term and the condition differ.  No answer means that the sets are
equal, in both directions.

All situations are some 10^9; they are tried in full over `VARIED`, the other inputs being
fixed as `FIXED` says.  Situations of all inputs and readings are drawn at random besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any

import pytest
import z3

from checker.contradictions import minimal
from checker.demands import structural
from checker.evaluate import Evaluator
from checker.explore import Explorer
from checker.finding import Finding
from checker.machine import Machine, State, Step
from checker.outcomes import StepEngine
from checker.situation import Situations
from model.fields import Domain
from model.rule import Modality, On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.step import StepRelation
from model.terms import constants
from tests.checker.met import Conflict, Met, apart
from tests.checker.support import SMALLEST, by_z3, literal

# Values of the inputs that are tried in full; of a number or enumeration not named here, all.
VARIED: dict[str, tuple[int, ...]] = {
    "bc.last_sequence": (0, 3),  # two bits: 0 is not greater than 0, and greater than 3
}
# Inputs that bear on refusals alone (or, bc.sequence, on one reading), at their usual values.
FIXED = {
    "bu.ack": 1,
    "bu.sequence": 0,
    "bu.nonces": 0,
    "bu.authorization": 0,
    "node.bulk": 1,
    "node.serves_prefix": 1,
    "node.address_taken": 0,
    "node.lacks_resources": 0,
    "bc.sequence[1]": 0,
    "o.status[1]": 0,  # what it is matters where it is copied, by another reading alone
    # and inputs of rules that share no decision with those that contradict each other here
    "bu.proven": 0,
    "bu.key": 0,
    "bu.reserved": 0,
    "bu.unroutable": 0,
    "bu.home_unroutable": 0,
    "bu.circular": 0,
    "bu.router": 0,
    "bu.prefix": 0,
    "bc.router": 0,
    "bc.prefix": 0,
    "node.prohibits": 0,
    "node.single": 0,
    "node.prefix_fails": 0,
}
READINGS = ({}, {"READ-H": "H2"})
Rules = frozenset[str]
Sets = frozenset[Rules]
RANDOM_SITUATIONS = 250


@dataclass(frozen=True, eq=False)
class Node:
    """A node of a decision diagram: for each value of an input the node that follows."""

    place: int
    follow: tuple[tuple[int, Any], ...]


@dataclass(eq=False)
class Level:
    """Where the walk through all situations stands at one input."""

    choices: list[int]  # values still to be tried
    follow: list[tuple[int, Any]] = field(default_factory=list)  # values tried, what came of them


@dataclass
class Diagram:
    """What was met in every situation tried, as a decision diagram; `None` was not tried."""

    situations: Situations
    chosen: Mapping[str, int]  # fixed inputs and readings
    count: int = 0
    _nodes: dict[Any, Node] = field(default_factory=dict)
    _classes: dict[Any, Sets] = field(default_factory=dict)
    _mentions: dict[tuple[int, ...], list[int]] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[str]:
        """Return the inputs in order."""
        return list(self.situations.fields)

    @cached_property
    def engine(self) -> StepEngine:
        """Return the engine that is tried."""
        return self.met.engine

    @cached_property
    def met(self) -> Met:
        """Return what tells the conflicts of a situation."""
        return Met(self.situations)

    @cached_property
    def root(self) -> Any:
        """Return the root: the whole set of situations is tried when it is asked for.

        The walk is a loop: calls as deep as there are inputs cost CPython more than the rest.
        """
        values: list[int] = []
        levels = [Level(self._choices(values))]
        while levels:
            level = levels[-1]
            if not level.choices:
                levels.pop()
                done: Any = self._node(len(values), tuple(level.follow))
                if levels:
                    levels[-1].follow.append((values.pop(), done))
                continue
            values.append(level.choices.pop())
            if len(values) < len(self.names):
                levels.append(Level(self._choices(values)))
            else:
                self.count += 1
                done = self._met(values)
                level.follow.append((values.pop(), done))
        return done

    @cached_property
    def sets(self) -> set[Rules]:
        """Return every set of rules that was met."""
        assert self.root is not None
        return {rules for met in self._classes.values() for rules in met}

    def _node(self, place: int, follow: tuple[tuple[int, Any], ...]) -> Node:
        return self._nodes.setdefault((place, follow), Node(place, follow))

    def _choices(self, values: list[int]) -> list[int]:
        """The values of the next input; only 0 where it belongs to something absent."""
        name = self.names[len(values)]
        if name in self.chosen:
            return [self.chosen[name]]
        if any(not any(values[k] for k in owners) for owners in self._owners[name]):
            return [0]
        return list(VARIED.get(name) or self._all(name))

    @cached_property
    def _owners(self) -> dict[str, list[list[int]]]:
        """Return for each input the places of those of which one must be there, if any."""
        place = self.names.index
        option, entries = [place("o.present[1]")], [place("bc.kind[1]"), place("bc.plain")]
        of_entry = ("bc.home_registration", "bc.last_sequence", "bc.proxy")
        owners: dict[str, list[list[int]]] = {n: [] for n in self.names}
        for n in self.names:
            if n.startswith("o.") and n != "o.present[1]":
                owners[n].append(option)
            if n in of_entry:
                owners[n].append(entries)
        return owners

    def _all(self, name: str) -> tuple[int, ...]:
        largest = self.situations.scope.largest(self.situations.fields[name][0].domain)
        return tuple(range(largest + 1))

    def _met(self, values: list[int]) -> Sets:
        """The minimal sets here; they depend on the rules that apply and on what these mention."""
        applied = self.engine.applied(values)
        if applied.rules not in self._mentions:
            self._mentions[applied.rules] = self._mentioned(applied.rules)
        key = (applied.rules, *(values[k] for k in self._mentions[applied.rules]))
        if key not in self._classes:
            self._classes[key] = contradictory(self.met.here(values))
        return self._classes[key]

    def _mentioned(self, rules: tuple[int, ...]) -> list[int]:
        """The places of the inputs that stand in what these rules demand."""
        demands = [self.engine.relation.rules[k].constraint for k in rules]
        names = {c.decl().name() for t in demands for c in constants(t)}
        return [k for k, n in enumerate(self.names) if n in names]

    def term(self, judge: Any) -> Any:
        """Return the term: the situation was tried, and `judge` says yes of what was met."""
        made: dict[Any, Any] = {}

        def visit(node: Any) -> Any:
            if not isinstance(node, Node):
                return z3.BoolVal(judge(node))
            if id(node) not in made:
                made[id(node)] = self._case(node, visit)
            return made[id(node)]

        return visit(self.root)

    def _case(self, node: Node, visit: Any) -> Any:
        f, i = self.situations.fields[self.names[node.place]]
        const = f.instance(i)
        return z3.Or([z3.And(const == literal(const, v), visit(n)) for v, n in node.follow])

    def within(self) -> Any:
        """Return the term: the inputs that are not tried in full have one of their values."""
        terms = [self.situations.equals(n, v) for n, v in self.chosen.items()]
        for name, values in VARIED.items():
            terms.append(z3.Or([self.situations.equals(name, v) for v in (0, *values)]))
        return z3.And(terms)


def contradictory(found: frozenset[Conflict]) -> Sets:
    """The minimal sets of rules among them that contradict each other."""
    sets = {ids for kind, ids in found if kind == "contradiction"}
    return frozenset(s for s in sets if not any(t < s for t in sets))


def rules_of(f: Finding) -> Rules:
    """The ids of the rules of a finding, without definitions and restatements."""
    return frozenset(i for i, _ in f.demands)


@pytest.fixture(scope="module")
def situations() -> Situations:
    """The receiving step at the smallest scope."""
    return Situations(RULESET, On.RECEIVE_UPDATE, SMALLEST)


@pytest.fixture(scope="module")
def every_finding(situations: Situations) -> list[Finding]:
    """Every finding, also those whose rules include all those of a smaller one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("checker.contradictions.minimal", list)
        return apart(situations)


@pytest.fixture(scope="module")
def findings(every_finding: list[Finding]) -> list[Finding]:
    """Every contradiction among them."""
    return [f for f in every_finding if f.kind == "contradiction"]


CHOICES = [
    pytest.param(READINGS[0], id="default"),
    pytest.param(READINGS[1], id="READ-H=H2", marks=pytest.mark.long),
]


@pytest.fixture(scope="module", params=CHOICES)
def diagram(request: pytest.FixtureRequest, situations: Situations) -> Diagram:
    """Every situation tried, under one choice of readings."""
    readings = dict.fromkeys(situations.readings, 0)
    for name, alternative in request.param.items():
        readings[name] = situations.readings[name].values.index(alternative)
    fixed = {n: v for n, v in FIXED.items() if n in situations.fields}
    return Diagram(situations, fixed | readings)


def differ(diagram: Diagram, left: Any, right: Any) -> dict[str, Any] | None:
    """A situation among those tried in which two terms differ, by Z3; None when there is none."""
    solver = z3.Solver()
    solver.add(*diagram.situations.well_formed, diagram.within(), z3.Xor(left, right))
    answer = solver.check()
    assert answer != z3.unknown
    if answer == z3.unsat:
        return None
    model = solver.model()
    consts = [f.instance(i) for f, i in diagram.situations.fields.values()]
    return {c.decl().name(): model.eval(c, model_completion=True) for c in consts}


def condition(found: list[Finding]) -> Any:
    """The term: the situation is one of these findings."""
    return z3.Or([f.condition for f in found] or [z3.BoolVal(False)])


def test_every_well_formed_situation_is_tried_and_no_other(diagram: Diagram) -> None:
    tried = diagram.term(lambda _met: True)
    assert differ(diagram, tried, z3.And(diagram.situations.well_formed)) is None
    assert diagram.count > 100_000


def test_the_situations_with_a_contradiction_are_those_of_the_findings(
    diagram: Diagram, findings: list[Finding]
) -> None:
    met = diagram.term(bool)
    assert differ(diagram, met, condition(findings)) is None
    assert differ(diagram, met, z3.BoolVal(False)) is not None


def test_in_each_situation_the_minimal_sets_of_rules_are_those_of_the_findings(
    diagram: Diagram, findings: list[Finding]
) -> None:
    by_rules = {rules_of(f): f for f in findings}
    assert len(by_rules) == len(findings)
    for rules in {*by_rules, *diagram.sets}:
        met = diagram.term(lambda sets, rules=rules: rules in sets)
        expected = minimal_here(rules, by_rules)
        assert differ(diagram, met, expected) is None, sorted(rules)


def minimal_here(rules: Rules, by_rules: Mapping[Rules, Finding]) -> Any:
    """The term: these rules contradict each other, and no part of them does."""
    if rules not in by_rules:
        return z3.BoolVal(False)
    smaller = [f for other, f in by_rules.items() if other < rules]
    return z3.And(by_rules[rules].condition, z3.Not(condition(smaller)))


def test_no_situation_is_lost_by_reporting_minimal_sets_alone(
    diagram: Diagram, every_finding: list[Finding]
) -> None:
    reported = [f for f in minimal(every_finding) if f.kind == "contradiction"]
    assert differ(diagram, diagram.term(bool), condition(reported)) is None


def drawn(situations: Situations, near: list[dict[str, int]], random: Random) -> dict[str, int]:
    """A well-formed situation that differs in up to five random inputs from one of `near`."""
    names = list(situations.fields)
    well_formed = Evaluator(situations.well_formed, names)
    while True:
        values = dict(random.choice(near))
        for n in random.sample(names, random.randint(0, 5)):
            values[n] = random.randint(0, situations.scope.largest(situations.fields[n][0].domain))
        if all(well_formed([values[n] for n in names])):
            return values


def test_random_situations_of_all_inputs_and_readings_agree(
    situations: Situations, findings: list[Finding]
) -> None:
    random, names = Random(4), list(situations.fields)
    met = Met(situations)
    consts = {n: f.instance(i) for n, (f, i) in situations.fields.items()}
    near = [{n: situations.default(n) for n in names}, *(dict(f.witness) for f in findings)]
    some = 0
    for _ in range(RANDOM_SITUATIONS):
        values = drawn(situations, near, random)
        holding = by_z3([f.condition for f in findings], consts, values)
        sets = {rules_of(f) for f, holds in zip(findings, holding, strict=True) if holds}
        here = contradictory(met.here([values[n] for n in names]))
        assert here == {s for s in sets if not any(t < s for t in sets)}
        some += bool(here)
    assert some > RANDOM_SITUATIONS / 5


class Obedience:
    """Z3's answer to: can all applicable binding rules of a step be obeyed?"""

    def __init__(self, relation: StepRelation, engine: StepEngine) -> None:
        self.solver = z3.Solver()
        for d in relation.decisions:
            if isinstance(d.field.domain, Domain):
                values = [d.field.domain.at(v) for v in engine.domain(d)]
                self.solver.add(z3.Or([d.const == v for v in values]))
        binding = [g for g in relation.rules if g.rule.modality.binds]
        self.solver.add([g.obeyed for g in binding])
        terms = [t for g in binding for t in (g.applies, g.constraint)]
        own = {d.label for d in relation.decisions}
        self.consts = {
            c.decl().name(): c for t in terms for c in constants(t) if c.decl().name() not in own
        }

    def possible(self, inputs: Mapping[str, int]) -> bool:
        """Return whether they can be obeyed together in these inputs."""
        fixed = [c == literal(c, inputs[n]) for n, c in self.consts.items()]
        answer = self.solver.check(*fixed)
        assert answer != z3.unknown
        return bool(answer == z3.sat)


def test_what_is_given_up_in_exploration_is_what_z3_cannot_have_obeyed() -> None:
    machine = Machine(RULESET, Scope(1, 2, 1, 3, updates=3, faults=0))
    obedience = {on: Obedience(r, machine.engines[on]) for on, r in machine.relations.items()}
    met: dict[tuple[On, tuple[int, ...]], set[bool]] = {}

    def note(_state: State, _position: int, step: Step) -> None:
        if step.action.on is not None and step.outcome is not None:
            names = obedience[step.action.on].consts
            inputs = tuple(step.inputs[n] for n in names)
            met.setdefault((step.action.on, inputs), set()).add(bool(step.outcome.given_up))

    found = Explorer(machine, observer=note).run()
    assert found.complete
    for (on, inputs), broken in met.items():
        named = dict(zip(obedience[on].consts, inputs, strict=True))
        assert broken == {not obedience[on].possible(named)}, (on, named)
    for on in machine.relations:
        outcomes = {b for (of, _), broken in met.items() if of is on for b in broken}
        assert False in outcomes, on
    assert any(True in broken for broken in met.values())


def test_no_definition_that_links_decisions_is_needed_at_this_scope(
    situations: Situations, findings: list[Finding]
) -> None:
    """Were one needed, the two sides would have to name it alike."""
    linking = {
        g.rule.id
        for g in situations.relation.rules
        if structural(g, situations.relation) and g.rule.modality is Modality.DEFINITION
    }
    assert linking
    assert not any(linking & set(f.rules) for f in findings)
