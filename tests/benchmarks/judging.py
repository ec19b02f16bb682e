"""How fast a long capture is judged, against tshark on the same file, and in how much memory.

The generated capture has a Mobility Header in one of ten packets, of thousands of mobile nodes.
Judging is what `monami replay` does with it: reading, following every cache, holding each rule
against each exchange.  The first row is a tenth of the capture: the memory of one process should
be that of the whole.  Starts (on a capture of one packet) are taken off on either side.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from checker.replay import Replayer, ReplayOptions
from model.rulesets.draft04 import RULESET
from tests.benchmarks.generated import generated
from tests.benchmarks.reading import dissect
from traces.declaration import Declaration

PACKETS = {100_000: (1,), 1_000_000: (1, 2)}  # and by how many processes they are judged
HEAD = ("packets", "processes", "exchanges", "judged pkt/s", "MB each", "tshark pkt/s", "ratio")
FORM = "{:>10}{:>11}{:>11}{:>14}{:>9}{:>14}{:>8}"


def judged(capture: Path, processes: int) -> tuple[int, float, float]:
    """Judge a capture in a process of its own: exchanges, seconds, and MB at most."""
    command = [sys.executable, "-m", "tests.benchmarks.judging", str(capture), str(processes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    exchanges, seconds, octets = done.stdout.split()
    return int(exchanges), float(seconds), float(octets)


def child(capture: Path, processes: int) -> None:
    """Print what `judged` returns."""
    start = perf_counter()
    replayer = Replayer(RULESET, ReplayOptions(threads=processes))
    for _ in replayer.replay(capture, Declaration()):
        pass
    taken = perf_counter() - start
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    most = max(resource.getrusage(w).ru_maxrss for w in who) / 1024
    print(replayer.summary.exchanges, taken, most)


def timed(tshark: str, capture: Path) -> float:
    """The seconds that tshark takes."""
    start = perf_counter()
    dissect(tshark, capture)
    return perf_counter() - start


def table(tshark: str) -> Iterator[str]:
    """The lines of the table, each as soon as it is measured."""
    yield FORM.format(*HEAD)
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / "short.pcap"
        generated(short, 11)
        ours, theirs = judged(short, 1)[1], timed(tshark, short)
        for packets, numbers in PACKETS.items():
            capture = Path(folder) / f"{packets}.pcap"
            generated(capture, packets)
            rate = packets / (timed(tshark, capture) - theirs)
            for processes in numbers:
                exchanges, seconds, octets = judged(capture, processes)
                own = packets / (seconds - ours)
                row = (f"{own:,.0f}", f"{octets:.0f}", f"{rate:,.0f}", f"{own / rate:.2f}")
                yield FORM.format(f"{packets:,}", processes, f"{exchanges:,}", *row)


def main() -> int:
    """Print the table; 3 without tshark."""
    tshark = shutil.which("tshark")
    if tshark is None:
        print("tshark is not installed, so there is nothing to compare with.", file=sys.stderr)
        return 3
    for line in table(tshark):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        sys.exit(main())
