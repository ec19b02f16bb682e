"""No recovery: a procedure of the text that does not lead back to agreement.

The mobile node has started anew and wants a binding with a BID, whatever its peer still holds
(`mn.boots`).  It does what the rules say, without faults; where it is refused, it does what they
let come next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import z3

from checker.explore import Exploration
from checker.finding import Finding
from checker.machine import State
from checker.reach import Reached
from checker.views import Views
from checker.wishes import NEXT, Exchange, Wishes
from model.binding_list import LIST
from model.mobile import NextUpdate, update
from model.rule import On
from model.system import Action
from model.vocabulary import Intent, Registration, Where, bc, decide, mn, node, o

Placed = tuple[Finding, Reached]
START, AGAIN, OVERWRITE = "start", "again", "overwrite"
FOLLOWS = {
    "same": AGAIN,
    "corrected": AGAIN,
    "without_bulk": AGAIN,
    "overwriting": OVERWRITE,
}
WITH_O = {f"{o.O.decl().name()}[1]": 1}
PRECEDED, ANSWER, BELIEVED = (
    c.decl().name() for c in (update.preceded, decide.answer, mn.believed)
)


@dataclass(frozen=True)
class _Way:
    """A way through the procedure: the exchanges made, where it stands, what is done next."""

    state: State
    stage: str
    made: tuple[Exchange, ...] = ()


class Recoveries:
    """Follows what the text says after a start, for each rule that others contradict."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes, self.machine = wishes, wishes.machine
        self.views = Views(self.machine)
        self.place = {n: k for k, n in enumerate(self.machine.names)}
        self.plain = self._wanting("register_plain")
        self.wish = self._wanting("register_one")

    def _wanting(self, intent: str) -> Action:
        return next(a for a in self.wishes.sends if a.inputs["mn.intent"].eq(Intent[intent]))

    def findings(self, found: Exploration) -> list[Placed]:
        """Return one finding for each set of rules by which no way leads to the binding."""
        kept: dict[tuple[str, ...], Placed] = {}
        for state, started in self._starts(found):
            for obeyed, way in self._lost(started):
                finding = self._described(way, obeyed)
                further = tuple(s for e in way.made for s in e.steps)
                kept.setdefault(finding.rules, (finding, Reached(state, further=further)))
        return list(kept.values())

    def _starts(self, found: Exploration) -> Iterator[tuple[State, State]]:
        """Yield states at rest with what becomes of them when the mobile node starts anew."""
        seen: set[State] = set()
        faults = self.place["net.faults"]
        for state in found.parents:
            if state[faults]:
                continue
            if self.views.rests(state) and not self.views.differences(state):
                started = self._started(state)
                if started not in seen:
                    seen.add(started)
                    yield state, started

    def _started(self, state: State) -> State:
        """Return the state with an empty Binding Update List, all interfaces on foreign links."""
        values, world = list(self.wishes.plainly(state)), self.machine.world
        for const in (*LIST, mn.defends):
            for i in world.indices(world.family(const)):
                values[self.place[self.machine.system.name(const, i)]] = 0
        for i in world.indices("interface"):
            at = self.place[self.machine.system.name(mn.where, i)]
            values[at] = Where.values.index("foreign")
        return tuple(values)

    def _lost(self, state: State) -> Iterator[tuple[str | None, _Way]]:
        """Yield a way for each rule whose being obeyed keeps every way from the goal."""
        ends = list(self._ends(state, None))
        if ends and not any(map(self._wanted, ends)):
            yield None, ends[0]
            return
        for rule in sorted({i for way in ends for e in way.made for i in e.given_up}):
            ends = list(self._ends(state, rule))
            if ends and not any(map(self._wanted, ends)):
                yield rule, ends[0]

    def _wanted(self, way: _Way) -> bool:
        """Return whether both nodes hold the binding that the mobile node wants."""
        bid = way.made[-1].steps[0].state[self.place["o.bid[1]"]]
        if not bid:
            return False
        status = way.state[self.place[self.machine.system.name(mn.status, bid)]]
        agreed = self.views.rests(way.state) and not self.views.differences(way.state)
        return agreed and status == Registration.values.index("registered")

    def _ends(self, state: State, obeyed: str | None) -> Iterator[_Way]:
        """Yield the ends of the procedure, where one rule is obeyed wherever it applies."""
        open_, seen = [_Way(state, START)], set[tuple[State, str]]()
        while open_:
            way = open_.pop(0)
            if (way.state, way.stage) in seen:
                continue
            seen.add((way.state, way.stage))
            for exchange in self._exchanges(way, obeyed):
                after = self.wishes.plainly(exchange.after)
                made = (*way.made, exchange)
                stages = _stages(exchange)
                open_ += [_Way(after, stage, made) for stage in stages]
                if not stages:
                    yield _Way(after, "", made)

    def _exchanges(self, way: _Way, obeyed: str | None) -> list[Exchange]:
        """Return what may be exchanged next: an update without BID first where rules say so."""
        values = WITH_O if way.stage == OVERWRITE else None
        found = self.wishes.exchanges(way.state, self.wish, values)
        if way.stage == START and any(_value(e, PRECEDED) for e in found):
            found = self.wishes.exchanges(way.state, self.plain)
        return [e for e in found if obeyed not in e.given_up]

    def _described(self, way: _Way, obeyed: str | None) -> Finding:
        last = way.made[-1]
        given_up = last.given_up_by(On.RECEIVE_UPDATE, On.RECEIVE_ACK)
        ids = {*given_up, *stopping(last)}
        ids |= {r.id for r in last.fixing(On.RECEIVE_UPDATE, ANSWER, last.refused)}
        ids |= {r.id for r in last.fixing(On.RECEIVE_ACK, BELIEVED, last.refused)}
        if len(way.made) > 1:
            ids |= {r.id for r in last.fixing(On.SEND_UPDATE, PRECEDED)}
        if obeyed is not None:
            ids.add(obeyed)
        home_agent = way.state[self.place[node.home_agent.decl().name()]]
        peer = "home agent" if home_agent else "correspondent node"
        status = " and ".join(sorted(s.replace("_", " ") for s in last.answers))
        instead = f" (giving up {', '.join(sorted(given_up))})" if given_up else ""
        return Finding(
            "no recovery",
            On.RECEIVE_ACK,
            tuple(sorted(ids)),
            (mn.status.decl().name(), bc.kind.decl().name()),
            f"a mobile node that starts anew does what the rules say at a {peer}, and never has "
            f"the binding that it wants: it is told that it failed ({status}){instead}",
            z3.BoolVal(False),
            {},
            region=peer,
            replayed=True,
        )


def _stages(exchange: Exchange) -> list[str]:
    """Return what may follow an exchange; nothing where the procedure ends."""
    if not exchange.steps[0].state[exchange.machine.names.index("o.present[1]")]:
        goes_on = not exchange.refused or exchange.next & set(FOLLOWS)
        return [START if exchange.refused else AGAIN] if goes_on else []
    return sorted({FOLLOWS[n] for n in exchange.next if n in FOLLOWS})


def _value(exchange: Exchange, label: str) -> int:
    """Return a decision of the mobile node about the update that it sent."""
    sent = exchange.judged(On.SEND_UPDATE)
    return sent.values[label] if sent else 0


def stopping(exchange: Exchange) -> Iterator[str]:
    """Yield the ids of the rules by which the mobile node does not ask again."""
    for i in exchange.refused:
        for value in ("corrected", "overwriting"):
            index = NextUpdate.values.index(value)
            for r in exchange.forbidding(On.RECEIVE_ACK, f"{NEXT}[{i}]", index):
                yield r.id
