"""What the command is told of an exploration: rules met, dead ends, several ways, recoveries."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
import z3

from checker.describe import exploration_records
from checker.explore import (
    ALWAYS,
    LEADS,
    NEVER,
    SOMETIMES,
    Account,
    DeadEnds,
    Explorer,
    Verdict,
    Way,
    held,
    kind_of,
)
from checker.exploring import COMPILED, VECTORISED, Exploring
from checker.machine import Machine, State, Step
from checker.space.nodes import transition_system
from checker.space.running import FEW, ran
from checker.space.vectorised import Vectorised
from checker.space.verdicts import explored
from model.properties import Property
from model.rulesets.draft04 import RULESET
from model.whole.scope import PRESETS

SCOPE = replace(PRESETS["default"], bids=1, care_of=1, options=1, updates=2, faults=1)


@cache
def answers() -> tuple[Account, dict[str, Verdict]]:
    account, verdicts = explored(Machine(RULESET, SCOPE), Exploring(most_paths=3))
    return account, {v.property.name: v for v in verdicts}


@cache
def seen() -> tuple[Explorer, Counter[str]]:
    """Return the same explored step by step, with what each step applied and gave up."""
    machine, met = Machine(RULESET, SCOPE), Counter[str]()

    def note(_state: State, _position: int, step: Step) -> None:
        outcome, on = step.outcome, step.action.on
        if outcome and on:
            applied = machine.engines[on].applied([step.inputs[n] for n in machine.layout])
            rules = machine.relations[on].rules
            met.update(f"{on.name} applied {rules[k].rule.id}" for k in applied.rules)
            met.update(f"{on.name} given up {i}" for i in outcome.given_up)
            met.update(f"{on.name} departed from {i}" for i in outcome.deviates)
            met.update(f"{on.name} open {n}" for n in outcome.gaps)

    explorer = Explorer(machine, observer=note)
    explorer.run()
    return explorer, met


def test_rules_met_are_those_of_each_transition_taken() -> None:
    told = Counter[str]()
    for m in answers()[0].met or ():
        told.update(f"{m.on.name} applied {i}" for i in m.rules)
        told.update(f"{m.on.name} given up {i}" for i in m.given_up)
        told.update(f"{m.on.name} departed from {i}" for i in m.deviates)
        told.update(f"{m.on.name} open {i}" for i in m.gaps)
    assert set(told) == set(seen()[1])
    assert {word for key in told for word in ("applied", "given up", "open") if word in key} == {
        "applied",
        "given up",
        "open",
    }


def test_rules_never_met_are_the_others_of_the_step() -> None:
    for m in answers()[0].met or ():
        assert not m.rules & m.never
        assert m.rules | m.never == {r.id for r in RULESET.rules_on(m.on)}
        assert m.given_up | m.deviates <= m.rules
    assert any(m.never for m in answers()[0].met or ())


def test_actions_never_taken_are_told() -> None:
    machine = Machine(RULESET, replace(SCOPE, updates=0))
    account, _ = explored(machine, Exploring())
    assert "processes the update" in account.never_taken
    assert "interface 1 comes to the home link" not in account.never_taken


def test_verdicts_agree_with_the_interpreter() -> None:
    explorer, _ = seen()
    for known in explorer.verdicts(explorer.run()):
        fast = answers()[1][known.property.name]
        assert (fast.holds, fast.kind, fast.non_vacuous) == (
            known.holds,
            known.kind,
            known.non_vacuous,
        )
        assert len(fast.path) == len(known.path)


def is_of_the_machine(way: Way) -> bool:
    machine = Machine(RULESET, SCOPE)
    states = [way.start, *(s.state for s in way.steps)]
    steps = zip(pairwise(states), way.steps, strict=True)
    return all(
        (taken.action.name, after) in {(s.action.name, s.state) for s in machine.successors(before)}
        for (before, after), taken in steps
    )


def test_several_ways_are_of_the_machine_and_differ() -> None:
    ways = [
        (Way(v.start, v.path), *v.others)
        for v in answers()[1].values()
        if v.start is not None and v.kind != LEADS
    ]
    assert {len(alternatives) for alternatives in ways} == {1, 3}
    for alternatives in ways:
        assert all(map(is_of_the_machine, alternatives))
        told = {tuple(sorted(s.action.name for s in way.steps)) for way in alternatives}
        assert len(told) == len(alternatives)


def test_endless_rejection_over_the_sequence_number_is_found() -> None:
    verdict = answers()[1]["requests-end"]
    assert (verdict.kind, verdict.holds, verdict.non_vacuous) == (LEADS, False, True)
    assert verdict.start is not None
    assert is_of_the_machine(Way(verdict.start, verdict.path + verdict.loop))
    assert verdict.loop[-1].state == verdict.path[-1].state
    assert {s.action.name for s in verdict.loop} == {
        "sends the update again",
        "processes the update",
        "concludes from the acknowledgement",
    }
    assert all(s.action.fair for s in verdict.loop)


def test_without_faults_every_request_ends() -> None:
    scope = replace(SCOPE, faults=0, loss=0, duplication=0, reorder=0, restart=0)
    _, verdicts = explored(Machine(RULESET, scope), Exploring())
    ends = {v.property.name: v.holds for v in verdicts if v.kind == LEADS}
    assert ends["requests-end"] is True


def test_nothing_is_said_of_recovery_where_the_search_was_ended() -> None:
    _, verdicts = explored(Machine(RULESET, SCOPE), Exploring(most_states=10))
    assert {v.holds for v in verdicts if v.kind == LEADS} == {None}


def test_dead_ends_are_counted() -> None:
    ends = answers()[0].dead_ends
    assert ends is not None
    assert (ends.at_rest, ends.elsewhere, ends.to_rest, ends.to_elsewhere) == (0, 0, None, None)


X, YES = z3.Bool("x"), z3.BoolVal(True)


@pytest.mark.parametrize(
    ("term", "kind"),
    [(z3.Not(X), NEVER), (YES, SOMETIMES), (X, ALWAYS), (z3.Or(X, z3.Not(X)), ALWAYS)],
)
def test_kind_of_a_property_is_that_of_its_term(term: z3.BoolRef, kind: str) -> None:
    assert kind_of(Property("p", "p", "", term, X)) == kind


def test_what_must_be_reached_fails_only_when_everything_was_seen() -> None:
    p = Property("p", "p", "", YES, X)
    assert held(p, False, True, False) is True
    assert held(p, False, False, True) is False
    assert held(p, False, False, False) is None


def test_engines_give_the_same_answers() -> None:
    machine = Machine(RULESET, SCOPE)
    told = {e: explored(machine, Exploring(e)) for e in (VECTORISED, COMPILED)}
    accounts = [replace(a, bytes=0, kept=0, told_apart=()) for a, _ in told.values()]
    assert accounts[0] == accounts[1]
    for one, other in zip(*(v for _, v in told.values()), strict=True):
        assert (one.property, one.kind, one.holds) == (other.property, other.kind, other.holds)
        assert (one.non_vacuous, len(one.path)) == (other.non_vacuous, len(other.path))
        assert bool(one.loop) == bool(other.loop)


def test_small_scopes_are_answered_without_machine_code() -> None:
    """And larger ones by machine code, where that was left to the engine."""
    machine = Machine(RULESET, SCOPE)
    system = transition_system(machine)
    assert isinstance(ran(system, Exploring(), None)[0], Vectorised)
    more = transition_system(Machine(RULESET, replace(SCOPE, bids=2, options=2, updates=1)))
    engine, found = ran(more, Exploring(), None)
    assert isinstance(engine, Vectorised) == (found.states <= FEW)
    assert found.complete


def test_nothing_is_said_never_to_happen_where_the_search_was_ended() -> None:
    account, _ = explored(Machine(RULESET, SCOPE), Exploring(most_states=10))
    assert (account.complete, account.never_taken) == (False, ())


def test_dead_ends_do_not_end_a_search_for_the_first_violation() -> None:
    how = Exploring(stop_at_first=True)
    account, verdicts = explored(Machine(RULESET, SCOPE), how)
    assert account.dead_ends is None
    assert any(v.holds is False for v in verdicts)


def test_way_to_a_dead_end_is_recorded_best_one_not_at_rest() -> None:
    account, verdicts = answers()
    shown = verdicts["requests-end"]
    assert shown.start is not None
    way = Way(shown.start, shown.path)
    told = replace(account, dead_ends=DeadEnds(1, 1, Way(shown.start, ()), way))
    record = next(iter(exploration_records(told, [])))
    assert record["dead_ends"] == {"at_rest": 1, "elsewhere": 1}
    assert [s["event"] for s in record["to_dead_end"]] == [s.action.name for s in way.steps]
