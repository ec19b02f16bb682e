"""How runs go on, what was never met, and dead ends: in words, in the terminal, in the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.course import dead_ends, going_on, unmet
from reports.html import render_html
from reports.records import Result, read_records, write_records
from reports.terminal import summarise
from tests.reports import sample


def step(event: str, loop: bool = False) -> dict[str, Any]:
    return {"actor": "mobile node", "event": event, "text": f"mobile node: {event}", "loop": loop}


def written(tmp_path: Path) -> Result:
    """Return a result with a run that never ends, another way, and what was never met."""
    records = sample.sample()
    path = [step("asks"), step("is refused", True), step("asks again", True)]
    for record in records:
        if record["record"] == "property" and record["property"] == "recovery":
            record |= {"holds": False, "kind": "leads to rest", "path": path}
            record |= {"others": [[step("moves away")]]}
        if record["record"] == "exploration":
            met = {"step": "s", "rules": ["a"], "given_up": ["b"], "deviates": [], "open": ["d[1]"]}
            record |= {"never_taken": ["reboot"], "rules_never": ["c"], "rules_met": [met]}
            record |= {"dead_ends": {"at_rest": 1, "elsewhere": 2}, "to_dead_end": [step("falls")]}
    file = tmp_path / "result.jsonl"
    write_records(file, records)
    return read_records(file)


@pytest.mark.parametrize(
    ("loops", "said"),
    [
        ((False, False), "Nothing follows that has to: it stays so for ever."),
        ((False, True), "Step 2 repeats for ever."),
        ((False, True, True), "Steps 2 to 3 repeat for ever."),
    ],
)
def test_how_a_run_goes_on_is_told(loops: tuple[bool, ...], said: str) -> None:
    path = [step("acts", loop) for loop in loops]
    assert going_on({"kind": "leads to rest", "path": path}) == said


def test_other_properties_do_not_go_on() -> None:
    assert going_on({"kind": "always", "path": [step("acts")]}) == ""


def test_what_was_never_met_is_named(tmp_path: Path) -> None:
    (record,) = written(tmp_path).explorations
    assert dict(unmet(record)) == {
        "actions never taken": ["reboot"],
        "rules with no reached case": ["c"],
        "rules given up in some case": ["b"],
        "decisions left open in some case": ["d"],
    }
    assert dead_ends(record) == "1 dead end at rest and 2 dead ends where it is not at rest"


def test_both_reports_tell_it(tmp_path: Path) -> None:
    result = written(tmp_path)
    text, page = "\n".join(summarise(result, color=False)), render_html(result)
    assert "rules with no reached case (1): c" in text
    for said in ("Steps 2 to 3 repeat for ever.", "moves away", "reboot", "1 dead end at rest"):
        assert said in text
        assert said in page
