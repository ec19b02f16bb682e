"""Exchanges of one wish without faults, between nodes that go on wanting what they asked for.

A wish is an action in which the mobile node sends.  The machine knows that the mobile node goes
on (`mn.goes_on`), so that the rules say which update comes next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from checker.episodes import ENDING, Judged, judged
from checker.machine import Chosen, Machine, State, Step
from checker.outcomes import Outcome, StepEngine
from model.mobile import NextUpdate, after
from model.rule import On, Rule
from model.system import Action
from model.vocabulary import Belief, Resync, Status, bu, decide, mn

NEXT = after.next.decl().name()
RECEIVES, CONCLUDES = "processes the update", "concludes from the acknowledgement"


@dataclass(frozen=True)
class Exchange:
    """An update, its processing, and what the mobile node concludes from the answer."""

    machine: Machine
    steps: tuple[Step, ...]

    @property
    def after(self) -> State:
        """Return the state after it."""
        return self.steps[-1].state

    @cached_property
    def given_up(self) -> frozenset[str]:
        """Return the ids of the rules that were broken because others contradict them."""
        outcomes = (s.outcome for s in self.steps if s.outcome)
        return frozenset(i for o in outcomes for i in o.given_up)

    def judged(self, on: On) -> Judged | None:
        """Return its step of a kind, with the rules that applied."""
        found = (k for k, s in enumerate(self.steps) if s.action.on is on)
        place = next(found, None)
        return None if place is None else judged(self.machine, place, self.steps[place])

    @cached_property
    def concluded(self) -> Judged | None:
        """Return the step in which the mobile node concludes."""
        return self.judged(On.RECEIVE_ACK)

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """Return the slots that the update is about."""
        inputs = next(s for s in self.steps if s.action.on is On.RECEIVE_ACK).inputs
        options = self.machine.world.options
        return tuple(i for i in options if inputs[f"o.present[{i}]"]) or (0,)

    @cached_property
    def refused(self) -> tuple[int, ...]:
        """Return the slots of which the mobile node believes that they failed."""
        failed, was = Belief.values.index("failed"), self.concluded
        if was is None:
            return ()
        name = mn.believed.decl().name()
        return tuple(i for i in self.slots if was.values[f"{name}[{i}]"] == failed)

    @cached_property
    def answers(self) -> frozenset[str]:
        """Return the statuses that answer what was refused."""
        was, name = self.judged(On.RECEIVE_UPDATE), decide.answer.decl().name()
        assert was is not None
        return frozenset(Status.values[was.values[f"{name}[{i}]"]] for i in self.refused)

    @cached_property
    def next(self) -> frozenset[str]:
        """Return the updates that come next, for what was refused."""
        was = self.concluded
        values = was.values if was else {}
        return frozenset(NextUpdate.values[values[f"{NEXT}[{i}]"]] for i in self.refused)

    @cached_property
    def renumbers(self) -> bool:
        """Return whether the mobile node takes another sequence number than the next one."""
        was, keep = self.concluded, Resync.values.index("keep")
        return was is not None and was.values[mn.resync.decl().name()] != keep

    @cached_property
    def received(self) -> tuple[object, ...]:
        """Return what the mobile node concludes from."""
        was = self.concluded
        return (was.applied.rules, was.applied.context) if was else ()

    def given_up_by(self, *steps: On) -> frozenset[str]:
        """Return the ids of the rules that were broken in steps of these kinds."""
        outcomes = (s.outcome for s in self.steps if s.outcome and s.action.on in steps)
        return frozenset(i for o in outcomes for i in o.given_up)

    def fixing(self, on: On, name: str, slots: tuple[int, ...] = (0,)) -> Iterator[Rule]:
        """Yield the rules obeyed in a step that leave a decision no other value."""
        labels = {name, *(f"{name}[{i}]" for i in slots)}
        for was, k in self.obeyed(on):
            ground = was.ground(k)
            if ground.speaks and any(_fixes(was, k, n) for n in labels & ground.decisions):
                yield ground.rule

    def forbidding(self, on: On, label: str, value: int) -> Iterator[Rule]:
        """Yield the rules obeyed in a step that do not let a decision (by label) be a value."""
        for was, k in self.obeyed(on):
            about = label in was.ground(k).decisions
            if about and not was.engine.obeys(k, was.applied, {**was.values, label: value}):
                yield was.ground(k).rule

    def obeyed(self, on: On) -> Iterator[tuple[Judged, int]]:
        """Yield the rules that are obeyed in a step of a kind, by position."""
        was = self.judged(on)
        if was is not None:
            yield from ((was, k) for k in was.applied.rules if k not in was.broken)


def _fixes(was: Judged, k: int, label: str) -> bool:
    """Return whether a rule forbids every other value of a decision, all else as it is."""
    own = next(d for d in was.engine.relation.decisions if d.label == label)
    others = (v for v in was.engine.domain(own) if v != was.values[label])
    return not any(was.engine.obeys(k, was.applied, {**was.values, label: v}) for v in others)


class Wishes:
    """Runs exchanges on a machine; counters of messages and faults begin anew each time."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.actions: Mapping[str, Action] = {a.name: a for a in machine.actions}
        self.sends = [a for a in machine.actions if a.on is On.SEND_UPDATE]
        self._endings = [a for a in machine.actions if a.on in ENDING]
        place = machine.names.index
        self._counters = tuple(place(n) for n in ("net.sent", "net.faults", "mn.misled"))

    def plainly(self, state: State) -> State:
        """Return a state with its counters at zero."""
        values = list(state)
        for k in self._counters:
            values[k] = 0
        return tuple(values)

    def exchanges(
        self, state: State, wish: Action, values: Mapping[str, int] | None = None
    ) -> list[Exchange]:
        """Return the exchanges of a wish, acknowledged ones alone, with values in the update."""
        chosen = _asking({bu.ack.decl().name(): 1, **(values or {})})
        found: list[tuple[Step, ...]] = [
            (s,) for s in self.machine.taken(wish, self.plainly(state), chosen)
        ]
        for name in (RECEIVES, CONCLUDES):
            action = self.actions[name]
            found = [
                (*steps, s)
                for steps in found
                for s in self.machine.taken(action, steps[-1].state, StepEngine.outcomes)
            ]
        return [Exchange(self.machine, ended) for steps in found for ended in self._ended(steps)]

    def _ended(self, steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
        """Yield the steps with those in which a Lifetime of zero then runs out."""
        state = steps[-1].state
        for action in self._endings:
            after = list(self.machine.taken(action, state, StepEngine.outcomes))
            if after:
                yield from (more for s in after for more in self._ended((*steps, s)))
                return
        yield steps


def _asking(values: Mapping[str, int]) -> Chosen:
    """Return the outcomes of composing in which fields have values that nothing forbids."""

    def chosen(engine: StepEngine, before: list[int]) -> Iterator[Outcome]:
        applied = engine.applied(before)
        usual = {outcome.given_up for outcome in engine.outcomes_of(applied)}
        seen = {n: frozenset({v}) for n, v in values.items()}
        yield from (o for o in engine.outcomes_of(applied, seen) if o.given_up in usual)

    return chosen
