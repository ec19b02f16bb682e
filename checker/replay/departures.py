"""One departure may break several rules that ask for the same: it is told under one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from checker.replay.judge import Judgement
from checker.replay.near import conjuncts
from model.rule import Modality
from model.ruleset import Ruleset

GRAVE = frozenset({"violates", "deviates"})
STRENGTH = (Modality.MUST, Modality.MUST_NOT, Modality.STATED)


def leaders(
    judgements: Sequence[Judgement], observed: Mapping[str, str], ruleset: Ruleset
) -> dict[str, str]:
    """The rule under which a departure is told, by each other rule that it breaks as well.

    Rules with the same text of what was `observed` speak of the same decisions.  The one told is
    the strongest, then that with the most conditions: it speaks of this very situation.
    """
    alike: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for j in judgements:
        if j.verdict in GRAVE and observed.get(j.rule):
            alike[j.verdict, observed[j.rule]].append(j)
    found: dict[str, str] = {}
    for many in alike.values():
        first = min(many, key=lambda j: _rank(j, ruleset))
        found |= {j.rule: first.rule for j in many if j.rule != first.rule}
    return found


def _rank(j: Judgement, ruleset: Ruleset) -> tuple[int, bool, int, str]:
    rule = ruleset.rule(j.rule)
    strength = STRENGTH.index(rule.modality) if rule.modality in STRENGTH else len(STRENGTH)
    return strength, not ruleset.is_extension(rule), -len(conjuncts(rule.given)), rule.id
