"""The steps of a mobile node: what it sends, concludes, keeps, and does at the home link."""

from __future__ import annotations

import z3

from model.mobile import (
    ANSWERS,
    TOLD_BY_EXTENSION,
    Homecoming,
    HomeUpdate,
    ListEvent,
    after,
    had_entry,
    home,
    kept,
    listed_twice,
    told,
    told_error,
    told_sequence,
    untold,
    update,
)
from model.packets import mr
from model.predicates import later
from model.rule import On
from model.ruleset import Decision, NodeStep
from model.vocabulary import NONE, Intent, bu, mn, o, slot_present

AT_HOME_ALONE = (mn.intent == Intent.home_and_foreign) & ~later
STAYS = home.wish != Homecoming.leave_again
# A refused sequence number is corrected: the update goes on (3775-11.7.1-6, 04-5.9-3).
REFUSED = (told_error | TOLD_BY_EXTENSION) & z3.Not(told_sequence)
NAMES_ONE = z3.Or(home.sends == HomeUpdate.delete_one, home.sends == HomeUpdate.home_binding)

SEND = NodeStep(
    On.SEND_UPDATE,
    (
        Decision(bu.home_registration),
        Decision(bu.ack),
        Decision(bu.zero_lifetime),
        Decision(bu.alternate),
        Decision(bu.key),
        Decision(o.present),
        Decision(o.bid, default=update.listed_bid),
        Decision(o.C),
        Decision(o.O),
        Decision(o.H),
        Decision(o.reserved),
        Decision(o.length),
        Decision(o.status),
        Decision(mr.router),
        Decision(mr.prefix),
        Decision(o.zero_lifetime),
        Decision(update.bid_from),
        Decision(update.sent, default=1),
        Decision(update.sequence_from),
        Decision(update.bounded, default=1),
        Decision(update.home_option, default=1),
        Decision(update.from_care_of, default=1),
        Decision(update.authorized),
        Decision(update.covered),
        Decision(update.preceded),
        Decision(update.apart),
    ),
    # Only an intent about the home link is about it; only a bulk one has later options.
    well_formed=(
        bu.source != NONE,
        ~listed_twice,
        ~o.for_home | (mn.intent == Intent.home_and_foreign_bulk) | AT_HOME_ALONE,
    ),
)

CONCLUDE = NodeStep(
    On.RECEIVE_ACK,
    (
        Decision(mn.effective),
        Decision(mn.believed, slot_present & untold),
        Decision(mn.resync),
        Decision(after.checked),
        Decision(after.holds),
        Decision(after.remaining),
        Decision(
            after.next,
            ANSWERS & told.goes_on & slot_present & (told_error | TOLD_BY_EXTENSION),
        ),
        Decision(after.home_address, default=1),
        Decision(after.alternate),
        Decision(after.entry, ANSWERS & slot_present & had_entry & REFUSED),
    ),
)

LIST = NodeStep(
    On.KEEP_LIST,
    (
        Decision(kept.bid, (kept.event == ListEvent.new_address) & kept.wanted),
        Decision(kept.number, default=1),
        Decision(kept.recorded, kept.wanted),
        Decision(kept.entries, kept.wanted),
        Decision(kept.sequence, kept.wanted),
        Decision(kept.removed, kept.event == ListEvent.runs_out),
        Decision(kept.tokens, ~mn.peer_home_agent & kept.wanted),
        Decision(kept.agrees),
    ),
    well_formed=(~kept.wanted | kept.several,),
)

ATTACH = NodeStep(
    On.ATTACH,
    (
        Decision(home.sends, z3.BoolVal(True)),
        Decision(home.sent_from, STAYS & (home.sends != HomeUpdate.none)),
        Decision(home.named, STAYS & NAMES_ONE),
        Decision(home.enabled, default=1),
        Decision(home.disabled_first),
        Decision(home.uses),
        Decision(home.peers),
        Decision(home.defends, STAYS & home.enabled),
        Decision(home.announces, STAYS & home.enabled),
        Decision(home.dad, STAYS & home.enabled),
        Decision(home.solicits_from),
    ),
)

MOBILE_STEPS = (SEND, CONCLUDE, LIST, ATTACH)
