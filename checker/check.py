"""Rule analysis as a whole: every finding of a ruleset, each with the way to reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from checker.contradictions import Contradictions
from checker.explore import Exploration, Explorer
from checker.finding import Finding
from checker.gaps import Gaps
from checker.intents import Intents
from checker.machine import Machine
from checker.reach import Reached, Watch
from checker.situation import Situations
from model.rule import On
from model.ruleset import Ruleset
from model.scope import Scope

Say = Callable[[str], None]
KINDS = ("contradiction", "sender/receiver", "gap", "permission conflict", "tension")


@dataclass(frozen=True)
class Checked:
    """The findings, and where the situation of each was reached (by id).

    `complete` is False when the analysis was interrupted: there may be more.
    """

    findings: tuple[Finding, ...]
    reached: dict[str, tuple[Exploration, Reached]]
    complete: bool = True


Views = dict[On, Situations]


def analyse(ruleset: Ruleset, scope: Scope, say: Say) -> tuple[Finding, ...]:
    """Return the findings of a ruleset at a scope, in a stable order."""
    return _analyse(views(ruleset, scope), say)[0]


def views(ruleset: Ruleset, scope: Scope) -> Views:
    """Return the situations of each node step."""
    return {step.on: Situations(ruleset, step.on, scope) for step in ruleset.steps}


def _analyse(situations: Views, say: Say) -> tuple[tuple[Finding, ...], bool]:
    """Return the findings, and whether the search came to its end (Ctrl-C keeps what was found)."""
    found: dict[str, Finding] = {}
    complete = False
    try:
        for f in _findings(situations, say):
            found.setdefault(f.id, f)
        complete = True
    except KeyboardInterrupt:
        say("stopped")
    return tuple(sorted(found.values(), key=_rank)), complete


def _rank(f: Finding) -> tuple[int, int, tuple[str, ...]]:
    """What holds under the default readings comes first."""
    departures = sum(f.witness.get(r, 0) != 0 for r in f.readings)
    return departures, KINDS.index(f.kind), f.rules


def _findings(situations: Views, say: Say) -> Iterator[Finding]:
    for on, s in situations.items():
        say(f"contradictions: a node {on.value}")
        search = Contradictions(s)
        yield from search.findings()
        say(f"gaps: a node {on.value}")
        yield from Gaps(s, search.engine).findings()
    say("what may be sent against what must be refused")
    yield from Intents(situations[On.SEND_UPDATE], situations[On.RECEIVE_UPDATE]).findings()


def check(ruleset: Ruleset, scope: Scope, say: Say) -> Checked:
    """Return the findings with the message sequences that reach them."""
    situations = views(ruleset, scope)
    findings, complete = _analyse(situations, say)
    reached: dict[str, tuple[Exploration, Reached]] = {}
    for faults in (0, 1):
        rest = [f for f in findings if f.id not in reached]
        if rest and complete:
            say(f"which of {len(rest)} situations are reachable, with {faults} faults")
            reached |= _reach(situations, replace(scope, updates=2, faults=faults), rest)
    return Checked(findings, reached, complete)


def _reach(
    situations: Views, scope: Scope, findings: list[Finding]
) -> dict[str, tuple[Exploration, Reached]]:
    receiving = situations[On.RECEIVE_UPDATE]
    relations = {on: s.relation for on, s in situations.items()}
    machine = Machine(receiving.ruleset, scope, relations=relations)
    watch = Watch(machine, findings)
    found = Explorer(machine, observer=watch.step).run()
    watch.by_arbitrary_peer(found, receiving)
    return {id: (found, reached) for id, reached in watch.reached.items()}
