"""What the tests of replay share: the recordings, and a replayer whose relations are kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import traces
from checker.replay import Replayer, ReplayOptions
from model.rulesets.draft04 import RULESET
from traces.declaration import load_declaration
from traces.events import BindingUpdate, Event
from traces.read import read_trace

Record = dict[str, Any]
RECORDED = Path(traces.__file__).parent / "recorded"
LISTED = ("violates", "deviates", "ambiguous")
HOME, AGENT = IPv6Address("2001:db8:1::100"), IPv6Address("2001:db8:1::1")


@cache
def relations_of() -> Any:
    """The step relations of draft -04, compiled once for all tests of a process."""
    return Replayer(RULESET).relations


def replayer(**options: Any) -> Replayer:
    """A replayer of draft -04 with a summary of its own."""
    made = Replayer(RULESET, ReplayOptions(**options))
    made.relations = relations_of()
    return made


def events_of(name: str) -> list[Event]:
    """The events of a recording, such as "shisa/ha05_two_bids.jsonl"."""
    path = RECORDED / name
    return list(read_trace(path, load_declaration(path)))


def judge(
    name: str, events: Sequence[Event] | None = None, **declared: Any
) -> tuple[list[Record], Replayer]:
    """The records of a recording, or of other events in its place, and the replayer."""
    path = RECORDED / name
    declaration = replace(load_declaration(path), **declared)
    made = replayer()
    found = events_of(name) if events is None else events
    return list(made.replay_events(found, path.name, declaration)), made


def verdicts(records: Iterable[Record], *names: str) -> dict[str, list[int | None]]:
    """The packets by rule of the verdicts with one of these names."""
    found: dict[str, list[int | None]] = defaultdict(list)
    for r in records:
        if r["record"] == "verdict" and r["verdict"] in names:
            found[r["rule"]].append(r.get("packet"))
    return dict(found)


def violated(name: str, events: Sequence[Event] | None = None, **declared: Any) -> set[str]:
    """The ids of the rules that a recording violates."""
    return set(verdicts(judge(name, events, **declared)[0], "violates"))


def until(events: Sequence[Event], packet: int) -> list[Event]:
    """The events before the Binding Update with this packet number."""
    stop = next(
        k for k, e in enumerate(events) if isinstance(e, BindingUpdate) and e.place.packet == packet
    )
    return list(events[:stop])
