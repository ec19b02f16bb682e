"""The mistakes that a ruleset can hold, told in one sentence each."""

from __future__ import annotations


class RuleError(ValueError):
    """A rule or ruleset that cannot be used: what is wrong, where (file:line), what to do."""

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(
            ": ".join(p for p in (where, what) if p) + (f"; {remedy}" if remedy else "")
        )
