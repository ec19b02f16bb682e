"""The rules that force a difference at rest, and the choices on which it depends.

The messages sent, moves and faults of an episode stay as they are.  The steps of the receiver
and of the mobile node that concludes are taken again under fewer rules, and what then has
Lifetime zero runs out: what is needed for every such way to end in the same difference is the
cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from checker.episodes import DECIDING, ENDING, Episode, Judged
from checker.machine import Chosen, State, Step
from checker.outcomes import Applied, Outcome, StepEngine
from checker.situation import generic
from checker.views import Views
from model.mobile import after, kept
from model.packets import ex
from model.rule import Modality, On, Rule
from model.step import GroundRule
from model.system import Action
from model.vocabulary import CareOf, Effect, Status, ba_status, decide, mn, o


def _indices(domain: tuple[str, ...], *values: str) -> frozenset[int]:
    return frozenset(domain.index(v) for v in values)


# What is tried for a decision that no rule takes any more, beside what was decided.
TRIED: Mapping[str, frozenset[int]] = {
    decide.effect.decl().name(): _indices(Effect.values, "keep", "register", "delete"),
    decide.answer.decl().name(): _indices(Status.values, "accepted", "unspecified"),
    decide.care_of.decl().name(): _indices(CareOf.values, "source", "option"),
    decide.others.decl().name(): frozenset({0, 1}),
    decide.plain.decl().name(): frozenset({0, 1}),
    decide.lifetime.decl().name(): frozenset({0, 1, 2}),
    mn.believed.decl().name(): frozenset({0, 1, 2}),
    after.holds.decl().name(): frozenset({0, 1, 2}),
    after.entry.decl().name(): frozenset({0, 1}),
    ex.entry.decl().name(): frozenset({0, 1}),
    ex.lifetime.decl().name(): frozenset({0, 1}),
    kept.removed.decl().name(): frozenset({0, 1}),
}
# Where the answer stands in the acknowledgement: it follows from the answer.
PLACED = frozenset(c.decl().name() for c in (ba_status, o.ba_status))
# What neither view shows: no difference depends on it.
UNSEEN = frozenset({decide.lifetime.decl().name()})

Rules = frozenset[str]  # keys of rules
Choice = tuple[On, str]  # a node step, and a decision in it
Values = Mapping[str, frozenset[int]]


@dataclass(frozen=True)
class Cause:
    """Why an episode ends as it does.

    `rules` are keys of rules of which none can be spared, `alternates` keys that can take the
    place of one of them, `broken` keys of rules given up because others contradict them,
    `choices` the decisions that the text left to a node.
    """

    rules: Rules
    broken: Rules = frozenset()
    choices: frozenset[Choice] = frozenset()
    alternates: Rules = frozenset()


class Explained:
    """Finds the cause of one episode."""

    def __init__(self, episode: Episode, views: Views) -> None:
        self.episode, self.views, self.machine = episode, views, episode.machine
        self.rules = {**self._of_lifetimes(), **episode.obeyed}
        self.candidates = frozenset(k for k, r in self.rules.items() if self._decides(r))
        self.slot = self._slot()
        self.broken = frozenset(g.rule.key for g in self.given_up)
        self._ends_so: dict[Cause, bool] = {}
        self.otherwise = False  # updates are composed by giving up other rules

    def _of_lifetimes(self) -> dict[str, Rule]:
        """Return the rules for when a Lifetime runs out, by key; a permission is none."""
        relations = (self.machine.relations[on] for on in self.machine.relations if on in ENDING)
        rules = (g.rule for relation in relations for g in relation.rules)
        return {r.key: r for r in rules if r.modality is not Modality.MAY}

    def _decides(self, r: Rule) -> bool:
        ground = (g for on in DECIDING for g in self.machine.relations[on].rules)
        return any(g.rule.key == r.key and _speaks(g) for g in ground)

    def _slot(self) -> int:
        """Return the slot of the updates that is about the difference; else the first."""
        seen = [d.step.inputs for d in self.episode.deciding.values()]
        for inputs in seen:
            for i in self.machine.world.options:
                if inputs[f"o.present[{i}]"] and inputs[f"o.bid[{i}]"] == self.episode.bid:
                    return i
        return 1 if seen and seen[0]["o.present[1]"] else 0

    @property
    def given_up(self) -> list[GroundRule]:
        """Return the rules that bind and were broken, as far as they are about the slot."""
        found = [d.ground(k) for d in self.episode.deciding.values() for k in sorted(d.broken)]
        return [g for g in found if g.rule.modality.binds and g.index in (0, self.slot)]

    def cause(self) -> Cause | None:
        """Return the cause; None where the difference is no consequence of rules."""
        cause = Cause(self.candidates, self.broken, frozenset(self._choices()))
        if not self.forced(cause):
            return None
        for key in sorted(cause.broken):
            cause = self._or_else(replace(cause, broken=cause.broken - {key}), cause)
        for key in sorted(cause.rules, key=self._order):
            cause = self._or_else(replace(cause, rules=cause.rules - {key}), cause)
        for choice in sorted(cause.choices, key=str):
            cause = self._or_else(replace(cause, choices=cause.choices - {choice}), cause)
        return replace(cause, alternates=self._alternates(cause))

    def _or_else(self, less: Cause, cause: Cause) -> Cause:
        return less if self.forced(less) else cause

    def _order(self, key: str) -> tuple[bool, str]:
        """Rules of a base document are spared first."""
        return self.rules[key].document == self.machine.ruleset.document, key

    def _alternates(self, cause: Cause) -> Rules:
        """Return the rules that can take the place of one that cannot be spared."""
        return frozenset(
            other
            for other in self.candidates.intersection(self.episode.obeyed) - cause.rules
            if any(
                self.forced(replace(cause, rules=cause.rules - {k} | {other})) for k in cause.rules
            )
        )

    def forced(self, cause: Cause) -> bool:
        """Return whether these rules make every way end at rest in this difference."""
        if cause not in self._ends_so:
            self._ends_so[cause] = self._all_differ(cause)
        return self._ends_so[cause]

    def _all_differ(self, cause: Cause) -> bool:
        """Return whether there is an end, and every end is such a difference at rest."""
        some = False
        for state in self._ends(cause):
            if not self._differs(state):
                return False
            some = True
        return some

    def needs_sender(self, cause: Cause) -> bool:
        """Return whether it takes an update that breaks the rules which its sender broke."""
        self.otherwise = True
        same = self._all_differ(cause)
        self.otherwise = False
        return not same

    def _differs(self, state: State) -> bool:
        found = self.views.differences(state).get(self.episode.bid)
        return found == self.episode.difference and self.views.rests(state)

    def _ends(self, cause: Cause) -> Iterator[State]:
        """Yield the states at the end of every way, each once."""
        steps, seen = self.episode.steps, set[tuple[int, State]]()
        open_ = [(0, self.episode.before)]
        while open_:
            k, state = open_.pop()
            if (k, state) in seen:
                continue
            seen.add((k, state))
            ended = list(self._ended(state, cause))
            if ended:
                open_ += [(k, s) for s in ended]
            elif k == len(steps):
                yield state
            elif steps[k].action.on in ENDING:
                open_.append((k + 1, state))
            else:
                action, chosen = steps[k].action, self._chosen(k, steps[k], cause)
                open_ += [(k + 1, s.state) for s in self.machine.taken(action, state, chosen)]

    def _ended(self, state: State, cause: Cause) -> Iterator[State]:
        """Yield the states after the first Lifetime of zero has run out; none if there is none."""
        for action in self._endings:
            after = {s.state for s in self.machine.taken(action, state, self._ending(cause))}
            if after:
                yield from after
                return

    def _ending(self, cause: Cause) -> Chosen:
        """Return the outcomes when a Lifetime runs out and of the candidates these are in force."""
        spared = self.candidates - cause.rules

        def chosen(engine: StepEngine, values: list[int]) -> Iterator[Outcome]:
            applied, ground = engine.applied(values), engine.relation.rules
            rules = (k for k in applied.rules if ground[k].rule.key not in spared)
            yield from engine.outcomes_of(Applied(tuple(rules), applied.context))

        return chosen

    @cached_property
    def _endings(self) -> list[Action]:
        return [a for a in self.machine.actions if a.on in ENDING]

    def _chosen(self, k: int, step: Step, cause: Cause) -> Chosen:
        """Return the outcomes that are tried in a step; what was sent stays as it was."""
        if self.otherwise and step.action.on is On.SEND_UPDATE:
            return self._sent_otherwise
        if k not in self.episode.deciding:
            return lambda _engine, _values: (step.outcome,) if step.outcome else ()
        was = self.episode.deciding[k]
        return lambda _engine, values: self._outcomes(was, values, cause)

    def _sent_otherwise(self, engine: StepEngine, values: list[int]) -> Iterator[Outcome]:
        broken = self.episode.sender_gives_up
        return (outcome for outcome in engine.outcomes(values) if not outcome.given_up & broken)

    def _outcomes(self, was: Judged, values: list[int], cause: Cause) -> Iterator[Outcome]:
        applied = self._only(was, was.engine.applied(values), cause)
        for outcome in was.engine.outcomes_of(applied, self._kept(was, cause)):
            if self._tried(was, outcome):
                yield outcome

    def _tried(self, was: Judged, outcome: Outcome) -> bool:
        """Return whether an outcome is tried: the same answer stands where it stood."""
        answer, same = f"{decide.answer.decl().name()}[{self.slot}]", True
        for (label, before), value in zip(was.values.items(), outcome.values, strict=True):
            if value == before:
                continue
            if label in self._free and value not in TRIED[generic(label)]:
                return False
            same = same and generic(label) not in PLACED
            answer = "" if label == answer else answer
        return same or not answer or answer not in was.values

    @cached_property
    def _free(self) -> frozenset[str]:
        """Return the decisions about the difference, by label."""
        return frozenset({*TRIED, *(f"{n}[{self.slot}]" for n in TRIED)})

    def _kept(self, was: Judged, cause: Cause) -> Values:
        """Return the decisions that stay as they were."""
        chosen = {n for on, n in cause.choices if on is was.step.action.on}
        return {
            label: frozenset({value})
            for label, value in was.values.items()
            if generic(label) not in PLACED
            and (label not in self._free or generic(label) in chosen)
        }

    def _only(self, was: Judged, applied: Applied, cause: Cause) -> Applied:
        """Return what applies when of the candidates these rules alone are in force."""
        spared = self.candidates - cause.rules
        restored = self.broken - cause.broken
        out = {k for k in was.broken if was.ground(k).rule.key not in restored}
        kept = (k for k in applied.rules if k not in out and was.ground(k).rule.key not in spared)
        return Applied(tuple(kept), applied.context)

    def _choices(self) -> Iterator[Choice]:
        """Yield the decisions that the rules leave open in the steps of the episode."""
        everything = Cause(self.candidates, self.broken)
        for was in self.episode.deciding.values():
            before = [was.step.inputs[n] for n in self.machine.layout]
            found = list(self._outcomes(was, before, everything))
            for n, label in enumerate(was.values):
                shown = label in self._free and generic(label) not in UNSEEN
                if shown and len({o.values[n] for o in found}) > 1:
                    assert was.step.action.on is not None
                    yield was.step.action.on, generic(label)


def _speaks(g: GroundRule) -> bool:
    """Return whether a rule decides what one side does, answers or believes."""
    says = g.speaks or (g.rule.modality is Modality.DEFINITION and g.when is None)
    return says and bool(set(TRIED) & set(map(generic, g.decisions)))
