"""What a replay can be told beyond what is declared beside the trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reports import FAIL_ON, failing_on


def _nobody(text: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """Options of a replay.

    `deadline_s` (seconds): an answer that is not seen by then is taken as not sent.
    `at_receiver`: whether a capture shows all that the observed node sends and receives; None:
    found out from the trace (logs and captures with directions do, others only with evidence).
    `readings`: the alternative assumed for a reading, by its name, instead of the default.
    `fail_on`: the least grave verdict that makes the replay fail, one of reports.FAIL_ON.
    `threads`: how many processes may judge a long capture; None: as many as there are cores.
    `tell`: is given a few words from time to time: how far the trace is read.
    """

    deadline_s: float = 3.0
    at_receiver: bool | None = None
    readings: Mapping[str, str] = field(default_factory=dict)
    fail_on: str = FAIL_ON[0]
    threads: int | None = None
    tell: Callable[[str], None] = _nobody


@dataclass(slots=True)
class ReplaySummary:
    """How many verdicts of each kind the replayed traces gave, and how many inputs failed."""

    verdicts: dict[str, int] = field(default_factory=dict)
    errors: int = 0
    traces: int = 0
    exchanges: int = 0
    fail_on: str = FAIL_ON[0]

    @property
    def judged(self) -> int:
        """How many verdicts say something of what was observed."""
        names = ("conforms", "deviates", "violates", "ambiguous")
        return sum(self.verdicts.get(name, 0) for name in names)

    @property
    def exit_code(self) -> int:
        """3 when something could not be read, 1 for a failure, 4 when nothing was judged."""
        if self.errors:
            return 3
        if any(map(self.verdicts.get, failing_on(self.fail_on))):
            return 1
        return 0 if self.judged else 4

    def count(self, record: Mapping[str, Any]) -> None:
        """Take one record into account."""
        kind = record["record"]
        if kind == "verdict":
            name = str(record["verdict"])
            self.verdicts[name] = self.verdicts.get(name, 0) + record.get("count", 1)
        elif kind == "trace":
            self.traces += 1
            self.exchanges += record["exchanges"]
        self.errors += kind == "error"
