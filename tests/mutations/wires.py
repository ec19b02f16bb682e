"""Events to a capture or a log and back: what is judged was read from octets."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from traces.declaration import Declaration
from traces.events import (
    FLAG_H,
    CacheDump,
    CacheEntry,
    DadResult,
    DadStart,
    Event,
    ListenerReport,
    Meta,
    MobilityMessage,
    NeighborAdvertisement,
    NeighborSolicitation,
    ProxyAdvertisement,
    ProxyNd,
)
from traces.mobility import checksum
from traces.packets import ICMPV6
from traces.read import read_trace
from traces.write import build_advertisement, build_packet, write_capture

SOLICITATION, REPORT, CEASES = 135, 143, 3
REPORTS_TO = IPv6Address("ff02::16")


def through_file(events: Sequence[Event], folder: Path, declared: Declaration) -> list[Event]:
    """Write events as a log if they are of one, else as a capture, and read the file."""
    if any(isinstance(e, Meta) for e in events):
        path = folder / "made.jsonl"
        lines = [json.dumps({"t": e.time, **_line(e, declared)}) for e in events]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        path = folder / "made.pcap"
        write_capture(path, [(e.time, octets(e, declared)) for e in events])
    return list(read_trace(path, declared))


def octets(event: Event, declared: Declaration) -> bytes:
    """The IPv6 packet of an event."""
    match event:
        case NeighborAdvertisement():
            return build_advertisement(event)
        case NeighborSolicitation():
            body = bytes([SOLICITATION, *bytes(7)]) + event.target.packed
            return _icmp(event.src, event.dst, body)
        case ListenerReport():
            records = b"".join(bytes([CEASES, 0, 0, 0]) + g.packed for g in event.left)
            body = struct.pack(">BBHHH", REPORT, 0, 0, 0, len(event.left)) + records
            return _icmp(event.src, REPORTS_TO, body)
        case MobilityMessage():
            return build_packet(event, declared.dialect)
    raise TypeError(f"{type(event).__name__} is no packet")


def _icmp(src: IPv6Address, dst: IPv6Address, body: bytes) -> bytes:
    """An ICMPv6 packet with hop limit 255 and checksum."""
    total = checksum(body, src, dst, ICMPV6)
    body = body[:2] + total.to_bytes(2, "big") + body[4:]
    header = struct.pack(">IHBB", 0x60000000, len(body), ICMPV6, 255)
    return header + src.packed + dst.packed + body


def _line(event: Event, declared: Declaration) -> dict[str, Any]:
    """An event as a line of a log, without its time."""
    if isinstance(event, MobilityMessage):
        kind = "rx" if event.direction == "in" else "tx"
        return {"kind": kind, "pkt": build_packet(event, declared.dialect).hex()}
    return _observation(event)


def _observation(event: Event) -> dict[str, Any]:
    """What a log tells besides the messages."""
    said: dict[str, Any]
    match event:
        case Meta():
            said = {"kind": "meta", "description": event.description, "implementation": "none"}
        case CacheDump():
            entries = [_entry(e) for e in event.entries]
            said = {"kind": "bc-dump", "after": event.after, "bc": entries}
            said["proxynd"] = [str(a) for a in event.proxied]
        case ProxyNd():
            kind = "proxynd-start" if event.active else "proxynd-stop"
            said = {"kind": kind, "target": str(event.address)}
        case ProxyAdvertisement():
            said = {"kind": "na-tx", "dst": str(event.dst), "target": str(event.address)}
            said["override"] = int(event.override)
        case DadStart():
            said = {"kind": "dad-start", "addr": str(event.address)}
        case DadResult():
            result = "success" if event.success else "duplicate"
            said = {"kind": "dad-result", "addr": str(event.address), "result": result}
        case _:
            raise TypeError(f"{type(event).__name__} has no line in a log")
    return said


def _entry(entry: CacheEntry) -> dict[str, Any]:
    return {
        "hoa": str(entry.home_address),
        "coa": str(entry.care_of),
        "myaddr": str(entry.peer),
        "bid": entry.bid or 0,
        "lifetime": entry.lifetime_s,
        "expires_in": entry.expires_in_s,
        "seq": entry.sequence,
        "flags": entry.flags,
        "flags_raw": hex(FLAG_H if entry.home_registration else 0),
        "state": entry.state,
    }
