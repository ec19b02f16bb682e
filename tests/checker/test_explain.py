"""All of a finding on request: `--explain` of check, explore and report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.cli import main
from checker.describe import restated
from model.rule import Modality, Role, rule
from model.ruleset import Ruleset, gather
from model.rulesets.steps import STEPS
from model.vocabulary import Dad, decide
from reports import KINDS

RULES = """
from model.rule import Modality, Role, rule
from model.ruleset import Ruleset, gather
from model.rulesets.steps import STEPS
from model.vocabulary import Dad, bu, decide

RULES = [
    rule("T-1", "1", Modality.MUST, Role.RECEIVER, "run", then=decide.dad == Dad.run,
         also=("T-3", "T-4")),
    rule("T-2", "2", Modality.STATED, Role.RECEIVER, "skip", given=bu.ack,
         then=decide.dad == Dad.skip, label="will"),
]
RULESET = Ruleset("tiny", "A tiny ruleset", "tiny", gather("tiny", RULES), ("only",), STEPS)
"""
SMALL = ["--bids", "1", "--care-of", "1", "--options", "1", "--sequence-bits", "2"]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, str]:
    """A ruleset, the result of checking it, the id of its contradiction."""
    folder = tmp_path_factory.mktemp("explain")
    rules, out = folder / "mine.py", folder / "out.jsonl"
    rules.write_text(RULES, encoding="utf-8")
    assert main(["check", str(rules), *SMALL, "--out", str(out)]) == 1
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    (found,) = (r for r in records if r.get("kind") == "contradiction")
    return str(rules), out, str(found["id"])


def test_a_finding_is_explained_from_a_run_and_from_its_file_alike(
    checked: tuple[str, Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    rules, out, name = checked
    assert main(["check", rules, *SMALL, "--explain", name]) == 1
    from_run = capsys.readouterr().out
    assert main(["report", str(out), "--explain", name]) == 0
    assert capsys.readouterr().out == from_run
    for part in (
        f"contradiction {name}  run / skip",
        "T-1 (also T-3, T-4)  MUST, binds the receiver",
        "tiny, clause 1, ",
        "mine.py:",
        "T-2  stated: will, binds the receiver",
        "an acknowledgement is requested (A): yes (bu.ack)",
        "→ home agent",
        f"monami witness RESULT {name} --pcap {name}.pcap",
    ):
        assert part in from_run


def test_several_are_explained_in_the_order_asked_for(
    checked: tuple[str, Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, name = checked
    assert main(["report", str(out), "--explain", name, "--explain", name]) == 0
    assert capsys.readouterr().out.count(f"contradiction {name}") == 1


def test_an_unknown_id_is_told_with_the_nearest(
    checked: tuple[str, Path, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rules, out, name = checked
    kept = tmp_path / "kept.jsonl"
    for arguments in (
        ["report", str(out)],
        ["check", rules, *SMALL, "--out", str(kept)],
    ):
        assert main([*arguments, "--explain", name[:-1]]) == 2
        told = capsys.readouterr()
        assert told.err.startswith(f"monami: no finding is called {name[:-1]}; take one of {name}")
        assert told.err.endswith(".\n")
        assert told.out == ""
    assert kept.exists()


def test_a_violated_property_is_explained_by_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    small = ["explore", "draft-04", *SMALL, "--updates", "2", "--faults", "0"]
    assert main([*small, "--explain", "status-precedence-failure"]) == 1
    said = capsys.readouterr().out
    assert "property fails  status-precedence-failure" in said
    assert "1. mobile node → " in said


def test_restatements_are_those_of_the_same_rule() -> None:
    rules = [
        rule("A-1", "1", Modality.MUST, Role.RECEIVER, "a", then=decide.dad == Dad.run),
        rule(
            "A-5",
            "1",
            Modality.MUST,
            Role.RECEIVER,
            "b",
            then=decide.dad == Dad.skip,
            also=("A-2", "A-7"),
        ),
    ]
    ruleset = Ruleset("tiny", "Tiny", "tiny", gather("tiny", rules), ("only",), STEPS)
    assert restated(["A-1", "A-2", "A-5"], ruleset) == {"A-5": ["A-2"]}
    assert restated(["A-2", "A-7"], ruleset) == {"A-2": ["A-7"]}
    assert restated(["A-1", "A-5"], ruleset) == {}


def test_the_kinds_that_the_analysis_finds_are_listed(checked: tuple[str, Path, str]) -> None:
    _, out, _ = checked
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    found = {r["kind"] for r in records if r["record"] == "finding"}
    assert found <= {kind.name for kind in KINDS}
