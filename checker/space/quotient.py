"""What a search up to renaming says of the whole system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from checker.space.group import averaged
from checker.space.reached import Reached
from checker.space.symmetry import Symmetry, ToldApart, symmetry
from checker.space.system import TransitionSystem, Values
from model.errors import RuleError

Path = tuple[Values, ...]
Least = Callable[[Values], Values]
Successors = Callable[[Values], Iterable[tuple[str, Values]]]


def fitting(system: TransitionSystem, up_to: Symmetry | None) -> Symmetry:
    """Return the symmetries to use for a system, none by default; RuleError if of another one."""
    if up_to is not None and up_to.plain is not system:
        raise RuleError("the symmetries are those of another system", remedy="find those of this")
    return up_to or Symmetry(system, (), ())


def without_what_differs(system: TransitionSystem, run: Callable[[Symmetry], Reached]) -> Reached:
    """Return what a run finds up to the symmetries of a system.

    Where a step table tells names apart it is begun again without their renaming.
    """
    chosen = symmetry(system)
    while True:
        try:
            return run(chosen)
        except ToldApart as told:
            chosen = chosen.without(told.refused)


def expanded(
    found: Reached, up_to: Symmetry, kept: int, least: Least, successors: Successors
) -> Reached:
    """Return what was found, with the transitions by name and the paths of the whole system.

    `kept` is the number of states that were looked at, of which `least` gave one for each state.
    """
    found = replace(found, told_apart=up_to.told)
    if not up_to.proved:
        return found
    return replace(
        found,
        taken=averaged(found.taken, [p.transitions for p in up_to.proved], found.complete),
        paths={p: followed(path, least, successors) for p, path in found.paths.items()},
        renamings=len(up_to.group),
        kept=kept,
    )


def followed(path: Sequence[Values], least: Least, successors: Successors) -> Path:
    """Return a path through states of which these are the least images, from the same start."""
    result = [path[0]]
    for wanted in path[1:]:
        ways = {after for _, after in successors(result[-1]) if least(after) == wanted}
        result.append(min(ways))
    return tuple(result)
