"""Which octets a verdict is about: where each decision that a rule speaks of is to be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from checker.replay.exchanges import Exchange
from traces.events import (
    BindingAcknowledgement,
    BindingUpdate,
    ListenerReport,
    NeighborAdvertisement,
    NeighborSolicitation,
    Place,
)

Record = dict[str, Any]
# The field of the acknowledgement that shows a decision.
ANSWERED = {
    "acknowledged": "header",
    "answer": "status",
    "ba.status": "status",
    "ba.lifetime": "lifetime",
    "ba.sequence": "sequence",
    "ba.to": "dst",
    "ba.routing": "routing_home",
}
ON_LINK = {
    "dad": NeighborSolicitation,
    "announcement": NeighborAdvertisement,
    "proxy": NeighborAdvertisement | NeighborSolicitation | ListenerReport,
}


def seen_at(e: Exchange, labels: Sequence[str]) -> list[Record]:
    """Where the decisions are to be seen: packet or line, byte offset, and what is there.

    A field of a message that came in fragments is in the packet of its fragment.
    """
    found = {}
    for label in labels:
        for place, what in _places(e, label):
            found[str(place), what] = _record(place, what)
    return list(found.values())


def _places(e: Exchange, label: str) -> Iterator[tuple[Place, str]]:
    stem, _, index = label.partition("[")
    option = int(index[:-1]) if index else 0
    if stem in ON_LINK:
        events = [s for s in e.sides if isinstance(s, ON_LINK[stem])]
        yield from ((s.place, type(s).__name__) for s in events[:1])
    elif e.answer is not None and option and (stem.startswith("o.") or stem == "answer"):
        yield _copy(e, e.answer, option)
    elif e.answer is not None and stem in ANSWERED:
        yield _field(e.answer, ANSWERED[stem])
    elif option and option <= len(e.bids):
        yield e.update.place.at(e.bids[option - 1].offset), f"BID sub-option {option} of the update"
    else:
        yield _field(e.update, "header")


def _copy(e: Exchange, answer: BindingAcknowledgement, option: int) -> tuple[Place, str]:
    """The copy of a sub-option, or the acknowledgement that has none."""
    bid = e.bids[option - 1].bid if option <= len(e.bids) else None
    copy = next((o for o in answer.bids if (o.bid or 0) == (bid or 0)), None)
    if copy is None:
        return _field(answer, "header")
    return answer.place.at(copy.offset), f"BID sub-option {bid} of the acknowledgement"


def _field(message: BindingUpdate | BindingAcknowledgement, name: str) -> tuple[Place, str]:
    """A field of a message, or the message where it is not there."""
    known = name if name in message.offsets else "header"
    title = "update" if isinstance(message, BindingUpdate) else "acknowledgement"
    what = "Mobility Header" if known == "header" else known.replace("_", " ")
    place = message.place_of(known) if known in message.offsets else message.place
    return place, f"{what} of the {title}"


def _record(place: Place, what: str) -> Record:
    keys = {"packet": place.packet, "line": place.line, "byte": place.offset, "what": what}
    return {key: value for key, value in keys.items() if value is not None}
