"""Every packet of every recording, field by field and byte by byte, against tshark."""

from __future__ import annotations

import subprocess
from collections import Counter
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from tests.tools import require_tool
from tests.traces.support import CAPTURES, errors, events, messages, name_of
from tests.traces.tshark import NA_BITS, Seen, dissect, message_facts
from traces.capture import read_frames
from traces.events import NeighborAdvertisement, NeighborSolicitation, Tunnelled

WANTED = "mipv6 || icmpv6.type == 135 || icmpv6.type == 136 || ipv6.nxt == 41"
UNKNOWN_TO_TSHARK = 200  # the option type of scenario ha54


def _merged(folder: Path) -> Path:
    """All captures in one file, one behind the other: tshark then starts once."""
    merged = folder / "all.pcapng"
    command = [require_tool("mergecap"), "-a", "-F", "pcapng", "-w", str(merged)]
    subprocess.run([*command, *map(str, CAPTURES)], check=True, capture_output=True)
    return merged


def _run(merged: Path) -> dict[int, Seen]:
    """tshark's view of the packets that matter, by their number in the merged file."""
    return {view.number: view for view in dissect(merged, "-Y", WANTED)}


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
        assert set(message_facts(message)) - seen.facts == set()
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
    assert seen.values(f"icmpv6.nd.{kind}.target_address") == [event.target.packed.hex()]
    assert seen.values("ipv6.src") == [event.src.packed.hex()]
    assert seen.values("ipv6.dst") == [event.dst.packed.hex()]
    assert seen.values("icmpv6.opt.linkaddr") == ([link.replace(":", "")] if link else [])
    assert event.frame_src is not None
    assert seen.values("eth.src") == [event.frame_src.replace(":", "")]
    for name, bit in bits.items():
        assert seen.values(name) == [str(int(getattr(event, bit)))]


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
    return [value for value in seen.values("ipv6.nxt") if value == "29"]


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
