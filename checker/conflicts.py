"""Which demands cannot be met together: the minimal sets, of any size.

What the demands say is a question about decisions alone, whether they apply together one about
inputs alone.  Pairs are tried one by one.  Then one question is put for all larger sets at
once: is there a situation in which what applies, leaving out a member of each set that is
known, is met by no decisions?  A message, an acknowledgement, a sub-option is assumed to be
there where rules speak of its content, as silence would meet them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, product
from typing import Any

import z3

from checker.demands import DemandClass, classes, structural
from checker.evaluate import Evaluator
from checker.models import Reader
from checker.outcomes import StepEngine
from checker.situation import Situations

Group = frozenset[int]


@dataclass(frozen=True)
class Conflict:
    """Classes of demands that cannot be met together, and what was assumed to be there."""

    classes: tuple[DemandClass, ...]
    present: tuple[Any, ...]


class ConflictSearch:
    """Finds the minimal sets of classes that may apply together and cannot agree."""

    def __init__(self, situations: Situations, engine: StepEngine) -> None:
        self.situations = situations
        self.classes = classes(situations.demands)
        self.applying = Applying(situations, [c.applies for c in self.classes])
        self.images = Images(self.classes, situations.scope.options)
        self._decisions: list[Decisions] = []
        for present in presences(situations):
            before = self._decisions[-1] if self._decisions else None
            self._decisions.append(Decisions(situations, engine, self.classes, present, before))

    def sets(self) -> Iterator[Conflict]:
        """Yield each minimal conflicting set of classes, pairs first."""
        found: dict[Group, Decisions] = {}
        for decisions in self._decisions:
            for group in self._pairs(decisions):
                found.setdefault(group, decisions)
        closed = frozenset(range(len(self.classes)))
        for decisions in self._decisions:
            for part in self._components():
                if part & decisions.open & closed:
                    larger = self._larger(decisions, part, list(found), closed)
                    found |= dict.fromkeys(larger, decisions)
            closed &= frozenset(range(len(self.classes))) - decisions.open
        for group, decisions in sorted(found.items(), key=self._order):
            yield Conflict(tuple(self.classes[k] for k in sorted(group)), decisions.present)

    def _order(self, found: tuple[Group, Decisions]) -> tuple[int, list[str]]:
        """Small sets first; then in an order that depends on what they say alone."""
        return len(found[0]), sorted(self.images.texts[k] for k in found[0])

    def _pairs(self, decisions: Decisions) -> Iterator[Group]:
        for part in self._components():
            for j, k in combinations(sorted(part & decisions.open), 2):
                if not decisions.pair(j, k) and self.applying.pair(j, k):
                    yield frozenset({j, k})

    def _larger(
        self, decisions: Decisions, part: Group, known: list[Group], closed: Group
    ) -> list[Group]:
        """Return larger sets with a class that was closed to what was assumed before.

        Any other set conflicts under the stronger assumption too.
        """
        found: list[Group] = []
        among = part & decisions.open
        while (core := self._next(decisions, among, [*known, *found], closed)) is not None:
            found.append(core)
        return found

    def _next(
        self, decisions: Decisions, among: Group, known: list[Group], closed: Group
    ) -> Group | None:
        """Return a set that conflicts and is none of the known ones, or None."""
        groups = dict.fromkeys(g for k in known for g in self.images.apart(k) if g <= among)
        applying = self.applying.unmet(decisions, among, list(groups), closed & among)
        if applying is None:
            return None
        core = decisions.conflict(applying)
        if core is None:
            raise AssertionError("the solver finds no decisions where there are some")
        return self._first_like(decisions, core)

    def _first_like(self, decisions: Decisions, core: Group) -> Group:
        """Return the first conflict of the same rules: which one the solver meets is chance."""
        alike = sorted(
            self.images.apart(core), key=lambda g: sorted(self.images.texts[k] for k in g)
        )
        conflicts = (g for g in alike if len(g) == len(core) and not decisions.agree(g))
        return next(g for g in conflicts if self.applying.together(g))

    def _components(self) -> list[Group]:
        """Return the classes by connected decisions, definitions that link them included."""
        relation = self.situations.relation
        links = [c.names for c in self.classes]
        links += [g.names for g in relation.rules if structural(g, relation)]
        groups: list[set[str]] = []
        for names in links:
            joined = set(names).union(*(g for g in groups if g & names))
            groups = [g for g in groups if not g & names] + [joined]
        parts = [
            frozenset(k for k, c in enumerate(self.classes) if c.names & names) for names in groups
        ]
        return sorted((p for p in parts if p), key=min)


PRESENCES = ("acknowledged", "o.copied", "o.present")


def presences(situations: Situations) -> list[tuple[Any, ...]]:
    """Return what may be assumed to be there: first a message with all, at last nothing."""
    found = [d for d in situations.relation.decisions if d.field.name in PRESENCES]
    most = max((d.index for d in found), default=0)
    steps = [tuple(d.const for d in found if d.index <= last) for last in range(most, -1, -1)]
    return [*(step for step in steps if step), ()]


class Images:
    """What becomes of a class when the sub-options change places, which are interchangeable."""

    def __init__(self, classes: list[DemandClass], options: int) -> None:
        self.texts = [c.total.sexpr() for c in classes]
        position = {text: k for k, text in enumerate(self.texts)}
        self._maps = [
            [position.get(_swapped(text, i), -1) for text in self.texts] for i in range(1, options)
        ]

    def of(self, group: Group) -> list[Group]:
        """Return the group and what it becomes, where each member has an image."""
        found, open_ = [group], [group]
        while open_:
            last = open_.pop()
            for image in (frozenset(m[k] for k in last) for m in self._maps):
                if -1 not in image and image not in found:
                    found.append(image)
                    open_.append(image)
        return found

    def apart(self, group: Group) -> Iterator[Group]:
        """Yield the group with each member moved to any sub-option: the same rules."""
        each = [sorted({j for g in self.of(frozenset({k})) for j in g}) for k in sorted(group)]
        yield from dict.fromkeys(frozenset(chosen) for chosen in product(*each))


def _swapped(text: str, i: int) -> str:
    first, second = f"[{i}]", f"[{i + 1}]"
    return text.replace(first, "[-]").replace(second, first).replace("[-]", second)


class Decisions:
    """Whether terms over decisions can hold together, those of definitions included."""

    def __init__(
        self,
        situations: Situations,
        engine: StepEngine,
        classes: list[DemandClass],
        present: tuple[Any, ...],
        before: Decisions | None = None,
    ) -> None:
        self.present = present
        terms = [c.obeyed for c in classes]
        relation = situations.relation
        self.solver = situations.blank_solver()
        self.solver.add(*situations.domains.values())
        self.solver.add(*(g.constraint for g in relation.rules if structural(g, relation)))
        self.solver.add(*present)
        self._literals = [z3.Bool(f"class {k}") for k in range(len(terms))]
        for literal, term in zip(self._literals, terms, strict=True):
            self.solver.add(z3.Implies(literal, term))
        labels = [d.label for d in relation.decisions]
        self._holds: Evaluator = before._holds if before else Evaluator(terms, labels)
        self._read = Reader(d.const for d in relation.decisions)
        self._before = before
        self._pairs: dict[tuple[int, int], bool] = {}
        self.open = frozenset(k for k in range(len(terms)) if self.pair(k, k))

    def pair(self, j: int, k: int) -> bool:
        """Return whether two of the terms can hold together."""
        key = (min(j, k), max(j, k))
        if key not in self._pairs:
            # What can hold under a stronger assumption can hold under this one.
            known = self._before is not None and self._before._pairs.get(key, False)
            self._pairs[key] = known or self.agree(key)
        return self._pairs[key]

    def agree(self, chosen: Iterable[int]) -> bool:
        """Return whether terms can hold together; what else holds then is remembered."""
        met = self.met(sorted(frozenset(chosen)))
        if met is None:
            return False
        self._pairs |= dict.fromkeys(combinations_with_replacement(sorted(met), 2), True)
        return True

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

    def met(self, chosen: Iterable[int]) -> Group | None:
        """Return all terms that hold with the chosen ones in some decisions; None if these fail."""
        return self._satisfied() if self._agree(chosen) else None

    def _agree(self, chosen: Iterable[int]) -> bool:
        return self.solver.holds(*(self._literals[k] for k in chosen))

    def _core(self, chosen: Iterable[int]) -> list[int]:
        names = self.solver.core_names()
        return [k for k in chosen if self._literals[k].decl().name() in names]

    def _satisfied(self) -> Group:
        model = self.solver.model()
        return frozenset(k for k, holds in enumerate(self._holds(self._read(model))) if holds)


class Applying:
    """Which terms over inputs can hold together: by examples first, by the solver otherwise."""

    def __init__(self, situations: Situations, terms: list[Any]) -> None:
        self.situations, self.terms = situations, terms
        self.solver = situations.solver()
        self._literals = [z3.Bool(f"term {k}") for k in range(len(terms))]
        for literal, term in zip(self._literals, terms, strict=True):
            self.solver.add(literal == term)
        self._evaluator = Evaluator(terms, list(situations.fields))
        self._pairs: dict[tuple[int, int], bool] = {}
        for k in range(len(terms)):  # each term once: most pairs are known from these examples
            self.together([k])

    def pair(self, j: int, k: int) -> bool:
        """Return whether two of the terms can hold together."""
        key = (min(j, k), max(j, k))
        if key not in self._pairs:
            self._pairs[key] = self.together(key)
        return self._pairs[key]

    def holds(self, chosen: Iterable[int]) -> bool:
        """Return whether all the chosen terms can hold together: pairs are known for good."""
        group = sorted(set(chosen))
        return self.pair(group[0], group[-1]) if len(group) < 3 else self.together(group)

    def together(self, chosen: Iterable[int]) -> bool:
        """Return whether all the chosen terms can hold together."""
        if not self.solver.holds(*(self._literals[k] for k in sorted(chosen))):
            return False
        holding = self.holding()
        self._pairs |= dict.fromkeys(combinations_with_replacement(holding, 2), True)
        return True

    def unmet(
        self, decisions: Decisions, among: Group, known: list[Group], wanted: Group
    ) -> list[int] | None:
        """Return terms that hold together and that no decisions meet, one of them wanted."""
        self.solver.push()
        chosen = {k: self._literals[k] for k in sorted(among)}
        for k in sorted(frozenset().union(*known)):
            chosen[k] = z3.FreshConst(z3.BoolSort(), "chosen")
            self.solver.add(z3.Implies(chosen[k], self._literals[k]))
        for group in known:
            self.solver.add_any([z3.Not(chosen[k]) for k in sorted(group)])
        self.solver.add(z3.Or([chosen[k] for k in sorted(wanted)]))
        found = self._unmet(decisions, chosen)
        self.solver.pop()
        return found

    def _unmet(self, decisions: Decisions, chosen: Mapping[int, Any]) -> list[int] | None:
        """Return chosen terms that no decisions meet.

        Decisions that meet some choice meet every part of what holds with them: more than
        that has to be chosen next.
        """
        read = Reader(chosen.values())
        while self.solver.holds():
            bits = read(self.solver.model())
            applying = [k for k, bit in zip(chosen, bits, strict=True) if bit]
            met = decisions.met(applying)
            if met is None:
                return applying
            self.solver.add_any([c for k, c in chosen.items() if k not in met])
        return None

    def holding(self) -> list[int]:
        """Return the terms that hold in the last model."""
        model = self.solver.model()
        bits = self._evaluator(self.situations.values(model))
        return [k for k, bit in enumerate(bits) if bit]
