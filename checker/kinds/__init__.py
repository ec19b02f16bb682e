"""Further analyses of the rules: what each kind of finding means is in `reports/kinds.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from checker.finding import Finding
from checker.kinds import (
    ambiguity,
    firing,
    free,
    parties,
    precedence,
    redundant,
    unchecked,
    undefined,
    values,
    yielding,
)
from checker.kinds.folding import folded
from checker.kinds.overrides import classify
from checker.situation import Situations
from model.rule import On
from model.ruleset import Ruleset

__all__ = ["SEARCHES", "classify", "folded", "kinds"]


Search = Callable[[Mapping[On, Situations], Ruleset], Iterator[Finding]]

# What is looked for, and how: what takes long first.
SEARCHES: Mapping[str, Search] = {
    "readings that decide what a node does": ambiguity.findings,
    "rules that follow from others": redundant.findings,
    "rules that never fire": firing.findings,
    "duties that nobody checks": unchecked.findings,
    "terms that nothing defines": undefined.findings,
    "rules of the base that yield unsaid": yielding.findings,
    "values that nobody sends, or nobody handles": values.findings,
    "fields that no rule sets": free.findings,
    "duties whose order is open": precedence.findings,
    "duties of parties that the document does not bind": parties.findings,
}


def kinds(situations: Mapping[On, Situations], ruleset: Ruleset) -> Iterator[Finding]:
    """Yield every finding of these kinds; of the silent overrides `classify` tells most."""
    for search in SEARCHES.values():
        yield from search(situations, ruleset)
