"""What a departure is, and the groups of rules of the catalogue that say the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.mutations.changes import Change
from tests.mutations.conforming import Script
from tests.mutations.scene import VIEWS, View


@dataclass(frozen=True)
class Departure:
    """One thing that a conforming exchange has otherwise.

    `source` is a script or the name of a recording; `at` the number of the exchange that departs;
    `rules` are the rules of the catalogue that forbid it: one of them has to be reported there
    with `verdict`, and none but them.
    """

    name: str
    source: Script | str
    view: View
    at: int
    change: Change
    rules: tuple[str, ...]
    verdict: str = "violates"
    draft_only: bool = False  # the dialect of RFC 5648 cannot say it
    legacy: bool = False  # the node is declared as one that knows no BIDs

    @property
    def title(self) -> str:
        """Its name and where it is made."""
        if isinstance(self.source, str):
            return f"{self.name}, {self.source}"
        node = self.source.__module__.rpartition(".")[2].replace("_", " ")
        return f"{self.name}, {node}: {self.source.__name__}, {self.view}"


def both(
    name: str, source: Script | str, at: int, change: Change, rules: tuple[str, ...], **more: Any
) -> Sequence[Departure]:
    """A departure that a capture and a log show alike."""
    return [Departure(name, source, view, at, change, rules, **more) for view in VIEWS]


def logged(
    name: str, source: Script | str, at: int, change: Change, *rules: str, **more: Any
) -> Departure:
    """A departure that a log alone shows."""
    return Departure(name, source, "log", at, change, rules, **more)


# Acknowledgements that are not sent.  A asks for one (9.5.4-2); a home agent answers whatever A
# says (10.3.1-9); a wholly accepted update with A gets one with its options (6.3-37), and then the
# BID option is in it (5.6-2).  6.3-35 and -36 return 0, which is said of every registration.
RETURNED = ("04-6.3-35", "04-6.3-36")
SILENT = ("3775-9.5.4-2", "3775-10.3.1-9", "04-6.3-37", "04-5.6-2", *RETURNED)
# The option is not in the acknowledgement: one statement for any acknowledgement, one for that to
# an update with A, one for that to a wholly accepted update.
NOT_COPIED = ("04-6.3-38", "04-5.6-2", "04-6.3-37")
# An error for what has to be accepted: 0 is returned (6.3-35, -36); an entry that was created or
# updated is answered below 128 (9.5.4-4); the home agent returns 0 or 1 (10.3.1-9).
NEW_REFUSED = ("04-6.3-36", "3775-9.5.4-4", "3775-10.3.1-9")
OLD_REFUSED = ("04-6.3-35", "3775-9.5.4-4", "3775-10.3.1-9")
PLAIN_REFUSED = ("3775-9.5.4-4", "3775-10.3.1-9")
# A binding that is not made: 6.3-27 registers it, 6.3-36 a new one, 3-4 beside others; the
# sub-option is processed at all (6.3-8) and its BID is put into the entry (3-3).
NOT_MADE = ("04-6.3-36", "04-6.3-27", "04-3-4", "04-6.3-8", "04-3-3")
NOT_UPDATED = ("04-6.3-35", "04-6.3-27", "04-6.3-8")
# RFC 3775 makes or updates the entry (10.3.1-4), as 6.3-1 has it for an update without BID.
PLAIN_NOT_MADE = ("04-6.3-1", "3775-10.3.1-4", "3775-9.5.1-11")
# The home address is probed first: RFC 3775, and "carefully" in the draft.
NOT_PROBED = ("3775-10.3.1-5", "04-6.3-6")
# The window: 9.5.1-2 and -6, which an update with BID is validated by, too (6.3-5).
SEQUENCE = ("3775-9.5.1-6", "3775-9.5.1-2", "04-6.3-5")
# RFC 3775 says in general, too, that what is not accepted is answered from 128 on (9.5.4-4).
PLAIN_SEQUENCE = ("3775-9.5.1-6", "3775-9.5.1-2", "3775-9.5.4-4")
# Intercepting is due after an accepted registration (10.3.1-11 by 10.4.1-1); the advertisement is a
# rule of its own.
INTERCEPTING = ("3775-10.3.1-11", "3775-10.4.1-1")
ANNOUNCING = ("3775-10.4.1-2",)
STOPPING = ("3775-10.3.2-5", "3963-6.7-1")
# Only the bindings that are named go (5.5-5), told again in section 3.
TOO_MANY = ("04-5.5-5", "04-3-23")
TOO_FEW = ("04-6.3-21", "04-3-23", "04-6.3-8")
# A de-registration without BID takes all (6.3-4, told again in 3-21; RFC 3775 10.3.2, 9.5.3).
ALL = ("04-6.3-4", "04-3-21", "3775-10.3.2-2", "3775-9.5.3-1")
REPLACING = ("04-6.3-2", "04-6.3-3", "04-3-13")
DISCARDED = ("3775-9.5.4-1",)
