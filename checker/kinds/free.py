"""Free fields: what no rule says of a field of the sub-option, for a wish of the sender.

A rule settles a field when it leaves it, by itself, fewer values than it has; a permission
does too, as the text then leaves a choice.  That two sub-options are alike settles neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import z3

from checker.finding import Finding
from checker.kinds.common import equal, without_input
from checker.situation import Situations, Views, generic
from model.layouts import LAYOUTS
from model.rule import On, Rule
from model.ruleset import Ruleset
from model.step import GroundDecision, GroundRule
from model.terms import names_in
from model.vocabulary import FIELDS, Intent, mn, o

OWN = "o"  # the sub-option is the document's own; the other layouts are those of its base
RECEIVES = {
    On.SEND_UPDATE: On.RECEIVE_UPDATE,
    On.SEND_TEST: On.RECEIVE_TEST,
    On.SEND_REFRESH: On.RECEIVE_REFRESH,
}
PRESENT = o.present.decl().name()


@dataclass(frozen=True)
class Wish:
    """What a sender wants: in words, and as terms over its inputs."""

    name: str
    terms: tuple[Any, ...]


class Composed:
    """What the rules say of the first sub-option of a message that a node composes."""

    def __init__(self, situations: Situations) -> None:
        self.situations = situations
        self.solver = situations.solver()
        self.solver.add(*equal(situations, dict.fromkeys(situations.readings, 0)))
        self.decisions = [
            d for d in situations.relation.decisions if d.index == 1 and self._of_layout(d)
        ]
        self.present = z3.Bool(f"{PRESENT}[1]")

    @staticmethod
    def _of_layout(d: GroundDecision) -> bool:
        message, _, name = d.field.name.partition(".")
        carried = message == OWN and name in LAYOUTS[OWN].fields and d.field.name != PRESENT
        return carried and not names_in(d.default)  # else the node's own state has its value

    def wishes(self) -> list[Wish]:
        """Return the wishes with which the rules ask for the sub-option."""
        asking = [g for g in self.situations.relation.rules if self._asks(g)]
        return [w for w in self._all() if any(self._applies(g, w) for g in asking)]

    def _all(self) -> Iterator[Wish]:
        fields = self.situations.fields
        if mn.intent.decl().name() not in fields:
            yield Wish("", ())
            return
        for value in Intent.values:
            for term, peer in ((mn.peer_home_agent, ""), (~mn.peer_home_agent, ", to another")):
                yield Wish(value.replace("_", " ") + peer, (mn.intent == Intent[value], term))

    def _asks(self, g: GroundRule) -> bool:
        about = any(generic(n) == PRESENT for n in names_in(g.demand))
        none = z3.And([z3.Not(z3.Bool(n)) for n in names_in(g.demand) if generic(n) == PRESENT])
        return about and not self.situations.blank_solver().holds(g.constraint, none)

    def _applies(self, g: GroundRule, wish: Wish) -> bool:
        return bool(self.solver.holds(g.applies, *wish.terms))

    def free(self, d: GroundDecision, wishes: list[Wish]) -> list[Wish]:
        """Return the wishes for which no rule settles a field."""
        settling = [g for g in self.situations.relation.rules if self._settles(g, d)]
        return [w for w in wishes if not any(self._applies(g, w) for g in settling)]

    def _settles(self, g: GroundRule, d: GroundDecision) -> bool:
        mine = {n for n in names_in(g.constraint) if generic(n) == d.field.name}
        if mine != {d.label} or d.label not in names_in(g.demand):
            return False
        solver = self.situations.blank_solver()
        solver.add(self.present)
        return solver.holds(z3.Not(g.constraint))


def _reading(
    composed: Composed, receiving: Situations, d: GroundDecision, wishes: list[Wish]
) -> list[Rule]:
    """Return the rules of the receiver that read a field of such a message."""
    naming = {
        r.key
        for r in receiving.ruleset.rules_on(receiving.on)
        if d.field.name in names_in(r.given) and receiving.ruleset.is_extension(r)
    }
    sending = composed.situations
    solver = receiving.solver()
    solver.add(*sending.well_formed, composed.present)
    solver.add(*equal(receiving, dict.fromkeys(receiving.readings, 0)))
    solver.add(z3.Or([z3.And(w.terms) for w in wishes]))
    solver.add(*(g.obeyed for g in sending.relation.rules if g.rule.modality.binds))
    ground = (g for g in receiving.relation.rules if g.rule.key in naming)
    return list(dict.fromkeys(g.rule for g in ground if solver.holds(g.applies)))


@dataclass
class _Free:
    """A field that is free: in which messages, for which wishes, and who reads it there."""

    messages: list[str]
    rules: list[Rule]
    situations: Situations


def findings(views: Views, ruleset: Ruleset) -> Iterator[Finding]:
    """Yield one finding for each field of the sub-option that is free in some message."""
    found: dict[str, _Free] = {}
    for on in (on for on in RECEIVES if on in views):
        composed = Composed(views[on])
        wishes = composed.wishes()
        for d in composed.decisions:
            free = composed.free(d, wishes)
            if free:
                entry = found.setdefault(d.field.name, _Free([], [], views[on]))
                entry.messages.append(_message(on, free if len(free) < len(wishes) else []))
                if RECEIVES[on] in views:
                    entry.rules += _reading(composed, views[RECEIVES[on]], d, free)
    for name, entry in found.items():
        yield _finding(name, entry, ruleset)


def _message(on: On, wishes: list[Wish]) -> str:
    names = "; ".join(w.name for w in wishes)
    return f"a node {on.value}" + (f" to {names}" if names else "")


def _finding(name: str, entry: _Free, ruleset: Ruleset) -> Finding:
    text = f"{FIELDS[name].sentence}: no rule says when " + ", or ".join(entry.messages)
    rules = list(dict.fromkeys(entry.rules))
    found = without_input(
        "free field", entry.situations, rules, text, (name,), region=name, principal=()
    )
    known = {*ruleset.catalogue, *(i for r in ruleset.rules for i in r.ids)}
    meaning = LAYOUTS[OWN].meanings.get(name.partition(".")[2], ())
    about = {*(r.id for r in rules), *(i for i in meaning if i in known)}
    return replace(found, rules=tuple(sorted(about)))
