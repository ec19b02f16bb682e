"""Further analyses of the rules: what each kind of finding means is in `reports/kinds.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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

__all__ = ["classify", "folded", "kinds"]


def kinds(situations: Mapping[On, Situations], ruleset: Ruleset) -> Iterator[Finding]:
    """Yield every finding of these kinds; of the silent overrides `classify` tells most."""
    yield from precedence.findings(situations, ruleset)
    yield from ambiguity.findings(situations, ruleset)
    yield from unchecked.findings(situations, ruleset)
    yield from parties.findings(situations, ruleset)
    yield from firing.findings(situations, ruleset)
    yield from values.findings(situations, ruleset)
    yield from undefined.findings(situations, ruleset)
    yield from free.findings(situations, ruleset)
    yield from yielding.findings(situations, ruleset)
    yield from redundant.findings(situations, ruleset)
