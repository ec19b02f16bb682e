"""The command that writes the system of a ruleset for other tools."""

from __future__ import annotations

import argparse
from pathlib import Path

from checker import commands as c
from checker.cli_explore import scope_of
from checker.cli_run import Run, show
from checker.export.flat import Flat
from checker.export.formats import FORMATS, text_of
from checker.export.keys import met
from checker.machine import Machine
from checker.space.nodes import transition_system
from checker.space.reached import Reached
from checker.space.system import TransitionSystem


def cmd_export(run: Run) -> int:
    """The system of a ruleset as text."""
    ruleset, scope, readings = run.ruleset(), scope_of(run.args), run.readings()
    machine = Machine(ruleset, scope, c.reading_indices(ruleset, readings))
    system = transition_system(machine)
    flat = Flat(system, met(system, lambda s: _explored(run, s)))
    run.progress.done()
    chosen = "".join(f", {name}={value}" for name, value in readings.items())
    title = f"{ruleset.name}, {scope}{chosen}"
    file = Path(run.args.out) if run.args.out else None
    module = file.stem if file else ruleset.name
    text = text_of(flat, run.args.format, title, module, run.args.depth)
    if file:
        file.write_text(text, encoding="utf-8")
    show([f"written: {file}" if file else text.rstrip("\n")])
    return c.CLEAN


def _explored(run: Run, system: TransitionSystem) -> Reached:
    """Explore a system, since an export has the situations that are met and no others."""
    from checker.space.compiled import Compiled  # noqa: PLC0415  (loads the compilers)

    return Compiled(system).run(run.progress.states)


def add_export(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `monami export` beside the scope."""
    parser.add_argument(
        "--format", choices=FORMATS, required=True, help="for SPIN, TLC, or Z3 and cvc5"
    )
    parser.add_argument("-o", "--out", metavar="FILE", help="where to; else it is printed")
    parser.add_argument(
        "--depth",
        type=int,
        default=5,
        metavar="N",
        help="smtlib: ask for violations after as many steps (default 5)",
    )
