"""RFC 3963: what a home agent does with the Binding Update of a mobile router."""

from __future__ import annotations

import z3

from model.packets import mr
from model.predicates import base_delete, entry_exists, several_entries
from model.rule import Modality, Role, Rule, reject, rule
from model.ruleset import gather
from model.vocabulary import Effect, Others, Status, accepted, bu, decide

MUST, STATED = Modality.MUST, Modality.STATED
HOME_AGENT = Role.HOME_AGENT
DOCUMENT = "RFC 3963"
ONLY = ("04-6.1-1",)

RULES = [
    rule(
        "3963-6.2-1",
        "6.2",
        MUST,
        HOME_AGENT,
        "a change between mobile node and mobile router is refused",
        at="type",
        given=entry_exists & (mr.router != mr.was_router) & ~bu.zero_lifetime,
        then=reject(Status.type_change, returned=True),
    ),
    rule(
        "3963-6.2-2",
        "6.2",
        STATED,
        HOME_AGENT,
        "a delete request deletes the binding of a mobile router",
        given=mr.router & base_delete,
        then=z3.And(decide.effect == Effect.delete, decide.others == Others.delete),
        yields=True,
        also=("3963-6.7-1",),
    ),
    rule(
        "3963-6.2-2b",
        "6.2",
        STATED,
        HOME_AGENT,
        "and the forwarding to its prefix",
        given=accepted & mr.router & base_delete & ~several_entries,
        then=~mr.forwarded,
        cites=ONLY,
    ),
    rule(
        "3963-6.7-1b",
        "6.7",
        STATED,
        HOME_AGENT,
        "then the home agent is proxy no more",
        given=mr.router & base_delete,
        then=~decide.proxy,
        yields=True,
    ),
    rule(
        "3963-6.2-3",
        "6.2",
        MUST,
        HOME_AGENT,
        "a prefix of the entry that is missing in the update is forwarded no more",
        given=accepted & mr.router & ~base_delete & mr.had_prefix & ~mr.prefix & ~several_entries,
        then=~mr.forwarded,
        cites=ONLY,
    ),
    rule(
        "3963-6.2-4",
        "6.2",
        MUST,
        HOME_AGENT,
        "a prefix whose forwarding cannot be set up refuses the update",
        at="prefix",
        given=mr.router & ~base_delete & mr.prefix & mr.fails,
        then=reject(Status.invalid_prefix, returned=True),
    ),
]


def rules() -> tuple[Rule, ...]:
    """Return its rules."""
    return gather(DOCUMENT, RULES)
