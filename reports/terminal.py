"""The result in a terminal: a few lines for each finding, failed property and violation."""

from collections.abc import Iterator, Sequence

from reports.coverage import coverage
from reports.explorations import LEADS, explored_text, unmet
from reports.findings import (
    about,
    departs,
    events,
    reach,
    rule_of,
    said,
    situated,
    strength,
    under,
)
from reports.form import VERDICTS
from reports.kinds import Kind, kind_named
from reports.ladder import sentence
from reports.lines import UNBOUNDED, Line, told
from reports.overview import answer, holding, kinds, unjudged
from reports.records import Record, Result
from reports.text import counted, error_sentence, near_text, plain, seen_in, seen_text
from reports.views import Group, groups, items, totals, traces


def summarise(result: Result, color: bool, width: int = UNBOUNDED) -> Iterator[str]:
    """The lines of the summary, without line ends.

    No line is longer than `width` columns unless one word is; `color` adds ANSI colours.
    """
    grouped = groups(result, items(result))
    lines = [
        *_head(result),
        *_findings(result),
        *(line for record in result.properties for line in _property(record)),
        *(line for record in result.explorations for line in _exploration(record)),
        *(line for group in grouped for line in _group(result, group)),
        *_baselines(result),
        *_errors(result),
        *_unjudged(result),
        *_totals(result),
    ]
    yield from told(lines, color, width)


def _head(result: Result) -> Iterator[Line]:
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
    return f"{rule} (clause {record['clause']}, {strength(record)})" if record else rule


def _findings(result: Result) -> Iterator[Line]:
    """The findings under the default readings, then those that need another; each by kind."""
    listed = [f for f in result.findings if f["accepted"] is None]
    others = [f for f in listed if departs(result, f)]
    usual = [f for f in listed if not departs(result, f)]
    for heading, part in (("", usual), ("Only under other readings than the defaults", others)):
        if heading and part:
            yield []
            yield [("bold", heading)]
        for name, _ in kinds(part):
            yield from _kind(result, kind_named(name), [f for f in part if f["kind"] == name])


def _kind(result: Result, kind: Kind, findings: list[Record]) -> Iterator[Line]:
    yield []
    meaning = f" – {kind.meaning}" if kind.meaning else ""
    yield [("bold", f"{kind.plural[0].upper()}{kind.plural[1:]} ({len(findings)})"), ("", meaning)]
    for finding in findings:
        if kind.row:
            yield _row(finding)
        else:
            yield []
            yield from _finding(result, finding)


def _row(finding: Record) -> Line:
    ids = " / ".join(rule.ids for rule in said(finding))
    readings = under(finding["readings"])
    return [
        ("dim", f"  {finding['id']}  "),
        ("", f"{ids}: {finding['title']}"),
        ("ambiguous", f"  (under {readings})" if readings else ""),
    ]


def _finding(result: Result, finding: Record) -> Iterator[Line]:
    readings = under(finding["readings"])
    told_title = about(result, finding)
    yield [
        ("fails", finding["kind"]),
        ("dim", f" {finding['id']}"),
        ("", f"  {told_title}" if told_title else ""),
        ("ambiguous", f"  (under {readings})" if readings else ""),
    ]
    for rule in said(finding):
        record = rule_of(result, finding, rule.rule)
        where = f" ({record['clause']}, {strength(record)}) {record['title']}" if record else ""
        demands = "; ".join(rule.demands)
        yield [("", f"  {rule.ids}{where}{f' — {demands}' if demands else ''}")]
    if finding["situation"] and situated(finding):
        more = " (and in other situations: --explain)" if len(finding["region"]) > 1 else ""
        yield [("", f"  when {finding['situation']}{more}")]
    if situated(finding):
        sequence = f": {events(finding['path'])}" if finding["path"] else ""
        yield [("dim", f"  {reach(finding)}{sequence}")]


def _baselines(result: Result) -> Iterator[Line]:
    """What a baseline accepts: a count, and the entries that nothing matches any more."""
    accepted = [r for r in (*result.findings, *result.properties) if r["accepted"] is not None]
    verdicts = sum(r["accepted"] is not None for r in result.verdicts)
    for baseline in result.baselines:
        yield []
        yield [
            ("bold", f"Baseline {baseline['file']}"),
            ("", f": {len(accepted)} accepted and not listed (--explain ID tells one)"),
        ]
        if verdicts:
            yield [("", f"  {counted(verdicts, 'verdict')} accepted, by rule and trace")]
        for entry in baseline["expired"]:
            yield [("fails", "  over"), ("", f" {entry.get('id')}: until {entry.get('until')}")]
        for entry in baseline["vanished"]:
            reason = plain(entry.get("reason"))
            yield [
                ("fails", "  vanished"),
                ("", f" {entry.get('id')} ({reason}): no longer found, remove the entry"),
            ]


def _property(record: Record) -> Iterator[Line]:
    holds = record["holds"]
    if holds is False and record["accepted"] is not None:
        return
    word = "undecided" if holds is None else "holds" if holds else "fails"
    vacuous = " (vacuously)" if record["non_vacuous"] is False else ""
    if holds is not True or vacuous:
        yield []
    yield [(word, f"property {word}{vacuous}"), ("", f"  {record['property']}: {record['title']}")]
    if holds is False:
        yield from _sequence(record["path"])
        yield from _for_ever(record)
        for way in record["others"]:
            yield [("dim", "  or, in another way:")]
            yield from _sequence(way)
    if record["note"]:
        yield [("dim", f"  {record['note']}")]


def _sequence(steps: Sequence[Record], before: int = 0) -> Iterator[Line]:
    for number, step in enumerate(steps, before + 1):
        yield [("", f"  {number}. {sentence(step)}")]


def _for_ever(record: Record) -> Iterator[Line]:
    """What follows the path of a property that has to come about again."""
    if record["loop"]:
        yield [("dim", "  and then for ever:")]
        yield from _sequence(record["loop"], len(record["path"]))
    elif record["kind"] == LEADS:
        yield [("dim", "  and then nothing follows by itself")]


def _exploration(record: Record) -> Iterator[Line]:
    yield []
    yield [("bold", "explored"), ("", f"  {explored_text(record)}")]
    yield from ([("dim", f"  {text}")] for text in unmet(record))


def _group(result: Result, group: Group) -> Iterator[Line]:
    title = result.rules.get(group.rule, {}).get("title", "")
    yield []
    yield [(group.verdict, group.verdict), ("", f"  {_rule(result, group.rule)}: {title}")]
    yield [("", f"  expected {plain(group.expected)}")]
    yield [("", f"  observed {plain(group.observed)}")]
    for spot in group.seen_at:
        yield [("dim", f"  first seen at: {seen_text(spot)}")]
    if group.also:
        yield [("", f"  which breaks as well: {', '.join(group.also)}")]
    for miss in group.near:
        yield [("dim", f"  {near_text(miss)}")]
    for trace, found in group.traces.items():
        packets = seen_in(v.record for v in found)
        where = f", packet {packets}" if packets else ""
        yield [("dim", f"  {trace}{where}")]


def _errors(result: Result) -> Iterator[Line]:
    if result.errors:
        yield []
    for error in result.errors:
        yield [("error", "error"), ("", f"  {error_sentence(error)}")]


def _unjudged(result: Result) -> Iterator[Line]:
    pointers = unjudged(result, traces(result, []))
    if pointers:
        yield []
        yield [("bold", "Not judged")]
    for pointer in pointers:
        yield [("", f"  {pointer.label}: {pointer.text}")]


def _totals(result: Result) -> Iterator[Line]:
    yield []
    found = [f"{number} {kind}" for kind, number in kinds(result.findings)]
    yield [("bold", "Findings    "), ("", ", ".join(found) or "none")]
    held = [f"{number} {word}" for word, number in holding(result.properties).items() if number]
    yield [("bold", "Properties  "), ("", ", ".join(held) or "none")]
    counts = totals(result.verdicts)
    seen = [(v.name, f"{counts[v.name]:,} {v.name}") for v in VERDICTS if counts[v.name]]
    line: Line = [("bold", "Verdicts    ")]
    for place, piece in enumerate(seen):
        line += [("", ", "), piece] if place else [piece]
    yield line if seen else [*line, ("", "none")]
    told = [f"{len(rules)} {word}" for word, rules in coverage(result).items()]
    if told:
        yield [("bold", "Rules       "), ("", ", ".join(told))]
