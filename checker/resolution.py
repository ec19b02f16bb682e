"""A contradiction that is decided: which of the rules is obeyed where they meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Resolution:
    """Of rules that cannot all be obeyed (ids), one that is not given up."""

    rules: frozenset[str]
    obeyed: str

    def keeps(self, rule: str, among: Iterable[str]) -> bool:
        """Return whether a rule is not to be given up, where these contradict each other."""
        ids = set(among)
        return rule == self.obeyed and rule in ids and ids <= self.rules
