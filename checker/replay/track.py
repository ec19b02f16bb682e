"""Following one home address at one node: from state set to state set, exchange by exchange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from checker.replay import hidden
from checker.replay.clock import Clock
from checker.replay.exchanges import Exchange
from checker.replay.follow import next_states
from checker.replay.hidden import Assumption
from checker.replay.judge import Assessment, Judgement, judged, merged
from checker.replay.naming import Naming
from checker.replay.observe import Observer
from checker.replay.relation import Relation
from checker.replay.seen import Seen
from checker.replay.state import (
    State,
    addresses_in,
    bids_in,
    empty_state,
    renamed,
    state_of_dump,
    unique,
)
from checker.replay.update import update_inputs
from traces.events import BindingUpdate

FEW = 8  # names that are kept though nothing may have them any more
ROUTER_STATUSES = range(139, 144)
DOUBT = (
    "this update or an earlier one was processed wrongly: with a binding left over, which the "
    "recording does not show, the answer would be right"
)


@dataclass(frozen=True, slots=True)
class World:
    """One way it may have been: a state before, hidden inputs, and what the rules say of it."""

    before: State
    assumption: Assumption
    assessment: Assessment
    earlier: bool = False

    @property
    def cost(self) -> tuple[int, int, int, int]:
        """Violations first, then what had to be assumed, then deviations."""
        a = self.assessment
        return (
            len(a.violations),
            int(self.earlier),
            int(bool(self.assumption.inputs)),
            a.lesser,
        )

    def explains(self, other: World) -> bool:
        """Whether what it assumes takes verdicts away and puts no violation in their place."""
        mine, theirs = self.assessment.violations, other.assessment.violations
        return mine < theirs or (mine == theirs and self.cost[3] < other.cost[3])


@dataclass(frozen=True, slots=True)
class Judged:
    """One exchange, judged: the worlds that fit best, the judgements, the states around it."""

    exchange: Exchange
    worlds: tuple[World, ...]
    judgements: tuple[Judgement, ...]
    after: tuple[State, ...]

    @property
    def seen(self) -> Seen:
        """What was observed, in the first world."""
        return self.worlds[0].assessment.seen


@dataclass(frozen=True, slots=True)
class Silence:
    """An update that stayed without the answer that a rule demands."""

    update: BindingUpdate
    exchange: int
    rule: str

    def again(self, update: BindingUpdate) -> bool:
        """Whether an update is the same once more: only number and time differ (3775-11.8)."""
        place, time, sequence = update.place, update.time, update.sequence
        return replace(self.update, place=place, time=time, sequence=sequence) == update


@dataclass(slots=True)
class Tracker:
    """Keeps the states consistent with all that was observed of one home address.

    `relation`, `observer` and `home_agent` are those of the stretch that is judged.
    """

    relation: Relation
    observer: Observer
    home_agent: bool
    readings: Mapping[str, int]
    states: list[State] = field(default_factory=lambda: [empty_state()])
    clock: Clock = field(default_factory=Clock)
    known: bool = False  # whether the state at the start is certain
    proxy_fault: tuple[int, int, str] | None = None  # value, exchange, rule
    router: bool = False  # whether an update with the R flag was seen
    silence: Silence | None = None  # an update that was not answered, and is sent again since
    late: list[State] = field(default_factory=list)  # the states before an update unanswered so far

    def forget(self) -> Naming:
        """Drop the names that nothing in the cache has any more; return those that are left."""
        old, states = self.observer.naming, [*self.states, *self.late]
        if len(old.bids) + len(old.addresses) <= FEW:
            return old
        bids = (k for s in states for k in bids_in(s))
        left = old.kept(bids, (a for s in states for a in addresses_in(s)))
        renaming = _renaming(old.bids, left.bids), _renaming(old.addresses, left.addresses)
        self.states = [renamed(s, *renaming) for s in self.states]
        self.late = [renamed(s, *renaming) for s in self.late]
        self.clock.rename(renaming[0])
        return left

    def run(self, session: Sequence[Exchange]) -> Iterator[Judged]:
        """Judge the exchanges in order."""
        for e in session:
            self._arrive(e)
            worlds = self._best(e)
            after = self._next(e, worlds)
            yield Judged(e, tuple(worlds), self._judgements(e, worlds), tuple(after))
            self.late = [w.before for w in worlds] if self._overlaps(e) else []
            self.states, self.known = after, self._witnessed(e)
            self.clock.granted(e, self.observer.naming, self.observer.knows_bids)

    def _arrive(self, e: Exchange) -> None:
        """The states when an update arrives: by the dump before it, else as time left them."""
        if e.before is not None:
            numbers = [s.get("bc.last_sequence", 0) for s in self.states]
            naming = self.observer.naming
            self.states = unique(
                state_of_dump(e.before, naming, e.receiver, n, pending)
                for n in numbers
                for pending in (False, True)
            )
            self.known = True
        else:
            states = unique([*self.states, *self.late]) if self.late else self.states
            self.states = self.clock.expired(states, e.update.time)
        self.known = self.known and self._witnessed(e)

    @staticmethod
    def _overlaps(e: Exchange) -> bool:
        """Whether the next update comes, or may come, before this one is answered."""
        if e.answered_at is None:
            return True
        return e.next_at is not None and e.answered_at > e.next_at

    def _witnessed(self, e: Exchange) -> bool:
        """Whether the update was seen where it arrived, and nothing can have happened unseen."""
        vantage = self.observer.vantage
        arrived = not vantage.views or e.update.fate == "arrived"
        return arrived and vantage.covers(e.update.time)

    def _next(self, e: Exchange, worlds: Sequence[World]) -> list[State]:
        found = [
            next_states(self.relation, self.observer, e, w.assessment, w.before) for w in worlds
        ]
        return found[0] if len(found) == 1 else unique(chain.from_iterable(found))

    @property
    def certain(self) -> bool:
        """Whether nothing happened to the cache that the trace does not show."""
        return self.known and self.observer.vantage.answers

    def _best(self, e: Exchange) -> list[World]:
        """The worlds with the fewest violations and the fewest assumptions."""
        worlds = [w for s in self.states for w in self._worlds(e, s, False)]
        best = min(worlds, key=lambda w: w.cost)
        if not self.certain and best.cost[0]:
            seen = worlds[0].assessment.seen
            states = [empty_state(), *hidden.earlier_states(e, self.observer.naming, seen)]
            earlier = [w for s in states for w in self._worlds(e, s, True)]
            worlds += [w for w in earlier if w.explains(best)]
        least = min(w.cost[:3] for w in worlds)
        return [w for w in worlds if w.cost[:3] == least]

    def _doubted(self, e: Exchange, worlds: Sequence[World]) -> frozenset[str]:
        """The violations that another cache would explain, where no dump shows the cache."""
        broken = worlds[0].assessment.violations
        if not broken or self.observer.vantage.log or not self.certain:
            return frozenset()
        states = hidden.earlier_states(e, self.observer.naming, worlds[0].assessment.seen)
        others = [w for s in states for w in self._worlds(e, s, True)]
        left = [w.assessment.violations for w in others if w.assessment.violations < broken]
        return broken - frozenset.intersection(*left) if left else frozenset()

    def _worlds(self, e: Exchange, before: State, earlier: bool) -> Iterator[World]:
        seen = self.observer.observe(e, before)
        shown = hidden.shown(e, self.observer.vantage)
        nominal = self._world(e, before, shown, seen, earlier)
        yield nominal
        if nominal.assessment.suspicious:
            for assumption in hidden.assumptions(e, seen, self.observer.vantage):
                assumed = self._world(e, before, shown.and_(assumption), seen, earlier)
                if assumed.explains(nominal):
                    yield assumed

    def _world(
        self, e: Exchange, before: State, assumption: Assumption, seen: Seen, earlier: bool
    ) -> World:
        observer = self.observer
        options = observer.options(e)
        given = {
            **self.readings,
            **before,
            **hidden.node_inputs(e, self.home_agent),
            **update_inputs(e.update, observer.naming, observer.numbers, options, observer.layout),
            **assumption.inputs,
        }
        found = judged(self.relation, self.relation.values(given), seen)
        return World(before, assumption, found, earlier)

    def _judgements(self, e: Exchange, worlds: Sequence[World]) -> tuple[Judgement, ...]:
        """The judgements with the notes of what was assumed; later faults of proxy ND once."""
        found = merged(w.assessment for w in worlds)
        note = _assumed(worlds[0])
        fault = self._proxy_fault(e, worlds, found)
        router, doubted = self._is_router(e), self._doubted(e, worlds)
        earlier = self.proxy_fault or self.silence
        if len(worlds) == 1 and not (note or router or doubted or earlier):
            told = worlds[0].assessment.told
        else:
            told = tuple(self._told(j, e, worlds[0], router, doubted, note) for j in found.values())
        self.proxy_fault, self.silence = fault, self._silence(e, told)
        return told

    def _told(
        self,
        j: Judgement,
        e: Exchange,
        world: World,
        router: bool,
        doubted: frozenset[str],
        note: str,
    ) -> Judgement:
        """A judgement with what has to be said of it here."""
        told = self._goes_on(self._follows(_unruled(j) if router else j, world), e)
        doubt = DOUBT if j.rule in doubted else ""
        return replace(told, note="; ".join(n for n in (told.note, doubt, note) if n))

    def _is_router(self, e: Exchange) -> bool:
        """Whether RFC 3963, whose state is not followed, may have refused: R, now or before."""
        self.router = self.router or e.update.mobile_router
        refused = e.answer is not None and e.answer.status in ROUTER_STATUSES
        return self.router and refused

    def _follows(self, j: Judgement, world: World) -> Judgement:
        """A violation about proxy ND that an earlier one brought about is not counted again."""
        if self.proxy_fault is None or j.verdict != "violates" or j.decisive is None:
            return j
        value, number, rule = self.proxy_fault
        stays = int(world.before.get("bc.proxy", 0)) == value
        if j.decisive.names != ("proxy",) or not stays:
            return j
        state = "on" if value else "off"
        note = f"proxy Neighbor Discovery is {state} since exchange {number} violated {rule}"
        return replace(j, verdict="inconclusive", note=note)

    def _goes_on(self, j: Judgement, e: Exchange) -> Judgement:
        """An update that stays without answer once more is not counted again."""
        if self.silence is None or not _is_silence(j) or not self.silence.again(e.update):
            return j
        since = f"exchange {self.silence.exchange} violated {self.silence.rule}"
        return replace(j, verdict="inconclusive", note=f"silent to this update since {since}")

    def _silence(self, e: Exchange, told: Sequence[Judgement]) -> Silence | None:
        """What is unanswered after this exchange, and since when."""
        if self.silence is not None and e.answer is None and self.silence.again(e.update):
            return self.silence
        broken = [j.rule for j in told if j.verdict == "violates" and _is_silence(j)]
        return Silence(e.update, e.number, broken[0]) if broken else None

    def _proxy_fault(
        self, e: Exchange, worlds: Sequence[World], found: Mapping[str, Judgement]
    ) -> tuple[int, int, str] | None:
        """What is wrong about proxy ND after this exchange, and since when."""
        seen = worlds[0].assessment.seen.sure("proxy")
        if seen is None:
            return self.proxy_fault
        about = [j for j in found.values() if j.decisive and j.decisive.names == ("proxy",)]
        broken = [j.rule for j in about if j.verdict == "violates"]
        right = not broken and any(j.verdict == "conforms" for j in about)
        if self.proxy_fault is not None and self.proxy_fault[0] == seen and not right:
            return self.proxy_fault
        return (seen, e.number, broken[0]) if broken else None


def _renaming(old: Mapping[Any, int], new: Mapping[Any, int]) -> dict[int, int]:
    """The new index by the old one, of what is still named."""
    return {index: new[value] for value, index in old.items() if value in new}


def _is_silence(j: Judgement) -> bool:
    """Whether it says that an answer is missing."""
    missing = j.decisive is not None and j.decisive.names == ("acknowledged",)
    return missing and j.verdict == "violates"


def _unruled(j: Judgement) -> Judgement:
    """A fault that is none where RFC 3963 6.2 has the update refused; copies are due anyway."""
    names = () if j.decisive is None else j.decisive.names
    if j.verdict not in ("violates", "deviates") or any(n.startswith("o.copied") for n in names):
        return j
    note = "the R flag is set or changes: RFC 3963 6.2 refuses that; replay does not follow it"
    return replace(j, verdict="inconclusive", note=note)


def _assumed(world: World) -> str:
    earlier = "assumed: updates before the recording, or not in it" if world.earlier else ""
    return "; ".join(n for n in (world.assumption.note, earlier) if n)
