"""A rule of a document as data: id, clause, modality, bound role, situation and demand."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

import z3

from model.errors import RuleError
from model.vocabulary import ANY, Status, decide


class Modality(Enum):
    """What the document says: the capitals of RFC 2119, or a plain statement."""

    MUST = "MUST"
    MUST_NOT = "MUST NOT"
    SHOULD = "SHOULD"
    SHOULD_NOT = "SHOULD NOT"
    MAY = "MAY"
    STATED = "stated"
    DEFINITION = "definition"

    @property
    def binds(self) -> bool:
        """Return whether departing from it contradicts the document (definitions included)."""
        return self in (Modality.MUST, Modality.MUST_NOT, Modality.STATED, Modality.DEFINITION)

    @property
    def advises(self) -> bool:
        """Return whether departing from it is a deviation, not a violation."""
        return self in (Modality.SHOULD, Modality.SHOULD_NOT)


class Role(Enum):
    """Whom a rule binds."""

    RECEIVER = "receiver"
    HOME_AGENT = "home agent"
    CORRESPONDENT = "correspondent node"
    MOBILE_NODE = "mobile node"


class On(Enum):
    """The node step that a rule is about."""

    RECEIVE_UPDATE = "receives a Binding Update"
    SEND_UPDATE = "sends a Binding Update"
    RECEIVE_ACK = "receives a Binding Acknowledgement"
    KEEP_LIST = "keeps its Binding Update List"
    ATTACH = "finds one of its interfaces on the home link"
    SEND_TEST = "sends a Care-of Test Init"
    RECEIVE_TEST = "receives a Care-of Test Init"
    RECEIVE_TOKEN = "receives a Care-of Test"
    SEND_REFRESH = "sends a Binding Refresh Request"
    RECEIVE_REFRESH = "receives a Binding Refresh Request"
    RECEIVE_ERROR = "receives a Binding Error"
    SEND_PACKET = "sends a packet from the home address"
    RECEIVE_PACKET = "receives a packet from the home address"
    FORWARD = "sends a packet to the home address"
    SOLICITED = "is solicited for the home address"
    EXPIRE = "lets a binding run out"


class Refuses(Enum):
    """How far the refusal of a rule reaches."""

    NOTHING = "nothing"
    OPTION = "option"
    MESSAGE = "message"
    SILENTLY = "silently"


@dataclass(frozen=True)
class Demand:
    """What a rule decides: a term over decisions, and whether it refuses."""

    term: Any
    refuses: Refuses = Refuses.NOTHING


def reject(status: z3.ExprRef | None = None) -> Demand:
    """Demand that the whole update is refused, with this status (any error when None)."""
    return Demand(_answer(status), Refuses.MESSAGE)


def reject_option(status: z3.ExprRef | None = None) -> Demand:
    """Demand that one sub-option is refused, with this status (any error when None)."""
    return Demand(_answer(status), Refuses.OPTION)


def discard() -> Demand:
    """Demand that the whole update is dropped silently."""
    return Demand(z3.Not(decide.acknowledged), Refuses.SILENTLY)


def _answer(status: z3.ExprRef | None) -> z3.BoolRef:
    if status is None:
        return z3.And(
            decide.answer != Status.accepted, decide.answer != Status.accepted_prefix_discovery
        )
    term: z3.BoolRef = decide.answer == status
    return term


def any_option(term: z3.BoolRef) -> z3.BoolRef:
    """Return the term: some BID sub-option that is present satisfies `term`."""
    return ANY(term)


@dataclass(frozen=True)
class Rule:
    """One rule.

    `given` is a term over inputs (message, state, readings), `when` a term over decisions
    (the fields of a message being composed; None when there is none), `demand` what it
    decides.  `at` names the step of the procedure; `also` ids that say the same; `yields`
    marks the dispatch procedures of a base document.
    """

    id: str
    clause: str
    modality: Modality
    role: Role
    title: str
    given: Any
    demand: Demand
    on: On = On.RECEIVE_UPDATE
    at: str = ""
    when: Any = None
    also: tuple[str, ...] = ()
    yields: bool = False
    label: str = ""
    document: str = ""
    source: str = ""
    cites: tuple[str, ...] = field(default=())
    part: str = ""

    @property
    def key(self) -> str:
        """Return what tells this part of a statement from the others of the same id."""
        return self.id + self.part

    @property
    def ids(self) -> tuple[str, ...]:
        """Return its id and the ids of its restatements."""
        return (self.id, *self.also)

    def of(self, document: str) -> Rule:
        """Return this rule as part of `document`."""
        return self if self.document else replace(self, document=document)


def rule(
    id: str,
    clause: str,
    modality: Modality,
    role: Role,
    title: str,
    *,
    given: Any = True,
    then: Any,
    **more: Any,
) -> Rule:
    """Declare a rule; RuleError with file and line when a part of it has the wrong form.

    A letter behind the id tells apart the parts of one catalogued statement.
    """
    frame = sys._getframe(1)
    source = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
    demand = then if isinstance(then, Demand) else Demand(then)
    condition = z3.BoolVal(given) if isinstance(given, bool) else given
    for name, term in (("given", condition), ("then", demand.term)):
        if not z3.is_bool(term):
            raise RuleError(f"`{name}` of rule {id} is no truth value", source, "compare a field")
    part = id[-1] if id[-1].isalpha() else ""
    stem = id.removesuffix(part)
    return Rule(
        stem, clause, modality, role, title, condition, demand, source=source, part=part, **more
    )
