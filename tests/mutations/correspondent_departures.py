"""Departures of a correspondent node."""

from __future__ import annotations

from tests.mutations import changes as c
from tests.mutations import correspondent as cn
from tests.mutations.departures import (
    ALL,
    DISCARDED,
    NOT_COPIED,
    NOT_MADE,
    NOT_UPDATED,
    REPLACING,
    RETURNED,
    SEQUENCE,
    TOO_FEW,
    TOO_MANY,
    Departure,
    both,
    logged,
)
from tests.mutations.home_agent import HALF
from tests.mutations.scene import PEER, UNITS, A, C

BULK = ("04-6.3-18", "04-6.3-17", "04-2-9", "04-3-11")

SHOWN = [
    *both(
        "registration with A is not acknowledged",
        cn.one_bid,
        1,
        c.no_answer(1),
        ("3775-9.5.4-2", "04-6.3-37", "04-5.6-2", *RETURNED),
    ),
    *both("acknowledgement lacks the BID", cn.two_bids, 2, c.no_copies(2), NOT_COPIED),
    *both(
        "registration is refused for no reason",
        cn.one_bid,
        1,
        c.answer(1, status=129),
        ("04-6.3-36", "3775-9.5.4-4"),
    ),
    *both(
        "acknowledgement goes to another address",
        cn.one_bid,
        1,
        c.answer(1, dst=C),
        ("3775-9.5.4-5",),
    ),
    *both(
        "acknowledgement has no routing header",
        cn.one_bid,
        1,
        c.answer(1, routing_home=None),
        ("3775-9.5.4-5",),
    ),
    *both(
        "granted lifetime is above the request",
        cn.two_bids,
        2,
        c.answer(2, lifetime=UNITS + 1),
        ("3775-9.5.2-1",),
    ),
    *both("bulk update is accepted", cn.bulk, 1, c.answer(1, status=0, lifetime=UNITS), BULK),
    *both(
        "bulk update is refused by another status",
        cn.bulk,
        1,
        c.answer(1, status=128),
        ("04-6.3-18",),
    ),
    *both(
        "refusal of a bulk update lacks a BID",
        cn.bulk,
        1,
        c.copies(1, lambda k, o: None if k == 1 else o),
        NOT_COPIED,
    ),
    *both("bulk update is not answered", cn.bulk, 1, c.no_answer(1), ("04-6.3-18", "3775-9.5.4-2")),
    *both(
        "old sequence number is accepted",
        cn.stale,
        2,
        c.answer(2, status=0, sequence=95, lifetime=UNITS),
        SEQUENCE,
    ),
    *both(
        "sequence number beyond the window is accepted",
        cn.window_outside,
        2,
        c.answer(2, status=0, sequence=(100 + HALF) & 0xFFFF),
        SEQUENCE,
    ),
    *both(
        "refused sequence number is not told the last one",
        cn.stale,
        2,
        c.answer(2, sequence=95),
        ("3775-9.5.1-6",),
    ),
    *both(
        "refused sequence number is not acknowledged without A",
        cn.stale_without_ack,
        2,
        c.no_answer(2),
        ("3775-9.5.4-3", "3775-9.5.1-6"),
    ),
    *both(
        "refusal has its status in the sub-option",
        cn.stale,
        2,
        c.together(c.answer(2, status=0), c.copy(2, 1, status=135)),
        ("04-6.3-9",),
    ),
    *both("status stands in both places", cn.stale, 2, c.copy(2, 1, status=135), ("04-6.3-9",)),
    *both(
        "update without authenticator is acknowledged",
        cn.unauthorised,
        1,
        c.acknowledges(1),
        ("3775-9.5.1-9", *DISCARDED),
    ),
    *both(
        "update with a wrong authenticator is acknowledged",
        cn.forged,
        1,
        c.acknowledges(1),
        ("3775-9.5.1-9", *DISCARDED),
    ),
    *both(
        "update with a wrong authenticator is refused instead of dropped",
        cn.forged,
        1,
        c.acknowledges(1, status=128),
        ("3775-9.5.1-9", *DISCARDED),
    ),
    *both(
        "home registration is accepted",
        cn.asked_to_serve,
        1,
        c.answer(1, status=0, lifetime=UNITS),
        ("3775-10.3.1-1",),
    ),
    *both(
        "home registration is refused by another status",
        cn.asked_to_serve,
        1,
        c.answer(1, status=128),
        ("3775-10.3.1-1",),
    ),
    *both(
        "home registration is not answered",
        cn.asked_to_serve,
        1,
        c.no_answer(1),
        ("3775-10.3.1-1", "3775-9.5.4-2"),
    ),
    *both("change of type is accepted", cn.other_type, 2, c.answer(2, status=0), ("3775-9.5.1-7",)),
    *both(
        "de-registration is refused",
        cn.deregister_one,
        3,
        c.answer(3, status=133),
        ("3775-9.5.4-4",),
    ),
    Departure(
        "accepted update without A is acknowledged",
        cn.unanswered,
        "log",
        1,
        c.acknowledges(1),
        ("3775-9.5.4-3",),
        "deviates",
    ),
]


CACHE = [
    logged(
        "binding lives longer than requested",
        cn.plain_first,
        1,
        c.entry(1, None, lifetime_s=4 * UNITS + 4),
        "3775-9.5.2-1",
    ),
    logged("binding is not made", cn.one_bid, 1, c.entries(1, c.without(100)), *NOT_MADE),
    logged(
        "update is not carried out",
        cn.refresh,
        3,
        c.keeps(3, 100),
        *NOT_UPDATED,
        "3775-9.5.1-10",
    ),
    logged(
        "movement is not followed",
        cn.refresh,
        3,
        c.entry(3, 100, care_of=A),
        "04-6.3-29",
        "3775-9.5.1-13",
    ),
    logged(
        "second BID is registered at another address",
        cn.two_bids,
        2,
        c.entry(2, 200, care_of=A),
        "04-6.3-29",
        "3775-9.5.1-13",
    ),
    logged(
        "plain registration makes nothing",
        cn.plain_first,
        1,
        c.entries(1, c.without(None)),
        "3775-9.5.2-1",
        verdict="deviates",
    ),
    logged("plain binding is not deleted", cn.plain, 3, c.keeps(3, None), *ALL, "3775-9.5.1-12"),
    logged(
        "one binding too many is deleted",
        cn.deregister_one,
        3,
        c.entries(3, c.without(200)),
        *TOO_MANY,
    ),
    logged("binding is not deleted", cn.deregister_one, 3, c.keeps(3, 100), *TOO_FEW),
    logged("de-registration of all leaves one", cn.deregister_all, 3, c.keeps(3, 200), *ALL),
    logged(
        "update without BID leaves the bindings",
        cn.replace_by_plain,
        3,
        c.keeps(3, 100, 200),
        *REPLACING,
    ),
    logged(
        "update with a wrong authenticator is carried out without a word",
        cn.forged,
        1,
        c.holds(1, 100, A, PEER),
        "3775-9.5.1-9",
    ),
    logged(
        "bulk update is refused, and registers all the same",
        cn.bulk,
        1,
        c.holds(1, 100, A, PEER),
        *BULK,
    ),
]

LEGACY = [
    logged(
        "plain binding is not deleted, at a node without BIDs",
        cn.plain,
        3,
        c.keeps(3, None),
        "3775-9.5.3-1",
        "3775-9.5.1-12",
        legacy=True,
    ),
]

DEPARTURES = [*SHOWN, *CACHE, *LEGACY]
