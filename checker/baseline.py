"""A baseline: the findings that somebody has looked at and accepts, each with the reason.

A TOML file of tables `[[accepted]]` with the keys `id` (of a finding, or the name of a property)
and `reason`.  Against it a run asks two questions: what is new, and what has vanished?
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Record = dict[str, Any]
KEYS = ("id", "reason")
HEAD = "# Findings that are accepted, each with the reason; see monami check --baseline.\n"
_TABLE = re.compile(r"\s*\[\[\s*(?:accepted|\"accepted\"|'accepted')\s*\]\]")


class BaselineError(Exception):
    """A baseline that cannot be read: its place, what is wrong, what to do, in one sentence."""

    def __init__(self, path: Path, line: int | None, what: str, remedy: str) -> None:
        """State the place, what is wrong and what to do."""
        where = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{where}: {what}; {remedy}.")


@dataclass(frozen=True)
class Baseline:
    """The accepted ids with their reasons, and the file that says so."""

    file: str
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class Comparison:
    """A run against a baseline: its records, what is new (ids), what has vanished (ids)."""

    records: list[Record]
    new: tuple[str, ...]
    vanished: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Return whether exactly what is accepted was found."""
        return not self.new and not self.vanished


def load_baseline(path: Path) -> Baseline:
    """Return the baseline in a file; BaselineError or OSError when it cannot be read."""
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as bad:
        raise BaselineError(path, *_syntax(str(bad)), "correct the file") from bad
    except RecursionError as bad:
        what = "its values are nested too deeply"
        raise BaselineError(path, None, what, "write [[accepted]] tables") from bad
    reasons: dict[str, str] = {}
    for entry, line in _entries(path, document, text):
        _check(path, line, entry, reasons)
        reasons[entry["id"]] = entry["reason"]
    return Baseline(path.name, reasons)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as bad:
        line = path.read_bytes()[: bad.start].count(b"\n") + 1
        raise BaselineError(path, line, "it is not UTF-8", "save it as UTF-8") from bad


def _syntax(message: str) -> tuple[int | None, str]:
    """The line and the complaint of the TOML reader."""
    found = re.search(r" \(at line (\d+), column \d+\)", message)
    what = message.removesuffix(" (at end of document)")
    if found:
        what = message.replace(found[0], "")
    return int(found[1]) if found else None, f"it is not TOML ({what})"


def _entries(
    path: Path, document: Mapping[str, Any], text: str
) -> Iterator[tuple[Any, int | None]]:
    """The entries, each with the line of its table where that can be told."""
    for key in document:
        if key != "accepted":
            line = _line_of(text, key)
            raise BaselineError(path, line, f"unknown key {key!r}", "write [[accepted]] tables")
    entries = document.get("accepted", [])
    if not isinstance(entries, list):
        raise BaselineError(path, None, "'accepted' is no list", "write [[accepted]] tables")
    lines = [n for n, line in enumerate(text.split("\n"), 1) if _TABLE.match(line)]
    told: Sequence[int | None] = lines if len(lines) == len(entries) else [None] * len(entries)
    yield from zip(entries, told, strict=True)


def _line_of(text: str, key: str) -> int | None:
    pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}\b")
    return next((n for n, line in enumerate(text.split("\n"), 1) if pattern.match(line)), None)


def _check(path: Path, line: int | None, entry: Any, known: Mapping[str, str]) -> None:
    """Raise BaselineError unless an entry has an id of its own, a reason, and nothing else."""
    if not isinstance(entry, dict):
        raise BaselineError(path, line, "an entry is no table", "write [[accepted]] tables")
    for key in entry:
        if key not in KEYS:
            raise BaselineError(path, line, f"unknown key {key!r}", f"use {' and '.join(KEYS)}")
    for key in KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            what = f"an entry has no {key}" if value in (None, "") else f"its {key} is no text"
            raise BaselineError(path, line, what, f'give {key} = "..."')
    if entry["id"] in known:
        what = f"{entry['id']} is accepted twice"
        raise BaselineError(path, line, what, "remove one of the entries")


def key_of(record: Mapping[str, Any]) -> str | None:
    """Return the id of a finding, the name of a violated property, None for anything else."""
    if record["record"] == "finding":
        return str(record["id"])
    if record["record"] == "property" and record["holds"] is False:
        return str(record["property"])
    return None


def compare(records: Sequence[Record], baseline: Baseline, complete: bool) -> Comparison:
    """Return a run's records with what is accepted marked; nothing vanishes where a run is cut."""
    found = dict.fromkeys(key for r in records if (key := key_of(r)) is not None)
    vanished = [id for id in baseline.reasons if id not in found] if complete else []
    marked = [_marked(r, baseline) for r in records]
    told: Record = {
        "record": "baseline",
        "file": baseline.file,
        "vanished": [{"id": id, "reason": baseline.reasons[id]} for id in vanished],
    }
    new = tuple(id for id in found if id not in baseline.reasons)
    return Comparison([*marked, told], new, tuple(vanished))


def _marked(record: Record, baseline: Baseline) -> Record:
    reason = baseline.reasons.get(key_of(record) or "")
    return record if reason is None else {**record, "accepted": reason}


def baseline_text(
    records: Sequence[Mapping[str, Any]], reason: str, before: Mapping[str, str]
) -> str:
    """Return a baseline that accepts what was found; reasons given before are kept."""
    keys = dict.fromkeys(key for r in records if (key := key_of(r)) is not None)
    titles = {key_of(r): str(r["title"]) for r in records if key_of(r)}
    tables = [
        f"\n# {_inline(titles[key])}\n[[accepted]]\nid = {_quoted(key)}\n"
        f"reason = {_quoted(before.get(key, reason))}\n"
        for key in keys
    ]
    return HEAD + "".join(tables)


def _quoted(text: str) -> str:
    """A TOML basic string."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(sound, ensure_ascii=False).replace("\x7f", "\\u007F")


def _inline(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
