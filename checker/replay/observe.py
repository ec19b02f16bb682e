"""From an exchange to what was observed of the decisions of its step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checker.replay import caches, link
from checker.replay.exchanges import SEQUENCE_ERROR, Exchange
from checker.replay.naming import Naming
from checker.replay.seen import Seen, index_of, statuses
from checker.replay.state import PENDING, State
from checker.replay.vantage import Vantage
from model.vocabulary import Lifetime, SequenceSource
from traces.events import BidOption, BindingAcknowledgement


@dataclass(frozen=True, slots=True)
class Observer:
    """What is needed to read an exchange: names, vantage, status numbers, the deadline."""

    naming: Naming
    vantage: Vantage
    numbers: Mapping[str, int]
    deadline: float
    knows_bids: bool = True
    layout: str = "draft-04"

    def options(self, e: Exchange) -> tuple[BidOption, ...]:
        """The BID sub-options of an update that the peer is taken to know."""
        return e.update.bids if self.knows_bids else ()

    def observe(self, e: Exchange, before: State) -> Seen:
        """The possible values of each decision of a step taken in a state."""
        seen = Seen()
        if e.answer is not None:
            self._answer(seen, e, e.answer, before)
        elif self.silent(e):
            seen.put("acknowledged", [0])
        if self.settled(e):
            caches.observe(seen, e, self.naming, before, self.options(e))
        link.observe(seen, e, self.vantage, self.deadline)
        return seen

    def settled(self, e: Exchange) -> bool:
        """Whether a dump shows the cache after the update was processed."""
        return e.after is not None and not self.pending(e)

    def pending(self, e: Exchange) -> bool:
        """Whether the dump shows that the update waits for duplicate address detection."""
        named: set[int | None] = {self.naming.bid(o.bid) for o in self.options(e)}
        named = named or {None}
        return e.answer is None and any(
            x.state == PENDING
            and x.home_address == e.home
            and (None if x.bid is None else self.naming.bid(x.bid)) in named
            for x in (e.after.entries if e.after is not None else ())
        )

    def silent(self, e: Exchange) -> bool:
        """Whether the trace shows that no acknowledgement was sent."""
        if e.answer is not None or not self.vantage.sees_answers_to(e.update) or e.stopped:
            return False
        if self.vantage.log and e.after is not None and not self.pending(e):
            return True
        return self.vantage.end_for(e.update) - e.update.time >= self.deadline

    def _answer(
        self, seen: Seen, e: Exchange, answer: BindingAcknowledgement, before: State
    ) -> None:
        whole = statuses(answer.status, self.numbers)
        seen.put("acknowledged", [1])
        seen.put("ba.status", whole)
        seen.put("ba.lifetime", _lifetime(e, answer))
        seen.put("ba.sequence", _sequence(e, answer, before))
        if not self.options(e):
            seen.put("answer[0]", whole)
        copies = list(answer.bids)
        for i, option in enumerate(self.options(e), 1):
            copy = next((c for c in copies if (c.bid or 0) == (option.bid or 0)), None)
            if copy is not None:
                copies.remove(copy)
            self._copy(seen, i, copy, whole)

    def _copy(self, seen: Seen, i: int, copy: BidOption | None, whole: frozenset[int]) -> None:
        seen.put(f"o.copied[{i}]", [int(copy is not None)])
        seen.put(f"answer[{i}]", whole)
        if copy is not None and copy.status is not None:
            own = statuses(copy.status, self.numbers)
            seen.put(f"o.ba_status[{i}]", own)
            seen.put(f"answer[{i}]", own if copy.status else whole)


def _lifetime(e: Exchange, answer: BindingAcknowledgement) -> frozenset[int]:
    """How the granted Lifetime compares with the requested one; zero for a grant is no excess."""
    if answer.lifetime > e.update.lifetime:
        return index_of(Lifetime, "above")
    if answer.lifetime:
        return index_of(Lifetime, "within")
    care_of = e.update.alternate if e.update.alternate is not None else e.update.src
    asks = e.update.lifetime > 0 and care_of != e.home
    return index_of(Lifetime, "zero", "within") if asks else index_of(Lifetime, "zero")


def _sequence(e: Exchange, answer: BindingAcknowledgement, before: State) -> frozenset[int]:
    last = answer.sequence == before.get("bc.last_sequence") or answer.sequence in [
        value for name, value in before.items() if name.startswith("bc.sequence[")
    ]
    copied = answer.sequence == e.update.sequence
    if last and (answer.status == SEQUENCE_ERROR or not copied):
        return index_of(SequenceSource, "last_accepted")
    return index_of(SequenceSource, "copied" if copied else "other")
