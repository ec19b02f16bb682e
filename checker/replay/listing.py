"""What of a trace is told one by one, and what is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from checker.replay.judge import Judgement
from checker.replay.records import Record, Reporter
from checker.replay.track import Judged

LISTED = 2_000  # exchanges of a trace that are told one by one, whatever their verdicts
REPEATED = 1_000  # times that a verdict on a rule is told one by one
TOGETHER = 1_000  # exchanges whose verdicts are counted together
GRAVE = frozenset({"violates", "deviates", "ambiguous"})

Judgements = tuple[Judgement, ...]


@dataclass(slots=True)
class Listing:
    """The records of a trace: its first exchanges and those with a failure, counts of the rest.

    Its size is bounded by the constants above, not by the length of the trace.
    """

    trace: str
    told: dict[int, list[Record]] = field(default_factory=dict)
    exchanges: int = 0
    counted: int = 0  # exchanges that are not told one by one
    _counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _same: dict[int, list[Judgements]] = field(default_factory=dict)  # by identity
    _grave: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def rules(self) -> set[str]:
        """The rules on which a verdict was given."""
        self.count()
        listed = (r["rule"] for told in self.told.values() for r in told if "rule" in r)
        return {*listed, *(rule for rule, _, _ in self._counts)}

    def add(self, judged: Judged, reporter: Reporter) -> None:
        """Take in what was judged of an exchange."""
        self.exchanges += 1
        number = judged.exchange.number
        if number <= LISTED or self._is_new(judged):
            self.told[number] = list(reporter.records(judged))
            return
        self.counted += 1
        self._same.setdefault(id(judged.judgements), []).append(judged.judgements)
        if self.counted % TOGETHER == 0:
            self.count()

    def join(self, other: Listing) -> None:
        """Take in the listing of other exchanges of the same trace."""
        self.told |= other.told
        self.exchanges += other.exchanges
        self.counted += other.counted
        self._counts += other._counts

    def count(self) -> None:
        """Count the judgements; of many exchanges they are the very same."""
        for many in self._same.values():
            for j in many[0]:
                self._counts[j.rule, j.verdict, j.note] += len(many)
        self._same.clear()

    def _is_new(self, judged: Judged) -> bool:
        """Whether it has a grave verdict on a rule that was not told too often already."""
        grave = [(j.rule, j.verdict) for j in judged.judgements if j.verdict in GRAVE]
        self._grave.update(grave)
        return any(self._grave[key] <= REPEATED for key in grave)

    def records(self) -> Iterator[Record]:
        """Yield the records of exchanges and their verdicts in order, then the counts."""
        for number in sorted(self.told):
            yield from self.told[number]
        self.count()
        for (rule, verdict, note), count in sorted(self._counts.items()):
            more = f"in {count} more exchanges, which are not told one by one"
            text = "; ".join(n for n in (note, more if verdict in GRAVE else "") if n)
            record = {"record": "verdict", "trace": self.trace, "rule": rule, "verdict": verdict}
            yield record | ({"note": text} if text else {}) | {"count": count}
