"""Divergences: both nodes obey every rule, and at rest they hold different bindings.

Every state at rest that exploration reached is looked at.  Where the views differ, the
transitions since they last agreed are the episode; one finding tells of all episodes that the
same rules force.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import z3

from checker.causes import TRIED, Cause, Explained
from checker.episodes import Episode, episodes
from checker.explore import Exploration
from checker.finding import Finding
from checker.reach import Reached
from checker.situation import generic
from checker.views import Difference, Views
from model.rule import On
from model.vocabulary import FIELDS

Placed = tuple[Finding, Reached]


@dataclass
class _Found:
    """A divergence: the first episode of it, and the causes of all that are told with it."""

    home_agent: bool
    explained: list[tuple[Explained, Cause]]
    sender: frozenset[str]  # ids of the rules that the sender broke in every such episode

    @property
    def episode(self) -> Episode:
        """Return the shortest episode."""
        return self.explained[0][0].episode

    def tells(self, difference: Difference) -> bool:
        """Return whether it tells of this difference."""
        return any(e.episode.difference == difference for e, _ in self.explained)

    def takes(self, explained: Explained, cause: Cause) -> bool:
        """Return whether another cause is told with it.

        It is the same sequence, of which another binding is looked at; or a further refusal
        after which the mobile node forgets what the peer keeps.
        """
        episode, first = explained.episode, self.explained[0][1]
        if self.episode.after == episode.after and cause.broken == first.broken:
            return bool(cause.rules & first.rules or self.episode.allowed)
        forgotten = self.episode.forgotten and episode.forgotten
        return forgotten and self.episode.difference == episode.difference


class Divergences:
    """Finds the divergences of an exploration; later explorations add what is new in them."""

    def __init__(self) -> None:
        self._found: list[_Found] = []
        self._faultless: set[tuple[bool, Difference]] = set()
        self._seen: set[tuple[object, ...]] = set()

    def findings(self, found: Exploration) -> list[Placed]:
        """Return one finding for each cause, with the state in which the views differ."""
        views, before = Views(found.machine), len(self._found)
        for episode in sorted(episodes(found, views), key=lambda e: bool(e.sender_gives_up)):
            home_agent = bool(episode.before[views.home_agent])
            if episode.faulty and (home_agent, episode.difference) in self._faultless:
                continue
            if not episode.faulty:
                self._faultless.add((home_agent, episode.difference))
            self._add(Explained(episode, views), home_agent)
        return [(_described(f), Reached(f.episode.after)) for f in self._found[before:]]

    def _add(self, explained: Explained, home_agent: bool) -> None:
        signature = (home_agent, *_signature(explained))
        if signature in self._seen:
            return
        self._seen.add(signature)
        sender = explained.episode.sender_gives_up
        alike = [f for f in self._found if f.episode.allowed == explained.episode.allowed]
        if explained.episode.allowed and any(f.tells(explained.episode.difference) for f in alike):
            return  # what a permission leads to is told once, for one kind of peer
        peers = [f for f in alike if f.home_agent == home_agent]
        for f in peers:
            known = next((c for _, c in f.explained if _forces(c, explained)), None)
            if known is not None:
                f.sender &= sender
                if explained.episode.after == f.episode.after:
                    f.explained.append((explained, known))
                return
        cause = explained.cause()
        if cause is None or not cause.rules | explained.episode.allowed:
            return
        for f in peers:
            if f.takes(explained, cause):
                f.explained.append((explained, cause))
                return
        if sender and not explained.needs_sender(cause):
            sender = frozenset()
        self._found.append(_Found(home_agent, [(explained, cause)], sender))


def _forces(cause: Cause, explained: Explained) -> bool:
    """Return whether the rules of a known cause force this episode too."""
    return (
        cause.rules <= explained.candidates
        and cause.broken <= explained.broken
        and explained.forced(replace(cause, broken=explained.broken, alternates=frozenset()))
    )


def _signature(explained: Explained) -> tuple[object, ...]:
    """Return what tells episodes apart that may have different causes."""
    episode = explained.episode
    decided = (
        (generic(n), v)
        for was in episode.deciding.values()
        for n, v in was.values.items()
        if generic(n) in TRIED
    )
    actors = tuple(s.action.actor for s in episode.steps if s.outcome)
    sender = episode.sender_gives_up
    return episode.difference, explained.broken, sender, frozenset(decided), actors


def _described(found: _Found) -> Finding:
    ids: set[str] = set(found.sender)
    for explained, cause in found.explained:
        ids |= {explained.rules[k].id for k in cause.rules | cause.alternates}
        ids |= {*contradicting(explained, cause), *explained.episode.permissions}
    peer = "home agent" if found.home_agent else "correspondent node"
    differences = sorted({e.episode.difference for e, _ in found.explained}, reverse=True)
    what = "; ".join(d.text for d in differences)
    open_ = sorted({n for _, cause in found.explained for _, n in cause.choices})
    return Finding(
        "divergence",
        On.RECEIVE_ACK,
        tuple(sorted(ids)),
        ("bul.status", "bc.kind", *open_),
        f"at rest, {what}{_because(found, open_)}".replace("the peer", f"the {peer}"),
        z3.BoolVal(False),
        {},
        region=f"{peer}; {what}; {'; '.join(open_)}",
        replayed=True,
    )


def contradicting(explained: Explained, cause: Cause) -> Iterator[str]:
    """Yield the ids of the contradicting rules of which some were given up."""
    for was in explained.episode.deciding.values() if cause.broken else ():
        for core in was.engine.conflicts(was.applied):
            if cause.broken & {g.rule.key for g in core}:
                yield from (g.rule.id for g in core)


def _because(found: _Found, open_: list[str]) -> str:
    """Say which contradiction, gap, choice or fault the difference depends on."""
    parts = []
    given_up = set(found.sender)
    for explained, cause in found.explained:
        given_up |= {g.rule.id for g in explained.given_up if g.rule.key in cause.broken}
    if given_up:
        parts.append(f"giving up {', '.join(sorted(given_up))}")
    if open_:
        left = " and ".join(FIELDS[n].sentence for n in open_)
        parts.append(f"the text leaves open: {left}")
    if found.episode.unnamed and not given_up:
        parts.append("no rule ends the entry of the Binding Update List")
    if found.episode.faulty:
        parts.append("after a message was lost or repeated")
    return "".join(f" ({p})" for p in parts)
