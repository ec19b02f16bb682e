"""Free fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checker.finding import Finding
from checker.situation import Situations
from model.rule import On
from model.ruleset import Ruleset


def findings(_views: Mapping[On, Situations], _ruleset: Ruleset) -> Iterator[Finding]:
    """Yield."""
    yield from ()
