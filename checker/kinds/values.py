"""Dead values: a status that nobody sends or handles, a state nobody reads, an empty demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from checker.finding import Finding
from checker.kinds.common import ByRule, unique, without_input
from checker.situation import Situations
from model.fields import Domain
from model.receiver import STATE
from model.rule import Modality, On, Rule
from model.ruleset import Ruleset
from model.step import GroundRule
from model.system import MOBILE_NODE
from model.vocabulary import FIELDS, Status

STATE_GROUPS = frozenset(c.decl().name().partition(".")[0] for c in (*STATE, *MOBILE_NODE))
ANSWERS = ((On.RECEIVE_UPDATE, On.RECEIVE_ACK), (On.RECEIVE_TEST, On.RECEIVE_TOKEN))


@dataclass(frozen=True)
class Mention:
    """A value that a term compares a field with, and whether it is for equality."""

    field: str
    value: str
    positive: bool


def mentions(term: Any, positive: bool = True) -> Iterator[Mention]:
    """Yield the enumerated values that a term names; under a negation not as positive."""
    kind = term.decl().kind()
    if kind == z3.Z3_OP_NOT:
        yield from mentions(term.arg(0), not positive)
    elif kind == z3.Z3_OP_IMPLIES:
        yield from mentions(term.arg(0), not positive)
        yield from mentions(term.arg(1), positive)
    elif kind == z3.Z3_OP_DISTINCT:
        yield from _compared(term, not positive)
    elif kind == z3.Z3_OP_EQ and not z3.is_bool(term.arg(0)):
        yield from _compared(term, positive)
    elif kind in (z3.Z3_OP_EQ, z3.Z3_OP_XOR, z3.Z3_OP_ITE):
        yield from (m for c in term.children() for p in (True, False) for m in mentions(c, p))
    else:
        yield from (m for c in term.children() for m in mentions(c, positive))


def _compared(term: Any, positive: bool) -> Iterator[Mention]:
    leaves = [leaf for side in term.children() for leaf in _leaves(side)]
    fields = [n for leaf in leaves if (n := leaf.decl().name().partition("[")[0]) in FIELDS]
    for leaf in leaves:
        if leaf.decl().kind() == z3.Z3_OP_DT_CONSTRUCTOR:
            value = leaf.decl().name().partition(".")[2]
            yield from (Mention(f, value, positive) for f in dict.fromkeys(fields))


def _leaves(term: Any) -> Iterator[Any]:
    """Yield the alternatives of a value: the branches of if-then-else, not their conditions."""
    if term.decl().kind() == z3.Z3_OP_ITE:
        yield from _leaves(term.arg(1))
        yield from _leaves(term.arg(2))
    else:
        yield term


class Words:
    """What the rules of one node step name: by their situations, and by their demands."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        # What a value means, a definition tells; what to do with it, other rules.
        self.rules = [r for r in ByRule(situations).rules if r.modality is not Modality.DEFINITION]

    def tested(self, r: Rule) -> tuple[Mention, ...]:
        """Return what the situation and the condition of a rule name."""
        return self._tested[r.key]

    def demanded(self, r: Rule) -> tuple[Mention, ...]:
        """Return what the demand of a rule names."""
        return self._demanded[r.key]

    @cached_property
    def _tested(self) -> Mapping[str, tuple[Mention, ...]]:
        return {r.key: self._mentions(r.given, r.when) for r in self.rules}

    @cached_property
    def _demanded(self) -> Mapping[str, tuple[Mention, ...]]:
        return {r.key: self._mentions(r.demand.term) for r in self.rules}

    def _mentions(self, *terms: Any) -> tuple[Mention, ...]:
        ground = (self._ground(t) for t in terms if t is not None)
        return tuple(dict.fromkeys(m for t in ground for m in mentions(t)))

    def _ground(self, term: Any) -> Any:
        return self.situations.relation.world.ground(term, 1)


class Statuses:
    """The statuses of the document that its rules send, and those that its rules handle."""

    def __init__(self, words: Mapping[On, Words], ruleset: Ruleset) -> None:
        self.words, self.ruleset = words, ruleset

    def findings(self) -> Iterator[Finding]:
        """Yield a finding for each status that is handled and not sent, or sent and not handled."""
        for answer, conclusion in ANSWERS:
            if answer in self.words and conclusion in self.words:
                yield from self._unhandled(answer, conclusion)
        yield from self._unsent()

    def _unhandled(self, answer: On, conclusion: On) -> Iterator[Finding]:
        words = self.words[conclusion]
        handled = {m.value for r in words.rules for m in self._statuses(words.tested(r))}
        for value, rules in self.sent(answer).items():
            if value not in handled and any(map(self.ruleset.is_extension, rules)):
                event = f"{conclusion.value} with status {_show(value)}"
                text = f"no rule says what a node does that {event}"
                yield self._finding(words.situations, rules, text, value)

    def _unsent(self) -> Iterator[Finding]:
        """Yield the statuses of the document that rules handle or define and none sends."""
        answers = [a for a, _ in ANSWERS if a in self.words]
        sent = {value for on in answers for value in self.sent(on)}
        for on in (c for _, c in ANSWERS if c in self.words):
            words = self.words[on]
            handling: dict[str, list[Rule]] = {}
            for r in filter(self.ruleset.is_extension, words.rules):
                for m in self._statuses(words.tested(r)):
                    handling.setdefault(m.value, []).append(r)
            for value, rules in handling.items():
                if value not in sent and value not in self.ruleset.status_numbers:
                    text = f"no rule sends the status {_show(value)}"
                    yield self._finding(words.situations, rules, text, value)

    def sent(self, on: On) -> dict[str, list[Rule]]:
        """Return the statuses that demands of a step name, each with the rules; not the default."""
        words, found = self.words[on], dict[str, list[Rule]]()
        for r in words.rules:
            for m in self._statuses(words.demanded(r)):
                if m.value != Status.values[FIELDS[m.field].default]:
                    found.setdefault(m.value, []).append(r)
        return found

    @staticmethod
    def _statuses(found: Iterable[Mention]) -> Iterator[Mention]:
        return (m for m in found if m.positive and FIELDS[m.field].domain is Status)

    @staticmethod
    def _finding(s: Situations, rules: list[Rule], text: str, value: str) -> Finding:
        return without_input("dead value", s, rules, text, region=value, principal=())


class States:
    """Values that one step writes into a field which others read, and none tells apart."""

    def __init__(self, words: Mapping[On, Words]) -> None:
        self.words = words
        self.views = {on: w.situations for on, w in words.items()}

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each field with a value that is written and never read."""
        for on, words in self.words.items():
            for name in self._written(on):
                unread = self._unread(name)
                rules = [
                    r
                    for r in words.rules
                    if any(m.field == name and m.value in unread for m in words.demanded(r))
                ]
                if rules:
                    yield self._finding(on, name, rules)

    def _written(self, on: On) -> list[str]:
        """Return the enumerated state fields that this step decides and another has as input."""
        decided = dict.fromkeys(d.field.name for d in self.views[on].relation.decisions)
        inputs = {
            f.name for other, s in self.views.items() if other is not on
            for f, _ in s.fields.values()
        }  # fmt: skip
        state = [n for n in decided if n in inputs and n.partition(".")[0] in STATE_GROUPS]
        return [n for n in state if isinstance(FIELDS[n].domain, Domain)]

    def _unread(self, name: str) -> frozenset[str]:
        """Return the values that no rule distinguishes (none when at most one is not named)."""
        domain = FIELDS[name].domain
        named = {m.value for m in self._tested if m.field == name}
        rest = frozenset(getattr(domain, "values", ())) - named
        return rest if len(rest) > 1 else frozenset()

    @cached_property
    def _tested(self) -> tuple[Mention, ...]:
        return tuple(m for w in self.words.values() for r in w.rules for m in w.tested(r))

    def _finding(self, on: On, name: str, rules: list[Rule]) -> Finding:
        unread = self._unread(name)
        written = {
            m.value
            for r in rules
            for m in self.words[on].demanded(r)
            if m.field == name and m.value in unread
        }
        which = ", ".join(_show(v) for v in sorted(written))
        text = f"{FIELDS[name].sentence}: {which} is written, and no rule reads it"
        return without_input("dead value", self.views[on], rules, text, (name,))


def _show(value: str) -> str:
    return value.replace("_", " ")


def empty_demands(situations: Situations) -> Iterator[Finding]:
    """Yield the rules that forbid only what their field cannot be."""
    by_rule = ByRule(situations)
    solver = situations.blank_solver()
    for r in filter(situations.ruleset.is_extension, by_rule.rules):
        ground = by_rule.ground[r.key]
        if ground and all(_never_broken(g, solver) for g in ground):
            text = f"{r.title}: no value of the field could break this"
            yield without_input(
                "dead value", situations, (r,), text, by_rule.at_stake(r), region=r.key
            )


def _never_broken(g: GroundRule, solver: Any) -> bool:
    simple = z3.simplify(g.constraint)
    if z3.is_true(simple):
        return True
    solver.push()
    solver.add(z3.Not(simple))
    never = not solver.holds()
    solver.pop()
    return bool(never)


def findings(views: Mapping[On, Situations], ruleset: Ruleset) -> Iterator[Finding]:
    """Yield the dead values of a ruleset."""
    words = {on: Words(s) for on, s in views.items()}
    yield from Statuses(words, ruleset).findings()
    yield from unique(States(words).findings())
    for situations in views.values():
        yield from empty_demands(situations)
