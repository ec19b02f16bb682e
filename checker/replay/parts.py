"""A long capture in several processes: each reads all of it and judges some home addresses."""

from __future__ import annotations

import multiprocessing
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address
from multiprocessing.connection import Connection
from pathlib import Path

from checker.replay.outcome import Outcome
from traces.packed import GZIP_MAGIC
from traces.read import is_capture

LONG, LONG_PACKED = 1 << 25, 1 << 22  # octets of a file from which it is worth while


@dataclass(frozen=True, slots=True)
class Part:
    """Which home addresses are judged: the part `number` of `count`."""

    number: int = 0
    count: int = 1

    def has(self, home: IPv6Address) -> bool:
        """Whether a home address is in it."""
        return self.count == 1 or zlib.crc32(home.packed) % self.count == self.number


def parts_of(path: Path, most: int | None) -> int:
    """In how many parts a trace is judged best: one, unless it is a long capture in a file."""
    forks = "fork" in multiprocessing.get_all_start_methods()
    most = most or os.cpu_count() or 1
    if most == 1 or not forks or not path.is_file():
        return 1
    with path.open("rb") as octets:
        first = octets.read(4)
    long = LONG_PACKED if first[:2] == GZIP_MAGIC else LONG
    capture = first[:2] == GZIP_MAGIC or is_capture(first)
    return most if capture and path.stat().st_size >= long else 1


def in_parts(judge: Callable[[Part], Outcome], count: int) -> Outcome:
    """What judging all parts, the first one in this process, comes to.

    RuntimeError is raised where a process ends without a result.
    """
    context = multiprocessing.get_context("fork")
    others = []
    for number in range(1, count):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(judge, Part(number, count), sender))
        process.daemon = True
        process.start()
        sender.close()
        others.append((process, receiver))
    try:
        outcome = judge(Part(0, count))
        for _, receiver in others:
            outcome.join(_received(receiver))
        return outcome
    finally:
        for process, receiver in others:
            receiver.close()
            process.terminate()
            process.join()


def _received(receiver: Connection) -> Outcome:
    try:
        outcome: Outcome = receiver.recv()
    except EOFError as none:
        raise RuntimeError("a process of the replay ended without result") from none
    return outcome


def _run(judge: Callable[[Part], Outcome], part: Part, sender: Connection) -> None:
    try:
        sender.send(judge(part))
    finally:
        sender.close()
