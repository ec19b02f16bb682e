"""The result in a terminal: a few lines for each finding, failed property and violation."""

from collections.abc import Iterator

from reports.form import VERDICTS
from reports.ladder import sentence
from reports.overview import answer, holding, kinds, unjudged
from reports.records import Record, Result
from reports.text import counted, error_sentence, plain, ranges, visible
from reports.views import Group, groups, items, totals, traces

_COLOURS = {
    "bold": "1",
    "dim": "2",
    "violates": "31;1",
    "error": "31",
    "fails": "31;1",
    "deviates": "33",
    "ambiguous": "35",
    "conforms": "32",
    "holds": "32",
}


def summarise(result: Result, color: bool) -> Iterator[str]:
    """The lines of the summary, without line ends; `color` adds ANSI colours."""
    listed = items(result)
    grouped = groups(result, listed)
    lines = [
        *_head(result),
        *(line for finding in result.findings for line in _finding(result, finding)),
        *(line for record in result.properties for line in _property(record)),
        *(line for group in grouped for line in _group(result, group)),
        *_errors(result),
        *_unjudged(result),
        *_totals(result),
    ]
    for line in lines:
        yield _painted(line, color)


# A line is a list of (style, text) pieces until it is painted.
_Line = list[tuple[str, str]]


def _painted(line: _Line, color: bool) -> str:
    return "".join(
        f"\x1b[{_COLOURS[style]}m{visible(text)}\x1b[0m"
        if color and style in _COLOURS
        else visible(text)
        for style, text in line
    ).replace("\n", " ")


def _head(result: Result) -> Iterator[_Line]:
    head = result.header
    rules = head["ruleset"]
    yield [
        ("bold", f"{head['tool']} {head['version']}"),
        ("", f" · {', '.join(head['commands'])} · {plain(rules.get('name'))}"),
        ("dim", f" ({str(rules.get('digest', ''))[:12]})"),
    ]
    if result.truncated:
        yield [
            ("error", "The result file has no footer: the run was cut off, results are missing.")
        ]
    elif result.footer and not result.footer["complete"]:
        yield [("error", "The run ended before its work was done, results are missing.")]
    yield [("bold", " ".join(answer(result)))]


def _rule(result: Result, rule: str) -> str:
    record = result.rules.get(rule)
    return f"{rule} (clause {record['clause']}, {record['modality']})" if record else rule


def _under(readings: dict[str, object]) -> str:
    return "; ".join(f"{key} {plain(value)}" for key, value in readings.items())


def _finding(result: Result, finding: Record) -> Iterator[_Line]:
    yield []
    yield [("fails", finding["kind"]), ("dim", f" {finding['id']}  "), ("", finding["title"])]
    demands = {d.get("rule"): d.get("demand") for d in finding["demands"]}
    for rule in finding["rules"]:
        yield [("", f"  {_rule(result, rule)}: {plain(demands.get(rule))}")]
    under = _under(finding["readings"]) or "whatever the reading"
    steps = f" in {counted(len(finding['path']), 'step')}" if finding["path"] else ""
    reach = plain(finding["reachable"])
    yield [("dim", f"  reachable: {reach}{steps}; readings: {under}")]


def _property(record: Record) -> Iterator[_Line]:
    holds = record["holds"]
    word = "undecided" if holds is None else "holds" if holds else "fails"
    vacuous = " (vacuously)" if record["non_vacuous"] is False else ""
    if holds is not True or vacuous:
        yield []
    yield [(word, f"property {word}{vacuous}"), ("", f"  {record['property']}: {record['title']}")]
    for number, step in enumerate(record["path"], 1) if holds is False else ():
        yield [("", f"  {number}. {sentence(step)}")]
    if record["note"]:
        yield [("dim", f"  {record['note']}")]


def _group(result: Result, group: Group) -> Iterator[_Line]:
    title = result.rules.get(group.rule, {}).get("title", "")
    yield []
    yield [(group.verdict, group.verdict), ("", f"  {_rule(result, group.rule)}: {title}")]
    yield [("", f"  expected {plain(group.expected)}")]
    yield [("", f"  observed {plain(group.observed)}")]
    for trace, found in group.traces.items():
        packets = [v.record["packet"] for v in found if v.record["packet"] is not None]
        where = f", packet {ranges(packets)}" if packets else ""
        yield [("dim", f"  {trace}{where}")]


def _errors(result: Result) -> Iterator[_Line]:
    if result.errors:
        yield []
    for error in result.errors:
        yield [("error", "error"), ("", f"  {error_sentence(error)}")]


def _unjudged(result: Result) -> Iterator[_Line]:
    pointers = unjudged(result, traces(result, []))
    if pointers:
        yield []
        yield [("bold", "Not judged")]
    for pointer in pointers:
        yield [("", f"  {pointer.label}: {pointer.text}")]


def _totals(result: Result) -> Iterator[_Line]:
    yield []
    found = [f"{number} {kind}" for kind, number in kinds(result.findings)]
    yield [("bold", "Findings    "), ("", ", ".join(found) or "none")]
    held = [f"{number} {word}" for word, number in holding(result.properties).items() if number]
    yield [("bold", "Properties  "), ("", ", ".join(held) or "none")]
    counts = totals(result.verdicts)
    seen = [(v.name, f"{counts[v.name]:,} {v.name}") for v in VERDICTS if counts[v.name]]
    line: _Line = [("bold", "Verdicts    ")]
    for place, piece in enumerate(seen):
        line += [("", ", "), piece] if place else [piece]
    yield line if seen else [*line, ("", "none")]
