"""A ruleset: one document revision with its base, procedure order, overrides and readings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model.errors import RuleError, raise_all
from model.fields import Domain
from model.place import declared_at
from model.rule import On, Role, Rule


@dataclass(frozen=True)
class Reading:
    """A place where the text can be understood in several ways."""

    domain: Domain
    question: str
    alternatives: Mapping[str, str]
    statements: tuple[str, ...]
    permitted: bool = False  # the text allows every alternative at once
    source: str = field(default_factory=declared_at, compare=False, repr=False)

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
    source: str = field(default_factory=declared_at, compare=False, repr=False)


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
    source: str = field(default_factory=declared_at, compare=False, repr=False)

    def requiring(self, const: Any, required: Any) -> NodeStep:
        """Return this step with one decision required where this term holds, and there alone."""
        decisions = (
            replace(d, required=required) if d.const is const else d for d in self.decisions
        )
        return replace(self, decisions=tuple(decisions))


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
    catalogue: tuple[str, ...] = ()  # the ids of all statements of the document and its base
    not_executable: Mapping[str, str] = field(default_factory=dict)  # ids of it, with the reason
    addressed: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)  # whom a section binds
    unnumbered: tuple[str, ...] = ()  # the statements that leave numbers of statuses open
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # where one points to

    def __post_init__(self) -> None:
        seen: dict[tuple[str, On], str] = {}
        wrong = [e for r in self.rules for e in (*_check_new(r, seen), *self._check_at(r))]
        raise_all(wrong, self)

    def _check_at(self, r: Rule) -> Iterator[RuleError]:
        if r.at and r.at not in self.procedure:
            what = f"rule {r.id} is at an unknown step {r.at!r}"
            yield RuleError(what, r.source, f"use one of {', '.join(self.procedure)}")

    def rule(self, id: str) -> Rule:
        """Return the rule with this id; RuleError when there is none."""
        for r in self.rules:
            if id in r.ids:
                return r
        raise RuleError(f"ruleset {self.name} has no rule {id}", remedy="see `monami rules`")

    def clause(self, id: str) -> str:
        """Return the clause of a statement, be it executed by a rule or not."""
        own = [r.clause for r in self.rules if r.id == id]
        named = [r.clause for r in self.rules if id in r.also]
        return next(iter(own), id.partition("-")[2].rpartition("-")[0] or "".join(named[:1]))

    def without(self, *ids: str) -> Ruleset:
        """Return this ruleset with rules removed, each with its restatements and overrides."""
        return self._keeping(ids, named=False)

    def only(self, *ids: str) -> Ruleset:
        """Return this ruleset with no rules but these; RuleError when there is no such rule."""
        return self._keeping(ids, named=True)

    def _keeping(self, ids: Iterable[str], named: bool) -> Ruleset:
        wanted = set(ids)
        for id in ids:
            self.rule(id)
        rules = tuple(r for r in self.rules if bool(wanted & set(r.ids)) is named)
        gone = {i for r in self.rules for i in r.ids} - {i for r in rules for i in r.ids}
        overrides = tuple(v for v in self.overrides if not {v.base, v.by} & gone)
        return replace(self, rules=rules, overrides=overrides)

    def having(self, *rules: Rule) -> Ruleset:
        """Return this ruleset with rules added, or replaced where id and node step are the same."""
        keys = [(r.key, r.on) for r in rules]
        new = {(r.key, r.on): r.of(self.document) for r in reversed(rules)}
        twice = [r for k, r in enumerate(rules) if (r.key, r.on) in keys[:k]]
        now = {i for r in rules for i in r.ids}
        reasons = {i: why for i, why in self.not_executable.items() if i not in now}
        kept = [new.pop((r.key, r.on), r) for r in self.rules]
        return replace(self, rules=(*kept, *new.values(), *twice), not_executable=reasons)

    def overriding(self, *overrides: Override) -> Ruleset:
        """Return this ruleset with overrides added, or replaced where base and sentence agree."""
        new = {(v.base, v.by): v for v in overrides}
        kept = [new.pop((v.base, v.by), v) for v in self.overrides]
        return replace(self, overrides=(*kept, *new.values()))

    def reading(self, *readings: Reading) -> Ruleset:
        """Return this ruleset with readings added, or replaced where the name is the same."""
        new = {r.id: r for r in readings}
        kept = [new.pop(r.id, r) for r in self.readings]
        return replace(self, readings=(*kept, *new.values()))

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


def _check_new(r: Rule, seen: dict[tuple[str, On], str]) -> Iterator[RuleError]:
    """A statement may be about several node steps; about each there is one rule."""
    for id in (r.key, *(also + r.part for also in r.also)):
        if (id, r.on) in seen:
            what = f"rule id {id} is used twice (also at {seen[id, r.on]})"
            yield RuleError(what, r.source, "give it its own id")
        seen.setdefault((id, r.on), r.source)


def _text(r: Rule) -> str:
    when = r.when.sexpr() if r.when is not None else ""
    parts = (r.key, r.modality.value, r.role.value, r.on.name, r.at, r.demand.refuses.value)
    return " ".join((*parts, r.given.sexpr(), when, r.demand.term.sexpr(), str(r.yields)))


def gather(document: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return `rules` as rules of `document`."""
    return tuple(r.of(document) for r in rules)
