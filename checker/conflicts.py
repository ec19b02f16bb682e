"""Which demands cannot be met together: every minimal set, of any size.

What the demands say is a question about decisions alone; whether they apply together is one
about inputs alone.  One solver proposes classes of demands that apply together in some
situation, the other says whether they can be met.  What can be met is never proposed again,
nor is a minimal set that cannot: when there is no proposal left, every minimal set is found.
Decisions that no demand connects are looked at apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import z3

from checker.demands import DemandClass, classes, demands, structural
from checker.evaluate import Evaluator, constructor_index
from checker.outcomes import StepEngine
from checker.situation import Situations
from model.fields import Domain
from model.terms import names_in

Group = frozenset[int]


class ConflictSearch:
    """Finds the minimal sets of classes that may apply together and cannot agree."""

    def __init__(self, situations: Situations, engine: StepEngine) -> None:
        self.situations = situations
        self.classes = classes(demands(situations))
        self.proposals = Proposals(situations, [c.applies for c in self.classes])
        self.decisions = Decisions(situations, engine, self.classes)

    def sets(self) -> Iterator[tuple[DemandClass, ...]]:
        """Yield each minimal conflicting set of classes, small ones first."""
        found = [s for part in self._components() for s in self._in_component(part)]
        for group in sorted(found, key=lambda g: (len(g), sorted(g))):
            yield tuple(self.classes[k] for k in sorted(group))

    def _in_component(self, part: Group) -> Iterator[Group]:
        self.proposals.open(part)
        while (chosen := self.proposals.next()) is not None:
            core = self.decisions.conflict(chosen)
            if core is not None:
                self.proposals.exclude(core)
                yield core
            elif not self.proposals.leave(self.decisions.met(chosen, part)):
                break
        self.proposals.close()

    def _components(self) -> list[Group]:
        """Return the classes by connected decisions, definitions that link them included."""
        relation = self.situations.relation
        links = [self.classes[k].names for k in range(len(self.classes))]
        links += [names_in(g.constraint) for g in relation.rules if structural(g, relation)]
        groups: list[set[str]] = []
        for names in links:
            joined = set(names).union(*(g for g in groups if g & names))
            groups = [g for g in groups if not g & names] + [joined]
        parts = [
            frozenset(k for k, c in enumerate(self.classes) if c.names & names) for names in groups
        ]
        return sorted((p for p in parts if p), key=min)


class Decisions:
    """Whether demands can be met together: a question about decisions alone."""

    def __init__(
        self, situations: Situations, engine: StepEngine, classes: list[DemandClass]
    ) -> None:
        relation = situations.relation
        self.solver = situations.blank_solver()
        for d in relation.decisions:
            if isinstance(d.field.domain, Domain):
                values = [d.field.domain.at(v) for v in engine.domain(d)]
                self.solver.add(z3.Or([d.const == v for v in values]))
        self.solver.add(*(g.constraint for g in relation.rules if structural(g, relation)))
        self._literals = [z3.Bool(f"class {k}") for k in range(len(classes))]
        for literal, c in zip(self._literals, classes, strict=True):
            self.solver.add(z3.Implies(literal, c.total))
        self._consts = [d.const for d in relation.decisions]
        self._holds = Evaluator([c.total for c in classes], [d.label for d in relation.decisions])

    def conflict(self, chosen: Iterable[int]) -> Group | None:
        """Return a minimal part of `chosen` that cannot be met, or None."""
        if self._agree(chosen):
            return None
        core = self._core(chosen)
        for k in list(core):
            rest = [j for j in core if j != k]
            if k in core and not self._agree(rest):
                core = self._core(rest)
        return frozenset(core)

    def met(self, chosen: Iterable[int], part: Group) -> Group:
        """Return `chosen` with as many classes of `part` as can be met together with it."""
        met = [*chosen]
        self._agree(met)
        satisfied = self._satisfied()
        for k in sorted(part - set(met)):
            if k in satisfied:
                met.append(k)
            elif self._agree([*met, k]):
                met.append(k)
                satisfied = self._satisfied()
        return frozenset(met)

    def _agree(self, chosen: Iterable[int]) -> bool:
        return self.solver.holds(*(self._literals[k] for k in chosen))

    def _core(self, chosen: Iterable[int]) -> list[int]:
        names = self.solver.core_names()
        return [k for k in chosen if self._literals[k].decl().name() in names]

    def _satisfied(self) -> Group:
        model = self.solver.model()
        values = [number(model.eval(c, True)) for c in self._consts]
        return frozenset(k for k, holds in enumerate(self._holds(values)) if holds)


class Proposals:
    """Classes that apply together in some situation and are not yet known to agree."""

    def __init__(self, situations: Situations, applies: list[Any]) -> None:
        self.solver = situations.solver()
        self._chosen = [z3.Bool(f"chosen {k}") for k in range(len(applies))]
        for literal, term in zip(self._chosen, applies, strict=True):
            self.solver.add(z3.Implies(literal, term))
        self._applies = Evaluator(applies, list(situations.fields))
        self._inputs = [f.instance(i) for f, i in situations.fields.values()]
        self._part: Group = frozenset()
        self._excluded: list[Group] = []

    def open(self, part: Group) -> None:
        """Turn to the classes of one component."""
        self.solver.push()
        self._part, self._excluded = part, []

    def close(self) -> None:
        """Leave the component."""
        self.solver.pop()

    def next(self) -> list[int] | None:
        """Return classes that apply together, as many as do without an excluded set; or None."""
        if not self.solver.holds():
            return None
        model = self.solver.model()
        chosen = {k for k in self._part if z3.is_true(model.eval(self._chosen[k]))}
        bits = self._applies([number(model.eval(c, True)) for c in self._inputs])
        for k in sorted(self._part - chosen):
            if bits[k] and not any(e <= chosen | {k} for e in self._excluded):
                chosen.add(k)
        return sorted(chosen)

    def exclude(self, core: Group) -> None:
        """Propose no classes that include all of these again."""
        self._excluded.append(core)
        self.solver.add(z3.Or([z3.Not(self._chosen[k]) for k in sorted(core)]))

    def leave(self, met: Group) -> bool:
        """Propose only what has a class outside `met`; return whether there can be such."""
        rest = sorted(self._part - met)
        self.solver.add(z3.Or([self._chosen[k] for k in rest]))
        return bool(rest)


def number(value: Any) -> int:
    """Return the value of a model as a number: flags as 0 and 1, enumerations by index."""
    if z3.is_bv_value(value):
        return int(value.as_long())
    return int(z3.is_true(value)) if z3.is_bool(value) else constructor_index(value.decl())
