"""How fast captures are read: packets a second of `traces` against tshark on the same file.

The generated capture has a Mobility Header in one of ten packets. Each recording is repeated to a
capture long enough that the start of tshark (measured on the recording itself and taken off) does
not count. Both dissect every packet; the best of some runs is taken. A ratio above 1 says that
`traces` is faster.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import traces
from tests.benchmarks.generated import generated
from traces.capture import read_frames
from traces.declaration import Declaration, load_declaration
from traces.read import read_trace

RECORDED = Path(traces.__file__).parent / "recorded"
RECORDINGS = ("umip/08-traffic-mn.pcap", "umip/01-register-ha-up.pcap")
PACKETS, GENERATED, RUNS, PCAP_HEADER = 40_000, 1_000_000, 3, 24
HEAD = ("recording", "packets", "MB", "traces pkt/s", "tshark pkt/s", "ratio")
FORM = "{:<32}{:>9}{:>8}{:>14}{:>14}{:>8}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One recording: packets and octets of the long capture, seconds that each reader took."""

    name: str
    packets: int
    octets: int
    traces: float
    tshark: float

    def row(self) -> str:
        """The line of the table."""
        ours, theirs = self.packets / self.traces, self.packets / self.tshark
        size, ratio = f"{self.octets / 1e6:.1f}", f"{ours / theirs:.2f}"
        return FORM.format(self.name, self.packets, size, f"{ours:.0f}", f"{theirs:.0f}", ratio)


def repeated(recording: Path, copy: Path) -> int:
    """Write a capture with the packets of a pcap over and over; the number of packets."""
    data = recording.read_bytes()
    once = sum(1 for _ in read_frames(recording))
    times = -(-PACKETS // once)
    copy.write_bytes(data[:PCAP_HEADER] + data[PCAP_HEADER:] * times)
    return once * times


def best(run: Callable[[], object]) -> float:
    """The shortest of some runs in seconds."""
    taken = []
    for _ in range(RUNS):
        start = perf_counter()
        run()
        taken.append(perf_counter() - start)
    return min(taken)


def dissect(tshark: str, capture: Path) -> int:
    """Let tshark dissect a capture to the fields that `traces` reads; the number of packets."""
    fields = ("frame.number", "ipv6.src", "ipv6.dst", "mip6.mhtype", "icmpv6.type")
    command = [tshark, "-n", "-r", str(capture), "-T", "fields"]
    command += [part for name in fields for part in ("-e", name)]
    done = subprocess.run(command, check=True, capture_output=True)
    return done.stdout.count(b"\n")


def measured(name: str, tshark: str, folder: Path) -> Measured:
    """Read one recording with both; ValueError when they do not see the same packets."""
    recording = RECORDED / name
    copy = folder / recording.name
    packets = repeated(recording, copy)
    if (seen := dissect(tshark, copy)) != packets:
        raise ValueError(f"{name}: tshark sees {seen} packets of {packets}; repair the benchmark")
    declared = load_declaration(recording)
    ours = best(lambda: sum(1 for _ in read_trace(copy, declared)))
    start = best(lambda: dissect(tshark, recording))
    theirs = best(lambda: dissect(tshark, copy)) - start
    return Measured(name, packets, copy.stat().st_size, ours, theirs)


def made(tshark: str, folder: Path) -> Measured:
    """Read a generated capture with both; tshark once, for it takes long enough."""
    long, short = folder / "generated.pcap", folder / "short.pcap"
    generated(long, GENERATED)
    generated(short, 1)
    if (seen := dissect(tshark, long)) != GENERATED:
        raise ValueError(f"tshark sees {seen} packets of {GENERATED}; repair the benchmark")
    ours = best(lambda: sum(1 for _ in read_trace(long, Declaration())))
    start = best(lambda: dissect(tshark, short))
    begun = perf_counter()
    dissect(tshark, long)
    theirs = perf_counter() - begun - start
    return Measured("generated", GENERATED, long.stat().st_size, ours, theirs)


def table(tshark: str) -> Iterator[str]:
    """The lines of the table, each as soon as it is measured."""
    yield FORM.format(*HEAD)
    with tempfile.TemporaryDirectory() as folder:
        yield made(tshark, Path(folder)).row()
        for name in RECORDINGS:
            yield measured(name, tshark, Path(folder)).row()


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
    sys.exit(main())
