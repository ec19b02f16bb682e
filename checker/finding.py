"""A finding of the rule analysis, and its stable id."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from model.rule import On

Inputs = Mapping[str, int]


@dataclass(frozen=True)
class Finding:
    """What the analysis found: which rules, what is at stake, where it holds.

    `condition` is the term over inputs that makes a situation one of this finding;
    `witness` the minimal situation (every input by name), `shown` the part of it that
    matters.
    """

    kind: str
    on: On
    rules: tuple[str, ...]
    at_stake: tuple[str, ...]
    title: str
    condition: Any = field(compare=False, repr=False)
    witness: Inputs = field(compare=False)
    shown: tuple[str, ...] = ()
    facts: Mapping[str, bool] = field(default_factory=dict, compare=False)
    readings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    demands: tuple[tuple[str, str], ...] = ()
    replayed: bool = False
    region: str = ""
    principal: tuple[str, ...] | None = None  # the rules that it is about, without restatements
    also: tuple[str, ...] = field(default=(), compare=False)  # rules of findings told with it
    where: tuple[str, ...] = field(default=(), compare=False)  # the region, a condition in each

    @property
    def id(self) -> str:
        """Return an id computed from what the finding is about, stable under other edits."""
        rules = self.rules if self.principal is None else self.principal
        about = "|".join((self.kind, self.on.name, *rules, *self.at_stake, self.region))
        return "F-" + hashlib.sha256(about.encode()).hexdigest()[:8]
