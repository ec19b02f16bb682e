"""A ruleset: one document revision with its base, procedure order, overrides and readings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model.errors import RuleError
from model.fields import Domain
from model.rule import On, Role, Rule


@dataclass(frozen=True)
class Reading:
    """A place where the text can be understood in several ways."""

    domain: Domain
    question: str
    alternatives: Mapping[str, str]
    statements: tuple[str, ...]
    permitted: bool = False  # the text allows every alternative at once

    @property
    def id(self) -> str:
        """Return its name, READ-..."""
        return self.domain.name

    @property
    def default(self) -> str:
        """Return the alternative assumed unless told otherwise: the first."""
        return self.domain.values[0]


@dataclass(frozen=True)
class Override:
    """A sentence that takes a base rule out of force, where `given` holds."""

    base: str
    given: Any
    by: str


@dataclass(frozen=True)
class Decision:
    """A decision of a step: its field, when it is required, and its default otherwise."""

    const: Any
    required: Any = None  # a term over inputs, outcomes and decisions; None = never
    default: Any = 0  # a value, or a term over inputs


@dataclass(frozen=True)
class NodeStep:
    """One step of a node: the decisions it takes."""

    on: On
    decisions: tuple[Decision, ...]
    roles: Mapping[Role, Any] = field(default_factory=dict)  # when a role's rules bind; else always
    well_formed: tuple[Any, ...] = ()  # what holds of every input: generic terms over inputs


@dataclass(frozen=True)
class Ruleset:
    """The rules of one revision together with those of its base that stay in force."""

    name: str
    title: str
    document: str
    rules: tuple[Rule, ...]
    procedure: tuple[str, ...]
    steps: tuple[NodeStep, ...]
    readings: tuple[Reading, ...] = ()
    overrides: tuple[Override, ...] = ()
    unordered: Any = None  # term under which the steps in `bullets` have no order
    bullets: tuple[str, ...] = ()
    status_numbers: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for r in self.rules:
            _check_new(r, seen)
            if r.at and r.at not in self.procedure:
                raise RuleError(
                    f"rule {r.id} is at an unknown step {r.at!r}",
                    r.source,
                    f"use one of {', '.join(self.procedure)}",
                )

    def rule(self, id: str) -> Rule:
        """Return the rule with this id; RuleError when there is none."""
        for r in self.rules:
            if id in r.ids:
                return r
        raise RuleError(f"ruleset {self.name} has no rule {id}", remedy="see `monami rules`")

    def without(self, *ids: str) -> Ruleset:
        """Return this ruleset with rules removed, each with its restatements."""
        for id in ids:
            self.rule(id)
        return replace(self, rules=tuple(r for r in self.rules if not set(ids) & set(r.ids)))

    def having(self, *rules: Rule) -> Ruleset:
        """Return this ruleset with rules added, or replaced where the id is the same."""
        new = {r.key: r.of(self.document) for r in rules}
        kept = [new.pop(r.key, r) for r in self.rules]
        return replace(self, rules=(*kept, *new.values()))

    def rules_on(self, on: On) -> tuple[Rule, ...]:
        """Return the rules about one node step."""
        return tuple(r for r in self.rules if r.on is on)

    def step(self, on: On) -> NodeStep:
        """Return the decisions of a node step."""
        return next(s for s in self.steps if s.on is on)

    def is_extension(self, r: Rule) -> bool:
        """Return whether a rule is of this document, not of its base."""
        return r.document == self.document

    def digest(self) -> str:
        """Return a SHA-256 over what the rules say (not over where they stand in a file)."""
        text = "\n".join(_text(r) for r in sorted(self.rules, key=lambda r: r.key))
        more = "\n".join(f"{v.base} {v.given.sexpr()} {v.by}" for v in self.overrides)
        return hashlib.sha256(f"{self.procedure}\n{text}\n{more}".encode()).hexdigest()


def _check_new(r: Rule, seen: dict[str, str]) -> None:
    for id in (r.key, *(also + r.part for also in r.also)):
        if id in seen:
            raise RuleError(
                f"rule id {id} is used twice (also at {seen[id]})", r.source, "give it its own id"
            )
        seen[id] = r.source


def _text(r: Rule) -> str:
    when = r.when.sexpr() if r.when is not None else ""
    parts = (r.key, r.modality.value, r.role.value, r.on.name, r.at, r.demand.refuses.value)
    return " ".join((*parts, r.given.sexpr(), when, r.demand.term.sexpr(), str(r.yields)))


def gather(document: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return `rules` as rules of `document`."""
    return tuple(r.of(document) for r in rules)
