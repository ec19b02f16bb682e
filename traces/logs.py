"""Event logs of SHISA (JSON Lines) to events; packets are decoded from their octets only."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from traces.dialects import Dialect
from traces.events import (
    FLAG_H,
    CacheDump,
    CacheEntry,
    DadRefused,
    DadResult,
    DadStart,
    Event,
    KernelDrop,
    Meta,
    NodeStopped,
    Place,
    ProxyAdvertisement,
    ProxyNd,
    ReadError,
    UpdateListDump,
    UpdateListEntry,
)
from traces.fragments import Reassembly
from traces.packets import Origin, decode_packet

Record = dict[str, Any]
REMEDY = "repair the line or record the log again"
UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
LINK_LOCAL = 0xFE80 << 112
KAME_SCOPE = 0xFFFF << 96


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a log: its record, or the error that it gives."""

    place: Place
    record: Record
    error: ReadError | None = None


def read_log(path: Path, wire: Dialect) -> Iterator[Event]:
    """The events of a log file, in order; a line that cannot be read gives one ReadError.

    OSError is raised for a file that cannot be opened.
    """
    yield from log_events(path.read_bytes(), path.name, wire)


def log_events(data: bytes, file: str, wire: Dialect) -> Iterator[Event]:
    """The events in the octets of a log file."""
    lines = [_line(raw, Place(file, None, at)) for at, raw in _numbered(data)]
    packets = number_packets([line.record for line in lines])
    reassembly = Reassembly()
    for line, packet in zip(lines, packets, strict=True):
        if line.error is not None:
            yield line.error
        else:
            place = replace(line.place, packet=packet)
            yield from _line_events(line.record, place, wire, reassembly)


def _numbered(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, numbered from 1."""
    for number, raw in enumerate(data.split(b"\n"), 1):
        if raw.strip():
            yield number, raw


def _line(raw: bytes, place: Place) -> _Line:
    """Parse one line."""
    try:
        record = json.loads(raw)
        if not isinstance(record, dict):
            raise TypeError("it is no JSON object")
    except UNREADABLE as bad:
        return _Line(place, {}, ReadError(place, f"the line is no event, {_why(bad)}", REMEDY))
    return _Line(place, record)


def _why(bad: BaseException) -> str:
    """The cause in words, on one line and without closing dot."""
    if isinstance(bad, KeyError):
        return f"its field {bad} is missing"
    return " ".join(str(bad).split()).rstrip(".") or type(bad).__name__


def number_packets(records: list[Record]) -> list[int | None]:
    """The packet number of each record: the frame number in the capture of the same scenario.

    Where one node is observed each `rx` and `tx` is a packet. Where the log has several nodes, a
    packet is a `tx` together with the later `rx` of the same octets; one never received has none.
    """
    if not any(r.get("node") is not None and _is_packet(r) for r in records):
        return _count([_is_packet(r) for r in records])
    sent_at = _pair(records)
    delivered = set(sent_at.values())
    numbers = _count(
        [at in delivered or (_is_rx(r) and at not in sent_at) for at, r in enumerate(records)]
    )
    return [numbers[sent_at[at]] if at in sent_at else numbers[at] for at in range(len(records))]


def _is_packet(record: Record) -> bool:
    return record.get("kind") in ("rx", "tx")


def _is_rx(record: Record) -> bool:
    return record.get("kind") == "rx"


def _count(marked: list[bool]) -> list[int | None]:
    """Numbers from 1 for the marked places, None for the others."""
    numbers: list[int | None] = []
    seen = 0
    for mark in marked:
        seen += mark
        numbers.append(seen if mark else None)
    return numbers


def _pair(records: list[Record]) -> dict[int, int]:
    """For each received packet the place of the earliest open sending of the same octets."""
    sent: dict[str, list[int]] = {}
    pairs: dict[int, int] = {}
    for at, record in enumerate(records):
        octets = str(record.get("pkt"))
        if record.get("kind") == "tx":
            sent.setdefault(octets, []).append(at)
        elif _is_rx(record) and sent.get(octets):
            pairs[at] = sent[octets].pop(0)
    return pairs


def _line_events(
    record: Record, place: Place, wire: Dialect, reassembly: Reassembly
) -> Iterator[Event]:
    """The events of one record; kinds that tell nothing of bindings give none."""
    try:
        time = float(record["t"])
        if not math.isfinite(time):
            raise ValueError("its time is no number")
        if _is_packet(record):
            yield from _packet(record, place, time, wire, reassembly)
        elif record["kind"] in OBSERVATIONS:
            yield OBSERVATIONS[record["kind"]](record, place, time)
    except UNREADABLE as bad:
        yield ReadError(place, f"the event cannot be read, {_why(bad)}", REMEDY)


def _packet(
    record: Record, place: Place, time: float, wire: Dialect, reassembly: Reassembly
) -> tuple[Event, ...]:
    """The events of a packet that a node received or sent."""
    octets = bytes.fromhex(record["pkt"])
    origin = Origin(
        place=place,
        time=time,
        direction="in" if _is_rx(record) else "out",
        node=_text(record, "node"),
        comment=_text(record, "note"),
    )
    return decode_packet(octets, 0, origin, wire, reassembly)


def _text(record: Record, name: str) -> str | None:
    """A field as text, None if it is absent."""
    value = record.get(name)
    return None if value is None else str(value)


def _address(text: object) -> IPv6Address:
    """An address, without the interface number that KAME keeps inside link-local ones."""
    address = IPv6Address(str(text))
    if address.is_link_local or int(address) >> 112 == LINK_LOCAL >> 112:
        return IPv6Address(int(address) & ~KAME_SCOPE)
    return address


def _bid(value: Any) -> int | None:
    """The BID of an entry: 0 is a plain binding, -1 a build that has no BID field."""
    return int(value) if int(value) > 0 else None


def _meta(record: Record, place: Place, time: float) -> Meta:
    nodes = record.get("nodes")
    daemon = record.get("daemon") or (
        ", ".join(f"{name}: {what}" for name, what in nodes.items()) if nodes else None
    )
    description, implementation = record["description"], record["implementation"]
    return Meta(place, time, str(description), str(implementation), daemon)


def _dump(record: Record, place: Place, time: float) -> CacheDump:
    return CacheDump(
        place,
        time,
        entries=tuple(_entry(e) for e in record["bc"]),
        proxied=tuple(_address(a) for a in record["proxynd"]),
        kernel=tuple(_kernel_entry(e) for e in record.get("kernel_bc", ())),
        after=_text(record, "after"),
        node=_text(record, "node"),
    )


def _entry(entry: Record) -> CacheEntry:
    """A binding as the daemon holds it."""
    expires = int(entry["expires_in"])
    return CacheEntry(
        home_address=_address(entry["hoa"]),
        care_of=_address(entry["coa"]),
        bid=_bid(entry["bid"]),
        peer=_address(entry["myaddr"]),
        lifetime_s=int(entry["lifetime"]),
        expires_in_s=None if expires < 0 else expires,
        sequence=int(entry["seq"]),
        home_registration=bool(int(entry["flags_raw"], 16) & FLAG_H),
        state=_text(entry, "state"),
        flags=str(entry["flags"]),
    )


def _kernel_entry(entry: Record) -> CacheEntry:
    """A binding as the kernel holds it, with fewer fields."""
    return CacheEntry(
        home_address=_address(entry["hoa"]),
        care_of=_address(entry["coa"]),
        bid=_bid(entry["bid"]),
        peer=_address(entry["myaddr"]),
        home_registration="H" in entry["flags"],
        flags=str(entry["flags"]),
    )


def _list_dump(record: Record, place: Place, time: float) -> UpdateListDump:
    entries = tuple(_list_entry(e) for e in record["bul"])
    return UpdateListDump(place, time, entries, _text(record, "after"), _text(record, "node"))


def _list_entry(entry: Record) -> UpdateListEntry:
    """An entry of the mobile node's list."""
    return UpdateListEntry(
        home_address=_address(entry["hoa"]),
        care_of=_address(entry["coa"]),
        bid=_bid(entry["bid"]),
        peer=_address(entry["peer"]),
        lifetime=int(entry["lifetime_units"]),
        sequence=int(entry["seq"]),
        flags=str(entry["flags"]),
        level=str(entry["level"]),
    )


def _proxy(active: bool) -> Callable[[Record, Place, float], ProxyNd]:
    """The reader of the start or of the stop of proxy Neighbor Discovery."""

    def read(record: Record, place: Place, time: float) -> ProxyNd:
        return ProxyNd(place, time, _address(record["target"]), active, _text(record, "node"))

    return read


def _advertisement(record: Record, place: Place, time: float) -> ProxyAdvertisement:
    target, dst = _address(record["target"]), _address(record["dst"])
    override = bool(record["override"])
    return ProxyAdvertisement(place, time, target, dst, override, _text(record, "node"))


def _dad_start(record: Record, place: Place, time: float) -> DadStart:
    return DadStart(place, time, _address(record["addr"]), _text(record, "node"))


def _dad_result(record: Record, place: Place, time: float) -> DadResult:
    success = record["result"] == "success"
    return DadResult(place, time, _address(record["addr"]), success, _text(record, "node"))


def _dad_refused(record: Record, place: Place, time: float) -> DadRefused:
    reason = str(record["why"])
    return DadRefused(place, time, _address(record["addr"]), reason, _text(record, "node"))


def _stopped(record: Record, place: Place, time: float) -> NodeStopped:
    what = f"{record['kind']}: {record.get('note', 'no note')}"
    return NodeStopped(place, time, what, _text(record, "node"))


def _kernel_drop(record: Record, place: Place, time: float) -> KernelDrop:
    reason = next((str(record[k]) for k in ("why", "reason", "note") if k in record), "no reason")
    return KernelDrop(place, time, reason, _text(record, "node"))


OBSERVATIONS: dict[str, Callable[[Record, Place, float], Event]] = {
    "meta": _meta,
    "bc-dump": _dump,
    "bul-dump": _list_dump,
    "proxynd-start": _proxy(True),
    "proxynd-stop": _proxy(False),
    "na-tx": _advertisement,
    "dad-start": _dad_start,
    "dad-result": _dad_result,
    "dad-rejected": _dad_refused,
    "hang": _stopped,
    "crash": _stopped,
    "kernel-drop": _kernel_drop,
}
