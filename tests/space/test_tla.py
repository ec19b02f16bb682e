"""The exported TLA+ is read by a parser of TLA+, and each action says what each variable is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import tla

from checker.export.flat import Flat
from checker.export.keys import met
from checker.export.tla import Tla
from checker.space.interpreted import Interpreted
from checker.space.system import TransitionSystem
from tests.space.operators import operators
from tests.space.reference import reference
from tests.space.test_engines import counting
from tests.space.test_spin import draft

SYSTEMS: dict[str, Callable[[], TransitionSystem]] = {
    "reference": lambda: reference(2, 2, 3),
    "counting": lambda: counting(20),
    "operators": operators,
    "draft": draft(bids=1, care_of=1, options=1, updates=2, faults=0, sequence_bits=2),
}


@pytest.fixture(scope="module", params=SYSTEMS)
def exported(request: pytest.FixtureRequest) -> tuple[TransitionSystem, Tla]:
    system = SYSTEMS[request.param]()
    tables = any(t.table for t in system.transitions)
    keys = met(system, lambda s: Interpreted(s).run()) if tables else {}
    return system, Tla(Flat(system, keys), "a system", "System")


def test_text_is_tla(exported: tuple[TransitionSystem, Tla]) -> None:
    module = tla.parse(exported[1].text())
    assert module.name == "System"
    defined = {unit.name for unit in definitions(module)}
    assert {"Init", "Next", "Spec", "TypeOK"} <= defined


def definitions(module: tla.Module) -> list[tla.OperatorDefinition]:
    found = []
    for unit in module.units:
        inner = getattr(unit, "definition", None) or unit
        found += [inner] if hasattr(inner, "name") else []
    return found


def test_parser_refuses_a_text_that_is_cut(exported: tuple[TransitionSystem, Tla]) -> None:
    text = exported[1].text()
    with pytest.raises(ValueError, match="parsing"):
        tla.parse(text.replace("Next ==", "Next == (", 1))


def test_each_action_sets_or_keeps_each_variable(exported: tuple[TransitionSystem, Tla]) -> None:
    system, written = exported
    variables = sorted(map(written.names, (v.name for v in system.variables)))
    actions = re.findall(r"^step_\w+ ==\n(.*?)\n\n", written.text(), re.MULTILINE | re.DOTALL)
    assert len(actions) == len(system.transitions)
    for action in actions:
        kept = re.findall(r"UNCHANGED <<(.*)>>", action)
        names = [n for k in kept for n in k.split(", ")]
        assert sorted([*re.findall(r"/\\ (\w+)' = ", action), *names]) == variables
