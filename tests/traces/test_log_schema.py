"""The published schema of event logs says what the reader takes, no more and no less."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import traces
from tests.traces.support import RECORDED
from traces.dialects import RFC5648
from traces.events import ReadError
from traces.logs import OBSERVATIONS, log_events

SCHEMA = json.loads(
    (Path(traces.__file__).parent / "event-log.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
LOGS = sorted((RECORDED / "shisa").glob("*.jsonl"))
TYPED = ("t", "pkt", "bc", "bul", "proxynd", "seq", "lifetime")  # another type is refused
Record = dict[str, Any]

# Kinds that no recording has; the reader knows them.
OTHERS: list[Record] = [
    {"t": 1.0, "kind": "crash", "note": "signal 11"},
    {"t": 1.0, "kind": "kernel-drop", "why": "no room"},
]


def records() -> Iterator[Record]:
    for path in LOGS:
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())
    yield from OTHERS


def fullest() -> dict[str, Record]:
    """Return the longest line of each kind that is read."""
    found: dict[str, Record] = {}
    for record in records():
        known = found.get(record["kind"])
        if known is None or len(str(record)) > len(str(known)):
            found[record["kind"]] = record
    return {kind: record for kind, record in found.items() if kind in {"rx", "tx", *OBSERVATIONS}}


FULLEST = fullest()


def is_read(record: Record) -> bool:
    """Whether the line itself is read; what is wrong with the packet in it is another matter."""
    events = list(log_events(json.dumps(record).encode(), "a.jsonl", RFC5648))
    errors = [e for e in events if isinstance(e, ReadError)]
    return not any("the event cannot be read" in e.what for e in errors)


def without_one_key(value: Any) -> Iterator[Any]:
    """Yield copies without one key, at any depth but in what is free text or passed over."""
    if isinstance(value, dict):
        for key in value:
            if key not in ("decoded", "nodes", "event_sources"):
                yield {k: copy.deepcopy(v) for k, v in value.items() if k != key}
                for inner in without_one_key(value[key]):
                    yield {**value, key: inner}
    if isinstance(value, list):
        for at, item in enumerate(value):
            for inner in without_one_key(item):
                yield [*value[:at], inner, *value[at + 1 :]]


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    kinds = {branch["if"]["properties"]["kind"]["const"] for branch in SCHEMA["allOf"]}
    assert kinds == {"rx", "tx", *OBSERVATIONS} == set(FULLEST)


@pytest.mark.parametrize("path", LOGS, ids=lambda path: str(path.stem))
def test_recorded_logs_are_valid(path: Path) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        assert not list(VALIDATOR.iter_errors(json.loads(line))), f"line {number}"


@pytest.mark.parametrize("kind", FULLEST)
def test_a_key_is_required_where_the_reader_needs_it(kind: str) -> None:
    tried = list(without_one_key(FULLEST[kind]))
    assert tried
    for record in tried:
        if "kind" in record:
            assert VALIDATOR.is_valid(record) == is_read(record), record
        else:
            assert not VALIDATOR.is_valid(record)


@pytest.mark.parametrize("kind", FULLEST)
def test_a_value_of_another_type_is_neither_valid_nor_read(kind: str) -> None:
    for key in TYPED:
        if key in FULLEST[kind]:
            record = {**FULLEST[kind], key: {"no": "value"}}
            assert not VALIDATOR.is_valid(record)
            assert not is_read(record)
