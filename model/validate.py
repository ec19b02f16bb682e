"""The mistakes that only a whole ruleset shows: every one of them, before any analysis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import z3

from model.errors import RuleError
from model.fields import Domain, Number
from model.rule import On, Role, Rule, nearest
from model.ruleset import NodeStep, Override, Reading, Ruleset
from model.scope import Scope, World
from model.terms import constants, names_in
from model.vocabulary import DERIVED, FIELDS, OUTCOMES, Address, Bid

LARGEST = 64  # of everything that a scope counts
MOST = {
    Bid.name: LARGEST,
    Address.name: LARGEST + 1,
}  # NONE and HOME_ADDRESS come before care-of addresses
RECEIVERS = (Role.RECEIVER, Role.HOME_AGENT, Role.CORRESPONDENT)
MOBILE_NODE_STATE, RECEIVER_STATE, NETWORK = ("mn.", "bul."), ("bc.", "node."), ("net.",)
COMPARES = (z3.Z3_OP_EQ, z3.Z3_OP_DISTINCT)


Decided = Mapping[On, frozenset[str]]  # the names of the decisions of each step


def mistakes(ruleset: Ruleset) -> tuple[RuleError, ...]:
    """Return every mistake of a ruleset: in its rules, overrides, readings, steps, account."""
    decided = {s.on: frozenset(d.const.decl().name() for d in s.decisions) for s in ruleset.steps}
    return (
        *(e for r in ruleset.rules for e in _rule(ruleset, r, decided)),
        *(e for v in ruleset.overrides for e in _override(ruleset, v)),
        *_cycles(ruleset),
        *(e for r in ruleset.readings for e in _reading(ruleset, r)),
        *_twice((r.id, r.source) for r in ruleset.readings),
        *(e for s in ruleset.steps for e in _step(ruleset, s)),
        *_twice((s.on.value, s.source) for s in ruleset.steps),
        *_account(ruleset),
    )


# -- rules -------------------------------------------------------------------------------------


def _rule(ruleset: Ruleset, r: Rule, decided: Decided) -> Iterator[RuleError]:
    if r.on not in decided:
        known = ", ".join(f"On.{on.name}" for on in decided)
        what = f"rule {r.key} is about a step without decisions, On.{r.on.name}"
        yield RuleError(what, r.source, f"use one of {known} or add a NodeStep")
        return
    terms = {"given": r.given, "when": r.when, "then": r.demand.term}
    unknown = [e for n, t in terms.items() for e in _words(ruleset, t, f"`{n}` of rule {r.key}")]
    wrong = dict.fromkeys(unknown) or [*_decisions(r, decided[r.on]), *_foreign(r, decided)]
    for what, remedy in wrong:
        yield RuleError(what, r.source, remedy)


def _decisions(r: Rule, decided: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Inputs stand in `given`, decisions in `when` and `then`."""
    if not atoms(r.demand.term) & decided:
        what = f"`then` of rule {r.key} speaks of no decision of the step {r.on.value!r}"
        yield what, f"use one of {', '.join(sorted(decided))}"
    for name in sorted(atoms(r.given) & decided):
        yield f"`given` of rule {r.key} speaks of the decision {name}", "move that to `when`"
    if r.when is not None and not atoms(r.when) & decided:
        yield f"`when` of rule {r.key} speaks of inputs only", "move it to `given`"


def _foreign(r: Rule, decided: Decided) -> Iterator[tuple[str, str]]:
    """A node knows neither the state of its peer nor what another step decides."""
    peer = MOBILE_NODE_STATE if r.role in RECEIVERS else RECEIVER_STATE
    for name in sorted(_atoms_of(r) - decided[r.on]):
        if name.startswith((*peer, *NETWORK)):
            what = f"rule {r.key} speaks of {name}, which the {r.role.value} does not know"
            yield what, "use a field of the message or of its own state"
        elif "." not in name and any(name in names for names in decided.values()):
            what = f"rule {r.key} speaks of {name}, which another step decides"
            yield what, f"use an input of the step {r.on.value!r}"


def _atoms_of(r: Rule) -> frozenset[str]:
    return frozenset().union(*(atoms(t) for t in (r.given, r.when, r.demand.term)))


# -- terms -------------------------------------------------------------------------------------


def atoms(term: z3.ExprRef | None) -> frozenset[str]:
    """Return the names of the generic fields of a term; named predicates are looked into."""
    if term is None:
        return frozenset()
    return frozenset().union(*(_expanded(name) for name in names_in(term)))


@cache
def _expanded(name: str) -> frozenset[str]:
    if name not in DERIVED:
        return frozenset((name,))
    d = DERIVED[name]
    body = constants(d.define(World(Scope()), 1 if d.family else 0))
    return frozenset().union(*(_expanded(c.decl().name().partition("[")[0]) for c in body))


def _words(ruleset: Ruleset, term: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the names, numbers and operators of a term."""
    if not z3.is_expr(term):
        return
    readings = {r.id for r in ruleset.readings}
    for name in sorted(names_in(term)):
        if name.startswith("READ-") and name not in readings:
            what = f"{where} uses {name}, which is no reading of ruleset {ruleset.name}"
            yield what, "add it to the readings"
        elif not name.startswith("READ-") and name not in (*FIELDS, *DERIVED, *OUTCOMES):
            yield f"{where} uses an undeclared constant {name!r}", nearest(name, FIELDS)
    for t in subterms(term):
        yield from _operation(t, where)


def subterms(term: z3.ExprRef) -> Iterator[z3.ExprRef]:
    """Yield a term and the terms in it, each once."""
    seen: set[int] = set()
    stack = [term]
    while stack:
        t = stack.pop()
        if t.get_id() not in seen:
            seen.add(t.get_id())
            yield t
            stack.extend(t.children())


def _operation(t: z3.ExprRef, where: str) -> Iterator[tuple[str, str]]:
    if z3.is_arith(t):
        yield f"{where} counts with truth values", "write a term of & | ~ and comparisons"
    if t.decl().kind() in COMPARES:
        yield from _comparison(t.children(), where)


def _comparison(sides: list[z3.ExprRef], where: str) -> Iterator[tuple[str, str]]:
    """Numbers are compared with numbers of the same kind, that exist in some scope."""
    fields = [FIELDS[s.decl().name()] for s in sides if z3.is_const(s) and _declared(s)]
    numbers = [f for f in fields if isinstance(f.domain, Number)]
    for f in numbers[1:]:
        if f.domain is not numbers[0].domain:
            kinds = f"{numbers[0].domain.name}) with {f.name} ({f.domain.name})"
            yield f"{where} compares {numbers[0].name} ({kinds}", "compare like with like"
    for value in (s.as_long() for s in sides if z3.is_bv_value(s)):
        most = min((MOST.get(f.domain.name, value) for f in numbers), default=value)
        if value > most:
            yield f"{where} compares {numbers[0].name} with {value}", f"use 0 to {most}"


def _declared(t: z3.ExprRef) -> bool:
    return t.decl().name() in FIELDS


# -- overrides and readings --------------------------------------------------------------------


def _override(ruleset: Ruleset, v: Override) -> Iterator[RuleError]:
    named = f"the override of {v.base} by {v.by}"
    base = next((r for r in ruleset.rules if v.base in r.ids), None)
    if base is None:
        yield RuleError(f"{named} names no rule of the base", v.source, "see `monami rules`")
    elif ruleset.is_extension(base):
        what = f"{named} is of a rule of the same document"
        yield RuleError(what, v.source, "change that rule instead")
    if v.by not in _ids(ruleset):
        yield RuleError(f"{named} names no sentence {v.by}", v.source, "name an id that exists")
    if not z3.is_bool(v.given):
        yield RuleError(f"`given` of {named} is no truth value", v.source, "compare a field")
    for what, remedy in _words(ruleset, v.given, f"`given` of {named}"):
        yield RuleError(what, v.source, remedy)


def _cycles(ruleset: Ruleset) -> Iterator[RuleError]:
    """Yield one mistake for each circle of overrides, at its first override."""
    next_of: dict[str, list[str]] = {}
    for v in ruleset.overrides:
        next_of.setdefault(v.by, []).append(v.base)
    told: set[frozenset[str]] = set()
    for v in ruleset.overrides:
        circle = _way(next_of, v.base, v.by)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            what = f"overrides go in a circle: {', '.join([v.by, *circle])}"
            yield RuleError(what, v.source, "take one of them out")


def _way(next_of: dict[str, list[str]], start: str, end: str) -> list[str]:
    """Return the shortest way from one id to another, both included; empty when there is none."""
    ways = [[start]]
    seen = {start}
    for way in ways:
        if way[-1] == end:
            return way
        for id in next_of.get(way[-1], ()):
            if id not in seen:
                seen.add(id)
                ways.append([*way, id])
    return []


def _reading(ruleset: Ruleset, r: Reading) -> Iterator[RuleError]:
    if not isinstance(r.domain, Domain) or not r.id.startswith("READ-"):
        name = getattr(r.domain, "name", r.domain)
        yield RuleError(f"a reading is called {name}", r.source, "call its domain READ-...")
        return
    if set(r.alternatives) != set(r.domain.values):
        what = f"{r.id} tells of the alternatives {', '.join(r.alternatives) or 'none'}"
        yield RuleError(what, r.source, f"tell of each of {', '.join(r.domain.values)}")
    for id in r.statements:
        if ruleset.catalogue and id not in _ids(ruleset):
            what = f"{r.id} names a statement {id} that does not exist"
            yield RuleError(what, r.source, "name an id that exists")


def _ids(ruleset: Ruleset) -> set[str]:
    return {i for r in ruleset.rules for i in r.ids} | set(ruleset.catalogue)


# -- steps and account -------------------------------------------------------------------------


def _step(ruleset: Ruleset, step: NodeStep) -> Iterator[RuleError]:
    names = [d.const.decl().name() for d in step.decisions]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        what = f"the step {step.on.value!r} has the decision {name} twice"
        yield RuleError(what, step.source, "take one of them out")
    for name in names:
        if name not in FIELDS:
            what = f"the step {step.on.value!r} decides {name}, which is no field"
            yield RuleError(what, step.source, nearest(name, FIELDS))
    terms = (*step.well_formed, *step.roles.values(), *(d.required for d in step.decisions))
    for term in terms:
        for what, remedy in _words(ruleset, term, f"the step {step.on.value!r}"):
            yield RuleError(what, step.source, remedy)


def _twice(places: Iterable[tuple[str, str]]) -> Iterator[RuleError]:
    seen: dict[str, str] = {}
    for name, source in places:
        if name in seen:
            what = f"{name!r} is declared twice (also at {seen[name]})"
            yield RuleError(what, source, "take one of them out")
        seen.setdefault(name, source)


def _account(ruleset: Ruleset) -> Iterator[RuleError]:
    """A statement is executable or it has a reason why not; and it exists."""
    executed = {i: r.source for r in ruleset.rules for i in r.ids}
    for id, reason in ruleset.not_executable.items():
        if id in executed:
            what = f"{id} is executable, and said not to be"
            yield RuleError(what, executed[id], "take it out of one of both")
        if ruleset.catalogue and id not in ruleset.catalogue:
            what = f"{id} is said not to be executable, and is not in the catalogue"
            yield RuleError(what, ruleset.name, "correct the id")
        if not reason.strip():
            yield RuleError(f"{id} is said not to be executable", ruleset.name, "say why")
    known = {*ruleset.catalogue, *(r.id for r in ruleset.rules)}
    for r in ruleset.rules if ruleset.catalogue else ():
        for id in (i for i in (*r.also, *r.cites) if i not in known):
            what = f"rule {r.key} names {id}, which is not in the catalogue"
            yield RuleError(what, r.source, nearest(id, ruleset.catalogue))
