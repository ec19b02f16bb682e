"""The first screen: the answer in a sentence, what to look at first, what was not judged."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reports.kinds import kind_rank
from reports.problems import fails
from reports.records import Record, Result
from reports.text import anchor, counted, error_sentence, listed, plain, seen_in
from reports.views import Group, TraceView, times, totals

_EACH = 3


@dataclass(frozen=True, slots=True)
class Pointer:
    """One line of the first screen: a label, a sentence and where it is told in full."""

    label: str
    text: str
    link: str
    style: str = ""


def kinds(findings: Sequence[Record]) -> list[tuple[str, int]]:
    """Number of findings by kind, gravest kind first."""
    counts = Counter(finding["kind"] for finding in findings)
    return sorted(counts.items(), key=lambda kind: (kind_rank(kind[0]), kind[0]))


def holding(properties: Sequence[Record]) -> dict[str, int]:
    """Number of properties that fail, hold, or are not decided."""
    counts = Counter(record["holds"] for record in properties)
    return {"fails": counts[False], "holds": counts[True], "undecided": counts[None]}


def answer(result: Result) -> list[str]:
    """What the run found, in a sentence for each engine that ran."""
    told = [*_told_findings(result), *_told_properties(result), *_told_verdicts(result)]
    told += _told_baselines(result)
    if result.errors:
        told.append(f"{counted(len(result.errors), 'input error').capitalize()} occurred.")
    return told or ["Nothing was judged."]


def _told_findings(result: Result) -> list[str]:
    if result.findings:
        named = [counted(number, kind) for kind, number in kinds(result.findings)]
        return [f"The rules have {listed(named)}."]
    if "check" in result.header["commands"] and not result.truncated:
        return ["Rule analysis reports no finding."]
    return []


def _told_properties(result: Result) -> list[str]:
    if not result.properties:
        return []
    counts, number = holding(result.properties), len(result.properties)
    if counts["fails"]:
        verb = "fails" if counts["fails"] == 1 else "fail"
        return [f"{counts['fails']} of {counted(number, 'property')} {verb} within the scope."]
    if counts["undecided"]:
        return [f"{counts['undecided']} of {counted(number, 'property')} could not be decided."]
    return [f"All {number} properties hold within the scope."]


def new(result: Result) -> list[Record]:
    """The findings and violated properties that no baseline accepts.

    Where a baseline is about verdicts, failures too: the first of each rule and trace.
    """
    failed = [p for p in result.properties if p["holds"] is False]
    judged = any(b["verdicts"] for b in result.baselines)
    failing = fails(result) if judged else frozenset[str]()
    grave = [v for v in result.verdicts if v["verdict"] in failing]
    firsts = {(v["rule"], v["trace"]): v for v in reversed(grave)}
    each = (*result.findings, *failed, *firsts.values())
    return [r for r in each if r["accepted"] is None]


def _told_baselines(result: Result) -> list[str]:
    if not result.baselines:
        return []
    vanished = sum(len(b["vanished"]) for b in result.baselines)
    names = listed(plain(b["file"]) for b in result.baselines)
    if not new(result) and not vanished:
        return [f"All of this is accepted in {names}."]
    expired = sum(len(b["expired"]) for b in result.baselines)
    over = f", {expired} accepted until a day that is over" if expired else ""
    found = f"{len(new(result))} new, {vanished} accepted but no longer found"
    return [f"Against {names}: {found}{over}."]


def _told_verdicts(result: Result) -> list[str]:
    if not result.verdicts:
        missing = "replay" in result.header["commands"] and not result.truncated
        return ["No recorded exchange was judged."] if missing else []
    broken = [v for v in result.verdicts if v["verdict"] == "violates"]
    names = {r["trace"] for r in (*result.traces, *result.exchanges, *result.verdicts)}
    count = counted(len(names), "recording")
    if broken:
        rules = counted(len({v["rule"] for v in broken}), "binding rule")
        hit = len({v["trace"] for v in broken})
        verb = "violates" if hit == 1 else "violate"
        told = sum(times(v) for v in broken if not v["same_as"])
        return [f"{hit} of {count} {verb} {rules} ({counted(told, 'departure')})."]
    judged = totals(result.verdicts)
    if judged["conforms"] + judged["deviates"] + judged["ambiguous"] == 0:
        return [f"No rule could be judged in {count}."]
    return [f"No violation was observed in {count}."]


def worst(result: Result, grouped: Sequence[Group]) -> list[Pointer]:
    """The few items to look at first: violations, failed properties, findings, errors."""
    return [
        *(_of_group(result, group) for group in grouped[:_EACH] if group.verdict == "violates"),
        *_of_properties(result.properties),
        *_of_findings(result.findings),
        *_of_errors(result.errors),
    ]


def _of_group(result: Result, group: Group) -> Pointer:
    rule = result.rules.get(group.rule, {})
    trace, items = next(iter(group.traces.items()))
    packet = seen_in([items[0].record])
    where = f"{trace}, packet {packet}" if packet else trace
    title = rule.get("title", "rule not in this file")
    clause = f" (clause {rule['clause']}, {rule['modality']})" if rule else ""
    times = f"; {group.size:,} times in all" if group.size > 1 else ""
    text = f"{group.rule}{clause}: {title} – first in {where}{times}"
    return Pointer("violates", text, items[0].anchor, "violates")


def _of_properties(properties: Sequence[Record]) -> list[Pointer]:
    failed = [
        (n, p) for n, p in enumerate(properties, 1) if p["holds"] is False and p["accepted"] is None
    ]
    return [
        Pointer("property fails", f"{p['property']}: {p['title']}", f"property-{n}", "violates")
        for n, p in failed[:_EACH]
    ]


def _of_findings(findings: Sequence[Record]) -> list[Pointer]:
    order = {"yes": 0, "conforming": 0, "arbitrary peer": 1, "unreachable": 3}
    ranked = sorted(
        (f for f in findings if f["accepted"] is None),
        key=lambda f: (kind_rank(f["kind"]), order.get(f["reachable"], 2), f["id"]),
    )
    return [
        Pointer(f["kind"], f["title"], anchor("finding", f["id"]), "finding")
        for f in ranked[:_EACH]
    ]


def _of_errors(errors: Sequence[Record]) -> list[Pointer]:
    return [Pointer("error", error_sentence(e), "errors", "error") for e in errors[:2]]


def unjudged(result: Result, views: Sequence[TraceView]) -> list[Pointer]:
    """What the run leaves open, each with the place that lists it."""
    return [*_open_run(result), *_open_verdicts(result), *_open_traces(views), *_open_model(result)]


def _open_run(result: Result) -> list[Pointer]:
    ran = result.header["commands"]
    names = {"check": "rule analysis", "explore": "exploration", "replay": "replay of recordings"}
    absent = [name for command, name in names.items() if command not in ran]
    found = [Pointer("not run", f"{listed(absent)} – not part of this run", "provenance")]
    return found if absent else []


def _open_verdicts(result: Result) -> list[Pointer]:
    if not result.verdicts:
        return []
    counts = totals(result.verdicts)
    seen = {v["rule"] for v in result.verdicts if v["verdict"] != "not exercised"}
    silent = len(set(result.rules) - seen)
    found = []
    if silent:
        text = f"{silent} of {counted(len(result.rules), 'rule')}: no recording exercised them"
        found.append(Pointer("not exercised", text, "silent-rules"))
    for name in ("inconclusive", "unsupported"):
        if counts[name]:
            text = f"{counted(counts[name], 'verdict')} {name}; reasons under each recording"
            found.append(Pointer(name, text, "traces"))
    return found


def _open_traces(views: Sequence[TraceView]) -> list[Pointer]:
    empty = [view for view in views if not view.exchanges]
    text = f"{counted(len(empty), 'recording')} without a judged exchange"
    return [Pointer("nothing judged", text, empty[0].anchor)] if empty else []


def _open_model(result: Result) -> list[Pointer]:
    found = []
    if any(not exploration["complete"] for exploration in result.explorations):
        text = "the exploration stopped before every state was visited"
        found.append(Pointer("incomplete", text, "exploration"))
    undecided = holding(result.properties)["undecided"]
    if undecided:
        found.append(Pointer("undecided", counted(undecided, "property"), "properties"))
    hollow = [p["property"] for p in result.properties if p["non_vacuous"] is False]
    if hollow:
        text = f"{listed(hollow)}: holds of nothing, no behaviour reaches its situation"
        found.append(Pointer("vacuous", text, "properties"))
    unknown = sum(f["reachable"] == "unknown" for f in result.findings)
    if unknown:
        text = f"{counted(unknown, 'finding')} whose situation may or may not be reachable"
        found.append(Pointer("unknown", text, "findings"))
    return found
