"""Endless rejection: the rules demand an update again that is refused again, for ever."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import z3

from checker.explore import Exploration
from checker.finding import Finding
from checker.machine import State
from checker.reach import Reached
from checker.wishes import NEXT, Exchange, Wishes
from model.mobile import NextUpdate
from model.rule import On
from model.system import Action
from model.vocabulary import decide, mn

Placed = tuple[Finding, Reached]
AGAIN = frozenset({"same", "corrected"})
NONE = NextUpdate.values.index("none")


class EndlessRejections:
    """Follows each refusal that exploration met, as the rules for what to do next demand."""

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self._exchanges: dict[tuple[State, str], list[Exchange]] = {}

    def findings(self, found: Exploration) -> list[Placed]:
        """Return one finding for each set of rules, with a refusal from which it goes on."""
        kept: dict[tuple[str, ...], Placed] = {}
        for state, wish in refusals(found, self.wishes):
            for given_up in sorted({e.given_up for e in self._of(state, wish)}, key=sorted):
                endless = self._endless(state, wish, given_up, ())
                if endless is not None:
                    finding = _described(endless, wish)
                    further = (*endless.steps, *self._of(endless.after, wish)[0].steps)
                    kept.setdefault(finding.rules, (finding, Reached(state, further=further)))
        return list(kept.values())

    def _of(self, state: State, wish: Action) -> list[Exchange]:
        key = (self.wishes.plainly(state), wish.name)
        if key not in self._exchanges:
            self._exchanges[key] = self.wishes.exchanges(state, wish)
        return self._exchanges[key]

    def _endless(
        self, state: State, wish: Action, given_up: frozenset[str], before: tuple[State, ...]
    ) -> Exchange | None:
        """Return an exchange of a wish that is refused for ever, giving up these rules alone."""
        plain = self.wishes.plainly(state)
        mine = [e for e in self._of(state, wish) if e.given_up == given_up]
        if not mine or len({e.answers for e in mine}) > 1 or not _again(mine):
            return None
        if plain in before:
            return mine[0]
        later = {self.wishes.plainly(e.after): e for e in mine if e.next <= AGAIN}
        for after in later:
            if self._endless(after, wish, given_up, (*before, plain)) is None:
                return None
        return next(iter(later.values()), None)


def _again(exchanges: list[Exchange]) -> bool:
    """Return whether each is refused, and the rules demand the wish again, not another."""
    if any(not e.refused for e in exchanges):
        return False
    for _, some in groupby(sorted(exchanges, key=lambda e: repr(e.received)), lambda e: e.received):
        allowed = frozenset[str]().union(*(e.next for e in some))
        if "none" in allowed or not allowed & AGAIN:
            return False
    return True


def refusals(found: Exploration, wishes: Wishes) -> Iterator[tuple[State, Action]]:
    """Yield each state after a refusal, with the wish that was refused; counters apart."""
    machine, seen = found.machine, set[tuple[State, str]]()
    place = machine.names.index("net.ack")
    for state, parent in found.parents.items():
        if parent is None or not parent[0][place] or state[place]:
            continue
        step = list(machine.successors(parent[0]))[parent[1]]
        if step.action.on is not On.RECEIVE_ACK:
            continue
        wish = _wish(found, parent[0])
        exchange = Exchange(machine, (step,))
        key = (wishes.plainly(state), wish.name if wish else "")
        if wish is not None and exchange.refused and key not in seen:
            seen.add(key)
            yield state, wish


def _wish(found: Exploration, state: State) -> Action | None:
    """Return the last update that the mobile node sent on the way to a state."""
    parent = found.parents[state]
    while parent is not None:
        step = list(found.machine.successors(parent[0]))[parent[1]]
        if step.action.on is On.SEND_UPDATE:
            return step.action
        parent = found.parents[parent[0]]
    return None


def demanding(exchange: Exchange) -> Iterator[str]:
    """Yield the ids of the rules by which sending nothing is no answer to the refusal."""
    for i in exchange.refused:
        yield from (r.id for r in exchange.forbidding(On.RECEIVE_ACK, f"{NEXT}[{i}]", NONE))


def _described(endless: Exchange, wish: Action) -> Finding:
    answer = decide.answer.decl().name()
    given_up = endless.given_up_by(On.RECEIVE_UPDATE, On.RECEIVE_ACK)
    ids = {r.id for r in endless.fixing(On.RECEIVE_UPDATE, answer, endless.refused)}
    ids |= {r.id for r in endless.fixing(On.RECEIVE_ACK, mn.resync.decl().name())}
    ids |= {*demanding(endless), *given_up}
    status = " and ".join(sorted(s.replace("_", " ") for s in endless.answers))
    without = ", ".join(sorted(given_up))
    instead = f" (giving up {without})" if without else ""
    what = wish.name.partition(",")[0]
    return Finding(
        "endless rejection",
        On.RECEIVE_ACK,
        tuple(sorted(ids)),
        ("mn.resync", "mn.next", "answer"),
        f"a mobile node that {what} is refused ({status}), has to send again, "
        f"and is refused again, without end{instead}",
        z3.BoolVal(False),
        {},
        replayed=True,
    )
