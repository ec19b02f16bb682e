"""Replay of traces: from a file to the records of its verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address
from pathlib import Path

from checker.replay.exchanges import Exchange, exchanges_of, updates_to
from checker.replay.naming import naming_of
from checker.replay.observe import Observer
from checker.replay.options import ReplayOptions, ReplaySummary
from checker.replay.records import (
    Record,
    Reporter,
    error_record,
    trace_record,
    unexercised,
)
from checker.replay.relation import Relations
from checker.replay.track import Tracker
from checker.replay.vantage import Vantage, vantage_of
from model.errors import RuleError
from model.ruleset import Ruleset
from traces.declaration import Declaration
from traces.events import BindingUpdate, Event, Meta, ReadError
from traces.read import read_trace, trace_name

MOST_BIDS = 255
MOST_OPTIONS = 8
HOME_AGENT = "home-agent"
NOT_SUPPORTED = 131


class Replayer:
    """Replays traces against one ruleset; step relations are compiled once and shared."""

    def __init__(self, ruleset: Ruleset, options: ReplayOptions | None = None) -> None:
        self.ruleset = ruleset
        self.options = options or ReplayOptions()
        self.summary = ReplaySummary(fail_on=self.options.fail_on)
        self.relations = Relations(ruleset)
        self.readings = _readings(ruleset, self.options)

    def replay(self, path: Path, declared: Declaration) -> Iterator[Record]:
        """Yield the records of a trace file: trace, exchanges, verdicts, errors."""
        yield from self.replay_events(list(read_trace(path, declared)), trace_name(path), declared)

    def replay_events(
        self, events: Sequence[Event], name: str, declared: Declaration
    ) -> Iterator[Record]:
        """Yield the records of events that were read from (or made for) a trace called `name`."""
        for record in self._records(events, name, declared):
            self.summary.count(record)
            yield record

    def _records(
        self, events: Sequence[Event], name: str, declared: Declaration
    ) -> Iterator[Record]:
        found = self._exchanges(events, declared)
        count = sum(len(exchanges) for _, exchanges in found)
        description = _description(events, declared, count)
        yield trace_record(name, declared, description, _packets(events), count)
        yield from (error_record(e) for e in events if isinstance(e, ReadError))
        judged: set[str] = set()
        for vantage, exchanges in found:
            for record in self._node(events, name, declared, vantage, exchanges):
                if record["record"] == "verdict":
                    judged.add(record["rule"])
                yield record
        if count:
            yield from unexercised(name, self.ruleset, judged, declared.knows_bids is not False)

    def _exchanges(
        self, events: Sequence[Event], declared: Declaration
    ) -> list[tuple[Vantage, list[Exchange]]]:
        """The exchanges of each observed node, numbered through the trace."""
        found = []
        for receiver in _receivers(events, declared):
            vantage = vantage_of(events, receiver, declared, self.options)
            exchanges = exchanges_of(events, vantage, self.options.deadline_s)
            found.append((vantage, exchanges))
        for number, e in enumerate((e for _, many in found for e in many), 1):
            e.number = number
        return found

    def _node(
        self,
        events: Sequence[Event],
        name: str,
        declared: Declaration,
        vantage: Vantage,
        exchanges: Sequence[Exchange],
    ) -> Iterator[Record]:
        agent = _is_home_agent(exchanges, declared)
        for home in dict.fromkeys(e.home for e in exchanges):
            session = [e for e in exchanges if e.home == home]
            yield from self._session(name, declared, vantage, session, agent)

    def _session(
        self,
        name: str,
        declared: Declaration,
        vantage: Vantage,
        session: Sequence[Exchange],
        agent: bool,
    ) -> Iterator[Record]:
        naming = naming_of(session)
        if len(naming.bids) > MOST_BIDS or naming.options > MOST_OPTIONS:
            yield error_record(_too_many(session))
            return
        knows = declared.knows_bids is not False
        relation = self.relations.at(naming.scope() if knows else naming.plain_scope(), knows)
        numbers = dict(self.ruleset.status_numbers)
        observer = Observer(
            naming, vantage, numbers, self.options.deadline_s, knows, declared.dialect.layout
        )
        tracker = Tracker(relation, observer, agent, self.readings, known=vantage.log)
        reporter = Reporter(name, relation, observer, agent)
        for judged in tracker.run(session):
            yield from reporter.records(judged)


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


def _receivers(events: Sequence[Event], declared: Declaration) -> list[IPv6Address]:
    """The observed nodes: those declared, else every node that a Binding Update is sent to."""
    if declared.role == "mobile-node":
        return []
    if declared.observed:
        return list(declared.observed)
    return list(dict.fromkeys(e.dst for e in events if isinstance(e, BindingUpdate)))


def _is_home_agent(exchanges: Sequence[Exchange], declared: Declaration) -> bool:
    """Whether the node is a home agent: as declared, else if it accepted a home registration."""
    if declared.role is not None:
        return declared.role == HOME_AGENT
    answers = [
        e.answer.status for e in exchanges if e.update.home_registration and e.answer is not None
    ]
    return any(status != NOT_SUPPORTED for status in answers)


def _packets(events: Sequence[Event]) -> int:
    """How many packets the events come from."""
    places = [e.place for e in events]
    return len({(p.packet, p.line if p.packet is None else None) for p in places if p.packet})


def _description(events: Sequence[Event], declared: Declaration, count: int) -> str:
    """What a log says of itself, what was declared, and which updates were left out."""
    said = [e.description for e in events if isinstance(e, Meta)][:1]
    if declared.notes:
        said.append(declared.notes)
    receivers = _receivers(events, declared)
    sent = sum(len(updates_to(events, r)) for r in receivers)
    if sent > count:
        said.append(
            f"{sent - count} Binding Updates with a wrong checksum or payload type are not "
            "judged: RFC 3775 9.2 has them dropped"
        )
    return "; ".join(said)


def _too_many(session: Sequence[Exchange]) -> ReadError:
    """What is beyond the bounds of a replay, at the update with the most sub-options."""
    update = max((e.update for e in session), key=lambda u: len(u.bids))
    what = f"more than {MOST_OPTIONS} BID sub-options in an update or {MOST_BIDS} BIDs in all"
    return ReadError(update.place, what, f"leave out the updates of {session[0].home}")
