"""IPv6 addresses from octets; the same few come again and again in a capture."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address

KEPT = 1 << 14  # addresses: what a capture of any length takes at most


@lru_cache(KEPT)
def address(octets: bytes) -> IPv6Address:
    """The address in 16 octets; ValueError for another number of them."""
    return IPv6Address(octets)
