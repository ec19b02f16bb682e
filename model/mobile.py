"""Fields and situations of a mobile node: its list, its updates, its conclusions, its home link.

`update` has what a Binding Update says beyond its flags, `own` what the mobile node knows when
it composes one, `told` what it knows of an acknowledgement, `after` what it does next, `kept`
its Binding Update List, and `home` what it does when an interface is on the home link.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import z3

from model.fields import Domain
from model.rulesets.statuses import ERROR, SUCCESS, one_of
from model.vocabulary import (
    FLAG,
    HOME_ADDRESS,
    NONE,
    TABLE,
    Announcement,
    Bid,
    Dad,
    Intent,
    Names,
    Registration,
    Status,
    Where,
    ba_status,
    bu,
    mn,
    o,
)

SequenceChoice = Domain("SequenceChoice", "next", "largest_used", "other")
BidSource = Domain("BidSource", "list", "other", "nothing")
PeerHolds = Domain("PeerHolds", "unchanged", "binding", "nothing")
Remaining = Domain("Remaining", "unchanged", "shortened")
Entry = Domain("Entry", "kept", "dropped")
NextUpdate = Domain(
    "NextUpdate", "none", "same", "corrected", "without_bid", "without_bulk", "overwriting"
)
ListEvent = Domain("ListEvent", "new_address", "status_changes", "policy", "runs_out")
BidChoice = Domain("BidChoice", "none", "kept", "new", "of_another_binding", "zero")
Entries = Domain("Entries", "last_update", "each_bid")
SequenceKey = Domain("SequenceKey", "destination", "each_bid")
TokenKey = Domain("TokenKey", "none", "one", "each_address")
Homecoming = Domain("Homecoming", "return_home", "stay_away", "use_both", "leave_again")
HomeUpdate = Domain(
    "HomeUpdate", "none", "delete_all", "delete_one", "home_binding", "normal_binding"
)
NamedBid = Domain("NamedBid", "of_home_interface", "of_another", "none")
Links = Domain("Links", "home", "foreign", "both")
Defends = Domain("Defends", "never", "on_arrival", "on_sending", "on_acknowledgement")
SolicitsFrom = Domain("SolicitsFrom", "home_address", "unspecified")

_field = TABLE.declare
_define = TABLE.define

own = Names(
    sequences_differ=_field(
        "mn.sequences_differ", FLAG, "its bindings have different sequence numbers"
    ),
    out_of_window=_field(
        "o.out_of_window", FLAG, "no sequence number fits its binding and the others", "option"
    ),
    keygen_tokens=_field(
        "mn.keygen_tokens", FLAG, "it has a home and a care-of keygen token", default=1
    ),
    current=_field("mn.current", FLAG, "the care-of address is one of its present ones", default=1),
    home_registered=_field(
        "mn.home_registered", FLAG, "its home agent has accepted a binding", default=1
    ),
    returned=_field("mn.returned", FLAG, "it has de-registered all bindings at its home agent"),
    boots=_field("mn.boots", FLAG, "it has started up, and the peer may have old bindings of it"),
    unanswered=_field("mn.unanswered", FLAG, "its last update was not acknowledged"),
    router=_field("mn.router", FLAG, "it is a mobile router, and its prefix is to be forwarded"),
    home_held=_field("mn.home_held", FLAG, "its home agent has a home binding of it"),
)

update = Names(
    sent=_field("bu.sent", FLAG, "the update is sent", default=1),
    sequence_from=_field("bu.sequence_from", SequenceChoice, "its sequence number"),
    listed_bid=_field(
        "bul.bid", Bid, "BID that the list has for it, 0 when none is told", "option"
    ),
    bid_from=_field("o.bid_from", BidSource, "what its BID is copied from", "option"),
    bounded=_field("bu.bounded", FLAG, "its Lifetime is within the bounds set for it", default=1),
    home_option=_field("bu.home_option", FLAG, "a Home Address option is present", default=1),
    from_care_of=_field(
        "bu.from_care_of", FLAG, "its source is a care-of address that it registers", default=1
    ),
    authorized=_field(
        "bu.authorized", FLAG, "Binding Authorization Data stands behind the BID sub-options"
    ),
    covered=_field("bu.covered", FLAG, "the authenticator covers the BID sub-options"),
    apart=_field("o.apart", FLAG, "its binding gets an update of its own", "option"),
    preceded=_field("bu.preceded", FLAG, "an update without BID is sent before it"),
)

told = Names(
    authentic=_field("ba.authentic", FLAG, "the acknowledgement is authentic", default=1),
    deletion=_field("mn.deletion", FLAG, "it answers an update with Lifetime zero"),
    shorter=_field("ba.shorter", FLAG, "it grants a shorter Lifetime than was asked for"),
    alternate=_field("ba.alternate", FLAG, "it has an alternate care-of address option"),
    goes_on=_field("mn.goes_on", FLAG, "the mobile node still wants what it asked for"),
)

after = Names(
    checked=_field("mn.checked", FLAG, "the status of its care-of address is looked at", "slot"),
    holds=_field("mn.holds", PeerHolds, "what the mobile node takes the peer to hold", "slot"),
    remaining=_field("mn.remaining", Remaining, "remaining lifetime in its list", "slot"),
    next=_field("mn.next", NextUpdate, "the update that it sends next to that peer", "slot"),
    home_address=_field(
        "mn.home_address", FLAG, "it goes on using the same home address", default=1
    ),
    alternate=_field("mn.alternate", FLAG, "the address in that option is used"),
    entry=_field("mn.entry", Entry, "what a refused update leaves of its entry", "slot"),
)

kept = Names(
    event=_field("list.event", ListEvent, "what happens to the binding"),
    several=_field("list.several", FLAG, "the mobile node has several care-of addresses"),
    wanted=_field("list.wanted", FLAG, "it wants to register them at the same time"),
    bid=_field("list.bid", BidChoice, "the BID of the binding"),
    number=_field("list.number", Bid, "the BID as a number without sign", default=1),
    recorded=_field("list.recorded", FLAG, "its BID is recorded in the Binding Update List"),
    entries=_field("list.entries", Entries, "what the list has an entry for, per destination"),
    sequence=_field("list.sequence", SequenceKey, "what the last sequence number is kept for"),
    removed=_field("list.removed", FLAG, "the entry is deleted"),
    tokens=_field("list.tokens", TokenKey, "care-of keygen tokens that are kept"),
    agrees=_field("list.agrees", FLAG, "its BID there is that of its home registration"),
)

home = Names(
    wish=_field("mn.homecoming", Homecoming, "what the mobile node wants at the home link"),
    bound=_field("mn.bound", FLAG, "a binding of it has not run out", default=1),
    has_bid=_field(
        "mn.home_bid", FLAG, "the interface on the home link had a binding with a BID", default=1
    ),
    keeps_peers=_field(
        "mn.keeps_peers", FLAG, "it wants to keep foreign bindings at correspondent nodes"
    ),
    seeks_agent=_field("mn.seeks_agent", FLAG, "it needs its home agent's link-layer address"),
    sends=_field("home.sends", HomeUpdate, "the update that it sends to its home agent"),
    sent_from=_field("home.sent_from", Where, "the link from which it sends that update"),
    named=_field("home.named", NamedBid, "the BID that the update names"),
    enabled=_field("home.enabled", FLAG, "the interface on the home link is enabled", default=1),
    disabled_first=_field(
        "home.disabled_first", FLAG, "the interface is disabled before the update is sent"
    ),
    uses=_field("home.uses", Links, "the links over which it communicates"),
    peers=_field("home.peers", FLAG, "foreign bindings at correspondent nodes are kept"),
    defends=_field("home.defends", Defends, "when it begins to defend its home address"),
    announces=_field("home.announces", Announcement, "advertisement that it multicasts"),
    dad=_field("home.dad", Dad, "duplicate address detection for its own home address"),
    solicits_from=_field("home.solicits_from", SolicitsFrom, "source of its solicitation"),
)


def wants(*intents: z3.ExprRef) -> z3.BoolRef:
    """Return the term: the mobile node wants one of these."""
    return one_of(mn.intent, intents)


BULK = mn.peer_home_agent & wants(
    Intent.register_bulk, Intent.deregister_bulk, Intent.home_and_foreign_bulk
)
BOTH = mn.peer_home_agent & wants(Intent.home_and_foreign, Intent.home_and_foreign_bulk)
PLAIN = wants(Intent.register_plain, Intent.deregister_all, Intent.return_home)
USES_BID = z3.Not(PLAIN)
UNDER_ESP = USES_BID & bu.esp & mn.peer_home_agent
REGISTERS_BID = wants(Intent.register_one, Intent.register_bulk)
DELETES = wants(
    Intent.deregister_one, Intent.deregister_bulk, Intent.deregister_all, Intent.home_and_foreign
)
TO_CORRESPONDENT = ~mn.peer_home_agent
CARE_OF_HOME = z3.If(bu.alternate == NONE, bu.source == HOME_ADDRESS, bu.alternate == HOME_ADDRESS)
READY = own.keygen_tokens & own.current
ANSWERS = mn.ba_matches & told.authentic
# A refused sequence number is heard of whatever number the acknowledgement has.
HEARD = told.authentic & (mn.ba_matches | (ba_status == Status.sequence))

# What corrects the cause of a refusal, or gives up; the same update again does neither.
CORRECTED = tuple(NextUpdate[v] for v in NextUpdate.values if v != "same")


def in_force(*statuses: z3.ExprRef) -> z3.BoolRef:
    """Return the term: one of these is the status in force for a sub-option (04-5.6-6, -7)."""
    return z3.If(
        o.ba_status == Status.accepted,
        one_of(ba_status, statuses),
        one_of(o.ba_status, statuses),
    )


def told_as(*statuses: z3.ExprRef) -> z3.BoolRef:
    """Return the term: one of these is in force for a sub-option, copied or not."""
    return z3.If(o.copied, in_force(*statuses), one_of(ba_status, statuses))


def _told(statuses: tuple[z3.ExprRef, ...]) -> Callable[[Any, int], z3.BoolRef]:
    def define(w: Any, i: int) -> z3.BoolRef:
        return w.ground(told_as(*statuses), i) if i else one_of(ba_status, statuses)

    return define


def _copied(status: z3.ExprRef) -> Callable[[Any, int], z3.BoolRef]:
    def define(w: Any, i: int) -> z3.BoolRef:
        if not i:
            return z3.BoolVal(False)
        return z3.And(w.at(o.copied, i), w.ground(in_force(status), i))

    return define


def _means(status: str, name: str) -> Any:
    """Define: the sub-option is copied, and this status of the extension is in force for it."""
    sentence = f"the status in force for it is {name}"
    return _define(f"slot.told_{status}", sentence, _copied(Status[f"mcoa_{status}"]), "slot")


def _untold(w: Any, i: int) -> z3.BoolRef:
    """No receiver answers an update without BID by a status of the extension."""
    return z3.Not(w.at(o.copied, i)) if i else one_of(ba_status, (*SUCCESS, *ERROR))


def _any_out_of_window(w: Any, _i: int) -> z3.BoolRef:
    return z3.Or([w.at(own.out_of_window, i) for i in w.options])


def _equal_pair(w: Any, field: z3.ExprRef) -> z3.BoolRef:
    pairs = [
        z3.And(w.at(field, i) != 0, w.at(field, i) == w.at(field, j))
        for i, j in combinations(w.options, 2)
    ]
    return z3.Or(pairs or [z3.BoolVal(False)])


bid_twice = _define(
    "bid_twice", "two of its sub-options have the same BID", lambda w, _i: _equal_pair(w, o.bid)
)
listed_twice = _define(
    "listed_twice",
    "the list has the same BID for two of its sub-options",
    lambda w, _i: _equal_pair(w, update.listed_bid),
)


def _had_entry(w: Any, i: int) -> z3.BoolRef:
    listed = {b: w.at(mn.status, b) != Registration.none for b in w.bids}
    if not i:
        return z3.Or(w.at(mn.plain, 0) != Registration.none, *listed.values())
    return z3.Or([z3.And(w.at(o.bid, i) == b, term) for b, term in listed.items()])


had_entry = _define(
    "slot.had_entry",
    "the Binding Update List has had an entry for it",
    _had_entry,
    "slot",
    "the Binding Update List has had no entry for it",
)
any_out_of_window = _define(
    "any_out_of_window",
    "the sequence number of a binding is out of the window of the others",
    _any_out_of_window,
)
told_incompliant = _means("incompliant", "INCOMPLIANT")
told_prohibited = _means("prohibited", "PROHIBITED")
told_no_bulk = _means("bulk_not_supported", "BULK NOT SUPPORTED")
told_flags = _means("flag_conflicts", "FLAG CONFLICTS")
told_conflict = _means("bid_conflict", "BID CONFLICT")
TOLD_BY_EXTENSION = z3.Or(
    told_incompliant, told_prohibited, told_no_bulk, told_flags, told_conflict
)
untold = _define("slot.untold", "no sub-option of the acknowledgement tells of it", _untold, "slot")
told_sequence = _define(
    "slot.told_sequence",
    "the status in force for it is 135",
    _told((Status.sequence,)),
    "slot",
    "the status in force for it is not 135",
)
# The more telling ones last: they are the last to be left out of a situation in words.
told_error = _define(
    "slot.told_error", "the status in force for it is 128 to 139", _told(ERROR), "slot"
)
told_success = _define(
    "slot.told_success", "the status in force for it is below 128", _told(SUCCESS), "slot"
)
