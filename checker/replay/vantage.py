"""What a trace can show: where it was taken, and by which link-layer addresses a node sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from checker.replay.options import ReplayOptions
from traces.declaration import Declaration
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    Event,
    ListenerReport,
    Meta,
    NeighborAdvertisement,
    NeighborSolicitation,
    solicited_node,
)

Neighbor = NeighborAdvertisement | NeighborSolicitation | ListenerReport


@dataclass(frozen=True, slots=True)
class Vantage:
    """What can be seen of one node: its log, its answers, its home link; its MAC addresses."""

    receiver: IPv6Address
    log: bool
    answers: bool
    home_link: int | None
    end: float
    macs: frozenset[str] = field(default_factory=frozenset)

    def sees_home_link(self) -> bool:
        """Whether Neighbor Discovery on the home link would be seen."""
        return self.home_link is not None and not self.log

    def on_home_link(self, event: Neighbor) -> bool:
        """Whether a neighbour message was captured on the home link."""
        return self.home_link is not None and event.interface in (None, self.home_link)

    def sent_by_receiver(self, event: Neighbor) -> bool:
        """Whether the observed node sent a neighbour message: by its address or its MAC."""
        return event.src == self.receiver or event.frame_src in self.macs

    def ceases_to_hear(self, event: ListenerReport, home: IPv6Address) -> bool:
        """Whether the observed node will hear no more solicitations for a home address."""
        group = solicited_node(home)
        shared = group == solicited_node(self.receiver)
        return self.sent_by_receiver(event) and group in event.left and not shared


def vantage_of(
    events: Sequence[Event], receiver: IPv6Address, wanted: Declaration, options: ReplayOptions
) -> Vantage:
    """The vantage of a trace for one observed node."""
    log = any(isinstance(e, CacheDump | Meta) for e in events)
    neighbors = [e for e in events if isinstance(e, Neighbor)]
    own = [e for e in neighbors if e.src == receiver]
    answers = options.at_receiver
    if answers is None:
        answers = log or _directed(events, receiver) or _own_link(own, wanted)
    times = [e.time for e in events if getattr(e, "time", None) is not None]
    macs = frozenset(e.frame_src for e in own if e.frame_src is not None)
    end = max((t for t in times if t is not None), default=0.0)
    return Vantage(receiver, log, answers, wanted.home_link_interface, end, macs)


def _directed(events: Sequence[Event], receiver: IPv6Address) -> bool:
    """Whether the capture marks packets as received by, or sent by, the observed node."""
    return any(
        (isinstance(e, BindingUpdate) and e.dst == receiver and e.direction == "in")
        or (isinstance(e, BindingAcknowledgement) and e.src == receiver and e.direction == "out")
        for e in events
    )


def _own_link(own: Sequence[Neighbor], wanted: Declaration) -> bool:
    """Whether the observed node's own Neighbor Discovery is captured on a link declared as its."""
    known = wanted.home_link_interface is not None or wanted.role == "correspondent-node"
    return known and bool(own)
