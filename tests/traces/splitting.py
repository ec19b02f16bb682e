"""One run as several captures, for tests: copies of its events with other clocks and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from traces.declaration import Declaration
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    Event,
    ListenerReport,
    MobilityMessage,
    NeighborSolicitation,
    Place,
)
from traces.runs import Source

HOME, AGENT = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:1::1")
CARE_OF = IPv6Address("2001:db8:a::10")
START = 1_700_000_000.0
AT_AGENT = Declaration(role="home-agent", observed=(AGENT,), at="home-agent", home_link_interface=0)
AT_MOBILE = Declaration(role="home-agent", observed=(AGENT,), at="mobile-node")
UPLINK = 1  # the number of the home agent's other interface


def update(time: float, sequence: int, **more: Any) -> BindingUpdate:
    """A home registration that the home agent receives at a second of the run."""
    made = BindingUpdate(
        Place("made", None),
        START + time,
        src=CARE_OF,
        dst=AGENT,
        home_address=HOME,
        interface=UPLINK,
        sequence=sequence,
        ack=True,
        home_registration=True,
        lifetime=150,
    )
    return replace(made, **more)


def answer(time: float, sequence: int, **more: Any) -> BindingAcknowledgement:
    """An acknowledgement that the home agent sends at a second of the run."""
    made = BindingAcknowledgement(
        Place("made", None),
        START + time,
        src=AGENT,
        dst=CARE_OF,
        routing_home=HOME,
        interface=UPLINK,
        sequence=sequence,
        lifetime=150,
    )
    return replace(made, **more)


def probe(time: float, **more: Any) -> NeighborSolicitation:
    """A duplicate address detection probe of the home agent on the home link."""
    made = NeighborSolicitation(
        Place("made", None),
        START + time,
        src=IPv6Address(0),
        dst=IPv6Address("ff02::1:ff00:100"),
        target=HOME,
        interface=0,
        frame_src="02:00:00:00:01:01",
    )
    return replace(made, **more)


def report(time: float, last: int = 1) -> ListenerReport:
    """A report on the home link about a group with this last number."""
    group = IPv6Address(f"ff02::1:ff00:{last:x}")
    source = IPv6Address("fe80::101")
    return ListenerReport(
        Place("made", None), START + time, src=source, joined=(group,), interface=0
    )


def numbered(name: str, events: Iterable[Event]) -> list[Event]:
    """The events as packets of a capture of this name."""
    return [replace(e, place=Place(name, k)) for k, e in enumerate(events, 1)]


def source(name: str, events: Iterable[Event], declared: Declaration) -> Source:
    """A capture with these events."""
    found = numbered(name, events)
    return Source(name, declared, lambda: iter(found))


def clocked(
    events: Iterable[Event], ahead: float, drift: float = 0.0, since: float = START
) -> list[Event]:
    """The events by a clock that is ahead, and gains `drift` seconds a second."""
    return [
        replace(e, time=e.time + ahead + drift * (e.time - since))
        for e in events
        if e.time is not None
    ]


def at_mobile(
    events: Sequence[Event], delay: Callable[[int], float] = lambda _: 0.02
) -> list[Event]:
    """What a mobile node shows of the messages that reach and leave its home agent.

    `delay` gives the seconds on the way of the message with a number.
    """
    messages = [e for e in events if isinstance(e, MobilityMessage)]
    seen = [
        replace(
            e,
            time=e.time - delay(k) if isinstance(e, BindingUpdate) else e.time + delay(k),
            interface=0,
            offsets={},
        )
        for k, e in enumerate(messages)
    ]
    return sorted(seen, key=lambda e: e.time)
