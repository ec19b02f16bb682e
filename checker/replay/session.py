"""The stretch of a trace that is about one home address at one node and is yet to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from checker.replay.exchanges import Exchange, Past, Side, exchanges_of
from checker.replay.track import Tracker
from checker.replay.vantage import Vantage
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    Event,
    NeighborAdvertisement,
    NeighborSolicitation,
)

PATIENCE_S = 32.0  # MAX_BINDACK_TIMEOUT of RFC 3775 12: no mobile node waits longer for an answer
MOST_WAITING = 64  # updates that wait together for their answers
ANSWERED = 16  # sequence numbers of answered updates that are remembered


@dataclass(slots=True)
class Session:
    """What is known of one home address at one node since its last exchanges were judged.

    `until`: the time in seconds after which nothing more can belong to what is here.
    """

    receiver: IPv6Address
    home: IPv6Address
    node: str | None = None
    events: list[Event] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    proofs: list[str | None] = field(default_factory=list)
    past: Past = field(default_factory=Past)
    until: float = 0.0
    tracker: Tracker | None = None  # what is known of the cache
    _begun: float = 0.0  # when the last update came
    _answered: bool = False  # whether an answer came after it
    _dumped: bool = False  # whether a dump came after that
    _places: dict[object, int] = field(default_factory=dict)

    def update(
        self,
        update: BindingUpdate,
        number: int,
        latest: CacheDump | None,
        proof: str | None = None,
    ) -> None:
        """Take an update in, with its proof; `latest` is the cache as it was dumped last."""
        self.node = update.node
        if not self.events:
            past = self.past
            self.past = Past(latest, past.probing, past.answered, past.stopped, past.begun)
        elif latest is not None:
            self.events.append(latest)
        self._message(update)
        self._begun, self._answered = update.time, False
        self.numbers.append(number)
        self.proofs.append(proof)
        self.until = max(self.until, update.time + max(PATIENCE_S, update.lifetime_s))

    def answer(self, answer: BindingAcknowledgement) -> None:
        """Take an acknowledgement in."""
        self._message(answer)
        self._answered, self._dumped = True, False
        self.until = max(self.until, answer.time + max(PATIENCE_S, answer.lifetime_s))

    def _message(self, message: Event) -> None:
        self.events.append(message)
        self._places.clear()

    def asks(self, sequence: int) -> bool:
        """Whether an update with this sequence number is here."""
        return any(isinstance(e, BindingUpdate) and e.sequence == sequence for e in self.events)

    def side(self, event: Side | CacheDump, deadline: float) -> None:
        """Take in something that is no message: of events that are alike the first and the last."""
        kind = (*_kind(event), event.time <= self._begun + deadline)
        place = self._places.pop((kind, "last"), None)
        if place is not None:
            del self.events[place]
            self._places = {k: p - (p > place) for k, p in self._places.items()}
        if kind in self._places:
            self._places[kind, "last"] = len(self.events)
        self._places.setdefault(kind, len(self.events))
        self.events.append(event)

    def dump(self, dump: CacheDump, deadline: float) -> None:
        """Take in how the cache was dumped: soon after an update, or first after its answer."""
        if dump.after == "timer":
            return
        if not self._answered:
            if dump.time <= self._begun + deadline:
                self.side(dump, deadline)
        elif not self._dumped:
            self._dumped = True
            self.side(dump, deadline)

    def exchanges(self, vantage: Vantage, deadline: float) -> list[Exchange]:
        """The exchanges that are here, as far as they are known by now."""
        found = exchanges_of(self.events, vantage, deadline, self.past)
        for exchange, number, proof in zip(found, self.numbers, self.proofs, strict=True):
            exchange.number, exchange.proof = number, proof
        return found

    def ended(self, found: Sequence[Exchange], now: float) -> int:
        """How many exchanges have ended: each is answered, or nobody waits for its answer."""
        ended, answered = 0, -1
        for place, e in enumerate(found):
            if e.answered_at is None and now - e.update.time <= PATIENCE_S:
                break
            answered = max(answered, e.answered_at or -1)
            if place + 1 == len(found) or found[place + 1].position > answered:
                ended = place + 1
        return max(ended, len(found) - MOST_WAITING)

    def forget(self, found: Sequence[Exchange], count: int, past: Past) -> None:
        """Leave out the first exchanges, which were judged; keep what matters of them."""
        cut = found[count].position if count < len(found) else len(self.events)
        dumps = [e for e in self.events[:cut] if isinstance(e, CacheDump)]
        answered = [e.update.sequence for e in found[:count] if e.answer is not None]
        known = (*self.past.answered, *answered)[-ANSWERED:]
        dump = dumps[-1] if dumps else self.past.dump
        self.past = Past(dump, past.probing, known, past.stopped, begun=True)
        del self.events[:cut], self.numbers[:count], self.proofs[:count]
        self._places.clear()


def _kind(event: Side | CacheDump) -> tuple[object, ...]:
    """What makes two events alike: the second of three tells nothing that the others do not."""
    kind: tuple[object, ...] = (type(event),)
    if isinstance(event, NeighborSolicitation):
        kind += (event.src, event.frame_src)
    elif isinstance(event, NeighborAdvertisement):
        flags = event.override, event.solicited, event.router
        kind += (event.src, event.frame_src, event.dst.is_multicast, flags)
    else:
        shown = ("active", "override", "reason", "what", "success", "dst")
        kind += tuple(getattr(event, name, None) for name in shown)
    return kind
