"""What is said of a finding in every report: its rules, its readings, how it is reached."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.records import Record, Result
from reports.text import counted, plain

_MOST_EVENTS = 4
REACHED = {
    "conforming": "reached by conforming nodes",
    "yes": "reachable",
    "arbitrary peer": "reached only with a message of an arbitrary peer",
    "unreachable": "not reachable",
    "unknown": "whether it can be reached is not known",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One rule of a finding: its id, the ids that restate it there, what it demands there."""

    rule: str
    also: Sequence[str]
    demands: Sequence[str]

    @property
    def ids(self) -> str:
        """Return the id with those of the restatements."""
        return f"{self.rule} (also {', '.join(self.also)})" if self.also else self.rule


def said(finding: Record) -> list[Said]:
    """Return the rules of a finding, each once, with its restatements."""
    restates = finding["restates"]
    joined = {id for ids in restates.values() for id in _texts(ids)}
    return [
        Said(rule, _texts(restates.get(rule)), _demands(finding, rule))
        for rule in dict.fromkeys(finding["rules"])
        if rule not in joined
    ]


def _texts(value: Any) -> list[str]:
    """A list of texts from a file; one text is a list of one."""
    return [str(item) for item in value] if isinstance(value, list) else [str(value)] * bool(value)


def _demands(finding: Record, rule: str) -> list[str]:
    texts = (str(d.get("demand") or "") for d in finding["demands"] if d.get("rule") == rule)
    return list(dict.fromkeys(filter(None, texts)))


def rule_of(result: Result, finding: Record, id: str) -> Record | None:
    """Return what is known of a rule, as far as it concerns a finding; None when nothing is."""
    record = result.rules.get(id)
    return None if record is None else {**record, **finding.get("told", {}).get(id, {})}


def strength(rule: Record) -> str:
    """Return the modality of a rule, with the document's keyword where it is not in capitals."""
    if rule["restates"]:
        return f"restates {rule['restates']}"
    modality, label = str(rule["modality"]), rule["label"]
    if not label:
        return modality
    return f"stated: {label}" if modality == "stated" else f"{modality}, written {label}"


def about(result: Result, finding: Record) -> str:
    """Return the title of a finding where it says more than the titles of its rules ("" if not)."""
    rules = (rule_of(result, finding, r) for r in finding["rules"])
    titles = {rule["title"] for rule in rules if rule}
    parts = finding["title"].split(" / ")
    return "" if titles and titles.issuperset(parts) else str(finding["title"])


def departs(result: Result, finding: Record) -> bool:
    """Return whether a finding needs another reading than the defaults."""
    return any(
        name in result.readings and result.readings[name]["default"] not in _texts(alternatives)
        for name, alternatives in finding["readings"].items()
    )


def under(readings: Mapping[str, Any]) -> str:
    """Return readings with the alternatives under which something holds ("" if none matters)."""
    return "; ".join(f"{name} {plain(value)}" for name, value in readings.items())


def situated(finding: Record) -> bool:
    """Return whether a finding is about inputs at all: it has a witness, a path or an invariant."""
    witness = any(finding["witness"].values())
    return witness or bool(finding["path"]) or bool(finding["reach"]["invariant"])


def region(finding: Record) -> str:
    """Return the conditions under which a finding holds, as one text ("" when none is told)."""
    return "; or ".join(finding["region"])


def reach(finding: Record) -> str:
    """Return in one sentence whether and how the situation of a finding is reached."""
    word = finding["reachable"] or "unknown"
    text = REACHED.get(word, str(word))
    if finding["path"]:
        return f"{text} in {counted(len(finding['path']), 'step')}"
    if word in ("conforming", "yes"):
        return f"{text}: it is the initial situation"
    invariant = finding["reach"]["invariant"]
    return f"{text}: {invariant}" if invariant else text


def events(path: Sequence[Record]) -> str:
    """Return the events of a path in a row, the middle of a long one left out."""
    events = [str(step["event"]) for step in path]
    if len(events) > _MOST_EVENTS:
        events = [*events[: _MOST_EVENTS - 2], "…", events[-1]]
    return "; ".join(events)


def subject(result: Result, name: str) -> Record | None:
    """Return the finding with that id, or the property of that name (a violated one first)."""
    for finding in result.findings:
        if finding["id"] == name:
            return finding
    named = [p for p in result.properties if p["property"] == name]
    return min(named, key=lambda p: p["holds"] is not False, default=None)


def nearest(result: Result, name: str, most: int = 3) -> list[str]:
    """Return the ids of findings, or names of properties, that are most like `name`."""
    names = list(dict.fromkeys(names_of(result)))
    return difflib.get_close_matches(name, names, most, cutoff=0.0)


def names_of(result: Result) -> Iterator[str]:
    """Yield what can be explained: the ids of findings, the names of properties."""
    yield from (str(f["id"]) for f in result.findings)
    yield from (str(p["property"]) for p in result.properties)
