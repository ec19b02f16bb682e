"""Exchanges: each Binding Update delivered to an observed node, with all that belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from itertools import pairwise

from checker.replay.vantage import Vantage
from traces.events import (
    BidOption,
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    DadRefused,
    DadResult,
    DadStart,
    Event,
    KernelDrop,
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    NodeStopped,
    ProxyAdvertisement,
    ProxyNd,
)

SEQUENCE_ERROR = 135
NO_NEXT_HEADER = 59
Side = (
    ProxyNd
    | ProxyAdvertisement
    | DadStart
    | DadRefused
    | DadResult
    | KernelDrop
    | NodeStopped
    | NeighborSolicitation
    | NeighborAdvertisement
    | ListenerReport
)
COMPLETION = (ProxyNd, ProxyAdvertisement, NeighborAdvertisement)


@dataclass(slots=True)
class Exchange:
    """One Binding Update and what was seen of its processing, by position in the trace."""

    update: BindingUpdate
    position: int
    home: IPv6Address
    receiver: IPv6Address
    number: int = 0
    answer: BindingAcknowledgement | None = None
    answered_at: int | None = None
    next_at: int | None = None
    next_time: float | None = None
    bids: tuple[BidOption, ...] = field(init=False)
    sides: list[Side] = field(default_factory=list)
    before: CacheDump | None = None
    after: CacheDump | None = None
    probing_before: bool = False
    stopped: bool = False
    proof: str | None = None  # what the authenticator covers: see checker.replay.proofs

    def __post_init__(self) -> None:
        """Look the sub-options up once: they are asked for again and again."""
        self.bids = self.update.bids

    @property
    def probed(self) -> bool:
        """Whether duplicate address detection was seen to begin in it."""
        return any(is_probe(side) for side in self.sides)


def is_probe(event: Event) -> bool:
    """Whether a node begins, or goes on with, duplicate address detection."""
    if isinstance(event, NeighborSolicitation):
        return event.is_dad
    return isinstance(event, DadStart)


def home_of(update: BindingUpdate) -> IPv6Address:
    """The home address of an update: the Home Address option's, else the source (9.5.1)."""
    return update.home_address if update.home_address is not None else update.src


def home_answered(answer: BindingAcknowledgement) -> IPv6Address:
    """The home address that an acknowledgement is about: the routing header's, else where it went.

    Source: RFC 3775 9.5.4.
    """
    return answer.routing_home if answer.routing_home is not None else answer.dst


def wellformed(update: BindingUpdate) -> bool:
    """Whether RFC 3775 9.2 lets the update be processed: checksum and payload type."""
    return update.checksum_ok and update.payload_proto == NO_NEXT_HEADER


@dataclass(frozen=True, slots=True)
class Past:
    """What came before a stretch of events, as far as it matters there.

    The cache as last dumped; when a probe was seen that may be under way; the sequence numbers of
    updates that were answered lately; when the node stopped; whether there were updates at all.
    """

    dump: CacheDump | None = None
    probing: float | None = None
    answered: tuple[int, ...] = ()
    stopped: float | None = None
    begun: bool = False


NOTHING = Past()


def exchanges_of(
    events: Sequence[Event], vantage: Vantage, deadline: float, past: Past = NOTHING
) -> list[Exchange]:
    """The exchanges of one home address at the observed node, in order of arrival.

    `events` are those that concern it; of those that came before, `past` has what matters.
    """
    found = [
        Exchange(update, k, home_of(update), vantage.receiver)
        for k, update in enumerate(events)
        if isinstance(update, BindingUpdate) and wellformed(update)
    ]
    if found:
        _chain(found)
        _pair(events, found, past)
        _attach(events, found, vantage, deadline, past)
    return found


def _chain(session: Sequence[Exchange]) -> None:
    for this, following in pairwise(session):
        this.next_at, this.next_time = following.position, following.update.time


def _pair(events: Sequence[Event], session: list[Exchange], past: Past) -> None:
    """Give each acknowledgement to its update: by sequence number, else the latest open one."""
    for k, answer in enumerate(events):
        if not isinstance(answer, BindingAcknowledgement):
            continue
        open_ = [e for e in session if e.position < k and e.answer is None]
        same, latest = _match(open_, answer), _latest(session, open_, answer, k, past)
        # A refused sequence number is not in its answer: the last accepted one is.
        chosen = latest or same if _says_sequence_error(answer) else same or latest
        if chosen is not None:
            chosen.answer, chosen.answered_at = answer, k


def _match(open_: list[Exchange], answer: BindingAcknowledgement) -> Exchange | None:
    same = [e for e in open_ if e.update.sequence == answer.sequence]
    to_source = [e for e in same if e.update.src == answer.dst]
    return next(iter(to_source or same), None)


def _latest(
    session: list[Exchange],
    open_: list[Exchange],
    answer: BindingAcknowledgement,
    k: int,
    past: Past,
) -> Exchange | None:
    """The update that an acknowledgement with another sequence number answers."""
    if not _says_sequence_error(answer) and _repeats(session, answer, k, past):
        return None
    begun = [e for e in session if e.position < k]
    if not begun or begun[-1] not in open_:
        return None
    strays = len(begun) == 1 and not past.begun and _is_older(answer, begun[0])
    return None if strays and not _says_sequence_error(answer) else begun[-1]


def _is_older(answer: BindingAcknowledgement, e: Exchange) -> bool:
    """Whether an answer is about an update before one: its number is less (RFC 3775 9.5.1)."""
    return 0 < (e.update.sequence - answer.sequence) & 0xFFFF < 1 << 15


def _says_sequence_error(answer: BindingAcknowledgement) -> bool:
    """Whether it has status 135, for the update or for one of its sub-options."""
    return SEQUENCE_ERROR in (answer.status, *(o.status for o in answer.bids))


def _repeats(session: list[Exchange], answer: BindingAcknowledgement, k: int, past: Past) -> bool:
    """Whether an answered update has this sequence number: a second copy of its answer."""
    return answer.sequence in past.answered or any(
        e.position < k and e.answer is not None and e.update.sequence == answer.sequence
        for e in session
    )


def _attach(
    events: Sequence[Event],
    session: list[Exchange],
    vantage: Vantage,
    deadline: float,
    past: Past,
) -> None:
    """Give neighbour messages, log events and cache dumps to their exchanges."""
    node = session[0].update.node
    home = session[0].home
    probing, latest = past.probing, past.dump
    waiting = {e.position: e for e in session}
    for k, event in enumerate(events):
        if k in waiting:
            waiting[k].before = latest
            waiting[k].probing_before = _still_probing(probing, waiting[k], session, k)
        elif isinstance(event, CacheDump):
            latest = event if event.node == node else latest
        elif isinstance(event, Side) and concerns(event, home, node, vantage):
            if is_probe(event):
                probing = event.time
            if isinstance(event, DadResult):
                probing = None
            owner = _owner(session, event, k, deadline)
            if owner is not None:
                owner.sides.append(event)
    stops = [x.time for x in events if isinstance(x, NodeStopped) and x.node == node]
    stops += [] if past.stopped is None else [past.stopped]
    for e in session:
        e.after = _settled(events, e, node, deadline)
        e.stopped = any(time <= e.update.time + deadline for time in stops)


def _still_probing(began: float | None, e: Exchange, session: list[Exchange], k: int) -> bool:
    """Whether duplicate address detection was under way when an update arrived."""
    if began is None or e.update.time - began > 2.0:
        return False
    started = [x for x in session if x.position < k and x.update.time <= began]
    answered = bool(started) and started[-1].answered_at is not None
    return not answered or (started[-1].answered_at or 0) > k


def concerns(event: Side, home: IPv6Address, node: str | None, vantage: Vantage) -> bool:
    """Whether what was seen is about a home address, or about the node as a whole."""
    if isinstance(event, NeighborSolicitation | NeighborAdvertisement):
        return event.target == home and vantage.on_home_link(event)
    if isinstance(event, ListenerReport):
        return vantage.on_home_link(event) and vantage.ceases_to_hear(event, home)
    if event.node != node:
        return False
    return isinstance(event, KernelDrop | NodeStopped) or event.address == home


def _owner(session: list[Exchange], event: Side, k: int, deadline: float) -> Exchange | None:
    """The exchange that an event belongs to: the one that waits for DAD, else the latest."""
    begun = [e for e in session if e.position < k]
    if not begun:
        return None
    if isinstance(event, COMPLETION):
        for e in begun:
            if e.probed and e.answered_at is not None and e.answered_at > k:
                return e
    last = begun[-1]
    limit = last.update.time + deadline
    if last.answer is not None:
        limit = max(limit, last.answer.time + 4.0 * last.answer.lifetime)
    if isinstance(event, ProxyNd | ProxyAdvertisement):
        limit = last.update.time + deadline
    return last if event.time <= limit else None


def _settled(
    events: Sequence[Event], e: Exchange, node: str | None, deadline: float
) -> CacheDump | None:
    """The dump that shows the cache once the update was processed."""
    start = e.position if e.answered_at is None else e.answered_at
    stop = len(events) if e.next_at is None else e.next_at
    limit = e.update.time + deadline
    dumps = [
        x
        for x in events[start:stop]
        if isinstance(x, CacheDump) and x.node == node and x.after != "timer"
    ]
    if e.answered_at is not None:
        return next(iter(dumps), None)
    return next((x for x in reversed(dumps) if x.time <= limit), None)
