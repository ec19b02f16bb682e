"""A Binding Update as inputs of the step relation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address

from checker.replay.naming import Naming
from checker.replay.seen import statuses
from model.vocabulary import Authorization, Length
from traces.events import (
    FLAG_A,
    FLAG_H,
    FLAG_K,
    FLAG_L,
    FLAG_O,
    FLAG_R,
    BidOption,
    BindingUpdate,
)

LENGTHS = {4: "four", 20: "twenty"}
# The flags that a document of the layout gives a meaning (RFC 3775 6.1.7; RFC 3963 4.1).
FLAGS = FLAG_A | FLAG_H | FLAG_L | FLAG_K | FLAG_R
# RFC 5648 4.2 has M, P, F and T of other documents before its O.
FLAGS_OF_RFC5648 = FLAGS | 0x0800 | 0x0200 | 0x0100 | 0x0080 | FLAG_O


def update_inputs(
    update: BindingUpdate,
    naming: Naming,
    numbers: Mapping[str, int],
    options: tuple[BidOption, ...],
    layout: str,
) -> dict[str, int]:
    """The message fields of an update; `options` are the BID sub-options that the peer knows."""
    given = {
        "bu.home_registration": int(update.home_registration),
        "bu.ack": int(update.ack),
        "bu.zero_lifetime": int(update.lifetime == 0),
        "bu.sequence": update.sequence,
        "bu.source": naming.address(update.src),
        "bu.alternate": naming.address(update.alternate),
        "bu.key": int(update.key_mgmt),
        "bu.nonces": int(update.nonces is not None),
        "bu.reserved": int(update.flags_raw & ~_flags(layout) != 0),
        "bu.unroutable": int(not routable(care_of(update))),
        "bu.home_unroutable": int(not routable(naming.home)),
        "bu.authorization": _authorization(update),
    }
    for i, option in enumerate(options, 1):
        given |= _option_inputs(option, i, naming, dict(numbers))
        if layout == "rfc5648":
            # No C flag: the Length tells whether an address follows; O is a flag of the update.
            given |= {f"o.C[{i}]": int(option.coa is not None), f"o.O[{i}]": int(update.overwrite)}
    return given


def care_of(update: BindingUpdate) -> IPv6Address:
    """The care-of address of an update as a whole: the alternate one, else the source (9.5.1)."""
    return update.src if update.alternate is None else update.alternate


@lru_cache(4096)
def routable(address: IPv6Address) -> bool:
    """Whether an address is a unicast one that is routed beyond a link."""
    bound = address.is_unspecified or address.is_loopback or address.is_link_local
    return not (bound or address.is_multicast)


def _flags(layout: str) -> int:
    return FLAGS_OF_RFC5648 if layout == "rfc5648" else FLAGS


def _authorization(update: BindingUpdate) -> int:
    """Valid as far as can be seen; whether an authenticator is right is a hidden input."""
    shown = update.home_registration or update.authorization is not None
    return Authorization.values.index("valid" if shown else "absent")


def _option_inputs(
    option: BidOption, i: int, naming: Naming, numbers: dict[str, int]
) -> dict[str, int]:
    status = min(statuses(option.status or 0, numbers))
    return {
        f"o.present[{i}]": 1,
        f"o.bid[{i}]": naming.bid(option.bid),
        f"o.length[{i}]": Length.values.index(LENGTHS.get(option.length, "other")),
        f"o.C[{i}]": int(option.c),
        f"o.O[{i}]": int(option.o),
        f"o.H[{i}]": int(option.h),
        f"o.reserved[{i}]": int(option.reserved != 0),
        f"o.status[{i}]": status,
        f"o.coa[{i}]": naming.address(option.coa),
    }
