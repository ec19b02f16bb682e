"""Traces packed with gzip, and traces from standard input."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.commands import trace_files
from tests.traces.support import RECORDED
from traces.declaration import Declaration, load_declaration
from traces.events import Event, ReadError
from traces.packed import LARGEST, Unpacking
from traces.read import read_trace


def unpacked(data: bytes, largest: int = LARGEST) -> tuple[bytes, str | None]:
    unpacking = Unpacking(io.BytesIO(data), largest)
    return io.BufferedReader(unpacking).read(), unpacking.wrong


CAPTURE = RECORDED / "umip" / "01-register-ha.pcapng"
MEMBERS = st.lists(st.binary(max_size=200), min_size=1, max_size=3)


@given(MEMBERS, st.integers(0, 20))
def test_members_are_unpacked_one_after_the_other(parts: list[bytes], zeros: int) -> None:
    packed = b"".join(map(gzip.compress, parts)) + bytes(zeros)
    assert unpacked(packed) == (b"".join(parts), None)


@given(st.binary(max_size=200), st.data())
def test_what_was_cut_off_is_kept_as_far_as_it_goes(whole: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(whole)
    cut = packed[: data.draw(st.integers(2, len(packed) - 1))]
    found, wrong = unpacked(cut)
    assert whole.startswith(found)
    assert wrong == "the packed data end early"


@given(st.binary(min_size=20, max_size=200), st.data())
def test_a_wrong_octet_is_told(whole: bytes, data: st.DataObject) -> None:
    packed = bytearray(gzip.compress(whole, mtime=0))
    at = data.draw(st.integers(len(packed) - 8, len(packed) - 1))  # checksum and length
    packed[at] ^= data.draw(st.integers(1, 255))
    found, wrong = unpacked(bytes(packed))
    assert found == whole
    assert wrong == "the packed data are damaged"


def test_what_follows_unpacked_is_told() -> None:
    found, wrong = unpacked(gzip.compress(b"a") + b"plain")
    assert (found, wrong) == (b"a", "something that is not packed follows the packed data")


def test_data_that_grow_without_end_are_stopped() -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(bytes(1 << 24)) + packer.flush()
    assert len(packed) < 1 << 16
    found, wrong = unpacked(packed, 1 << 20)
    assert len(found) == 1 << 20
    assert wrong == f"it unpacks to more than {1 << 20} octets"


def events(path: Path) -> list[Event]:
    return list(read_trace(path, Declaration()))


def test_packed_capture_gives_the_same_events(tmp_path: Path) -> None:
    packed = tmp_path / CAPTURE.name
    packed.write_bytes(gzip.compress(CAPTURE.read_bytes()))
    assert events(packed) == events(CAPTURE)
    assert len(events(packed)) > 5


@pytest.mark.parametrize("at", [0, 1, 2, 3, 24, 25])
def test_the_form_is_seen_however_short_the_first_member_is(at: int, tmp_path: Path) -> None:
    octets = CAPTURE.read_bytes()
    path = tmp_path / "again.pcapng.gz"
    path.write_bytes(gzip.compress(octets[:at]) + gzip.compress(octets[at:]))
    found = list(read_trace(path, Declaration()))
    assert len(found) == len(list(read_trace(CAPTURE, Declaration())))
    assert not any(isinstance(event, ReadError) for event in found)


def test_packed_capture_that_was_cut_gives_what_was_before(tmp_path: Path) -> None:
    packed = tmp_path / CAPTURE.name
    data = gzip.compress(CAPTURE.read_bytes())
    packed.write_bytes(data[: len(data) // 2])
    *before, cut, wrong = events(packed)
    assert before == events(CAPTURE)[: len(before)]
    assert before
    assert isinstance(cut, ReadError)
    assert str(wrong) == f"{CAPTURE.name}: the packed data end early; pack or record it again."


def test_standard_input_is_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    class Given:
        buffer = io.BytesIO(gzip.compress(CAPTURE.read_bytes()))

    monkeypatch.setattr("sys.stdin", Given)
    found = events(Path("-"))
    assert [type(e) for e in found] == [type(e) for e in events(CAPTURE)]
    assert {e.place.file for e in found} == {"standard input"}


def test_folder_has_packed_traces_and_what_is_declared_beside_them(tmp_path: Path) -> None:
    names = ("a.pcap.gz", "b.jsonl", "c.pcapng.gz", "d.txt.gz", "e.gz")
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "a.trace.toml").write_text('dialect = "kame"', encoding="utf-8")
    assert [p.name for p in trace_files([tmp_path])] == ["a.pcap.gz", "b.jsonl", "c.pcapng.gz"]
    assert load_declaration(tmp_path / "a.pcap.gz").dialect.name == "kame"
    assert load_declaration(tmp_path / "b.jsonl").dialect.name == "rfc5648"
