"""Gaps beneath contradictions: where one rule is given up, what do the others leave open?"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from checker.contradictions import Contradictions
from checker.finding import Finding
from checker.gaps import Gaps
from checker.situation import Situations
from model.rule import On
from model.ruleset import Ruleset
from model.rulesets.draft04 import RULESET
from model.vocabulary import Effect, Lifetime, bu, decide
from tests.checker.support import SMALLEST, stated, tiny

OTHERWISE = stated("T-0", decide.effect == Effect.keep, given=~bu.zero_lifetime)
DELETES = stated("T-1", decide.effect == Effect.delete, given=bu.zero_lifetime)
KEEPS = stated("T-2", decide.effect == Effect.home, given=bu.zero_lifetime)


def beneath(ruleset: Ruleset) -> tuple[list[Finding], list[Finding]]:
    """The gaps of a receiver's step, and those beneath its contradictions."""
    situations = Situations(ruleset, On.RECEIVE_UPDATE, SMALLEST)
    found = [f for f in Contradictions(situations).findings() if f.kind == "contradiction"]
    gaps = Gaps(situations)
    return list(gaps.findings()), list(gaps.beneath(found))


def of(found: Iterable[Finding], decision: str) -> list[Finding]:
    """The findings about one decision."""
    return [f for f in found if f.at_stake == (decision,)]


def test_the_lifetime_of_the_home_binding_is_open_beneath_the_contradiction_about_it() -> None:
    """04-6.3-21 deletes what 04-6.3-25 keeps; if it is kept, nobody says for how long."""
    known, found = beneath(RULESET)
    assert of(known, "lifetime") == []
    (gap,) = of(found, "lifetime")
    assert {"04-6.3-21", "04-6.3-25"} <= set(gap.rules)
    assert "where 04-6.3-21 is given up" in gap.title
    assert gap.replayed


def test_it_is_an_ordinary_gap_where_the_contradiction_is_repaired() -> None:
    known, found = beneath(RULESET.without("04-6.3-21"))
    assert len(of(known, "lifetime")) == 1
    assert of(found, "lifetime") == []


@pytest.mark.parametrize("said", [True, False])
def test_a_seeded_one_is_found_unless_a_rule_speaks_of_it(said: bool) -> None:
    lasting = stated("T-3", decide.lifetime == Lifetime.at(1), given=bu.zero_lifetime)
    _, found = beneath(tiny(OTHERWISE, DELETES, KEEPS, *([lasting] * said)))
    assert [f.rules for f in of(found, "lifetime")] == ([] if said else [("T-1", "T-2")])
