"""What each command computes: records and an exit code; nothing is printed here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.baseline import Baseline, compare
from checker.describe import exploration_records, finding_record
from checker.explore import Exploration, Explorer
from checker.exploring import INTERPRETED, Exploring
from checker.machine import Machine
from checker.progress import Progress
from checker.reach import Ways
from checker.resolution import Resolution
from checker.session import footer, header, preamble
from model.errors import RuleError
from model.ruleset import Ruleset
from model.scope import Scope
from model.whole.scope import WholeScope
from reports import FAIL_ON
from traces.declaration import Declaration, load_declaration
from traces.dialects import dialect
from traces.run_file import RunFile, is_run_file, load_run, run_of_traces
from traces.runs import Source, run_of

if TYPE_CHECKING:
    from checker.replay import Replayer
    from checker.two_party import Placed

Record = dict[str, Any]
RECORDED = Path(__file__).resolve().parent.parent / "traces" / "recorded"
CLEAN, FOUND, USAGE, UNREADABLE, INCONCLUSIVE = 0, 1, 2, 3, 4
KINDS = (".pcap", ".pcapng", ".jsonl")
TRACES = (*KINDS, *(f"{kind}.gz" for kind in KINDS))
# Of a replay: an answer that is not seen by then is taken as not sent.  The first registration is
# sent again after 1.5 s and then after 3 (InitialBindackTimeoutFirstReg of RFC 3775 13, doubled as
# 11.8 has it): a home agent that probes the address for a second answers before that.
DEADLINE_S = 3.0
MOST_STATES = 2_000_000  # for the interpreter; the compiled engine has a budget of memory
DEMO_SCOPES = (Scope(updates=3, faults=0), Scope(updates=2, faults=1))
STOPPED: Record = {
    "record": "error",
    "where": "this run",
    "text": "this run was stopped before its end; what was found until then is kept.",
}


@dataclass(frozen=True)
class Wire:
    """How captures are to be read: what the command line says goes before what is declared."""

    dialect: str | None = None
    bid_type: int | None = None
    no_bids: bool = False

    def declaration(self, path: Path, run: Path | None = None) -> Declaration:
        """Return the declaration of a trace, with the options of the command line.

        `run` is the file of a run that the trace is part of.
        """
        declared = load_declaration(path, run)
        if self.dialect or self.bid_type is not None:
            name = self.dialect or declared.dialect.name
            declared = replace(declared, dialect=dialect(name, self.bid_type))
        return replace(declared, knows_bids=False) if self.no_bids else declared


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of several results: unreadable, then found, then inconclusive."""
    found = set(codes)
    return next((c for c in (UNREADABLE, FOUND, INCONCLUSIVE) if c in found), CLEAN)


def run_check(ruleset: Ruleset, scope: Scope, progress: Progress) -> tuple[list[Record], int]:
    """Return the findings of the rule analysis."""
    from checker.check import check  # noqa: PLC0415  (not for explorations)

    checked = check(ruleset, scope, progress.say)
    records = [
        finding_record(f, ruleset, checked.reached.get(f.id), checked.invariants.get(f.id))
        for f in checked.findings
    ]
    if not checked.complete:
        return [*records, STOPPED], FOUND if records else INCONCLUSIVE
    return records, FOUND if records else CLEAN


def run_explore(
    ruleset: Ruleset,
    scope: Scope,
    progress: Progress,
    readings: Mapping[str, str],
    how: Exploring,
    resolved: Iterable[Resolution] = (),
) -> tuple[list[Record], int]:
    """Return the properties, each with a shortest message sequence where it is violated."""
    chosen = reading_indices(ruleset, readings)
    machine = Machine(ruleset, scope, chosen, resolved=resolved)
    placed: list[Placed] = []
    if how.engine != INTERPRETED:
        from checker.space.verdicts import explored  # noqa: PLC0415  (loads the compilers)

        account, verdicts = explored(machine, how, progress.states)
    else:
        most = MOST_STATES if how.most_states is None else how.most_states
        explorer = Explorer(machine, most)
        found = explorer.run(progress.states)
        account, verdicts = found.account(), explorer.verdicts(found)
        if not isinstance(scope, WholeScope):
            placed = both_sides(ruleset, chosen, found, progress)
    records = list(exploration_records(account, verdicts))
    records += [finding_record(f, ruleset, Ways(where)) for f, where in placed]
    if placed or any(v.holds is False for v in verdicts):
        return records, FOUND
    decided = account.complete and all(v.holds is not None for v in verdicts)
    return records, CLEAN if decided else INCONCLUSIVE


def both_sides(
    ruleset: Ruleset, readings: Mapping[str, int], found: Exploration, progress: Progress
) -> list[Placed]:
    """Return what both sides come to in an exploration that went to its end; else nothing."""
    from checker.two_party import TwoParty  # noqa: PLC0415  (for few explorations)

    if not found.complete:
        return []
    both = TwoParty(ruleset, readings)
    progress.say("what both sides come to, though each obeys every rule")
    return [*both.of(found), *both.procedures()]


def reading_indices(ruleset: Ruleset, readings: Mapping[str, str]) -> dict[str, int]:
    """Return readings as indices; RuleError for a name or alternative that does not exist."""
    known = {r.id: r for r in ruleset.readings}
    indices = {}
    for name, alternative in readings.items():
        if name not in known:
            raise RuleError(f"no reading is called {name}", remedy=f"use {', '.join(known)}")
        values = known[name].domain.values
        if alternative not in values:
            raise RuleError(
                f"{name} has no alternative {alternative!r}", remedy=f"use {', '.join(values)}"
            )
        indices[name] = values.index(alternative)
    return indices


def judge(
    parts: list[Record], code: int, baseline: Baseline, failing: Collection[str] = ()
) -> tuple[list[Record], int]:
    """Return the records against a baseline, and the exit code: 0 where just those are found.

    An input that could not be read stays one.
    """
    complete = is_complete(parts) and code != UNREADABLE
    compared = compare(parts, baseline, complete, failing)
    if code == UNREADABLE:
        return compared.records, UNREADABLE
    if not compared.exact:
        return compared.records, FOUND
    return compared.records, CLEAN if complete and code in (CLEAN, FOUND) else INCONCLUSIVE


def is_complete(parts: Sequence[Record]) -> bool:
    """Return whether no run was stopped and no exploration spent its budget."""
    explorations = [p for p in parts if p["record"] == "exploration"]
    explored = all(p.get("complete", True) and not p.get("stopped") for p in explorations)
    return explored and STOPPED not in parts


def trace_files(paths: Sequence[Path]) -> list[Path]:
    """Return the traces named, taking every capture and log of a folder."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(p for p in path.rglob("*") if p.name.endswith(TRACES) and p.is_file())
        else:
            files.append(path)
    return files


def replay_inputs(
    paths: Sequence[Path], same_run: bool = False, clock_offsets: Mapping[str, float] | None = None
) -> list[Path | RunFile]:
    """Return what is to be replayed: traces, those of folders, runs of several captures.

    With `same_run` all of them are one run. DeclarationError for a file of a run that is none.
    """
    files = trace_files(paths)
    if same_run:
        return [run_of_traces(tuple(files), clock_offsets or {})]
    return [load_run(file) if is_run_file(file) else file for file in files]


def files_of(inputs: Iterable[Path | RunFile]) -> list[Path]:
    """Return the files that are read for some inputs."""
    parts = [(*i.traces,) if isinstance(i, RunFile) else (i,) for i in inputs]
    return [file for part in parts for file in part]


def run_replay(
    ruleset: Ruleset,
    files: Sequence[Path | RunFile],
    wire: Wire,
    progress: Progress,
    deadline_s: float = DEADLINE_S,
    readings: Mapping[str, str] | None = None,
    fail_on: str = FAIL_ON[0],
    threads: int | None = None,
) -> tuple[list[Record], int]:
    """Return the verdicts on traces; a trace that cannot be opened is an error record.

    The exit code is that of a failure for a verdict as grave as `fail_on`, or graver.  Long
    captures are judged by `threads` processes, None: one for each core.
    """
    from checker.replay import Replayer, ReplayOptions  # noqa: PLC0415  (not for explorations)

    options = ReplayOptions(deadline_s, None, readings or {}, fail_on, threads, progress.say)
    replayer = Replayer(ruleset, options)
    records: list[Record] = []
    try:
        for number, path in enumerate(files, 1):
            progress.say(f"replaying {number} of {len(files)}: {path.name}")
            records += _replayed(replayer, path, wire)
    except KeyboardInterrupt:
        return [*records, STOPPED], worst([replayer.summary.exit_code, INCONCLUSIVE])
    return records, replayer.summary.exit_code


def _replayed(replayer: Replayer, path: Path | RunFile, wire: Wire) -> Iterator[Record]:
    if isinstance(path, RunFile):
        yield from _replayed_run(replayer, path, wire)
        return
    try:
        yield from replayer.replay(path, wire.declaration(path))
    except (OSError, ValueError, RuntimeError) as bad:
        what = bad.strerror if isinstance(bad, OSError) and bad.strerror else str(bad)
        error = {
            "record": "error",
            "where": str(path),
            "text": f"{path}: {what}; name another file.",
        }
        replayer.summary.count(error)
        yield error


def _replayed_run(replayer: Replayer, run: RunFile, wire: Wire) -> Iterator[Record]:
    try:
        sources = [Source.of(path, wire.declaration(path, run.file)) for path in run.traces]
        yield from replayer.replay_run(run_of(sources, run.name, run.clock_offsets))
    except ValueError as bad:
        error = {"record": "error", "where": run.name, "text": str(bad)}
        replayer.summary.count(error)
        yield error


def demo_files() -> list[Path]:
    """Return the shipped recordings: every SHISA scenario once, the home agent's captures."""
    umip = sorted((RECORDED / "umip").glob("*-ha.pcapng"))
    shisa = sorted((RECORDED / "shisa").glob("*.jsonl"))
    return [*shisa, *umip, RECORDED / "tcpdump" / "ipv6_mobility_1.pcap"]


def assemble(
    ruleset: Ruleset,
    commands: Sequence[str],
    parts: Sequence[Record],
    exit_code: int,
    *,
    scope: Scope | None = None,
    inputs: Sequence[Path] = (),
    readings: Mapping[str, str] | None = None,
    fail_on: str | None = None,
) -> list[Record]:
    """Return the records of a whole result file."""
    body = [*preamble(ruleset), *parts]
    first = header(ruleset, commands, scope, inputs, readings, fail_on)
    return [first, *body, footer(body, exit_code, is_complete(parts))]


def rule_lines(ruleset: Ruleset) -> Iterator[str]:
    """Yield the rules of a ruleset as lines, by document and clause."""
    for document, rules in groupby(ruleset.rules, key=lambda r: r.document):
        yield document
        for r in rules:
            ids = ", ".join(r.ids)
            strength = r.modality.value + (f" ({r.label})" if r.label else "")
            part = f" ({r.part})" if r.part else ""
            yield f"  {ids}{part}  {strength}, {r.role.value}: {r.title}"
