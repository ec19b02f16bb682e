"""The decisions about Care-of Tests, Binding Refresh Requests and Binding Errors."""

from __future__ import annotations

import z3

from model.control import (
    ErrorStatus,
    cot,
    cot_error,
    error,
    knows_bid,
    listed,
    refresh,
    test,
    token,
    unmarked,
)
from model.predicates import later, no_options
from model.rule import On, Role, any_option
from model.ruleset import Decision, NodeStep
from model.vocabulary import Status, discarded, o

# No token is calculated: 04-6.2-6.
WITHOUT_TOKEN = knows_bid & any_option(o.C | o.O)
# An update follows the request: 3775-11.7.4-1.
WANTED = listed & refresh.retain & ~discarded

SEND_TEST = NodeStep(
    On.SEND_TEST,
    (
        Decision(test.sent, test.wanted & ~test.token),
        Decision(test.home_sent, test.wanted & ~test.home_token),
        Decision(test.several, test.uses_bid),
        Decision(o.present, test.uses_bid & ~later),
        Decision(o.bid),
        Decision(o.C),
        Decision(o.O),
        Decision(o.H),
        Decision(o.reserved),
        Decision(o.length),
        Decision(o.status),
    ),
    well_formed=(z3.Implies(test.uses_bid, test.bid != 0),),
)

RECEIVE_TEST = NodeStep(
    On.RECEIVE_TEST,
    (
        Decision(cot.sent, ~discarded),
        Decision(cot.token, ~discarded),
        Decision(cot.field, WITHOUT_TOKEN & ~discarded),
        Decision(cot.token_for, ~discarded),
        Decision(test.processed, o.present & ~discarded),
        Decision(cot.present, o.present & ~discarded),
        Decision(cot.status, o.present & knows_bid & ~discarded),
        Decision(cot.bid, o.present & knows_bid & ~discarded),
        Decision(cot.C),
        Decision(cot.O),
        Decision(cot.H),
        Decision(cot.length),
    ),
    roles={Role.CORRESPONDENT: knows_bid, Role.LEGACY: ~knows_bid},
)

RECEIVE_TOKEN = NodeStep(
    On.RECEIVE_TOKEN,
    (
        Decision(token.kept, ~discarded),
        Decision(token.others_kept, default=1),
        Decision(token.entry, cot.present & ~discarded),
        Decision(token.reaction, cot_error & ~discarded),
        Decision(token.support, unmarked & ~discarded),
        Decision(token.without_bid, unmarked & ~discarded),
        Decision(token.period, unmarked & ~discarded),
        Decision(token.again),
    ),
    # What a sub-option has in the Care-of Test is of one that is there.
    well_formed=(cot.present | ((cot.bid == 0) & (cot.status == Status.accepted)),),
)

SEND_REFRESH = NodeStep(
    On.SEND_REFRESH,
    (
        Decision(refresh.sent),
        Decision(o.present, (refresh.bid != 0) & ~later),
        Decision(o.bid),
        Decision(o.C),
        Decision(o.O),
        Decision(o.H),
        Decision(o.reserved),
        Decision(o.length),
        Decision(o.status),
    ),
)

RECEIVE_REFRESH = NodeStep(
    On.RECEIVE_REFRESH,
    (
        Decision(refresh.answered, refresh.retain & ~discarded),
        Decision(refresh.renewed, o.present & WANTED),
        Decision(refresh.named),
        Decision(refresh.others),
        Decision(refresh.entries, no_options & WANTED),
    ),
)

RECEIVE_ERROR = NodeStep(
    On.RECEIVE_ERROR,
    (
        Decision(
            error.removed,
            listed & ~error.progress & (error.status == ErrorStatus.unknown_binding),
        ),
        Decision(error.ceases),
    ),
)

STEPS = (SEND_TEST, RECEIVE_TEST, RECEIVE_TOKEN, SEND_REFRESH, RECEIVE_REFRESH, RECEIVE_ERROR)
