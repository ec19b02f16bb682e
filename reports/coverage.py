"""Which rules the recordings of a result, or of several merged ones, put to the test."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from reports.records import Result
from reports.text import natural

JUDGED = frozenset({"conforms", "deviates", "violates", "ambiguous"})
# What a rule's verdicts come to, from the best that can be said of it.
WORDS = (
    "judged",
    "exercised but not observable",
    "unsupported",
    "never exercised",
    "not judged by replay",
)


def coverage(result: Result) -> Mapping[str, Sequence[str]]:
    """Return the ids of the rules by what became of them in all recordings, in natural order.

    A rule is judged if it is in one of them; nothing is returned where there is no verdict.
    """
    if not result.verdicts:
        return {}
    verdicts: dict[str, set[str]] = {rule: set() for rule in result.rules}
    for verdict in result.verdicts:
        verdicts.setdefault(verdict["rule"], set()).add(verdict["verdict"])
    found: dict[str, list[str]] = defaultdict(list)
    for rule in sorted(verdicts, key=natural):
        found[_word(verdicts[rule])].append(rule)
    return {word: found[word] for word in WORDS if found[word]}


def _word(verdicts: set[str]) -> str:
    if verdicts & JUDGED:
        return WORDS[0]
    for name, word in (("inconclusive", 1), ("unsupported", 2), ("not exercised", 3)):
        if name in verdicts:
            return WORDS[word]
    return WORDS[4]
