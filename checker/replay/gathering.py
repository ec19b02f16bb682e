"""From events, one after the other, to exchanges that are ready to be judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from checker.replay.evidence import Evidence
from checker.replay.exchanges import (
    Exchange,
    Past,
    Side,
    concerns,
    home_answered,
    home_of,
    wellformed,
)
from checker.replay.parts import Part
from checker.replay.proofs import Tokens
from checker.replay.recent import Recent
from checker.replay.session import Session
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    CareofTest,
    DadResult,
    DadStart,
    Event,
    HomeTest,
    KernelDrop,
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    NodeStopped,
    solicited_node,
)

Key = tuple[IPv6Address, IPv6Address]  # observed node, home address
Ready = tuple[Session, list[Exchange]]
MOST_IDLE = 10_000  # home addresses without a live binding that are remembered
MOST_PROBED = 1_000  # addresses for which a probe was seen lately
SWEEP = 8_192  # events from one look at all that is open to the next


@dataclass(slots=True)
class Gathering:
    """Keeps what is open of each home address at each observed node, and tells what is not.

    What is kept grows with the bindings that are alive at one time, not with the trace.
    """

    evidence: Evidence
    deadline: float
    part: Part = field(default_factory=Part)
    open: dict[Key, Session] = field(default_factory=dict)
    idle: Recent[Key, Session] = field(default_factory=lambda: Recent(MOST_IDLE))
    tokens: Tokens = field(init=False)
    updates: int = 0  # how many there were, of all home addresses
    lost: int = 0  # updates that were lost on the way
    malformed: int = 0  # updates with a wrong checksum or payload type
    _homes: dict[IPv6Address, list[Key]] = field(default_factory=dict)
    _groups: dict[IPv6Address, list[Key]] = field(default_factory=dict)
    _dumps: dict[str | None, CacheDump] = field(default_factory=dict)
    _sources: Recent[Key, Key] = field(default_factory=lambda: Recent(MOST_IDLE))
    _probed: Recent[IPv6Address, float] = field(default_factory=lambda: Recent(MOST_PROBED))
    _events: int = 0
    _now: float = 0.0  # the latest time of an event

    def __post_init__(self) -> None:
        """Begin without tokens."""
        self.tokens = Tokens(self.evidence.declared.dialect)

    def feed(self, event: Event) -> Iterator[Ready]:
        """Take an event in, and yield the exchanges that have ended with it."""
        self._now = max(self._now, getattr(event, "time", None) or 0.0)
        if isinstance(event, BindingUpdate):
            yield from self._update(event)
        elif isinstance(event, BindingAcknowledgement):
            self._answer(event)
        elif isinstance(event, CacheDump):
            self._dump(event)
        elif isinstance(event, Side):
            self._side(event)
        elif isinstance(event, HomeTest | CareofTest):
            self.tokens.note(event)
        self._events += 1
        if self._events % SWEEP == 0:
            yield from self.sweep()

    def sweep(self, everything: bool = False) -> Iterator[Ready]:
        """Yield the exchanges to which nothing more can belong; all of them at the end."""
        for key, session in list(self.open.items()):
            if everything or self._now > session.until + self.deadline:
                yield from self._ended(session, everything=True)
                self._close(key)

    def _update(self, update: BindingUpdate) -> Iterator[Ready]:
        if update.tunnelled or not self.evidence.observes(update.dst):
            return
        self.lost += update.fate == "lost"
        if not self.evidence.delivered(update):
            return
        if not wellformed(update):
            self.malformed += 1
            return
        self.updates += 1
        home = home_of(update)
        if not self.part.has(home):
            return
        session = self._session((update.dst, home))
        self._sources[update.dst, update.src] = update.dst, home
        if session.events:
            yield from self._ended(session, by=update)
        else:
            session.past = self._past(session)
        proof = self.tokens.proof(update, home)
        session.update(update, self.updates, self._dumps.get(update.node), proof)

    def _session(self, key: Key) -> Session:
        """The session of a home address at a node, opened."""
        if key not in self.open:
            self.open[key] = self.idle.pop(key) or Session(*key)
            self._homes.setdefault(key[1], []).append(key)
            self._groups.setdefault(solicited_node(key[1]), []).append(key)
        return self.open[key]

    def _close(self, key: Key) -> None:
        self.idle[key] = self.open.pop(key)
        for index, name in ((self._homes, key[1]), (self._groups, solicited_node(key[1]))):
            index[name].remove(key)
            if not index[name]:
                del index[name]

    def _ended(
        self, session: Session, by: BindingUpdate | None = None, everything: bool = False
    ) -> Iterator[Ready]:
        """Yield the exchanges that have ended, `by` the next update or altogether."""
        if not session.events:
            return
        found = session.exchanges(self.evidence.vantage(session.receiver), self.deadline)
        count = len(found) if everything else session.ended(found, self._now)
        if not count:
            return
        if by is not None and count == len(found):
            found[-1].next_time = by.time
        yield session, found[:count]
        session.forget(found, count, self._past(session))

    def _past(self, session: Session) -> Past:
        """What is known of the time before the next update of a session."""
        probing = self._probed.get(session.home)
        stopped = self.evidence.stopped.get(session.node)
        past = session.past
        return Past(past.dump, probing, past.answered, stopped, past.begun)

    def _answer(self, answer: BindingAcknowledgement) -> None:
        session = self.open.get((answer.src, home_answered(answer))) or self._unrouted(answer)
        if session is None or not session.events or answer.tunnelled:
            return
        if self.evidence.sent(answer):
            session.answer(answer)

    def _unrouted(self, answer: BindingAcknowledgement) -> Session | None:
        """The session of an acknowledgement that lacks the routing header that is due.

        Its sequence number and the source of an update tell which home address it is about.
        """
        key = self._sources.get((answer.src, answer.dst))
        session = None if key is None or answer.routing_home is not None else self.open.get(key)
        return session if session is not None and session.asks(answer.sequence) else None

    def _dump(self, dump: CacheDump) -> None:
        self._dumps[dump.node] = dump
        for session in self.open.values():
            if session.node == dump.node and session.events:
                session.dump(dump, self.deadline)

    def _side(self, event: Side) -> None:
        self._note_probe(event)
        for key in self._concerned(event):
            session = self.open[key]
            vantage = self.evidence.vantage(session.receiver)
            if session.events and concerns(event, session.home, session.node, vantage):
                session.side(event, self.deadline)

    def _concerned(self, event: Side) -> list[Key]:
        """The sessions that something may be about."""
        match event:
            case NeighborSolicitation() | NeighborAdvertisement():
                return self._homes.get(event.target, [])
            case ListenerReport():
                return [key for group in event.left for key in self._groups.get(group, [])]
            case KernelDrop() | NodeStopped():
                return list(self.open)
            case _:
                return self._homes.get(event.address, [])

    def _note_probe(self, event: Side) -> None:
        """Remember which addresses are being probed; a result ends it."""
        if isinstance(event, DadResult):
            self._probed.pop(event.address)
        elif isinstance(event, DadStart):
            self._probed[event.address] = event.time
        elif isinstance(event, NeighborSolicitation) and event.is_dad:
            self._probed[event.target] = event.time
