"""The result as a Markdown summary, as long as a build's page can show."""

import re
from collections.abc import Iterator, Sequence

from reports.coverage import coverage
from reports.overview import answer, holding
from reports.problems import Problem, problems
from reports.records import Result
from reports.text import visible
from reports.views import totals

MOST = 50  # rows of a table
LONGEST = 300  # characters of a cell
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~&@])")


def render_markdown(result: Result) -> str:
    """Return the summary; every text of the result is inert in it."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    ruleset = result.header["ruleset"]
    yield f"## monami: {inert(str(ruleset.get('title') or ruleset.get('name', '')))}"
    yield ""
    if result.truncated:
        yield "**The run ended before its work was done, results are missing.**"
    yield " ".join(map(inert, answer(result)))
    yield from _counts(result)
    found = [p for p in problems(result) if p.accepted is None]
    yield from _table("Verdicts", [p for p in found if p.where])
    yield from _table("Findings and properties", [p for p in found if not p.where and p.rules])
    yield from _table("Could not be read", [p for p in found if p.kind == "error"])
    yield from _coverage(result)


def _counts(result: Result) -> Iterator[str]:
    counts = {name: n for name, n in totals(result.verdicts).items() if n}
    counts |= {f"properties: {name}": n for name, n in holding(result.properties).items() if n}
    if result.findings:
        counts["findings"] = len(result.findings)
    if counts:
        yield from ("", "| what | how many |", "| --- | ---: |")
        yield from (f"| {name} | {number:,} |" for name, number in counts.items())


def _coverage(result: Result) -> Iterator[str]:
    covered = coverage(result)
    if covered:
        yield from (
            "",
            "### Rules",
            "",
            "| in the recordings | rules | which |",
            "| --- | ---: | --- |",
        )
    for word, rules in covered.items():
        yield f"| {word} | {len(rules):,} | {inert(_short(', '.join(rules)))} |"


def _table(title: str, found: Sequence[Problem]) -> Iterator[str]:
    """Yield a table: problems about the same rules are one row, with the first place."""
    rows = dict[tuple[str, tuple[str, ...], str], list[Problem]]()
    for problem in found:
        key = problem.kind, problem.rules, "" if problem.where else problem.key
        rows.setdefault(key, []).append(problem)
    if not rows:
        return
    yield from ("", f"### {title}", "", "| what | times | first |", "| --- | ---: | --- |")
    for same in list(rows.values())[:MOST]:
        first = same[0]
        text = f"{first.where}: {first.text}" if first.where else first.text
        yield f"| {inert(first.kind)} | {len(same):,} | {inert(_short(text))} |"
    if len(rows) > MOST:
        yield f"\n{len(rows) - MOST:,} more rows are in the result file."


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def inert(text: str) -> str:
    """Return text in which nothing is markup, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(visible(text).split()))
