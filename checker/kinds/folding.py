"""One finding for one defect: findings that come and go together are told once.

Two findings are the same when what repairs the one repairs the other.  So a finding is told
with another

- when its rules are those of the other, but for one that says no more than rules of the other,
  where the other holds too (a permission beside the duty, a statement made twice);
- when it holds under an alternative of a reading alone, and that alternative contradicts itself:
  all of these make one ambiguity, as the question that is open;
- when it says that a rule follows from another, and a finding names both for the same;
- when it is about the same statement in another message.

Before that, readings on which a contradiction depends are told as ambiguities.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import z3

from checker.demands import structural
from checker.finding import Finding
from checker.kinds.common import equal
from checker.kinds.deciding import CLASHES, FIRM, deciding
from checker.kinds.superfluous import bound_elsewhere, whole_statements
from checker.kinds.undefined import NO_NUMBER
from checker.kinds.values import mentions
from checker.sentences import demand_sentence
from checker.situation import Situations, Views, generic
from model.rule import split_id
from model.ruleset import Reading, Ruleset
from model.step import GroundRule
from model.terms import names_in
from model.vocabulary import FIELDS, Status, ba_status
from reports.kinds import kind_rank

FOLLOWS = ("redundant rule", "modality mismatch")


def folded(found: Iterable[Finding], views: Views, ruleset: Ruleset) -> list[Finding]:
    """Return the findings without those that another of them tells as well."""
    result = whole_statements(list(found), views, ruleset)
    result = bound_elsewhere(result, views, ruleset)
    result = _open_readings(result, ruleset)
    result += deciding(result, views, ruleset)
    result = _told(result, _restating(result, views))
    result = _told(result, _elsewhere(result))
    result = _told(result, _unhandled(result, views))
    result = _told(result, _unclassed(result, views, ruleset))
    return _told(result, _following(result))


def _told(found: list[Finding], pairs: Iterable[tuple[Finding, Finding]]) -> list[Finding]:
    """Return the findings without the first of each pair, which the second then tells too."""
    into = {one.id: other.id for one, other in pairs}
    also: dict[str, list[str]] = {}
    for f in found:
        target, seen = f.id, {f.id}
        while target in into and into[target] not in seen:
            target = into[target]
            seen.add(target)
        also.setdefault(target, []).extend((*f.rules, *f.also))
    return [_with(f, also[f.id]) for f in found if f.id in also]


def _with(f: Finding, ids: Sequence[str]) -> Finding:
    more = sorted({*f.also, *ids} - set(f.rules))
    return replace(f, also=tuple(more)) if more else f


# -- readings whose alternative contradicts itself -------------------------------------------------


def _open_readings(found: list[Finding], ruleset: Ruleset) -> list[Finding]:
    """Tell all that holds under one alternative alone as what leaves the reading open."""
    decided = {r for f in found if f.kind == "ambiguity" for r in f.readings}
    for reading in (r for r in ruleset.readings if not r.permitted and r.id not in decided):
        under = [f for f in found if f.kind in CLASHES and _only_under(f, reading)]
        firm = [f for f in under if f.kind in FIRM]
        if firm:
            gone = {f.id for f in under}
            found = [f for f in found if f.id not in gone]
            found.append(_ambiguity(reading, firm[0], under, ruleset))
    return found


def _only_under(f: Finding, reading: Reading) -> bool:
    alternatives = f.readings.get(reading.id, ())
    return set(f.readings) == {reading.id} and reading.default not in alternatives


def _ambiguity(reading: Reading, first: Finding, under: list[Finding], ruleset: Ruleset) -> Finding:
    known = {i for r in ruleset.rules for i in r.ids}
    values = reading.domain.values
    alternatives = [v for v in values if any(v in f.readings[reading.id] for f in under)]
    chosen = reading.domain[values[first.witness[reading.id]]]
    switch = z3.Const(reading.id, reading.domain.sort)
    behind = sorted(i for i in reading.statements if i in known) or list(first.rules)
    return replace(
        first,
        kind="ambiguity",
        rules=tuple(behind),
        at_stake=(),
        title=f"{reading.question} {' and '.join(alternatives)}: rules contradict each other",
        condition=z3.substitute(first.condition, (switch, chosen)),
        witness={**first.witness, reading.id: 0},
        shown=tuple(n for n in first.shown if n != reading.id),
        readings={reading.id: (reading.default, *alternatives)},
        demands=tuple(dict.fromkeys(d for f in under for d in f.demands)),
        replayed=all(f.replayed for f in under),
        region=reading.id,
        principal=(),
        also=tuple(sorted({i for f in under for i in f.rules} - set(behind))),
    )


# -- what another says as well ---------------------------------------------------------------------


def _restating(found: list[Finding], views: Views) -> Iterator[tuple[Finding, Finding]]:
    """Yield each finding with one whose rules say as much, and where they say it."""
    for on, situations in views.items():
        own = [f for f in found if f.on is on and f.kind in CLASHES]
        likely = [(f, g) for f in own for g in own if f is not g and _alike(f, g)]
        if likely:
            restating = _Restating(situations)
            holding = [pair for pair in likely if restating.holds(*pair)]
            both = {(f.id, g.id) for f, g in holding}
            for f, g in holding:
                if (g.id, f.id) not in both or _order(g) < _order(f):
                    yield f, g


def _order(f: Finding) -> tuple[int, str]:
    return kind_rank(f.kind), f.id


def _alike(f: Finding, g: Finding) -> bool:
    """Return whether all rules of a finding but one are of the other, which is as grave."""
    one, other = ({i for i, _ in x.demands} for x in (f, g))
    as_grave = kind_rank(g.kind) <= kind_rank(f.kind)
    near = len(one - other) == 1 and one & other and other - one
    return bool(near and as_grave and f.readings == g.readings)


class _Restating:
    """What a finding adds to another of a step, and whether that is nothing new."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        self.solver = situations.solver()
        relation = situations.relation
        self.links = [g.constraint for g in relation.rules if structural(g, relation)]

    def holds(self, f: Finding, g: Finding) -> bool:
        """Return whether finding `f` says no more than `g`."""
        added = self._grounds(f, g)
        others = self._grounds(g, f)
        usual = equal(self.situations, {r: f.witness[r] for r in self.situations.readings})
        inside = not self.solver.holds(f.condition, z3.Not(g.condition), *usual)
        around = inside and not self.solver.holds(g.condition, z3.Not(f.condition), *usual)
        if around or (inside and f.kind != g.kind):
            return self._follows(others, added)
        apart = f.kind == "contradiction" or not self.solver.holds(f.condition, g.condition, *usual)
        return not apart and any(
            self._follows([b], added) and self._follows(added, [b]) for b in others
        )

    def _grounds(self, f: Finding, g: Finding) -> list[GroundRule]:
        """Return the ground rules of what `f` has and `g` has not, for the first sub-option."""
        shared = {i for i, _ in g.demands}
        said = {(i, _first(text)) for i, text in f.demands if i not in shared}
        ids = {i for i, _ in said}
        ground = (x for x in self.situations.relation.rules if x.index <= 1 and x.rule.id in ids)
        return [x for x in ground if (x.rule.id, _first(demand_sentence(x))) in said]

    def _follows(self, given: list[GroundRule], then: list[GroundRule]) -> bool:
        """Return whether what some rules demand makes superfluous what others do."""
        if not given or not then:
            return False
        solver = self.situations.blank_solver()
        solver.add(*self.links, *(x.constraint for x in given))
        return not solver.holds(z3.Not(z3.And([x.constraint for x in then])))


def _first(text: str) -> str:
    return re.sub(r"sub-option \d+", "sub-option", text)


# -- the same statement, the same status -----------------------------------------------------------


def _elsewhere(found: list[Finding]) -> Iterator[tuple[Finding, Finding]]:
    """Yield each duty that nobody checks with the same statement unchecked in another message."""
    seen: dict[tuple[str, tuple[str, ...]], Finding] = {}
    for f in (f for f in found if f.kind == "unchecked duty"):
        first = seen.setdefault((split_id(f.region)[0], f.at_stake), f)
        if first is not f and first.on is not f.on:
            yield f, first


def _unhandled(found: list[Finding], views: Views) -> Iterator[tuple[Finding, Finding]]:
    """Yield each status that nothing handles with the gap of who receives it."""
    dead = (f for f in found if f.kind == "dead value" and f.region in Status.values)
    for f in (f for f in dead if f.on in views):
        gaps = [g for g in found if g.kind == "gap" and g.on is f.on]
        having = [g for g in gaps if _has(views[f.on], g, f.region)]
        if having:
            yield f, having[0]


def _unclassed(
    found: list[Finding], views: Views, ruleset: Ruleset
) -> Iterator[tuple[Finding, Finding]]:
    """Yield each gap that numbers would close, with what lacks them.

    It is about the Status of an acknowledgement: what the document defines stands in its
    sub-options.
    """
    numbered = z3.Or([ba_status == Status[s] for s in ruleset.status_numbers])
    for f in (f for f in found if f.kind == "undefined term" and f.region == NO_NUMBER):
        for gap in (g for g in found if g.kind == "gap" and g.on in views and _on_status(g)):
            if not views[gap.on].solver().holds(gap.condition, numbered):
                yield gap, f


def _on_status(gap: Finding) -> bool:
    return ba_status.decl().name() in names_in(gap.condition)


def _has(situations: Situations, gap: Finding, status: str) -> bool:
    """Return whether a gap turns on a status, and has situations with this one."""
    terms = [situations.predicates[n] for n in gap.shown if n in situations.predicates]
    named = {(m.field, m.value) for t in terms for m in mentions(t)}
    mine = {status, Status.values[0]}  # a status, or that it is none that means success
    fields = {n for n, v in named if FIELDS[n].domain is Status and v in mine}
    if any(v not in mine for n, v in named if n in fields):
        return False
    own = [f.instance(i) for f, i in situations.fields.values() if f.name in fields]
    met = z3.Or([const == Status[status] for const in own])
    solver = situations.solver()
    return bool(own) and solver.holds(gap.condition, met)


# -- what follows ----------------------------------------------------------------------------------


def _following(found: list[Finding]) -> Iterator[tuple[Finding, Finding]]:
    """Yield each redundant rule with a finding that names it beside what it follows from."""
    redundant = [f for f in found if f.kind == "redundant rule" and f.principal]
    for f in redundant:
        others = [g for g in found if g is not f and g.on is f.on and _common(f, g)]
        naming = [g for g in others if _names(g, f)]
        if naming:
            yield f, naming[0]


def _common(f: Finding, g: Finding) -> bool:
    return bool({generic(n) for n in f.at_stake} & {generic(n) for n in g.at_stake})


def _names(g: Finding, f: Finding) -> bool:
    """Return whether `g` names all rules of `f`, as alike, or is the next link of a chain."""
    about = set(f.principal or ())
    if g.kind == "modality mismatch":
        return len(about) == 2 and bool(about & set(g.rules))
    if g.kind == "redundant rule":
        return len(about) == 2 and bool(g.demands) and _links(f, g)
    return bool(g.also) and about <= {*g.rules, *g.also}


def _links(f: Finding, g: Finding) -> bool:
    """Return whether what `f` follows from is itself what follows in `g`."""
    last = {i for i, _ in f.demands}
    cause = set(f.principal or ()) - last
    return bool(last) and cause == {i for i, _ in g.demands}
