"""The library of conforming exchanges: made ones in both views and dialects, recorded ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import traces
from tests.mutations import correspondent as cn
from tests.mutations import home_agent as ha
from tests.mutations.scene import VIEWS, Scene, View
from traces.declaration import Declaration, load_declaration
from traces.dialects import DRAFT_04, RFC5648, Dialect
from traces.events import Event
from traces.read import read_trace

Script = Callable[[Scene], None]
DIALECTS = (DRAFT_04, RFC5648)
RECORDED = Path(traces.__file__).parent / "recorded"


@dataclass(frozen=True)
class Conforming:
    """An exchange as an observer has it."""

    name: str
    events: tuple[Event, ...]
    declared: Declaration


HOME_AGENT: tuple[Script, ...] = (
    ha.one_bid,
    ha.two_bids,
    ha.without_ack,
    ha.refresh,
    ha.move,
    ha.care_of_option,
    ha.care_of_alternate,
    ha.bulk,
    ha.overwrite,
    ha.deregister_one,
    ha.deregister_last,
    ha.again,
    ha.deregister_bulk,
    ha.deregister_all,
    ha.return_home,
    ha.home_binding,
    ha.home_registered,
    ha.overwrite_nothing,
    ha.during_probe,
    ha.restarted,
    ha.replace_by_plain,
    ha.conflict,
    ha.plain_first,
    ha.plain_again,
    ha.plain,
    ha.stale,
    ha.stale_without_ack,
    ha.stale_for_home,
    ha.repeated,
    ha.window_inside,
    ha.window_outside,
    ha.unknown_bid,
    ha.unknown_in_bulk,
    ha.status_in_option,
    ha.nothing_to_delete,
    ha.foreign_home,
    ha.address_taken,
    ha.other_type,
    ha.unequal_flags,
    ha.wrong_length,
    ha.absent_care_of,
    ha.nonces_to_agent,
    ha.unauthorised,
    ha.multicast_care_of,
    ha.unroutable_home,
    ha.unequal_home_flags,
    ha.reserved_bits,
    ha.expired,
)
CORRESPONDENT: tuple[Script, ...] = (
    cn.plain_first,
    cn.plain,
    cn.one_bid,
    cn.two_bids,
    cn.refresh,
    cn.unanswered,
    cn.deregister_one,
    cn.deregister_all,
    cn.replace_by_plain,
    cn.bulk,
    cn.stale,
    cn.stale_without_ack,
    cn.window_outside,
    cn.home_nonce,
    cn.care_of_nonce,
    cn.both_nonces,
    cn.no_resources,
    cn.unauthorised,
    cn.forged,
    cn.asked_to_serve,
    cn.other_type,
)
# What the dialect of RFC 5648 cannot say: C is told by the Length there.
DRAFT_ONLY = (ha.unequal_flags, ha.absent_care_of)
# Only a log shows that an update that is not answered was processed, and that a cache was lost.
LOG_ONLY = (cn.unanswered, ha.restarted)


def made(script: Script, view: View, wire: Dialect) -> Conforming:
    """The exchange of a script, as an observer with this view has it."""
    agent = script in HOME_AGENT
    scene = Scene(wire, view, agent)
    script(scene)
    role = "home agent" if agent else "correspondent node"
    name = f"{role}, {script.__name__}, {view}, {wire.name}"
    return Conforming(name, tuple(scene.close()), scene.declaration())


def recorded(name: str) -> Conforming:
    """A recording that conforms, such as "shisa/ha04_one_bid.jsonl"."""
    path = RECORDED / name
    declared = load_declaration(path)
    return Conforming(name, tuple(read_trace(path, declared)), declared)


def views(script: Script) -> tuple[View, ...]:
    """The views in which a script can be told."""
    return ("log",) if script in LOG_ONLY else VIEWS


def dialects(script: Script) -> tuple[Dialect, ...]:
    """The dialects in which a script can be told."""
    return (DRAFT_04,) if script in DRAFT_ONLY else DIALECTS


def all_made() -> Iterator[Conforming]:
    """Every script in every view and dialect in which it can be told."""
    for script in (*HOME_AGENT, *CORRESPONDENT):
        for wire, view in product(dialects(script), views(script)):
            yield made(script, view, wire)
