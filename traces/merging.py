"""Several captures of one run to one stream of events: each message once, in order of one clock.

Captures are read side by side; what is kept is what a few seconds hold. A message that several of
them show is one event, told by the capture at the observed node where there is one. What each of
them could have shown decides what it means that a message is not there.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from math import inf
from typing import Any

from traces.content import content_of, ends, heading, network, stays, travels
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    Direction,
    Event,
    MobilityMessage,
)
from traces.offsets import HELD_S, LINK_S
from traces.place import Fate
from traces.views import View

HOME_LINK = 0  # the number of the home link in a merged stream
Opener = Callable[[], Iterable[Event]]
Asked = tuple[IPv6Address, int]  # the home address and the number of an update


@dataclass(slots=True)
class _Sight:
    """One message, or other event, in one capture; `time` by the clock of the run."""

    view: View
    event: Event
    time: float
    number: int


@dataclass(slots=True)
class _Group:
    """The sights of one message, the first seen first; nothing is added after `until`.

    `answered`: an acknowledgement of this update was seen.
    """

    key: int | None
    until: float
    sights: list[_Sight] = field(default_factory=list)
    answered: bool = False
    closed: bool = False

    @property
    def first(self) -> float:
        """When it was first seen anywhere."""
        return self.sights[0].time


class Merging:
    """Merges the events of captures whose views are known."""

    def __init__(self, views: Sequence[View], home_links: Sequence[int | None]) -> None:
        self.views, self.home_links = views, home_links
        self._links: dict[tuple[int, int], int] = {}
        self._open: deque[_Group] = deque()  # as they began
        self._closing: list[tuple[float, int, _Group]] = []  # by the time until which they are open
        self._by_key: dict[int | Asked, list[_Group]] = {}
        self._closed: list[tuple[float, int, Event]] = []

    def events(self, openers: Sequence[Opener]) -> Iterator[Event]:
        """Yield the merged events; `openers` open the captures in the order of the views."""
        streams = [
            self._sights(view, opener()) for view, opener in zip(self.views, openers, strict=True)
        ]
        arriving = heapq.merge(*streams, key=lambda s: (s.time, s.view.number, s.number))
        for number, sight in enumerate(arriving):
            sight.number = number
            self._close(sight.time)
            yield from self._due(sight.time)
            self._take(sight)
        self._close(inf)
        yield from self._due(inf)

    @staticmethod
    def _sights(view: View, events: Iterable[Event]) -> Iterator[_Sight]:
        """The events of one capture in the order of its file, which is that of their times."""
        latest = view.begin
        for number, event in enumerate(events):
            time: float | None = event.time
            latest = latest if time is None else max(latest, view.clock.common(time))
            yield _Sight(view, event, latest, number)

    def _take(self, sight: _Sight) -> None:
        """Add a sight to the message that it is of, or begin a new one."""
        key = content_of(sight.event)
        group = None if key is None else self._same(key, sight)
        if group is None:
            group = _Group(key, sight.time if key is None else sight.time + _width(sight))
            self._begin(group, sight)
        group.sights.append(sight)
        if isinstance(sight.event, BindingAcknowledgement):
            self._answer(sight.event)

    def _begin(self, group: _Group, sight: _Sight) -> None:
        self._open.append(group)
        heapq.heappush(self._closing, (group.until, sight.number, group))
        for key in _keys(group.key, sight.event):
            self._by_key.setdefault(key, []).append(group)

    def _same(self, key: int, sight: _Sight) -> _Group | None:
        """The open message with this content that the capture does not show yet: the nearest."""
        possible = [
            g
            for g in self._by_key.get(key, ())
            if not any(_again(s, sight) for s in g.sights) and _same_frame(g, sight)
        ]
        return min(possible, key=lambda g: abs(g.sights[-1].time - sight.time), default=None)

    def _answer(self, answer: BindingAcknowledgement) -> None:
        """Mark the updates that an acknowledgement may be about, if none was seen to arrive."""
        home = answer.dst if answer.routing_home is None else answer.routing_home
        about = self._by_key.get((home, answer.sequence), [])
        if not any(_at_end(g) for g in about):
            for g in about:
                g.answered = True

    def _close(self, now: float) -> None:
        """Take the messages that no capture will show any more."""
        while self._closing and self._closing[0][0] < now:
            group = heapq.heappop(self._closing)[2]
            group.closed = True
            for key in _keys(group.key, group.sights[0].event):
                self._forget(key, group)
            best = min(group.sights, key=_rank)
            heapq.heappush(self._closed, (best.time, best.number, self._told(group, best)))
        while self._open and self._open[0].closed:
            self._open.popleft()

    def _forget(self, key: int | Asked, group: _Group) -> None:
        left = [g for g in self._by_key[key] if g is not group]
        if left:
            self._by_key[key] = left
        else:
            del self._by_key[key]

    def _due(self, now: float) -> Iterator[Event]:
        """Yield what nothing earlier can come before any more."""
        limit = (now, inf)
        if self._open:
            first = self._open[0].sights[0]
            limit = (first.time, first.number)
        while self._closed and self._closed[0][:2] < limit:
            yield heapq.heappop(self._closed)[2]

    def _told(self, group: _Group, best: _Sight) -> Event:
        """The event of a message: the best sight of it, with what the others add."""
        event = best.event
        also = tuple(s.event.place for s in group.sights if s is not best)
        changes: dict[str, Any] = {}
        if also:
            changes["place"] = replace(event.place, also=also)
        if event.time is not None:
            changes["time"] = best.view.clock.common(event.time)
        if getattr(event, "interface", None) is not None:
            changes["interface"] = self._link(best)
        if isinstance(event, MobilityMessage):
            changes["fate"] = self._fate(group, event)
            changes["direction"] = event.direction if best.view.sketch.log else _direction(best)
        return replace(event, **changes) if changes else event

    def _link(self, sight: _Sight) -> int:
        """A number for the link of a sight: the home link is one, whoever shows it."""
        number = sight.view.number
        interface: int = getattr(sight.event, "interface", 0)
        if interface == self.home_links[number]:
            return HOME_LINK
        return self._links.setdefault((number, interface), len(self._links) + 1)

    def _fate(self, group: _Group, event: MobilityMessage) -> Fate | None:
        """What became of a message, where a capture at its destination can tell."""
        if event.tunnelled:
            return None
        if _at_end(group):
            watched = any(event.dst in s.view.whole for s in group.sights)
            return "arrived" if watched or _reached_mobile(group) else None
        if group.answered:
            return None
        flow, to_mobile = (network(event.src), event.dst.packed), heading(event) < 0
        missed = any(
            (event.dst in view.whole or (view.mobile and to_mobile))
            and view.passes(flow)
            and view.covers(group.first)
            for view in self.views
        )
        return "lost" if missed else None


def _width(sight: _Sight) -> float:
    """How long, in seconds, other captures may take to show the same message."""
    longest = HELD_S if travels(sight.event) else LINK_S
    return longest + sight.view.clock.slack_s


def _again(known: _Sight, sight: _Sight) -> bool:
    """Whether a capture that shows a message shows another one, sent again.

    What a router takes in on one link and passes on to the next is one message.
    """
    if known.view is not sight.view or not travels(sight.event):
        return known.view is sight.view
    return getattr(known.event, "interface", None) == getattr(sight.event, "interface", None)


def _same_frame(group: _Group, sight: _Sight) -> bool:
    """Whether neighbour messages may be one frame: they have one sender on the link."""
    if not stays(sight.event):
        return True
    senders = {getattr(s.event, "frame_src", None) for s in (*group.sights, sight)}
    return len(senders - {None}) < 2


def _keys(key: int | None, event: Event) -> Iterator[int | Asked]:
    """By what a message is looked up: its content; an update also by what its answer repeats."""
    if key is not None:
        yield key
    if isinstance(event, BindingUpdate):
        yield (event.src if event.home_address is None else event.home_address, event.sequence)


def _rank(sight: _Sight) -> tuple[bool, bool, bool, bool, int]:
    """How well a capture tells an event: a log, at one of its ends, on the home link, in order."""
    view, both = sight.view, ends(sight.event)
    own = view.nodes & set(both) if both else view.nodes
    return (not view.sketch.log, not own, not view.home_link, not view.mobile, view.number)


def _at_end(group: _Group) -> bool:
    """Whether a capture at the destination shows the message."""
    both = ends(group.sights[0].event)
    if both is None:
        return False
    return any(both[1] in s.view.nodes for s in group.sights) or _reached_mobile(group)


def _reached_mobile(group: _Group) -> bool:
    """Whether a message to a mobile node is seen there."""
    return heading(group.sights[0].event) < 0 and any(s.view.mobile for s in group.sights)


def _direction(sight: _Sight) -> Direction | None:
    """In or out for the observed node at which a message was captured."""
    both = ends(sight.event)
    if both is None:
        return None
    if both[1] in sight.view.nodes:
        return "in"
    return "out" if both[0] in sight.view.nodes else None
