"""The system of draft -04 on the fast engine: what the interpreter says, to the last state."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from checker.cli import main
from checker.explore import Explorer
from checker.exploring import Exploring
from checker.machine import Machine
from checker.space.compiled import Compiled
from checker.space.memory import Budget
from checker.space.nodes import transition_system
from checker.space.verdicts import explored
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


def test_answers_are_those_of_the_interpreter() -> None:
    machine = Machine(RULESET, SCOPES["one interface"])
    slow = Explorer(machine)
    found = slow.run()
    account, verdicts = explored(machine, Exploring())
    expected = found.account()
    own = {"actions": {}, "met": None, "dead_ends": None, "bytes": 0, "told_apart": (), "kept": 0}
    assert replace(account, **own) == replace(expected, actions={})
    for fast, known in zip(verdicts, slow.verdicts(found), strict=True):
        assert (fast.property, fast.holds) == (known.property, known.holds)
        assert (fast.non_vacuous, len(fast.path)) == (known.non_vacuous, len(known.path))


def test_budget_of_states_is_kept_and_told() -> None:
    machine = Machine(RULESET, SCOPES["one interface"])
    account, verdicts = explored(machine, Exploring(most_states=50))
    assert not account.complete
    assert {v.holds for v in verdicts} <= {None, False}


def test_command_explores_on_either_engine(tmp_path: Path) -> None:
    asked = ["explore", "draft-04", "--preset", "small", "--out"]
    files = {engine: tmp_path / f"{engine}.jsonl" for engine in ("interpreted", "compiled")}
    for engine, file in files.items():
        assert main([*asked, str(file), "--engine", engine]) == 1
    said = {e: [r for r in read(file) if r["record"] == "property"] for e, file in files.items()}
    more = said["compiled"][len(said["interpreted"]) :]
    assert {r["kind"] for r in more} == {"leads to rest"}
    for slow, fast in zip(said["interpreted"], said["compiled"], strict=False):
        for key in ("property", "holds", "states", "transitions", "depth", "non_vacuous"):
            assert slow[key] == fast[key]
        assert len(slow["path"]) == len(fast["path"])


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]
