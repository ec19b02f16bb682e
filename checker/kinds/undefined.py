"""Undefined terms: fields that no message has, references to nothing, statuses without class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import z3

from checker.finding import Finding
from checker.kinds.common import equal, without_input
from checker.kinds.values import ANSWERS, Statuses, Words
from checker.situation import Situations, Views, generic
from model.layouts import LAYOUTS, defined
from model.rule import On, Refuses, Rule
from model.ruleset import Ruleset
from model.rulesets.statuses import FIRST_ERROR
from model.step import GroundRule
from model.terms import names_in
from model.vocabulary import FIELDS, Status

NO_NUMBER = "class of a status"  # what the finding about statuses without number is about
KIND = "undefined term"
# What stands for every status of a class.
MEMBERS = {"from 128": Status.unspecified, "below 128": Status.accepted}


def unknown_fields(views: Views) -> Iterator[Finding]:
    """Yield the fields of a message that rules read, and that no layout has and no step decides."""
    decided = {d.field.name for s in views.values() for d in s.relation.decisions}
    for situations in views.values():
        inputs = dict.fromkeys(generic(n) for n in situations.fields)
        for name in (n for n in inputs if n in FIELDS and n not in decided and not defined(n)):
            message = LAYOUTS[name.partition(".")[0]].name
            text = f"{FIELDS[name].sentence}: a {message} has no such field"
            rules = _reading(situations, name)
            yield without_input(KIND, situations, rules, text, (name,), region=name, principal=())


def _reading(situations: Situations, name: str) -> list[Rule]:
    world, rules = situations.relation.world, situations.ruleset.rules_on(situations.on)
    terms = ((r, t) for r in rules for t in (r.given, r.when, r.demand.term) if t is not None)
    return [r for r, t in terms if any(generic(n) == name for n in names_in(world.ground(t, 1)))]


def dangling(views: Views, ruleset: Ruleset) -> Iterator[Finding]:
    """Yield the statements that leave a matter to others of which none says anything."""
    situations = next(iter(views.values()))
    for id, targets in ruleset.references.items():
        if targets and all(t in ruleset.not_executable for t in targets):
            text = f"{id} leaves the matter to {', '.join(targets)}, which says nothing of it"
            found = without_input(KIND, situations, (), text, region=id, principal=())
            yield replace(found, rules=(id, *targets))


class Classes:
    """The statuses that rules send, and that have no number, where others test its class."""

    def __init__(self, words: Mapping[On, Words], ruleset: Ruleset) -> None:
        self.words, self.ruleset = words, ruleset
        self.views = {on: w.situations for on, w in words.items()}
        self.steps = [on for on in ANSWERS[0] if on in words]

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for all of them, with what follows from either class."""
        unclassed, testing = self._unclassed(), self._testing()
        if not unclassed or not testing or len(self.steps) < 2:
            return
        clashes = {s: self._clashes(s, testing) for s in unclassed}
        neither = {s: found for s, found in clashes.items() if len(found) == len(MEMBERS)}
        pairs = [(s, c, g, h) for s, found in neither.items() for c, (g, h) in found.items()]
        stake = {generic(n) for *_, h in pairs for n in h.decisions}
        own = [r for r in testing if self.ruleset.is_extension(r)]
        about = [r for r in own if not stake or stake & self._decides(r)]
        known = {r.id for r in (*about, *(x.rule for *_, g, h in pairs for x in (g, h)))}
        found = without_input(
            KIND,
            self.views[self.steps[-1]],
            about,
            _title(unclassed, list(neither)),
            region=NO_NUMBER,
            principal=(),
            demands=tuple(_demand(*pair) for pair in pairs),
        )
        yield replace(found, rules=tuple(sorted({*self.ruleset.unnumbered, *known})))

    @staticmethod
    def _decides(r: Rule) -> set[str]:
        return {generic(n) for n in names_in(r.demand.term)}

    def _unclassed(self) -> list[str]:
        sent = Statuses(self.words, self.ruleset).sent(self.steps[0]) if self.steps else {}
        return [value for value in sent if value not in self.ruleset.status_numbers]

    @cached_property
    def _classes(self) -> tuple[frozenset[str], ...]:
        numbers = self.ruleset.status_numbers
        low = frozenset(s for s, n in numbers.items() if n < FIRST_ERROR)
        return tuple(c for c in (low, frozenset(numbers) - low) if c)

    def _testing(self) -> list[Rule]:
        """Return the rules that name every status of a class; a refusal names none by itself."""
        found = []
        for words in (self.words[on] for on in self.steps):
            for r in words.rules:
                named = {m.value for m in (*words.tested(r), *words.demanded(r))}
                tests = any(c <= named for c in self._classes)
                if tests and r.demand.refuses is Refuses.NOTHING:
                    found.append(r)
        return found

    def _clashes(
        self, status: str, testing: list[Rule]
    ) -> dict[str, tuple[GroundRule, GroundRule]]:
        """Return, for each class that cannot be, two rules that contradict each other there."""
        found: dict[str, tuple[GroundRule, GroundRule]] = {}
        for name, member in MEMBERS.items():
            for on in self.steps:
                pair = self._clash(on, status, member, {r.key for r in testing})
                if pair is not None:
                    found.setdefault(name, pair)
        return found

    def _clash(
        self, on: On, status: str, member: Any, testing: set[str]
    ) -> tuple[GroundRule, GroundRule] | None:
        s, words = self.views[on], self.words[on]
        naming = {r.key for r in words.rules if self._names(words, r, status)} - testing
        binding = [g for g in s.relation.rules if g.rule.modality.binds]
        solver = s.solver()
        solver.add(*equal(s, dict.fromkeys(s.readings, 0)))
        given = (Status[status], member)
        for g in (g for g in binding if g.rule.key in naming):
            for h in (h for h in binding if h.rule.key in testing and g.decisions & h.decisions):
                said = [z3.substitute(x.constraint, given) for x in (g, h)]
                where = [z3.substitute(x.applies, given) for x in (g, h)]
                if not s.blank_solver().holds(*said) and solver.holds(*where):
                    return g, h
        return None

    @staticmethod
    def _names(words: Words, r: Rule, status: str) -> bool:
        said = (*words.tested(r), *words.demanded(r))
        return any(m.value == status and m.positive for m in said)


def _demand(status: str, name: str, g: GroundRule, h: GroundRule) -> tuple[str, str]:
    where = f"if {_show(status)} is {name}"
    return g.rule.id, f"cannot be obeyed together with {h.rule.id} {where}"


def _title(statuses: list[str], neither: list[str]) -> str:
    more = f"; {', '.join(map(_show, neither))} can be neither" if neither else ""
    names = ", ".join(map(_show, statuses)) + more
    return f"rules test whether a status is below or from 128, and no number is given for {names}"


def _show(status: str) -> str:
    return status.replace("_", " ").upper()


def findings(views: Views, ruleset: Ruleset) -> Iterator[Finding]:
    """Yield the undefined terms of a ruleset."""
    yield from unknown_fields(views)
    yield from dangling(views, ruleset)
    yield from Classes({on: Words(s) for on, s in views.items()}, ruleset).findings()
