"""A search kept in a file at the ends of its levels, and gone on with from there.

The file has a line that names its form, a line of JSON (digest of the system, what is known,
what was asked of step tables), the places of the store up to the end of the level, and a check
sum of all that.  It is written beside its place and renamed, so that there is always a whole one.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from checker.space.search import Mark, Search
from model.errors import RuleError

if TYPE_CHECKING:
    from checker.space.compiled import Compiled

FORM = b"monami search 1\n"
PIECE = 1 << 24  # bytes written or read at once
SUM_BYTES = 4


class Checkpoint:
    """The file of a search: written when a level ends, if the last time is long enough ago."""

    def __init__(self, path: Path, every: float, engine: Compiled) -> None:
        self.path, self.every, self.engine = path, every, engine
        self._written = time.monotonic()
        self._last: tuple[Search, Mark] | None = None

    def level_ended(self, search: Search) -> None:
        """Note what is known now, and write it if it is time to."""
        self._last = search, search.mark()
        if time.monotonic() - self._written >= self.every:
            self.write()

    def write(self) -> None:
        """Write what was known at the end of the last whole level; OSError where it cannot be."""
        if self._last is None:
            return
        search, mark = self._last
        beside = self.path.with_name(self.path.name + ".part")
        with beside.open("wb") as file:
            total = 0
            for piece in self._pieces(search, mark):
                total = zlib.crc32(piece, total)
                file.write(piece)
            file.write(total.to_bytes(SUM_BYTES, "little"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        _settled(self.path.parent)
        self._written = time.monotonic()

    def _pieces(self, search: Search, mark: Mark) -> Iterator[Any]:
        said = {
            "system": digest(self.engine),
            "known": asdict(mark),
            "asked": _asked(self.engine),
            "decided": _decided(self.engine),
        }
        yield FORM
        yield json.dumps(said).encode() + b"\n"
        store = search.memory.store[: mark.used * search.words].view("u1")
        for start in range(0, len(store), PIECE):
            yield store[start : start + PIECE].data

    # -- going on --------------------------------------------------------------------------

    def resumed(self, search: Search) -> bool:
        """Return whether there was a file, whose search goes on in this one.

        RuleError where it is of another system, is damaged, or does not fit the budget.
        """
        if not self.path.exists():
            return False
        with self.path.open("rb") as file:
            try:
                mark = self._read(file, search)
            except RuleError:
                raise
            except (ValueError, KeyError, TypeError) as bad:
                raise self._damaged() from bad
        if not search.memory.rebuilt(mark.used):
            raise self._too_large()
        search.go_on_from(mark)
        return True

    def _read(self, file: IO[bytes], search: Search) -> Mark:
        form, line = file.readline(), file.readline()
        if form != FORM:
            raise self._damaged()
        said = json.loads(line)
        if said["system"] != digest(self.engine):
            raise RuleError(
                f"{self.path} has a search of another system", remedy="name another file for this"
            )
        mark = _mark(said["known"])
        self._read_store(file, search, mark, zlib.crc32(line, zlib.crc32(form)))
        for table, keys in said["asked"].items():
            for key in keys:
                self.engine.table(table).place(tuple(key))
        if said["decided"] != _decided(self.engine):
            raise RuleError(
                f"{self.path} has a search in which the nodes decided otherwise",
                remedy="name another file for this",
            )
        return mark

    def _read_store(self, file: IO[bytes], search: Search, mark: Mark, total: int) -> None:
        size = 8 * mark.used * search.words
        if os.fstat(file.fileno()).st_size - file.tell() != size + SUM_BYTES:
            raise self._damaged()
        if mark.used > search.memory.places:
            raise self._too_large()
        store = search.memory.store[: mark.used * search.words].view("u1")
        for start in range(0, size, PIECE):
            piece = store[start : start + PIECE].data
            file.readinto(piece)  # type: ignore[attr-defined]
            total = zlib.crc32(piece, total)
        if file.read() != total.to_bytes(SUM_BYTES, "little"):
            raise self._damaged()

    def _damaged(self) -> RuleError:
        return RuleError(f"{self.path} is no whole checkpoint", remedy="remove it and begin anew")

    def _too_large(self) -> RuleError:
        return RuleError(
            f"the search in {self.path} takes more memory than the budget allows",
            remedy="allow as much as before, or more",
        )


def digest(engine: Compiled) -> str:
    """Return what tells a system from others: its variables, all its instructions, its tables."""
    lowered, system = engine.lowered, engine.system
    parts = (
        [(v.name, v.size) for v in system.variables],
        system.initial,
        lowered.program.instructions,
        lowered.transitions,
        [(x.table.name, x.table.widths, x.table.decisions, x.key) for x in lowered.lookups],
        list(zip(system.always, lowered.always, strict=True)),
        list(zip(system.sometimes, lowered.sometimes, strict=True)),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _asked(engine: Compiled) -> dict[str, list[tuple[int, ...]]]:
    """Return the keys that each step table was asked for."""
    return {rows.table.name: sorted(rows.known) for rows in engine.rows}


def _decided(engine: Compiled) -> str:
    """Return what tells the answers of the step tables from others."""
    answers = [
        (name, key, engine.table(name).decided_for(key))
        for name, keys in sorted(_asked(engine).items())
        for key in keys
    ]
    return hashlib.sha256(repr(answers).encode()).hexdigest()


def _mark(known: dict[str, Any]) -> Mark:
    first = {
        int(k): (int(depth), tuple(map(int, state)))
        for k, (depth, state) in known["first_bad"].items()
    }
    return Mark(
        int(known["used"]),
        tuple((int(start), int(end)) for start, end in known["spans"]),
        tuple(map(int, known["counts"])),
        tuple(map(int, known["taken"])),
        tuple(map(int, known["bad"])),
        int(known["seen"]),
        first,
    )


def _settled(folder: Path) -> None:
    """See to it that a renaming in a folder outlives a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
