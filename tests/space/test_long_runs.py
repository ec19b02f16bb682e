"""Long searches: what is told meanwhile, checkpoints, and the states for others afterwards."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from checker.advance import Advance, to_come
from checker.progress import advance_text
from checker.space.compiled import Compiled
from checker.space.interpreted import Interpreted
from checker.space.memory import Budget
from checker.space.reached import INTERRUPTED, STATES
from checker.space.symmetry import symmetry
from model.errors import RuleError
from tests.space.reference import reference

SMALL = Budget(1 << 28)


def stopping_at(depth: int) -> Callable[[Advance], None]:
    def told(now: Advance) -> None:
        if now.depth == depth:
            signal.raise_signal(signal.SIGINT)

    return told


@pytest.mark.parametrize("up_to", [False, True])
@pytest.mark.parametrize("size", [(1, 1, 4), (2, 1, 3)])
def test_search_goes_on_where_it_was_stopped(
    size: tuple[int, int, int], up_to: bool, tmp_path: Path
) -> None:
    system, file = reference(*size), tmp_path / "search"
    chosen = symmetry(system) if up_to else None
    whole = Compiled(system, 2, SMALL, chosen).run()
    first = Compiled(system, 2, SMALL, chosen).run(stopping_at(12), checkpoint=file, every=0)
    assert first.stopped == INTERRUPTED
    assert first.states < whole.states
    for _ in range(2):  # the file is still that of the end of a level
        again = Compiled(system, 2, SMALL, chosen).run(checkpoint=file)
        assert (again.states, again.levels, again.taken) == (
            whole.states,
            whole.levels,
            whole.taken,
        )
        assert (again.violated, again.paths, again.met) == (whole.violated, whole.paths, whole.met)
        assert again.complete


def test_checkpoint_of_another_system_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "search"
    Compiled(reference(1, 1, 3), 1, SMALL).run(most_states=500, checkpoint=file)
    with pytest.raises(RuleError, match="another system"):
        Compiled(reference(1, 1, 4), 1, SMALL).run(checkpoint=file)


@pytest.mark.parametrize("cut", [0, 5, 200, -1])
def test_damaged_checkpoint_is_refused(cut: int, tmp_path: Path) -> None:
    file = tmp_path / "search"
    Compiled(reference(1, 1, 3), 1, SMALL).run(most_states=500, checkpoint=file)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(RuleError, match="no whole checkpoint"):
        Compiled(reference(1, 1, 3), 1, SMALL).run(checkpoint=file)


def test_changed_checkpoint_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "search"
    Compiled(reference(1, 1, 3), 1, SMALL).run(most_states=500, checkpoint=file)
    octets = bytearray(file.read_bytes())
    octets[-100] ^= 1
    file.write_bytes(octets)
    with pytest.raises(RuleError, match="no whole checkpoint"):
        Compiled(reference(1, 1, 3), 1, SMALL).run(checkpoint=file)


def test_budget_of_states_is_told() -> None:
    found = Compiled(reference(1, 1, 3), 1, SMALL).run(most_states=500)
    assert (found.complete, found.stopped) == (False, STATES)


def test_progress_is_told_level_by_level() -> None:
    told: list[Advance] = []
    found = Compiled(reference(1, 1, 4), 2, SMALL).run(told.append)
    assert [a.depth for a in told] == sorted(a.depth for a in told)
    assert told[-1].states == found.states
    assert told[-1].waiting == 0
    assert all(0 <= a.waiting <= a.states and a.bytes > 0 for a in told)
    text = advance_text(told[-1])
    assert f"{found.states:,} states" in text
    assert "waiting" in text


def test_estimate_follows_levels_that_get_smaller() -> None:
    assert to_come([1, 2, 4, 8, 16]) is None
    halving = to_come([320, 160, 80, 40, 20])
    assert halving is not None
    assert 10 < halving < 40
    assert to_come([3, 2]) is None


@pytest.mark.parametrize("size", [(1, 1, 3), (2, 1, 3)])
def test_states_are_there_afterwards(size: tuple[int, int, int]) -> None:
    system = reference(*size)
    engine = Compiled(system, 2, SMALL)
    found = engine.run()
    states = engine.states()
    assert len(states) == found.states
    assert [len(rows) for _, rows in states.levels()] == list(found.levels)
    slow = Interpreted(system)
    for indices, rows in list(states.levels())[:8]:
        assert list(states.indices(rows)) == list(indices)
        for row in rows[:20]:
            expected = sorted((n, states.pack(s)) for n, s in slow.successors(states.unpack(row)))
            assert sorted(states.successors(row)) == expected
    missing = np.array([states.pack(system.initial[0])], np.uint64) + np.uint64(1 << 40)
    assert states.index(missing[0]) is None


def test_states_are_known_after_a_run_only() -> None:
    with pytest.raises(RuleError, match="no state is known yet"):
        Compiled(reference(1, 1, 3), 1, SMALL).states()
