"""What the replay of a trace, or of a part of its home addresses, came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from checker.replay.listing import Listing
from checker.replay.records import Record, error_record, trace_record
from traces.declaration import Declaration
from traces.events import ReadError
from traces.views import View

MOST_ERRORS = 1_000  # what could not be read is told so many times


@dataclass(slots=True)
class Outcome:
    """The verdicts on a trace, and what is said of the trace itself."""

    listing: Listing
    errors: list[ReadError] = field(default_factory=list)
    unread: int = 0  # places that cannot be read, beyond those in `errors`
    packets: int = 0
    malformed: int = 0  # updates with a wrong checksum or payload type
    lost: int = 0  # updates that were lost on the way
    description: str | None = None
    stops: list[Record] = field(default_factory=list)  # verdicts on nodes that stopped
    stopped: bool = False  # whether the trace was not read to its end
    views: tuple[View, ...] = ()  # the captures of a run of several

    def unreadable(self, error: ReadError) -> None:
        """Take in what could not be read."""
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(error)
        else:
            self.unread += 1

    def join(self, other: Outcome) -> None:
        """Take in what was judged of other home addresses in the same trace."""
        self.listing.join(other.listing)
        known = {str(e) for e in self.errors}
        self.errors += [e for e in other.errors if str(e) not in known]
        self.stopped = self.stopped or other.stopped

    def records(self, declared: Declaration) -> Iterator[Record]:
        """Yield the records of the trace: itself, what could not be read, exchanges, verdicts."""
        name, count = self.listing.trace, self.listing.exchanges
        said = self._said(declared)
        yield trace_record(name, declared, said, self.packets, count, self.views)
        yield from (error_record(e) for e in self.errors)
        if self.unread:
            text = f"{name}: {self.unread} more places cannot be read; see the first ones."
            yield {"record": "error", "where": name, "text": text}
        yield from self.stops
        yield from self.listing.records()

    def _said(self, declared: Declaration) -> str:
        """What a log says of itself, what was declared, and what was left out or only counted."""
        said = [text for text in (self.description, declared.notes) if text]
        if self.lost:
            said.append(f"{self.lost} Binding Updates were lost on the way: they are not judged")
        if self.malformed:
            said.append(
                f"{self.malformed} Binding Updates with a wrong checksum or payload type "
                "are not judged: RFC 3775 9.2 has them dropped"
            )
        if self.listing.counted:
            said.append(
                f"{self.listing.counted} of {self.listing.exchanges} exchanges are not told one by "
                "one: their verdicts are counted by rule"
            )
        return "; ".join(said)
