"""SPIN on an exported system: the model is compiled, pan runs, and its figures are read."""

from __future__ import annotations

import re
import resource
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools import require_tool

SEARCH = ("-DSAFETY",)
SMALL = ("-m1000000", "-w20")


@dataclass(frozen=True)
class Figures:
    """What pan says at its end; `megabytes` is all memory, `cpu` the seconds on processors."""

    states: int
    transitions: int
    depth: int
    errors: int
    megabytes: float
    seconds: float
    cpu: float
    violated: Mapping[str, int]
    met: Mapping[str, int]


def compiled(
    model: str, folder: Path, flags: Sequence[str] = ("-O1", *SEARCH), given: Sequence[str] = ()
) -> Path:
    """Return pan for a model, compiled in a folder; `given` are defined for the model (-D...)."""
    spin, cc = require_tool("spin"), require_tool("gcc")
    (folder / "model.pml").write_text(model, encoding="utf-8")
    _ran([spin, *given, "-a", "model.pml"], folder)
    _ran([cc, *flags, "-o", "pan", "pan.c"], folder)
    return folder / "pan"


def figures(pan: Path, options: Sequence[str] = SMALL) -> Figures:
    """Run pan to its end and return its figures; RuntimeError where the search is not whole."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = _ran([str(pan), *options], pan.parent)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "max search depth too small" in said or "Search not completed" in said:
        raise RuntimeError(f"pan did not finish the search: {said[-400:]}")
    depth, errors = _found(r"depth reached (\d+), errors: (\d+)", said)
    return Figures(
        # pan itself writes no more than eight digits.
        *map(int, _found(r"exactly (\d+) states, (\d+) transitions", said)),
        int(depth),
        int(errors),
        float(_found(r"([\d.]+)\s+total actual memory usage", said)[0]),
        float(_found(r"elapsed time ([\d.]+)", said)[0]),
        after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
        _counted("violated", said),
        _counted("met", said),
    )


def _found(pattern: str, text: str) -> tuple[str, ...]:
    matches = re.findall(pattern, text, re.MULTILINE)
    if not matches:
        raise RuntimeError(f"pan says nothing like {pattern!r}: {text[-400:]}")
    last = matches[-1]
    return last if isinstance(last, tuple) else (last,)


def _counted(word: str, text: str) -> dict[str, int]:
    """Return how many states there are that violate, or meet, each property: not the zeros."""
    pairs = re.findall(rf"^{word} (.+): (\d+)$", text, re.MULTILINE)
    return {name: int(many) for name, many in pairs if int(many)}


def _ran(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stdout + done.stderr)[-800:]}")
    return done.stdout
