"""Departures of a home agent that its home link shows, or a log of it."""

from __future__ import annotations

from tests.mutations import changes as c
from tests.mutations import home_agent as ha
from tests.mutations.departures import (
    ANNOUNCING,
    INTERCEPTING,
    NOT_PROBED,
    STOPPING,
    Departure,
)
from tests.mutations.scene import NEIGHBOUR, VIEWS
from traces.events import (
    DadResult,
    DadStart,
    NeighborAdvertisement,
    NeighborSolicitation,
    ProxyAdvertisement,
    ProxyNd,
)

LINK = [
    Departure(
        "home address is not probed",
        ha.again,
        "capture",
        3,
        c.altered(NeighborSolicitation, 2, lambda _: None),
        NOT_PROBED,
    ),
    Departure(
        "home address is not probed",
        ha.one_bid,
        "log",
        1,
        c.no(DadStart, DadResult),
        NOT_PROBED,
    ),
    Departure(
        "home address is not probed after expiry",
        ha.expired,
        "capture",
        2,
        c.altered(NeighborSolicitation, 2, lambda _: None),
        NOT_PROBED,
    ),
    Departure(
        "home address is not probed for a plain registration",
        ha.plain_again,
        "capture",
        3,
        c.altered(NeighborSolicitation, 2, lambda _: None),
        ("3775-10.3.1-5",),
    ),
    Departure(
        "home address is probed again for a second BID",
        ha.two_bids,
        "capture",
        2,
        c.probes(2, log=False),
        ("04-6.3-7",),
    ),
    Departure(
        "home address is probed again for a second BID",
        ha.two_bids,
        "log",
        2,
        c.probes(2, log=True),
        ("04-6.3-7",),
    ),
    Departure(
        "home address is probed again for a refresh",
        ha.refresh,
        "capture",
        3,
        c.probes(3, log=False),
        ("04-6.3-7",),
    ),
    Departure(
        "home address is not announced",
        ha.one_bid,
        "capture",
        1,
        c.not_first(NeighborAdvertisement),
        ANNOUNCING,
    ),
    Departure(
        "home address is not announced",
        ha.one_bid,
        "log",
        1,
        c.no(ProxyAdvertisement),
        ANNOUNCING,
    ),
    Departure(
        "announcement does not override",
        ha.one_bid,
        "capture",
        1,
        c.first(NeighborAdvertisement, override=False),
        ANNOUNCING,
    ),
    Departure(
        "announcement does not override",
        ha.one_bid,
        "log",
        1,
        c.first(ProxyAdvertisement, override=False),
        ANNOUNCING,
    ),
    Departure(
        "announcement says that it is a router's",
        ha.one_bid,
        "capture",
        1,
        c.first(NeighborAdvertisement, router=True),
        ANNOUNCING,
    ),
    Departure(
        "announcement says that it was solicited",
        ha.one_bid,
        "capture",
        1,
        c.first(NeighborAdvertisement, solicited=True),
        ANNOUNCING,
    ),
    Departure(
        "announcement goes to one node",
        ha.one_bid,
        "capture",
        1,
        c.first(NeighborAdvertisement, dst=NEIGHBOUR),
        ANNOUNCING,
    ),
    Departure(
        "home address is announced, not proxied",
        ha.one_bid,
        "log",
        1,
        c.together(c.no(ProxyNd), c.proxied(1, False)),
        INTERCEPTING,
    ),
    Departure(
        "proxy Neighbor Discovery ends at a refresh",
        ha.plain,
        "log",
        2,
        c.no_proxy(2, log=True),
        INTERCEPTING,
    ),
    *[
        Departure(
            "proxy Neighbor Discovery is stopped though a binding remains",
            ha.deregister_one,
            view,
            3,
            c.no_proxy(3, log=view == "log"),
            ("04-3-24",),
        )
        for view in VIEWS
    ],
    *[
        Departure(
            f"proxy Neighbor Discovery is not stopped after {told}",
            script,
            view,
            at,
            c.goes_on(at, log=view == "log"),
            rules,
        )
        for told, script, at, rules in (
            ("the last binding", ha.deregister_last, 2, STOPPING),
            ("all bindings", ha.deregister_all, 3, STOPPING),
            ("the return home", ha.return_home, 3, STOPPING),
            ("H", ha.home_binding, 3, ("04-5.5-18", "04-6.3-26")),
        )
        for view in VIEWS
    ],
]

DEPARTURES = LINK
