"""Baselines: what is accepted, what is new, what has vanished; and files that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker import commands as c
from checker.baseline import Baseline, BaselineError, baseline_text, compare, load_baseline
from checker.cli import main

Record = dict[str, Any]
Write = Callable[[str], Path]
HEAD = """
from model.rule import Modality, Role, rule
from model.ruleset import Ruleset, gather
from model.rulesets.steps import STEPS
from model.vocabulary import Dad, bu, decide

RULES = [
    rule("T-1", "1", Modality.MUST, Role.RECEIVER, "run", then=decide.dad == Dad.run),
"""
SKIP = """
    rule("T-2", "1", Modality.MUST, Role.RECEIVER, "skip", given=bu.ack,
         then=decide.dad == Dad.skip),
"""
TAIL = """
]
RULESET = Ruleset("tiny", "A tiny ruleset", "tiny", gather("tiny", RULES), ("only",), STEPS)
"""
SMALL = ["--bids", "1", "--care-of", "1", "--options", "1", "--sequence-bits", "2"]


def finding(id: str) -> Record:
    return {"record": "finding", "id": id, "kind": "gap", "title": f"the {id}", "rules": []}


def violated(name: str, holds: bool | None = False) -> Record:
    return {"record": "property", "property": name, "title": name, "holds": holds}


FOUND = [finding("F-1"), finding("F-2"), violated("p"), violated("q", True)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A baseline file with this text."""

    def file(text: str) -> Path:
        path = tmp_path / "known.toml"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return path

    return file


# -- comparing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "new", "vanished"),
    [
        (["F-1", "F-2", "p"], (), ()),
        (["F-1", "p"], ("F-2",), ()),
        (["F-1", "F-2", "p", "F-3", "q"], (), ("F-3", "q")),
        ([], ("F-1", "F-2", "p"), ()),
    ],
)
def test_new_is_what_is_not_accepted_and_vanished_what_is_not_found(
    accepted: list[str], new: tuple[str, ...], vanished: tuple[str, ...]
) -> None:
    baseline = Baseline("b.toml", {id: f"why {id}" for id in accepted})
    compared = compare(FOUND, baseline, complete=True)
    assert (compared.new, compared.vanished) == (new, vanished)
    assert compared.exact is (not new and not vanished)
    *marked, told = compared.records
    reasons = [r.get("accepted") for r in marked]
    keys = ["F-1", "F-2", "p"]
    assert reasons == [*(f"why {k}" if k in accepted else None for k in keys), None]
    assert [entry["id"] for entry in told["vanished"]] == list(vanished)


@pytest.mark.parametrize(
    ("accepted", "before", "complete", "code"),
    [
        (["F-1"], 1, True, 0),
        (["F-2"], 1, True, 1),
        (["F-1", "F-2"], 1, True, 1),
        (["F-1", "F-2"], 1, False, 4),
        ([], 1, False, 1),
        (["F-1"], 4, True, 4),
    ],
)
def test_the_exit_code_against_a_baseline(
    accepted: list[str], before: int, complete: bool, code: int
) -> None:
    parts = [finding("F-1")] if complete else [finding("F-1"), c.STOPPED]
    baseline = Baseline("b.toml", dict.fromkeys(accepted, "why"))
    assert c.judge(parts, before, baseline)[1] == code


# -- files ---------------------------------------------------------------------------------------


def test_a_baseline_is_read(write: Write) -> None:
    path = write('[[accepted]]\nid = "F-1"\nreason = "it is so"\n')
    assert load_baseline(path) == Baseline("known.toml", {"F-1": "it is so"})
    assert load_baseline(write("")) == Baseline("known.toml", {})


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[[accepted]\n", 1, "it is not TOML ("),
        ('[[accepted]]\nid = "F-1\n', 2, "it is not TOML ("),
        ('[[accepted]]\nid = "F-1"\nreason = "a"\n[[accepted]]\nid = "F-1"\nreason = "b"\n', 4, ""),
        ('[[accepted]]\nid = "F-1"\n', 1, "an entry has no reason; give reason"),
        ('[[accepted]]\nid = "F-1"\nreason = ""\n', 1, "an entry has no reason"),
        ('[[accepted]]\nid = "F-1"\nreason = " "\n', 1, "its reason is no text"),
        ('[[accepted]]\nid = 1\nreason = "a"\n', 1, "its id is no text"),
        ('[[accepted]]\nreason = "a"\n', 1, "an entry has no id"),
        ('[[accepted]]\nid = "a"\nreason = "b"\nwho = "c"\n', 1, "unknown key 'who'; use id and"),
        ('# why\n[[acepted]]\nid = "a"\n', 2, "unknown key 'acepted'; write [[accepted]] tables"),
        ("accepted = 3\n", None, "'accepted' is no list"),
        ("accepted = [3]\n", None, "an entry is no table"),
        ("accepted = " + "[" * 3000, None, ""),
        ("# a\n# \udcff\n", 2, "it is not UTF-8"),
    ],
)
def test_a_file_that_is_no_baseline_is_told_with_its_line(
    write: Write, text: str, line: int | None, said: str
) -> None:
    path = write(text)
    with pytest.raises(BaselineError) as told:
        load_baseline(path)
    sentence = str(told.value)
    assert sentence.startswith(f"{path}:{line}: {said}" if line else f"{path}: {said}")
    assert sentence.endswith(".")
    assert "\n" not in sentence


@given(reason=st.text(min_size=1).filter(str.strip), title=st.text())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, reason: str, title: str
) -> None:
    path = tmp_path_factory.mktemp("baseline") / "b.toml"
    found = [{**finding("F-1"), "title": title}, finding("F-2"), violated("p"), violated("q", None)]
    path.write_text(baseline_text(found, reason, {"F-2": "before"}), encoding="utf-8")
    sound = reason.encode("utf-8", "replace").decode("utf-8")
    assert load_baseline(path).reasons == {"F-1": sound, "F-2": "before", "p": sound}


# -- the command line ----------------------------------------------------------------------------


@pytest.fixture
def rules(tmp_path: Path) -> str:
    """A ruleset with findings."""
    path = tmp_path / "mine.py"
    path.write_text(HEAD + SKIP + TAIL, encoding="utf-8")
    return str(path)


def _found(out: Path) -> list[Record]:
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return [r for r in records if r["record"] == "finding"]


def test_a_run_against_its_own_baseline_is_clean_until_something_changes(
    rules: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known, out = tmp_path / "known.toml", tmp_path / "out.jsonl"
    writing = ["--write-baseline", str(known), "--reason", "as agreed"]
    assert main(["check", rules, *SMALL, *writing]) == 1
    against = ["check", rules, *SMALL, "--baseline", str(known), "--out", str(out)]
    capsys.readouterr()
    assert main(against) == 0
    said = capsys.readouterr().out
    accepted = _found(out)
    assert accepted
    assert {f["accepted"] for f in accepted} == {"as agreed"}
    assert f"Baseline known.toml: {len(accepted)} accepted and not listed" in said
    assert not any(f["id"] in said for f in accepted)
    clash = next(f["id"] for f in accepted if f["kind"] == "contradiction")
    Path(rules).write_text(HEAD + TAIL, encoding="utf-8")
    assert main(against) == 1
    said = capsys.readouterr().out
    assert f"vanished {clash} (as agreed): no longer found, remove the entry" in said


def test_what_is_new_is_listed(
    rules: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "known.toml"
    known.write_text("", encoding="utf-8")
    assert main(["check", rules, *SMALL, "--baseline", str(known)]) == 1
    said = capsys.readouterr().out
    assert "0 accepted but no longer found" in said
    assert "contradiction F-" in said


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--write-baseline", "x.toml"], 2, "--write-baseline and --reason go together"),
        (["--reason", "so"], 2, "--write-baseline and --reason go together"),
        (["--write-baseline", "x.toml", "--reason", " "], 2, "--reason is empty"),
        (["--baseline", "missing.toml"], 3, "missing.toml: No such file or directory; name"),
    ],
)
def test_wrong_options_are_told_before_anything_is_searched(
    capsys: pytest.CaptureFixture[str], options: list[str], code: int, said: str
) -> None:
    for command in ("check", "explore"):
        assert main([command, "draft-04", *options]) == code
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith(f"monami: {said}")
        assert told.err.endswith(".\n")


def test_explore_holds_its_properties_against_a_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "known.toml"
    small = ["explore", "draft-04", *SMALL, "--updates", "2", "--faults", "0"]
    assert main([*small, "--write-baseline", str(known), "--reason", "known"]) == 1
    capsys.readouterr()
    assert main([*small, "--baseline", str(known)]) == 0
    assert "property fails" not in capsys.readouterr().out


# -- replay --------------------------------------------------------------------------------------

SHISA = Path(__file__).parent.parent.parent / "traces" / "recorded" / "shisa"
BAD = SHISA / "cm06_plain_and_bid_mix.jsonl"
REPLAY = ("replay", "--rules", "draft-04")


def verdict(rule: str, name: str, trace: str = "a.pcap") -> Record:
    observed = {"expected": "yes", "observed": "no"}
    return {"record": "verdict", "rule": rule, "verdict": name, "trace": trace, **observed}


VERDICTS = [
    verdict("R-1", "violates"),
    verdict("R-1", "violates"),
    verdict("R-1", "violates", "b.pcap"),
    verdict("R-2", "deviates"),
    verdict("R-3", "conforms"),
]


def test_verdicts_are_accepted_by_rule_and_trace() -> None:
    baseline = Baseline("b.toml", {"R-1 in a.pcap": "known", "R-3 in a.pcap": "was wrong"})
    compared = compare(VERDICTS, baseline, True, {"violates"})
    assert compared.new == ("R-1 in b.pcap",)
    assert compared.vanished == ("R-3 in a.pcap",)
    accepted = [r.get("accepted") for r in compared.records[:-1]]
    assert accepted == ["known", "known", None, None, None]
    graver = compare(VERDICTS, baseline, True, {"violates", "deviates"})
    assert graver.new == ("R-1 in b.pcap", "R-2 in a.pcap")


@pytest.mark.parametrize(("day", "accepted"), [("2026-03-01", True), ("2026-02-28", False)])
def test_what_is_accepted_until_a_day_is_new_after_it(
    write: Write, day: str, accepted: bool
) -> None:
    file = write(f'[[accepted]]\nid = "F-1"\nreason = "being mended"\nuntil = {day}\n')
    baseline = load_baseline(file, today=date(2026, 3, 1))
    compared = compare([finding("F-1")], baseline, complete=True)
    assert compared.exact == accepted
    assert compared.new == (() if accepted else ("F-1",))
    gone = compare([], baseline, complete=True)
    assert gone.vanished == ("F-1",)


@pytest.mark.parametrize("value", ['"soon"', "2026-03-01T10:00:00", "7"])
def test_until_has_to_be_a_day(write: Write, value: str) -> None:
    file = write(f'[[accepted]]\nid = "F-1"\nreason = "r"\nuntil = {value}\n')
    with pytest.raises(BaselineError, match=r"known.toml:1: its until is no day; write until = "):
        load_baseline(file)


def test_replay_against_its_own_baseline_passes_and_new_or_vanished_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known, junit = tmp_path / "known.toml", tmp_path / "a.xml"
    wanted = ("--write-baseline", str(known), "--reason", "as built")
    assert main([*REPLAY, str(BAD), *wanted]) == 1
    assert main([*REPLAY, str(BAD), "--baseline", str(known), "--junit", str(junit)]) == 0
    assert "accepted, by rule and trace" in capsys.readouterr().out
    text = junit.read_text(encoding="utf-8")
    assert 'failures="0"' in text.splitlines()[1]
    assert "accepted: as built" in text
    first, *others = known.read_text(encoding="utf-8").split("\n\n")[1:]
    known.write_text("\n\n".join(others), encoding="utf-8")
    assert main([*REPLAY, str(BAD), "--baseline", str(known)]) == 1
    assert ": 1 new, 0 accepted but no longer found." in capsys.readouterr().out
    more = first.replace("cm06", "cm07")
    known.write_text("\n\n".join([first, *others, more]), encoding="utf-8")
    assert main([*REPLAY, str(BAD), "--baseline", str(known)]) == 1
    assert "no longer found, remove the entry" in capsys.readouterr().out


def test_input_that_cannot_be_read_stays_one_with_a_baseline(tmp_path: Path) -> None:
    known, missing = tmp_path / "known.toml", tmp_path / "missing.pcap"
    known.write_text("", encoding="utf-8")
    assert main([*REPLAY, str(missing), "--baseline", str(known)]) == 3
