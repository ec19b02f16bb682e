"""How fast the system of draft -04 is explored: the engines against SPIN on the exported text.

The preset `default` with one fault has 13 million states.  SPIN searches the Promela that
`monami export` writes, which has the step tables ready-made and is compiled before; so the
engines make their code and fill their tables before the time is taken.  A search up to renaming
looks at one state of each kind: its states a second are those of the whole system that it has
accounted for, as they are for all others.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

from checker.export.flat import Flat
from checker.export.keys import met
from checker.export.promela import Promela, beside
from checker.machine import Machine
from checker.space.compiled import Compiled
from checker.space.nodes import transition_system
from checker.space.symmetry import symmetry
from checker.space.system import TransitionSystem
from checker.space.vectorised import Vectorised
from model.rulesets.draft04 import RULESET
from model.whole.scope import PRESETS
from tests.benchmarks.exploring import FORM, HEAD, Measured
from tests.space.spin import compiled, figures

SCOPE = replace(PRESETS["default"], faults=1)
NAME = ("draft",)
PAN = ("-O3", "-DSAFETY", "-DMEMLIM=16000")
ENGINES: dict[str, Callable[[TransitionSystem], Compiled | Vectorised]] = {
    "1 thread": lambda s: Compiled(s, 1),
    "2 threads": lambda s: Compiled(s, 2),
    "1, renaming": lambda s: Compiled(s, 1, up_to=symmetry(s)),
    "2, renaming": lambda s: Compiled(s, 2, up_to=symmetry(s)),
    "NumPy, renam.": lambda s: Vectorised(s, 2, up_to=symmetry(s)),
}


def spin_runs() -> Measured:
    """Run SPIN's verifier on the exported system."""
    system = transition_system(Machine(RULESET, SCOPE))
    flat = Flat(system, met(system, lambda s: Compiled(s).run()))
    with tempfile.TemporaryDirectory() as folder:
        pan = compiled(Promela(flat, "the draft").text(), Path(folder), PAN)
        found = figures(pan, ("-m2000000", "-w25"))
    states, transitions = beside(flat)
    counts = found.states - states, found.transitions - transitions
    return Measured("SPIN", *counts, found.seconds, found.cpu, int(found.megabytes * 1e6))


def run_here(name: str) -> Measured:
    """Run an engine in this process, a second time: then its step tables are filled."""
    engine = ENGINES[name](transition_system(Machine(RULESET, SCOPE)))
    engine.run()
    before, begun = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
    found = engine.run()
    wall, after = perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(name, found.states, found.transitions, wall, cpu, found.bytes)


def engine_runs(name: str) -> Measured:
    """Run an engine in another process."""
    asked = [sys.executable, "-m", "tests.benchmarks.draft", name]
    said = subprocess.run(asked, check=True, capture_output=True, text=True)
    return Measured(**json.loads(said.stdout))


def rows() -> Iterator[str]:
    """Yield the lines of the table; RuntimeError where an engine counts otherwise."""
    yield FORM.format(*HEAD)
    spin = spin_runs()
    yield spin.row((0,), spin).replace("0       ", "draft   ", 1)
    for name in ENGINES:
        run = engine_runs(name)
        if (run.states, run.transitions) != (spin.states, spin.transitions):
            raise RuntimeError(f"{name} counts otherwise than SPIN: {asdict(run)}")
        yield run.row((0,), spin).replace("0       ", "draft   ", 1)


def main() -> int:
    """Measure and say."""
    if sys.argv[1:]:
        print(json.dumps(asdict(run_here(sys.argv[1]))))
        return 0
    for row in rows():
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
