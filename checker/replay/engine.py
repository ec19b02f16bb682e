"""Replay of traces: from a file to the records of its verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from checker.replay.collecting import seldom_collected
from checker.replay.one_trace import OneTrace
from checker.replay.options import ReplayOptions, ReplaySummary
from checker.replay.outcome import Outcome
from checker.replay.parts import Part, in_parts, parts_of
from checker.replay.records import Record, unexercised
from checker.replay.relation import Relations
from model.errors import RuleError
from model.ruleset import Ruleset
from traces.declaration import Declaration
from traces.events import Event
from traces.read import read_trace, trace_name
from traces.runs import TraceRun
from traces.views import View


class Replayer:
    """Replays traces against one ruleset; step relations are compiled once and shared."""

    def __init__(self, ruleset: Ruleset, options: ReplayOptions | None = None) -> None:
        self.ruleset = ruleset
        self.options = options or ReplayOptions()
        self.summary = ReplaySummary(fail_on=self.options.fail_on)
        self.relations = Relations(ruleset)
        self.readings = _readings(ruleset, self.options)

    def replay(self, path: Path, declared: Declaration) -> Iterator[Record]:
        """Yield the records of a trace file: trace, errors, exchanges, verdicts.

        A KeyboardInterrupt is raised again when what was judged until then has been yielded.
        """
        name = trace_name(path)

        def judge(part: Part) -> Outcome:
            return self._judged(read_trace(path, declared), name, declared, part)

        yield from self._told(in_parts(judge, parts_of(path, self.options.threads)), declared)

    def replay_run(self, run: TraceRun) -> Iterator[Record]:
        """Yield the records of a run that was captured at several places."""
        yield from self.replay_events(run.events(), run.name, run.declaration, run.views)

    def replay_events(
        self,
        events: Iterable[Event],
        name: str,
        declared: Declaration,
        views: tuple[View, ...] = (),
    ) -> Iterator[Record]:
        """Yield the records of events that were read from (or made for) a trace called `name`.

        `views`: of what captures the events of a run were merged.
        """
        yield from self._told(self._judged(events, name, declared, Part(), views), declared)

    def _judged(
        self,
        events: Iterable[Event],
        name: str,
        declared: Declaration,
        part: Part,
        views: tuple[View, ...] = (),
    ) -> Outcome:
        shared = self.relations, self.options, self.readings
        with seldom_collected():
            return OneTrace(name, declared, *shared, part, views).replay(events)

    def _told(self, outcome: Outcome, declared: Declaration) -> Iterator[Record]:
        """Yield the records of a trace, counted in the summary."""
        for record in self._records(outcome, declared):
            self.summary.count(record)
            yield record
        if outcome.stopped:
            raise KeyboardInterrupt

    def _records(self, outcome: Outcome, declared: Declaration) -> Iterator[Record]:
        yield from outcome.records(declared)
        listing = outcome.listing
        if listing.exchanges and not outcome.stopped:
            knows = declared.knows_bids is not False
            yield from unexercised(listing.trace, self.ruleset, listing.rules, knows)


def replay(
    ruleset: Ruleset, path: Path, declared: Declaration, options: ReplayOptions | None = None
) -> Iterator[Record]:
    """Yield the records of one trace; several traces are faster with one `Replayer`."""
    yield from Replayer(ruleset, options).replay(path, declared)


def _readings(ruleset: Ruleset, options: ReplayOptions) -> dict[str, int]:
    """The chosen alternatives by index; RuleError for a reading that the ruleset has not."""
    known = {r.id: r for r in ruleset.readings}
    chosen = {}
    for name, value in options.readings.items():
        if name not in known or value not in known[name].domain.values:
            names = ", ".join(f"{r.id}={'|'.join(r.domain.values)}" for r in ruleset.readings)
            raise RuleError(f"the reading {name}={value} is not known", remedy=f"use {names}")
        chosen[name] = known[name].domain.values.index(value)
    return chosen
