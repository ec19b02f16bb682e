"""How a system is explored: by which engine, how far, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

AUTO, INTERPRETED, VECTORISED, COMPILED = "auto", "interpreted", "vectorised", "compiled"
RAY = "ray"
ENGINES = (AUTO, INTERPRETED, VECTORISED, COMPILED, RAY)
EVERY_S = 600.0


@dataclass(frozen=True)
class Exploring:
    """What is chosen for an exploration.

    `memory` is in bytes, `every_s` in seconds between checkpoints; None leaves it to the engine.
    """

    engine: str = AUTO
    most_states: int | None = None
    stop_at_first: bool = False
    most_paths: int = 1
    symmetry: bool = True
    threads: int | None = None
    memory: int | None = None
    checkpoint: Path | None = None
    every_s: float = EVERY_S
