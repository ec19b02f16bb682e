"""The system of draft -04 on the fast engine: what the interpreter says, to the last state."""

from __future__ import annotations

from itertools import pairwise

import pytest

from checker.explore import Explorer
from checker.machine import Machine
from checker.space.compiled import Compiled
from checker.space.memory import Budget
from checker.space.nodes import transition_system
from model.rulesets.draft04 import RULESET
from model.scope import Scope

SMALL = Budget(1 << 28)
SCOPES = {
    "one update": Scope(updates=1),
    "one sub-option": Scope(options=1, updates=2, faults=0),
    "one BID": Scope(bids=1, options=1, updates=2, faults=1),
    "three BIDs": Scope(bids=3, care_of=1, options=2, updates=2, faults=0),
    "one interface": Scope(care_of=1, updates=2, faults=1),
    "two updates": Scope(updates=2, faults=1),
}
LONG = ("two updates",)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.long if n in LONG else ()) for n in SCOPES]
)
def test_engines_agree_on_the_draft(name: str) -> None:
    machine = Machine(RULESET, SCOPES[name])
    slow = Explorer(machine)
    found, fast = slow.run(), Compiled(transition_system(machine), 2, SMALL).run()
    assert (fast.states, fast.transitions) == (len(found.parents), found.transitions)
    assert list(fast.levels) == found.levels
    assert fast.taken == dict(found.actions)
    assert fast.met == found.witnessed
    assert {p: len(path) - 1 for p, path in fast.paths.items()} == {
        v.property.name: len(v.path) for v in slow.verdicts(found) if v.holds is False
    }


def test_paths_are_of_the_machine() -> None:
    machine = Machine(RULESET, SCOPES["two updates"])
    found = Compiled(transition_system(machine), 2, SMALL).run(stop_at_first=True)
    assert found.paths
    for path in found.paths.values():
        assert path[0] in machine.initial()
        for before, after in pairwise(path):
            assert after in {step.state for step in machine.successors(before)}
