"""A rule of a document as data: id, clause, modality, bound role, situation and demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum
from types import MappingProxyType
from typing import Any

import z3

from model.errors import RuleError, raise_all
from model.place import declared_at
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
    LEGACY = "node that does not know the sub-option"


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


def reject(status: z3.ExprRef | None = None, returned: bool = False) -> Demand:
    """Demand that the whole update is refused, with this status (any error when None).

    `returned`: the text says that the status is returned, so that there is an acknowledgement.
    """
    return Demand(_answer(status, returned), Refuses.MESSAGE)


def reject_option(status: z3.ExprRef | None = None, returned: bool = False) -> Demand:
    """Demand that one sub-option is refused, with this status (any error when None)."""
    return Demand(_answer(status, returned), Refuses.OPTION)


def discard() -> Demand:
    """Demand that the whole update is dropped silently."""
    return Demand(z3.Not(decide.acknowledged), Refuses.SILENTLY)


def _answer(status: z3.ExprRef | None, returned: bool) -> z3.BoolRef:
    if status is None:
        return z3.And(
            decide.answer != Status.accepted, decide.answer != Status.accepted_prefix_discovery
        )
    term: z3.BoolRef = decide.answer == status
    return z3.And(term, decide.acknowledged) if returned else term


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
    source = declared_at()
    demand = then if isinstance(then, Demand) else Demand(then)
    said = {"clause": clause, "modality": modality, "role": role, "title": title, **more}
    terms = {"given": given, "then": demand.term, "when": more.get("when")}
    wrong = wrong_id(id) or (*wrong_words(id, said), *wrong_terms(id, terms))
    raise_all(RuleError(what, source, remedy) for what, remedy in wrong)
    stem, part = split_id(id)
    condition = z3.BoolVal(given) if isinstance(given, bool) else given
    return Rule(
        stem, clause, modality, role, title, condition, demand, source=source, part=part, **more
    )


def split_id(id: str) -> tuple[str, str]:
    """Return the id of the catalogued statement, and the letter of its part or nothing."""
    part = id[-1] if id[-1].isalpha() else ""
    return id.removesuffix(part), part


Mistakes = Iterator[tuple[str, str]]
TYPES: Mapping[str, tuple[type[Any], str]] = MappingProxyType(
    {
        "modality": (
            Modality,
            "use one of Modality.MUST, MUST_NOT, SHOULD, SHOULD_NOT, MAY, STATED, DEFINITION",
        ),
        "role": (Role, f"use one of {', '.join(f'Role.{r.name}' for r in Role)}"),
        "on": (On, f"use one of {', '.join(f'On.{on.name}' for on in On)}"),
        "clause": (str, 'write the clause as text, such as "6.3"'),
        "title": (str, "write one line of text"),
        "at": (str, "write the name of a step of the procedure"),
        "label": (str, "write the keyword of the document"),
        "yields": (bool, "write True or False"),
        "also": (tuple, 'write the ids as ("04-1-1",)'),
        "cites": (tuple, 'write the ids as ("04-1-1",)'),
        "when": (object, ""),
    }
)


def wrong_id(id: Any) -> tuple[tuple[str, str], ...]:
    """Return what is wrong with the id of a rule, and what to do."""
    if isinstance(id, str) and any(c.isdigit() for c in id) and id == id.strip():
        return ()
    return ((f"a rule has {id!r} for its id", 'write an id such as "04-6.3-29"'),)


def wrong_words(id: str, said: Mapping[str, Any]) -> Mistakes:
    """Yield what is wrong with the parts of a rule that are no terms, and what to do."""
    for name, value in said.items():
        type_, remedy = TYPES.get(name, (object, ""))
        if name not in TYPES:
            yield f"a rule has no part `{name}` (rule {id})", nearest(name, TYPES)
        elif not isinstance(value, type_):
            yield f"`{name}` of rule {id} is {value!r}", remedy
        elif name in ("clause", "title") and not value.strip():
            yield f"`{name}` of rule {id} is empty", remedy
        elif name in ("also", "cites"):
            yield from _wrong_ids(id, name, value)


def _wrong_ids(id: str, name: str, ids: tuple[Any, ...]) -> Mistakes:
    for other in ids:
        if wrong_id(other):
            yield f"`{name}` of rule {id} names {other!r}", TYPES[name][1]
        elif name == "also" and other in (id, split_id(id)[0]):
            yield f"rule {id} names itself in `also`", "name the ids that say the same, or none"


def wrong_terms(id: str, terms: Mapping[str, Any]) -> Mistakes:
    """Yield which terms of a rule are no truth values, and what to do."""
    for name, term in terms.items():
        always = name == "given" and isinstance(term, bool)
        if z3.is_bool(term) or always or (name == "when" and term is None):
            continue
        if isinstance(term, bool):
            yield f"`{name}` of rule {id} is {term}", "write a term over decisions"
        else:
            yield f"`{name}` of rule {id} is no truth value", "compare a field"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the remedy for a name that is not known: the nearest ones, or all."""
    names = sorted(known)
    close = get_close_matches(name, names, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else f"use one of {', '.join(names)}"
