"""The command line on captures of one run: what is read, what is told, what is refused."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from checker.cli import main
from checker.conformance import assert_conforms
from reports import Result, read_records, render_html, render_junit
from tests.checker.replay.support import RECORDED

UMIP = RECORDED / "umip"
PAIR = ("06-ha-crash-ha-up.pcap", "06-ha-crash-mn.pcap")
REPLAY = ("replay", "--rules", "draft-04")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two captures of one run with what is declared of them."""
    for name in (*PAIR, "trace.toml"):
        shutil.copy(UMIP / name, tmp_path / name)
    return tmp_path


def ran(out: Path, *arguments: object) -> tuple[int, Result]:
    """The exit code of a replay, and its result."""
    code = main([*REPLAY, *map(str, arguments), "--out", str(out)])
    return code, read_records(out)


def violations(result: Result) -> list[tuple[str, str, int]]:
    """Rule, file and packet of each violation."""
    found = [v for v in result.verdicts if v["verdict"] == "violates"]
    return [(v["rule"], v["file"], v["packet"]) for v in found]


UNANSWERED = [("3775-10.3.1-9", PAIR[0], 16), ("3775-9.5.4-2", PAIR[0], 16)]


def test_a_file_may_name_the_run(folder: Path) -> None:
    """Also for the assertion of a test; clocks may be given in it."""
    file = folder / "crash.run.toml"
    names = ", ".join(f'"{name}"' for name in PAIR)
    file.write_text(f'[run]\ntraces = [{names}]\nclock_offsets = {{ "{PAIR[1]}" = 0.0 }}\n')
    with pytest.raises(AssertionError, match=r"crash, 06-ha-crash-ha-up\.pcap, packet 16"):
        assert_conforms(file)


def test_reports_name_the_file_of_a_packet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the summary, the page with the clocks, and what a build reads; a folder is a run too."""
    code, result = ran(folder / "run.jsonl", "--same-run", folder)
    assert (code, sorted(violations(result))) == (1, UNANSWERED)
    assert [t["trace"] for t in result.traces] == ["06-ha-crash"]
    assert [i["path"] for i in result.header["inputs"]] == list(PAIR)
    assert f"06-ha-crash, packet 16 of {PAIR[0]}" in capsys.readouterr().out
    page = render_html(result)
    assert f'<div class="muted">also {PAIR[1]} packet 80</div>' in page
    assert "Captures of this run" in page
    assert "a mobile node" in page
    assert f"06-ha-crash, {PAIR[0]}, packet 16" in render_junit(result)


def test_an_offset_that_the_messages_contradict_is_refused(folder: Path) -> None:
    """Else messages would be taken for lost."""
    traces = [folder / name for name in PAIR]
    code, result = ran(folder / "o.jsonl", "--same-run", *traces, "--clock-offset", f"{PAIR[1]}=60")
    assert code == 3
    assert [e["where"] for e in result.errors] == ["06-ha-crash"]
    assert "is said to be 60 s ahead" in result.errors[0]["text"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--same-run", PAIR[0]), 2, "--same-run needs two traces or more"),
        (("--clock-offset", "a=1", *PAIR), 2, "add --same-run"),
        (("--same-run", *PAIR, "--clock-offset", "a"), 2, "write FILE=SECONDS"),
        (("--same-run", *PAIR, "--clock-offset", "a=x"), 2, "write FILE=SECONDS"),
        (("--same-run", *PAIR, "--clock-offset", "a=1"), 3, "which is no capture of the run"),
        (("--same-run", PAIR[0], "-"), 3, "standard input"),
        (("--same-run", PAIR[0], "nowhere.pcap"), 3, "nowhere.pcap: the file cannot be opened"),
        (("none.run.toml",), 3, "none.run.toml"),
    ],
)
def test_wrong_usage_is_told(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    """One sentence, and the exit code of what is wrong."""
    monkeypatch.chdir(folder)
    assert main([*REPLAY, *arguments]) == code
    told = capsys.readouterr()
    assert "Traceback" not in told.err + told.out
    assert said in re.sub(r"\s+", " ", told.err + told.out)
