"""What a trace can show: where it was taken, and by which link-layer addresses a node sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Address

from traces.events import (
    BindingUpdate,
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    solicited_node,
)
from traces.views import View

Neighbor = NeighborAdvertisement | NeighborSolicitation | ListenerReport


@dataclass(frozen=True, slots=True)
class Vantage:
    """What can be seen of one node: its log, its answers, its home link; its MAC addresses.

    `end`: up to what time, in seconds, the trace is known. `views` are the captures of a run of
    several; none for a capture by itself.
    """

    receiver: IPv6Address
    log: bool
    answers: bool
    home_link: int | None
    end: float
    macs: frozenset[str] = field(default_factory=frozenset)
    views: tuple[View, ...] = ()

    def sees_home_link(self) -> bool:
        """Whether Neighbor Discovery on the home link would be seen."""
        return self.home_link is not None and not self.log

    def sees_answers_to(self, update: BindingUpdate) -> bool:
        """Whether the node's answers to an update would be seen: it was seen to arrive there."""
        return update.fate == "arrived" if self.views else self.answers

    def covers(self, time: float) -> bool:
        """Whether all captures at the node were under way, so that nothing happened unseen."""
        own = [v for v in self.views if self.receiver in v.nodes]
        return all(v.begin <= time <= v.end for v in own)

    def end_for(self, update: BindingUpdate) -> float:
        """When the captures end that would show the answers to an update."""
        ends = [v.end for v in self.views if v.file == update.place.file]
        return min(ends, default=self.end)

    def link_seen(self, begin: float, end: float) -> bool:
        """Whether a capture of the home link covers a time: else its silence proves nothing."""
        links = [v for v in self.views if v.home_link]
        return not self.views or any(v.begin <= begin and end <= v.end for v in links)

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
