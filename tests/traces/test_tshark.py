"""Every packet of every recording, field by field and byte by byte, against tshark."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.tools import require_tool
from tests.traces.support import CAPTURES, errors, events, messages, name_of
from traces.capture import read_frames
from traces.events import (
    AlternateCareOf,
    BidOption,
    BindingAcknowledgement,
    BindingAuthorization,
    BindingError,
    BindingUpdate,
    CareofTest,
    CareofTestInit,
    HomeTest,
    HomeTestInit,
    MobilityMessage,
    NeighborAdvertisement,
    NeighborSolicitation,
    NonceIndices,
    Option,
    RefreshAdvice,
    Tunnelled,
)

Fact = tuple[str, int, str]  # tshark's field name, byte offset, octets or bit in hexadecimal
BU_BITS = {
    "mip6.bu.a_flag": "ack",
    "mip6.bu.h_flag": "home_registration",
    "mip6.bu.l_flag": "link_local",
    "mip6.bu.k_flag": "key_mgmt",
    "mip6.nemo.bu.r_flag": "mobile_router",
}
BA_BITS = {"mip6.ba.k_flag": "key_mgmt", "mip6.nemo.ba.r_flag": "mobile_router"}
NA_BITS = {
    "icmpv6.nd.na.flag.r": "router",
    "icmpv6.nd.na.flag.s": "solicited",
    "icmpv6.nd.na.flag.o": "override",
}
WANTED = "mipv6 || icmpv6.type == 135 || icmpv6.type == 136 || ipv6.nxt == 41"
UNKNOWN_TO_TSHARK = 200  # the option type of scenario ha54
MH_TYPES = {
    "BindingRefreshRequest": 0,
    "HomeTestInit": 1,
    "CareofTestInit": 2,
    "HomeTest": 3,
    "CareofTest": 4,
    "BindingUpdate": 5,
    "BindingAcknowledgement": 6,
    "BindingError": 7,
}


@dataclass
class Seen:
    """What tshark shows of one packet."""

    facts: set[Fact] = field(default_factory=set)
    options: list[tuple[int, int, int]] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    time: float = 0.0
    number: int = 0


def _merged(folder: Path) -> Path:
    """All captures in one file, one behind the other: tshark then starts once."""
    merged = folder / "all.pcapng"
    command = [require_tool("mergecap"), "-a", "-F", "pcapng", "-w", str(merged)]
    subprocess.run([*command, *map(str, CAPTURES)], check=True, capture_output=True)
    return merged


def _run(merged: Path) -> dict[int, Seen]:
    """tshark's view of the packets that matter, by their number in the merged file."""
    command = [require_tool("tshark"), "-r", str(merged), "-Y", WANTED, "-T", "pdml"]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    views = [_seen(packet) for packet in ElementTree.fromstring(output).iter("packet")]
    return {view.number: view for view in views}


def _seen(packet: ElementTree.Element) -> Seen:
    """Collect one packet's fields."""
    seen = Seen()
    for element in packet.iter():
        name, value = element.get("name", ""), element.get("value", "")
        seen.names[name] += 1
        seen.facts.add((name, int(element.get("pos", "0")), value))
        if name == "frame.time_epoch":
            seen.time = float(element.get("show", "0").split()[0])
        if name == "frame.number":
            seen.number = int(element.get("show", "0"))
        if name.startswith("mip6.options."):
            seen.options.append(_option(element, value))
    return seen


def _option(element: ElementTree.Element, value: str) -> tuple[int, int, int]:
    """Type, length and offset of a mobility option."""
    size = int(element.get("size", "0"))
    return int(value[:2], 16), max(0, size - 2), int(element.get("pos", "0"))


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, dict[int, Seen]]:
    """tshark's view of every capture: what it shows of each frame, by frame number."""
    seen = _run(_merged(tmp_path_factory.mktemp("tshark")))
    views, before = {}, 0
    for path in CAPTURES:
        count = len(list(read_frames(path)))
        views[path] = {n: seen[before + n] for n in range(1, count + 1) if before + n in seen}
        before += count
    assert sum(map(len, views.values())) == len(seen)
    return views


def _hex(number: int, octets: int) -> str:
    return number.to_bytes(octets, "big").hex()


def _message_facts(message: MobilityMessage) -> Iterator[Fact]:
    """What tshark must show of a message."""
    at = message.offsets
    yield "mip6.mhtype", at["type"], _hex(MH_TYPES[type(message).__name__], 1)
    yield "mip6.proto", at["header"], _hex(message.payload_proto, 1)
    yield "ipv6.src", at["src"], message.src.packed.hex()
    yield "ipv6.dst", at["dst"], message.dst.packed.hex()
    if message.home_address is not None:
        home = message.home_address.packed.hex()
        yield "ipv6.opt.mipv6.home_address", at["home_address"], home
    if message.routing_home is not None:
        home = message.routing_home.packed.hex()
        yield "ipv6.routing.mipv6.home_address", at["routing_home"], home
    yield from _fixed_facts(message)
    for option in message.options:
        yield from _option_facts(option)


def _fixed_facts(message: MobilityMessage) -> Iterator[Fact]:
    at = message.offsets
    match message:
        case BindingUpdate():
            yield "mip6.bu.seqnr", at["sequence"], _hex(message.sequence, 2)
            yield "mip6.bu.lifetime", at["lifetime"], _hex(message.lifetime, 2)
            for name, bit in BU_BITS.items():
                yield name, at["flags"], str(int(getattr(message, bit)))
        case BindingAcknowledgement():
            yield "mip6.ba.status", at["status"], _hex(message.status, 1)
            yield "mip6.ba.seqnr", at["sequence"], _hex(message.sequence, 2)
            yield "mip6.ba.lifetime", at["lifetime"], _hex(message.lifetime, 2)
            for name, bit in BA_BITS.items():
                yield name, at["flags"], str(int(getattr(message, bit)))
        case HomeTestInit():
            yield "mip6.hoti.cookie", at["cookie"], message.cookie.hex()
        case CareofTestInit():
            yield "mip6.coti.cookie", at["cookie"], message.cookie.hex()
        case HomeTest():
            yield "mip6.hot.nindex", at["nonce_index"], _hex(message.nonce_index, 2)
            yield "mip6.hot.cookie", at["cookie"], message.cookie.hex()
            yield "mip6.hot.token", at["token"], message.token.hex()
        case CareofTest():
            yield "mip6.cot.nindex", at["nonce_index"], _hex(message.nonce_index, 2)
            yield "mip6.cot.cookie", at["cookie"], message.cookie.hex()
        case BindingError():
            yield "mip6.be.status", at["status"], _hex(message.status, 1)
            home = message.home_address_in_message.packed.hex()
            yield "mip6.be.haddr", at["home_address_in_message"], home


def _option_facts(option: Option) -> Iterator[Fact]:
    at = option.offset + 2
    match option:
        case AlternateCareOf():
            yield "mip6.acoa.acoa", at, option.coa.packed.hex()
        case NonceIndices():
            yield "mip6.ni.hni", at, _hex(option.home, 2)
            yield "mip6.ni.cni", at + 2, _hex(option.careof, 2)
        case BindingAuthorization():
            yield "mip6.bad.auth", at, option.data.hex()
        case RefreshAdvice():
            yield "mip6.bra.interval", at, _hex(option.interval, 2)
        case BidOption(type=35, length=4 | 8 | 20):
            yield "mip6.bi.bid", at, _hex(option.bid or 0, 2)
            yield "mip6.bi.status", at + 2, _hex(option.status or 0, 1)
            yield "mip6.bi.h_flag", at + 3, str(int(option.h))
            if option.coa is not None:
                yield "mip6.bi.coa_ipv6", at + 4, option.coa.packed.hex()


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_frames_with_a_mobility_header_are_the_same(
    path: Path, views: dict[Path, dict[int, Seen]]
) -> None:
    found = events(path)
    ours = {m.place.packet for m in messages(found)} | {e.place.packet for e in errors(found)}
    theirs = {n for n, seen in views[path].items() if seen.names["mipv6"]}
    assert ours == theirs


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_message_fields_and_offsets_are_the_same(
    path: Path, views: dict[Path, dict[int, Seen]]
) -> None:
    for message in messages(events(path)):
        assert message.place.packet is not None
        seen = views[path][message.place.packet]
        assert set(_message_facts(message)) - seen.facts == set()
        assert seen.options == [
            (o.type, o.length, o.offset) for o in message.options if o.type != UNKNOWN_TO_TSHARK
        ]
        assert message.time == pytest.approx(seen.time, abs=1e-6)


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_absent_addresses_are_absent_in_tshark(
    path: Path, views: dict[Path, dict[int, Seen]]
) -> None:
    for message in messages(events(path)):
        assert message.place.packet is not None
        names = views[path][message.place.packet].names
        if not message.tunnelled:
            home = names["ipv6.opt.mipv6.home_address"] > 0
            route = names["ipv6.routing.mipv6.home_address"] > 0
            assert (message.home_address is not None, message.routing_home is not None) == (
                home,
                route,
            )


def _values(seen: Seen, name: str) -> list[str]:
    return [value for found, _, value in seen.facts if found == name]


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_neighbour_discovery_is_the_same(path: Path, views: dict[Path, dict[int, Seen]]) -> None:
    ours = {}
    for event in events(path):
        if isinstance(event, NeighborSolicitation | NeighborAdvertisement):
            ours[event.place.packet] = event
    theirs = {n for n, seen in views[path].items() if _is_neighbour(seen)}
    assert set(ours) == theirs
    for number, event in ours.items():
        assert number is not None
        _compare_neighbour(event, views[path][number])


def _is_neighbour(seen: Seen) -> bool:
    """Whether the packet itself, not one quoted inside, is neighbour discovery."""
    types = sorted((at, value) for name, at, value in seen.facts if name == "icmpv6.type")
    return bool(types) and types[0][1] in ("87", "88")


def _compare_neighbour(event: NeighborSolicitation | NeighborAdvertisement, seen: Seen) -> None:
    """Every field of a solicitation or an advertisement."""
    if isinstance(event, NeighborSolicitation):
        kind, link, bits = "ns", event.source_link_layer, {}
    else:
        kind, link, bits = "na", event.target_link_layer, NA_BITS
    assert _values(seen, f"icmpv6.nd.{kind}.target_address") == [event.target.packed.hex()]
    assert _values(seen, "ipv6.src") == [event.src.packed.hex()]
    assert _values(seen, "ipv6.dst") == [event.dst.packed.hex()]
    assert _values(seen, "icmpv6.opt.linkaddr") == ([link.replace(":", "")] if link else [])
    assert event.frame_src is not None
    assert _values(seen, "eth.src") == [event.frame_src.replace(":", "")]
    for name, bit in bits.items():
        assert _values(seen, name) == [str(int(getattr(event, bit)))]


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_tunnelled_packets_are_the_same(path: Path, views: dict[Path, dict[int, Seen]]) -> None:
    found = events(path)
    tunnelled = [e for e in found if isinstance(e, Tunnelled)]
    ours = {e.place.packet for e in tunnelled}
    ours |= {m.place.packet for m in messages(found) if m.tunnelled}
    theirs = {n for n, seen in views[path].items() if len(_tunnel_marks(seen)) > 0}
    assert ours == theirs
    for event in tunnelled:
        assert event.place.packet is not None
        expected = _addresses(views[path][event.place.packet])
        assert [event.outer_src, event.inner_src] == expected["ipv6.src"]
        assert [event.outer_dst, event.inner_dst] == expected["ipv6.dst"]


def _tunnel_marks(seen: Seen) -> list[str]:
    return [value for value in _values(seen, "ipv6.nxt") if value == "29"]


def _addresses(seen: Seen) -> dict[str, list[IPv6Address]]:
    """Source and destination addresses, outer first."""
    return {
        name: [
            IPv6Address(bytes.fromhex(value))
            for found, _, value in sorted(seen.facts, key=lambda fact: fact[1])
            if found == name
        ]
        for name in ("ipv6.src", "ipv6.dst")
    }


def test_comparison_was_not_empty(views: dict[Path, dict[int, Seen]]) -> None:
    names = sum((seen.names for frames in views.values() for seen in frames.values()), Counter())
    least = {
        "mip6.bu.seqnr": 450,
        "mip6.ba.status": 450,
        "mip6.hot.token": 30,
        "mip6.ni.hni": 30,
        "mip6.bi.bid": 10,
        "icmpv6.nd.ns.target_address": 400,
        "icmpv6.nd.na.target_address": 280,
    }
    assert {name: names[name] for name in least if names[name] < least[name]} == {}
