"""What every command shares: its arguments, how its result is kept and told."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from checker import commands as c
from checker.baseline import Baseline, baseline_text, load_baseline
from checker.progress import Progress
from checker.rulesets import load_ruleset
from model.errors import RuleError
from model.ruleset import Ruleset
from model.scope import Scope
from reports import (
    Result,
    columns,
    explain,
    failing_on,
    nearest,
    read_records,
    render_html,
    render_junit,
    render_markdown,
    render_sarif,
    subject,
    summarise,
    write_records,
)

Records = list[dict[str, Any]]
REPORTS: dict[str, Callable[[Result], str]] = {
    "html": render_html,
    "junit": render_junit,
    "sarif": render_sarif,
    "markdown": render_markdown,
}


class UsageError(Exception):
    """Arguments that do not fit: one sentence, what and what to do."""


@dataclass(frozen=True)
class Run:
    """One invocation: its arguments and where progress goes."""

    args: argparse.Namespace
    progress: Progress

    def prepare(self) -> None:
        """Make the folders of what is to be written; UsageError where a file cannot be."""
        for name in ("out", *REPORTS, "write_baseline", "pcap"):
            file = getattr(self.args, name, None)
            if file is not None:
                _prepared(Path(file))

    def ruleset(self) -> Ruleset:
        """Return the ruleset that was named."""
        return load_ruleset(self.args.ruleset)

    def scope(self) -> Scope:
        """Return the scope that was asked for."""
        wanted = {k: getattr(self.args, k, None) for k in asdict(Scope())}
        return Scope(**{k: v for k, v in wanted.items() if v is not None})

    def readings(self) -> dict[str, str]:
        """Return the readings chosen with --reading NAME=ALTERNATIVE."""
        chosen = {}
        for text in getattr(self.args, "reading", None) or []:
            name, equals, alternative = text.partition("=")
            if not equals:
                raise RuleError(f"--reading {text}", remedy="write NAME=ALTERNATIVE")
            chosen[name] = alternative
        return chosen

    def clock_offsets(self) -> dict[str, float]:
        """Return the clock offsets given with --clock-offset FILE=SECONDS."""
        given = self.args.clock_offset or []
        if (
            self.args.same_run
            and len(self.args.traces) == 1
            and not Path(*self.args.traces).is_dir()
        ):
            raise UsageError("--same-run needs two traces or more, or a folder; name the others.")
        if given and not self.args.same_run:
            raise UsageError("--clock-offset is about traces of one run; add --same-run.")
        return dict(_offset(text) for text in given)

    def accepting(self) -> Accepting:
        """Return what --baseline, --write-baseline and --reason ask for."""
        into, reason = self.args.write_baseline, self.args.reason
        if (into is None) != (reason is None):
            raise UsageError("--write-baseline and --reason go together; give both.")
        if reason is not None and not reason.strip():
            raise UsageError("--reason is empty; say why the findings are accepted.")
        known = load_baseline(Path(self.args.baseline)) if self.args.baseline else None
        worst = getattr(self.args, "fail_on", None)
        failing = failing_on(worst) if worst else frozenset[str]()
        return Accepting(known, Path(into) if into else None, reason or "", failing)

    def finish(self, records: Records, code: int, more: Iterable[str] = ()) -> int:
        """Write the result file and the reports, print the summary, return the exit code.

        `more` are other files that were written.
        """
        self.progress.done()
        out = Path(self.args.out) if self.args.out else None
        with tempfile.TemporaryDirectory() as folder:
            file = out or Path(folder) / "result.jsonl"
            write_records(file, records)
            result = read_records(file)
        names = (self.args.out, *self.reports(result), *more)
        written = [f"written: {n}" for n in names if n]
        show([*lines_of(result, getattr(self.args, "explain", None)), *written])
        return code

    def reports(self, result: Result) -> list[str]:
        """Write the reports that were asked for; return the names of their files."""
        names = {kind: getattr(self.args, kind, None) for kind in REPORTS}
        for kind, name in names.items():
            if name is not None:
                Path(name).write_text(REPORTS[kind](result), encoding="utf-8")
        return [name for name in names.values() if name is not None]


def _offset(text: str) -> tuple[str, float]:
    file, _, seconds = text.rpartition("=")
    try:
        ahead = float(seconds)
    except ValueError:
        ahead = float("nan")
    if not file or not isfinite(ahead):
        raise UsageError(f"--clock-offset {text} is no offset; write FILE=SECONDS.")
    return Path(file).name, ahead


def _prepared(file: Path) -> None:
    """Long work is not begun when what comes of it could not be kept."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        what = "is a folder" if file.is_dir() else "may not be written"
        raise UsageError(f"{file} {what}; name a file in a folder you may write to.")


@dataclass(frozen=True)
class Accepting:
    """What a run does with baselines: hold its findings against one, write one."""

    known: Baseline | None
    into: Path | None
    reason: str
    failing: frozenset[str]

    def judge(self, parts: Records, code: int) -> tuple[Records, int]:
        """Return the records, marked, and the exit code against the baseline."""
        return (
            (parts, code) if self.known is None else c.judge(parts, code, self.known, self.failing)
        )

    def write(self, parts: Records) -> list[str]:
        """Write the baseline that was asked for and return the names of the files written."""
        if self.into is None:
            return []
        before = self.known.reasons if self.known else {}
        text = baseline_text(parts, self.reason, before, self.failing)
        self.into.write_text(text, encoding="utf-8")
        return [str(self.into)]


def lines_of(result: Result, explained: Iterable[str] | None) -> Iterator[str]:
    """Yield the summary of a result, or all of the findings that --explain names."""
    color = sys.stdout.isatty()
    width = columns(shutil.get_terminal_size().columns if color else None)
    if not explained:
        yield from summarise(result, color, width)
        return
    for place, name in enumerate(dict.fromkeys(explained)):
        found(result, name)
        yield from [""] if place else []
        yield from explain(result, name, color, width)


def found(result: Result, name: str) -> dict[str, Any]:
    """Return the finding, or property, of that name; UsageError with the nearest ones."""
    record = subject(result, name)
    if record is None:
        near = ", ".join(nearest(result, name))
        remedy = f"take one of {near}" if near else "the result has none"
        raise UsageError(f"no finding is called {name}; {remedy}.")
    return record


def show(lines: Iterable[str]) -> None:
    """Print lines; a reader that goes away early does not change the exit code."""
    text = "\n".join(lines)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
