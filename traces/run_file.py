"""A run in a file, NAME.run.toml: which captures it has, and what they do not tell themselves.

    [run]
    traces = ["04-home-ha.pcapng", "04-home-mn.pcap"]  # beside this file, or in folders from here
    name = "04-home"                                   # else NAME
    clock_offsets = { "04-home-mn.pcap" = -1.5 }       # seconds ahead of the others

Beside the table it may declare what a trace.toml may (`traces.declaration`); that goes before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from traces.declaration import RUN_TABLE, DeclarationError, parse_toml

SUFFIX = ".run.toml"
KEYS = ("traces", "name", "clock_offsets")


@dataclass(frozen=True, slots=True)
class RunFile:
    """The captures of a run by their paths; `clock_offsets` in seconds by file name.

    `file` declares more about them, where there is one.
    """

    name: str
    traces: tuple[Path, ...]
    clock_offsets: Mapping[str, float] = field(default_factory=dict)
    file: Path | None = None


def is_run_file(path: Path) -> bool:
    """Whether a path names the file of a run, by its ending."""
    return path.name.endswith(SUFFIX)


def load_run(path: Path) -> RunFile:
    """Read the file of a run; DeclarationError, one sentence, where it cannot be understood."""
    table = parse_toml(path).get(RUN_TABLE)
    if not isinstance(table, dict):
        raise DeclarationError(path.name, "it has no table [run]", "add one that lists traces")
    unknown = sorted(table.keys() - set(KEYS))
    if unknown:
        what = f"the key {unknown[0]} of [run] is not known"
        raise DeclarationError(path.name, what, f"use {', '.join(KEYS)}")
    name = table.get("name", path.name.removesuffix(SUFFIX))
    if not isinstance(name, str) or not name:
        raise DeclarationError(path.name, "the name of [run] is no text", "give one")
    return RunFile(name, _traces(table, path), _offsets(table, path), path)


def _traces(table: Mapping[str, Any], path: Path) -> tuple[Path, ...]:
    names = table.get("traces")
    if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
        what = "traces of [run] is no list of file names"
        raise DeclarationError(path.name, what, 'write traces = ["a.pcap", "b.pcap"]')
    return tuple(path.parent / name for name in names)


def _offsets(table: Mapping[str, Any], path: Path) -> dict[str, float]:
    given = table.get("clock_offsets", {})
    numbers = isinstance(given, dict) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in given.values()
    )
    if not numbers:
        what = "clock_offsets of [run] is no table of seconds by file name"
        raise DeclarationError(path.name, what, 'write clock_offsets = { "a.pcap" = -1.5 }')
    return {str(name): float(ahead) for name, ahead in given.items()}


def run_of_traces(traces: tuple[Path, ...], clock_offsets: Mapping[str, float]) -> RunFile:
    """The run of traces that were named one by one; its name is what theirs begin with alike."""
    return RunFile(_common([t.name for t in traces]), traces, clock_offsets)


def _common(names: list[str]) -> str:
    """The common beginning of names up to a separator, else all names."""
    first, last = min(names), max(names)
    same = next((k for k, c in enumerate(first) if last[k : k + 1] != c), len(first))
    stem = first[:same]
    cut = max(stem.rfind(mark) for mark in "-_. ")
    return stem[:cut] if cut > 0 else " and ".join(names)
