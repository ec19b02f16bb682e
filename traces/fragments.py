"""Fragments of IPv6 packets, put together again (RFC 8200 4.5), within bounds.

A first fragment that lacks some of the headers is taken all the same: RFC 7112 lets a receiver drop
such a packet, and whether it did is seen by what it does.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from traces.mobility import Malformed
from traces.place import Piece, Place

LARGEST = 0xFFFF  # octets: the greatest payload length of an IPv6 packet
HEADER = 40  # octets of an IPv6 header, which the payload length leaves out
KEEPING = 256  # octets: about what a fragment takes in memory beside its own


class Bounds(NamedTuple):
    """How much may wait: packets, octets in memory, seconds of the capture's time."""

    packets: int = 1024
    octets: int = 1 << 22
    seconds: float = 60.0  # RFC 8200 4.5


class Fragment(NamedTuple):
    """A fragment: the octets from `start` on of the part that was divided; `more` follow.

    `head` are the headers before its fragment header, with the Next Header that the packet had;
    `head_at` and `octets_at` are the bytes in the frame where they begin, `at` where the fragment
    header does. `place` is that of the frame.
    """

    start: int
    more: bool
    octets: bytes
    head: bytes
    place: Place
    head_at: int
    octets_at: int
    at: int

    @property
    def end(self) -> int:
        """The first octet behind it."""
        return self.start + len(self.octets)


class Whole(NamedTuple):
    """A packet put together, and where in frames its octets are."""

    octets: bytes
    pieces: tuple[Piece, ...]


USUAL = Bounds()


@dataclass(slots=True)
class _Waiting:
    """The fragments of a packet so far, in their order in it; None for a packet that is refused.

    `length` is that of the divided part, once it is known, `held` what is there of it, and `memory`
    what keeping them takes, all in octets.
    """

    since: float
    parts: list[Fragment] | None = field(default_factory=list)
    length: int | None = None
    held: int = 0
    memory: int = 0


@dataclass(slots=True)
class Reassembly:
    """The packets of one capture that wait for fragments.

    A fragment that was lost is ordinary loss, no fault of the capture: such packets are counted, by
    `incomplete`, and not told otherwise. What is beyond the bounds is given up, the oldest first.
    """

    bounds: Bounds = USUAL
    _waiting: dict[Hashable, _Waiting] = field(default_factory=dict)
    _memory: int = 0
    _given_up: int = 0

    @property
    def incomplete(self) -> int:
        """How many packets were given up or still wait for a fragment."""
        return self._given_up + sum(w.parts is not None for w in self._waiting.values())

    def awaits(self, key: Hashable) -> bool:
        """Whether fragments with that key wait for others."""
        return key in self._waiting

    def add(self, key: Hashable, fragment: Fragment, time: float) -> Whole | None:
        """The packet that a fragment completes, None while others are missing.

        `key` tells packets apart, `time` is in seconds. Malformed is raised for a fragment that
        overlaps another or leads beyond the end: its packet is dropped, and later fragments of it
        are too (RFC 5722 4). One that repeats another to the octet is passed over.
        """
        self._give_up(key, time)
        waiting = self._waiting.setdefault(key, _Waiting(time))
        if waiting.parts is None:
            return None
        try:
            is_new = _insert(waiting, waiting.parts, fragment)
        except Malformed:
            self._refuse(waiting)
            raise
        if not is_new:
            return None
        waiting.held += len(fragment.octets)
        self._count(waiting, len(fragment.octets) + len(fragment.head) + KEEPING)
        if waiting.held != waiting.length:
            self._keep_within_bounds()
            return None
        self._forget(key)
        return _whole(waiting.parts, fragment.at)

    def _count(self, waiting: _Waiting, octets: int) -> None:
        waiting.memory += octets
        self._memory += octets

    def _refuse(self, waiting: _Waiting) -> None:
        """Drop what there is of a packet; the key stays, so that what follows is dropped too."""
        self._count(waiting, -waiting.memory)
        waiting.parts = None

    def _forget(self, key: Hashable) -> bool:
        """Take a packet out; whether it was one that may have become whole."""
        waiting = self._waiting.pop(key)
        self._memory -= waiting.memory
        return waiting.parts is not None

    def _give_up(self, key: Hashable, time: float) -> None:
        """Give up packets that wait too long; they are in the order of their first fragments."""
        if key in self._waiting and self._is_late(key, time):
            self._given_up += self._forget(key)
        while self._waiting and self._is_late(oldest := next(iter(self._waiting)), time):
            self._given_up += self._forget(oldest)

    def _is_late(self, key: Hashable, time: float) -> bool:
        return time - self._waiting[key].since > self.bounds.seconds

    def _keep_within_bounds(self) -> None:
        while len(self._waiting) > self.bounds.packets or self._memory > self.bounds.octets:
            self._given_up += self._forget(next(iter(self._waiting)))


def _insert(waiting: _Waiting, parts: list[Fragment], fragment: Fragment) -> bool:
    """Put a fragment in its place; False if it is there, Malformed where it does not fit."""
    at = bisect(parts, fragment.start, key=lambda part: part.start)
    before = parts[at - 1] if at else None
    if before is not None and _is_same(before, fragment):
        return False
    if before is not None and before.end > fragment.start:
        raise Malformed("the fragment overlaps another of its packet", fragment.at)
    if at < len(parts) and fragment.end > parts[at].start:
        raise Malformed("the fragment overlaps another of its packet", fragment.at)
    if not fragment.more:
        _end(waiting, parts, fragment)
    if waiting.length is not None and fragment.end > waiting.length:
        raise Malformed("the fragment lies behind the last of its packet", fragment.at)
    parts.insert(at, fragment)
    return True


def _is_same(one: Fragment, other: Fragment) -> bool:
    """Whether a fragment repeats another."""
    return one[:3] == other[:3]


def _end(waiting: _Waiting, parts: list[Fragment], last: Fragment) -> None:
    """Note where the packet ends, as its last fragment tells."""
    if waiting.length is not None or (parts and parts[-1].end > last.end):
        raise Malformed("the packet of the fragment has another end", last.at)
    waiting.length = last.end


def _whole(parts: list[Fragment], at: int) -> Whole:
    """The packet of all its fragments; `at` is where the header of the one that came last is."""
    first = parts[0]
    length = len(first.head) - HEADER + parts[-1].end
    if length > LARGEST:
        raise Malformed(f"the fragments make a packet of {length} octets", at)
    head = first.head[:4] + length.to_bytes(2, "big") + first.head[6:]
    pieces = list(_pieces(first.place, 0, first.head_at, len(head)))
    for part in parts:
        start = len(head) + part.start
        pieces += _pieces(part.place, start, part.octets_at, len(part.octets))
    return Whole(head + b"".join(part.octets for part in parts), tuple(pieces))


def _pieces(place: Place, start: int, at: int, size: int) -> Iterator[Piece]:
    """Where octets from `start` on of a packet lie, which are those at byte `at` of another one."""
    yield Piece(start, place.at(at))
    for piece in place.pieces:
        if at < piece.start < at + size:
            yield Piece(start + piece.start - at, piece.place)
