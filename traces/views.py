"""The captures of a run as views of it: where each was taken, from when to when, by which clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from traces.content import network
from traces.declaration import Declaration
from traces.offsets import HELD_S, ClockOffset
from traces.sketch import Sketch

HOME_AGENT, CORRESPONDENT, MOBILE_NODE = "home-agent", "correspondent-node", "mobile-node"


@dataclass(frozen=True, slots=True)
class View:
    """One capture of a run; `begin` and `end` in seconds since 1970 by the clock of the run.

    `nodes`: the addresses of the observed nodes at which it was taken; `mobile`: it was taken at a
    mobile node. `whole`: those of `nodes` whose captures miss no message that passes them;
    `complete`: those where all interfaces were captured, so that nothing happens unseen.
    """

    file: str
    number: int
    sketch: Sketch
    clock: ClockOffset
    begin: float
    end: float
    nodes: frozenset[IPv6Address] = frozenset()
    whole: frozenset[IPv6Address] = frozenset()
    complete: frozenset[IPv6Address] = frozenset()
    role: str | None = None
    mobile: bool = False
    home_link: bool = False

    def covers(self, time: float) -> bool:
        """Whether a message sent at a time would be in it, also one that was held on its way."""
        slack = self.clock.slack_s
        return self.begin + slack <= time <= self.end - HELD_S - slack

    def passes(self, flow: tuple[bytes, bytes]) -> bool:
        """Whether messages of a flow pass the capture: it shows others of it."""
        return self.sketch.flows is not None and flow in self.sketch.flows


def nodes_of(
    declared: Declaration, sketch: Sketch, observed: Iterable[IPv6Address]
) -> frozenset[IPv6Address]:
    """The observed nodes at which a capture was taken: as declared, else as it shows itself."""
    if declared.at is None:
        return frozenset(node for node in observed if sketch.taken_at(node))
    if declared.at == MOBILE_NODE or declared.at != declared.role:
        return frozenset()
    agent = declared.at == HOME_AGENT
    return frozenset(
        declared.observed or (sketch.agents if agent else sketch.peers - sketch.agents)
    )


def judged_views(views: Sequence[View]) -> tuple[View, ...]:
    """The views with what they prove together of the observed nodes."""
    nodes = frozenset(node for view in views for node in view.nodes)
    whole = frozenset(node for node in nodes if not _missing(views, node))
    complete = frozenset(node for node in whole if _complete(views, node))
    return tuple(
        replace(view, whole=view.nodes & whole, complete=view.nodes & complete) for view in views
    )


def _missing(views: Sequence[View], node: IPv6Address) -> bool:
    """Whether a message of a node is seen elsewhere that its own captures should show.

    It may send through an interface where nothing was captured, or packets were lost in capturing:
    then what these captures do not show proves nothing.
    """
    own = [view for view in views if node in view.nodes]
    others = [view for view in views if node not in view.nodes]
    every = max(view.sketch.every for view in views)
    begin, end = min(v.begin for v in own), max(v.end for v in own)
    shown = {key for view in own for key in view.sketch.samples}
    return any(
        sample.src == node
        and key % every == 0
        and key not in shown
        and begin <= view.clock.common(sample.time) <= end
        for view in others
        for key, sample in view.sketch.samples.items()
    )


def _complete(views: Sequence[View], node: IPv6Address) -> bool:
    """Whether the captures at a node are of all its interfaces.

    A mobile node may be on the home link or elsewhere: a home agent has to be captured on both.
    """
    own = [view for view in views if node in view.nodes]
    if any(view.role == CORRESPONDENT or node in view.sketch.here for view in own):
        return True
    away = any(
        flow[1] == node.packed and flow[0] != network(node)
        for view in own
        for flow in view.sketch.flows or ()
    )
    return away and any(view.home_link for view in own)
