"""Conforming exchanges of a correspondent node; updates are authorised unless told otherwise."""

from __future__ import annotations

from tests.mutations.home_agent import HALF, STALE, TYPE, UNASSIGNED
from tests.mutations.scene import A, B, C, Scene
from traces.events import BidOption, BindingAuthorization

RESOURCES, NO_AGENT, HOME_NONCE, CARE_OF_NONCE, NONCES = 130, 131, 136, 137, 138


def registered(s: Scene, *options: BidOption, bid: int | None = 100, **fields: object) -> None:
    """A registration that is accepted."""
    s.update(*options, **fields)  # type: ignore[arg-type]
    assert s.last is not None
    s.bind(bid, s.last.src)
    s.answer()


def plain_first(s: Scene) -> None:
    """A registration without BID."""
    registered(s, bid=None)


def plain(s: Scene) -> None:
    """Registered, moved and deleted as in RFC 3775."""
    registered(s, bid=None)
    registered(s, bid=None, source=B)
    s.update(source=B, lifetime=0)
    s.unbind()
    s.answer()


def one_bid(s: Scene) -> None:
    """A registration with a BID."""
    registered(s, s.bid(100))


def two_bids(s: Scene) -> None:
    """A second binding beside the first."""
    one_bid(s)
    registered(s, s.bid(200), bid=200, source=B)


def refresh(s: Scene) -> None:
    """One of two bindings moves."""
    two_bids(s)
    registered(s, s.bid(100), source=C)


def unanswered(s: Scene) -> None:
    """An accepted update without A is not acknowledged; the cache alone shows it."""
    s.update(ack=False)
    s.bind(None, A)
    s.show()


def deregister_one(s: Scene) -> None:
    """One of two bindings goes."""
    two_bids(s)
    s.update(s.bid(100), lifetime=0)
    s.unbind(100)
    s.answer()


def deregister_all(s: Scene) -> None:
    """All bindings go by an update without BID."""
    two_bids(s)
    s.update(lifetime=0)
    s.unbind()
    s.answer()


def replace_by_plain(s: Scene) -> None:
    """An update without BID replaces the bindings with BIDs."""
    two_bids(s)
    s.update(source=C)
    s.unbind()
    s.bind(None, C)
    s.answer()


def bulk(s: Scene) -> None:
    """Several sub-options are refused: only a home agent may take them."""
    s.update(s.bid(100, A), s.bid(200, B))
    s.answer(UNASSIGNED)


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


def window_outside(s: Scene) -> None:
    """The first number outside the window: refused."""
    s.sequence = 99
    one_bid(s)
    s.update(s.bid(100), source=B, step=HALF)
    s.answer(STALE, sequence=100)


def home_nonce(s: Scene) -> None:
    """The home nonce index is too old."""
    s.update(s.bid(100))
    s.answer(HOME_NONCE)


def care_of_nonce(s: Scene) -> None:
    """The care-of nonce index is too old."""
    s.update(s.bid(100))
    s.answer(CARE_OF_NONCE)


def both_nonces(s: Scene) -> None:
    """Both are."""
    s.update(s.bid(100))
    s.answer(NONCES)


def no_resources(s: Scene) -> None:
    """A correspondent node may be short of resources."""
    s.update()
    s.answer(RESOURCES)


def unauthorised(s: Scene) -> None:
    """Without Binding Authorization Data: dropped silently."""
    s.update(s.bid(100))
    assert s.last is not None
    kept = tuple(o for o in s.last.options if not isinstance(o, BindingAuthorization))
    s.unproven(options=kept)
    s.show()


def forged(s: Scene) -> None:
    """With Binding Authorization Data that is not of the tokens: dropped silently."""
    s.update(s.bid(100))
    assert s.last is not None
    *kept, _ = s.last.options
    s.unproven(options=(*kept, BindingAuthorization(5, 12, data=b"made up here")))
    s.show()


def asked_to_serve(s: Scene) -> None:
    """A home registration at a node that is no home agent."""
    s.update(s.bid(100), home_registration=True)
    assert s.last is not None
    s.unproven(options=s.last.bids)
    s.answer(NO_AGENT)


def other_type(s: Scene) -> None:
    """A home registration while a binding exists that is none."""
    one_bid(s)
    s.update(s.bid(100), home_registration=True)
    assert s.last is not None
    s.unproven(options=s.last.bids)
    s.answer(TYPE)
