"""How fast systems are explored: the engines against SPIN, on the reference model.

Each runs in a process of its own, after all that is compiled has been compiled.  SPIN checks no
property, stores each state in full and knows how many to expect; the engines check all
properties.  A state's bytes are the peak of resident memory, for an engine the growth of it in
the run, over the number of states.  The last column compares processor seconds, of all threads
together: where others use the machine it says more than the clock.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter

from checker.space.compiled import Compiled
from checker.space.reached import Reached
from checker.space.system import TransitionSystem
from checker.space.vectorised import Vectorised
from tests.space.promela import promela
from tests.space.reference import TABLE, reference

SIZES = ((1, 1, 4), (2, 1, 4), (2, 2, 3), (3, 1, 4))
ENGINES: dict[str, Callable[..., Compiled | Vectorised]] = {
    "1 thread": lambda system: Compiled(system, 1),
    "2 threads": lambda system: Compiled(system, 2),
    "NumPy, 1": lambda system: Vectorised(system, 1),
    "NumPy, 2": lambda system: Vectorised(system, 2),
    "2 thr., wide": lambda system: Compiled(in_two_words(system), 2),
}
WIDE = 1 << 4  # values that a variable has room for where a state is to take two words
GCC = ("gcc", "-O3", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=16000", "-o", "pan", "pan.c")
HEAD = ("N,K,M", "states", "engine", "wall s", "CPU s", "states/s", "bytes/state", "x SPIN", "CPU")
FORM = "{:<8}{:>12}{:>14}{:>9}{:>9}{:>13}{:>13}{:>9}{:>7}"


def in_two_words(system: TransitionSystem) -> TransitionSystem:
    """Return the same system whose variables take more bits than one word has."""
    variables = (replace(v, size=max(v.size, WIDE)) for v in system.variables)
    return replace(system, variables=tuple(variables))


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: what was counted, seconds on the clock and of the processors, bytes."""

    engine: str
    states: int
    transitions: int
    wall: float
    cpu: float
    bytes: int

    def row(self, size: tuple[int, ...], spin: Measured | None) -> str:
        """The line of the table; with SPIN how often its states in a second, by both clocks."""
        ratios = (f"{self.faster(spin):.1f}", f"{self.cheaper(spin):.1f}") if spin else ("-", "-")
        times = f"{self.wall:.2f}", f"{self.cpu:.2f}", f"{self.states / self.wall:,.0f}"
        name, per_state = ",".join(map(str, size)), f"{self.bytes / self.states:.1f}"
        return FORM.format(name, self.states, self.engine, *times, per_state, *ratios)

    def faster(self, other: Measured) -> float:
        """How many times the states of another run in a second on the clock."""
        return other.wall / self.wall

    def cheaper(self, other: Measured) -> float:
        """How many times the states of another run in a second of the processors."""
        return other.cpu / self.cpu


def spin_runs(size: tuple[int, ...]) -> Measured:
    """Run SPIN's verifier on the model at a size."""
    states = TABLE[size][0]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.pml").write_text(promela(*size))
        for command in (("spin", "-a", "model.pml"), GCC):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        # The deepest path and the slots of the table are what this model needs.
        room = (f"-m{states // 10 + 10_000}", f"-w{states.bit_length()}", "-n")
        begun = perf_counter()
        process = subprocess.Popen(("./pan", *room), cwd=folder, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        said = process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - begun
    counts = [int(float(_before(said, words))) for words in (" states, stored", " transitions")]
    cpu = usage.ru_utime + usage.ru_stime
    # A state and three transitions are of the choice of the policy.
    return Measured("SPIN", counts[0] - 1, counts[1] - 3, wall, cpu, usage.ru_maxrss * 1024)


def _before(said: str, words: str) -> str:
    return said.partition(words)[0].split()[-1]


def engine_runs(size: tuple[int, ...], name: str) -> Measured:
    """Run an engine in another process."""
    asked = [sys.executable, "-m", "tests.benchmarks.exploring", *map(str, size), name]
    said = subprocess.run(asked, check=True, capture_output=True, text=True)
    return Measured(**json.loads(said.stdout))


def run_here(size: tuple[int, ...], name: str) -> tuple[Measured, Reached]:
    """Run an engine in this process."""
    ENGINES[name](reference(1, 1, 3)).run()  # loads what is there for all models
    engine = ENGINES[name](reference(*size))
    before, begun = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
    found = engine.run()
    wall, after = perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    grown = (after.ru_maxrss - before.ru_maxrss) * 1024
    return Measured(name, found.states, found.transitions, wall, cpu, grown), found


def rows(sizes: tuple[tuple[int, ...], ...]) -> Iterator[str]:
    """Yield the lines of the table; RuntimeError where an engine counts otherwise."""
    yield FORM.format(*HEAD)
    for size in sizes:
        spin = spin_runs(size) if shutil.which("spin") and shutil.which("gcc") else None
        runs = [engine_runs(size, name) for name in ENGINES]
        for run in [*filter(None, [spin]), *runs]:
            # SPIN writes large numbers with six digits.
            if run.states != TABLE[size][0] or abs(run.transitions / TABLE[size][1] - 1) > 1e-5:
                raise RuntimeError(f"{run.engine} counts otherwise at {size}: {asdict(run)}")
            yield run.row(size, spin)


def main() -> int:
    """Measure and say."""
    if sys.argv[1:]:
        *size, name = sys.argv[1:]
        print(json.dumps(asdict(run_here(tuple(map(int, size)), name)[0])))
        return 0
    for row in rows(SIZES):
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
