"""Departures in recordings that conform."""

from __future__ import annotations

from typing import Any

from tests.mutations import changes as c
from tests.mutations.departures import (
    ANNOUNCING,
    NEW_REFUSED,
    NOT_COPIED,
    PLAIN_REFUSED,
    PLAIN_SEQUENCE,
    STOPPING,
    Departure,
)
from tests.mutations.scene import View
from traces.events import DadResult, DadStart, ProxyAdvertisement

PLAIN, HOME, WINDOW = (
    f"shisa/{name}.jsonl"
    for name in (
        "ha01_plain_reg_refresh_dereg",
        "ha02_returning_home_dereg",
        "ha03_seq_window_plain",
    )
)
TWO, UNKNOWN = "shisa/ha05_two_bids.pcapng", "shisa/ha10_dereg_unknown_bid.jsonl"
PEER, PEER_BIDS = "shisa/cm01_rr_plain.jsonl", "shisa/cm03_bid_single.jsonl"
TAKEN, ROUTE = "umip/09-dad-conflict-ha.pcapng", "umip/12p-route-opt-padfix-cn.pcap"
FOREIGN = "umip/11-crafted-g-ha.pcapng"
USED = (PLAIN, HOME, WINDOW, TWO, UNKNOWN, PEER, PEER_BIDS, TAKEN, ROUTE, FOREIGN)


def _recorded(
    name: str, trace: str, at: int, change: c.Change, *rules: str, **more: Any
) -> Departure:
    view: View = "log" if trace.endswith(".jsonl") else "capture"
    return Departure(name, trace, view, at, change, rules, **more)


DEPARTURES = [
    _recorded("not probed", PLAIN, 1, c.no(DadStart, DadResult), "3775-10.3.1-5"),
    _recorded("not announced", PLAIN, 1, c.not_first(ProxyAdvertisement), *ANNOUNCING),
    _recorded("refresh is refused", PLAIN, 2, c.answer(2, status=128), *PLAIN_REFUSED),
    _recorded("lifetime above the request", PLAIN, 3, c.answer(3, lifetime=151), "3775-10.3.1-8"),
    _recorded("proxy Neighbor Discovery goes on", HOME, 2, c.proxied(3, True), *STOPPING),
    _recorded(
        "same sequence number is accepted", WINDOW, 2, c.answer(2, status=0), *PLAIN_SEQUENCE
    ),
    _recorded(
        "last sequence number is not told", WINDOW, 3, c.answer(3, sequence=99), "3775-9.5.1-6"
    ),
    _recorded(
        "end of the window is refused",
        WINDOW,
        4,
        c.answer(4, status=135, sequence=100),
        *PLAIN_REFUSED,
    ),
    _recorded("second BID is refused", TWO, 2, c.answer(2, status=133), *NEW_REFUSED),
    _recorded("BID is not copied", TWO, 2, c.no_copies(2), *NOT_COPIED),
    _recorded(
        "acknowledgement for another update",
        TWO,
        4,
        c.answer(4, sequence=900),
        "3775-6.1.8-2",
        "3775-10.3.1-9",
    ),
    _recorded(
        "unknown BID is de-registered", UNKNOWN, 3, c.answer(3, status=0), "04-6.3-22", "04-6.3-23"
    ),
    _recorded("binding is not made", PEER, 1, c.answer(1, status=129), "3775-9.5.4-4"),
    _recorded("de-registration is not acknowledged", PEER, 4, c.no_answer(4), "3775-9.5.4-2"),
    _recorded("BID is not copied", PEER_BIDS, 2, c.no_copies(2), *NOT_COPIED),
    _recorded(
        "duplicate address is refused by another status",
        TAKEN,
        1,
        c.answer(1, status=128),
        "3775-10.3.1-5",
    ),
    _recorded(
        "foreign home address gets another status",
        FOREIGN,
        1,
        c.answer(1, status=128),
        "3775-10.3.1-2",
        verdict="deviates",
    ),
    _recorded(
        "de-registration of nothing succeeds",
        PLAIN,
        5,
        c.answer(5, status=0),
        "3775-10.3.2-1",
        "3775-9.5.4-4",
    ),
]
