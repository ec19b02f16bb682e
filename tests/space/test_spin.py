"""SPIN on what is exported: the states, transitions and violations of the engines, to the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from checker.export.flat import Flat
from checker.export.keys import met
from checker.export.promela import Promela, beside
from checker.machine import Machine
from checker.space.compiled import Compiled
from checker.space.interpreted import Interpreted
from checker.space.memory import Budget
from checker.space.nodes import transition_system
from checker.space.quotient import without_what_differs
from checker.space.reached import Reached
from checker.space.system import TransitionSystem
from checker.space.vectorised import Vectorised
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.whole.scope import PRESETS
from tests.space.operators import operators
from tests.space.reference import reference
from tests.space.spin import SEARCH, Figures, compiled, figures
from tests.space.test_engines import counting


def by_compiled(system: TransitionSystem) -> Reached:
    return Compiled(system, 2, Budget(1 << 28)).run()


def by_interpreted(system: TransitionSystem) -> Reached:
    return Interpreted(system).run()


def by_vectorised(system: TransitionSystem) -> Reached:
    return Vectorised(system, 2).run()


def by_symmetry(system: TransitionSystem) -> Reached:
    """Return the figures of the whole system, of a search up to renaming where there is any."""
    return without_what_differs(
        system, lambda up_to: Compiled(system, 2, Budget(1 << 28), up_to).run()
    )


def draft(**bounds: int) -> Callable[[], TransitionSystem]:
    return lambda: transition_system(Machine(RULESET, Scope(**bounds)))


def whole(preset: str, **bounds: int) -> Callable[[], TransitionSystem]:
    scope = replace(PRESETS[preset], **bounds)
    return lambda: transition_system(Machine(RULESET, scope))


LONG = pytest.mark.long
SYSTEMS = {
    "reference 1, 1, 3": lambda: reference(1, 1, 3),
    "reference 1, 1, 4": lambda: reference(1, 1, 4),
    "reference 2, 1, 4": lambda: reference(2, 1, 4),
    "counting": lambda: counting(40),
    "operators": operators,
    "one BID": draft(bids=1, options=1, updates=2, faults=1),
    "two updates": draft(updates=2, faults=1),
    "whole: small": whole("small"),
    "whole: one BID": whole("default", bids=1, options=1, updates=1),
    "whole: two BIDs": whole("default", care_of=1, updates=1),
    "whole: delay and expiry": whole(
        "deep", bids=1, care_of=1, options=1, updates=1, faults=2, messages=1
    ),
    "whole: one fault": whole("default", updates=2, faults=1),
}
LONGER = ("two updates", "whole: two BIDs", "whole: one fault")
CHOSEN = [pytest.param(n, marks=LONG if n in LONGER else ()) for n in SYSTEMS]
INTERPRETED = (  # the slow engine agrees too
    "reference 1, 1, 3",
    "counting",
    "operators",
    "one BID",
    "whole: small",
    "whole: one BID",
)


@dataclass(frozen=True)
class Said:
    """What an exploration says: of SPIN, without the state before the initial ones."""

    states: int
    transitions: int
    violated: Mapping[str, int]
    met: frozenset[str]


def of_engine(found: Reached) -> Said:
    assert found.complete
    return Said(found.states, found.transitions, found.violated, found.met)


def of_spin(flat: Flat, found: Figures) -> Said:
    states, transitions = beside(flat)
    said = found.states - states, found.transitions - transitions
    return Said(*said, found.violated, frozenset(found.met))


def run(flat: Flat, folder: Path, *flags: str) -> Figures:
    return figures(compiled(Promela(flat, "a system").text(), folder, ("-O1", *SEARCH, *flags)))


@pytest.mark.parametrize("name", CHOSEN)
def test_spin_counts_what_the_engines_count(name: str, tmp_path: Path) -> None:
    system, found = SYSTEMS[name](), list[Reached]()

    def explore(watched: TransitionSystem) -> Reached:
        found.append(by_compiled(watched))
        return found[0]

    flat = Flat(system, met(system, explore))
    expected = of_engine(found[0])
    if name in INTERPRETED:
        assert of_engine(by_interpreted(system)) == expected
    for other in (by_vectorised, by_symmetry):
        assert of_engine(other(system)) == expected
    assert of_spin(flat, run(flat, tmp_path)) == expected


def test_breadth_first_search_of_spin_is_as_deep(tmp_path: Path) -> None:
    system = reference(1, 1, 4)
    found = run(Flat(system, {}), tmp_path, "-DBFS")
    # Two steps lead to the initial states.
    assert found.depth == by_compiled(system).depth + 2


def test_assertions_fail_in_the_states_that_are_counted(tmp_path: Path) -> None:
    flat = Flat(reference(1, 1, 3), {})
    pan = compiled(Promela(flat, "a system").text(), tmp_path, given=["-DASSERT"])
    assert figures(pan, ("-m100000", "-w18", "-e", "-c0")).errors == 2_886


@pytest.mark.parametrize("dropped", ["lose BA", "expire 0", "1 home"])
def test_transition_that_is_left_out_is_noticed(dropped: str, tmp_path: Path) -> None:
    system = reference(1, 1, 3)
    kept = tuple(t for t in system.transitions if t.name != dropped)
    assert len(kept) == len(system.transitions) - 1
    flat = Flat(replace(system, transitions=kept), {})
    assert of_spin(flat, run(flat, tmp_path)) != of_engine(by_compiled(system))


def test_row_that_is_left_out_is_noticed(tmp_path: Path) -> None:
    system = counting(40)
    flat = Flat(system, met(system, by_interpreted))
    table = flat.tables["steps"]
    fewer = tuple(replace(s, rows=s.rows[:1], notes=s.notes[:1]) for s in table.situations)
    assert fewer != table.situations
    object.__setattr__(table, "situations", fewer)
    assert of_spin(flat, run(flat, tmp_path)) != of_engine(by_interpreted(system))


def test_key_is_worked_out_in_parts_where_it_is_long(tmp_path: Path) -> None:
    system = operators()
    flat, found = Flat(system, met(system, by_interpreted)), by_interpreted(system)
    whole, cut = Promela(flat, "whole"), Promela(flat, "cut")
    cut.tables.longest = 10
    assert "steps_part_2" not in whole.text()
    assert "steps_part_2" in cut.text()
    assert of_spin(flat, figures(compiled(cut.text(), tmp_path))) == of_engine(found)


def test_situation_that_no_engine_met_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="asked for a situation that no engine met"):
        run(Flat(counting(40), {"steps": ((0,),)}), tmp_path)
