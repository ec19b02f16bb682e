"""The places where draft -04 can be understood in two ways, with the default first."""

from __future__ import annotations

from model import predicates as p
from model.ruleset import Reading

READINGS = (
    Reading(
        p.READ_H,
        "do the sentences about H in 6.3 apply only to a deregistration?",
        {"H1": "only when the Lifetime is zero", "H2": "at any Lifetime"},
        ("04-6.3-25", "04-6.3-26", "04-3-27", "04-5.5-18"),
    ),
    Reading(
        p.READ_HSCOPE,
        "what does H speak of?",
        {"HS1": "the binding of that BID", "HS2": "the whole mobile node"},
        ("04-4.2.1-16", "04-5.5-16"),
    ),
    Reading(
        p.READ_FLAG,
        "which flags of the sub-options must be equal?",
        {"F1": "C, O and H", "F2": "also the Reserved bits", "F3": "C and O"},
        ("04-5.4-4", "04-6.3-19", "04-5.6-13"),
    ),
    Reading(
        p.READ_ORD,
        "are the bullets of 6.3 steps in order?",
        {"O1": "in order; a refusal ends the processing", "O2": "all must hold, without order"},
        ("04-6.3-8",),
    ),
    Reading(
        p.READ_PRE,
        "when is it tested which bindings exist?",
        {"P1": "before O removes bindings", "P2": "after"},
        ("04-6.3-32", "04-6.3-33"),
    ),
    Reading(
        p.READ_BULKDEREG,
        "what does one unknown BID in a bulk deregistration refuse?",
        {"B1": "the whole update", "B2": "only that sub-option", "B3": "it and the later ones"},
        ("04-6.3-22",),
    ),
    Reading(
        p.READ_SEQ,
        "per what is the last sequence number kept?",
        {"S1": "home address", "S2": "home address and BID"},
        ("3775-9.1-1", "04-4.1-1", "04-5.4-9", "04-5.4-10"),
    ),
    Reading(
        p.READ_STAT,
        "where does a home agent put a common status?",
        {"T1": "into the acknowledgement", "T2": "into each sub-option"},
        ("04-6.3-10",),
        permitted=True,
    ),
    Reading(
        p.READ_IGN,
        "does a node that desires no several bindings copy the sub-option that it ignores?",
        {"I1": "it does not copy it", "I2": "it copies it into the acknowledgement"},
        ("04-6.1-8", "04-6.3-38"),
    ),
    Reading(
        p.READ_CN_COA,
        "over which care-of address does a correspondent node compute the authenticator?",
        {"K1": "the one that will be registered", "K2": "the source or the alternate one"},
        ("3775-6.2.7-1", "3775-9.5.1-4", "04-6.3-28"),
    ),
    Reading(
        p.READ_MAYNOT,
        "does MAY NOT forbid to delete the binding of the interface at home?",
        {"N1": "it must not be deleted", "N2": "it need not be deleted"},
        ("04-5.5-24",),
    ),
    Reading(
        p.READ_COPY,
        "is the Status of a sub-option copied into the acknowledgement with the rest?",
        {"Y1": "no, it is set there", "Y2": "yes, all of it is copied"},
        ("04-6.3-38", "04-6.2-9"),
    ),
    Reading(
        p.READ_BULK,
        "must a receiver support bulk registration when several sub-options are there?",
        {"U1": "no, it refuses what it does not support", "U2": "yes"},
        ("04-6.3-16", "04-6.3-17"),
    ),
)
