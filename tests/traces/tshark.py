"""What tshark shows of packets, and what it must show of our events: name, byte offset, octets."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from xml.parsers import expat

from tests.tools import require_tool
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
    Ipv4CareOf,
    Ipv4HomeAddress,
    LinkLayerAddress,
    MobileNetworkPrefix,
    MobilityMessage,
    NonceIndices,
    Option,
    OtherMobility,
    Padding,
    RefreshAdvice,
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
BU_RAW = {  # M of RFC 4140, P of RFC 5213, F and T of RFC 5555
    "mip6.bu.m_flag": 0x0800,
    "mip6.bu.p_flag": 0x0200,
    "mip6.bu.f_flag": 0x0100,
    "mip6.bu.t_flag": 0x0080,
}
BA_RAW = {"mip6.ba.p_flag": 0x20, "mip6.ba.t_flag": 0x10}
NA_BITS = {
    "icmpv6.nd.na.flag.r": "router",
    "icmpv6.nd.na.flag.s": "solicited",
    "icmpv6.nd.na.flag.o": "override",
}
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
READ = (
    *(
        "mip",
        "ipv6.src",
        "ipv6.dst",
        "ipv6.nxt",
        "ipv6.opt.mipv6",
        "ipv6.opt.type",
        "ipv6.routing",
        "ipv6.reass",
    ),
    *("icmpv6.type", "icmpv6.nd", "icmpv6.opt", "eth.src", "num", "timestamp"),
    *("_ws.expert", "_ws.malformed"),
)
LAYERS = "eth ipv6 mipv6 icmpv6 _ws.malformed"
WARNING, CHECKSUM = 0x600000, 0x01000000  # a severity and a group of Wireshark's expert information


@dataclass
class Seen:
    """What tshark shows of one packet; `shown` has its own words for fields, by name."""

    facts: set[Fact] = field(default_factory=set)
    options: list[tuple[int, int, int]] = field(default_factory=list)
    titles: dict[int, str] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)
    shown: dict[str, list[str]] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The number of the frame."""
        return int(self.shown["num"][0])

    @property
    def time(self) -> float:
        """The time of the frame in seconds since 1970."""
        return float(self.shown["timestamp"][0])

    @property
    def complaints(self) -> list[str]:
        """What tshark holds to be wrong, wrong checksums apart."""
        told = zip(
            *(
                self.shown.get(f"_ws.expert.{kind}", [])
                for kind in ("severity", "group", "message")
            ),
            strict=True,
        )
        return [
            what
            for severity, group, what in told
            if int(severity) >= WARNING and int(group) != CHECKSUM
        ]

    def values(self, name: str) -> list[str]:
        """The octets of a field wherever it stands, in order of their places."""
        return [
            value
            for found, _, value in sorted(self.facts, key=lambda fact: fact[1])
            if found == name
        ]


def dissect(capture: Path, *options: str) -> list[Seen]:
    """What tshark shows of the packets of a capture."""
    command = [require_tool("tshark"), "-r", str(capture), *options, "-J", LAYERS, "-T", "pdml"]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    found: list[Seen] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = partial(_element, found)
    parser.Parse(output, True)
    return found


@cache
def _is_read(name: str) -> bool:
    """Whether a field of that name is compared."""
    return name.startswith(READ)


def _element(found: list[Seen], tag: str, attributes: dict[str, str]) -> None:
    """Note an element of the packet that was begun last."""
    if tag == "packet":
        found.append(Seen())
    name = attributes.get("name", "")
    if not _is_read(name):
        return
    seen, value = found[-1], attributes.get("value", "")
    at = int(attributes.get("pos", "0"))
    seen.names[name] += 1
    seen.facts.add((name, at, value))
    if name.startswith("_ws."):
        seen.shown.setdefault(name, []).append(attributes.get("show", ""))
    elif name in ("num", "timestamp"):
        seen.shown[name] = [attributes.get("show" if name == "num" else "value", "")]
    elif name.startswith("mip6.options."):
        size = int(attributes.get("size", "0"))
        seen.options.append((int(value[:2], 16), max(0, size - 2), at))
        seen.titles[at] = attributes.get("showname", "").partition(":")[0]


def _hex(number: int, octets: int) -> str:
    return number.to_bytes(octets, "big").hex()


def message_facts(message: MobilityMessage) -> Iterator[Fact]:
    """What tshark must show of a message."""
    at = message.offsets
    kind = message.mh_type if isinstance(message, OtherMobility) else _type(message)
    yield "mip6.mhtype", at["type"], _hex(kind, 1)
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


def _type(message: MobilityMessage) -> int:
    return MH_TYPES[type(message).__name__]


def _fixed_facts(message: MobilityMessage) -> Iterator[Fact]:
    at = message.offsets
    match message:
        case BindingUpdate():
            yield "mip6.bu.seqnr", at["sequence"], _hex(message.sequence, 2)
            yield "mip6.bu.lifetime", at["lifetime"], _hex(message.lifetime, 2)
            for name, bit in BU_BITS.items():
                yield name, at["flags"], str(int(getattr(message, bit)))
            for name, mask in BU_RAW.items():
                yield name, at["flags"], str(int(bool(message.flags_raw & mask)))
        case BindingAcknowledgement():
            yield "mip6.ba.status", at["status"], _hex(message.status, 1)
            yield "mip6.ba.seqnr", at["sequence"], _hex(message.sequence, 2)
            yield "mip6.ba.lifetime", at["lifetime"], _hex(message.lifetime, 2)
            for name, bit in BA_BITS.items():
                yield name, at["flags"], str(int(getattr(message, bit)))
            for name, mask in BA_RAW.items():
                yield name, at["flags"], str(int(bool(message.flags_raw & mask)))
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
            yield "mip6.hot.token", at["token"], message.token.hex()  # its name in both messages
        case BindingError():
            yield "mip6.be.status", at["status"], _hex(message.status, 1)
            home = message.home_address_in_message.packed.hex()
            yield "mip6.be.haddr", at["home_address_in_message"], home


def _option_facts(option: Option) -> Iterator[Fact]:
    at = option.offset + 2
    match option:
        case Padding(type=1, length=size) if size:
            yield "mip6.padn", at, option.data.hex()
        case AlternateCareOf():
            yield "mip6.acoa.acoa", at, option.coa.packed.hex()
        case NonceIndices():
            yield "mip6.ni.hni", at, _hex(option.home, 2)
            yield "mip6.ni.cni", at + 2, _hex(option.careof, 2)
        case BindingAuthorization():
            yield "mip6.bad.auth", at, option.data.hex()
        case RefreshAdvice():
            yield "mip6.bra.interval", at, _hex(option.interval, 2)
        case MobileNetworkPrefix():
            yield "mip6.nemo.mnp.pfl", at + 1, _hex(option.prefix_length, 1)
            yield "mip6.nemo.mnp.mnp", at + 2, option.prefix.packed.hex()
        case LinkLayerAddress():
            yield "mip6.lla.optcode", at, _hex(option.code, 1)
            if option.link_layer:
                yield "mip6.lla", at + 1, option.link_layer.replace(":", "")
        case Ipv4HomeAddress():
            yield "mip6.ipv4ha.preflen", at, f"{option.prefix_length:X}"
            yield "mip6.ipv4ha.p_flag", at, str(int(option.is_prefix))
            yield "mip6.ipv4ha.ha", at + 2, option.home_address.packed.hex()
        case Ipv4CareOf():
            yield "mip6.ipv4coa.addr", at + 2, option.coa.packed.hex()
        case BidOption(type=35, length=size) if size >= 4:
            yield from _bid_facts(option, at)


def _bid_facts(option: BidOption, at: int) -> Iterator[Fact]:
    yield "mip6.bi.bid", at, _hex(option.bid or 0, 2)
    yield "mip6.bi.status", at + 2, _hex(option.status or 0, 1)
    yield "mip6.bi.h_flag", at + 3, str(int(option.h))
    if option.coa is not None:
        yield "mip6.bi.coa_ipv6", at + 4, option.coa.packed.hex()
    if option.ipv4_coa is not None:
        yield "mip6.bi.coa_ipv4", at + 4, option.ipv4_coa.packed.hex()
