"""The mistakes that a ruleset can hold, told in one sentence each."""

from __future__ import annotations

from collections.abc import Iterable


class RuleError(ValueError):
    """A rule or ruleset that cannot be used: what is wrong, where (file:line), what to do."""

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        self.ruleset: object = None  # the one that it was found in, when it can be looked into
        super().__init__(
            ": ".join(p for p in (where, what) if p) + (f"; {remedy}" if remedy else "")
        )


class RuleErrors(RuleError):
    """Several mistakes of one ruleset, one line each."""

    def __init__(self, errors: Iterable[RuleError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(e) for e in self.errors))


def told(bad: RuleError) -> tuple[RuleError, ...]:
    """Return the single mistakes of an error."""
    return bad.errors if isinstance(bad, RuleErrors) else (bad,)


def raise_all(errors: Iterable[RuleError], ruleset: object = None) -> None:
    """Raise the mistakes, when there are any: one as it is, several together."""
    found = list(errors)
    if found:
        error = found[0] if len(found) == 1 else RuleErrors(found)
        error.ruleset = ruleset
        raise error
