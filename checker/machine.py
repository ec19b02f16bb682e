"""The system made executable: successors of concrete states, by compiled terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import partial

from checker.evaluate import Deferred
from checker.outcomes import Outcome, StepEngine
from checker.resolution import Resolution
from checker.usual import UNUSED
from model.predicates import READING_DOMAINS
from model.rule import On
from model.ruleset import Ruleset
from model.scope import Scope, World
from model.step import StepRelation, step_relation
from model.system import Action, System
from model.vocabulary import FIELDS
from model.whole.scope import WholeScope
from model.whole.system import WholeSystem

State = tuple[int, ...]
# The outcomes of a node's step that are to be followed, for the values of the layout.
Chosen = Callable[[StepEngine, list[int]], Iterable[Outcome]]


@dataclass(frozen=True)
class Step:
    """One transition: the action taken, the outcome of the node's step, the state after it."""

    action: Action
    outcome: Outcome | None
    state: State
    inputs: Mapping[str, int] = field(default_factory=dict)


class Machine:
    """The transition system of a ruleset at a scope, under given readings."""

    def __init__(
        self,
        ruleset: Ruleset,
        scope: Scope,
        readings: Mapping[str, int] | None = None,
        relations: Mapping[On, StepRelation] | None = None,
        permitted: bool = True,  # with the actions that a permission allows
        resolved: Iterable[Resolution] = (),  # contradictions that are decided
    ) -> None:
        self.ruleset, self.scope = ruleset, scope
        self.world = World(scope)
        whole = isinstance(scope, WholeScope)
        self.system = WholeSystem(self.world) if whole else System(self.world)
        self.names = self.system.state()
        steps = {None, *(s.on for s in ruleset.steps)}
        stated = {"", *(i for r in ruleset.rules if permitted for i in r.ids)}
        self.actions = [a for a in self.system.actions() if a.on in steps and a.by in stated]
        given = relations or {}
        self.relations = {
            on: given.get(on) or step_relation(ruleset, on, self.world)
            for on in On
            if any(a.on is on for a in self.actions)
        }
        # The receiver's updates speak of readings that a ruleset need not have.
        known = (*(d.name for d in READING_DOMAINS), *(r.id for r in ruleset.readings))
        chosen = {**dict.fromkeys(known, 0), **(readings or {})}
        self.constants = {**self._unvaried(), **chosen}
        self.layout = [*self.names, *self.constants]
        self._tail = tuple(self.constants.values())
        decisions = tuple(resolved)
        self.engines = {
            on: StepEngine(relation, self.layout, UNUSED, partial(_decided, decisions))
            for on, relation in self.relations.items()
        }
        self._guards = Deferred([a.guard for a in self.actions], self.layout)
        self._compiled = [_Compiled(self, a) for a in self.actions]
        self._places = {a.name: k for k, a in enumerate(self.actions)}
        self._clear = _Clear(self)

    def _unvaried(self) -> dict[str, int]:
        """Return the inputs that are no part of the state, at their defaults."""
        used = {n for relation in self.relations.values() for n in relation.inputs}
        used |= {f.label(i) for f, i in self.world.fields() if f.name == "o.for_home"}
        used |= {n for a in self.actions for n in a.inputs}
        named = sorted(n for n in used - set(self.names) if not n.startswith("READ-"))
        return {n: FIELDS[n.partition("[")[0]].default for n in named}

    def knowing(self, **facts: int) -> Machine:
        """Return this machine with other values of inputs that are no part of the state."""
        other = copy(self)
        other.constants = {**self.constants, **facts}
        other._tail = tuple(other.constants[n] for n in self.constants)
        return other

    def initial(self) -> list[State]:
        """Return the initial states."""
        return [tuple(s[n] for n in self.names) for s in self.system.initial()]

    def values(self, state: State) -> list[int]:
        """Return the values of the layout in a state."""
        return [*state, *self._tail]

    def successors(self, state: State) -> Iterator[Step]:
        """Yield every transition out of a state."""
        values = self.values(state)
        for enabled, action in zip(self._guards(values), self._compiled, strict=True):
            if enabled:
                yield from action.steps(values)

    def taken(self, action: Action, state: State, chosen: Chosen) -> Iterator[Step]:
        """Yield the transitions of one action, for the chosen outcomes of the node's step."""
        place, values = self._places[action.name], self.values(state)
        if self._guards(values)[place]:
            yield from self._compiled[place].steps(values, chosen)

    def show(self, state: State) -> dict[str, int]:
        """Return a state by name."""
        return dict(zip(self.names, state, strict=True))


def _decided(resolved: tuple[Resolution, ...], rule: str, among: set[str]) -> bool:
    return any(r.keeps(rule, among) for r in resolved)


class _Compiled:
    """One action with its terms compiled."""

    def __init__(self, machine: Machine, action: Action) -> None:
        self.machine, self.action = machine, action
        position = {n: k for k, n in enumerate(machine.layout)}
        self._inputs = [position[n] for n in action.inputs]
        self._input_names = list(action.inputs)
        self._input_values = Deferred(action.inputs.values(), machine.layout)
        decisions = [d.label for d in machine.relations[action.on].decisions] if action.on else []
        # A decision of the sender has the name of the field it fills: it hides the old value.
        hidden = [("" if n in decisions else n) for n in machine.layout]
        self._targets = [machine.names.index(n) for n in action.updates]
        self._updates = Deferred(action.updates.values(), [*hidden, *decisions])

    def steps(self, values: list[int], chosen: Chosen = StepEngine.outcomes) -> Iterator[Step]:
        """Yield the transitions of this action, for every outcome or the chosen ones."""
        before = list(values)
        given = self._input_values(values)
        for place, value in zip(self._inputs, given, strict=True):
            before[place] = int(value)
        if self.action.on is None:
            yield self._step(before, None, ())
            return
        for outcome in chosen(self.machine.engines[self.action.on], before):
            yield self._step(before, outcome, outcome.values)

    def _step(self, before: list[int], outcome: Outcome | None, decided: tuple[int, ...]) -> Step:
        after = before[: len(self.machine.names)]
        for place, value in zip(self._targets, self._updates([*before, *decided]), strict=True):
            after[place] = int(value)
        inputs = dict(zip(self.machine.layout, before, strict=True))
        return Step(self.action, outcome, self.machine._clear(after), inputs)


class _Clear:
    """Gives what is absent its one canonical value, zero."""

    def __init__(self, machine: Machine) -> None:
        places = {n: k for k, n in enumerate(machine.names)}
        absences = list(machine.system.absent())
        self._tail = machine._tail
        self._unless = Deferred([a.unless for a in absences], machine.layout)
        self._places = [[places[n] for n in sorted(a.names)] for a in absences]

    def __call__(self, state: list[int]) -> State:
        present = self._unless([*state, *self._tail])
        for there, places in zip(present, self._places, strict=True):
            if not there:
                for k in places:
                    state[k] = 0
        return tuple(state)
