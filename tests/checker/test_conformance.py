"""The ways into continuous integration: the assertion for tests, and the GitHub Action."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from checker import conformance
from checker.conformance import assert_conforms
from model.errors import RuleError
from reports import FAIL_ON, read_records

ROOT = Path(__file__).parent.parent.parent
SHISA = ROOT / "traces" / "recorded" / "shisa"
GOOD, BAD = SHISA / "cm01_rr_plain.jsonl", SHISA / "cm06_plain_and_bid_mix.jsonl"
CUT = SHISA / "ha55_bid_length_254_nodebug.jsonl"


# -- the assertion -----------------------------------------------------------------------------


def test_trace_that_conforms_gives_its_verdicts() -> None:
    result = assert_conforms(GOOD, rules="draft-04")
    assert {v["verdict"] for v in result.verdicts} >= {"conforms", "not exercised"}
    assert result.footer is not None
    assert result.footer["exit_code"] == 0


def test_message_tells_the_rule_the_packet_and_what_was_observed() -> None:
    with pytest.raises(AssertionError) as failed:
        assert_conforms(BAD)
    first, second, *_ = str(failed.value).splitlines()
    assert first == f"{BAD} does not conform to draft-04:"
    assert second.startswith("cm06_plain_and_bid_mix.jsonl, packet 7, line 53: violates 04-6.3-33 ")
    assert "expected" in second
    assert "observed" in second


def test_long_message_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "MOST", 2)
    with pytest.raises(AssertionError, match=r"\nand \d+ more$"):
        assert_conforms(BAD)


def test_what_could_not_be_read_or_judged_does_not_conform(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="claims 254 octets"):
        assert_conforms(CUT)
    with pytest.raises(AssertionError, match="nothing in it could be judged"):
        assert_conforms(tmp_path)
    with pytest.raises(AssertionError, match="No such file"):
        assert_conforms(tmp_path / "missing.pcap")


def test_graver_or_less_grave_verdicts_fail_as_chosen() -> None:
    counts = []
    for worst in FAIL_ON:
        with pytest.raises(AssertionError) as failed:
            assert_conforms(BAD, fail_on=worst)
        counts.append(len(str(failed.value).splitlines()))
    assert counts == sorted(set(counts))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="use one of violates, deviates, ambiguous"):
        assert_conforms(GOOD, fail_on="conforms")
    with pytest.raises(RuleError, match="no reading is called READ-NONE"):
        assert_conforms(GOOD, readings={"READ-NONE": "A"})


EXAMPLE = """
from checker.conformance import assert_conforms


def test_the_home_agent_obeys_the_draft():
    assert_conforms({path!r}, rules="draft-04")
"""


@pytest.mark.parametrize(("path", "code"), [(GOOD, 0), (BAD, 1)])
def test_example_of_the_guide_is_a_test(tmp_path: Path, path: Path, code: int) -> None:
    file = tmp_path / "test_example.py"
    file.write_text(EXAMPLE.format(path=str(path)), encoding="utf-8")
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    ran = subprocess.run(pytest_here, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran.stdout
    assert ("violates 04-6.3-33" in ran.stdout) == bool(code)


# -- the action --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """What a run of the action's replay left behind."""

    code: int
    outputs: str
    summary: str
    folder: Path


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


def replayed(action: dict[str, Any], tmp_path: Path, **inputs: str) -> Step:
    """Run the replay step as the runner does, with defaults for the inputs not given."""
    values = {k: str(v.get("default", "")) for k, v in action["inputs"].items()} | inputs
    values["folder"] = str(tmp_path / "reports")
    step = next(s for s in action["runs"]["steps"] if s.get("id") == "replay")
    named = {k: v.removeprefix("${{ inputs.").removesuffix(" }}") for k, v in step["env"].items()}
    files = {n: tmp_path / n for n in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **{k: values[v] for k, v in named.items()}}
    environment |= {k: str(v) for k, v in files.items()}
    bash = [shutil.which("bash") or "bash", "-e", "-o", "pipefail", "-c", step["run"]]
    ran = subprocess.run(bash, env=environment, capture_output=True, text=True, check=False)
    texts = [file.read_text(encoding="utf-8") for file in files.values()]
    return Step(ran.returncode, *texts, tmp_path / "reports")


def test_action_judges_each_trace_and_leaves_the_reports(
    action: dict[str, Any], tmp_path: Path
) -> None:
    step = replayed(action, tmp_path, traces=f"{GOOD}\n\n{BAD}\n")
    assert step.code == 1
    assert step.outputs == "code=1\n"
    assert step.summary.startswith("## monami: ")
    assert {p.name for p in step.folder.iterdir()} == {
        f"monami.{kind}" for kind in ("jsonl", "html", "xml", "sarif", "md")
    }
    assert {t["trace"] for t in read_records(step.folder / "monami.jsonl").traces} == {
        GOOD.name,
        BAD.name,
    }


def test_action_passes_for_what_conforms(action: dict[str, Any], tmp_path: Path) -> None:
    assert replayed(action, tmp_path, traces=str(GOOD)).outputs == "code=0\n"


def test_action_without_a_trace_is_no_pass(action: dict[str, Any], tmp_path: Path) -> None:
    step = replayed(action, tmp_path, traces="")
    assert step.outputs == "code=2\n"
    assert step.code == 2


def test_action_names_in_a_trace_are_no_commands(action: dict[str, Any], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    step = replayed(action, tmp_path, traces=f"$(touch {mark})\n--out=x\n; touch {mark}")
    assert step.code == 3
    assert not mark.exists()


def test_action_has_a_step_for_each_input(action: dict[str, Any]) -> None:
    used = str(action["runs"])
    assert all(f"inputs.{name} }}}}" in used for name in action["inputs"])
