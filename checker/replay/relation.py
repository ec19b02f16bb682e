"""The step relation of a scope, compiled for judging: which rules apply, what each demands."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from checker.constraints import Constraint, Variable
from checker.evaluate import Evaluator
from checker.replay.after import After, Outline
from checker.replay.likeness import Likeness, Remembered
from model.fields import Field
from model.receiver import receiver_updates
from model.rule import On, Refuses
from model.ruleset import Ruleset
from model.scope import Scope, World
from model.step import COMMITTED, GroundDecision, GroundRule, StepRelation, step_relation
from model.terms import constants, constants_of, name_of
from model.vocabulary import decide

WIDE = 1_000  # an input with so many values is not remembered value by value
NOTHING = Refuses.NOTHING
EFFECT, CARE_OF = (t.decl().name() for t in (decide.effect, decide.care_of))


@dataclass(frozen=True, eq=False)
class Compiled:
    """One ground rule, compiled: its decisions, whether its condition holds, its demand."""

    rule: GroundRule
    names: tuple[str, ...]
    demand: Evaluator
    when: Evaluator | None
    when_names: frozenset[str]
    demand_names: tuple[str, ...]
    known: frozenset[str]  # the readings of the ruleset
    reads: tuple[int, ...]  # places of the inputs that demand and condition mention
    truths: Remembered[Hashable, str] = field(default_factory=Remembered)
    texts: Remembered[Hashable, tuple[str, str]] = field(default_factory=Remembered)
    implied: bool = False  # what a refusal says without a word: it has no effects

    @cached_property
    def readings(self) -> frozenset[str]:
        """The readings that it depends on, in its situation too; asked of broken rules alone."""
        names = (name_of(c) for c in constants_of([self.rule.applies, self.rule.constraint]))
        return frozenset(names) & self.known

    def read(self, values: Sequence[int]) -> tuple[object, ...]:
        """What its demand on the decisions depends on: itself, and the inputs that it mentions."""
        return (self, *[values[k] for k in self.reads])


class Relation:
    """The step "receives a Binding Update" of a ruleset at one scope."""

    def __init__(self, ruleset: Ruleset, scope: Scope) -> None:
        self.ruleset = ruleset
        self.scope = scope
        self.world = World(scope)
        self.step: StepRelation = step_relation(ruleset, On.RECEIVE_UPDATE, self.world)
        self.decisions: dict[str, GroundDecision] = {d.label: d for d in self.step.decisions}
        inputs = [(f.label(i), f) for f, i in self.world.fields()]
        self.inputs: dict[str, Field] = {n: f for n, f in inputs if n not in self.decisions}
        self.readings = {r.id: r for r in ruleset.readings}
        used = self._used()
        self.layout = [n for n in (*self.inputs, *self.readings) if n in used]
        self.position = {name: k for k, name in enumerate(self.layout)}
        self._applies = Evaluator([g.applies for g in self.step.rules], self.layout)
        self._accepted = Evaluator([self.step.outcomes["accepted"]], self.layout)
        self._compiled: dict[int, Compiled] = {}
        self._idle: dict[tuple[int, bool], list[Compiled]] = {}
        self._usual = [self._default(name) for name in self.layout]
        self._defaults: dict[str, Evaluator] = {}
        self.assessed: Remembered[Hashable, Any] = Remembered()
        self.disagreeing: Remembered[Hashable, list[str]] = Remembered()
        self.left: Remembered[Hashable, list[Outline]] = Remembered()

    def _used(self) -> frozenset[str]:
        """The names of all that rules, outcomes, defaults and updates mention."""
        terms = [*self._terms, *self._updates.values()]
        return frozenset(name_of(c) for c in constants_of(terms))

    @cached_property
    def _terms(self) -> list[Any]:
        """What rules, outcomes and defaults are made of."""
        terms = [t for g in self.step.rules for t in (g.applies, g.demand, g.when)]
        terms += [self.step.outcomes["accepted"], *(d.default for d in self.step.decisions)]
        return [t for t in terms if t is not None]

    @cached_property
    def _updates(self) -> dict[str, Any]:
        return receiver_updates(self.world)

    def _default(self, name: str) -> int:
        return 0 if name in self.readings else int(self.inputs[name].default)

    def values(self, given: Mapping[str, int]) -> tuple[int, ...]:
        """The values of all inputs: those given, the vocabulary's defaults elsewhere.

        What no term mentions is left out.
        """
        found, position = list(self._usual), self.position
        for name, value in given.items():
            if name in position:
                found[position[name]] = int(value)
            elif name not in self.inputs and name not in self.readings:
                raise KeyError(name)
        return tuple(found)

    @cached_property
    def alike(self) -> Likeness:
        """Keys of inputs with which the rules demand the same of a step, and it leaves the same."""
        return Likeness([*self._terms, *self.after.terms], self.layout, self._wide)

    @cached_property
    def _wide(self) -> frozenset[str]:
        """The inputs that are not remembered value by value: sequence numbers."""
        largest = self.scope.largest
        return frozenset(n for n, f in self.inputs.items() if largest(f.domain) >= WIDE)

    def applied(self, values: Sequence[int]) -> list[Compiled]:
        """The ground rules that apply to these inputs, and what refusals among them imply."""
        numbers = [k for k, bit in enumerate(self._applies(values)) if bit]
        refusing = any(self.step.rules[k].rule.demand.refuses is not NOTHING for k in numbers)
        wholly = refusing and not self.accepts(values)
        return [c for k in numbers for c in (self.compiled(k), *self.idle(k, wholly))]

    def accepts(self, values: Sequence[int]) -> bool:
        """Whether the rules accept something of the update."""
        return bool(self._accepted(values)[0])

    def compiled(self, k: int) -> Compiled:
        """Ground rule number `k`, compiled once."""
        if k not in self._compiled:
            self._compiled[k] = self._compile(self.step.rules[k])
        return self._compiled[k]

    def idle(self, k: int, wholly: bool) -> list[Compiled]:
        """What refusal number `k` implies: each effect on what it refuses stays its default.

        `wholly`: nothing of the update is accepted.
        """
        if (k, wholly) not in self._idle:
            g = self.step.rules[k]
            self._idle[k, wholly] = [
                self._compile(replace(g, demand=d.const == d.default, when=None), implied=True)
                for d in self.decisions.values()
                if _undone(g, d, wholly)
            ]
        return self._idle[k, wholly]

    def _compile(self, g: GroundRule, implied: bool = False) -> Compiled:
        terms = [g.demand] if g.when is None else [g.demand, g.when]
        found = {c.decl().name() for t in terms for c in constants(t)}
        names = tuple(sorted(found & self.decisions.keys()))
        inputs = [*names, *self.layout]
        when = None if g.when is None else Evaluator([g.when], inputs)
        coupled = set() if g.when is None else {c.decl().name() for c in constants(g.when)}
        demanded = {c.decl().name() for c in constants(g.demand)}
        decided = tuple(n for n in names if n in demanded)
        return Compiled(
            g,
            names,
            Evaluator([g.demand], inputs),
            when,
            frozenset(coupled),
            decided,
            frozenset(self.readings),
            tuple(k for k, name in enumerate(self.layout) if name in found),
            implied=implied,
        )

    def constraint(self, c: Compiled, values: tuple[int, ...], tag: int) -> Constraint:
        """What an applicable rule demands, for the constraint solver."""
        return Constraint(c.names, _Implied(c), values, tag)

    def variable(self, label: str, seen: Mapping[str, frozenset[int]]) -> Variable:
        """A decision as a variable, narrowed to what was seen where that lies in its domain."""
        domain = self.domain(label)
        narrowed = tuple(v for v in domain if v in seen.get(label, frozenset(domain)))
        return Variable(label, narrowed or domain)

    def domain(self, label: str) -> tuple[int, ...]:
        """The values that a decision can take."""
        return tuple(range(self.scope.largest(self.decisions[label].field.domain) + 1))

    def default(self, label: str, values: Sequence[int]) -> int:
        """The value of a decision of which no rule speaks."""
        if label not in self._defaults:
            self._defaults[label] = Evaluator([self.decisions[label].default], self.layout)
        return int(self._defaults[label](values)[0])

    @cached_property
    def after(self) -> After:
        """What a step leaves in the cache."""
        return After(self._updates, list(self.decisions), self.layout, self._wide)


def _undone(g: GroundRule, d: GroundDecision, wholly: bool) -> bool:
    """Whether a rule, where it applies, refuses what this decision would commit."""
    refuses, stem = g.rule.demand.refuses, d.field.name
    if refuses is NOTHING or g.part or stem not in COMMITTED or stem == CARE_OF:
        return False
    return wholly or (stem == EFFECT and d.index == g.index)


class _Implied(Evaluator):
    """A demand under its condition, with the face of an evaluator."""

    def __init__(self, c: Compiled) -> None:
        self._c = c

    def __call__(self, values: Sequence[int]) -> tuple[int, ...]:
        """Whether the condition fails or the demand holds."""
        if self._c.when is not None and not self._c.when(values)[0]:
            return (1,)
        return self._c.demand(values)


@dataclass
class Relations:
    """The step relations of a ruleset, each compiled once; base rules alone for a legacy peer."""

    ruleset: Ruleset
    _known: dict[tuple[Scope, bool], Relation] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The numbers of the statuses in the document."""
        return dict(self.ruleset.status_numbers)

    def at(self, scope: Scope, extension: bool) -> Relation:
        """The relation of a scope, with or without the rules of the extension."""
        key = (scope, extension)
        if key not in self._known:
            rules = self.ruleset if extension else base_only(self.ruleset)
            self._known[key] = Relation(rules, scope)
        return self._known[key]


def base_only(ruleset: Ruleset) -> Ruleset:
    """The base rules of a ruleset, without the extension and what it takes out of force."""
    own = tuple(r.id for r in ruleset.rules if ruleset.is_extension(r))
    kept = ruleset.without(*dict.fromkeys(own))
    return replace(kept, overrides=())
