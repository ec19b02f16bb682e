"""The whole system of draft -04: engines agree on it, its switches work, its failings are found."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from checker.explore import Explorer
from checker.machine import Machine
from checker.space.compiled import Compiled
from checker.space.memory import Budget
from checker.space.nodes import transition_system
from checker.space.reached import Reached
from model.rulesets.draft04 import RULESET
from model.whole.scope import FAULTS, PRESETS, WholeScope

SMALL = Budget(1 << 28)
CALM = WholeScope(
    bids=1, care_of=1, options=1, updates=2, faults=0, loss=0, duplication=0, reorder=0, restart=0
)
SCOPES = {
    "small": PRESETS["small"],
    "calm": CALM,
    "loss": replace(CALM, faults=1, loss=1),
    "duplication": replace(CALM, faults=1, duplication=1),
    "reordering": replace(CALM, faults=1, reorder=1, delay=1),
    "restart": replace(CALM, faults=1, restart=1),
    "expiry": replace(CALM, expiry=1),
    "correspondents": replace(CALM, correspondents=1, expiry=1),
    "attacker": replace(CALM, options=2, bids=2, updates=1, correspondents=1, attacker=1),
    "bulk": replace(CALM, options=2, bids=2, updates=1),
    "two interfaces": replace(CALM, care_of=2),
    "two faults of four": replace(PRESETS["default"], bids=1, care_of=1, options=1, updates=1),
}


@pytest.mark.parametrize("name", SCOPES)
def test_engines_agree_on_the_whole_system(name: str) -> None:
    machine = Machine(RULESET, SCOPES[name])
    slow = Explorer(machine)
    found, fast = slow.run(), Compiled(transition_system(machine), 2, SMALL).run()
    assert found.complete
    assert (fast.states, fast.transitions) == (len(found.parents), found.transitions)
    assert list(fast.levels) == found.levels
    assert fast.taken == dict(found.actions)
    assert fast.met == found.witnessed
    assert {p: len(path) - 1 for p, path in fast.paths.items()} == {
        v.property.name: len(v.path) for v in slow.verdicts(found) if v.holds is False
    }


@pytest.mark.parametrize("what", [*FAULTS, "expiry", "correspondents", "attacker"])
def test_a_switch_that_is_off_leaves_its_actions_out(what: str) -> None:
    scope = replace(PRESETS["deep"], bids=2, care_of=1, options=2)
    names = {a.name for a in Machine(RULESET, scope).actions}
    fewer = {a.name for a in Machine(RULESET, replace(scope, **{what: 0})).actions}
    assert fewer < names


@pytest.mark.parametrize("name", PRESETS)
def test_each_action_has_a_name_of_its_own(name: str) -> None:
    names = [a.name for a in Machine(RULESET, PRESETS[name]).actions]
    assert len(set(names)) == len(names)


def explored(scope: WholeScope) -> Reached:
    return Compiled(transition_system(Machine(RULESET, scope)), 2, SMALL).run()


def test_all_faults_together_are_bounded() -> None:
    scope = replace(PRESETS["default"], bids=1, care_of=1, options=1, updates=1)
    sizes = [explored(replace(scope, faults=n)).states for n in range(5)]
    assert sizes == sorted(set(sizes))
    assert explored(replace(scope, faults=9)).states == sizes[-1]


def test_paths_are_of_the_machine() -> None:
    machine = Machine(RULESET, replace(PRESETS["default"], options=1, updates=2, faults=1))
    found = Compiled(transition_system(machine), 2, SMALL).run(stop_at_first=True)
    assert found.paths
    for path in found.paths.values():
        assert path[0] in machine.initial()
        for before, after in pairwise(path):
            assert after in {step.state for step in machine.successors(before)}
