"""Recovery after a search by machine code: the quotient of what matters, by machine code too.

Where the search went up to renaming, so does the quotient.  What is fair is about single
actions, which a renaming may exchange, and is no question to such a quotient: it tells where
any run may stay, and the images of these nodes alone are looked at again.
"""

from __future__ import annotations

from itertools import chain
from typing import Protocol

import numpy as np

from checker.space.calm_graph import Quotient
from checker.space.cone import calm_group, calm_system
from checker.space.fairness import Runs
from checker.space.group import Group
from checker.space.lowered import Lowered
from checker.space.reached import Reached, Recovery
from checker.space.recovery import Calm, Engine, Recoveries, nothing_said
from checker.space.stepping import Stepping
from checker.space.system import TransitionSystem


class Packed(Engine, Protocol):
    """What has explored a system, its states packed; the graph is made by some threads."""

    lowered: Lowered
    group: Group
    threads: int


def recoveries(engine: Packed, found: Reached) -> dict[str, Recovery]:
    """Return the answers for a system that an engine has explored, by name.

    Nothing is said where the search did not go to its end.  RuleError for more than 32 terms.
    """
    said = nothing_said(engine, found)
    if said is not None:
        return said
    system = calm_system(engine.system)
    group = calm_group(engine.system, system, engine.group)
    near = Quotient(engine.lowered.packing, Stepping.made(system, group), found.states)
    near.enter(chain.from_iterable(engine.levels()))
    calm = _calm(near, engine.threads)
    if len(group) == 1:
        return Recoveries(engine, near, calm, lambda numbers: numbers).told()
    nodes, whole = _unfolded(system, near, calm, len(group), engine.threads)
    images = Recoveries(
        engine, near, whole, lambda numbers: np.unique(near.numbers(nodes.blocks(numbers)))
    )
    return images.told()


def _calm(quotient: Quotient, threads: int) -> Calm:
    graph, system = quotient.graph(threads), quotient.calm.system
    return Calm(system, quotient, graph, Runs(graph, len(system.transitions)))


def _unfolded(
    system: TransitionSystem, near: Quotient, calm: Calm, images: int, threads: int
) -> tuple[Quotient, Calm]:
    """Return the quotient of the nodes where some run may stay, and of all their images."""
    terms = range(len(system.sometimes))
    lost = np.logical_or.reduce([calm.runs.ever_kept_from(k) for k in terms])
    states = near.blocks(np.flatnonzero(lost))
    plain = Stepping.made(system)
    quotient = Quotient(plain.lowered.packing, plain, len(states) * images)
    quotient.enter([states, near.images(states, images)])
    return quotient, _calm(quotient, threads)
