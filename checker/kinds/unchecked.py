"""Unchecked duties: a message that breaks one sending rule, and that every receiver takes.

Sender and receiver meet in the fields that both steps name: these are the message, and what
both know of each other.  A message counts as broken only when no wish of the sender would
make it a correct one: a receiver cannot see a wish.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import z3

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.kinds.common import equal, ids_of
from checker.models import Reader
from checker.sentences import demand_sentence
from checker.situation import Situations, generic
from checker.solving import Solver
from model.rule import Modality, On, Refuses, Role, Rule
from model.ruleset import Ruleset
from model.step import GroundRule
from model.terms import names_in
from model.vocabulary import mn, node, o

EXCHANGES = ((On.SEND_UPDATE, On.RECEIVE_UPDATE), (On.SEND_TEST, On.RECEIVE_TEST))
MESSAGE_INPUT = ("bu.source", "bu.esp")  # of the message, though the sender does not decide it
MOST_DEPENDENT = 5
Inputs = Mapping[str, int]


class Sender:
    """The sending rules of a step: what obeys them, for which wishes.

    A wish is all that a receiver cannot see: inputs of the sender, and decisions about the
    message that no receiving rule of the document mentions.
    """

    def __init__(self, situations: Situations, seen: frozenset[str], known: frozenset[str]) -> None:
        self.situations = situations
        self.consts = {n: f.instance(i) for n, (f, i) in situations.fields.items()}
        self.decisions = {d.label: d for d in situations.relation.decisions}
        self.consts |= {n: d.const for n, d in self.decisions.items()}
        self.message = [n for n in self.consts if generic(n) in seen or n.startswith(MESSAGE_INPUT)]
        settled = {*self.message, *known, *situations.readings}
        self.wishes = [n for n in self.consts if n not in settled]
        self.ground: dict[str, list[GroundRule]] = {}
        for g in situations.relation.rules:
            if g.rule.modality.binds:
                self.ground.setdefault(g.rule.key, []).append(g)
        private = {n for n in situations.fields if n not in self.message}
        self.of_wish = {
            key: all(names_in(g.applies) <= private for g in own)
            for key, own in self.ground.items()
        }

    @cached_property
    def obeyed(self) -> dict[str, Any]:
        """Return, for each rule by its key, the term: the message obeys it."""
        return {key: z3.And([g.obeyed for g in own]) for key, own in self.ground.items()}

    def correct(self, by_wish: bool) -> Any:
        """Return the term: the message obeys every rule, or every rule about the wish alone."""
        kept = [t for key, t in self.obeyed.items() if self.of_wish[key] or not by_wish]
        return z3.And([*kept, *self.situations.well_formed])

    def nothing_absent(self) -> Iterator[Any]:
        """Yield that nothing is said of a sub-option that is not there."""
        present = o.present.decl().name()
        for d in self.decisions.values():
            there = self.decisions.get(f"{present}[{d.index}]")
            if there is not None and d.field.family == "option":
                yield z3.Or(there.const, d.const == d.field.domain.at(0))

    def otherwise(self) -> Any:
        """Return the term: for the same wish some message obeys every rule."""
        own = self.decisions.values()
        pairs = [(d.const, z3.Const(f"correct {d.label}", d.field.domain.sort)) for d in own]
        return z3.substitute(self.correct(False), *pairs)

    def wishing(self, wish: Inputs, by_wish: bool) -> Any:
        """Return the term: the message is correct for this wish."""
        pairs = [(self.consts[n], _value(self.consts[n], v)) for n, v in wish.items()]
        return z3.simplify(z3.substitute(self.correct(by_wish), *pairs))


class Unchecked:
    """The unchecked duties of one exchange, under the default readings."""

    def __init__(self, sending: Situations, receiving: Situations, seen: frozenset[str]) -> None:
        self.receiving = receiving
        self.sender = Sender(sending, seen, frozenset({mn.peer_home_agent.decl().name()}))
        self.readings = dict.fromkeys(receiving.readings, 0)
        rules = receiving.relation.rules
        self._applies = Evaluator([g.applies for g in rules], list(receiving.fields))
        self.solver = receiving.solver()
        self.solver.add(*sending.well_formed, *self._agreement(), *self._taken())
        self.solver.add(*equal(sending, dict.fromkeys(sending.readings, 0)))
        self.solver.add(self.sender.otherwise(), *self.sender.nothing_absent())
        for key, term in self.sender.obeyed.items():
            self.solver.add(z3.Implies(_obeys(key), term), z3.Implies(_breaks(key), z3.Not(term)))
        self.wishes = {by_wish: self._wishes(by_wish) for by_wish in (False, True)}

    def _wishes(self, by_wish: bool) -> Solver:
        """Return a solver for the wishes for which a message is correct."""
        sending = self.sender.situations
        solver = sending.solver()
        solver.add(*equal(sending, dict.fromkeys(sending.readings, 0)))
        solver.add(self.sender.correct(by_wish))
        return solver

    def _agreement(self) -> Iterator[Any]:
        """Yield what both sides know alike: whether the receiver is a home agent."""
        both = (mn.peer_home_agent, self.sender.situations), (node.home_agent, self.receiving)
        if all(c.decl().name() in s.fields for c, s in both):
            yield mn.peer_home_agent == node.home_agent

    def _taken(self) -> Iterator[Any]:
        """Yield what makes a message taken whole by a node that the document binds."""
        outcomes = self.receiving.relation.outcomes
        yield outcomes["accepted"]
        for g in self.receiving.relation.rules:
            if g.rule.demand.refuses is not Refuses.NOTHING:
                yield z3.Not(g.applies)
        legacy = self.receiving.ruleset.step(self.receiving.on).roles.get(Role.LEGACY)
        if legacy is not None:
            yield z3.Not(self.receiving.relation.world.ground(legacy, 0))

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each sending rule of the document that can be broken unseen."""
        done: set[str] = set()
        for key, own in self.sender.ground.items():
            rule = own[0].rule
            if self.receiving.ruleset.is_extension(rule) and key not in done:
                alike = self._alike(key)
                done |= set(alike)
                witness = self._broken(alike)
                if witness is not None:
                    yield self._finding(alike, *witness)

    def _alike(self, key: str) -> list[str]:
        """Return the keys of the rules that say the same as this one, itself first."""
        others = [k for k in self.sender.ground if k != key]
        if self.solver.holds(_breaks(key), *map(_obeys, others)):
            return [key]
        return [key, *(k for k in others if self._equal(k, key))]

    def _equal(self, one: str, other: str) -> bool:
        pairs = ((one, other), (other, one))
        return all(not self.solver.holds(_breaks(a), _obeys(b)) for a, b in pairs)

    def _broken(self, alike: list[str]) -> tuple[dict[str, int], dict[str, int]] | None:
        """Return the smallest message, as received, that breaks these rules alone; as sent.

        What breaks a rule about the wish counts when no wish makes it correct by such rules.
        """
        by_wish = self.sender.of_wish[alike[0]]
        rest = [_obeys(k) for k in self.sender.ground if k not in alike]
        assumed = [_breaks(alike[0]), _unwished(by_wish), *rest]
        while self.solver.holds(*assumed):
            witness, sent = self._smallest(assumed)
            wish = self._correct_for(sent, by_wish)
            if wish is None:
                return witness, sent
            wrong = z3.Not(self.sender.wishing(wish, by_wish))
            self.solver.add(z3.Implies(_unwished(by_wish), wrong))
        return None

    def _smallest(self, assumed: list[Any]) -> tuple[dict[str, int], dict[str, int]]:
        self.solver.push()
        self.solver.add(*assumed)
        witness = self.receiving.witness(self.solver, self.readings)
        if witness is None:
            raise AssertionError("the message found before is gone")
        self.solver.add(*equal(self.receiving, witness))
        sent = self._least()
        self.solver.pop()
        return witness, sent

    def _least(self) -> dict[str, int]:
        """Return the wish and the message of the sender, each value the least that can be."""
        if not self.solver.holds():
            raise AssertionError("nobody can send what was received")
        found = self._values(self.solver.model())
        for name, const in self.sender.consts.items():
            for value in range(found[name]):
                if self.solver.holds(const == _value(const, value)):
                    found = self._values(self.solver.model())
                    break
            self.solver.add(const == _value(const, found[name]))
        return found

    def _values(self, model: Any) -> dict[str, int]:
        """Return the wish and the message of the sender."""
        consts = self.sender.consts
        return dict(zip(consts, Reader(consts.values())(model), strict=True))

    def _correct_for(self, sent: Inputs, by_wish: bool) -> dict[str, int] | None:
        """Return a wish for which the same message is correct, or None."""
        consts = self.sender.consts
        fixed = [c == _value(c, sent[n]) for n, c in consts.items() if n not in self.sender.wishes]
        if not self.wishes[by_wish].holds(*fixed):
            return None
        values = self._values(self.wishes[by_wish].model())
        return {n: values[n] for n in self.sender.wishes}

    def _finding(self, alike: list[str], witness: dict[str, int], sent: Inputs) -> Finding:
        broken = [g for k in alike for g in self._broken_by(k, sent)]
        message = {n: sent[n] for n in self.sender.message}
        named = {m for g in broken for m in g.decisions}
        fields = [n for n in message if n in named]
        seen = {n: v for n, v in witness.items() if n not in self.receiving.readings}
        shown = [n for n, v in seen.items() if v != self.receiving.default(n) or n in fields]
        depending = self._depending(witness, [n for n in fields if n in witness])
        first = broken[0].rule
        return Finding(
            "unchecked duty",
            self.receiving.on,
            tuple(dict.fromkeys((*ids_of(g.rule for g in broken), *depending))),
            tuple(sorted({generic(n) for n in fields})),
            f"nothing refuses what breaks this: {first.title}",
            z3.And(equal(self.receiving, {n: witness[n] for n in shown})),
            message | witness,
            (*shown, *(n for n in fields if n not in witness)),
            self.receiving.facts(witness),
            demands=tuple((g.rule.id, demand_sentence(g)) for g in broken),
            replayed=self._replays(alike, witness, sent),
            region=first.key,
            principal=(),
        )

    def _broken_by(self, key: str, sent: Inputs) -> list[GroundRule]:
        """Return the ground rules of a statement that the message breaks, by evaluation alone."""
        own = self.sender.ground[key]
        bits = Evaluator([g.obeyed for g in own], list(sent))(list(sent.values()))
        return [g for g, bit in zip(own, bits, strict=True) if not bit]

    def _replays(self, alike: list[str], witness: Inputs, sent: Inputs) -> bool:
        """Return whether evaluation finds these rules broken, no other, and nothing refused."""
        broken = [k for k in self.sender.ground if self._broken_by(k, sent)]
        agree = all(witness[n] == v for n, v in sent.items() if n in witness)
        refused = [r for r in self._applied(witness) if r.demand.refuses is not Refuses.NOTHING]
        return sorted(broken) == sorted(alike) and agree and not refused

    def _applied(self, inputs: Inputs) -> list[Rule]:
        bits = self._applies([inputs[n] for n in self.receiving.fields])
        rules = self.receiving.relation.rules
        return list(dict.fromkeys(g.rule for g, bit in zip(rules, bits, strict=True) if bit))

    def _depending(self, witness: Inputs, fields: list[str]) -> tuple[str, ...]:
        """Return the receiving rules that apply otherwise when a broken field is changed."""
        here = {r.key: r for r in self._applied(witness)}
        found: dict[str, Rule] = {}
        for n in fields:
            f, _ = self.receiving.fields[n]
            for value in range(self.receiving.scope.largest(f.domain) + 1):
                there = {r.key: r for r in self._applied({**witness, n: value})}
                found |= {k: (here | there)[k] for k in sorted(here.keys() ^ there.keys())}
        own = self.receiving.ruleset.is_extension
        rules = [r for r in found.values() if r.modality is not Modality.DEFINITION]
        ordered = sorted(rules, key=lambda r: (not own(r), r.key))
        return tuple(dict.fromkeys(r.id for r in ordered))[:MOST_DEPENDENT]


def _obeys(key: str) -> Any:
    return z3.Bool(f"obeys {key}")


def _breaks(key: str) -> Any:
    return z3.Bool(f"breaks {key}")


def _unwished(by_wish: bool) -> Any:
    return z3.Bool(f"correct for no wish, {'by rules about wishes' if by_wish else 'at all'}")


def _value(const: Any, value: int) -> Any:
    """Return the constant of a value: flags by 0 and 1, enumerations by index."""
    sort = const.sort()
    if z3.is_bool(const):
        return z3.BoolVal(bool(value))
    return z3.BitVecVal(value, sort.size()) if z3.is_bv(const) else sort.constructor(value)()


def findings(views: Mapping[On, Situations], _ruleset: Ruleset) -> Iterator[Finding]:
    """Yield the unchecked duties of each exchange whose two steps the ruleset has."""
    pairs = [(views[a], views[b]) for a, b in EXCHANGES if a in views and b in views]
    seen = frozenset(f.name for _, receiving in pairs for f, _ in receiving.fields.values())
    for sending, receiving in pairs:
        yield from Unchecked(sending, receiving, seen).findings()
