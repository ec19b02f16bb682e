"""Fields and situations of Care-of Test messages, Binding Refresh Request and Binding Error.

The sub-options of a Care-of Test Init and of a Binding Refresh Request are those of the
family ``option`` (`o`); `cot` has what a Care-of Test carries for each of them.
"""

from __future__ import annotations

from typing import Any

import z3

from model.fields import Domain
from model.vocabulary import (
    FLAG,
    TABLE,
    Bid,
    Length,
    Names,
    Registration,
    Status,
    mn,
    o,
)

Token = Domain("Token", "none", "without_bid", "with_bid")
TokenField = Domain("TokenField", "token", "zero", "other")
TokenAddress = Domain("TokenAddress", "source", "option")
TokenEntry = Domain("TokenEntry", "none", "of_init", "of_bid", "of_care_of")
Support = Domain("Support", "unknown", "present", "lacking")
Peers = Domain("Peers", "none", "this", "all")
Period = Domain("Period", "none", "lifetime", "ever")
Reaction = Domain("Reaction", "none", "use_token", "retry", "without_bid", "give_up")
Renewed = Domain("Renewed", "none", "one", "each", "new")
Removed = Domain("Removed", "none", "one", "each")
ErrorStatus = Domain("ErrorStatus", "unknown_binding", "unknown_message")

_field = TABLE.declare
_define = TABLE.define

knows_bid = _field("node.knows_bid", FLAG, "the receiver knows the BID sub-option", default=1)

test = Names(
    wanted=_field("test.wanted", FLAG, "a binding at a correspondent node is wanted", default=1),
    uses_bid=_field("test.uses_bid", FLAG, "bindings are managed with BIDs", default=1),
    bid=_field("test.bid", Bid, "BID of the care-of address", default=1),
    home_token=_field("test.home_token", FLAG, "a valid home keygen token is there"),
    token=_field("test.token", FLAG, "a valid care-of keygen token for the address is there"),
    sent=_field("test.sent", FLAG, "a Care-of Test Init is sent from the care-of address"),
    home_sent=_field("test.home_sent", FLAG, "a Home Test Init is sent"),
    several=_field("test.several", FLAG, "the Care-of Test Init has several BID sub-options"),
    valid=_field("test.valid", FLAG, "the Care-of Test Init passes RFC 3775's tests", default=1),
    processed=_field("test.processed", FLAG, "the sub-option is processed", "option"),
)

cot = Names(
    sent=_field("cot.sent", FLAG, "a Care-of Test is returned"),
    token=_field("cot.token", Token, "the care-of keygen token that is calculated"),
    field=_field("cot.field", TokenField, "what the token field of the Care-of Test holds"),
    token_for=_field("cot.token_for", TokenAddress, "the care-of address that the token is for"),
    present=_field("cot.present", FLAG, "the Care-of Test has a sub-option for it", "option"),
    bid=_field("cot.bid", Bid, "BID of the sub-option in the Care-of Test", "option"),
    status=_field("cot.status", Status, "its Status in the Care-of Test", "option"),
    C=_field("cot.C", FLAG, "its C flag in the Care-of Test", "option"),
    O=_field("cot.O", FLAG, "its O flag in the Care-of Test", "option"),
    H=_field("cot.H", FLAG, "its H flag in the Care-of Test", "option"),
    length=_field("cot.length", Length, "its Length in the Care-of Test", "option"),
    valid=_field("cot.valid", FLAG, "the Care-of Test passes RFC 3775's tests", default=1),
)

token = Names(
    kept=_field("token.kept", FLAG, "the care-of keygen token received is kept"),
    entry=_field("token.entry", TokenEntry, "the list entry that the token is for", "option"),
    others_kept=_field("token.others_kept", FLAG, "tokens of other addresses stay", default=1),
    support=_field("token.support", Support, "support of BIDs by the correspondent node"),
    without_bid=_field("token.without_bid", Peers, "correspondents updated without BID from now"),
    period=_field("token.period", Period, "for how long updates go without BID"),
    again=_field("token.again", FLAG, "a Care-of Test Init without sub-option follows"),
    reaction=_field("token.reaction", Reaction, "what follows from the Status", "option"),
)

refresh = Names(
    due=_field("refresh.due", FLAG, "a binding that is in use is about to run out"),
    bid=_field("refresh.bid", Bid, "BID of that binding (0: it has none)"),
    sent=_field("refresh.sent", FLAG, "a Binding Refresh Request is sent"),
    valid=_field("refresh.valid", FLAG, "the request passes RFC 3775's tests", default=1),
    retain=_field("refresh.retain", FLAG, "the mobile node wants to keep its binding", default=1),
    answered=_field("refresh.answered", FLAG, "a Binding Update answers the request"),
    renewed=_field("refresh.renewed", FLAG, "the binding of its BID is renewed", "option"),
    named=_field("refresh.named", FLAG, "the Binding Update for it has its BID", "option"),
    others=_field("refresh.others", FLAG, "bindings that the request does not name are renewed"),
    entries=_field("refresh.entries", Renewed, "the bindings renewed when none is named"),
)

error = Names(
    status=_field("error.status", ErrorStatus, "Status of the Binding Error"),
    progress=_field("error.progress", FLAG, "upper layers make progress with the correspondent"),
    waiting=_field("error.waiting", FLAG, "an answer of the correspondent node is awaited"),
    removed=_field("error.removed", Removed, "entries removed from the Binding Update List"),
    ceases=_field("error.ceases", FLAG, "the use of extensions ceases"),
)


def _entries(w: Any) -> list[z3.BoolRef]:
    bids = [w.at(mn.status, b) != Registration.none for b in w.bids]
    return [w.at(mn.plain, 0) != Registration.none, *bids]


def _any_entry(w: Any, _i: int) -> z3.BoolRef:
    return z3.Or(_entries(w))


def _several_entries(w: Any, _i: int) -> z3.BoolRef:
    return z3.AtLeast(*_entries(w), 2)


def _in_list(w: Any, i: int) -> z3.BoolRef:
    bid = w.at(o.bid, i)
    return z3.Or([z3.And(bid == b, w.at(mn.status, b) != Registration.none) for b in w.bids])


def _unmarked(w: Any, _i: int) -> z3.BoolRef:
    has = z3.Or([w.at(o.present, i) for i in w.options])
    copied = z3.Or([z3.And(w.at(o.present, i), w.at(cot.present, i)) for i in w.options])
    return z3.And(has, z3.Not(copied))


listed = _define(
    "listed",
    "the Binding Update List has an entry for the peer",
    _any_entry,
    negated="the Binding Update List has no entry for the peer",
)
several_listed = _define(
    "several_listed", "the Binding Update List has several entries for the peer", _several_entries
)
in_list = _define(
    "o.in_list",
    "its BID is in the Binding Update List",
    _in_list,
    "option",
    "its BID is not in the Binding Update List",
)
unmarked = _define(
    "unmarked",
    "the Care-of Test lacks the sub-option that its Care-of Test Init had",
    _unmarked,
)
cot_error = _define(
    "cot.error",
    "its Status in the Care-of Test is not zero",
    lambda w, i: z3.And(w.at(cot.present, i), w.at(cot.status, i) != Status.accepted),
    "option",
    "its Status in the Care-of Test is zero",
)
bid_differs = _define(
    "cot.bid_differs",
    "its BID in the Care-of Test is another than in the Care-of Test Init",
    lambda w, i: z3.And(w.at(cot.present, i), w.at(cot.bid, i) != w.at(o.bid, i)),
    "option",
    "its BID in the Care-of Test is that of the Care-of Test Init",
)
shortened = _define(
    "cot.shortened",
    "its copy in the Care-of Test has its C flag and no care-of address",
    lambda w, i: z3.And(
        w.at(cot.present, i),
        w.at(cot.C, i) == w.at(o.C, i),
        w.at(cot.length, i) == Length.four,
    ),
    "option",
    "its copy in the Care-of Test has another C flag or a care-of address",
)
