"""What a trace tells of the nodes in it: whom it observes, what it can show of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from checker.replay.exchanges import home_answered, home_of
from checker.replay.options import ReplayOptions
from checker.replay.recent import Recent
from checker.replay.vantage import Neighbor, Vantage
from traces.declaration import Declaration
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    Event,
    Meta,
    NodeStopped,
)
from traces.views import View

HOME_AGENT = "home-agent"
NOT_SUPPORTED = 131
MOST_NODES = 10_000  # of which something is known; those heard of longest ago are forgotten


@dataclass(slots=True)
class Known:
    """What is known of one node: how it is captured, what it does, its MAC addresses."""

    receives: bool = False  # some updates to it are marked as received
    sends: bool = False  # some of its acknowledgements are marked as sent
    own: bool = False  # its own Neighbor Discovery was captured
    home_agent: bool = False  # it answered a home registration as a home agent does
    macs: frozenset[str] = frozenset()

    @property
    def directed(self) -> bool:
        """Whether the capture marks packets as received by it, or sent by it."""
        return self.receives or self.sends


@dataclass(slots=True)
class Evidence:
    """Gathers what events tell of the observed nodes; more events can only add to it."""

    declared: Declaration
    options: ReplayOptions
    views: tuple[View, ...] = ()  # the captures of a run of several
    log: bool = False
    end: float = 0.0
    stopped: dict[str | None, float] = field(default_factory=dict)
    _nodes: Recent[IPv6Address, Known] = field(default_factory=lambda: Recent(MOST_NODES))
    _asked: Recent[tuple[IPv6Address, IPv6Address], bool] = field(
        default_factory=lambda: Recent(MOST_NODES)
    )

    def add_all(self, events: Iterable[Event]) -> None:
        """Take events into account: who is observed first, for what comes before an update too."""
        found = list(events)
        for event in found:
            if isinstance(event, BindingUpdate):
                self._observed(event.dst)
        for event in found:
            self.add(event)

    def add(self, event: Event) -> None:
        """Take an event into account."""
        time = getattr(event, "time", None)
        if time is not None and time > self.end:
            self.end = time
        if isinstance(event, BindingUpdate):
            self._update(event)
        elif isinstance(event, BindingAcknowledgement):
            self._answer(event)
        elif isinstance(event, Neighbor):
            self._neighbor(event)
        elif isinstance(event, CacheDump | Meta):
            self.log = True
        elif isinstance(event, NodeStopped):
            self.stopped.setdefault(event.node, event.time)

    def observes(self, node: IPv6Address) -> bool:
        """Whether updates to a node are judged: to those declared, else to every one."""
        if self.declared.role == "mobile-node":
            return False
        return not self.declared.observed or node in self.declared.observed

    def of(self, node: IPv6Address) -> Known:
        """What is known of a node."""
        return self._nodes.get(node) or Known()

    def delivered(self, update: BindingUpdate) -> bool:
        """Whether an update was delivered; a log, and captures of one run, tell both ends."""
        if self.views:
            return update.fate != "lost" and update.direction != "out"
        return update.direction == "in" or not self.of(update.dst).receives

    def sent(self, answer: BindingAcknowledgement) -> bool:
        """Whether an acknowledgement is the one that the node sent, not its copy elsewhere."""
        if self.views:
            return answer.direction != "in"
        return answer.direction == "out" or not self.of(answer.src).sends

    def is_home_agent(self, node: IPv6Address) -> bool:
        """Whether a node is a home agent: as declared, else if it took home registrations."""
        if self.declared.role is not None:
            return self.declared.role == HOME_AGENT
        return self.of(node).home_agent

    def vantage(self, receiver: IPv6Address) -> Vantage:
        """What can be seen of an observed node, by all that is known so far."""
        known = self.of(receiver)
        answers = self.options.at_receiver
        if answers is None and self.views:
            answers = any(receiver in view.complete for view in self.views)
        elif answers is None:
            answers = self.log or known.directed or self._own_link(known)
        link = self.declared.home_link_interface
        return Vantage(receiver, self.log, answers, link, self.end, known.macs, self.views)

    def _own_link(self, known: Known) -> bool:
        """Whether the node's own Neighbor Discovery is captured on a link declared as its."""
        declared = self.declared
        on_link = declared.home_link_interface is not None or declared.role == "correspondent-node"
        return on_link and known.own

    def _observed(self, node: IPv6Address) -> Known | None:
        """What is known of a node, to be added to; None for one that is not observed."""
        return self._nodes.setdefault(node, Known) if self.observes(node) else None

    def _update(self, update: BindingUpdate) -> None:
        known = self._observed(update.dst)
        if known is not None:
            known.receives = known.receives or update.direction == "in"
            self._asked[update.dst, home_of(update)] = update.home_registration

    def _answer(self, answer: BindingAcknowledgement) -> None:
        known = self._nodes.get(answer.src)
        if known is None:
            return
        known.sends = known.sends or answer.direction == "out"
        asked = self._asked.get((answer.src, home_answered(answer)))
        if answer.status != NOT_SUPPORTED and asked:
            known.home_agent = True

    def _neighbor(self, event: Neighbor) -> None:
        known = self._nodes.get(event.src)
        if known is None:
            return
        known.own = True
        if event.frame_src is not None and event.frame_src not in known.macs:
            known.macs |= {event.frame_src}
