"""Rules that apply to no input: shadowed by others, or with a situation that cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import z3

from checker.finding import Finding
from checker.kinds.common import ByRule, Terms, equal, ids_of, without_input
from checker.situation import Situations
from model.rule import On, Refuses, Rule
from model.ruleset import Ruleset
from model.step import GroundRule, step_relation
from model.terms import names_in

Choice = tuple[tuple[str, int], ...]  # the readings that depart from their defaults


class Firing:
    """The shadowed rules of one node step, and those that never fire.

    Each reading is departed from alone: the finding says under which alternatives it holds.
    """

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        self.by_rule = ByRule(situations)
        self.rules = [r for r in self.by_rule.rules if not r.yields]
        self.terms = Terms(situations, [self.by_rule.applies(r) for r in self.rules])
        self.choices: list[Choice] = [
            (),
            *(((n, v),) for n, d in situations.readings.items() for v in range(1, d.size())),
        ]
        self._names = list(situations.fields)
        self._fires: set[tuple[int, Choice]] = set()
        formed = names_in(z3.And(*situations.well_formed, True))
        self._apart = not formed & set(situations.readings)  # readings leave every input possible

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each rule that applies to no input under some readings."""
        for k, r in enumerate(self.rules):
            never = [c for c in self.choices if not self._fires_under(k, c)]
            if never and not self._lifted(r):
                yield from self._found(r, never)

    def _fires_under(self, k: int, choice: Choice) -> bool:
        if (k, choice) not in self._fires and self.terms.possible(
            self.terms.yes[k], *equal(self.situations, self._readings(choice))
        ):
            self._learn(self.terms.inputs(), choice)
        return (k, choice) in self._fires

    def _learn(self, values: list[int], met: Choice) -> None:
        """Note what applies to these inputs, under every choice of readings that has them."""
        inputs = dict(zip(self._names, values, strict=True))
        for choice in self.choices if self._apart else [met]:
            changed = inputs | self._readings(choice)
            holding = self.terms.holding([changed[n] for n in self._names])
            self._fires |= {(k, choice) for k in holding}

    def _readings(self, choice: Choice) -> dict[str, int]:
        return dict.fromkeys(self.situations.readings, 0) | dict(choice)

    def _lifted(self, r: Rule) -> bool:
        """Return whether a declared override may be what keeps the rule from applying."""
        return any(v.base in r.ids for v in self.situations.ruleset.overrides)

    def _found(self, r: Rule, never: list[Choice]) -> Iterator[Finding]:
        given = self._given(r)
        shadowed = [c for c in never if self._possible(given, c)]
        if shadowed:
            before = self._before(r, self._readings(shadowed[0]))
            kind = "shadowed rule" if before else "never fires"
            yield self._finding(kind, r, before, self._under(shadowed))
        elif not any(self._possible(given, c) for c in self.choices):
            yield self._finding("never fires", r, (), {})

    def _given(self, r: Rule) -> Any:
        """Return a literal for: the situation of a rule holds, whatever becomes of the message."""
        world = self.situations.relation.world
        families = world.families(r.given, r.when, r.demand.term)
        family = "option" if "option" in families else "slot" if "slot" in families else ""
        literal = z3.FreshConst(z3.BoolSort(), "given")
        given = z3.Or([world.ground(r.given, i) for i in world.indices(family)])
        self.terms.solver.add(z3.Implies(literal, given))
        return literal

    def _possible(self, given: Any, choice: Choice) -> bool:
        return self.terms.possible(given, *equal(self.situations, self._readings(choice)))

    def _under(self, never: list[Choice]) -> dict[str, tuple[str, ...]]:
        """Return, for each reading that matters, the alternatives under which it holds."""
        usual = () in never
        result = {}
        for n, d in self.situations.readings.items():
            held = [((n, v),) in never if v else usual for v in range(d.size())]
            if not all(held) and any(held):
                result[n] = tuple(v for v, h in zip(d.values, held, strict=True) if h)
        return result

    @cached_property
    def _refusing(self) -> tuple[Rule, ...]:
        refusing = [r for r in self.rules if r.demand.refuses is not Refuses.NOTHING]
        return tuple(sorted(refusing, key=self.situations.ruleset.is_extension))

    def _before(self, r: Rule, readings: Mapping[str, int]) -> tuple[Rule, ...]:
        """Return a minimal set of refusals that together leave the rule no input."""
        others = [s for s in self._refusing if s.key != r.key]
        likely = self._blocking(r, others, readings)
        if likely and not self._applies_beside(r, likely, readings):
            return tuple(likely)
        if self._applies_beside(r, others, readings):
            return ()
        return tuple(self._smallest(r, [], others, readings))

    def _blocking(self, r: Rule, others: list[Rule], readings: Mapping[str, int]) -> list[Rule]:
        """Return refusals of which one holds in each situation of the rule (none: not known)."""
        solver = self.situations.solver()
        solver.add(*equal(self.situations, readings))
        solver.add(_any(self._bare((r,))[r.key]))
        spared = {s.key: z3.Bool(f"spared by {s.key}") for s in others}
        for s in others:
            solver.add(z3.Implies(spared[s.key], z3.Not(_any(self._bare_refusing[s.key]))))
        kept = list(others)
        for s in others:
            rest = [t for t in kept if t is not s]
            if not solver.holds(*(spared[t.key] for t in rest)):
                kept = rest
        return kept if not solver.holds(*(spared[t.key] for t in kept)) else []

    @cached_property
    def _bare_refusing(self) -> dict[str, list[GroundRule]]:
        return self._bare(self._refusing)

    def _bare(self, rules: tuple[Rule, ...]) -> dict[str, list[GroundRule]]:
        """Return the ground rules by key, as if none of them refused anything."""
        s = self.situations
        mild = [replace(r, at="", demand=replace(r.demand, refuses=Refuses.NOTHING)) for r in rules]
        found: dict[str, list[GroundRule]] = {r.key: [] for r in rules}
        few = replace(s.ruleset, rules=tuple(mild))
        for g in step_relation(few, s.on, s.relation.world).rules:
            found[g.rule.key].append(g)
        return found

    def _smallest(
        self, r: Rule, kept: list[Rule], among: list[Rule], readings: Mapping[str, int]
    ) -> list[Rule]:
        """Return what of `among` is needed beside `kept`, halving it."""
        if not self._applies_beside(r, kept, readings):
            return []
        if len(among) == 1:
            return among
        first, second = among[: len(among) // 2], among[len(among) // 2 :]
        late = self._smallest(r, [*kept, *first], second, readings)
        return [*self._smallest(r, [*kept, *late], first, readings), *late]

    def _applies_beside(self, r: Rule, others: list[Rule], readings: Mapping[str, int]) -> bool:
        """Return whether the rule applies to some input when only `others` are there as well."""
        s = self.situations
        few = replace(s.ruleset, rules=(*others, r))
        relation = step_relation(few, s.on, s.relation.world)
        solver = s.solver()
        solver.add(_any([g for g in relation.rules if g.rule.key == r.key]))
        return solver.holds(*equal(s, readings))

    def _finding(
        self,
        kind: str,
        r: Rule,
        before: tuple[Rule, ...],
        readings: dict[str, tuple[str, ...]],
    ) -> Finding:
        names = ", ".join(ids_of(before))
        why = f"after {names} nothing is left for it" if before else "no input is its situation"
        return without_input(
            kind,
            self.situations,
            (r, *before),
            f"{r.title}: {why}",
            self.by_rule.at_stake(r),
            readings=readings,
            region=r.key,
            principal=(),
        )


def _any(ground: Iterable[GroundRule]) -> Any:
    return z3.Or([z3.BoolVal(False), *(g.applies for g in ground)])


def findings(views: Mapping[On, Situations], _ruleset: Ruleset) -> Iterator[Finding]:
    """Yield the rules of each node step that apply to no input."""
    for situations in views.values():
        yield from Firing(situations).findings()
