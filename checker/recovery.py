"""No recovery: a procedure of the text that does not lead back to agreement.

Either the mobile node has started anew and wants a binding with a BID, whatever its peer still
holds (`mn.boots`); or an update was refused, and the rules say what to send next.  It does what
they say, without faults, until nothing more is to be sent.
"""

from __future__ import annotations

from collections.abc import Iterator

import z3

from checker.episodes import NUMBERS
from checker.explore import Exploration
from checker.finding import Finding
from checker.machine import State
from checker.procedures import PRECEDED, Goal, Procedures, Way
from checker.reach import Reached
from checker.situation import generic
from checker.views import Views
from checker.wishes import NEXT, Exchange, Wishes
from model.binding_list import LIST
from model.mobile import NextUpdate
from model.rule import On
from model.vocabulary import Kind, Registration, Where, bc, decide, mn, node, o

SENT_BID = f"{o.bid.decl().name()}[1]"
Placed = tuple[Finding, Reached]
ANSWER, BELIEVED = (c.decl().name() for c in (decide.answer, mn.believed))


class Recoveries:
    """Follows what the text says, for each rule that others contradict."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes, self.machine = wishes, wishes.machine
        self.procedures = Procedures(wishes)
        self.views = Views(self.machine)
        self.place = {n: k for k, n in enumerate(self.machine.names)}

    def after_start(self, found: Exploration) -> list[Placed]:
        """Return a finding for each set of rules by which no binding with a BID is had."""
        (wish, *_) = self.procedures.wanting("register_one")
        ways = (
            (state, Way(started, wish, anew=True, preceded=True))
            for state, started in self._starts(found)
        )
        return self._findings(ways, self._wanted)

    def after_refusal(self, found: Exploration) -> list[Placed]:
        """Return a finding for each set of rules by which a refusal ends in a difference."""
        return self._findings(self._refusals(found), self._agreed)

    def _findings(self, ways: Iterator[tuple[State, Way]], goal: Goal) -> list[Placed]:
        kept: dict[tuple[str, ...], Placed] = {}
        for state, way in ways:
            for obeyed, lost in self.procedures.lost(way, goal):
                finding = self._described(lost, obeyed)
                further = tuple(s for e in lost.made for s in e.steps)
                if finding.rules:
                    kept.setdefault(finding.rules, (finding, Reached(state, further=further)))
        return list(kept.values())

    def _agreeing(self, found: Exploration) -> Iterator[State]:
        """Yield the states at rest in which both views agree, without faults before."""
        faults, seen = self.place["net.faults"], set[State]()
        for state in found.parents:
            if state[faults] or not self.views.rests(state) or self.views.differences(state):
                continue
            plain = self.wishes.plainly(state)
            if plain not in seen:
                seen.add(plain)
                yield state

    def _starts(self, found: Exploration) -> Iterator[tuple[State, State]]:
        """Yield states at rest with what becomes of them when the mobile node starts anew."""
        seen: set[State] = set()
        for state in self._agreeing(found):
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

    def _refusals(self, found: Exploration) -> Iterator[tuple[State, Way]]:
        """Yield what may follow a refusal, from states of agreement; alike ones once.

        What comes of a refused sequence number is no matter of one procedure (see
        `checker.endless`); otherwise numbers do not matter.
        """
        seen: set[tuple[object, ...]] = set()
        for state in self._agreeing(found):
            for wish in self.wishes.sends:
                for e in self.procedures.exchanges(state, wish):
                    key = (wish.name, self._unnumbered(e.after), e.next)
                    if e.refused and not e.renumbers and key not in seen:
                        seen.add(key)
                        way = Way(self.wishes.plainly(e.after), wish, (e,))
                        yield from ((state, w) for w in self.procedures.further(way, e))

    def _unnumbered(self, state: State) -> State:
        numbers = (n in NUMBERS for n in map(generic, self.machine.names))
        return tuple(0 if n else v for n, v in zip(numbers, state, strict=True))

    def _agreed(self, way: Way) -> bool:
        """Return whether both views agree; while an answer is awaited nothing is lost."""
        return not self.views.rests(way.state) or not self.views.differences(way.state)

    def _wanted(self, way: Way) -> bool:
        """Return whether both nodes hold the binding that the mobile node wants."""
        if not self.views.rests(way.state):
            return True
        bid = way.made[-1].steps[0].state[self.place[SENT_BID]]
        listed = Registration.values.index("registered")
        return bool(bid) and self._agreed(way) and self._of(way, mn.status, bid) == listed

    def _of(self, way: Way, const: z3.ExprRef, index: int = 0) -> int:
        return way.state[self.place[self.machine.system.name(const, index)]]

    def _described(self, way: Way, obeyed: str | None) -> Finding:
        last, first = way.made[-1], way.made[0]
        given_up = {i for e in way.made for i in e.given_up_by(On.RECEIVE_UPDATE, On.RECEIVE_ACK)}
        ids = {*given_up, *stopping(last), *([obeyed] if obeyed else [])}
        for e in (last,) if way.anew else (first, last):
            ids |= {r.id for r in e.fixing(On.RECEIVE_UPDATE, ANSWER, e.refused)}
            ids |= {r.id for r in e.fixing(On.RECEIVE_ACK, BELIEVED, e.refused)}
        if way.anew and len(way.made) > 1:
            ids |= {r.id for r in last.fixing(On.SEND_UPDATE, PRECEDED)}
        peer = "home agent" if self._of(way, node.home_agent) else "correspondent node"
        instead = f" (giving up {', '.join(sorted(given_up))})" if given_up else ""
        what = self._after_start(way, peer) if way.anew else _after_refusal(way, peer)
        return Finding(
            "no recovery",
            On.RECEIVE_ACK,
            tuple(sorted(ids)),
            (mn.status.decl().name(), bc.kind.decl().name()),
            f"{what}{instead}",
            z3.BoolVal(False),
            {},
            region=peer if way.anew else f"{peer}; {_answers(first)}",
            replayed=True,
        )

    def _after_start(self, way: Way, peer: str) -> str:
        """Say what the mobile node is told at the end, and what the peer then holds."""
        bid, told = way.made[-1].steps[0].state[self.place[SENT_BID]], _answers(way.made[-1])
        text = f"a mobile node that starts anew does what the rules say at a {peer}"
        if bid and self._of(way, bc.kind, bid) == Kind.values.index("bid"):
            return (
                f"{text}: it is told that the binding with a BID failed ({told}) and must not ask "
                "again as it did, though the peer holds that binding"
            )
        return f"{text}, and does not get the binding with a BID: it failed ({told})"


def _answers(exchange: Exchange) -> str:
    return " and ".join(sorted(s.replace("_", " ") for s in exchange.answers))


def _after_refusal(way: Way, peer: str) -> str:
    return (
        f"a {peer} refuses an update ({_answers(way.made[0])}), the mobile node does what the "
        "rules say next, and in the end they hold different bindings"
    )


def stopping(exchange: Exchange) -> Iterator[str]:
    """Yield the ids of the rules by which the mobile node does not ask again."""
    for i in exchange.refused:
        for value in ("corrected", "overwriting"):
            index = NextUpdate.values.index(value)
            for r in exchange.forbidding(On.RECEIVE_ACK, f"{NEXT}[{i}]", index):
                yield r.id
