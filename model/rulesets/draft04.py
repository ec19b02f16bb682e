"""draft-ietf-monami6-multiplecoa-04: what a receiver does with a Binding Update.

Copy this file, change a rule, and run ``monami check my_draft.py``.  A rule reads: its id in
the catalogue, its clause, how strongly it binds, whom, one line of title; `given` the
situation, `then` the demand.  `o.` speaks of each BID sub-option in turn.
"""

from __future__ import annotations

import z3

from model.mobile import kept
from model.predicates import (
    READ_BULK,
    READ_BULKDEREG,
    READ_H,
    READ_MAYNOT,
    READ_ORD,
    base_delete,
    bulk,
    bulk_possible,
    entry_exists,
    flags_differ,
    home_binding_stays,
    known,
    length_fits,
    no_options,
    others_remain,
    reads,
    several_entries,
    still_known,
    still_regular,
    unknown_so_far,
)
from model.rule import Modality, Role, any_option, reject, reject_option, rule
from model.ruleset import Override, Ruleset, gather
from model.rulesets import (
    draft04_answers,
    draft04_control,
    draft04_formats,
    draft04_forwarding,
    draft04_home_link,
    draft04_ignoring,
    draft04_mobile,
    draft04_packets,
    no_ndp,
    rfc3775,
    rfc3963,
    steps_control,
    steps_packets,
)
from model.rulesets.catalogue_draft04 import CATALOGUE
from model.rulesets.draft04_account import NOT_EXECUTABLE, REFERENCES, UNNUMBERED
from model.rulesets.draft04_readings import READINGS
from model.rulesets.statuses import NUMBERS
from model.rulesets.steps import RECEIVE
from model.rulesets.steps_mobile import MOBILE_STEPS
from model.vocabulary import (
    NONE,
    CareOf,
    Effect,
    Length,
    Others,
    Status,
    ba_status,
    bu,
    decide,
    discarded,
    o,
    refused,
)

MUST, MUST_NOT, SHOULD, MAY = Modality.MUST, Modality.MUST_NOT, Modality.SHOULD, Modality.MAY
STATED, DEFINITION = Modality.STATED, Modality.DEFINITION
RECEIVER, HOME_AGENT = Role.RECEIVER, Role.HOME_AGENT
CORRESPONDENT = Role.CORRESPONDENT

registering = ~bu.zero_lifetime
deregistering = bu.zero_lifetime
# READ-H: the sentences about H stand in the bullet about deregistration.
h_in_force = o.H & (deregistering | reads(READ_H, "H2"))

BULLETS = ("length", "care-of", "bulk", "flags", "deregister", "home", "register", "bindings")
PROCEDURE = (
    *rfc3775.PROCEDURE,
    *BULLETS,
    "dad",
    "dad result",
    "prefix",
    *draft04_control.PROCEDURE,
)

RETURNING = [
    rule(
        "04-3-24",
        "3",
        STATED,
        HOME_AGENT,
        "while bindings of other interfaces remain, proxy Neighbor Discovery goes on",
        given=any_option(known)
        & ~any_option(o.H)
        & deregistering
        & others_remain
        & ~home_binding_stays,
        then=decide.proxy,
    ),
    rule(
        "04-5.5-5",
        "5.5",
        STATED,
        RECEIVER,
        "deregistration with BIDs removes only the bindings of those BIDs",
        given=~no_options & deregistering,
        then=z3.And(decide.others == Others.keep, decide.plain == Others.keep),
        also=("04-3-23",),
    ),
    rule(
        "04-5.5-5c",
        "5.5",
        STATED,
        CORRESPONDENT,
        "a correspondent node removes each of several bindings that are named",
        given=bulk & deregistering & known,
        then=decide.effect == Effect.delete,
    ),
    rule(
        "04-5.5-18",
        "5.5",
        STATED,
        HOME_AGENT,
        "on the H flag proxy Neighbor Advertisement is no longer used",
        given=any_option(o.H),
        then=~decide.proxy,
    ),
    rule(
        "04-5.5-23",
        "5.5",
        SHOULD,
        HOME_AGENT,
        "the binding of the interface at home is invalidated, kept as home binding",
        given=deregistering & o.H & known,
        then=decide.effect == Effect.home,
    ),
    rule(
        "04-5.5-24",
        "5.5",
        STATED,
        HOME_AGENT,
        "the binding of the interface at home is not deleted",
        given=deregistering & o.H & known & reads(READ_MAYNOT, "N1"),
        then=decide.effect != Effect.delete,
        label="MAY NOT",
    ),
    rule(
        "04-5.5-25",
        "5.5",
        MAY,
        HOME_AGENT,
        "the binding may be marked: the mobile node is at home",
        given=deregistering & o.H,
        then=decide.effect == Effect.home,
        label="can",
    ),
]

REPLACING = [
    rule(
        "04-6.3-1",
        "6.3",
        STATED,
        HOME_AGENT,
        "an update without BID is processed as RFC 3775 has it",
        given=no_options & ~base_delete & ~refused,
        then=z3.Or(decide.effect == Effect.register, decide.effect == Effect.update),
    ),
    rule(
        "04-6.3-2",
        "6.3",
        MUST,
        RECEIVER,
        "an update without BID replaces all of several bindings",
        given=no_options & registering & several_entries,
        then=decide.others == Others.delete,
        also=("04-6.3-3",),
    ),
    rule(
        "04-3-13",
        "3",
        STATED,
        RECEIVER,
        "an update without BID deletes every binding that has one",
        given=no_options & registering,
        then=decide.others == Others.delete,
    ),
    rule(
        "04-6.3-4",
        "6.3",
        MUST,
        RECEIVER,
        "a deregistration without BID deletes all bindings",
        given=no_options & deregistering & entry_exists,
        then=z3.And(decide.others == Others.delete, decide.effect == Effect.delete),
        also=("04-3-21",),
    ),
]

REFUSING = [
    rule(
        "04-6.3-13",
        "6.3",
        MUST,
        RECEIVER,
        "a Length that does not fit the C flag refuses the update",
        at="length",
        given=any_option(~length_fits),
        then=reject(Status.mcoa_incompliant, returned=True),
        also=("04-6.3-12",),
    ),
    rule(
        "04-6.3-15",
        "6.3",
        MUST,
        RECEIVER,
        "a sub-option with C but no care-of address is refused",
        at="care-of",
        given=o.C & (o.length != Length.twenty),
        then=reject_option(Status.mcoa_incompliant, returned=True),
        also=("04-6.3-14",),
    ),
    rule(
        "04-6.3-18",
        "6.3",
        MUST,
        RECEIVER,
        "a bulk update is refused but by a home agent that supports it",
        at="bulk",
        given=bulk & ~bulk_possible,
        then=reject(Status.mcoa_bulk_not_supported, returned=True),
        also=("04-6.3-17", "04-2-9", "04-3-11"),
    ),
    rule(
        "04-6.3-16",
        "6.3",
        MUST,
        RECEIVER,
        "with several sub-options a receiver supports bulk registration",
        at="bulk",
        given=bulk & ~discarded & reads(READ_BULK, "U2"),
        then=decide.answer != Status.mcoa_bulk_not_supported,
    ),
    rule(
        "04-6.3-20",
        "6.3",
        MUST,
        RECEIVER,
        "a bulk update whose sub-options have unequal flags is refused",
        at="flags",
        given=bulk & flags_differ,
        then=reject(Status.mcoa_flag_conflicts, returned=True),
        also=("04-6.3-19", "04-5.4-5"),
    ),
    rule(
        "04-6.3-22",
        "6.3",
        MUST,
        RECEIVER,
        "a deregistration with a BID that has no binding is refused",
        at="deregister",
        given=deregistering & any_option(~known) & reads(READ_BULKDEREG, "B1"),
        then=reject(),
    ),
    rule(
        "04-6.3-22b",
        "6.3",
        MUST,
        RECEIVER,
        "only the sub-option whose BID has no binding is refused",
        at="deregister",
        given=deregistering & ~known & reads(READ_BULKDEREG, "B2"),
        then=reject_option(),
    ),
    rule(
        "04-6.3-22c",
        "6.3",
        MUST,
        RECEIVER,
        "that sub-option and the later ones are refused",
        at="deregister",
        given=deregistering & unknown_so_far & reads(READ_BULKDEREG, "B3"),
        then=reject_option(),
    ),
    rule(
        "04-6.3-23",
        "6.3",
        SHOULD,
        HOME_AGENT,
        "that refusal has the status not home agent for this mobile node",
        at="deregister",
        given=deregistering
        & (
            ~known
            | (any_option(~known) & reads(READ_BULKDEREG, "B1"))
            | (unknown_so_far & reads(READ_BULKDEREG, "B3"))
        ),
        then=z3.And(decide.answer == Status.not_home_agent, decide.acknowledged),
    ),
]

REGISTERING = [
    rule(
        "04-6.3-21",
        "6.3",
        STATED,
        RECEIVER,
        "deregistration deletes the binding with the same BID",
        at="deregister",
        given=deregistering & known,
        then=decide.effect == Effect.delete,
    ),
    rule(
        "04-6.3-24",
        "6.3",
        MAY,
        RECEIVER,
        "the O flag of a deregistration may be ignored",
        at="home",
        given=deregistering & any_option(o.O),
        then=decide.others == Others.keep,
        label="can",
    ),
    rule(
        "04-6.3-24b",
        "6.3",
        MAY,
        RECEIVER,
        "or it may be followed: all bindings are replaced by those of the update, by none",
        at="home",
        given=deregistering & any_option(o.O),
        then=decide.others == Others.delete,
        also=("04-4.2.1-14",),
        label="can",
    ),
    rule(
        "04-6.3-25",
        "6.3",
        STATED,
        HOME_AGENT,
        "with H the home address is stored as care-of address of the binding",
        at="home",
        given=o.H & deregistering,
        then=z3.And(decide.effect == Effect.home, decide.care_of == CareOf.home_address),
    ),
    rule(
        "04-6.3-25b",
        "6.3",
        STATED,
        HOME_AGENT,
        "a registration with H stores the home address as care-of address",
        at="home",
        given=o.H & registering & reads(READ_H, "H2"),
        then=decide.care_of == CareOf.home_address,
    ),
    rule(
        "04-6.3-26",
        "6.3",
        STATED,
        HOME_AGENT,
        "with H there is no proxy Neighbor Discovery until the home binding is deleted",
        at="home",
        given=any_option(h_in_force),
        then=~decide.proxy,
    ),
    rule(
        "04-6.3-26b",
        "6.3",
        STATED,
        HOME_AGENT,
        "while a home binding exists there is no proxy Neighbor Discovery",
        at="home",
        given=home_binding_stays,
        then=~decide.proxy,
    ),
    rule(
        "04-6.3-27",
        "6.3",
        STATED,
        RECEIVER,
        "a registration registers a binding with the BID",
        at="register",
        given=registering & o.present,
        then=z3.Or(decide.effect == Effect.register, decide.effect == Effect.update),
        also=("04-1-2", "04-3-3", "04-6.3-31"),
    ),
    rule(
        "04-6.3-28",
        "6.3",
        STATED,
        RECEIVER,
        "with C the care-of address is that of the sub-option",
        at="register",
        given=registering & o.C,
        then=decide.care_of == CareOf.option,
        label="must",
        also=("04-4.2.1-10", "04-4.2.1-19"),
    ),
    rule(
        "04-6.3-29",
        "6.3",
        STATED,
        RECEIVER,
        "without C the care-of address is the source address",
        at="register",
        given=registering & ~o.C,
        then=decide.care_of == CareOf.source,
        label="must",
    ),
    rule(
        "04-6.3-30",
        "6.3",
        STATED,
        RECEIVER,
        "without C and with an alternate care-of address it is that address",
        at="register",
        given=registering & ~o.C & (bu.alternate != NONE),
        then=decide.care_of == CareOf.alternate,
    ),
    rule(
        "04-6.3-32",
        "6.3",
        STATED,
        HOME_AGENT,
        "with O all existing bindings are removed first",
        at="bindings",
        given=registering & any_option(o.O),
        then=z3.And(decide.others == Others.delete, decide.plain == Others.delete),
        also=("04-2-8", "04-4.2.1-14", "04-5.9-2"),
    ),
    rule(
        "04-6.3-32b",
        "6.3",
        STATED,
        HOME_AGENT,
        "only with O are other bindings removed",
        at="bindings",
        given=registering & ~no_options & ~any_option(o.O),
        then=decide.others == Others.keep,
    ),
    rule(
        "04-6.3-33",
        "6.3",
        STATED,
        RECEIVER,
        "a regular binding is de-registered and one with the BID registered",
        at="bindings",
        given=registering & ~no_options & still_regular,
        then=decide.plain == Others.delete,
    ),
    rule(
        "04-6.3-33b",
        "6.3",
        STATED,
        RECEIVER,
        "in its place a new binding with the BID is registered",
        at="bindings",
        given=registering & o.present & still_regular & ~still_known,
        then=decide.effect == Effect.register,
    ),
    rule(
        "04-6.3-34",
        "6.3",
        MUST,
        RECEIVER,
        "when a regular binding existed the answer is BID CONFLICT",
        at="bindings",
        given=registering & o.present & still_regular & ~refused,
        then=decide.answer == Status.mcoa_bid_conflict,
    ),
    rule(
        "04-6.3-35",
        "6.3",
        MUST,
        RECEIVER,
        "a binding with the BID is updated and the answer is 0",
        at="bindings",
        given=registering & still_known,
        then=z3.And(decide.effect == Effect.update, decide.answer == Status.accepted),
    ),
    rule(
        "04-6.3-36",
        "6.3",
        STATED,
        RECEIVER,
        "without a binding with the BID a new one is registered and the answer is 0",
        at="bindings",
        given=registering & ~still_known,
        then=z3.And(decide.effect == Effect.register, decide.answer == Status.accepted),
    ),
]

NO_PROXY = any_option(o.H) | home_binding_stays
OVERRIDES = (
    Override("3775-10.3.1-11", NO_PROXY, "04-5.5-18"),
    Override("3775-10.4.1-2", NO_PROXY, "04-5.5-18"),
    Override("3775-9.1-2", z3.BoolVal(True), "04-2-1"),
    Override("3775-11.1-1", kept.wanted, "04-4.1-1"),
    Override("3775-11.7.1-4", draft04_mobile.WITHOUT_ALTERNATE, "04-5.3-6"),
    *draft04_control.OVERRIDES,
    *draft04_home_link.OVERRIDES,
)

RULES = [
    *draft04_formats.FORMATS,
    *RETURNING,
    *draft04_answers.ACKNOWLEDGING,
    *REPLACING,
    *draft04_ignoring.IGNORING,
    *draft04_ignoring.PROBING,
    *REFUSING,
    *REGISTERING,
    *draft04_mobile.RULES,
    *draft04_control.RULES,
    *draft04_packets.RULES,
    *draft04_forwarding.RULES,
    *draft04_home_link.RULES,
]

DOCUMENT = "draft-ietf-monami6-multiplecoa-04"

RULESET = Ruleset(
    name="draft-04",
    title="Multiple Care-of Addresses Registration, November 2007",
    document=DOCUMENT,
    rules=(
        *rfc3775.rules(),
        *rfc3963.rules(),
        *no_ndp.rules(),
        *gather(DOCUMENT, RULES),
    ),
    procedure=PROCEDURE,
    steps=(
        RECEIVE.requiring(ba_status, draft04_answers.OWN_STATUSES),
        *MOBILE_STEPS,
        *steps_control.STEPS,
        *steps_packets.STEPS,
    ),
    readings=READINGS,
    overrides=OVERRIDES,
    unordered=reads(READ_ORD, "O2"),
    bullets=BULLETS,
    status_numbers=NUMBERS,
    addressed={"5": (Role.MOBILE_NODE,), "6": (RECEIVER, HOME_AGENT, CORRESPONDENT)},
    catalogue=CATALOGUE,
    not_executable=NOT_EXECUTABLE,
    unnumbered=UNNUMBERED,
    references=REFERENCES,
)
