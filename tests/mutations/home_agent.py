"""Conforming exchanges of a home agent: each script is what draft -04 and RFC 3775 lead to."""

from __future__ import annotations

from dataclasses import replace

from tests.mutations.scene import (
    ALL_NODES,
    BETWEEN_S,
    FOREIGN_HOME,
    HOME,
    NEIGHBOUR,
    PROBE_S,
    A,
    B,
    C,
    Scene,
    alternate,
)
from traces.events import BidOption, NonceIndices

UNASSIGNED = 200  # draft -04 gives its own statuses no numbers
NOT_SUBNET, NOT_AGENT, DUPLICATE, STALE, TYPE = 132, 133, 134, 135, 139
HALF = 0x8000


def first(s: Scene, *options: BidOption, bid: int | None = 100, **fields: object) -> None:
    """The first registration: probed, served, announced, acknowledged."""
    s.update(*options, **fields)  # type: ignore[arg-type]
    s.probe()
    s.serve()
    s.bind(bid, options[0].coa or A if options else A)
    s.answer()


def one_bid(s: Scene) -> None:
    """A first registration with a BID."""
    first(s, s.bid(100))


def two_bids(s: Scene) -> None:
    """A second binding beside the first; the address is not probed again."""
    one_bid(s)
    s.update(s.bid(200), source=B)
    s.bind(200, B)
    s.answer()


def without_ack(s: Scene) -> None:
    """A home registration is acknowledged without A too (RFC 3775 10.3.1)."""
    first(s, s.bid(100), ack=False)


def refresh(s: Scene) -> None:
    """One of two bindings is refreshed."""
    two_bids(s)
    s.update(s.bid(100))
    s.bind(100, A)
    s.answer()


def move(s: Scene) -> None:
    """One of two bindings moves to a third care-of address."""
    two_bids(s)
    s.update(s.bid(100), source=C)
    s.bind(100, C)
    s.answer()


def care_of_option(s: Scene) -> None:
    """The care-of address is in the sub-option (C)."""
    first(s, s.bid(100, B))


def care_of_alternate(s: Scene) -> None:
    """The care-of address is in the alternate care-of address option."""
    s.update(s.bid(100), alternate(B))
    s.probe()
    s.serve()
    s.bind(100, B)
    s.answer()


def bulk(s: Scene) -> None:
    """Two bindings by one update."""
    s.update(s.bid(100, A), s.bid(200, B))
    s.probe()
    s.serve()
    s.bind(100, A)
    s.bind(200, B)
    s.answer()


def overwrite(s: Scene) -> None:
    """O replaces all bindings by that of the update."""
    two_bids(s)
    s.update(s.bid(300, o=True), source=C, overwrite=True)
    s.unbind()
    s.bind(300, C)
    s.answer()


def deregister_one(s: Scene) -> None:
    """One of two bindings goes; the other stays, and so does proxy Neighbor Discovery."""
    two_bids(s)
    s.update(s.bid(100), lifetime=0)
    s.unbind(100)
    s.answer()


def deregister_last(s: Scene) -> None:
    """The only binding goes, by its BID."""
    one_bid(s)
    s.update(s.bid(100), lifetime=0)
    s.unbind()
    s.cease()
    s.answer()


def again(s: Scene) -> None:
    """Registered anew after the last binding went: all that is due first is due again."""
    deregister_last(s)
    first(s, s.bid(100))


def deregister_bulk(s: Scene) -> None:
    """Two of three bindings go by one update."""
    two_bids(s)
    s.update(s.bid(300), source=C)
    s.bind(300, C)
    s.answer()
    s.update(s.bid(100), s.bid(300), lifetime=0)
    s.unbind(100, 300)
    s.answer()


def deregister_all(s: Scene) -> None:
    """All bindings go by an update without BID."""
    two_bids(s)
    s.update(lifetime=0)
    s.unbind()
    s.cease()
    s.answer()


def return_home(s: Scene) -> None:
    """The mobile node is at home: all bindings go, the answer needs no routing header."""
    two_bids(s)
    s.update(source=HOME, lifetime=0)
    s.unbind()
    s.cease()
    s.answer()


def home_binding(s: Scene) -> None:
    """With H the binding of the interface at home is marked; nobody is proxy any more."""
    two_bids(s)
    s.update(s.bid(100, h=True), source=B, lifetime=0)
    s.bind(100, HOME)
    s.cease()
    s.answer()


def home_registered(s: Scene) -> None:
    """A registration with H ends proxy Neighbor Discovery, and is else as any (first reading)."""
    two_bids(s)
    s.update(s.bid(100, h=True), source=C)
    s.bind(100, C)
    s.cease()
    s.answer()


def overwrite_nothing(s: Scene) -> None:
    """The O flag of a de-registration may be ignored (04-6.3-24)."""
    two_bids(s)
    s.update(s.bid(100, o=True), lifetime=0, overwrite=True)
    s.unbind(100)
    s.answer()


def during_probe(s: Scene) -> None:
    """The mobile node repeats its update while its home address is probed: both are answered."""
    s.update(s.bid(100))
    before = s.last
    s.probe()
    s.time -= BETWEEN_S + PROBE_S / 2
    s.update(s.bid(100))
    s.events.sort(key=lambda e: getattr(e, "time", 0.0) or 0.0)
    after, s.last = s.last, before
    s.time += PROBE_S / 2
    s.serve()
    s.answer(show=False)
    s.last = after
    s.bind(100, A)
    s.answer()


def restarted(s: Scene) -> None:
    """The node lost its cache; the next registration is a first one, whatever its number."""
    s.sequence = 99
    two_bids(s)
    s.time += BETWEEN_S
    s.unbind()
    s.proxied = False
    s.show("timer")
    s.sequence = 9
    first(s, s.bid(100))


def replace_by_plain(s: Scene) -> None:
    """An update without BID replaces the bindings with BIDs."""
    two_bids(s)
    s.update(source=C)
    s.unbind()
    s.bind(None, C)
    s.answer()


def conflict(s: Scene) -> None:
    """A regular binding exists when a BID comes: the draft demands BID CONFLICT, and status 0."""
    first(s, bid=None)
    s.update(s.bid(100), source=B)
    s.unbind(None)
    s.bind(100, B)
    s.answer()


def plain_first(s: Scene) -> None:
    """A first registration without BID."""
    first(s, bid=None)


def plain_again(s: Scene) -> None:
    """Registered anew without BID after the last binding went."""
    deregister_last(s)
    first(s, bid=None)


def plain(s: Scene) -> None:
    """Registered, moved and de-registered as in RFC 3775."""
    first(s, bid=None)
    s.update(source=B)
    s.bind(None, B)
    s.answer()
    s.update(source=B, lifetime=0)
    s.unbind()
    s.cease()
    s.answer()


def stale(s: Scene) -> None:
    """A sequence number below the last one is refused with the last one."""
    s.sequence = 99
    one_bid(s)
    s.update(s.bid(100), step=-5)
    s.answer(STALE, sequence=100)


def stale_without_ack(s: Scene) -> None:
    """That refusal is sent without A too (RFC 3775 9.5.4)."""
    s.sequence = 99
    one_bid(s)
    s.update(s.bid(100), step=-5, ack=False)
    s.answer(STALE, sequence=100)


def stale_for_home(s: Scene) -> None:
    """The last sequence number is kept for the home address (by the first reading)."""
    s.sequence = 99
    one_bid(s)
    s.update(s.bid(200), source=B, step=-5)
    s.answer(STALE, sequence=100)


def repeated(s: Scene) -> None:
    """The same sequence number again is refused: it has to be greater."""
    s.sequence = 99
    one_bid(s)
    s.update(s.bid(100), source=B, step=0)
    s.answer(STALE)


def window_inside(s: Scene) -> None:
    """The last number within the window: accepted."""
    s.sequence = 99
    one_bid(s)
    s.update(s.bid(100), source=B, step=HALF - 1)
    s.bind(100, B)
    s.answer()


def window_outside(s: Scene) -> None:
    """The first number outside the window: refused."""
    s.sequence = 99
    one_bid(s)
    s.update(s.bid(100), source=B, step=HALF)
    s.answer(STALE, sequence=100)


def unknown_bid(s: Scene) -> None:
    """A BID without binding cannot be de-registered."""
    one_bid(s)
    s.update(s.bid(999), lifetime=0)
    s.answer(NOT_AGENT)


def unknown_in_bulk(s: Scene) -> None:
    """One unknown BID refuses the whole de-registration (by the first reading)."""
    two_bids(s)
    s.update(s.bid(100), s.bid(999), lifetime=0)
    s.answer(NOT_AGENT)


def status_in_option(s: Scene) -> None:
    """The status of a refusal may stand in the sub-option instead (04-6.3-10)."""
    one_bid(s)
    s.update(s.bid(999), lifetime=0)
    s.answer(0, options=s.copies(NOT_AGENT), lifetime=0)


def nothing_to_delete(s: Scene) -> None:
    """A de-registration without any binding is refused."""
    deregister_last(s)
    s.update(lifetime=0)
    s.answer(NOT_AGENT)


def foreign_home(s: Scene) -> None:
    """The home address is not on the home link."""
    s.home = FOREIGN_HOME
    s.update(s.bid(100))
    s.answer(NOT_SUBNET)


def address_taken(s: Scene) -> None:
    """Another node holds the home address."""
    s.update(s.bid(100))
    s.probe(unique=False)
    s.answer(DUPLICATE)


def other_type(s: Scene) -> None:
    """With a home registration in the cache, an authorised update of the other type is refused."""
    one_bid(s)
    s.update(s.bid(100), home_registration=False)
    s.answer(TYPE)


def unequal_flags(s: Scene) -> None:
    """Sub-options with and without a care-of address (C)."""
    s.update(s.bid(100), s.bid(200, B))
    s.answer(UNASSIGNED)


def wrong_length(s: Scene) -> None:
    """Length 6 fits no flag."""
    s.update(replace(s.bid(100), length=6))
    s.answer(UNASSIGNED, options=(s.bid(100),))


def absent_care_of(s: Scene) -> None:
    """C promises a care-of address that Length 4 has no room for."""
    s.update(replace(s.bid(100), c=True))
    s.answer(UNASSIGNED, options=(s.bid(100),))


def nonces_to_agent(s: Scene) -> None:
    """A home registration with Nonce Indices is dropped silently."""
    s.update(s.bid(100), NonceIndices(4, 4, home=1, careof=1))
    s.show()


def unauthorised(s: Scene) -> None:
    """No home registration, and no authenticator: dropped silently."""
    s.update(s.bid(100), home_registration=False)
    s.unproven(options=(s.bid(100),))
    s.show()


def multicast_care_of(s: Scene) -> None:
    """A care-of address that is not unicast routable: dropped silently."""
    s.update(alternate(ALL_NODES))
    s.show()


def unroutable_home(s: Scene) -> None:
    """A home address that is not unicast routable: dropped silently."""
    s.home = NEIGHBOUR
    s.update(s.bid(100))
    s.show()


def unequal_home_flags(s: Scene) -> None:
    """Sub-options with and without H (by the first reading)."""
    bulk(s)
    s.update(s.bid(100, h=True), s.bid(200), lifetime=0)
    s.answer(UNASSIGNED)


def reserved_bits(s: Scene) -> None:
    """Reserved bits of the update change nothing."""
    first(s, bid=None)
    s.update(source=B, flags_raw=0x0001)
    s.bind(None, B)
    s.answer()


def expired(s: Scene) -> None:
    """The binding ran out; the next registration is a first one."""
    first(s, s.bid(100), lifetime=5)
    s.time += 60.0
    s.unbind()
    s.cease()
    s.show("timer")
    first(s, s.bid(100))
