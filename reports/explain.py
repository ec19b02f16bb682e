"""All that a result file says of one finding, or of one property, for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.findings import REACHED, Said, reach, rule_of, said, situated, strength, subject
from reports.kinds import kind_named
from reports.lines import UNBOUNDED, Line, told
from reports.records import Record, Result
from reports.text import counted, plain

_PATHS = (("conforming", "conforming"), ("arbitrary peer", "arbitrary"))


def explain(result: Result, name: str, color: bool, width: int = UNBOUNDED) -> Iterator[str]:
    """Yield the lines that tell all of the finding, or property, of that name.

    KeyError is raised where the result has neither.
    """
    record = subject(result, name)
    if record is None:
        raise KeyError(name)
    lines = _property(result, record) if "property" in record else _finding(result, record)
    return told(lines, color, width)


def _finding(result: Result, f: Record) -> Iterator[Line]:
    meaning = kind_named(f["kind"]).meaning
    yield [("fails", f["kind"]), ("dim", f" {f['id']}"), ("", f"  {f['title']}")]
    if meaning:
        yield [("dim", f"  {meaning}")]
    yield from _accepted(f)
    if f["at_stake"]:
        yield [("", f"  at stake: {', '.join(f['at_stake'])}")]
    yield from _headed("Rules", [line for r in said(f) for line in _rule(result, f, r)])
    if f["situation"] and situated(f):
        yield from _headed("Situation", [[("", f"  {f['situation']}")]])
    yield from _headed("Holds where", [[("", f"  {text}")] for text in f["region"]])
    yield from _witness(f)
    if f["replayed"] is not None:
        yield [("dim", f"  replayed without the solver: {plain(f['replayed'])}")]
    yield from _headed("Readings", list(_readings(result, f["readings"])))
    if situated(f):
        yield from _headed("How it is reached", list(_reach(f)))
        yield from _headed("Capture", [[("", f"  {_capture(f, f['id'])}")]])


def _property(result: Result, p: Record) -> Iterator[Line]:
    word = {True: "holds", False: "fails", None: "undecided"}[p["holds"]]
    yield [(word, f"property {word}"), ("", f"  {p['property']}: {p['title']}")]
    yield from _accepted(p)
    for label, text in (("source", p["source"]), ("scope", p["note"])):
        if text:
            yield [("dim", f"  {label}: {text}")]
    rules = [Said(id, (), ()) for id in p["rules"]]
    yield from _headed("Rules", [line for r in rules for line in _rule(result, p, r)])
    yield from _headed("Readings", list(_readings(result, p["readings"])))
    yield from _headed("Messages", list(steps(p["path"])))
    yield from _headed("And then for ever", list(steps(p["loop"])))
    for way in p["others"]:
        yield from _headed("Messages of another kind", list(steps(way)))
    yield from _headed("Capture", [[("", f"  {_capture(p, p['property'])}")]])


def _accepted(record: Record) -> Iterator[Line]:
    if record["accepted"] is not None:
        yield [("holds", "  accepted: "), ("", record["accepted"])]


def _headed(heading: str, lines: Sequence[Line]) -> Iterator[Line]:
    if lines:
        yield []
        yield [("bold", heading)]
        yield from lines


def _rule(result: Result, of: Record, rule: Said) -> Iterator[Line]:
    record = rule_of(result, of, rule.rule)
    if record is None:
        yield [("", f"  {rule.ids}")]
    else:
        role = f", binds the {record['role']}" if record["role"] else ""
        yield [("bold", f"  {rule.ids}"), ("", f"  {strength(record)}{role}")]
        yield [("", f"    {record['title']}")]
        source = f", {record['source']}" if record["source"] else ""
        yield [("dim", f"    {record['document']}, clause {record['clause']}{source}")]
    for demand in rule.demands:
        yield [("", f"    demands: {demand}")]


def _witness(f: Record) -> Iterator[Line]:
    """The fields that matter, then the others that are not at their default."""
    parts = {part: values for part, values in f["witness"].items() if isinstance(values, Mapping)}
    for heading, wanted in (("Witness: what matters", True), ("Witness: the rest", False)):
        lines: list[Line] = [
            [("", f"  {part}: {_field(f, name, value)}")]
            for part, values in parts.items()
            for name, value in values.items()
            if (name in f["matters"]) is wanted
        ]
        yield from _headed(heading, lines)


def _field(f: Record, name: str, value: Any) -> str:
    words = f["words"].get(name)
    return f"{words} ({name})" if words else f"{name} {plain(value)}"


def _readings(result: Result, readings: Mapping[str, Any]) -> Iterator[Line]:
    """Each reading with its question and alternatives; those under which it holds are marked."""
    if not readings:
        yield [("", "  It holds with every reading at its default.")]
    for name, holds in readings.items():
        record = result.readings.get(name)
        if record is None:
            yield [("", f"  {name}: {plain(holds)}")]
            continue
        statements = f" ({', '.join(record['statements'])})" if record["statements"] else ""
        yield [("", f"  {name}: {record['question']}{statements}")]
        for alternative, text in record["alternatives"].items():
            mark = "*" if alternative in (holds if isinstance(holds, list) else [holds]) else " "
            usual = ", the default" if alternative == record["default"] else ""
            yield [("", f"  {mark} {alternative}{usual}: {plain(text)}")]


def _reach(f: Record) -> Iterator[Line]:
    both = {word: f["reach"][key] for word, key in _PATHS if f["reach"][key] is not None}
    if not both:
        yield [("", f"  {reach(f)}")]
        yield from steps(f["path"])
    for word, path in both.items():
        yield [("", f"  {REACHED[word]} in {counted(len(path), 'step')}")]
        yield from steps(path)
    if both and f["reach"]["invariant"]:
        yield [("", f"  conforming nodes do not get there: {f['reach']['invariant']}")]


def steps(path: Sequence[Record]) -> Iterator[Line]:
    """Yield a message sequence: each step with its message, what it changes, what it gives up."""
    for number, step in enumerate(path, 1):
        target = f" → {step['to']}" if step["to"] else ""
        again = " (a copy stays under way)" if step["repeats"] else ""
        yield [("", f"  {number:>2}. "), ("bold", f"{step['actor']}{target}"), ("", _event(step))]
        for label, fields in (("carries", step["message"]), ("then", step["state"])):
            if fields:
                told_fields = ", ".join(f"{name} {plain(value)}" for name, value in fields.items())
                yield [("dim", f"      {label}: {told_fields}")]
        if step["given_up"] or again:
            given = f"gives up {', '.join(step['given_up'])}" if step["given_up"] else ""
            yield [("ambiguous", f"      {given}{again}")]


def _event(step: Record) -> str:
    return f"  {step['event']}"


def _capture(record: Record, name: str) -> str:
    if not record["path"]:
        return "none: no message sequence is known"
    return f"monami witness RESULT {name} --pcap {name}.pcap (RESULT: the file of --out)"
