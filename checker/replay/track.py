"""Following one home address at one node: from state set to state set, exchange by exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from checker.replay import hidden
from checker.replay.clock import Clock
from checker.replay.exchanges import Exchange
from checker.replay.follow import next_states
from checker.replay.hidden import Assumption
from checker.replay.judge import Assessment, Judgement, assess, merged, with_readings
from checker.replay.observe import Observer
from checker.replay.relation import Relation
from checker.replay.seen import Seen
from checker.replay.state import State, empty_state, state_of_dump, unique
from checker.replay.update import update_inputs

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
            len(a.having("deviates", "ambiguous")),
        )


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


@dataclass(slots=True)
class Tracker:
    """Keeps the states consistent with all that was observed of one home address."""

    relation: Relation
    observer: Observer
    home_agent: bool
    readings: dict[str, int]
    states: list[State] = field(default_factory=lambda: [empty_state()])
    clock: Clock = field(default_factory=Clock)
    known: bool = False  # whether the state at the start is certain
    proxy_fault: tuple[int, int, str] | None = None  # value, exchange, rule
    router: bool = False  # whether an update with the R flag was seen

    def run(self, session: Sequence[Exchange]) -> Iterator[Judged]:
        """Judge the exchanges in order."""
        late: list[State] = []
        for e in session:
            self._arrive(e, late)
            worlds = self._best(e)
            after = unique(s for w in worlds for s in self._next(e, w))
            yield Judged(e, tuple(worlds), tuple(self._judgements(e, worlds)), tuple(after))
            late = [w.before for w in worlds] if self._overlaps(e) else []
            self.states, self.known = after, True
            self.clock.granted(e, self.observer.naming, self.observer.knows_bids)

    def _arrive(self, e: Exchange, late: list[State]) -> None:
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
            self.states = self.clock.expired(unique([*self.states, *late]), e.update.time)

    @staticmethod
    def _overlaps(e: Exchange) -> bool:
        """Whether the next update came before this one was answered."""
        if e.next_at is None:
            return False
        return e.answered_at is None or e.answered_at > e.next_at

    def _next(self, e: Exchange, w: World) -> list[State]:
        return next_states(self.relation, self.observer, e, w.assessment, w.before)

    @property
    def certain(self) -> bool:
        """Whether nothing happened to the cache that the trace does not show."""
        return self.known and self.observer.vantage.answers

    def _best(self, e: Exchange) -> list[World]:
        """The worlds with the fewest violations and the fewest assumptions."""
        worlds = [w for s in self.states for w in self._worlds(e, s, False)]
        if not self.certain and min(w.cost for w in worlds)[0]:
            seen = worlds[0].assessment.seen
            states = [empty_state(), *hidden.earlier_states(e, self.observer.naming, seen)]
            worlds += [w for s in states for w in self._worlds(e, s, True)]
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
        nominal = self._world(e, before, Assumption(), seen, earlier)
        yield nominal
        if nominal.assessment.having("violates", "deviates"):
            for assumption in hidden.assumptions(e, seen, self.observer.vantage):
                yield self._world(e, before, assumption, seen, earlier)

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
        found = assess(self.relation, self.relation.values(given), seen)
        return World(before, assumption, with_readings(self.relation, found), earlier)

    def _judgements(self, e: Exchange, worlds: Sequence[World]) -> Iterator[Judgement]:
        """The judgements with the notes of what was assumed; later faults of proxy ND once."""
        found = merged(w.assessment for w in worlds)
        notes = [_assumed(w) for w in worlds[:1]]
        fault = self._proxy_fault(e, worlds, found)
        router, doubted = self._is_router(e), self._doubted(e, worlds)
        for j in found.values():
            judged = self._follows(_unruled(j) if router else j, worlds[0])
            doubt = DOUBT if j.rule in doubted else ""
            yield replace(judged, note="; ".join(n for n in (judged.note, doubt, *notes) if n))
        self.proxy_fault = fault

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

    def _proxy_fault(
        self, e: Exchange, worlds: Sequence[World], found: dict[str, Judgement]
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
