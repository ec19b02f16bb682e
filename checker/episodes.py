"""An episode: the transitions from agreement at rest to a difference between both views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from checker.explore import Exploration
from checker.machine import Machine, State, Step
from checker.outcomes import Applied, StepEngine
from checker.views import NOTHING, Difference, Views
from model.rule import Modality, On, Rule
from model.step import GroundRule
from model.system import STRANGER
from model.vocabulary import bc, bu, mn, net

ENDING = (On.EXPIRE, On.KEEP_LIST)  # a Lifetime runs out
DECIDING = (On.RECEIVE_UPDATE, On.RECEIVE_ACK, *ENDING)


@dataclass(frozen=True)
class Judged:
    """A step of an episode in which a node decides, with the rules that applied in it."""

    position: int
    step: Step
    engine: StepEngine
    applied: Applied

    @cached_property
    def values(self) -> Mapping[str, int]:
        """Return its decisions by label."""
        assert self.step.outcome is not None
        labels = (d.label for d in self.engine.relation.decisions)
        return dict(zip(labels, self.step.outcome.values, strict=True))

    @cached_property
    def broken(self) -> frozenset[int]:
        """Return the positions of the ground rules that it does not obey."""
        applied, values = self.applied, self.values
        return frozenset(
            k
            for k in applied.rules
            if self._rule(k).modality is not Modality.MAY
            and not self.engine.obeys(k, applied, values)
        )

    @property
    def permitted(self) -> Iterator[str]:
        """Yield the ids of the permissions by which a decision is not what it usually is."""
        decisions = self.engine.relation.decisions
        usual = self.engine.usual(self.applied)
        departs = {d.label for d in decisions if self.values[d.label] != usual[d.label]}
        for k in self.applied.rules:
            allowed = self._rule(k).modality is Modality.MAY and self.ground(k).decisions & departs
            if allowed and self.engine.obeys(k, self.applied, self.values):
                yield self._rule(k).id

    @property
    def obeyed(self) -> Iterator[Rule]:
        """Yield the rules that it obeys; a permission is none."""
        for k in self.applied.rules:
            if k not in self.broken and self._rule(k).modality is not Modality.MAY:
                yield self._rule(k)

    def ground(self, k: int) -> GroundRule:
        """Return the ground rule at a position."""
        return self.engine.relation.rules[k]

    def _rule(self, k: int) -> Rule:
        return self.ground(k).rule


@dataclass(frozen=True)
class Episode:
    """The transitions since the last agreement at rest, and one difference at their end.

    `bid` is the BID under which the views differ, 0 for the regular binding.
    """

    machine: Machine
    before: State
    steps: tuple[Step, ...]
    bid: int
    difference: Difference

    @property
    def after(self) -> State:
        """Return the state at its end."""
        return self.steps[-1].state

    @property
    def faulty(self) -> bool:
        """Return whether a message was lost or repeated on the way."""
        return self.after[self.machine.names.index("net.faults")] > 0

    @property
    def sender_gives_up(self) -> frozenset[str]:
        """Return the ids of the rules that the mobile node broke when it composed updates."""
        sent = (s.outcome for s in self.steps if s.action.on is On.SEND_UPDATE)
        return frozenset(i for outcome in sent if outcome for i in outcome.given_up)

    @property
    def forgotten(self) -> bool:
        """Return whether the peer keeps the binding as it was and the mobile node has none."""
        names = [f"bc.kind[{self.bid}]", f"bc.coa[{self.bid}]"]
        if not self.bid:
            names = ["bc.plain", "bc.plain_coa"]
        places = [self.machine.names.index(n) for n in names]
        same = all(self.before[k] == self.after[k] for k in places)
        return same and self.difference.listed == NOTHING

    @property
    def unnamed(self) -> bool:
        """Return whether the peer changed the binding, and the entry in the list is as it was."""
        names = [f"bul.status[{self.bid}]"] if self.bid else ["bul.plain"]
        names += [f"bul.coa[{self.bid}]"] if self.bid else ["bul.plain_coa"]
        places = [self.machine.names.index(n) for n in names]
        return all(self.before[k] == s.state[k] for k in places for s in self.steps)

    @property
    def permissions(self) -> frozenset[str]:
        """Return the ids of permissions used: for an action, and when a Lifetime ran out."""
        ended = (d for d in self.deciding.values() if d.step.action.on in ENDING)
        return self.allowed.union(i for d in ended for i in d.permitted)

    @property
    def allowed(self) -> frozenset[str]:
        """Return the ids of the permissions that actions of it need."""
        return frozenset(s.action.by for s in self.steps if s.action.by)

    @cached_property
    def deciding(self) -> dict[int, Judged]:
        """Return the steps, by position, in which a node decides what it does or believes."""
        return {
            k: judged(self.machine, k, s)
            for k, s in enumerate(self.steps)
            if s.outcome and s.action.on in DECIDING
        }

    @cached_property
    def obeyed(self) -> dict[str, Rule]:
        """Return the rules that were obeyed somewhere, by key."""
        return {r.key: r for d in self.deciding.values() for r in d.obeyed}


def judged(machine: Machine, position: int, step: Step) -> Judged:
    """Return a node's step with the rules that applied in it."""
    assert step.action.on is not None
    engine = machine.engines[step.action.on]
    return Judged(position, step, engine, engine.applied([step.inputs[n] for n in machine.layout]))


def episodes(found: Exploration, views: Views) -> Iterator[Episode]:
    """Yield the episodes of an exploration, the shortest paths first, alike ones once.

    What a third node sends is left out: both nodes are to obey the rules.
    """
    alike, seen = _Alike(found), set[tuple[object, ...]]()
    for state in found.parents:
        differences = views.differences(state)
        if not differences or not views.rests(state):
            continue
        before = _last_rest(found, views, state)
        if before is None or views.differences(before):
            continue
        for bid, difference in differences.items():
            key = alike(before, state, bid)
            if key not in seen:
                seen.add(key)
                steps = tuple(_since(found, before, state))
                if any(s.action.actor == STRANGER for s in steps):
                    continue
                yield Episode(found.machine, before, steps, bid, difference)


NUMBERS = frozenset(
    c.decl().name()
    for c in (
        net.sent,
        net.faults,
        net.ba_sequence,
        mn.sequence,
        mn.misled,
        mn.defends,
        mn.where,
        bu.sequence,
        bc.sequence,
        bc.last_sequence,
    )
)


class _Alike:
    """Tells episodes apart by what changed and what was last on its way, not by numbers."""

    def __init__(self, found: Exploration) -> None:
        self.found, names = found, found.machine.names
        self.places = [k for k, n in enumerate(names) if n.partition("[")[0] not in NUMBERS]
        self.faults = names.index("net.faults")

    def __call__(self, before: State, state: State, bid: int) -> tuple[object, ...]:
        parent = self.found.parents[state]
        last = parent[0] if parent else state
        shown = (tuple(s[k] for k in self.places) for s in (before, last, state))
        return bid, state[self.faults] > 0, *shown


def _last_rest(found: Exploration, views: Views, state: State) -> State | None:
    """Return the last state at rest on the way to a state."""
    parent = found.parents[state]
    while parent is not None and not views.rests(parent[0]):
        parent = found.parents[parent[0]]
    return None if parent is None else parent[0]


def _since(found: Exploration, before: State, state: State) -> list[Step]:
    steps: list[Step] = []
    while state != before:
        parent = found.parents[state]
        assert parent is not None
        steps.append(list(found.machine.successors(parent[0]))[parent[1]])
        state = parent[0]
    return steps[::-1]
