"""Both engines, with and without symmetries, and what is to be compared of what they find."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from checker.space.compiled import Compiled
from checker.space.interpreted import Interpreted
from checker.space.memory import Budget
from checker.space.reached import Reached
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem

SMALL = Budget(1 << 28)


def compiled(system: TransitionSystem, up_to: Symmetry | None = None) -> Reached:
    return Compiled(system, 2, SMALL, up_to).run()


def interpreted(system: TransitionSystem, up_to: Symmetry | None = None) -> Reached:
    return Interpreted(system, up_to).run()


ENGINES = (compiled, interpreted)


def whole(found: Reached) -> Reached:
    """Return what was found of the whole system, without how."""
    return replace(found, paths={}, bytes=0, renamings=1, kept=0, told_apart=())


def check_paths(system: TransitionSystem, found: Reached) -> None:
    engine = Interpreted(system)
    assert set(found.paths) == set(found.violated)
    for name, path in found.paths.items():
        assert path[0] in system.initial
        for before, after in pairwise(path):
            assert after in {state for _, state in engine.successors(before)}
        assert name in engine.judged(path[-1])[0]
