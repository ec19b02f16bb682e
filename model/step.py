"""The step relation: what the rules of a ruleset say of one step of a node, at one scope.

The outcome is derived: an update (or option) is refused if and only if a refusing rule
reaches it.  A rule applies where its situation holds, its step of the procedure is reached,
no override takes it out of force, effects are committed (nothing refuses), and, for the
dispatch procedures of the base, where no rule of the extension speaks of the decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from model.fields import Field
from model.rule import Modality, On, Refuses, Rule
from model.ruleset import Ruleset
from model.scope import World
from model.terms import (
    Substitution,
    conjunction,
    constants_of,
    disjunction,
    name_of,
    names_in,
)
from model.vocabulary import FIELDS, o, slot_present

COMMITTED = ("effect", "care_of", "others", "plain", "proxy", "announcement")
FALSE, TRUE = z3.BoolVal(False), z3.BoolVal(True)


@dataclass(frozen=True)
class GroundRule:
    """One conjunct of a rule's demand at one index, with the term of when it applies."""

    rule: Rule
    index: int
    part: int
    applies: Any
    demand: Any
    when: Any
    decisions: frozenset[str]

    @cached_property
    def speaks(self) -> bool:
        """Return whether it decides what it mentions.

        A permission, a definition, a coupling and the prohibition of some values do not.
        """
        silent = (Modality.MAY, Modality.DEFINITION)
        if self.when is not None or self.rule.modality in silent:
            return False
        return not _only_forbids(self.demand)

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the names of what it mentions: decisions, and inputs that they depend on."""
        return names_in(self.constraint)

    @cached_property
    def constraint(self) -> Any:
        """Return what it demands of the decisions, where it applies."""
        return self.demand if self.when is None else z3.Implies(self.when, self.demand)

    @cached_property
    def obeyed(self) -> Any:
        """Return the term over inputs and decisions: it is obeyed where it applies."""
        return z3.Implies(self.applies, self.constraint)


def _only_forbids(term: Any) -> bool:
    """Return whether a term only says that an enumerated decision has none of some values."""
    if z3.is_not(term):
        inner = term.arg(0)
        return all(map(_compares, inner.children() if z3.is_or(inner) else [inner]))
    return bool(z3.is_distinct(term)) and _compares(term)


def _compares(term: Any) -> bool:
    return bool(term.num_args() == 2 and term.arg(0).sort().kind() == z3.Z3_DATATYPE_SORT)


@dataclass(frozen=True)
class GroundDecision:
    """One decision at one index."""

    field: Field
    index: int
    required: Any  # term over inputs and decisions: some rule has to speak of it
    default: Any  # term over inputs: its value where none speaks and none has to

    @cached_property
    def label(self) -> str:
        """Return the name of its constant."""
        return self.field.label(self.index)

    @property
    def const(self) -> z3.ExprRef:
        """Return its constant."""
        return self.field.instance(self.index)


@dataclass(frozen=True)
class StepRelation:
    """The ground rules and decisions of one node step."""

    on: On
    world: World
    rules: tuple[GroundRule, ...]
    decisions: tuple[GroundDecision, ...]
    outcomes: dict[str, Any]

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of the inputs that the step depends on, sorted."""
        own = {d.label for d in self.decisions}
        terms = [t for g in self.rules for t in (g.applies, g.constraint)]
        terms += [t for d in self.decisions for t in (d.required, d.default)]
        return tuple(sorted({name_of(c) for c in constants_of(terms)} - own))


@dataclass(frozen=True)
class _Draft:
    """A ground rule before the outcome of the refusing rules is known."""

    rule: Rule
    index: int
    part: int
    trigger: Any
    demand: Any
    when: Any
    decisions: frozenset[str]


def step_relation(ruleset: Ruleset, on: On, world: World) -> StepRelation:
    """Return the step relation of a node step at the scope of `world`."""
    decisions = tuple(_ground_decisions(ruleset, on, world))
    names = {d.field.name for d in decisions}
    drafts = [d for r in ruleset.rules_on(on) for d in _drafts(ruleset, r, world, names)]
    builder = _Builder(ruleset, world, drafts)
    outcomes = builder.outcomes
    solved = tuple(
        GroundDecision(d.field, d.index, builder.resolve(d.required), d.default) for d in decisions
    )
    return StepRelation(on, world, tuple(builder.ground_rules()), solved, outcomes)


def _ground_decisions(ruleset: Ruleset, on: On, world: World) -> Iterable[GroundDecision]:
    for decision in ruleset.step(on).decisions:
        f = FIELDS[decision.const.decl().name()]
        for i in world.indices(f.family):
            required = FALSE if decision.required is None else world.ground(decision.required, i)
            given = decision.default
            default = f.domain.at(given) if isinstance(given, int) else world.ground(given, i)
            yield GroundDecision(f, i, required, default)


def _drafts(ruleset: Ruleset, r: Rule, world: World, names: set[str]) -> Iterable[_Draft]:
    families = world.families(r.given, r.when, r.demand.term)
    role = ruleset.step(r.on).roles.get(r.role, TRUE)
    situation = conjunction([r.given, _in_force(ruleset, r), role])
    for index in _indices(world, families, r):
        present = _presence(world, families, names, index)
        trigger = conjunction([world.ground(situation, index), present])
        when = None if r.when is None else world.ground(r.when, index)
        for part, conjunct in enumerate(_conjuncts(r.demand.term)):
            demand = world.ground(conjunct, index)
            mentioned = frozenset(n for n in names_in(demand) if n.partition("[")[0] in names)
            yield _Draft(r, index, part, z3.simplify(trigger), demand, when, mentioned)


def _indices(world: World, families: set[str], r: Rule) -> range:
    if "option" in families:
        return world.indices("option")
    return world.indices("slot" if "slot" in families else "")


def _presence(world: World, families: set[str], decided: set[str], index: int) -> Any:
    if o.present.decl().name() in decided:
        return TRUE  # which options are present is decided by the sender's own rules
    if "option" in families or "slot" in families:
        return world.at(slot_present, index)
    return TRUE


def _in_force(ruleset: Ruleset, r: Rule) -> Any:
    lifted = [v.given for v in ruleset.overrides if v.base in r.ids]
    return z3.Not(z3.Or(lifted)) if lifted else TRUE


def _conjuncts(term: z3.BoolRef) -> list[z3.BoolRef]:
    return list(term.children()) if z3.is_and(term) else [term]


def definitions(outcomes: dict[str, Any]) -> Substitution:
    """Return what puts the definitions of the outcomes in their place."""
    return Substitution((z3.Bool(name), value) for name, value in outcomes.items())


class _Builder:
    """Works out, in procedure order, which refusals apply and so which rules do."""

    def __init__(self, ruleset: Ruleset, world: World, drafts: list[_Draft]) -> None:
        self.ruleset, self.world, self.drafts = ruleset, world, drafts
        self.position = {name: k for k, name in enumerate(ruleset.procedure)}
        self.refusals: list[tuple[_Draft, Any]] = []
        self._before: dict[tuple[Any, ...], Any] = {}  # by what _earlier depends on
        self._in_order: dict[tuple[int, bool], Any] = {}  # by refusal and whether unordered matters
        self._said: dict[tuple[int, int], Any] = {}  # by draft and refusals known so far
        firm = [d for d in drafts if d.rule.demand.refuses is not Refuses.NOTHING]
        for d in sorted((d for d in firm if not d.rule.yields), key=self._at):
            self.refusals.append((d, self._reached(d)))
        self.outcomes = self._outcomes()
        self._defined = definitions(self.outcomes)
        for d in (d for d in firm if d.rule.yields):
            self.refusals.append((d, z3.And(self._reached(d), self._unspoken(d))))
        self.outcomes = self._outcomes()
        self._defined = definitions(self.outcomes)
        self._applied = {(d.rule.key, d.index, d.part): t for d, t in self.refusals}

    def ground_rules(self) -> Iterable[GroundRule]:
        """Yield every ground rule with its final term of application."""
        for d in self.drafts:
            applies = self._applied.get((d.rule.key, d.index, d.part))
            if applies is None:
                applies = self._applies(d)
            applies = z3.simplify(self.resolve(applies))
            if not z3.is_false(applies):
                when = None if d.when is None else self.resolve(d.when)
                yield GroundRule(
                    d.rule, d.index, d.part, applies, self.resolve(d.demand), when, d.decisions
                )

    def resolve(self, term: Any) -> Any:
        """Return `term` with the outcomes replaced by their definitions."""
        return self._defined.of(term)

    def _at(self, d: _Draft) -> int:
        return self.position.get(d.rule.at, len(self.position))

    def _reached(self, d: _Draft) -> Any:
        """Return the term: its situation holds and its step of the procedure is reached."""
        before = self._earlier(d)
        return d.trigger if before is None else conjunction([d.trigger, z3.Not(before)])

    def _earlier(self, d: _Draft) -> Any:
        """Return the term: a refusal of an earlier step keeps it from being reached, or None."""
        whole = d.rule.demand.refuses is Refuses.MESSAGE
        key = (len(self.refusals), d.rule.at, whole, d.index)
        if key not in self._before:
            earlier = [
                self._refused_before(k, self._may_be_later(r, d))
                for k, (r, _) in enumerate(self.refusals)
                if r.rule.at and self._at(r) < self._at(d) and _reaches(r, d)
            ]
            self._before[key] = disjunction(earlier) if earlier else None
        return self._before[key]

    def _refused_before(self, k: int, unordered: bool) -> Any:
        """Return the term: refusal number k applies, and comes first though some have no order."""
        if (k, unordered) not in self._in_order:
            ordered = z3.Not(self.ruleset.unordered) if unordered else TRUE
            self._in_order[k, unordered] = conjunction([self.refusals[k][1], ordered])
        return self._in_order[k, unordered]

    def _may_be_later(self, first: _Draft, then: _Draft) -> bool:
        bullets = self.ruleset.bullets
        return self.ruleset.unordered is not None and {first.rule.at, then.rule.at} <= set(bullets)

    def _applies(self, d: _Draft) -> Any:
        reached = self._reached(d) if d.rule.at else d.trigger
        unspoken = self._unspoken(d) if d.rule.yields else TRUE
        return conjunction([reached, self._committed(d), unspoken])

    def _committed(self, d: _Draft) -> Any:
        """An effect commits only where nothing refuses, and with it all that its rule demands."""
        names = names_in(d.rule.demand.term)
        if d.rule.modality is Modality.DEFINITION or not names & set(COMMITTED):
            return TRUE
        if names & {"effect", "care_of"}:
            return z3.Not(self.outcomes[f"refused[{d.index}]"])
        return self.outcomes["accepted"]

    def _unspoken(self, d: _Draft) -> Any:
        """Return the term: no rule of the extension speaks of what this base rule decides."""
        at_stake = set(d.decisions)
        if d.rule.demand.refuses is not Refuses.NOTHING:
            at_stake.add(f"effect[{d.index}]")
        speaking = [self._resolved(k, e) for k, e in self._speakers if e.decisions & at_stake]
        return z3.Not(disjunction(speaking)) if speaking else TRUE

    @cached_property
    def _speakers(self) -> list[tuple[int, _Draft]]:
        """Return the drafts, with their numbers, by which the extension speaks of decisions."""
        return [
            (k, e)
            for k, e in enumerate(self.drafts)
            if self.ruleset.is_extension(e.rule)
            and e.when is None
            and e.rule.modality not in (Modality.MAY, Modality.DEFINITION)
            and not _only_forbids(e.demand)
        ]

    def _resolved(self, k: int, e: _Draft) -> Any:
        """Return the term over inputs: draft number k speaks."""
        key = (k, len(self.refusals))
        if key not in self._said:
            self._said[key] = self.resolve(self._spoken(e))
        return self._said[key]

    def _spoken(self, e: _Draft) -> Any:
        for d, term in self.refusals:
            if d is e:
                return term
        reached = self._reached(e) if e.rule.at else e.trigger
        return conjunction([reached, self._committed(e)])

    def _outcomes(self) -> dict[str, Any]:
        silent = [t for d, t in self.refusals if d.rule.demand.refuses is Refuses.SILENTLY]
        whole = [t for d, t in self.refusals if d.rule.demand.refuses is Refuses.MESSAGE]
        message = z3.Or([*silent, *whole, FALSE])
        slots = self.world.indices("slot")
        by_option = {j: self._refused_option(j) for j in slots}
        result = {f"refused[{j}]": z3.Or(message, by_option[j]) for j in slots}
        result["discarded"] = z3.Or([*silent, FALSE])
        result["accepted"] = z3.And(z3.Not(message), self._something_left(by_option))
        return {name: z3.simplify(term) for name, term in result.items()}

    def _refused_option(self, slot: int) -> Any:
        terms = [
            t
            for d, t in self.refusals
            if d.rule.demand.refuses is Refuses.OPTION and d.index == slot
        ]
        return z3.Or([*terms, FALSE])

    def _something_left(self, by_option: dict[int, Any]) -> Any:
        left = [
            z3.And(self.world.at(slot_present, j), z3.Not(term)) for j, term in by_option.items()
        ]
        return z3.Or(left)


def _reaches(refusal: _Draft, d: _Draft) -> bool:
    """Return whether a refusal keeps a draft from being reached: the whole, or its own option."""
    if refusal.rule.demand.refuses is not Refuses.OPTION:
        return True
    return refusal.index == d.index and d.rule.demand.refuses is not Refuses.MESSAGE
