"""The replay of one trace: events in as they come, exchanges judged as soon as they have ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from checker.replay.evidence import Evidence
from checker.replay.exchanges import Exchange
from checker.replay.gathering import Gathering
from checker.replay.listing import Listing
from checker.replay.naming import Naming, naming_of
from checker.replay.near import Nearest
from checker.replay.observe import Observer
from checker.replay.options import ReplayOptions
from checker.replay.outcome import Outcome
from checker.replay.parts import Part
from checker.replay.records import Reporter, stop_records
from checker.replay.relation import Relation, Relations
from checker.replay.session import Session
from checker.replay.track import Tracker
from traces.declaration import Declaration
from traces.events import Event, Meta, NodeStopped, Place, ReadError
from traces.views import View

MOST_BIDS = 255
MOST_OPTIONS = 8
AHEAD = 20_000  # events that are looked at before the first exchange is judged
SOMETIMES = 10_000  # events from one word about progress to the next


@dataclass(slots=True)
class OneTrace:
    """Reads a trace to its end once; what it keeps does not grow with the trace."""

    name: str
    declared: Declaration
    relations: Relations
    options: ReplayOptions
    readings: Mapping[str, int]
    part: Part = field(default_factory=Part)
    views: tuple[View, ...] = ()  # of what captures the events of a run were merged
    evidence: Evidence = field(init=False)
    gathering: Gathering = field(init=False)
    outcome: Outcome = field(init=False)
    _nearest: dict[int, Nearest] = field(default_factory=dict)  # by identity of the relation
    _whole: bool = False  # whether it is a log that begins with what it says of itself
    _last: Place | None = None  # of the packet that was seen last
    _last_packets: dict[str, int] = field(default_factory=dict)  # by file

    def __post_init__(self) -> None:
        """Begin with nothing known."""
        self.evidence = Evidence(self.declared, self.options, self.views)
        self.gathering = Gathering(self.evidence, self.options.deadline_s, self.part)
        self.outcome = Outcome(Listing(self.name), views=self.views)

    def replay(self, events: Iterable[Event]) -> Outcome:
        """What the exchanges in the events come to; after a KeyboardInterrupt, those until then."""
        try:
            self._read(events)
            for session, found in self.gathering.sweep(everything=True):
                self._judge(session, found)
        except KeyboardInterrupt:
            self.outcome.stopped = True
        self.outcome.malformed = self.gathering.malformed
        self.outcome.lost = self.gathering.lost
        self.outcome.listing.count()
        return self.outcome

    def _read(self, events: Iterable[Event]) -> None:
        """Judge what has ended; a KeyboardInterrupt while the first events are read goes on."""
        rest, first = iter(events), list[Event]()
        stopped = None
        try:
            first.extend(islice(rest, AHEAD))
        except KeyboardInterrupt as interrupt:
            rest, stopped = iter(()), interrupt
        self._whole = bool(first) and isinstance(first[0], Meta)
        self.evidence.add_all(first)
        for event in first:
            self._take(event)
        for number, event in enumerate(rest, AHEAD):
            self.evidence.add(event)
            self._take(event)
            if number % SOMETIMES == 0 and self.part.number == 0:
                self.options.tell(f"replaying {self.name}: packet {event.place.packet}")
        if stopped is not None:
            raise stopped

    def _take(self, event: Event) -> None:
        self._note(event)
        for session, found in self.gathering.feed(event):
            self._judge(session, found)

    def _note(self, event: Event) -> None:
        """Take note of what is no matter of an exchange."""
        file, packet = event.place.file, event.place.packet
        if packet is not None and packet > self._last_packets.get(file, 0):
            self._last_packets[file] = packet
            self._last = event.place
            self.outcome.packets += 1
        if isinstance(event, ReadError):
            self.outcome.unreadable(event)
        elif isinstance(event, NodeStopped) and self.part.number == 0:
            self.outcome.stops += stop_records(self.name, event, self._last)
        elif isinstance(event, Meta) and self.outcome.description is None:
            self.outcome.description = event.description

    def _judge(self, session: Session, found: Sequence[Exchange]) -> None:
        """Judge a stretch of exchanges of one home address."""
        tracker = session.tracker
        naming = naming_of(found, None if tracker is None else tracker.forget())
        if len(naming.bids) > MOST_BIDS or naming.options > MOST_OPTIONS:
            self.outcome.unreadable(_too_many(found))
            session.tracker = None
            return
        relation, observer = self._relation(naming), self._observer(session, naming)
        agent = self.evidence.is_home_agent(session.receiver)
        if tracker is None:
            known = observer.vantage.log and self._whole
            tracker = Tracker(relation, observer, agent, self.readings, known=known)
            session.tracker = tracker
        tracker.relation, tracker.observer, tracker.home_agent = relation, observer, agent
        if id(relation) not in self._nearest:
            self._nearest[id(relation)] = Nearest(relation)
        reporter = Reporter(self.name, self._nearest[id(relation)], observer, agent)
        for judged in tracker.run(found):
            self.outcome.listing.add(judged, reporter)

    @property
    def _knows(self) -> bool:
        """Whether the observed nodes are taken to know BIDs."""
        return self.declared.knows_bids is not False

    def _relation(self, naming: Naming) -> Relation:
        scope = naming.scope() if self._knows else naming.plain_scope()
        return self.relations.at(scope, self._knows)

    def _observer(self, session: Session, naming: Naming) -> Observer:
        vantage = self.evidence.vantage(session.receiver)
        numbers, layout = self.relations.numbers, self.declared.dialect.layout
        return Observer(naming, vantage, numbers, self.options.deadline_s, self._knows, layout)


def _too_many(session: Sequence[Exchange]) -> ReadError:
    """What is beyond the bounds of a replay, at the update with the most sub-options."""
    update = max((e.update for e in session), key=lambda u: len(u.bids))
    what = f"more than {MOST_OPTIONS} BID sub-options in an update or {MOST_BIDS} BIDs in all"
    return ReadError(update.place, what, f"leave out the updates of {session[0].home}")
