"""IPv6 addresses from octets; the same few come again and again in a capture."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address


class Address(IPv6Address):
    """An address that works its hash out once: mappings ask for it again and again."""

    __slots__ = ("_hash",)

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self._hash = super().__hash__()

    def __hash__(self) -> int:
        return self._hash


KEPT = 1 << 14  # addresses: what a capture of any length takes at most


@lru_cache(KEPT)
def address(octets: bytes) -> IPv6Address:
    """The address in 16 octets; ValueError for another number of them."""
    return Address(octets)
