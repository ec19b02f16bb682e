"""Paths as captures: read back by our own decoder and by tshark, field by field."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.cli import main
from checker.describe import path_records, present
from checker.explore import Explorer
from checker.machine import Machine
from checker.replay.naming import Naming
from checker.replay.update import update_inputs
from checker.witness import (
    AGENT,
    CORRESPONDENT,
    HOME,
    KEY,
    LATER,
    LIFETIME,
    WitnessError,
    address,
    messages,
    packets,
)
from model.fields import Domain, Flag
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.vocabulary import FIELDS
from tests.reports.sample import sample
from tests.tools import require_tool
from tests.traces.support import without_padding
from traces.dialects import DRAFT_04, RFC5648, Dialect, dialect
from traces.encode import encode_mobility
from traces.events import (
    BidOption,
    BindingAcknowledgement,
    BindingUpdate,
    Event,
    MobilityMessage,
    NeighborAdvertisement,
    Place,
)
from traces.packets import Origin, decode_packet
from traces.write import write_capture

Record = dict[str, Any]
WIRES = [DRAFT_04, RFC5648, dialect("draft-04", 200)]
SCOPES = [
    Scope(bids=1, care_of=1, options=1, sequence_bits=2, updates=2, faults=1),
    Scope(bids=2, care_of=2, options=2, sequence_bits=2, updates=1, faults=1),
]
SENT_FIELDS = ("bu.home_registration", "bu.ack", "bu.zero_lifetime", "bu.sequence", "bu.source")
OPTION_FIELDS = ("bid", "length", "H", "reserved", "coa")


def _paths(scope: Scope) -> list[list[Record]]:
    """The paths to the states of an exploration that no other path leads through."""
    machine = Machine(RULESET, scope)
    found = Explorer(machine).run()
    inner = {parent[0] for parent in found.parents.values() if parent is not None}
    ends = [state for state in found.parents if state not in inner]
    chosen = ends[:: max(1, len(ends) // 150)]
    return [path_records(machine, found.start(s), found.path(s)) for s in chosen]


@pytest.fixture(scope="module")
def paths() -> list[list[Record]]:
    """Paths of two small scopes."""
    return [path for scope in SCOPES for path in _paths(scope)]


def _back(packet: bytes, wire: Dialect) -> Event:
    (event,) = decode_packet(packet, 0, Origin(Place("", 1), 0.0), wire)
    return event


def _sent(path: list[Record], wire: Dialect) -> list[Event]:
    """The messages of a path, after they were packets; the same as before they were."""
    sent = messages(path, wire, RULESET.status_numbers)
    assert [m.time for m in sent] == list(range(len(sent)))
    returned: list[Event] = []
    for made, (time, packet) in zip(sent, packets(sent, wire), strict=True):
        back = _back(packet, wire)
        assert isinstance(back, MobilityMessage | NeighborAdvertisement), str(back)
        bare = without_padding(back) if isinstance(back, MobilityMessage) else back
        assert bare == replace(made, place=bare.place, time=0.0)
        assert time == made.time
        assert not isinstance(bare, MobilityMessage) or bare.checksum_ok
        returned.append(bare)
    return returned


@pytest.mark.parametrize("wire", WIRES, ids=lambda w: f"{w.name}-{w.option_type}")
def test_every_path_of_an_exploration_comes_back(paths: list[list[Record]], wire: Dialect) -> None:
    assert len(paths) > 100
    sent = [m for path in paths for m in _sent(path, wire)]
    for answer in (m for m in sent if isinstance(m, BindingAcknowledgement)):
        assert answer.routing_home == (None if answer.dst == HOME else HOME)
    kinds = {type(m) for m in sent}
    assert kinds == {BindingUpdate, BindingAcknowledgement, NeighborAdvertisement}
    steps = [step for path in paths for step in path]
    assert any(step["repeats"] for step in steps)
    assert {"home agent", "correspondent node", "network"} <= {step["actor"] for step in steps}


@pytest.mark.parametrize("wire", [DRAFT_04, RFC5648], ids=lambda w: w.name)
def test_the_fields_of_the_path_are_those_that_replay_reads(
    paths: list[list[Record]], wire: Dialect
) -> None:
    for path in paths:
        told = [s["message"] for s in path if s["message"] and "bu.source" in s["message"]]
        updates = [m for m in _once(path, wire) if isinstance(m, BindingUpdate)]
        assert len(told) == len(updates)
        for message, update in zip(told, updates, strict=True):
            _compare(message, update, wire)


def _once(path: list[Record], wire: Dialect) -> list[Event]:
    """What is sent, without the copies that the network makes."""
    return _sent([{**step, "repeats": False} for step in path], wire)


def _naming() -> Naming:
    naming = Naming(HOME)
    naming.addresses |= {address(k): k for k in range(2, 6)}
    naming.bids |= {b: b for b in range(1, 6)}
    return naming


def _compare(message: Record, update: BindingUpdate, wire: Dialect) -> None:
    """What the path says of an update, as numbers, and what replay makes of its packet."""
    numbers = dict(RULESET.status_numbers)
    read = update_inputs(update, _naming(), numbers, update.bids, wire.layout)
    options = [int(n[10:-1]) for n in message if n.startswith("o.present[")]
    assert [o.bid for o in update.bids] == [int(message.get(f"o.bid[{i}]", 0)) for i in options]
    labels = [*SENT_FIELDS, "bu.alternate", "bu.nonces"]
    names = OPTION_FIELDS if wire is RFC5648 else (*OPTION_FIELDS, "C", "O")
    labels += [f"o.{name}[{i}]" for i in options for name in names]
    shown = {n: FIELDS[n.partition("[")[0]].domain.show(read[n]) for n in labels}
    usual = {n: FIELDS[n.partition("[")[0]].domain.show(0) for n in labels}
    assert shown == usual | {n: v for n, v in message.items() if n in labels}


def _values(label: str) -> st.SearchStrategy[int]:
    domain = FIELDS[label.partition("[")[0]].domain
    return st.integers(0, domain.size() - 1 if isinstance(domain, Domain | Flag) else 5)


UPDATE = [n for n, f in FIELDS.items() if n.startswith("bu.") and not f.family]
OPTION = [f"o.{n}" for n in ("bid", "length", "C", "O", "H", "reserved", "status", "coa")]


@st.composite
def _updates(draw: st.DrawFn) -> Record:
    """The step of any update: fields as the path of a finding tells them."""
    values = {n: draw(_values(n)) for n in UPDATE}
    for i in range(1, draw(st.integers(0, 3)) + 1):
        values |= {f"o.present[{i}]": 1}
        values |= {f"{n}[{i}]": draw(_values(n)) for n in OPTION}
    message = present(values, frozenset(n.partition("[")[0] for n in values))
    to = draw(st.sampled_from(["home agent", "correspondent node"]))
    return {"actor": "any peer", "to": to, "message": message, "state": {}, "repeats": False}


@pytest.mark.parametrize("wire", WIRES, ids=lambda w: f"{w.name}-{w.option_type}")
@settings(max_examples=200)
@given(step=_updates())
def test_any_update_comes_back(wire: Dialect, step: Record) -> None:
    (update,) = _sent([step], wire)
    assert isinstance(update, BindingUpdate)
    assert update.dst == (AGENT if step["to"] == "home agent" else CORRESPONDENT)


# -- single messages -----------------------------------------------------------------------------


def _step(actor: str, to: str | None, message: Record | None, **more: Any) -> Record:
    return {"actor": actor, "to": to, "message": message, "state": {}, "repeats": False, **more}


REGISTER = {
    "bu.home_registration": "yes",
    "bu.ack": "yes",
    "bu.sequence": "3",
    "bu.source": "care-of address 1",
    "o.present[1]": "yes",
    "o.bid[1]": "1",
    "o.length[1]": "twenty",
    "o.C[1]": "yes",
    "o.coa[1]": "care-of address 2",
}
ANSWER = {
    "ba.status": "accepted",
    "net.ba_sequence": "3",
    "o.copied[1]": "yes",
    "o.ba_status[1]": "mcoa flag conflicts",
}
SENDS = _step("mobile node", "home agent", REGISTER)


def test_an_exchange_in_full() -> None:
    accepts = _step("home agent", "mobile node", ANSWER, state={"announcement": "override"})
    update, advertisement, answer = messages([SENDS, accepts], DRAFT_04)
    assert isinstance(update, BindingUpdate)
    assert (update.src, update.dst, update.home_address) == (address(2), AGENT, HOME)
    assert (update.sequence, update.ack, update.lifetime) == (3, True, LIFETIME)
    assert update.bids == (BidOption(35, 20, bid=1, status=0, c=True, coa=address(3)),)
    assert isinstance(advertisement, NeighborAdvertisement)
    assert (advertisement.target, advertisement.override) == (HOME, True)
    assert isinstance(answer, BindingAcknowledgement)
    assert (answer.src, answer.dst, answer.routing_home) == (AGENT, address(2), HOME)
    assert (answer.status, answer.sequence, answer.lifetime) == (0, 3, LIFETIME)
    assert [o.status for o in answer.bids] == [254]


def test_from_home_there_is_neither_home_address_option_nor_routing_header() -> None:
    home = _step("mobile node", "home agent", REGISTER | {"bu.source": "the home address"})
    update, answer = messages([home, _step("home agent", "mobile node", ANSWER)], DRAFT_04)
    assert isinstance(update, BindingUpdate)
    assert isinstance(answer, BindingAcknowledgement)
    assert (update.src, update.home_address) == (HOME, None)
    assert (answer.dst, answer.routing_home) == (HOME, None)


def test_what_is_lost_is_seen_once_and_what_is_repeated_twice() -> None:
    lost = _step("network", None, None)
    assert len(messages([SENDS, lost], DRAFT_04)) == 1
    copied = _step("home agent", "mobile node", ANSWER, repeats=True)
    again = _step("home agent", "mobile node", ANSWER)
    sent = messages([SENDS, copied, again], DRAFT_04)
    assert [type(m) for m in sent] == [BindingUpdate, BindingAcknowledgement] * 2
    assert replace(sent[2], place=sent[0].place, time=0.0) == sent[0]


def test_statuses_have_the_numbers_of_the_ruleset_before_those_of_rfc_5648() -> None:
    answer = _step("home agent", "mobile node", {"ba.status": "mcoa bid conflict"})
    for numbers, expected in (({}, LATER["mcoa_bid_conflict"]), ({"mcoa_bid_conflict": 77}, 77)):
        ba = messages([SENDS, answer], DRAFT_04, {"accepted": 0, **numbers})[1]
        assert isinstance(ba, BindingAcknowledgement)
        assert ba.status == expected


def test_a_correspondents_update_has_a_true_authenticator_unless_it_is_wrong() -> None:
    plain = {k: v for k, v in REGISTER.items() if k != "bu.home_registration"}
    right = _authenticator(plain)
    assert right[0] == right[1]
    wrong = _authenticator(plain | {"bu.authorization": "wrong"})
    assert wrong[0] != wrong[1]
    absent = _step("any peer", "correspondent node", plain | {"bu.authorization": "absent"})
    (update,) = messages([absent], DRAFT_04)
    assert isinstance(update, BindingUpdate)
    assert update.authorization is None


def _authenticator(message: Record) -> tuple[bytes, bytes]:
    """The authenticator in an update, and what RFC 3775 6.2.7 makes of its octets."""
    (update,) = messages([_step("any peer", "correspondent node", message)], DRAFT_04)
    assert isinstance(update, BindingUpdate)
    assert update.authorization is not None
    data = address(2).packed + CORRESPONDENT.packed + encode_mobility(update, DRAFT_04)[:-12]
    digest = hmac.new(KEY, data, hashlib.sha1).digest()
    return update.authorization.data, digest[:12]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (_step("mobile node", None, {"test.sent": "yes"}), "has no packet form"),
        (_step("home agent", None, ANSWER), "acknowledges an update that nobody sent"),
        (_step("any peer", None, {"bu.source": "nowhere"}), "bu.source has no value 'nowhere'"),
    ],
)
def test_what_has_no_packets_is_told(step: Record, said: str) -> None:
    with pytest.raises(WitnessError, match=said) as told:
        messages([step], DRAFT_04)
    assert str(told.value).endswith(".")


# -- other tools ---------------------------------------------------------------------------------


def _tshark(capture: Path, *options: str) -> list[str]:
    command = [require_tool("tshark"), "-r", str(capture), *options]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


@pytest.mark.parametrize("wire", [DRAFT_04, RFC5648], ids=lambda w: w.name)
def test_tshark_has_nothing_to_complain_of(
    paths: list[list[Record]], wire: Dialect, tmp_path: Path
) -> None:
    sent = [p for path in paths for p in packets(messages(path, wire), wire)]
    capture = tmp_path / "all.pcap"
    write_capture(capture, [(float(n), packet) for n, (_, packet) in enumerate(sent)])
    assert _tshark(capture, "-Y", "_ws.expert || _ws.malformed") == []
    columns = ("frame.time_epoch", "mip6.mhtype", "icmpv6.type", "icmpv6.checksum.status")
    fields = [argument for name in columns for argument in ("-e", name)]
    rows = [row.split("\t") for row in _tshark(capture, "-T", "fields", *fields)]
    assert [float(row[0]) for row in rows] == list(range(len(sent)))
    assert all(row[1] in ("5", "6") or row[2:] == ["136", "1"] for row in rows)
    assert any(row[2] for row in rows)


ODD = (
    {"o.length[1]": "other"},
    {"o.length[1]": "twenty", "o.C[1]": "no"},
    {"o.length[1]": "other", "bu.alternate": "care-of address 2"},
    {"bu.nonces": "yes", "bu.authorization": "nonces"},
    {"bu.unroutable": "yes", "bu.home_unroutable": "yes"},
    {"bu.prefix": "yes", "bu.router": "yes", "bu.key": "yes", "bu.reserved": "yes"},
)


@pytest.mark.parametrize("wire", [DRAFT_04, RFC5648], ids=lambda w: w.name)
def test_tshark_reads_what_no_conforming_node_sends(wire: Dialect, tmp_path: Path) -> None:
    steps = [
        _step("any peer", to, REGISTER | odd | {"bu.home_registration": flag})
        for odd in ODD
        for to, flag in (("home agent", "yes"), ("correspondent node", "no"))
    ]
    sent = [p for step in steps for p in packets(messages([step], wire), wire)]
    capture = tmp_path / "odd.pcap"
    write_capture(capture, sent)
    assert _tshark(capture, "-Y", "_ws.expert || _ws.malformed") == []
    assert len(_tshark(capture, "-Y", "mip6.bi.bid || mip6.mhtype == 5")) == len(steps)


# -- the command ---------------------------------------------------------------------------------


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A result file with a finding that has a path, one that has none, a violated property."""
    path = [SENDS, _step("home agent", "mobile node", ANSWER)]
    full = [{"event": "goes on", "text": None, "given_up": [], **step} for step in path]
    records = list(_with_paths(full))
    file = tmp_path / "result.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return file


def _with_paths(path: list[Record]) -> Iterator[Record]:
    for record in sample():
        yield {**record, "path": path} if record.get("path") else record


@pytest.mark.parametrize(
    ("options", "wire"),
    [
        ((), DRAFT_04),
        (("--dialect", "rfc5648"), RFC5648),
        (("--bid-type", "200"), dialect("draft-04", 200)),
    ],
)
@pytest.mark.parametrize("name", ["F-3fa2c1", "no-address-collision"])
def test_the_command_writes_what_reads_back(
    result: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    wire: Dialect,
    name: str,
) -> None:
    pcap = tmp_path / "w.pcap"
    assert main(["witness", str(result), name, "--pcap", str(pcap), *options]) == 0
    said = f"2 packets, dialect {wire.name}, BID sub-option type {wire.option_type}"
    assert capsys.readouterr().out == f"written: {pcap} ({said})\n"
    data = pcap.read_bytes()[24 + 16 :]
    update = _back(data[: 40 + int.from_bytes(data[4:6], "big")], wire)
    assert isinstance(update, BindingUpdate)
    assert [o.coa for o in update.bids] == [IPv6Address("2001:db8:a2::10")]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("F-90b7de", 4, "F-90b7de: no message sequence is known that leads there; take a "),
        ("F-3fa2c", 2, "no finding is called F-3fa2c; take one of F-3fa2c1, "),
    ],
)
def test_what_cannot_be_written_is_told_in_a_sentence(
    result: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    code: int,
    said: str,
) -> None:
    pcap = tmp_path / "w.pcap"
    assert main(["witness", str(result), name, "--pcap", str(pcap)]) == code
    err = capsys.readouterr().err
    assert err.startswith(f"monami: {said}")
    assert err.endswith(".\n")
    assert not pcap.exists()


def test_a_capture_that_cannot_be_written_ends_with_2(
    result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["witness", str(result), "F-3fa2c1", "--pcap", str(tmp_path)]) == 2
    expected = f"monami: {tmp_path} is a folder; name a file in a folder you may write to.\n"
    assert capsys.readouterr().err == expected
