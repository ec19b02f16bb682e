"""What a result has against the document, the nodes or the input, each as one value.

The outputs for machines (JUnit, SARIF, Markdown) are made of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from reports.findings import region
from reports.ladder import told
from reports.records import Record, Result
from reports.text import error_sentence, seen_text

FAIL_ON = ("violates", "deviates", "ambiguous")  # each counts what stands before it as well
LEVELS = {"violates": "error", "deviates": "warning", "ambiguous": "note"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: how grave, what it is about, the rules it is about, where it was seen.

    `level` is error, warning or note; `key` tells it from others, the same in every run;
    `accepted` is the reason that a baseline gives.
    """

    level: str
    kind: str
    key: str
    rules: tuple[str, ...]
    text: str
    where: str = ""
    accepted: str | None = None


def problems(result: Result) -> Iterator[Problem]:
    """Yield the problems of a result: findings, failed properties, verdicts, errors."""
    for finding in result.findings:
        yield _finding(finding)
    for record in result.properties:
        if record["holds"] is False:
            yield _property(record)
    listed = [v for v in result.verdicts if v["verdict"] in LEVELS]
    told = {_departure(v, v["rule"]) for v in listed}
    for verdict in listed:
        # A departure is one problem, unless one of the rules that it breaks is accepted alone.
        if _departure(verdict, verdict["same_as"]) not in told:
            yield _verdict(result, verdict)
    for error in result.errors:
        yield Problem("error", "error", f"error {error['where']}", (), error_sentence(error))


def _departure(verdict: Record, rule: str | None) -> tuple[object, ...]:
    """What tells a departure from others, by a rule that it breaks."""
    return verdict["trace"], verdict["exchange"], rule, verdict["accepted"] is None


def fails(result: Result) -> frozenset[str]:
    """Return the verdicts that count as failures of the run."""
    worst = result.header["fail_on"] or FAIL_ON[0]
    # What another version wrote is read with the greatest care.
    return failing_on(worst if worst in FAIL_ON else FAIL_ON[-1])


def failing_on(worst: str) -> frozenset[str]:
    """Return the verdicts as grave as one of FAIL_ON, or graver; ValueError for another name."""
    return frozenset(FAIL_ON[: FAIL_ON.index(worst) + 1])


def place(record: Record) -> str:
    """Return where a verdict was seen: the trace, the file of a run, packet, line, byte."""
    parts = [str(record[name]) for name in ("trace", "file") if record[name] is not None]
    parts += [f"{name} {record[name]}" for name in ("packet", "line") if record[name] is not None]
    if record["offset"] is not None:
        parts.append(f"byte {record['offset']}")
    return ", ".join(parts)


def comparison(record: Record) -> str:
    """Return what was expected and what was observed, with the note if there is one."""
    parts = [f"{name} {record[name]}" for name in ("expected", "observed") if record[name]]
    parts += [f"seen at {seen_text(spot)}" for spot in record["seen_at"]]
    return "; ".join([*parts, *([str(record["note"])] if record["note"] else [])])


def _finding(finding: Record) -> Problem:
    text = f"{finding['kind']}: {finding['title']}"
    where = finding["situation"] or region(finding)
    rules = tuple(finding["rules"])
    full = f"{text}, when {where}" if where else text
    return Problem(
        "error", finding["kind"], finding["id"], rules, full, accepted=finding["accepted"]
    )


def _property(record: Record) -> Problem:
    text = f"property fails: {record['title']}. {told(record['path'])}"
    name, rules = str(record["property"]), tuple(record["rules"])
    return Problem("error", "property", name, rules, text, accepted=record["accepted"])


def _verdict(result: Result, record: Record) -> Problem:
    rule, verdict = str(record["rule"]), str(record["verdict"])
    about = result.rules.get(rule)
    title = f" ({about['document']} {about['clause']}: {about['title']})" if about else ""
    text = f"{verdict} {rule}{title}: {comparison(record)}"
    file = f"{record['file']} " if record["file"] is not None else ""
    at = f"{record['trace']} {file}{record['packet']} {record['line']}"
    key = f"{at} {rule} {record['expected']}"
    where, accepted = place(record), record["accepted"]
    return Problem(LEVELS[verdict], verdict, key, (rule,), text, where, accepted)
