"""What one capture of a run shows, kept in bounded memory: the first of two passes over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from traces.content import content_of, ends, heading, network, stays, travels
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    Direction,
    Event,
    Meta,
    NeighborAdvertisement,
    NeighborSolicitation,
    ReadError,
)

MOST_SAMPLES = 4096
MOST_FLOWS = 1 << 16
Flow = tuple[bytes, bytes]  # the network of the source, the destination
Side = tuple[int | None, Direction | None]


@dataclass(slots=True)
class Sample:
    """A message: when and where it was first seen, by the capture's clock in seconds; how often.

    `heading` is 1 from a mobile node, -1 to it; `link` says that it stays on one link; `src` is its
    sender, None in a tunnel, where it is not the sender's own packet.
    """

    time: float
    heading: int
    link: bool
    src: IPv6Address | None
    side: Side
    count: int = 1

    def again(self, side: Side) -> None:
        """Count it once more.

        What a router passes on to another link is not sent again, nor what a log of several nodes
        has as sent by one and received by another.
        """
        self.count += self.link or self.side == side


@dataclass(slots=True)
class Sketch:
    """What a capture shows: its time, a sample of its messages, the flows that pass it.

    Which messages are in the sample is decided by their content, so that two captures of one run
    keep the same ones, spread over all of their time. `flows` is None when there are too many.
    `here`: nodes for which directions say that it was taken there; `away`: that it was not.
    `peers` are the nodes that updates go to, `agents` those of home registrations; `neighbors` sent
    Neighbor Discovery on the home link.
    """

    home_link: int | None = None
    samples: dict[int, Sample] = field(default_factory=dict)
    every: int = 1  # one message in so many is kept
    begin: float | None = None
    end: float | None = None
    flows: set[Flow] | None = field(default_factory=set)
    log: bool = False
    here: set[IPv6Address] = field(default_factory=set)
    away: set[IPv6Address] = field(default_factory=set)
    peers: set[IPv6Address] = field(default_factory=set)
    agents: set[IPv6Address] = field(default_factory=set)
    neighbors: set[IPv6Address] = field(default_factory=set)
    problem: ReadError | None = None  # the first thing that could not be read

    def note(self, event: Event) -> None:
        """Take one event into account."""
        time: float | None = event.time
        if isinstance(event, ReadError):
            self.problem = self.problem or event
        if time is None:
            return
        self.begin = time if self.begin is None else min(self.begin, time)
        self.end = time if self.end is None else max(self.end, time)
        self.log = self.log or isinstance(event, CacheDump | Meta)
        self._sample(event, time)
        self._flow(event)
        self._evidence(event)

    def _sample(self, event: Event, time: float) -> None:
        key = content_of(event) if travels(event) or stays(event) else None
        if key is None or key % self.every:
            return
        known = self.samples.get(key)
        side = (getattr(event, "interface", None), getattr(event, "direction", None))
        if known is not None:
            known.again(side)
            return
        both = None if getattr(event, "tunnelled", False) else ends(event)
        src = both[0] if both else None
        self.samples[key] = Sample(time, heading(event), stays(event), src, side)
        if len(self.samples) > MOST_SAMPLES:
            self.thin(self.every * 2)

    def thin(self, every: int) -> None:
        """Keep one message in `every`."""
        self.every = every
        self.samples = {k: s for k, s in self.samples.items() if k % every == 0}

    def _flow(self, event: Event) -> None:
        both = ends(event)
        if both is None or self.flows is None or getattr(event, "tunnelled", False):
            return
        self.flows.add((network(both[0]), both[1].packed))
        if len(self.flows) > MOST_FLOWS:
            self.flows = None

    def _evidence(self, event: Event) -> None:
        """Note what tells at which node the capture was taken."""
        match event:
            case BindingUpdate(tunnelled=False):
                self._peer(event.dst, event.direction, "in")
                if event.home_registration:
                    self._add(self.agents, event.dst)
            case BindingAcknowledgement(tunnelled=False):
                self._peer(event.src, event.direction, "out")
            case NeighborSolicitation() | NeighborAdvertisement():
                if self.home_link is not None and event.interface in (None, self.home_link):
                    self._add(self.neighbors, event.src)

    def _peer(self, node: IPv6Address, direction: str | None, own: str) -> None:
        self._add(self.peers, node)
        if direction is not None:
            self._add(self.here if direction == own else self.away, node)

    @staticmethod
    def _add(nodes: set[IPv6Address], node: IPv6Address) -> None:
        if len(nodes) < MOST_FLOWS:
            nodes.add(node)

    def taken_at(self, node: IPv6Address) -> bool:
        """Whether it shows by itself that it was taken at a node.

        Directions say so (a router has messages to the node both in and out, a log those of all
        nodes); without any, the node's own Neighbor Discovery on the home link does, where its
        Binding Updates or its answers are seen as well.
        """
        if node in self.here or node in self.away:
            return node in self.here and (self.log or node not in self.away)
        return node in self.neighbors and node in self.peers


def sketch_of(events: Iterable[Event], home_link: int | None = None) -> Sketch:
    """The sketch of a capture: one pass over its events."""
    made = Sketch(home_link)
    for event in events:
        made.note(event)
    return made
