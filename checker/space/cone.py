"""What matters once faults and wishes are over: the calm system, a quotient of the whole one.

A variable matters if some fair transition's guard, or the key of its step, or the update of
another one that matters, or a term that is to hold again, depends on it.  The others (counters
of faults, what is only noted) have no effect on what matters, so that a state without them has
just the fair transitions that every state it stands for has, to states that stand for theirs:
an endless run, and a dead end, of the one is one of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import z3

from checker.space.group import Group, Permutation
from checker.space.system import Absent, Transition, TransitionSystem, Values
from model.handles import arguments, identity, name, operator

Reads = Mapping[str, frozenset[str]]


def calm_system(system: TransitionSystem) -> TransitionSystem:
    """Return the fair transitions over the variables that matter.

    What `recovers` in the system is in its `sometimes`; its initial states are projections.
    """
    kept = relevant(system)
    variables = tuple(v for v in system.variables if v.name in kept)
    places = [k for k, v in enumerate(system.variables) if v.name in kept]
    # An input may have the name of a variable that is left out, and hides it.
    unread = {v.name: 0 for v in system.variables if v.name not in kept}
    return TransitionSystem(
        variables,
        tuple(dict.fromkeys(tuple(s[k] for k in places) for s in system.initial)),
        tuple(_restricted(t, kept) for t in system.transitions if t.fair),
        sometimes=system.recovers,
        constants={**system.constants, **unread},
        absent=tuple(_absences(system.absent, kept)),
    )


def calm_group(system: TransitionSystem, calm: TransitionSystem, group: Group) -> Group:
    """Return what renamings of a system do to what matters of it.

    They are renamings of the calm system as well: what matters is closed under them.
    """
    place = {v.name: k for k, v in enumerate(calm.variables)}
    kept = [k for k, v in enumerate(system.variables) if v.name in place]
    new = {k: place[system.variables[k].name] for k in kept}
    generators = [
        Permutation(tuple(new[g.places[k]] for k in kept), tuple(g.values[k] for k in kept))
        for g in group.generators
    ]
    return Group.generated(generators, len(kept))


def projected(system: TransitionSystem, calm: TransitionSystem, state: Values) -> Values:
    """Return what matters of a state of the whole system."""
    values = dict(zip((v.name for v in system.variables), state, strict=True))
    return tuple(values[v.name] for v in calm.variables)


def relevant(system: TransitionSystem) -> frozenset[str]:
    """Return the names of the variables that matter."""
    return _Reading().relevant(system)


class _Reading:
    """What terms read: each subterm is walked once, since updates share most of theirs."""

    def __init__(self) -> None:
        self._done: dict[int, frozenset[str]] = {}
        self._kept: list[Any] = []  # identities stay unique while the terms are alive

    def relevant(self, system: TransitionSystem) -> frozenset[str]:
        fair = [t for t in system.transitions if t.fair]
        names = self.names(system.recovers.values())
        for t in fair:
            names |= self.names([t.guard]) | self._seen(t, t.table.key if t.table else ())
        variables = frozenset(v.name for v in system.variables)
        return self._closed(names, [self._reads(t) for t in fair], system.absent) & variables

    def _closed(
        self, names: frozenset[str], reads: Sequence[Reads], absences: Sequence[Absent]
    ) -> frozenset[str]:
        """Return names with all that their new values depend on."""
        waiting, done = list(names), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in done:
                done.add(name)
                waiting += [n for r in reads for n in r.get(name, ())]
                waiting += self.names(a.unless for a in absences if name in a.names)
        return frozenset(done)

    def _reads(self, t: Transition) -> Reads:
        """Return, for each variable that a transition sets, what its new value depends on."""
        # An input that is a variable is so afterwards too, unless an update says otherwise.
        found = {n: self.names([term]) for n, term in t.inputs.items()}
        return found | {n: self._seen(t, [term]) for n, term in t.updates.items()}

    def _seen(self, t: Transition, terms: Iterable[Any]) -> frozenset[str]:
        """Return the variables on which terms depend that see inputs and decisions."""
        decided = {d.name for d in t.table.decisions} if t.table else set()
        names = self.names(terms) - decided
        given = self.names(t.inputs[n] for n in names if n in t.inputs)
        return frozenset(n for n in names if n not in t.inputs) | given

    def names(self, terms: Iterable[Any]) -> frozenset[str]:
        """Return the names in terms."""
        found: frozenset[str] = frozenset()
        for term in terms:
            self._kept.append(term)
            found |= self._visit(term.ctx_ref(), term.as_ast())
        return found

    def _visit(self, ref: Any, handle: Any) -> frozenset[str]:
        key = identity(ref, handle)
        if key not in self._done:
            parts = [self._visit(ref, a) for a in arguments(ref, handle)]
            named = not parts and operator(ref, handle) == z3.Z3_OP_UNINTERPRETED
            own = frozenset([name(ref, handle)]) if named else frozenset()
            self._done[key] = own.union(*parts)
        return self._done[key]


def _restricted(t: Transition, kept: frozenset[str]) -> Transition:
    return replace(t, updates={n: term for n, term in t.updates.items() if n in kept})


def _absences(absences: Iterable[Absent], kept: frozenset[str]) -> Iterator[Absent]:
    for absent in absences:
        if absent.names & kept:
            yield Absent(absent.unless, absent.names & kept)
