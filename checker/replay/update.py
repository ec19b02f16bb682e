"""A Binding Update as inputs of the step relation."""

from __future__ import annotations

from collections.abc import Mapping

from checker.replay.naming import Naming
from checker.replay.seen import statuses
from model.vocabulary import Authorization, Length
from traces.events import BidOption, BindingUpdate

LENGTHS = {4: "four", 20: "twenty"}


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
        "bu.authorization": _authorization(update),
    }
    for i, option in enumerate(options, 1):
        given |= _option_inputs(option, i, naming, dict(numbers))
        if layout == "rfc5648":
            # No C flag: the Length tells whether an address follows; O is a flag of the update.
            given |= {f"o.C[{i}]": int(option.coa is not None), f"o.O[{i}]": int(update.overwrite)}
    return given


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
