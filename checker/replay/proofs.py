"""Authenticators of Binding Updates, tried with the keygen tokens that a trace shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from itertools import product

from checker.replay.recent import Recent
from checker.replay.update import care_of
from traces.authorize import OCTETS, authenticator, binding_key
from traces.dialects import Dialect
from traces.encode import encode_mobility
from traces.events import BindingAuthorization, BindingUpdate, CareofTest, HomeTest

WRONG, RIGHT = "wrong", "right"
SOURCE, ALTERNATE, OPTION = "source", "alternate", "option"
MOST = 4  # tokens kept of one address and nonce index: a node may have started anew
MOST_TESTED = 10_000  # addresses of which tokens are kept; those tested longest ago go

Given = Recent[tuple[IPv6Address, IPv6Address, int], tuple[bytes, ...]]
Pairs = Sequence[tuple[bytes, bytes]]


def _none() -> Given:
    return Recent(MOST_TESTED)


@dataclass(slots=True)
class Tokens:
    """The keygen tokens that correspondent nodes gave out, by node, address and nonce index."""

    wire: Dialect
    home: Given = field(default_factory=_none)
    care_of: Given = field(default_factory=_none)

    def note(self, event: HomeTest | CareofTest) -> None:
        """Keep the token of a HoT or CoT."""
        tokens = self.home if isinstance(event, HomeTest) else self.care_of
        key = event.src, event.dst, event.nonce_index
        found = tokens.get(key) or ()
        if event.token not in found:
            tokens[key] = (*found[1 - MOST :], event.token)

    def proof(self, update: BindingUpdate, home: IPv6Address) -> str | None:
        """What the authenticator of an update that was read covers.

        RIGHT: the care-of address that it must, however the text is read; SOURCE, ALTERNATE or
        OPTION: that one; WRONG: none; None: the tokens are not in the trace, or the update has no
        authenticator in its place.  Source: RFC 3775 5.2.5, 5.2.6, 6.2.7, 9.5.1.
        """
        given, last = update.nonces, update.options[-1:]
        if given is None or not last or not _whole(last[0]):
            return None
        homes = self.home.get((update.dst, home, given.home))
        if not homes:
            return None
        header = encode_mobility(update, self.wire, as_read=True)
        if _deletes(update, home):
            return self._deletion(update, header, home, homes)
        names = addresses(update)
        pairs = {a: self._pairs(homes, update, a, given.careof) for a in names.values()}
        if not any(pairs.values()):
            return None
        found = [n for n, a in names.items() if _covers(update, header, a, pairs[a])]
        return _covered(update, found) if found else WRONG

    @staticmethod
    def _deletion(
        update: BindingUpdate, header: bytes, home: IPv6Address, homes: Sequence[bytes]
    ) -> str | None:
        """For a deletion the home token suffices; the care-of nonce index is not looked at."""
        pairs = [(token, b"") for token in homes]
        covered = (home, *addresses(update).values())
        return RIGHT if any(_covers(update, header, a, pairs) for a in covered) else None

    def _pairs(
        self, homes: Sequence[bytes], update: BindingUpdate, address: IPv6Address, index: int
    ) -> Pairs:
        return list(product(homes, self.care_of.get((update.dst, address, index)) or ()))


def _covers(update: BindingUpdate, header: bytes, address: IPv6Address, pairs: Pairs) -> bool:
    """Whether the authenticator is that of one of the pairs of tokens over this address."""
    keys = (binding_key(*pair) for pair in pairs)
    made = (authenticator(header, key, address, update.dst) for key in keys)
    return update.options[-1].data in made


def _whole(option: object) -> bool:
    return isinstance(option, BindingAuthorization) and option.length == OCTETS


def _deletes(update: BindingUpdate, home: IPv6Address) -> bool:
    return update.lifetime == 0 or care_of(update) == home


def addresses(update: BindingUpdate) -> dict[str, IPv6Address]:
    """The care-of addresses of an update by name; of sub-options the first counts."""
    first = update.bids[0].coa if update.bids else None
    named = {SOURCE: update.src, ALTERNATE: update.alternate, OPTION: first}
    return {name: address for name, address in named.items() if address is not None}


def _covered(update: BindingUpdate, found: Sequence[str]) -> str:
    """The name for what is covered, of several for the same address."""
    base = SOURCE if update.alternate is None else ALTERNATE
    due = {base, OPTION} & addresses(update).keys()
    if due <= set(found):
        return RIGHT
    return next((name for name in (OPTION, base) if name in found), found[0])
