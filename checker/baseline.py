"""A baseline: the findings that somebody has looked at and accepts, each with the reason.

A TOML file of tables `[[accepted]]` with the keys `id` (of a finding, the name of a property, or
`RULE in TRACE` for the verdicts of a replay), `reason`, and `until`, a day after which it is not
accepted any more.  Against it a run asks two questions: what is new, and what has vanished?
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

Record = dict[str, Any]
NEEDED = ("id", "reason")
KEYS = (*NEEDED, "until")
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
    """The accepted ids with their reasons, and the file that says so.

    `expired` are the ids that were accepted until a day that is over, with that day.
    """

    file: str
    reasons: Mapping[str, str]
    expired: Mapping[str, str] = field(default_factory=dict)


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


def load_baseline(path: Path, today: date | None = None) -> Baseline:
    """Return the baseline in a file; BaselineError or OSError when it cannot be read.

    What is accepted until a day holds on that day.
    """
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as bad:
        raise BaselineError(path, *_syntax(str(bad)), "correct the file") from bad
    except RecursionError as bad:
        what = "its values are nested too deeply"
        raise BaselineError(path, None, what, "write [[accepted]] tables") from bad
    reasons: dict[str, str] = {}
    days: dict[str, date] = {}
    for entry, line in _entries(path, document, text):
        _check(path, line, entry, reasons)
        reasons[entry["id"]] = entry["reason"]
        days[entry["id"]] = entry.get("until", date.max)
    now = today or date.today()
    expired = {id: day.isoformat() for id, day in days.items() if day < now}
    return Baseline(
        path.name, {id: why for id, why in reasons.items() if id not in expired}, expired
    )


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
    for key in NEEDED:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            what = f"an entry has no {key}" if value in (None, "") else f"its {key} is no text"
            raise BaselineError(path, line, what, f'give {key} = "..."')
    until = entry.get("until", date.max)
    if not isinstance(until, date) or isinstance(until, datetime):
        raise BaselineError(path, line, "its until is no day", "write until = 2030-12-31")
    if entry["id"] in known:
        what = f"{entry['id']} is accepted twice"
        raise BaselineError(path, line, what, "remove one of the entries")


def key_of(record: Mapping[str, Any], failing: Collection[str] = ()) -> str | None:
    """Return the id of a finding, the name of a violated property, None for anything else.

    A verdict that is one of `failing` has the key `RULE in TRACE`, once for all its packets.
    """
    if record["record"] == "verdict" and record["verdict"] in failing:
        return f"{record['rule']} in {record['trace']}"
    if record["record"] == "finding":
        return str(record["id"])
    if record["record"] == "property" and record["holds"] is False:
        return str(record["property"])
    return None


def compare(
    records: Sequence[Record], baseline: Baseline, complete: bool, failing: Collection[str] = ()
) -> Comparison:
    """Return a run's records with what is accepted marked; nothing vanishes where a run is cut.

    `failing` are the verdicts that have to be accepted.
    """
    found = dict.fromkeys(key for r in records if (key := key_of(r, failing)) is not None)
    known = dict(baseline.reasons) | {id: f"until {day}" for id, day in baseline.expired.items()}
    vanished = [id for id in known if id not in found] if complete else []
    marked = [_marked(r, baseline, failing) for r in records]
    told: Record = {
        "record": "baseline",
        "file": baseline.file,
        "verdicts": bool(failing),
        "vanished": [{"id": id, "reason": known[id]} for id in vanished],
        "expired": [{"id": id, "until": day} for id, day in baseline.expired.items()],
    }
    new = tuple(id for id in found if id not in baseline.reasons)
    return Comparison([*marked, told], new, tuple(vanished))


def _marked(record: Record, baseline: Baseline, failing: Collection[str]) -> Record:
    reason = baseline.reasons.get(key_of(record, failing) or "")
    return record if reason is None else {**record, "accepted": reason}


def baseline_text(
    records: Sequence[Mapping[str, Any]],
    reason: str,
    before: Mapping[str, str],
    failing: Collection[str] = (),
) -> str:
    """Return a baseline that accepts what was found; reasons given before are kept."""
    titles: dict[str, str] = {}
    for r in records:
        key = key_of(r, failing)
        if key is not None:
            titles.setdefault(key, _title(r))
    tables = [
        f"\n# {_inline(title)}\n[[accepted]]\nid = {_quoted(key)}\n"
        f"reason = {_quoted(before.get(key, reason))}\n"
        for key, title in titles.items()
    ]
    return HEAD + "".join(tables)


def _title(record: Mapping[str, Any]) -> str:
    """What an entry is about: of a verdict, what was expected and observed first."""
    if record["record"] != "verdict":
        return str(record["title"])
    return f"{record['verdict']}: expected {record['expected']}; observed {record['observed']}"


def _quoted(text: str) -> str:
    """A TOML basic string."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(sound, ensure_ascii=False).replace("\x7f", "\\u007F")


def _inline(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
