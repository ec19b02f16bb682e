"""Rule analysis as a whole: every finding of a ruleset, each with the way to reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from checker.contradictions import Contradictions
from checker.explore import Exploration, Explorer
from checker.finding import Finding
from checker.gaps import Gaps
from checker.intents import Intents
from checker.kinds import classify, folded, kinds
from checker.machine import Machine
from checker.parallel import Child, possible
from checker.reach import Reached, Watch
from checker.situation import Situations
from checker.solving import Journal
from checker.two_party import Placed, TwoParty, beside
from model.rule import On
from model.ruleset import Ruleset
from model.scope import Scope
from reports.kinds import kind_rank

Say = Callable[[str], None]


@dataclass(frozen=True)
class Checked:
    """The findings, and where the situation of each was reached (by id).

    `complete` is False when the analysis was interrupted: there may be more.
    """

    findings: tuple[Finding, ...]
    reached: dict[str, tuple[Exploration, Reached]]
    complete: bool = True
    invariants: Mapping[str, str] = field(default_factory=dict)  # why others are not, by id


Views = dict[On, Situations]


def analyse(
    ruleset: Ruleset, scope: Scope, say: Say, journal: Journal | None = None
) -> tuple[Finding, ...]:
    """Return the findings of a ruleset at a scope, in a stable order."""
    return _analyse(views(ruleset, scope, journal), say)[0]


def views(ruleset: Ruleset, scope: Scope, journal: Journal | None = None) -> Views:
    """Return the situations of each node step; what is asked of them goes into the journal."""
    spoken = [s.on for s in ruleset.steps if ruleset.rules_on(s.on)]
    return {on: Situations(ruleset, on, scope, journal) for on in spoken}


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
    ruleset = next(s.ruleset for s in situations.values())
    return tuple(sorted(folded(found.values(), situations, ruleset), key=_rank)), complete


def _rank(f: Finding) -> tuple[int, int, tuple[str, ...]]:
    """What holds under the default readings comes first."""
    departures = sum(f.witness.get(r, 0) != 0 for r in f.readings)
    return departures, kind_rank(f.kind), f.rules


EXCLUDING = ("contradiction", "silent override")  # kinds under which not all rules are obeyed


@dataclass(frozen=True)
class Part:
    """A part of the analysis, told by what it looks for; a long one gets its own process."""

    text: str
    work: Callable[[], Iterable[Finding]]
    shared: tuple[On, ...] = ()  # steps whose terms other parts need as well
    long: bool = False


def _findings(situations: Views, say: Say) -> Iterator[Finding]:
    """Yield the findings of all parts; gaps beneath contradictions come when these are known."""
    gaps: dict[On, Gaps] = {}
    excluding: dict[On, list[Finding]] = {}
    for f in _of_parts(situations, list(_parts(situations, gaps)), say):
        yield f
        if f.kind in EXCLUDING:
            excluding.setdefault(f.on, []).append(f)
    say("gaps where a rule of a contradiction is given up")
    for on, own in gaps.items():
        yield from own.beneath(excluding.get(on, []))


def _of_parts(situations: Views, parts: list[Part], say: Say) -> Iterator[Finding]:
    """Yield the findings of the parts; the long ones have processes of their own."""
    children: list[tuple[Part, Child]] = []
    try:
        for p in (p for p in parts if p.long and _divisible(situations)):
            for on in p.shared:
                situations[on].prepare()
            children.append((p, Child(p.work, situations)))
        apart = [p for p, _ in children]
        for p in (p for p in parts if p not in apart):
            say(p.text)
            yield from p.work()
        for p, child in children:
            say(p.text)
            yield from child.findings()
    finally:
        for _, child in children:
            child.stop()


def _divisible(situations: Views) -> bool:
    """Return whether parts can run side by side, and whether it is worth it."""
    told = any(s.journal is not None for s in situations.values())
    return possible() and not told and On.RECEIVE_UPDATE in situations


def _parts(situations: Views, gaps: dict[On, Gaps]) -> Iterator[Part]:
    """Yield the parts of the analysis, those first that others should not wait for."""
    for on, s in sorted(situations.items(), key=lambda item: item[0] is not On.RECEIVE_UPDATE):
        text = f"contradictions: a node {on.value}"
        yield Part(text, partial(_contradictions, s), (on,), long=on is On.RECEIVE_UPDATE)
        yield Part(f"gaps: a node {on.value}", partial(_gaps, s, gaps), (on,))
    if {On.SEND_UPDATE, On.RECEIVE_UPDATE} <= set(situations):
        text = "what may be sent against what must be refused"
        yield Part(text, partial(_intents, situations))
    text = "rules that never fire, that others make superfluous, that nobody checks"
    ruleset = next(s.ruleset for s in situations.values())
    yield Part(text, partial(kinds, situations, ruleset), tuple(situations), long=True)


def _contradictions(s: Situations) -> Iterator[Finding]:
    for f in Contradictions(s).findings():
        yield replace(f, kind=classify(f, s.ruleset))


def _gaps(s: Situations, gaps: dict[On, Gaps]) -> Iterator[Finding]:
    gaps[s.on] = Gaps(s)
    yield from gaps[s.on].findings()


def _intents(situations: Views) -> Iterator[Finding]:
    return Intents(situations[On.SEND_UPDATE], situations[On.RECEIVE_UPDATE]).findings()


def check(ruleset: Ruleset, scope: Scope, say: Say) -> Checked:
    """Return the findings with the message sequences that reach them."""
    situations = views(ruleset, scope)
    findings, complete = _analyse(situations, say)
    if not complete:
        return Checked(findings, {}, complete)
    reached: dict[str, tuple[Exploration, Reached]] = {}
    invariants: dict[str, str] = {}
    situated, both = [f for f in findings if f.witness], TwoParty(ruleset)
    together: list[Placed] = []
    try:
        for faults in (0, 1):
            rest = [f for f in situated if f.id not in reached]
            if rest or both.speaks_of_both:
                say(f"which of {len(rest)} situations are reachable, with {faults} faults")
                found, watch = _reach(situations, replace(scope, updates=2, faults=faults), rest)
                reached |= {id: (found, where) for id, where in watch.results().items()}
                invariants |= watch.invariants
                together += both.of(found)
        say("what both sides come to, though each obeys every rule")
        together += both.procedures()
    except KeyboardInterrupt:
        say("stopped")
        complete = False
    reached |= {f.id: where for f, where in together}
    both_sides = (f for f, _ in together)
    findings = tuple(sorted((*beside(findings, together), *both_sides), key=_rank))
    unmet = {id: why for id, why in invariants.items() if id not in reached}
    return Checked(findings, reached, complete, unmet)


def _reach(situations: Views, scope: Scope, findings: list[Finding]) -> tuple[Exploration, Watch]:
    ruleset = next(s.ruleset for s in situations.values())
    relations = {on: s.relation for on, s in situations.items()}
    machine = Machine(ruleset, scope, relations=relations)
    watch = Watch(machine, findings)
    found = Explorer(machine, observer=watch.step).run()
    watch.from_states(found, situations)
    return found, watch
