"""A system before any search by machine code: its instructions, and its step tables."""

from __future__ import annotations

import threading

from checker.space.lowered import Lowered
from checker.space.renaming import UpToRenaming
from checker.space.search import MOST_ALWAYS
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem
from checker.space.tables import Rows, joined
from model.errors import RuleError


class Prepared(UpToRenaming):
    """What engines of machine code have before they search: the rows of step tables, as asked.

    `lowered` are the instructions of the system where they are made already.
    """

    def __init__(
        self,
        system: TransitionSystem,
        up_to: Symmetry | None = None,
        lowered: Lowered | None = None,
    ) -> None:
        super().__init__(system, up_to, lowered)
        if max(len(system.always), len(system.sometimes)) > MOST_ALWAYS:
            raise RuleError(f"more than {MOST_ALWAYS} properties cannot be checked at once")
        self.words = self.lowered.packing.words
        self.rows, self.tables = joined(self.lowered.lookups)
        self._adding = threading.Lock()

    def table(self, name: str) -> Rows:
        """Return the rows of a step table."""
        return next(rows for rows in self.rows if rows.table.name == name)

    def known(self, lookup: int, *key: int) -> None:
        """See to it that a table has the rows for a key, whose words may be followed by others."""
        words = len(self.lowered.lookups[lookup].key)
        with self._adding:
            self.rows[lookup].place(key[:words])
