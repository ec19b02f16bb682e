"""What is known to go wrong with draft -04 is found at the default preset, with its sequence.

A search that ends when some million states are met has whole levels: the sequences are shortest.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from checker.explore import Verdict
from checker.exploring import Exploring
from checker.machine import Machine
from checker.space.verdicts import explored
from model.rulesets.draft04 import RULESET
from model.vocabulary import Registration
from model.whole.scope import PRESETS

DEFAULT = PRESETS["default"]


@cache
def at_default() -> dict[str, Verdict]:
    """Return the verdicts of the first levels at the default preset."""
    how = Exploring(most_states=20_000_000, memory=4 << 30)
    _, verdicts = explored(Machine(RULESET, DEFAULT), how)
    return {v.property.name: v for v in verdicts}


@cache
def with_one_fault() -> dict[str, Verdict]:
    """Return the verdicts with fewer updates and faults, explored to the end."""
    scope = replace(DEFAULT, updates=1, faults=2)
    _, verdicts = explored(Machine(RULESET, scope), Exploring())
    return {v.property.name: v for v in verdicts}


def names(v: Verdict) -> list[str]:
    return [s.action.name for s in v.path]


def test_both_sides_defend_the_home_address_after_a_home_binding_ends() -> None:
    found = at_default()["no-collision-after-a-home-binding"]
    assert found.holds is False
    machine = Machine(RULESET, DEFAULT)
    end = machine.show(found.path[-1].state)
    was_home = list(Registration.values).index("was_home")
    assert any(end[f"bul.status[{b}]"] == was_home for b in (1, 2))
    assert end["bc.proxy"]
    assert end["mn.defends"]


def test_mobile_node_reads_failure_where_the_home_agent_registered() -> None:
    found = at_default()["status-precedence-failure"]
    assert found.holds is False
    machine = Machine(RULESET, DEFAULT)
    end = machine.show(found.path[-1].state)
    assert end["mn.missed"]
    assert any(end[f"bc.kind[{b}]"] and not end[f"bul.status[{b}]"] for b in (1, 2))


def test_a_cache_is_emptied_by_an_overtaken_message() -> None:
    found = at_default()["overtaken-empties-nothing"]
    assert found.holds is False
    assert any("before those sent earlier" in n for n in names(found))
    machine = Machine(RULESET, DEFAULT)
    before, after = (machine.show(s.state) for s in found.path[-2:])
    held = ("bc.plain", "bc.kind[1]", "bc.kind[2]")
    assert any(before[n] for n in held)
    assert not any(after[n] for n in held)


def test_an_update_is_refused_over_its_sequence_number_without_end() -> None:
    found = with_one_fault()["requests-end"]
    assert found.holds is False
    assert {s.action.name for s in found.loop} >= {"processes the update", "sends the update again"}
    machine = Machine(RULESET, replace(DEFAULT, updates=1, faults=2))
    states = [machine.show(s.state) for s in found.loop]
    assert any(s["down1.ba.status"] == 9 for s in states)  # 135
    assert found.path
    assert found.loop[-1].state == found.path[-1].state


def test_default_has_what_a_preset_of_its_name_has_to_have() -> None:
    assert min(DEFAULT.bids, DEFAULT.care_of) >= 2
    assert min(DEFAULT.loss, DEFAULT.duplication, DEFAULT.restart, DEFAULT.reorder) >= 1
