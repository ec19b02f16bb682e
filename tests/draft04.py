"""The node steps of draft -04 at the default scope, for tests of single sentences."""

from __future__ import annotations

from functools import cache

from checker.contradictions import Contradictions
from checker.finding import Finding
from checker.gaps import Gaps
from checker.outcomes import StepEngine
from checker.situation import Situations
from model.fields import Domain
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.vocabulary import FIELDS


@cache
def situations(on: On) -> Situations:
    """The inputs of one step."""
    return Situations(RULESET, on, Scope())


def engine(on: On) -> StepEngine:
    """The engine of one step."""
    return situations(on).engine


@cache
def findings(on: On) -> tuple[Finding, ...]:
    """Contradictions and gaps of one step: for steps that are quickly analysed."""
    search = Contradictions(situations(on))
    return (*search.findings(), *Gaps(situations(on), search.engine).findings())


def number(label: str, value: int | str) -> int:
    """The number of a value of a field or reading, by its name where the domain has names."""
    readings = {r.id: r.domain for r in RULESET.readings}
    domain = readings.get(label) or FIELDS[label.partition("[")[0]].domain
    return domain.values.index(str(value)) if isinstance(domain, Domain) else int(value)
