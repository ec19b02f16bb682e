"""Declarations beside traces, and the one face that reads them all."""

from ipaddress import IPv6Address
from pathlib import Path

import pytest

from tests.traces.support import CAPTURES, LOGS, RECORDED, name_of
from traces.declaration import Declaration, DeclarationError, load_declaration
from traces.dialects import RFC5648, dialect
from traces.events import Place, ReadError
from traces.read import read_trace

SHISA = RECORDED / "shisa"


@pytest.mark.parametrize("path", [*CAPTURES, *LOGS], ids=name_of)
def test_every_recording_has_a_declaration_that_infers_nothing(path: Path) -> None:
    declared = load_declaration(path)
    assert declared.file == "trace.toml"
    assert declared.knows_bids is None
    assert bool(declared.observed) is (path.parent.name != "tcpdump")


@pytest.mark.parametrize(
    ("name", "role", "observed"),
    [
        ("ha01_plain_reg_refresh_dereg.jsonl", "home-agent", "2001:db8:1::1"),
        ("hs01_stock_had_bid.pcapng", "home-agent", "2001:db8:1::1"),
        ("e2e05_plain_mn.jsonl", "home-agent", "2001:db8:1::1"),
        ("cm01_rr_plain.pcapng", "correspondent-node", "2001:db8:f::1"),
        ("cn01_rr_plain.jsonl", "correspondent-node", "2001:db8:f::1"),
    ],
)
def test_observed_nodes_of_shisa(name: str, role: str, observed: str) -> None:
    declared = load_declaration(SHISA / name)
    assert (declared.role, declared.observed) == (role, (IPv6Address(observed),))
    assert declared.dialect == dialect("draft-04", 7)


def test_home_link_of_umip() -> None:
    folder = RECORDED / "umip"
    names = ("01-register-ha.pcapng", "01-register-ha-home.pcap", "01-register-ha-up.pcap")
    assert [load_declaration(folder / n).home_link_interface for n in names] == [0, 0, None]


def test_without_a_file_nothing_is_declared(tmp_path: Path) -> None:
    assert load_declaration(tmp_path / "a.pcap") == Declaration(dialect=RFC5648)


def test_file_of_the_recording_comes_before_that_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "trace.toml").write_text('dialect = "kame"\n')
    (tmp_path / "a.trace.toml").write_text("knows_bids = false\n")
    assert load_declaration(tmp_path / "a.pcap") == Declaration(
        knows_bids=False, file="a.trace.toml"
    )
    assert load_declaration(tmp_path / "b.pcap").dialect.name == "kame"


def test_later_match_wins(tmp_path: Path) -> None:
    text = 'role = "home-agent"\n[[match]]\nglob = "c*"\nrole = "correspondent-node"\n'
    text += '[[match]]\nglob = "cx*"\nhome_link_interface = 2\n'
    (tmp_path / "trace.toml").write_text(text)
    found = [load_declaration(tmp_path / name) for name in ("a.pcap", "cx.pcap")]
    assert [d.role for d in found] == ["home-agent", "correspondent-node"]
    assert [d.home_link_interface for d in found] == [None, 2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dialect =", "it is no TOML"),
        ("notes = " + "[" * 9999, "it is no TOML"),
        ('dialect = "draft-05"', "dialect 'draft-05' is not known; take one of kame"),
        ("bid_type = 300", "BID option type 300 is no option type; give a number 2 to 255."),
        ("bid_type = true", "bid_type is a bool; give a int."),
        ('"kn\\nows\\u001b" = true', "the key kn ows is not known; use dialect"),
        ("knows = true", "the key knows is not known; use dialect"),
        ('role = "router"', "the role router is not known; use home-agent"),
        ('at = "router"', "the at router is not known; use home-agent"),
        ('observed = ["home"]', "observed: "),
        ("match = 3", "match is no list of tables"),
        ("[[match]]", "a [[match]] has no glob"),
    ],
)
def test_declaration_that_cannot_be_understood(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "trace.toml").write_text(text)
    with pytest.raises(DeclarationError) as raised:
        load_declaration(tmp_path / "a.pcap")
    assert str(raised.value).startswith("trace.toml: ")
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the file is empty"),
        (b"MZ", "neither a capture nor an event log"),
        (b"\x1f\x8b", "the packed data end early"),
    ],
)
def test_other_files_are_one_error(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(data)
    (only,) = read_trace(path, Declaration())
    assert says in str(only)


def test_missing_file_is_one_error(tmp_path: Path) -> None:
    (only,) = read_trace(tmp_path / "a.pcap", Declaration())
    assert isinstance(only, ReadError)
    assert str(only).startswith("a.pcap: the file cannot be opened")


def test_format_is_known_by_content(tmp_path: Path) -> None:
    path = tmp_path / "capture.bin"
    path.write_bytes((SHISA / "ha04_one_bid.jsonl").read_bytes())
    found = list(read_trace(path, load_declaration(SHISA / "ha04_one_bid.jsonl")))
    assert len(found) > 4
    assert not any(isinstance(event, ReadError) for event in found)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place("ha01.pcapng", 3, offset=58), "ha01.pcapng packet 3, byte 58"),
        (Place("ha01.jsonl", 3, 12), "ha01.jsonl line 12 (packet 3)"),
        (Place("ha01.jsonl", None, 12), "ha01.jsonl line 12"),
        (Place("ha01.jsonl", 3, 12, 58), "ha01.jsonl line 12 (packet 3), byte 58"),
        (Place("ha01.pcapng", None), "ha01.pcapng"),
    ],
)
def test_place_in_words(place: Place, text: str) -> None:
    assert str(place) == text
