"""The vectorised engine: what the others say, with nothing compiled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.advance import Advance
from checker.machine import Machine
from checker.space.compiled import Compiled
from checker.space.interpreted import Interpreted
from checker.space.memory import Budget
from checker.space.nodes import transition_system
from checker.space.reached import MEMORY, STATES, VIOLATION, Reached
from checker.space.symmetry import symmetry
from checker.space.system import TransitionSystem
from checker.space.vectorised import Vectorised
from checker.space.visited import of_words
from model.errors import RuleError
from model.rulesets.draft04 import RULESET
from tests.space.operators import operators
from tests.space.reference import TABLE, reference
from tests.space.test_engines import counting, wide
from tests.space.test_whole import SCOPES

SMALL = Budget(1 << 28)
BASE = 8 << 20  # bytes: what the blocks take that are worked on


def plainly(found: Reached) -> Reached:
    return replace(found, bytes=0)


def ran_by_itself(program: Path) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, program],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": root},
    )


def draft(name: str) -> Callable[[], TransitionSystem]:
    return lambda: transition_system(Machine(RULESET, SCOPES[name]))


SYSTEMS = {
    "1,1,3": lambda: reference(1, 1, 3),
    "2,1,3": lambda: reference(2, 1, 3),
    "steps with several outcomes": lambda: counting(40),
    "very many successors": lambda: wide(5_000),
    "every operator": operators,
    **{name: draft(name) for name in ("small", "restart", "bulk", "attacker", "reordering")},
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_vectorised_says_what_compiled_says(name: str) -> None:
    system = SYSTEMS[name]()
    found = Vectorised(system, 2).run()
    assert plainly(found) == plainly(Compiled(system, 2, SMALL).run())


@pytest.mark.parametrize("size", [(1, 1, 4), (2, 1, 4)])
def test_vectorised_reaches_exactly_the_known_states(size: tuple[int, int, int]) -> None:
    found = Vectorised(reference(*size)).run()
    states, transitions, levels, bad = TABLE[size]
    assert (found.states, found.transitions, len(found.levels)) == (states, transitions, levels)
    assert found.violated == {"I3": bad}
    assert found.bytes <= 30 * max(states, 100_000)


@pytest.mark.parametrize("size", [(2, 1, 3), (2, 2, 2)])
def test_search_up_to_renaming_says_the_same(size: tuple[int, int, int]) -> None:
    system = reference(*size)
    found = Vectorised(system, up_to=symmetry(system)).run()
    known = Compiled(system, 2, SMALL, symmetry(system)).run()
    assert plainly(found) == plainly(known)
    assert 0 < found.kept < found.states


def test_value_that_does_not_fit_is_told() -> None:
    with pytest.raises(RuleError, match=r"'adds.*' sets a variable to a value"):
        Vectorised(counting(40, broken=True)).run()


def test_search_that_ends_early_says_why() -> None:
    system = reference(1, 1, 4)
    assert Vectorised(system).run(most_states=100).stopped == STATES
    assert Vectorised(system).run(stop_at_first=True).stopped == VIOLATION
    assert Vectorised(system, budget=1).run().stopped == MEMORY

    def interrupted(now: Advance) -> None:
        if now.depth == 5:
            raise KeyboardInterrupt

    found = Vectorised(system).run(interrupted)
    assert not found.complete
    assert found.levels == Interpreted(system).run().levels[:6]


def test_nothing_is_compiled(tmp_path: Path) -> None:
    """Not even the compilers are loaded, which takes a second."""
    program = tmp_path / "explored.py"
    program.write_text(
        "import sys\n"
        "from checker.space.vectorised import Vectorised\n"
        "from tests.space.reference import reference\n"
        "print(Vectorised(reference(1, 1, 3)).run().states)\n"
        "sys.exit(any(m in sys.modules for m in ('numba', 'llvmlite')))\n"
    )
    ran = ran_by_itself(program)
    assert (ran.returncode, ran.stdout.strip()) == (0, "21267"), ran.stderr


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is not known")
def test_a_state_of_one_word_takes_30_bytes_at_the_peak(tmp_path: Path) -> None:
    """In a process of its own: what it needs at most, over what a small search needs."""
    program = tmp_path / "explored.py"
    program.write_text(
        "from pathlib import Path\n"
        "from checker.space.vectorised import Vectorised\n"
        "from tests.space.reference import reference\n"
        "def peak():\n"
        "    said = Path('/proc/self/status').read_text()\n"
        "    return int(said.partition('VmHWM:')[2].split()[0]) << 10\n"
        "Vectorised(reference(1, 1, 3), 2).run()\n"
        "before = peak()\n"
        "print(Vectorised(reference(2, 2, 3), 2).run().states, peak() - before)\n"
    )
    states, grown = map(int, ran_by_itself(program).stdout.split())
    assert states == TABLE[2, 2, 3][0]
    assert grown <= BASE + 30 * states


@given(st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=30), max_size=8))
@pytest.mark.parametrize("words", [1, 2])
def test_each_state_is_kept_once(words: int, parts: list[list[int]]) -> None:
    visited, known = of_words(words), set[tuple[int, ...]]()
    for part in parts:
        column = np.array(part, np.uint64)
        visited.add([column] * words)
        known |= {(v,) * words for v in part}
        assert visited.count == len(known)
    assert {visited.state(k) for k in range(visited.count)} == known


@pytest.mark.parametrize("words", [1, 2])
def test_many_states_make_the_table_grow(words: int) -> None:
    visited, rng = of_words(words), np.random.default_rng(1)
    known = set[int]()
    for _ in range(5):
        column = rng.integers(0, 1 << 18, 150_000, dtype=np.uint64)
        visited.add([column, column][:words])
        known |= set(column.tolist())
    assert visited.count == len(known)
    assert set(visited.part(0, visited.count)[0].tolist()) == known
