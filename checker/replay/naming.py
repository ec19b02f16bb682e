"""Renaming: addresses and BIDs of a trace become indices of a scope, by order of appearance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address

from checker.replay.exchanges import Exchange
from model.scope import Scope
from model.vocabulary import FIRST_CARE_OF, HOME_ADDRESS, NONE, SEQUENCE_BITS
from traces.events import UNSPECIFIED, CacheEntry

BID_SIZES = (4, 16, 64, 255)
OPTION_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
MOST_ADDRESSES = 250


@dataclass(slots=True)
class Naming:
    """The indices of one home address: care-of addresses from 2, BIDs from 1 (0 stays 0)."""

    home: IPv6Address
    bids: dict[int, int] = field(default_factory=lambda: {0: 0})
    addresses: dict[IPv6Address, int] = field(default_factory=dict)
    options: int = 1

    def __post_init__(self) -> None:
        self.addresses |= {UNSPECIFIED: NONE, self.home: HOME_ADDRESS}

    def bid(self, value: int | None) -> int:
        """The index of a BID; 0 for the reserved value and for an option too short to hold one."""
        return self.bids.setdefault(value or 0, len(self.bids))

    def address(self, value: IPv6Address | None) -> int:
        """The index of an address; 0 for none."""
        if value is None:
            return NONE
        return self.addresses.setdefault(value, FIRST_CARE_OF + len(self.addresses) - 2)

    def scope(self) -> Scope:
        """A scope that holds all that was named; rounded, so that traces share step relations."""
        bids = _rounded(len(self.bids) - 1, BID_SIZES)
        options = _rounded(self.options, OPTION_SIZES)
        return Scope(bids, MOST_ADDRESSES, options, SEQUENCE_BITS)

    def plain_scope(self) -> Scope:
        """A scope for a node declared as one that knows no BIDs, whatever its dumps show."""
        return replace(self.scope(), options=1)

    def show_bid(self, index: int) -> str:
        """The BID behind an index, in words."""
        return str(self.value(index))

    def value(self, index: int) -> int:
        """The BID behind an index."""
        return next(value for value, i in self.bids.items() if i == index)

    def show_address(self, index: int) -> str:
        """The address behind an index."""
        if index == HOME_ADDRESS:
            return "the home address"
        return next((str(a) for a, i in self.addresses.items() if i == index), "no address")

    def kept(self, bids: Iterable[int], addresses: Iterable[int]) -> Naming:
        """The names behind some indices, which are given anew in the order of the old ones."""
        left = Naming(self.home)
        wanted = set(bids)
        for value in [v for v, i in self.bids.items() if i in wanted]:
            left.bid(value)
        wanted = set(addresses)
        for address in [a for a, i in self.addresses.items() if i in wanted]:
            left.address(address)
        return left


def _rounded(count: int, sizes: tuple[int, ...]) -> int:
    return next((size for size in sizes if size >= count), count)


def naming_of(session: Iterable[Exchange], naming: Naming | None = None) -> Naming:
    """Name all that the exchanges of one home address mention, in order of appearance.

    The names that are there already are kept; ValueError where there is nothing to name.
    """
    for e in session:
        naming = naming or Naming(e.home)
        naming.options = max(naming.options, len(e.bids))
        _name_update(naming, e)
        for dump in (e.before, e.after):
            for entry in dump.entries if dump is not None else ():
                _name_entry(naming, entry)
    if naming is None:
        raise ValueError("a session without exchanges has no names")
    return naming


def _name_update(naming: Naming, e: Exchange) -> None:
    naming.address(e.update.src)
    naming.address(e.update.alternate)
    for option in e.bids:
        naming.bid(option.bid)
        naming.address(option.coa)


def _name_entry(naming: Naming, entry: CacheEntry) -> None:
    if entry.home_address == naming.home:
        naming.address(entry.care_of)
        naming.bid(entry.bid)
