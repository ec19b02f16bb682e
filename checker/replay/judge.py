"""Judging one step: each applicable rule against what was observed, in three values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from math import prod

from checker.constraints import minimal_conflict
from checker.replay.relation import Compiled, Relation
from checker.replay.seen import Seen
from model.rule import Modality

MOST = 40_000  # combinations of possible values looked at
RANK = ("not applied", "conforms", "inconclusive", "deviates", "ambiguous", "violates")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one rule in one exchange, with the demand that decided it."""

    rule: str
    verdict: str
    decisive: Compiled | None = None
    note: str = ""
    readings: Mapping[str, str] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        """How bad it is, from nothing to a violation."""
        return RANK.index(self.verdict)


@dataclass(frozen=True)
class Assessment:
    """The judgements on all rules in one exchange, for one state and one set of inputs.

    `key`: what they depend on; inputs and observations with the same key are judged alike.
    """

    values: tuple[int, ...]
    seen: Seen
    judgements: Mapping[str, Judgement]
    broken: tuple[Compiled, ...]
    applied: tuple[Compiled, ...]
    key: Hashable = None

    def having(self, *verdicts: str) -> list[Judgement]:
        """The judgements with one of these verdicts."""
        return [j for j in self.judgements.values() if j.verdict in verdicts]

    @cached_property
    def violations(self) -> frozenset[str]:
        """The ids of the violated rules."""
        return frozenset(j.rule for j in self.having("violates"))

    @cached_property
    def lesser(self) -> int:
        """How many rules are not violated but not plainly obeyed either."""
        return len(self.having("deviates", "ambiguous"))

    @cached_property
    def suspicious(self) -> bool:
        """Whether something hidden may explain what was seen better."""
        return bool(self.having("violates", "deviates"))

    @cached_property
    def told(self) -> tuple[Judgement, ...]:
        """The judgements, as they are told when nothing is added."""
        return tuple(self.judgements.values())

    def of(self, values: tuple[int, ...], seen: Seen) -> Assessment:
        """The same for other inputs that are alike."""
        other = object.__new__(Assessment)
        other.__dict__.update(self.__dict__, values=values, seen=seen)
        return other


def judged(relation: Relation, values: tuple[int, ...], seen: Seen) -> Assessment:
    """Judge every applicable rule, under all readings; inputs that are alike are judged once."""
    key = relation.alike(values), seen.key()
    found: Assessment = relation.assessed.of(key, lambda: _judged(relation, values, seen, key))
    return found.of(values, seen)


def _judged(relation: Relation, values: tuple[int, ...], seen: Seen, key: Hashable) -> Assessment:
    found = replace(with_readings(relation, assess(relation, values, seen)), key=key)
    # What is asked of each that is alike is worked out for all of them.
    _ = found.violations, found.lesser, found.suspicious, found.told
    return found


def assess(relation: Relation, values: tuple[int, ...], seen: Seen) -> Assessment:
    """Judge every applicable rule; readings are tried by `with_readings`."""
    applied = relation.applied(values)
    truths = [(c, truth(relation, c, values, seen)) for c in applied]
    truths = [(c, t) for c, t in truths if t == "broken" or not c.implied]
    broken = tuple(c for c, t in truths if t == "broken")
    obeyed = [c for c, t in truths if t == "obeyed"]
    found: dict[str, Judgement] = {}
    for c, t in truths:
        judged = _judgement(relation, c, t, values, obeyed)
        if judged is not None:
            known = found.get(judged.rule)
            found[judged.rule] = judged if known is None or judged.rank > known.rank else known
    return Assessment(values, seen, found, broken, tuple(applied))


def _judgement(
    relation: Relation, c: Compiled, t: str, values: tuple[int, ...], obeyed: list[Compiled]
) -> Judgement | None:
    rule = c.rule.rule
    if t == "not applied" or (rule.modality is Modality.MAY and t != "obeyed"):
        return None
    if t != "broken":
        return Judgement(rule.id, "conforms" if t == "obeyed" else "inconclusive", c)
    against = contradicting(relation, c, values, obeyed)
    if against:
        note = f"the document contradicts itself here: obeyed instead: {', '.join(against)}"
        return Judgement(rule.id, "ambiguous", c, note)
    return Judgement(rule.id, "violates" if rule.modality.binds else "deviates", c)


def contradicting(
    relation: Relation, c: Compiled, values: tuple[int, ...], obeyed: Sequence[Compiled]
) -> list[str]:
    """The ids of obeyed rules, and of permissions made use of, that a broken one cannot agree with.

    A demand with which a permission cannot agree is a contradiction of the document, too.
    """
    firm = [o for o in obeyed if not o.rule.rule.modality.advises]
    key = c.read(values), frozenset(o.read(values) for o in firm)
    return relation.disagreeing.of(key, lambda: _disagreeing(relation, c, values, firm))


def _disagreeing(
    relation: Relation, c: Compiled, values: tuple[int, ...], firm: Sequence[Compiled]
) -> list[str]:
    rules = [c, *firm]
    labels = dict.fromkeys(n for r in rules for n in r.names)
    variables = {n: relation.variable(n, {}) for n in labels}
    constraints = [relation.constraint(r, values, k) for k, r in enumerate(rules)]
    core = minimal_conflict(variables, constraints) or []
    others = [rules[x.tag].rule.rule.id for x in core if x.tag]
    return sorted(set(others) - {c.rule.rule.id}) if len(core) > len(others) else []


def truth(relation: Relation, c: Compiled, values: tuple[int, ...], seen: Seen) -> str:
    """Whether a demand is obeyed, broken, unknown, or not applied as its condition fails."""
    key = tuple([values[k] for k in c.reads]), seen.key_of(c.names)
    return c.truths.of(key, lambda: _truth(relation, c, values, seen))


def _truth(relation: Relation, c: Compiled, values: tuple[int, ...], seen: Seen) -> str:
    sets = [_possible(relation, n, seen) for n in c.names]
    if not _may_apply(c, values, sets):
        return "not applied"
    if prod(len(s) for s in sets) > MOST:
        return "unknown"
    alike = [n in seen.alike for n in c.names]
    results: set[str] = set()
    for fixed in _fixings(sets, alike):
        results.add(_worlds(c, values, sets, alike, fixed))
        if {"obeyed", "broken"} <= results:
            return "unknown"
    return _joined(results)


def _joined(results: set[str]) -> str:
    """What all choices come to: where a condition is open, an obeyed demand is obeyed."""
    if len(results) == 1:
        return next(iter(results))
    return "unknown" if "broken" in results else "obeyed"


def _may_apply(c: Compiled, values: Sequence[int], sets: Sequence[tuple[int, ...]]) -> bool:
    """Whether the condition of a rule can hold: only what it mentions is varied."""
    if c.when is None:
        return True
    varied = [s if n in c.when_names else s[:1] for n, s in zip(c.names, sets, strict=True)]
    return any(c.when([*choice, *values])[0] for choice in product(*varied))


def _possible(relation: Relation, label: str, seen: Seen) -> tuple[int, ...]:
    return tuple(sorted(seen.values.get(label, ()))) or relation.domain(label)


def _fixings(
    sets: Sequence[tuple[int, ...]], alike: Sequence[bool]
) -> Iterator[tuple[int | None, ...]]:
    """Yield each choice of the values that differ for an observer."""
    yield from product(*[(None,) if a else s for s, a in zip(sets, alike, strict=True)])


def _worlds(
    c: Compiled,
    values: tuple[int, ...],
    sets: Sequence[tuple[int, ...]],
    alike: Sequence[bool],
    fixed: Sequence[int | None],
) -> str:
    """The truth for one choice: obeyed if some of the values that are alike obey."""
    open_ = [s if a else (f,) for s, a, f in zip(sets, alike, fixed, strict=True)]
    results = {holds(c, [*(v or 0 for v in choice), *values]) for choice in product(*open_)}
    for name in ("obeyed", "broken"):
        if name in results:
            return name
    return "not applied"


def holds(c: Compiled, values: Sequence[int]) -> str:
    if c.when is not None and not c.when(values)[0]:
        return "not applied"
    return "obeyed" if c.demand(values)[0] else "broken"


def with_readings(relation: Relation, a: Assessment) -> Assessment:
    """The assessment, where what one reading breaks and another permits is ambiguous."""
    changed = dict(a.judgements)
    tried: dict[tuple[str, int], Assessment] = {}
    for j in a.having("violates", "deviates"):
        for choice in _alternatives(relation, j, a):
            if choice not in tried:
                tried[choice] = _read(relation, a, *choice)
            other = tried[choice]
            if _better(j, a, other):
                changed[j.rule] = _by_reading(relation, j, *choice)
                break
            if _gone(j, other) and j.verdict == "violates" and _no_worse(a, other):
                changed[j.rule] = _by_reading(relation, j, *choice)
                changed |= _instead(relation, j, a, other, *choice)
                break
    return Assessment(a.values, a.seen, changed, a.broken, a.applied)


def _alternatives(relation: Relation, j: Judgement, a: Assessment) -> Iterator[tuple[str, int]]:
    names = {n for c in a.broken if c.rule.rule.id == j.rule for n in c.readings}
    for name in sorted(names):
        count = relation.readings[name].domain.size()
        now = a.values[relation.position[name]]
        yield from ((name, k) for k in range(count) if k != now)


def _read(relation: Relation, a: Assessment, name: str, index: int) -> Assessment:
    values = list(a.values)
    values[relation.position[name]] = index
    return assess(relation, tuple(values), a.seen)


def _better(j: Judgement, a: Assessment, other: Assessment) -> bool:
    """Whether a reading takes the verdict away without putting another in its place."""
    return _gone(j, other) and other.violations <= a.violations


def _gone(j: Judgement, other: Assessment) -> bool:
    judged = other.judgements.get(j.rule)
    return judged is None or judged.verdict not in ("violates", "deviates")


def _no_worse(a: Assessment, other: Assessment) -> bool:
    """Whether a reading puts no more violations in place than it takes away."""
    return 0 < len(other.violations - a.violations) <= len(a.violations - other.violations)


def _instead(
    relation: Relation, j: Judgement, a: Assessment, other: Assessment, name: str, index: int
) -> dict[str, Judgement]:
    """The violations that a reading puts in the place of one: something is wrong in either."""
    reading = relation.readings[name]
    value = reading.domain.values[index]
    note = f"where the text is read as {value}: {reading.alternatives[value]}; "
    note += f"read as {reading.domain.values[a.values[relation.position[name]]]}, "
    note += f"{j.rule} is violated instead"
    return {
        rule: Judgement(rule, "violates", other.judgements[rule].decisive, note, {name: value})
        for rule in sorted(other.violations - a.violations)
    }


def _by_reading(relation: Relation, j: Judgement, name: str, index: int) -> Judgement:
    reading = relation.readings[name]
    value = reading.domain.values[index]
    note = f"conforms where the text is read as {value}: {reading.alternatives[value]}; "
    note += f"the question is: {reading.question}"
    verdict = "conforms" if reading.permitted else "ambiguous"
    return Judgement(j.rule, verdict, j.decisive, note, {name: value})


def merged(assessments: Iterable[Assessment]) -> Mapping[str, Judgement]:
    """One judgement for each rule from several states: a violation only where all say so.

    Where each state has a violation, but no two the same, those of the first are told.
    """
    many = list(assessments)
    if len(many) == 1:
        return many[0].judgements
    ids = dict.fromkeys(rule for a in many for rule in a.judgements)
    found = {rule: _merge([a.judgements.get(rule) for a in many]) for rule in ids}
    violations = [a.violations for a in many]
    if all(violations) and not frozenset.intersection(*violations):
        found |= _either(many)
    return found


def _either(many: Sequence[Assessment]) -> dict[str, Judgement]:
    """The violations of the first state, where something is wrong in any."""
    first = many[0]
    others = sorted(frozenset[str]().union(*(a.violations for a in many)) - first.violations)
    note = "the recording leaves open in which state the cache was; "
    note += f"in the others {', '.join(others)} is violated instead"
    return {rule: replace(first.judgements[rule], note=note) for rule in sorted(first.violations)}


def _merge(found: Sequence[Judgement | None]) -> Judgement:
    known = [j for j in found if j is not None]
    worst = max(known, key=lambda j: j.rank)
    verdicts = {None if j is None else j.verdict for j in found}
    if len(verdicts) == 1 or worst.verdict in ("conforms", "inconclusive"):
        return worst
    note = "the recording leaves open in which state the cache was; "
    note += f"in some of the possible states: {worst.verdict}"
    return Judgement(worst.rule, "inconclusive", worst.decisive, note)
