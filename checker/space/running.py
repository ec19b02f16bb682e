"""Which engine explores a system: columns at once where that is soon done, else machine code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.advance import Progress
from checker.exploring import AUTO, RAY, VECTORISED, Exploring
from checker.space import calm_columns
from checker.space.quotient import without_what_differs
from checker.space.reached import STATES, Reached, Recovery
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem
from checker.space.vectorised import Vectorised

if TYPE_CHECKING:
    from checker.space.cluster import Clustered
    from checker.space.compiled import Compiled

FEW = 20_000  # states; what is larger is worth the time to compile

Engine = Any  # Vectorised, Compiled or Clustered, after its run


def ran(
    system: TransitionSystem, how: Exploring, progress: Progress | None
) -> tuple[Engine, Reached]:
    """Return an engine with the states of a system, and what it reached."""
    if how.engine == VECTORISED:
        return _by_columns(system, how, progress, how.most_states)
    if how.engine == RAY:
        return _by_processes(system, how, progress)
    if how.engine == AUTO and how.most_paths == 1 and how.checkpoint is None:
        most = FEW if how.most_states is None else min(FEW, how.most_states)
        engine, found = _by_columns(system, how, progress, most)
        if found.stopped != STATES or most != FEW:
            return engine, found
    return _by_machine_code(system, how, progress)


def _by_columns(
    system: TransitionSystem, how: Exploring, progress: Progress | None, most: int | None
) -> tuple[Vectorised, Reached]:
    engine = Vectorised(system, how.threads, how.memory)
    return engine, engine.run(progress, how.stop_at_first, most)


def _by_machine_code(
    system: TransitionSystem, how: Exploring, progress: Progress | None
) -> tuple[Compiled, Reached]:
    from checker.space.compiled import Compiled  # noqa: PLC0415  (loads the compilers)
    from checker.space.memory import Budget  # noqa: PLC0415

    budget = Budget(how.memory) if how.memory else None
    made: list[Compiled] = []

    def run(up_to: Symmetry | None) -> Reached:
        made[:] = [Compiled(system, how.threads, budget, up_to)]
        return made[0].run(
            progress, how.stop_at_first, how.most_states, how.checkpoint, how.every_s
        )

    reached = without_what_differs(system, run) if how.symmetry else run(None)
    return made[0], reached


def _by_processes(
    system: TransitionSystem, how: Exploring, progress: Progress | None
) -> tuple[Clustered, Reached]:
    from checker.space.cluster import Clustered  # noqa: PLC0415  (loads the compilers)
    from checker.space.memory import Budget  # noqa: PLC0415

    budget = Budget(how.memory) if how.memory else None
    made: list[Clustered] = []

    def run(up_to: Symmetry | None) -> Reached:
        made[:] = [Clustered(system, how.threads, budget, up_to)]
        return made[0].run(progress, how.stop_at_first, how.most_states)

    reached = without_what_differs(system, run) if how.symmetry else run(None)
    return made[0], reached


def recoveries(engine: Engine, found: Reached) -> dict[str, Recovery]:
    """Return what a system comes back to, after a run of an engine."""
    if isinstance(engine, Vectorised):
        return calm_columns.recoveries(engine, found)
    from checker.space.cluster import Clustered  # noqa: PLC0415  (loads the compilers)

    if isinstance(engine, Clustered):
        return engine.recovered
    from checker.space import recovered  # noqa: PLC0415  (loads the compilers)

    return recovered.recoveries(engine, found)
