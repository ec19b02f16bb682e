"""Small rulesets as plain data, and what plain enumeration says of them.

Nothing here uses a solver, an evaluator or the step relation: rules are tuples, situations
dictionaries, and which values of the decisions a rule allows is a set of bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

from checker.contradictions import kind_of
from model.rule import Modality

PROCEDURE = ("first", "second", "third")
READING = ("C1", "C2")
FLAGS = ("bu.ack", "bu.zero_lifetime", "bu.key")
PRESENT, READ = "o.present[1]", "READ-CROSS"
DECISIONS = {"key_peer": 5, "dad": 2, "proxy": 2, "acknowledged": 2, "answer": 4}
FLAGLIKE = ("proxy", "acknowledged")
FIRM = (Modality.MUST, Modality.MUST_NOT, Modality.STATED)
STRENGTH = {Modality.MAY: 1, Modality.SHOULD: 2, Modality.SHOULD_NOT: 2}
Situation = Mapping[str, int]


@dataclass(frozen=True)
class Wish:
    """A decision has, or has not, a value."""

    decision: str
    value: int
    holds: bool = True


@dataclass(frozen=True)
class Small:
    """A rule: literals of its situation, its demand (another under the second reading)."""

    id: str
    modality: Modality
    given: tuple[tuple[str, int], ...]
    then: Wish
    otherwise: Wish | None = None
    when: Wish | None = None
    at: str = ""
    refuses: bool = False


def assignments() -> list[dict[str, int]]:
    """Return every choice of values for the decisions."""
    found = product(*(range(size) for size in DECISIONS.values()))
    return [dict(zip(DECISIONS, values, strict=True)) for values in found]


ASSIGNMENTS = assignments()
ALL = (1 << len(ASSIGNMENTS)) - 1


def bits(wish: Wish) -> int:
    """Return the choices that meet a wish, as a set of bits."""
    met = ((a[wish.decision] == wish.value) is wish.holds for a in ASSIGNMENTS)
    return sum(1 << k for k, yes in enumerate(met) if yes)


@dataclass(frozen=True)
class Case:
    """What one rule demands under the readings that it names (none: under both)."""

    rule: Small
    reading: int | None
    allowed: int


@dataclass(frozen=True)
class Enumeration:
    """Some small rules, with when each decision has to be spoken of."""

    rules: tuple[Small, ...]
    required: Mapping[str, tuple[tuple[str, int], ...] | None]

    @cached_property
    def situations(self) -> list[dict[str, int]]:
        """Return every situation."""
        names = (*FLAGS, PRESENT, READ)
        return [dict(zip(names, v, strict=True)) for v in product((0, 1), repeat=len(names))]

    def given(self, r: Small, s: Situation) -> bool:
        """Return whether the situation of a rule holds, whatever became of the message."""
        return all(s[n] == v for n, v in r.given)

    def refused(self, r: Small, s: Situation) -> bool:
        """Return whether a refusing rule fires: no refusal of an earlier step does."""
        return r.refuses and self.given(r, s) and not self.earlier(r, s)

    def earlier(self, r: Small, s: Situation) -> bool:
        """Return whether a refusal of an earlier step keeps a placed rule from being reached."""
        if not r.at:
            return False
        before = PROCEDURE[: PROCEDURE.index(r.at)]
        return any(self.refused(e, s) for e in self.rules if e.at in before)

    def applies(self, r: Small, s: Situation) -> bool:
        """Return whether a rule applies; an effect only where nothing refuses."""
        if not self.given(r, s) or self.earlier(r, s):
            return False
        effect = "proxy" in {w.decision for w in (r.then, r.otherwise) if w}
        return not (effect and any(self.refused(e, s) for e in self.rules))

    def cases(self, r: Small) -> Iterator[Case]:
        """Yield what a rule demands: one case, or one for each reading."""
        excused = ALL & ~bits(r.when) if r.when else 0
        if r.otherwise is None:
            yield Case(r, None, bits(r.then) | excused)
        else:
            yield Case(r, 0, bits(r.then) | excused)
            yield Case(r, 1, bits(r.otherwise) | excused)

    def met_by(self, r: Small, s: Situation) -> int:
        """Return the choices that obey a rule in a situation."""
        return next(c.allowed for c in self.cases(r) if c.reading in (None, s[READ]))

    # -- contradictions ------------------------------------------------------------------------

    def conflicts(self) -> dict[tuple[str, tuple[str, ...]], list[dict[str, int]]]:
        """Return each conflict by kind and ids, with its situations; supersets are left out."""
        found: dict[tuple[str, tuple[str, ...]], list[dict[str, int]]] = {}
        for cases in self._minimal():
            kind = kind_of([c.rule.modality for c in cases])
            key = kind, tuple(sorted(c.rule.id for c in cases))
            where = [s for s in self.situations if all(self._there(c, s) for c in cases)]
            if kind and where:
                found.setdefault(key, []).extend(where)
        firm = [set(ids) for kind, ids in found if kind == "contradiction"]
        return {k: w for k, w in found.items() if not any(f < set(k[1]) for f in firm)}

    def _there(self, c: Case, s: Situation) -> bool:
        return c.reading in (None, s[READ]) and self.applies(c.rule, s)

    def _minimal(self) -> Iterator[tuple[Case, ...]]:
        """Yield the minimal sets, first where an acknowledgement is there, then without."""
        cases = [c for r in self.rules for c in self.cases(r)]
        acknowledged = bits(Wish("acknowledged", 1))
        composing = any("acknowledged" in mentioned(r) for r in self.rules)
        seen: list[frozenset[int]] = []
        shut = range(len(cases))
        for present in (acknowledged, ALL) if composing else (ALL,):
            found = [g for g in minimal_sets(cases, present) if set(g) & set(shut)]
            yield from (tuple(cases[k] for k in g) for g in found if frozenset(g) not in seen)
            seen += [frozenset(g) for g in found]
            shut = [k for k in shut if not cases[k].allowed & present]

    # -- gaps ----------------------------------------------------------------------------------

    def open_in(self, d: str, s: Situation) -> bool:
        """Return whether a decision is required, spoken of by none, and left several values."""
        if not self.needed(d, s) or self.spoken(d, s) or not self.left(s):
            return False
        return len({a[d] for a in self.solutions(d, s)}) > 1

    def needed(self, d: str, s: Situation) -> bool:
        """Return whether a decision is required."""
        required = self.required.get(d)
        return required is not None and all(s[n] == v for n, v in required)

    def spoken(self, d: str, s: Situation) -> bool:
        """Return whether a rule that applies speaks of a decision."""
        return any(self.speaks(r, d) and self.applies(r, s) for r in self.rules)

    @staticmethod
    def speaks(r: Small, d: str) -> bool:
        """Return whether a rule decides: a permission, a coupling, a prohibition does not."""
        if r.modality is Modality.MAY or r.when or d not in mentioned(r):
            return False
        return d in FLAGLIKE or r.then.holds or r.otherwise is not None

    def left(self, s: Situation) -> int:
        """Return the choices that obey every binding rule of a situation."""
        met = ALL
        for r in self.rules:
            if r.modality in FIRM and self.applies(r, s):
                met &= self.met_by(r, s)
        return met

    def solutions(self, d: str, s: Situation) -> list[dict[str, int]]:
        """Return the choices that obey all but permissions, with defaults where nobody decides."""
        linked = self.linked(d)
        met, decided = ALL, {d}
        for r in self.rules:
            if r.modality is Modality.MAY or not self.applies(r, s) or not mentioned(r) & linked:
                continue
            met &= self.met_by(r, s)
            decided |= mentioned(r) if r.when else {e for e in mentioned(r) if self.speaks(r, e)}
        usual = {e for e in linked - decided if not self.needed(e, s)}
        chosen = [a for k, a in enumerate(ASSIGNMENTS) if met >> k & 1]
        return [a for a in chosen if not any(a[e] for e in usual)]

    def linked(self, d: str) -> set[str]:
        """Return the decisions that rules connect with one."""
        found = {d}
        while more := [m for r in self.rules if (m := mentioned(r)) & found and not m <= found]:
            found = found.union(*more)
        return found

    # -- rules that never apply, and superfluous ones ------------------------------------------

    def never(self) -> dict[str, tuple[str, ...]]:
        """Return the rules that apply to no input, with the readings under which this is so."""
        found = {}
        for r in self.rules:
            fires = [self._somewhere(r, k, self.applies) for k in (0, 1)]
            told = [self._somewhere(r, k, self.given) for k in (0, 1)]
            shadowed = [k for k in (0, 1) if told[k] and not fires[k]]
            if shadowed or not any(told):
                under = tuple(READING[k] for k in shadowed)
                found[r.id] = () if len(under) == 2 else under
        return found

    def _somewhere(self, r: Small, reading: int, holds: object) -> bool:
        assert callable(holds)
        return any(holds(r, s) for s in self.situations if s[READ] == reading)

    def superfluous(self) -> set[str]:
        """Return the rules that apply, and wherever they do, others as strong demand as much."""
        return {r.id for r in self.rules if self._superfluous(r)}

    def _superfluous(self, r: Small) -> bool:
        usual = any(self.applies(r, s) for s in self.situations if not s[READ])
        where = [s for s in self.situations if self.applies(r, s)]
        return usual and all(self._covered(r, s) for s in where)

    def _covered(self, r: Small, s: Situation) -> bool:
        met = self.met_by(r, s)
        return met != ALL and any(
            self.applies(e, s) and not self.met_by(e, s) & ~met
            for e in self.rules
            if e is not r
            and STRENGTH.get(e.modality, 3) == STRENGTH.get(r.modality, 3)
            and demanded(e) & demanded(r)
            and (e.refuses or not r.refuses)
        )


def mentioned(r: Small) -> set[str]:
    """Return the decisions that a rule mentions."""
    return {w.decision for w in (r.then, r.otherwise, r.when) if w}


def demanded(r: Small) -> set[str]:
    """Return the decisions that a rule demands something of."""
    return {w.decision for w in (r.then, r.otherwise) if w}


def minimal_sets(cases: list[Case], present: int) -> list[tuple[int, ...]]:
    """Return the sets of two or more demands that cannot be met though each part can."""
    shut: list[set[int]] = []
    for size in range(1, len(cases) + 1):
        for group in combinations(range(len(cases)), size):
            if not any(g <= set(group) for g in shut) and not common(cases, group, present):
                shut.append(set(group))
    return [tuple(sorted(g)) for g in shut if len(g) > 1]


def common(cases: list[Case], group: tuple[int, ...], present: int) -> int:
    """Return the choices that meet all of a group."""
    met = present
    for k in group:
        met &= cases[k].allowed
    return met
