"""The score: which departures are reported, under which rules, and what is reported besides."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from checker.replay import Replayer, ReplayOptions
from model.rulesets.draft04 import RULESET
from tests.mutations import (
    correspondent_departures,
    home_agent_answers,
    home_agent_cache,
    home_agent_link,
    in_recordings,
)
from tests.mutations.conforming import Conforming, Script, dialects, made, recorded
from tests.mutations.departures import Departure
from tests.mutations.scene import View
from tests.mutations.wires import through_file
from traces.dialects import DRAFT_04, Dialect
from traces.events import Event

DEPARTURES: tuple[Departure, ...] = (
    *home_agent_answers.DEPARTURES,
    *home_agent_link.DEPARTURES,
    *home_agent_cache.DEPARTURES,
    *correspondent_departures.DEPARTURES,
    *in_recordings.DEPARTURES,
)
WRONG = ("violates", "deviates", "ambiguous")
Verdict = tuple[int, str, str, str]  # exchange, verdict, rule, the rule under which it is told


@cache
def replayer() -> Replayer:
    """One replayer, so that step relations are compiled once; all scenes are seen at the node."""
    return Replayer(RULESET, ReplayOptions(at_receiver=True))


@dataclass(frozen=True)
class Outcome:
    """What replay says of one departure, in all dialects together."""

    departure: Departure
    reported: tuple[Verdict, ...]  # under the rules that are broken, in the exchange that departs
    spilt: tuple[Verdict, ...]  # all other verdicts that the conforming exchange has not
    missed: tuple[str, ...] = field(default=())  # dialects in which nothing was reported

    @property
    def right(self) -> bool:
        """Whether it is reported, and under the clause that it breaks."""
        return not self.missed

    @property
    def rules(self) -> tuple[str, ...]:
        """The violated rules, each once."""
        found = (*self.reported, *self.spilt)
        return tuple(dict.fromkeys(rule for _, name, rule, _ in found if name == "violates"))

    @property
    def told(self) -> tuple[str, ...]:
        """Those of them under which a report tells the departure, each once."""
        found = (*self.reported, *self.spilt)
        return tuple(dict.fromkeys(under for _, name, _, under in found if name == "violates"))


def verdicts(found: Conforming, events: Sequence[Event]) -> frozenset[Verdict]:
    """The verdicts that hold something against the node; AssertionError for an error record."""
    records: list[dict[str, Any]] = list(
        replayer().replay_events(events, found.name, found.declared)
    )
    errors = [r["text"] for r in records if r["record"] == "error"]
    assert not errors, errors
    assert any(r.get("verdict") in ("conforms", *WRONG) for r in records), "nothing was judged"
    return frozenset(
        (r["exchange"], r["verdict"], r["rule"], r.get("same_as", r["rule"]))
        for r in records
        if r["record"] == "verdict" and r["verdict"] in WRONG
    )


def judged(found: Conforming, events: Sequence[Event]) -> frozenset[Verdict]:
    """The same of a scene's events once they went through a file."""
    return verdicts(found, through_file(events, Path(folder().name), found.declared))


@cache
def folder() -> tempfile.TemporaryDirectory[str]:
    """Where the file is, for as long as the process lives."""
    return tempfile.TemporaryDirectory()


@cache
def of_scene(
    script: Script, view: View, wire: Dialect, legacy: bool = False
) -> tuple[Conforming, frozenset[Verdict]]:
    """A made exchange and the verdicts on it."""
    found = made(script, view, wire)
    if legacy:
        found = replace(found, declared=replace(found.declared, knows_bids=False))
    return found, judged(found, found.events)


@cache
def of_recording(name: str) -> tuple[Conforming, frozenset[Verdict]]:
    """A recorded exchange and the verdicts on it."""
    found = recorded(name)
    return found, verdicts(found, found.events)


def new_verdicts(departure: Departure) -> Iterator[tuple[str, frozenset[Verdict]]]:
    """By dialect, the verdicts that a departure adds to those on its exchange."""
    if isinstance(departure.source, str):
        found, known = of_recording(departure.source)
        yield found.declared.dialect.name, verdicts(found, departure.change(found.events)) - known
        return
    for wire in (DRAFT_04,) if departure.draft_only else dialects(departure.source):
        found, known = of_scene(departure.source, departure.view, wire, departure.legacy)
        yield wire.name, judged(found, departure.change(found.events)) - known


def outcome(departure: Departure) -> Outcome:
    """Replay a departure in all dialects."""
    reported: set[Verdict] = set()
    spilt: set[Verdict] = set()
    missed = []
    for name, new in new_verdicts(departure):
        about = {v for v in new if v[0] == departure.at and v[2] in departure.rules}
        right = {v for v in about if v[1] == departure.verdict}
        reported |= about
        spilt |= new - about
        if not right:
            missed.append(name)
    return Outcome(departure, tuple(sorted(reported)), tuple(sorted(spilt)), tuple(missed))


@cache
def outcomes() -> tuple[Outcome, ...]:
    """The outcome of every departure."""
    return tuple(map(outcome, DEPARTURES))
