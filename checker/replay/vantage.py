"""What a trace can show: where it was taken, and by which link-layer addresses a node sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Address

from traces.events import (
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    solicited_node,
)

Neighbor = NeighborAdvertisement | NeighborSolicitation | ListenerReport


@dataclass(frozen=True, slots=True)
class Vantage:
    """What can be seen of one node: its log, its answers, its home link; its MAC addresses.

    `end`: up to what time, in seconds, the trace is known.
    """

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
