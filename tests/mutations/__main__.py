"""Print the score: ``python -m tests.mutations``; exit code 1 below 95 %."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.mutations.score import Outcome, Verdict, outcomes

ENOUGH = 0.95


def main() -> int:
    """Print a line for each departure, then the score."""
    found = outcomes()
    for o in found:
        print(_line(o))
    right = sum(o.right for o in found)
    print(f"\n{right} of {len(found)} departures reported under the rule that they break")
    print(f"{sum(bool(o.spilt) for o in found)} with verdicts under other rules besides")
    print(f"{sum(len(o.rules) > 1 for o in found)} with more than one violated rule")
    print(f"{sum(len(o.told) > 1 for o in found)} told under more than one of them")
    return 0 if right >= ENOUGH * len(found) else 1


def _line(o: Outcome) -> str:
    d = o.departure
    wanted = f"{d.verdict} {'|'.join(d.rules)} in {d.at}"
    told = _told(o.reported) or f"MISSED ({', '.join(o.missed)})"
    if o.reported and o.missed:
        told += f"; MISSED ({', '.join(o.missed)})"
    spill = f"; besides {_told(o.spilt)}" if o.spilt else ""
    return f"{'ok  ' if o.right else 'MISS'} {d.title}: {wanted}: {told}{spill}"


def _told(verdicts: Sequence[Verdict]) -> str:
    return ", ".join(f"{rule} {name} in {at}" for at, name, rule, _ in verdicts)


if __name__ == "__main__":
    sys.exit(main())
