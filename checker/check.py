"""Rule analysis as a whole: every finding of a ruleset, each with the way to reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from checker.contradictions import Contradictions
from checker.finding import Finding
from checker.gaps import Gaps
from checker.intents import Intents
from checker.kinds import SEARCHES, classify, folded
from checker.parallel import Found, Pair, possible
from checker.reach import Ways
from checker.situation import Situations, Views, views
from checker.solving import Journal
from checker.two_party import Placed, TwoParty, beside
from checker.ways import Search
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
    reached: Mapping[str, Ways]
    complete: bool = True
    invariants: Mapping[str, str] = field(default_factory=dict)  # why others are not, by id


def analyse(
    ruleset: Ruleset, scope: Scope, say: Say, journal: Journal | None = None
) -> tuple[Finding, ...]:
    """Return the findings of a ruleset at a scope, in a stable order."""
    return _analyse(views(ruleset, scope, journal), say)[0]


def _analyse(situations: Views, say: Say) -> tuple[tuple[Finding, ...], bool]:
    """Return the findings, and whether the search came to its end (Ctrl-C keeps what was found)."""
    found: Found = {}
    complete = False
    try:
        _work(list(_parts(situations)), situations, say, found)
        complete = True
    except KeyboardInterrupt:
        say("stopped")
    once = {f.id: f for k in sorted(found, reverse=True) for f in reversed(found[k])}
    ruleset = next(s.ruleset for s in situations.values())
    told = folded([once[id] for id in reversed(once)], situations, ruleset)
    return tuple(sorted(told, key=_rank)), complete


def _rank(f: Finding) -> tuple[int, int, tuple[str, ...]]:
    """What holds under the default readings comes first."""
    departures = sum(f.witness.get(r, 0) != 0 for r in f.readings)
    return departures, kind_rank(f.kind), f.rules


EXCLUDING = ("contradiction", "silent override")  # kinds under which not all rules are obeyed


@dataclass(frozen=True)
class Part:
    """A part of the analysis, told by what it looks for; it rests on no other part."""

    text: str
    work: Callable[[], Iterable[Finding]]


def _work(parts: list[Part], situations: Views, say: Say, found: Found) -> None:
    """Put the findings of each part into `found`, by its position."""
    if not _divisible(situations):
        _here(parts, range(len(parts)), say, found)
        return
    situations[On.RECEIVE_UPDATE].prepare()  # nearly all parts need it
    pair = Pair([p.work for p in parts], situations)
    try:
        _here(parts, pair.taken(), say, found)
        found |= pair.others()
    finally:
        pair.stop()


def _here(parts: list[Part], positions: Iterable[int], say: Say, found: Found) -> None:
    for k in positions:
        say(parts[k].text)
        own = found.setdefault(k, [])
        for f in parts[k].work():
            own.append(f)


def _divisible(situations: Views) -> bool:
    """Return whether parts can run side by side, and whether it is worth it."""
    told = any(s.journal is not None for s in situations.values())
    return possible() and not told and On.RECEIVE_UPDATE in situations


def _parts(situations: Views) -> Iterator[Part]:
    """Yield the parts of the analysis, the longest first: both processes end at about one time.

    Parts that need the terms of every step come before those of single steps, so that one of
    the processes alone prepares most of them.
    """
    ruleset = next(s.ruleset for s in situations.values())
    steps = [
        Part(f"contradictions and gaps: a node {on.value}", partial(_step, s))
        for on, s in situations.items()
    ]
    longest = [p for p, on in zip(steps, situations, strict=True) if on is On.RECEIVE_UPDATE]
    yield from longest
    for text, search in SEARCHES.items():
        yield Part(text, partial(search, situations, ruleset))
    if {On.SEND_UPDATE, On.RECEIVE_UPDATE} <= set(situations):
        text = "what may be sent against what must be refused"
        yield Part(text, partial(_intents, situations))
    yield from (p for p in steps if p not in longest)


def _step(s: Situations) -> Iterator[Finding]:
    """Yield contradictions and gaps of a node step, then the gaps beneath contradictions."""
    found = list(_contradictions(s))
    gaps = Gaps(s)
    yield from found
    yield from gaps.findings()
    yield from gaps.beneath(f for f in found if f.kind in EXCLUDING)


def _contradictions(s: Situations) -> Iterator[Finding]:
    for f in Contradictions(s).findings():
        yield replace(f, kind=classify(f, s.ruleset))


def _intents(situations: Views) -> Iterator[Finding]:
    return Intents(situations[On.SEND_UPDATE], situations[On.RECEIVE_UPDATE]).findings()


def check(ruleset: Ruleset, scope: Scope, say: Say) -> Checked:
    """Return the findings with the message sequences that reach them."""
    situations = views(ruleset, scope)
    findings, complete = _analyse(situations, say)
    if not complete:
        return Checked(findings, {}, complete)
    search, both = Search(ruleset, scope, situations), TwoParty(ruleset)
    together: list[Placed] = []
    try:
        for found in search.run(findings, say, both.speaks_of_both):
            together += both.of(found)
        say("what both sides come to, though each obeys every rule")
        together += both.procedures()
    except KeyboardInterrupt:
        say("stopped")
        complete = False
    ways = search.ways | {f.id: Ways(place) for f, place in together}
    both_sides = (f for f, _ in together)
    findings = tuple(sorted((*beside(findings, together), *both_sides), key=_rank))
    unmet = {id: why for id, why in search.invariants.items() if id not in ways}
    return Checked(findings, ways, complete, unmet)
