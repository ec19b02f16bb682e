"""What a log or the home link shows of a step: proxy Neighbor Discovery, announcement, DAD."""

from __future__ import annotations

from typing import TypeGuard

from checker.replay.exchanges import Exchange
from checker.replay.seen import Seen, index_of
from checker.replay.vantage import Vantage
from model.vocabulary import Announcement, Dad
from traces.events import (
    UNSPECIFIED,
    DadRefused,
    DadResult,
    DadStart,
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    ProxyAdvertisement,
)

ANNOUNCED_S = 0.2  # an advertisement that goes with an answer is seen by then
Conflict = NeighborAdvertisement | DadResult


def observe(seen: Seen, e: Exchange, vantage: Vantage, deadline: float) -> None:
    """Note what events of a log, or Neighbor Discovery on the home link, show."""
    if vantage.log:
        _from_log(seen, e)
    elif vantage.sees_home_link():
        _from_link(seen, e, vantage, deadline)


def _from_log(seen: Seen, e: Exchange) -> None:
    if any(isinstance(s, DadStart) for s in e.sides):
        seen.put("dad", index_of(Dad, "run"))
    elif _decided(e) and not e.probing_before and not _refused(e):
        seen.put("dad", index_of(Dad, "skip"))
    sent = [s for s in e.sides if isinstance(s, ProxyAdvertisement) and s.dst.is_multicast]
    if sent:
        flag = "override" if sent[-1].override else "no_override"
        seen.put("announcement", index_of(Announcement, flag))
    elif _decided(e) and not e.probing_before:
        seen.put("announcement", index_of(Announcement, "none"))


def _decided(e: Exchange) -> bool:
    """Whether the processing of the update came to an end in the trace."""
    return e.answer is not None or (e.after is not None and not e.probed)


def _refused(e: Exchange) -> bool:
    return any(isinstance(s, DadRefused) for s in e.sides)


def _from_link(seen: Seen, e: Exchange, vantage: Vantage, deadline: float) -> None:
    if probes(e, vantage):
        seen.put("dad", index_of(Dad, "run"))
    elif e.answer is not None and not e.probing_before and _covered(e, vantage, 0.0):
        seen.put("dad", index_of(Dad, "skip"))
    announced = [s for s in announcements(e, vantage) if s.dst.is_multicast]
    if announced:
        first = announced[0]
        clean = first.override and not first.solicited and not first.router
        seen.put("announcement", index_of(Announcement, "override" if clean else "no_override"))
    elif e.answer is not None and not e.probing_before and _long_enough(e, vantage):
        seen.put("announcement", index_of(Announcement, "none"))
    _proxy(seen, e, vantage, deadline)


def _long_enough(e: Exchange, vantage: Vantage) -> bool:
    ends = vantage.end if e.next_time is None else e.next_time
    long = e.answer is not None and ends - e.answer.time >= ANNOUNCED_S
    return long and _covered(e, vantage, ANNOUNCED_S)


def _covered(e: Exchange, vantage: Vantage, after: float) -> bool:
    """Whether the home link was captured from the update until some time after the answer."""
    return e.answer is not None and vantage.link_seen(e.update.time, e.answer.time + after)


def probes(e: Exchange, vantage: Vantage) -> list[NeighborSolicitation]:
    """The duplicate address detection probes of the observed node for the home address."""
    return [
        s
        for s in e.sides
        if isinstance(s, NeighborSolicitation) and s.is_dad and _is_node(s, e, vantage)
    ]


def _is_node(s: NeighborSolicitation, e: Exchange, vantage: Vantage) -> bool:
    """Whether a probe is the observed node's: by its MAC, else by its place before the answer."""
    if vantage.macs and s.frame_src is not None:
        return s.frame_src in vantage.macs
    return e.update.src != e.home and (e.answer is None or s.time <= e.answer.time)


def announcements(e: Exchange, vantage: Vantage) -> list[NeighborAdvertisement]:
    """The advertisements of the observed node for the home address."""
    return [
        s for s in e.sides if isinstance(s, NeighborAdvertisement) and vantage.sent_by_receiver(s)
    ]


def conflicts(e: Exchange, vantage: Vantage) -> list[Conflict]:
    """What shows that another node holds the home address, from the probe to the answer."""
    begun = [s.time for s in probes(e, vantage)]
    return [s for s in e.sides if _refuses(s, begun, vantage) and not _late(s, e)]


def _refuses(s: object, begun: list[float], vantage: Vantage) -> TypeGuard[Conflict]:
    if isinstance(s, DadResult):
        return not s.success
    if not isinstance(s, NeighborAdvertisement) or vantage.sent_by_receiver(s):
        return False
    return bool(begun) and s.time >= begun[0]


def _late(s: Conflict, e: Exchange) -> bool:
    """Whether it came after the answer, when the address may be another's: a node back home."""
    return e.answer is None or s.time > e.answer.time


def _own_solicitation(s: object, vantage: Vantage) -> bool:
    if not isinstance(s, NeighborSolicitation) or s.src == UNSPECIFIED:
        return False
    return vantage.sent_by_receiver(s)


def _proxy(seen: Seen, e: Exchange, vantage: Vantage, deadline: float) -> None:
    """On: the node advertises the address.

    Off: soon after the update it solicits the address itself, or leaves the multicast group
    on which a proxy has to hear solicitations for it.
    """
    on = [s.time for s in announcements(e, vantage)]
    off = [
        s.time
        for s in e.sides
        if (isinstance(s, ListenerReport) or _own_solicitation(s, vantage))
        and s.time <= e.update.time + deadline
    ]
    if on or off:
        seen.put("proxy", [int(max(on, default=0.0) > max(off, default=0.0))])
