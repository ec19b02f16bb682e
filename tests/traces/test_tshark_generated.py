"""Ten thousand generated packets, sound and broken, field by field against tshark.

Where the two differ in what is broken, the difference has a name below, with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from dpkt import dpkt

from tests.traces.generated import packets
from tests.traces.tshark import NA_BITS, Fact, Seen, dissect, message_facts
from traces.declaration import Declaration
from traces.dialects import RFC5648
from traces.events import (
    Event,
    MobilityMessage,
    NeighborAdvertisement,
    NeighborSolicitation,
    OtherMobility,
    ReadError,
    UnknownOption,
)
from traces.read import read_trace
from traces.write import write_capture

COUNT, SEED = 10_000, 5648
# What tshark shows of messages that is no field of an event, flags of later documents among it.
NO_FIELDS = {
    *("mip6.hlen", "mip6.csum", "mip6.reserved", "mip6.mobility_opt", "mip6.mobility_opt.len"),
    *("mip6.binding_refresh_request", "mip6.bu.b_flag", "mip6.ba.b_flag"),
    *("mip6.ipv4coa.reserved", "mip6.ipv4ha.reserved"),
}
ADDRESSES = {
    *("ipv6.src", "ipv6.dst", "ipv6.opt.mipv6.home_address", "ipv6.routing.mipv6.home_address"),
}
LEAST = {  # how often a field is compared at least
    "ipv6.src": 6000,
    "mip6.bi.bid": 3000,
    "mip6.bu.seqnr": 1000,
    "mip6.ba.status": 500,
    "mip6.hoti.cookie": 500,
    "mip6.coti.cookie": 500,
    "mip6.hot.token": 1000,
    "mip6.be.haddr": 500,
    "ipv6.opt.mipv6.home_address": 2500,
    "ipv6.routing.mipv6.home_address": 1500,
    **dict.fromkeys(("mip6.bi.coa_ipv4", "mip6.bi.coa_ipv6", "mip6.padn", "mip6.lla"), 500),
    **dict.fromkeys(("mip6.acoa.acoa", "mip6.ni.hni", "mip6.bad.auth", "mip6.bra.interval"), 500),
    **dict.fromkeys(("mip6.nemo.mnp.mnp", "mip6.ipv4ha.ha", "mip6.ipv4coa.addr"), 500),
}
MALFORMED = "Malformed Packet (Exception occurred)"
Pair = tuple[Event | None, Seen]


@pytest.fixture(scope="module")
def octets() -> list[bytes]:
    """The packets."""
    return packets(SEED, COUNT, RFC5648)


@pytest.fixture(scope="module")
def pairs(octets: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    """What is read of each packet, and what tshark shows of it."""
    path = tmp_path_factory.mktemp("generated") / "generated.pcap"
    write_capture(path, ((float(at), packet) for at, packet in enumerate(octets)))
    ours: dict[int | None, Event] = {}
    for event in read_trace(path, Declaration(dialect=RFC5648)):
        assert ours.setdefault(event.place.packet, event) is event
    theirs = dissect(path)
    assert len(theirs) == COUNT
    return [(ours.get(seen.number), seen) for seen in theirs]


def test_messages_are_the_same_field_by_field(pairs: list[Pair]) -> None:
    compared: Counter[str] = Counter()
    for event, seen in pairs:
        if isinstance(event, MobilityMessage) and not _excused(event, seen):
            facts = set(message_facts(event))
            assert facts - seen.facts == set(), seen.number
            assert _told(event, seen) - facts - _outer(event, seen) == set(), seen.number
            assert seen.options == _options(event, seen), seen.number
            compared.update(name for name, _, _ in facts)
    assert {name: compared[name] for name in LEAST if compared[name] < LEAST[name]} == {}


def _excused(event: MobilityMessage, seen: Seen) -> bool:
    """Whether tshark stopped in the midst of the packet or lost its place, as has a name."""
    lost = MALFORMED in seen.complaints or _has_other_ip_option(seen)
    return lost and bool(seen.complaints) and None not in _names(event, seen)


def _options(event: MobilityMessage, seen: Seen) -> list[tuple[int, int, int]]:
    """Type, length and offset of options; tshark has no field for types that are not assigned."""
    if isinstance(event, OtherMobility):
        return seen.options
    named = [
        o for o in event.options if not isinstance(o, UnknownOption) or o.offset in seen.titles
    ]
    return [(o.type, o.length, o.offset) for o in named]


def _told(event: MobilityMessage, seen: Seen) -> set[Fact]:
    """What tshark shows of fields that an event has, the octets of options as a whole left out."""
    found = {fact for fact in seen.facts if fact[0] in ADDRESSES}
    unread = [o for o in event.options if isinstance(o, UnknownOption)]
    inside = {at for o in unread for at in range(o.offset, o.offset + 2 + o.length)}
    if isinstance(event, OtherMobility):
        return found
    return found | {
        (name, at, value)
        for name, at, value in seen.facts
        if name.startswith("mip6.")
        and value
        and at not in inside
        and name not in NO_FIELDS
        and not name.startswith("mip6.options.")
    }


def _outer(event: MobilityMessage, seen: Seen) -> set[Fact]:
    """The addresses of the tunnels that the message is in; the event must have the nearest pair."""
    start = event.offsets["ip"]
    outer = {fact for fact in seen.facts if fact[0] in ("ipv6.src", "ipv6.dst") and fact[1] < start}
    assert event.tunnelled == bool(outer)
    if event.outer_src is not None and event.outer_dst is not None:
        assert ("ipv6.src", start - 32, event.outer_src.packed.hex()) in outer
        assert ("ipv6.dst", start - 16, event.outer_dst.packed.hex()) in outer
    return outer


def test_checksums_are_right_or_wrong_as_another_library_has_it(
    pairs: list[Pair], octets: list[bytes]
) -> None:
    told = Counter[bool]()
    for event, seen in pairs:
        if isinstance(event, MobilityMessage) and not _excused(event, seen):
            assert event.checksum_ok == _is_right(octets[seen.number - 1], seen), seen.number
            told[event.checksum_ok] += 1
    assert told[True] > 4000
    assert told[False] > 1000


def _is_right(packet: bytes, seen: Seen) -> bool:
    """Whether dpkt finds the checksum right, over the addresses that tshark shows (RFC 3775 6.1.1).

    tshark shows the checksum of a Mobility Header without looking whether it is right.
    """
    at = max(place for name, place, _ in seen.facts if name == "mipv6")
    length = 8 * (packet[at + 1] + 1)
    inner = max(place for name, place, _ in seen.facts if name == "ipv6.src")
    addresses = {
        name: value
        for name, place, value in sorted(seen.facts, key=lambda f: f[1])
        if place >= inner
    }
    src = addresses.get("ipv6.opt.mipv6.home_address") or addresses["ipv6.src"]
    dst = addresses.get("ipv6.routing.mipv6.home_address") or addresses["ipv6.dst"]
    if addresses.get("ipv6.routing.segleft") == "00":
        dst = addresses["ipv6.dst"]
    pseudo = bytes.fromhex(src + dst) + length.to_bytes(4, "big") + bytes([0, 0, 0, 135])
    return int(dpkt.in_cksum(pseudo + packet[at : at + length])) == 0


def test_neighbour_discovery_is_the_same(pairs: list[Pair]) -> None:
    compared = Counter[str]()
    for event, seen in pairs:
        is_neighbour = isinstance(event, NeighborSolicitation | NeighborAdvertisement)
        if is_neighbour and not seen.complaints:
            compared[type(event).__name__] += 1
            _compare_neighbour(event, seen)
    assert min(compared.values()) > 400
    assert len(compared) == 2


def _compare_neighbour(event: NeighborSolicitation | NeighborAdvertisement, seen: Seen) -> None:
    solicits = isinstance(event, NeighborSolicitation)
    target = f"icmpv6.nd.{'ns' if solicits else 'na'}.target_address"
    assert seen.values(target) == [event.target.packed.hex()]
    assert seen.values("ipv6.src")[-1] == event.src.packed.hex()
    assert seen.values("ipv6.dst")[-1] == event.dst.packed.hex()
    link = event.source_link_layer if solicits else event.target_link_layer
    theirs = seen.values(f"icmpv6.opt.{'src' if solicits else 'target'}_linkaddr")
    assert theirs[:1] == ([link.replace(":", "")] if link else []), seen.number
    if isinstance(event, NeighborAdvertisement):
        for name, bit in NA_BITS.items():
            assert seen.values(name) == [str(int(getattr(event, bit)))]


def test_the_same_packets_are_broken(pairs: list[Pair]) -> None:
    found: Counter[str | None] = Counter()
    for event, seen in pairs:
        if isinstance(event, ReadError) != bool(seen.complaints):
            names = _names(event, seen)
            assert None not in names, (seen.number, str(event), seen.complaints)
            found.update(names)
    assert len(found) >= 7
    assert sum(isinstance(e, ReadError) and bool(s.complaints) for e, s in pairs) > 300


def _names(event: Event | None, seen: Seen) -> set[str | None]:
    """The names of the differences, None where one has none."""
    if isinstance(event, ReadError):
        return {next((name for name, has in OURS.items() if has(event, seen)), None)}
    # Where an option is too short for tshark it also says that the packet is.
    told = [what for what in seen.complaints if what != MALFORMED] or seen.complaints
    return {next((n for n, has in THEIRS.items() if has(event, seen, what)), None) for what in told}


def _is_short_bid(event: Event | None, _: Seen, what: str) -> bool:
    """A BID option too short for its layout is judged by the rules, so it is read, not refused."""
    is_short = isinstance(event, MobilityMessage) and any(o.length < 4 for o in event.bids)
    return is_short and what.startswith("Binding Identifier (with option length")


def _is_other_type(event: Event | None, _: Seen, __: str) -> bool:
    """Messages of types from 8 on are not read further; tshark reads some, and finds fault."""
    return isinstance(event, OtherMobility)


def _is_other_option(event: Event | None, seen: Seen, what: str) -> bool:
    """An option that is not read further may have any content; tshark knows some of them."""
    if not isinstance(event, MobilityMessage):
        return False
    unread = [o.offset for o in event.options if isinstance(o, UnknownOption)]
    if what == MALFORMED:  # it stopped in the last one that it shows
        return bool(seen.options) and seen.options[-1][2] in unread
    titles = [seen.titles[at].removeprefix("MIPv6 Option - ") for at in unread if at in seen.titles]
    return any(what.startswith(title + " (with option length") for title in titles)


def _is_other_neighbour_option(event: Event | None, seen: Seen, what: str) -> bool:
    """Of the options of neighbour discovery only link-layer addresses are read."""
    is_neighbour = isinstance(event, NeighborSolicitation | NeighborAdvertisement)
    return is_neighbour and seen.values("icmpv6.opt.type")[-1] not in ("01", "02")


def _is_other_ip_option(event: Event | None, seen: Seen, _: str) -> bool:
    """Of the options of the IPv6 header only the home address is read; tshark knows many.

    One of a wrong length it reads as if it had the right one, and loses its place.
    """
    return isinstance(event, MobilityMessage) and _has_other_ip_option(seen)


def _has_other_ip_option(seen: Seen) -> bool:
    """Whether there is an option beside padding and home address."""
    return not {"00", "01", "c9"}.issuperset(seen.values("ipv6.opt.type"))


def _is_other_protocol(event: Event | None, seen: Seen, _: str) -> bool:
    """A changed octet made of the message something that is not looked for."""
    return not isinstance(event, MobilityMessage) and not seen.names["mipv6"]


def _is_at_its_end(event: Event | None, seen: Seen, what: str) -> bool:
    """A type 2 routing header with no segments left was used up, and was captured above IP."""
    is_used = "00" in seen.values("ipv6.routing.segleft")
    return is_used and "Routing Header segments left field must equal 1" in what


def _is_short_header(event: ReadError, seen: Seen) -> bool:
    """tshark reads fixed fields past the Header Len; a receiver refuses such (RFC 3775 9.2)."""
    return "is too short" in event.what and "mip6.hlen" in seen.names


def _runs_past_its_header(event: ReadError, _: Seen) -> bool:
    """tshark reads an option of the IPv6 header past the end of the header that it is in.

    It then shows the same octets again as those of the next header.
    """
    return "runs past its header" in event.what


def _is_past_the_packet(event: ReadError, seen: Seen) -> bool:
    """tshark reads options of neighbour discovery of some types past the packet they are in."""
    kinds = seen.values("icmpv6.opt.type")[-1:]
    return "Neighbor Discovery option" in event.what and kinds not in ([], ["01"], ["02"])


THEIRS: dict[str, Callable[[Event | None, Seen, str], bool]] = {
    "short BID option": _is_short_bid,
    "other message type": _is_other_type,
    "other option": _is_other_option,
    "other option of neighbour discovery": _is_other_neighbour_option,
    "other option of the IPv6 header": _is_other_ip_option,
    "other protocol": _is_other_protocol,
    "routing header at its end": _is_at_its_end,
}
OURS: dict[str, Callable[[ReadError, Seen], bool]] = {
    "short header": _is_short_header,
    "option past its header": _runs_past_its_header,
    "neighbour option past the packet": _is_past_the_packet,
}
