"""Traces that were packed with gzip: what is in them, as far as it can be unpacked."""

from __future__ import annotations

import zlib
from typing import Any

GZIP_MAGIC = b"\x1f\x8b"
GZIP_FORM = 31  # a gzip header and the largest window, as zlib counts it
LARGEST = 1 << 32  # octets that are unpacked at most
STEP = 1 << 16  # octets that are unpacked at once

CUT, DAMAGED = "the packed data end early", "the packed data are damaged"
FOLLOWED = "something that is not packed follows the packed data"


def unpacked(data: bytes, largest: int = LARGEST) -> tuple[bytes, str | None]:
    """Return what gzip members hold, and what is wrong where not all could be unpacked.

    What stands before the fault is kept. Octets that are no gzip member are returned as they are.
    """
    if data[:2] != GZIP_MAGIC:
        return data, None
    whole, at = bytearray(), 0
    while data[at : at + 2] == GZIP_MAGIC:
        at, wrong = _member(data, at, whole, largest)
        if wrong is not None:
            return bytes(whole[:largest]), wrong
    # Tapes are filled up with zeros.
    return bytes(whole), FOLLOWED if data[at:].strip(b"\0") else None


def _member(data: bytes, at: int, whole: bytearray, largest: int) -> tuple[int, str | None]:
    """Add what one member holds; return where the next begins, or what is wrong."""
    member = zlib.decompressobj(GZIP_FORM)
    while not member.eof:
        given = data[at : at + STEP]
        if not given:
            return at, CUT
        before = member.copy()
        try:
            whole += member.decompress(given, largest + 1)
        except zlib.error:
            whole += _until_the_fault(before, given)
            return at, DAMAGED
        if len(whole) > largest:
            return at, f"it unpacks to more than {largest} octets"
        at += len(given) - len(member.unused_data)
    return at, None


def _until_the_fault(member: Any, given: bytes) -> bytes:
    """What comes before the octet that cannot be unpacked."""
    found = bytearray()
    try:
        for at in range(len(given)):
            found += member.decompress(given[at : at + 1])
    except zlib.error:
        pass
    return bytes(found)
