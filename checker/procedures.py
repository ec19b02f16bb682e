"""Procedures: what the rules let a mobile node send after a refusal, followed to its end.

The machine knows that the mobile node goes on wanting what it asked for.  Which update comes
next is its decision `mn.next`: the same or a corrected one, one without BID, several in place
of a bulk update, one with the O flag; none ends the procedure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import z3

from checker.machine import State
from checker.wishes import Exchange, Wishes
from model.mobile import update
from model.rule import On
from model.system import Action
from model.vocabulary import Intent, bu, o

ALONE = {"register_bulk": "register_one", "deregister_bulk": "deregister_one"}
ALONE["home_and_foreign_bulk"] = "register_one"
LISTED, FOR_HOME, PRESENT = (c.decl().name() for c in (update.listed_bid, o.for_home, o.present))
FIRST = f"{LISTED}[1]"
PRECEDED = update.preceded.decl().name()


@dataclass(frozen=True)
class Way:
    """A way through a procedure: where it stands, what is sent next, and what was exchanged.

    `anew`: the mobile node has started up and wants a binding with a BID; an update without BID
    goes first where the rules say so (`preceded`), and none takes its place.  `later` are the
    updates that follow, where several take the place of one.
    """

    state: State
    wish: Action
    made: tuple[Exchange, ...] = ()
    later: tuple[Action, ...] = ()
    anew: bool = False
    preceded: bool = False
    overwrites: bool = False

    @property
    def stage(self) -> tuple[object, ...]:
        """Return what tells ways apart, whatever was exchanged before."""
        later = tuple(a.name for a in self.later)
        return self.state, self.wish.name, later, self.preceded, self.overwrites


Goal = Callable[[Way], bool]


class Procedures:
    """Follows procedures by exchanges without faults."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        flag, options = o.O.decl().name(), wishes.machine.world.options
        self._with_o = {f"{flag}[{i}]": 1 for i in options}
        self._met: dict[tuple[State, str, bool], list[Exchange]] = {}

    def wanting(self, intent: str) -> list[Action]:
        """Return the actions in which the mobile node wants something."""
        value = Intent[intent]
        return [a for a in self.wishes.sends if a.inputs["mn.intent"].eq(value)]

    def lost(self, way: Way, goal: Goal) -> Iterator[tuple[str | None, Way]]:
        """Yield an end for each rule whose being obeyed keeps every way from the goal."""
        ends = list(self.ends(way, None))
        if ends and not any(map(goal, ends)):
            yield None, ends[0]
            return
        for rule in sorted({i for end in ends for e in end.made for i in e.given_up}):
            if any(rule in e.given_up for e in way.made):
                continue
            ends = list(self.ends(way, rule))
            if ends and not any(map(goal, ends)):
                yield rule, ends[0]

    def ends(self, way: Way, obeyed: str | None) -> Iterator[Way]:
        """Yield the ends of a procedure, where one rule is obeyed wherever it applies."""
        open_, seen = [way], set[tuple[object, ...]]()
        while open_:
            way = open_.pop(0)
            if way.stage in seen:
                continue
            seen.add(way.stage)
            for exchange in self._exchanges(way, obeyed):
                made = (*way.made, exchange)
                after = replace(way, state=self.wishes.plainly(exchange.after), made=made)
                further = list(self.further(after, exchange))
                open_ += further
                if not further:
                    yield after

    def _exchanges(self, way: Way, obeyed: str | None) -> list[Exchange]:
        """Return what may be exchanged next: an update without BID first where rules say so."""
        found = self.exchanges(way.state, way.wish, way.overwrites)
        if way.preceded and any(_value(e, PRECEDED) for e in found):
            (plain, *_) = self.wanting("register_plain")
            found = self.exchanges(way.state, plain)
        return [e for e in found if obeyed not in e.given_up]

    def exchanges(self, state: State, wish: Action, overwrites: bool = False) -> list[Exchange]:
        """Return the exchanges of a wish; of those that come to the same, the first."""
        key = (self.wishes.plainly(state), wish.name, overwrites)
        if key not in self._met:
            found = self.wishes.exchanges(state, wish, self._with_o if overwrites else None)
            alike = {(e.after, e.given_up, e.next, e.answers): e for e in reversed(found)}
            self._met[key] = list(alike.values())[::-1]
        return self._met[key]

    def further(self, way: Way, exchange: Exchange) -> Iterator[Way]:
        """Yield how a way goes on after an exchange; nothing where the procedure ends."""
        if not exchange.refused:
            if way.preceded and not _has_bid(exchange):
                yield replace(way, preceded=False)
            elif way.later:
                yield replace(way, wish=way.later[0], later=way.later[1:], overwrites=False)
            return
        for update_ in sorted(exchange.next):
            yield from self._next(way, update_)

    def _next(self, way: Way, update_: str) -> Iterator[Way]:
        same = replace(way, overwrites=False)
        if update_ in ("same", "corrected"):
            yield same
        elif update_ == "overwriting":
            yield replace(way, overwrites=True)
        elif update_ == "without_bulk":
            wish, *later = self.singly(way.wish)
            yield replace(same, wish=wish, later=(*later, *way.later))
        elif update_ == "without_bid" and not way.anew:
            yield replace(same, wish=self.plainly(way.wish), later=())

    def singly(self, wish: Action) -> list[Action]:
        """Return the updates of one binding each in place of a bulk one."""
        intent = next((i for i in ALONE if wish.inputs["mn.intent"].eq(Intent[i])), None)
        if intent is None:
            return [wish]
        return [self._single(wish, ALONE[intent], i) for i in self.wishes.machine.world.options]

    def _single(self, wish: Action, intent: str, i: int) -> Action:
        bid, at_home = (wish.inputs[f"{name}[{i}]"] for name in (LISTED, FOR_HOME))
        wanted = self.wanting("home_and_foreign" if z3.is_true(at_home) else intent)
        return next(a for a in wanted if a.inputs[FIRST].eq(bid) and _same_source(a, wish))

    def plainly(self, wish: Action) -> Action:
        """Return the update without BID in place of another."""
        deletes = ("deregister_one", "deregister_bulk", "deregister_all", "return_home")
        gone = any(wish.inputs["mn.intent"].eq(Intent[i]) for i in deletes)
        found = self.wanting("deregister_all" if gone else "register_plain")
        return next((a for a in found if _same_source(a, wish)), wish)


def _same_source(a: Action, b: Action) -> bool:
    name = bu.source.decl().name()
    return bool(a.inputs[name].eq(b.inputs[name]))


def _has_bid(exchange: Exchange) -> bool:
    return bool(exchange.steps[0].state[exchange.machine.names.index(f"{PRESENT}[1]")])


def _value(exchange: Exchange, label: str) -> int:
    """Return a decision of the mobile node about the update that it sent."""
    sent = exchange.judged(On.SEND_UPDATE)
    return sent.values[label] if sent else 0
