"""What fuzzing begins with: pieces of the recordings, for each target as it takes them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from tests.fuzz.targets import LINKS, WIRES
from tests.traces.generated import divided, packets
from tests.traces.support import CAPTURES, LOGS, RECORDED
from traces.capture import Frame, read_frames
from traces.dialects import RFC5648
from traces.events import MobilityMessage, Place
from traces.packets import Origin, decode_packet

LARGEST, SHORT = 6000, 1500  # octets: longer inputs are slow to change and teach nothing more
MOST = 60


def _files(paths: Iterable[Path]) -> list[bytes]:
    """Some of the files, those that are small."""
    small = [data for path in paths if len(data := path.read_bytes()) <= LARGEST]
    return Random(1).sample(small, min(MOST, len(small)))


def _captures() -> list[bytes]:
    """The first octets of captures, most of them cut in the midst of a packet."""
    return [data[: Random(at).randint(40, SHORT)] for at, data in enumerate(_files(CAPTURES))]


def _packed() -> list[bytes]:
    captures = _captures()[:10]
    return [gzip.compress(data, 1) for data in captures] + [b"\0" + data for data in captures]


def _frames() -> list[bytes]:
    """Frames of recordings, and generated packets as raw IPv6, each behind its three octets."""
    ethernet, raw = LINKS.index(1), LINKS.index(229)
    recorded = [
        bytes([ethernet, at % len(WIRES), 0]) + frame.data
        for at, path in enumerate(CAPTURES[:: max(1, len(CAPTURES) // 20)])
        for frame in list(read_frames(path))[:5]
        if isinstance(frame, Frame)
    ]
    made = [bytes([raw, 2, 0]) + packet for packet in packets(1, MOST, RFC5648)]
    return recorded + made


def _fragments() -> list[bytes]:
    """Packets in fragments and in disorder, each behind its length."""
    found = []
    for at, packet in enumerate(packets(3, MOST, RFC5648)):
        random = Random(at)
        sent = divided(packet, random.sample(range(1, 20), 3), at)
        sent += divided(packet, [4], at + 1)
        random.shuffle(sent)
        found.append(b"\2" + b"".join(len(octets).to_bytes(2, "big") + octets for octets in sent))
    return found


def _headers() -> list[bytes]:
    """Mobility Headers behind the addresses of their packets."""
    found = []
    for packet in packets(2, 2 * MOST, RFC5648):
        for event in decode_packet(packet, 0, Origin(Place("seed", 1), 0.0), RFC5648):
            if isinstance(event, MobilityMessage):
                ends = event.src.packed + event.dst.packed
                found.append(ends + packet[event.offsets["header"] :])
    return found


def _logs() -> list[bytes]:
    """Whole logs that are small, and one line of each of the others."""
    some = [path.read_bytes().split(b"\n") for path in LOGS[:: max(1, len(LOGS) // MOST)]]
    return [lines[len(lines) // 2] for lines in some]


def _declarations() -> list[bytes]:
    return [path.read_bytes() for path in sorted(RECORDED.glob("*/*.toml"))]


SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "capture": _captures,
    "packed": _packed,
    "frame": _frames,
    "fragments": _fragments,
    "mobility": _headers,
    "log": _logs,
    "declaration": _declarations,
}
