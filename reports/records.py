"""The result file: JSON Lines, one record a line, from which every report is derived."""

import contextlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, NoReturn

from reports.form import FORM_NAMES, FORMS, REACH, STEP, VERDICT_NAMES, VERDICTS

Record = dict[str, Any]


class ResultError(Exception):
    """A result file cannot be read or written; carries `path`, `line`, `problem` and `advice`."""

    def __init__(self, path: Path | str, line: int | None, problem: str, advice: str) -> None:
        """State the place, what is wrong and what to do; the message is one sentence."""
        self.path, self.line, self.problem, self.advice = path, line, problem, advice
        where = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{where}: {problem}; {advice}.")


@dataclass(frozen=True, slots=True)
class Result:
    """One result file in memory: records in file order, absent optional keys filled in."""

    header: Record
    rules: dict[str, Record]
    readings: dict[str, Record]
    findings: tuple[Record, ...] = ()
    properties: tuple[Record, ...] = ()
    explorations: tuple[Record, ...] = ()
    traces: tuple[Record, ...] = ()
    exchanges: tuple[Record, ...] = ()
    verdicts: tuple[Record, ...] = ()
    errors: tuple[Record, ...] = ()
    baselines: tuple[Record, ...] = ()
    footer: Record | None = None

    @property
    def truncated(self) -> bool:
        """Whether the footer is missing: the run was cut off, or the file was."""
        return self.footer is None


def write_records(path: Path | str, records: Iterable[Mapping[str, Any]]) -> None:
    """Write the records to the file, one a line, replacing it only when all are written.

    Raises ResultError when a record has not its form or the file cannot be written; what was
    in the file before is then untouched.
    """
    target = Path(path)
    with _reported(target, "cannot be written", "name a file in a folder you may write to"):
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with open(part, "w", encoding="ascii", newline="\n") as stream:
                stream.writelines(_lines(target, records))
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


def _lines(path: Path, records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for number, record in enumerate(records, 1):
        _completed(path, number, dict(record))
        try:
            yield json.dumps(_ordered(record), allow_nan=False) + "\n"
        except (TypeError, ValueError) as error:
            _refuse(path, number, f"a value is not JSON ({error})", "give texts and numbers")


def _ordered(record: Mapping[str, Any]) -> Record:
    """The record with its keys in the order of its form, further keys after, by name."""
    rank = {key: place for place, key in enumerate(["record", *FORMS[record["record"]]])}
    return {key: _sorted(record[key]) for key in sorted(record, key=lambda k: (rank.get(k, 99), k))}


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, (list, tuple)) else value


def read_records(path: Path | str) -> Result:
    """Read a result file.

    A missing footer, or a last line that was cut, makes the result `truncated`. Raises
    ResultError for an unreadable file, a malformed line, an unknown kind of record, a missing
    required key or a value of the wrong form.
    """
    source = Path(path)
    with _reported(source, "cannot be read", "name a result file written by monami"):
        data = source.read_bytes()
    return _gathered(source, list(_parsed(source, data)))


def result_of(records: Iterable[Mapping[str, Any]]) -> Result:
    """Return records as the result that a file of them would give; ResultError as there."""
    unnamed = Path("the result")
    lines = "".join(_lines(unnamed, records)).encode("ascii")
    return _gathered(unnamed, list(_parsed(unnamed, lines)))


@contextlib.contextmanager
def _reported(path: Path, problem: str, advice: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ResultError(path, None, f"{problem} ({reason})", advice) from error


def _parsed(path: Path, data: bytes) -> Iterator[Record]:
    lines = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            if number == len(lines) > 1:
                return
            reason = str(error).split(":")[0]
            _refuse(path, number, f"the line is not JSON ({reason})", "write the file again")
        yield _completed(path, number, value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _refuse(path: Path, line: int, problem: str, advice: str) -> NoReturn:
    raise ResultError(path, line, problem, advice)


def _completed(path: Path, line: int, value: Any) -> Record:
    """The record, checked against its form, with every absent optional key filled in."""
    if not isinstance(value, dict) or not isinstance(value.get("record"), str):
        _refuse(path, line, "the line has no key 'record'", "write the file again with monami")
    kind = value["record"]
    if kind not in FORMS:
        _refuse(path, line, f"unknown record kind '{kind}'", "use the monami that wrote the file")
    record = _filled(path, line, f"the {kind} record", FORMS[kind], value)
    if kind == "verdict" and record["verdict"] not in VERDICT_NAMES:
        known = ", ".join(verdict.name for verdict in VERDICTS)
        _refuse(path, line, f"unknown verdict '{record['verdict']}'", f"use one of {known}")
    return record


def _filled(path: Path, line: int, name: str, forms: Mapping[str, str], value: Record) -> Record:
    full = dict(value)
    for key, notation in forms.items():
        required, form = notation.endswith("!"), notation.rstrip("!")
        given = value.get(key)
        if given is None and required:
            _refuse(path, line, f"{name} has no key '{key}'", "write the file again with monami")
        if given is not None and not _fits(form, given):
            _refuse(
                path, line, f"'{key}' of {name} is not {FORM_NAMES[form]}", "correct the writer"
            )
        full[key] = _empty(form) if given is None else given
        if form == "steps" or (form == "path" and full[key] is not None):
            full[key] = [_filled(path, line, "a step", STEP, step) for step in full[key]]
        if form == "ways":
            full[key] = [
                [_filled(path, line, "a step", STEP, step) for step in way] for way in full[key]
            ]
        if form == "reach":
            full[key] = _filled(path, line, f"'reach' of {name}", REACH, full[key])
    return full


def _empty(form: str) -> Any:
    return {} if form in ("map", "reach") else [] if form.endswith("s") else None


_ELEMENTS = {
    "texts": "text",
    "numbers": "number",
    "maps": "map",
    "steps": "map",
    "path": "map",
    "ways": "steps",
}


def _fits(form: str, value: Any) -> bool:
    single = _ELEMENTS.get(form)
    if single:
        return isinstance(value, (list, tuple)) and all(_fits(single, item) for item in value)
    if form in ("map", "reach"):
        return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    if form == "number":
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        return real and math.isfinite(value)
    return isinstance(value, bool if form == "flag" else str)


def _gathered(path: Path, records: Sequence[Record]) -> Result:
    if not records or records[0]["record"] != "header":
        advice = "name a result file written by monami"
        raise ResultError(path, 1, "the file does not begin with a header record", advice)
    kinds: dict[str, list[Record]] = {kind: [] for kind in FORMS}
    for record in records:
        kinds[record["record"]].append(record)
    return Result(
        header=records[0],
        rules={record["id"]: record for record in kinds["rule"]},
        readings={record["id"]: record for record in kinds["reading"]},
        findings=tuple({record["id"]: record for record in kinds["finding"]}.values()),
        properties=tuple(kinds["property"]),
        explorations=tuple(kinds["exploration"]),
        traces=tuple(kinds["trace"]),
        exchanges=tuple(kinds["exchange"]),
        verdicts=tuple(kinds["verdict"]),
        errors=tuple(kinds["error"]),
        baselines=tuple(kinds["baseline"]),
        footer=kinds["footer"][-1] if kinds["footer"] else None,
    )


def merge(results: Sequence[Result]) -> Result:
    """One result from several of the same ruleset, as `monami report A B` shows them.

    The merged result is truncated when any part is. Raises ResultError when the parts judge
    different rulesets, ValueError when there is no part.
    """
    if not results:
        raise ValueError("no result to merge")
    first = results[0]
    for other in results[1:]:
        if other.header["ruleset"].get("digest") != first.header["ruleset"].get("digest"):
            name = str(other.header["ruleset"].get("name"))
            advice = "report on each of them apart"
            raise ResultError(name, None, "the results judge different rulesets", advice)
    names = [field.name for field in fields(Result) if field.name not in ("header", "footer")]
    joined = {name: _joined([getattr(part, name) for part in results]) for name in names}
    whole = replace(first, header=_header(results), footer=_footer(results), **joined)
    return replace(whole, findings=tuple({f["id"]: f for f in whole.findings}.values()))


def _joined(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], dict):
        return {key: value for part in parts for key, value in part.items()}
    return tuple(value for part in parts for value in part)


def _header(results: Sequence[Result]) -> Record:
    heads = [part.header for part in results]
    inputs = {(i.get("path"), i.get("sha256")): i for head in heads for i in head["inputs"]}
    commands = dict.fromkeys(command for head in heads for command in head["commands"])
    scope = _joined([head["scope"] for head in heads])
    solvers = _joined([head["solvers"] for head in heads])
    merged = {"commands": list(commands), "inputs": list(inputs.values())}
    return {**heads[0], **merged, "scope": scope, "solvers": solvers}


def _footer(results: Sequence[Result]) -> Record | None:
    feet = [part.footer for part in results if part.footer is not None]
    if len(feet) < len(results):
        return None
    exit_code = max(foot["exit_code"] for foot in feet)
    complete = all(foot["complete"] for foot in feet)
    totals = _joined([foot["totals"] for foot in feet])
    return {**feet[0], "totals": totals, "exit_code": exit_code, "complete": complete}
