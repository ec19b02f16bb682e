"""What the tests of `traces` share: the recordings, and messages made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path

import traces
from traces.declaration import load_declaration
from traces.events import BindingUpdate, Event, MobilityMessage, Padding, Place, ReadError
from traces.read import read_trace

RECORDED = Path(traces.__file__).parent / "recorded"
CAPTURES = sorted([*RECORDED.glob("*/*.pcap"), *RECORDED.glob("*/*.pcapng")])
LOGS = sorted(RECORDED.glob("*/*.jsonl"))
HOME, AGENT = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:1::1")
CARE_OF = IPv6Address("2001:db8:a::10")
HERE = Place("made.pcap", 1)


def name_of(path: Path) -> str:
    """The name that a test shows for a recording."""
    return f"{path.parent.name}/{path.name}"


def events(path: Path) -> list[Event]:
    """The events of a recording, read as declared beside it."""
    return list(read_trace(path, load_declaration(path)))


def messages(found: Iterable[Event]) -> list[MobilityMessage]:
    """The mobility messages among events."""
    return [event for event in found if isinstance(event, MobilityMessage)]


def errors(found: Iterable[Event]) -> list[ReadError]:
    """The read errors among events."""
    return [event for event in found if isinstance(event, ReadError)]


def without_padding(message: MobilityMessage) -> MobilityMessage:
    """The message without its Padding options."""
    kept = tuple(option for option in message.options if not isinstance(option, Padding))
    return replace(message, options=kept)


def home_update(**fields: object) -> BindingUpdate:
    """A Binding Update of the mobile node to its home agent, with some fields replaced."""
    update = BindingUpdate(
        HERE,
        0.0,
        src=CARE_OF,
        dst=AGENT,
        home_address=HOME,
        sequence=1,
        ack=True,
        home_registration=True,
        lifetime=150,
    )
    return replace(update, **fields)  # type: ignore[arg-type]
