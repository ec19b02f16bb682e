"""From an exchange to what was observed of the decisions of its step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checker.replay import caches, link
from checker.replay.exchanges import SEQUENCE_ERROR, Exchange
from checker.replay.naming import Naming
from checker.replay.seen import Seen, index_of, statuses
from checker.replay.state import PENDING, State
from checker.replay.update import LENGTHS, care_of
from checker.replay.vantage import Vantage
from model.vocabulary import Destination, Length, Lifetime, SequenceSource
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
        return e.bids if self.knows_bids else ()

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
        seen.put("ba.to", _destination(e, answer))
        seen.put("ba.routing", [int(answer.routing_home is not None)])
        if not self.options(e):
            seen.put("answer[0]", whole)
        copies = list(answer.bids)
        for i, option in enumerate(self.options(e), 1):
            copy = next((c for c in copies if (c.bid or 0) == (option.bid or 0)), None)
            self._copy(seen, i, copy, whole)
            if copy is not None:
                copies.remove(copy)
                self._copied(seen, i, option, copy)

    def _copied(self, seen: Seen, i: int, option: BidOption, copy: BidOption) -> None:
        """What a copy has of its sub-option; its Length is judged where its C flag is the same."""
        seen.put(f"o.status_copied[{i}]", [int((copy.status or 0) == (option.status or 0))])
        if self._has_care_of(copy) == self._has_care_of(option):
            length = LENGTHS.get(copy.length, "other")
            seen.put(f"o.copied_length[{i}]", index_of(Length, length))

    def _has_care_of(self, option: BidOption) -> bool:
        """Whether a sub-option says that it has a care-of address; RFC 5648 has no flag for it."""
        return option.coa is not None if self.layout == "rfc5648" else option.c

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
    asks = e.update.lifetime > 0 and care_of(e.update) != e.home
    return index_of(Lifetime, "zero", "within") if asks else index_of(Lifetime, "zero")


def _destination(e: Exchange, answer: BindingAcknowledgement) -> frozenset[int]:
    """Where it went; by its addresses alone, a link-layer address on the home link is not seen."""
    if answer.dst != e.update.src:
        return index_of(Destination, "other")
    names = ("source", "link_layer") if answer.dst == e.home else ("source",)
    return index_of(Destination, *names)


def _sequence(e: Exchange, answer: BindingAcknowledgement, before: State) -> frozenset[int]:
    last = answer.sequence == before.get("bc.last_sequence") or answer.sequence in [
        value for name, value in before.items() if name.startswith("bc.sequence[")
    ]
    copied = answer.sequence == e.update.sequence
    if last and (answer.status == SEQUENCE_ERROR or not copied):
        return index_of(SequenceSource, "last_accepted")
    return index_of(SequenceSource, "copied" if copied else "other")
