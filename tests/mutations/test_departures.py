"""Untouched exchanges are clean; each single departure is reported under the rule it breaks."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from model.rule import Modality, On
from model.rulesets.draft04 import RULESET
from tests.mutations import in_recordings
from tests.mutations.__main__ import ENOUGH, main
from tests.mutations.conforming import (
    CORRESPONDENT,
    HOME_AGENT,
    Script,
    all_made,
    dialects,
    views,
)
from tests.mutations.known import DISPUTED, MISSED, UNSEEN
from tests.mutations.score import (
    DEPARTURES,
    Verdict,
    of_recording,
    of_scene,
    outcomes,
)
from tests.mutations.wires import through_file
from traces.events import Event, Meta, MobilityMessage

BINDING = (Modality.MUST, Modality.MUST_NOT, Modality.STATED)


def expected(script: Script, view: str) -> set[Verdict]:
    """The verdicts on an untouched scene: none but where the document contradicts itself."""
    found = {v: (at, "ambiguous", rule, rule) for v, (at, rule) in DISPUTED.get(script, {}).items()}
    return {found[view]} if view in found else set()  # type: ignore[index]


@pytest.mark.parametrize("script", [*HOME_AGENT, *CORRESPONDENT], ids=lambda s: s.__name__)
def test_untouched_scenes_are_clean(script: Script) -> None:
    """In both views and dialects."""
    for wire, view in product(dialects(script), views(script)):
        found, verdicts = of_scene(script, view, wire)
        assert verdicts == expected(script, view), found.name


@pytest.mark.parametrize("name", in_recordings.USED)
def test_recordings_that_are_altered_are_clean(name: str) -> None:
    """Otherwise a departure in them would prove nothing."""
    assert not of_recording(name)[1]


def test_what_is_judged_was_read_from_octets(tmp_path: Path) -> None:
    """Written to a capture or a log and read again, a scene is what it was."""
    for found in all_made():
        read = through_file(found.events, tmp_path, found.declared)
        assert [_plain(e) for e in read] == [_plain(e) for e in found.events], found.name


def _plain(event: Event) -> object:
    """An event without where and how it was read: padding, places, interfaces, directions."""
    if isinstance(event, Meta):
        return type(event)
    changes: dict[str, object] = {"place": None, "time": 0.0}
    changes |= {n: None for n in ("interface", "direction") if hasattr(event, n)}
    if isinstance(event, MobilityMessage):
        changes["options"] = tuple(o for o in event.options if o.kind != "padding")
    return replace(event, **changes)  # type: ignore[arg-type]


def test_score() -> None:
    """At least 95 % are reported under the right rule; what is not is named, with the reason."""
    found = outcomes()
    assert len(found) >= 60
    assert len({d.title for d in DEPARTURES}) == len(found)
    assert sum(o.right for o in found) >= ENOUGH * len(found)
    assert {o.departure.title for o in found if not o.right} == MISSED.keys()


def test_nothing_is_reported_besides() -> None:
    """No verdict under another rule, and none in another exchange."""
    assert {o.departure.title: o.spilt for o in outcomes() if o.spilt} == {}


def test_every_binding_rule_has_a_departure() -> None:
    """Each rule about receiving an update is reported once at least, or cannot be seen broken."""
    reported = {rule for o in outcomes() for _, _, rule, _ in o.reported}
    rules = {r.id for r in RULESET.rules_on(On.RECEIVE_UPDATE) if r.modality in BINDING}
    assert rules - reported == UNSEEN.keys()


def test_rules_of_departures_exist() -> None:
    """A departure names rules of the catalogue."""
    known = {i for r in RULESET.rules for i in (r.id, *r.ids)} | set(RULESET.catalogue)
    assert {rule for d in DEPARTURES for rule in d.rules} <= known


def test_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each departure, then the score; exit code 0."""
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith(("ok ", "MISS")) for line in lines) == len(DEPARTURES)
    assert f"of {len(DEPARTURES)} departures" in lines[-4]
