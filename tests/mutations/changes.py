"""Single alterations of what was seen: functions from events to events.

Answers, dumps and updates are counted from 1 in the order of the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from tests.mutations.scene import ALL_NODES, HOME, NEIGHBOUR
from traces.events import (
    UNSPECIFIED,
    BidOption,
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    CacheEntry,
    DadResult,
    DadStart,
    Event,
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    ProxyNd,
    solicited_node,
)

Change = Callable[[Sequence[Event]], list[Event]]
Entries = tuple[CacheEntry, ...]


def nth(events: Sequence[Event], kind: type, number: int) -> int:
    """The position of the event of a kind with this number."""
    return [k for k, e in enumerate(events) if isinstance(e, kind)][number - 1]


def altered(kind: type, number: int, make: Callable[[Any], Event | None]) -> Change:
    """One event of a kind is made another, or taken out."""

    def change(events: Sequence[Event]) -> list[Event]:
        at = nth(events, kind, number)
        made = make(events[at])
        return [*events[:at], *([] if made is None else [made]), *events[at + 1 :]]

    return change


def together(*changes: Change) -> Change:
    """What one departure leaves in several events."""

    def change(events: Sequence[Event]) -> list[Event]:
        for each in changes:
            events = each(events)
        return list(events)

    return change


def answer(number: int, **fields: Any) -> Change:
    """An acknowledgement has other fields."""
    return altered(BindingAcknowledgement, number, lambda a: replace(a, **fields))


def no_answer(number: int) -> Change:
    """An acknowledgement is not sent."""
    return altered(BindingAcknowledgement, number, lambda _: None)


def copies(number: int, make: Callable[[int, BidOption], BidOption | None]) -> Change:
    """The sub-options of an acknowledgement are others; `make` gets each with its place from 1."""

    def changed(a: BindingAcknowledgement) -> Event:
        made = [make(k, o) for k, o in enumerate(a.bids, 1)]
        others = tuple(o for o in a.options if not isinstance(o, BidOption))
        return replace(a, options=(*(o for o in made if o is not None), *others))

    return altered(BindingAcknowledgement, number, changed)


def no_copies(number: int) -> Change:
    """An acknowledgement has no BID sub-option."""
    return copies(number, lambda _, __: None)


def copy(number: int, place: int, **fields: Any) -> Change:
    """One sub-option of an acknowledgement has other fields."""
    return copies(number, lambda k, o: replace(o, **fields) if k == place else o)


def acknowledges(number: int, status: int = 0, options: bool = True) -> Change:
    """An update with this number that is not answered is acknowledged."""

    def change(events: Sequence[Event]) -> list[Event]:
        at = nth(events, BindingUpdate, number)
        update = events[at]
        assert isinstance(update, BindingUpdate)
        home = update.home_address
        sent = BindingAcknowledgement(
            update.place,
            update.time + 0.01,
            src=update.dst,
            dst=update.src,
            routing_home=home,
            direction="out",
            status=status,
            sequence=update.sequence,
            lifetime=update.lifetime,
            options=update.bids if options else (),
        )
        return [*events[: at + 1], sent, *events[at + 1 :]]

    return change


def dump(number: int, make: Callable[[CacheDump], CacheDump]) -> Change:
    """The dump with this number shows something else."""
    return altered(CacheDump, number, make)


def entries(number: int, make: Callable[[Entries], Entries]) -> Change:
    """In the dump with this number the cache has other entries."""
    return dump(number, lambda d: replace(d, entries=make(d.entries)))


def without(*bids: int | None) -> Callable[[Entries], Entries]:
    """Entries of these BIDs are not there."""
    return lambda found: tuple(e for e in found if e.bid not in bids)


def beside(
    events_of: Sequence[Event], number: int, *bids: int | None
) -> Callable[[Entries], Entries]:
    """Entries of these BIDs are there too, as in the dump with this number."""
    dump = events_of[nth(events_of, CacheDump, number)]
    assert isinstance(dump, CacheDump)
    kept = tuple(e for e in dump.entries if e.bid in bids)
    return lambda found: (*(e for e in found if e.bid not in bids), *kept)


def keeps(number: int, *bids: int | None) -> Change:
    """Entries are still as in the dump before."""

    def change(events: Sequence[Event]) -> list[Event]:
        return entries(number, beside(events, number - 1, *bids))(events)

    return change


def entry(number: int, bid: int | None, **fields: Any) -> Change:
    """The entry of a BID has other fields in a dump."""
    return entries(
        number, lambda found: tuple(replace(e, **fields) if e.bid == bid else e for e in found)
    )


def holds(
    number: int, bid: int | None, coa: IPv6Address, node: IPv6Address, sequence: int = 1
) -> Change:
    """There is one more entry in a dump."""
    made = CacheEntry(HOME, coa, bid, node, 600, 600, sequence, state="VALID")
    return entries(number, lambda found: (*found, made))


def proxied(number: int, active: bool) -> Change:
    """In a dump the home address is proxied, or not."""
    return dump(number, lambda d: replace(d, proxied=(HOME,) if active else ()))


def no(*kinds: type) -> Change:
    """Events of some kinds are not there."""
    return lambda events: [e for e in events if not isinstance(e, kinds)]


def first(kind: type, **fields: Any) -> Change:
    """The first event of a kind has other fields."""
    return altered(kind, 1, lambda e: replace(e, **fields))


def not_first(kind: type) -> Change:
    """The first event of a kind is not there."""
    return altered(kind, 1, lambda _: None)


def taken(log: bool) -> Change:
    """Another node answers the first probe for the home address."""
    if log:
        return first(DadResult, success=False)

    def change(events: Sequence[Event]) -> list[Event]:
        at = nth(events, NeighborSolicitation, 1)
        probe = events[at]
        assert isinstance(probe, NeighborSolicitation)
        told = NeighborAdvertisement(
            probe.place, probe.time + 0.1, src=NEIGHBOUR, dst=ALL_NODES, target=HOME, override=True
        )
        return [*events[: at + 1], told, *events[at + 1 :]]

    return change


def probes(number: int, log: bool) -> Change:
    """The home address is probed before the acknowledgement with this number."""

    def change(events: Sequence[Event]) -> list[Event]:
        at = nth(events, BindingAcknowledgement, number)
        place, time = events[at].place, events[at].time  # type: ignore[union-attr]
        if log:
            seen: list[Event] = [
                DadStart(place, time - 0.002, HOME),
                DadResult(place, time - 0.001, HOME, True),
            ]
        else:
            group = solicited_node(HOME)
            seen = [
                NeighborSolicitation(place, time - 0.001, src=UNSPECIFIED, dst=group, target=HOME)
            ]
        return [*events[:at], *seen, *events[at:]]

    return change


def after_answer(number: int, make: Callable[[BindingAcknowledgement], Event]) -> Change:
    """Something follows an acknowledgement."""

    def change(events: Sequence[Event]) -> list[Event]:
        at = nth(events, BindingAcknowledgement, number)
        sent = events[at]
        assert isinstance(sent, BindingAcknowledgement)
        return [*events[: at + 1], make(sent), *events[at + 1 :]]

    return change


def defends(number: int, dst: IPv6Address = ALL_NODES) -> Change:
    """After an acknowledgement the node still advertises the home address."""
    return after_answer(
        number,
        lambda a: NeighborAdvertisement(
            a.place, a.time + 0.5, src=a.src, dst=dst, target=HOME, override=True
        ),
    )


def leaves_group(number: int) -> Change:
    """After an acknowledgement the node hears no more solicitations for the home address."""
    return after_answer(
        number,
        lambda a: ListenerReport(a.place, a.time + 0.5, src=a.src, left=(solicited_node(HOME),)),
    )


def no_proxy(number: int, log: bool) -> Change:
    """Proxy Neighbor Discovery ends with the acknowledgement of this number."""
    if not log:
        return leaves_group(number)
    stops = after_answer(number, lambda a: ProxyNd(a.place, a.time, HOME, False))
    return together(stops, proxied(number, False))


def goes_on(number: int, log: bool) -> Change:
    """Proxy Neighbor Discovery does not end with the acknowledgement of this number."""
    if not log:
        return together(no(ListenerReport), defends(number))

    def still(events: Sequence[Event]) -> list[Event]:
        return [e for e in events if not (isinstance(e, ProxyNd) and not e.active)]

    return together(still, proxied(number, True))
