"""Every verdict that says more than "conforms" on the shipped recordings, against a golden file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checker.replay.support import LISTED, RECORDED, judge, verdicts

GOLDEN = Path(__file__).parent / "golden" / "verdicts.tsv"
GROUPS = ("shisa/*.jsonl", "shisa/*.pcapng", "umip/*.pcap", "umip/*.pcapng", "tcpdump/*.pcap")


def expected() -> dict[str, set[tuple[str, ...]]]:
    """The lines of the golden file by trace."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            trace, *rest = line.split("\t")
            found.setdefault(trace, set()).add(tuple(rest))
    return found


def listed(name: str) -> set[tuple[str, ...]]:
    """What a replay lists for a recording, in the form of the golden file."""
    records = judge(name)[0]
    return {
        (verdict, rule, ",".join(map(str, packets)))
        for verdict in LISTED
        for rule, packets in verdicts(records, verdict).items()
    }


@pytest.mark.parametrize("group", GROUPS)
def test_recordings_give_the_reviewed_verdicts(group: str) -> None:
    """No verdict comes or goes without someone changing the golden file, with a reason."""
    golden = expected()
    names = [f"{p.parent.name}/{p.name}" for p in sorted(RECORDED.glob(group))]
    assert names
    for name in names:
        assert listed(name) == golden.get(name, set()), name


def test_golden_file_speaks_of_recordings_and_gives_reasons() -> None:
    """Each group has its reason, and each trace exists."""
    assert all((RECORDED / name).is_file() for name in expected())
    groups = [x for x in GOLDEN.read_text(encoding="utf-8").split("\n# ")[2:] if x]
    assert groups
    assert all(len(g.split("\n")[0].partition(": ")[2]) > 10 for g in groups)
