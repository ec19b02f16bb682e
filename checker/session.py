"""The frame of a result file: header, rules and readings before, footer after."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import z3

from checker.statements import statement_record
from model.ruleset import Ruleset
from model.scope import Scope

VERSION = "0.1.0"
Record = dict[str, Any]


def header(
    ruleset: Ruleset,
    commands: Sequence[str],
    scope: Scope | None = None,
    inputs: Iterable[Path] = (),
    readings: Mapping[str, str] | None = None,
    fail_on: str | None = None,
) -> Record:
    """Return the header record: what was run, on what, with which versions."""
    chosen = {r.id: r.default for r in ruleset.readings} | dict(readings or {})
    judged = {"fail_on": fail_on} if fail_on else {}
    return {
        "record": "header",
        "tool": "monami",
        "version": VERSION,
        "commands": list(commands),
        "ruleset": {
            "name": ruleset.name,
            "title": ruleset.title,
            "digest": ruleset.digest(),
            "statuses": dict(ruleset.status_numbers),
        },
        "scope": asdict(scope) if scope else {},
        "readings": chosen,
        **judged,
        "solvers": {"z3": z3.get_version_string()},
        "inputs": [{"path": p.name, "sha256": _digest(p)} for p in inputs if p.is_file()],
        "seed": 0,
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def preamble(ruleset: Ruleset) -> Iterator[Record]:
    """Yield the records of every statement and reading."""
    for id in dict.fromkeys(id for r in ruleset.rules for id in r.ids):
        yield statement_record(id, ruleset)
    for reading in ruleset.readings:
        yield {
            "record": "reading",
            "id": reading.id,
            "question": reading.question,
            "alternatives": dict(reading.alternatives),
            "default": reading.default,
            "statements": list(reading.statements),
        }


def footer(records: Sequence[Record], exit_code: int, complete: bool = True) -> Record:
    """Return the footer record: totals by kind of record, of finding, and by verdict."""
    kinds = Counter(r["record"] for r in records)
    findings = Counter(r["kind"] for r in records if r["record"] == "finding")
    verdicts = Counter(r["verdict"] for r in records if r["record"] == "verdict")
    totals = {"records": dict(kinds), "findings": dict(findings), "verdicts": dict(verdicts)}
    return {"record": "footer", "totals": totals, "exit_code": exit_code, "complete": complete}
