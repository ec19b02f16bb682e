"""Runs in files: what they name, what they declare, how wrong ones are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from traces.declaration import DeclarationError, load_declaration
from traces.run_file import is_run_file, load_run, run_of_traces


def written(folder: Path, text: str) -> Path:
    """The file of a run with this text."""
    path = folder / "night.run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_run_names_its_captures(tmp_path: Path) -> None:
    text = '[run]\ntraces = ["a.pcap", "sub/b.pcap"]\nclock_offsets = { "b.pcap" = -1.5 }\n'
    run = load_run(written(tmp_path, text))
    assert run.name == "night"
    assert run.traces == (tmp_path / "a.pcap", tmp_path / "sub" / "b.pcap")
    assert run.clock_offsets == {"b.pcap": -1.5}
    assert is_run_file(tmp_path / "night.run.toml")
    assert not is_run_file(tmp_path / "trace.toml")


def test_what_a_run_declares_goes_before(tmp_path: Path) -> None:
    """Key by key: what it does not say stays as declared beside the capture."""
    (tmp_path / "trace.toml").write_text('role = "home-agent"\nat = "home-agent"\n')
    text = '[run]\ntraces = ["a.pcap", "b.pcap"]\n[[match]]\nglob = "b*"\nat = "mobile-node"\n'
    run = written(tmp_path, text)
    found = [load_declaration(tmp_path / name, run) for name in ("a.pcap", "b.pcap")]
    assert [d.at for d in found] == ["home-agent", "mobile-node"]
    assert {d.role for d in found} == {"home-agent"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("traces = []\n", "it has no table [run]"),
        ("[run]\n", "traces of [run] is no list of file names"),
        ("[run]\ntraces = [1]\n", "traces of [run] is no list of file names"),
        ('[run]\ntraces = ["a"]\nname = ""\n', "the name of [run] is no text"),
        ('[run]\ntraces = ["a"]\ntrace = "b"\n', "the key trace of [run] is not known"),
        ('[run]\ntraces = ["a"]\nclock_offsets = 3\n', "clock_offsets of [run] is no table"),
        ('[run]\ntraces = ["a"]\nclock_offsets = { a = "x" }\n', "clock_offsets of [run] is no"),
        ("[run\n", "it is no TOML"),
    ],
)
def test_wrong_files_are_told(tmp_path: Path, text: str, said: str) -> None:
    """Where, what, what to do, in one sentence."""
    with pytest.raises(DeclarationError) as raised:
        load_run(written(tmp_path, text))
    assert str(raised.value).startswith(f"night.run.toml: {said}")
    assert str(raised.value).count("; ") == 1


@pytest.mark.parametrize(
    ("names", "common"),
    [
        (["04-home-ha.pcapng", "04-home-mn.pcap"], "04-home"),
        (["run1_ha.pcap", "run1_mn.pcap"], "run1"),
        (["ha.pcap", "mn.pcap"], "ha.pcap and mn.pcap"),
    ],
)
def test_a_run_without_a_name_is_called_by_its_captures(names: list[str], common: str) -> None:
    assert run_of_traces(tuple(map(Path, names)), {}).name == common
