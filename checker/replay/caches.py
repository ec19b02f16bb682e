"""What successive cache dumps show of a step: effects, care-of addresses, proxy state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checker.replay.exchanges import Exchange
from checker.replay.naming import Naming
from checker.replay.seen import PARTLY, Seen, index_of
from checker.replay.state import PLAIN, State, bindings, entries_for, key_of
from model.vocabulary import HOME_ADDRESS, CareOf, Effect, Lifetime, Others, Stored
from traces.events import BidOption, CacheEntry

KEPT, DELETED = (Others.values.index(name) for name in ("keep", "delete"))


def observe(
    seen: Seen, e: Exchange, naming: Naming, before: State, options: Sequence[BidOption]
) -> None:
    """Note the decisions that the difference of the dump and the state before shows."""
    if e.after is None:
        return
    entries = {key_of(x, naming): x for x in entries_for(e.after, e.home, e.receiver)}
    named = [naming.bid(o.bid) for o in options]
    if not options:
        _effect(seen, e, 0, PLAIN, entries, before, naming, None)
    for i, option in enumerate(options, 1):
        later = named[i - 1] in named[i:]
        _effect(seen, e, i, named[i - 1], entries, before, naming, None if later else option)
        if named[i - 1] in named[: i - 1] or later:
            _repeated(seen, i, later)
    _others(seen, before, entries, named, naming)
    if options:
        _plain(seen, before, entries)
    _stored(seen, e, entries, named or [PLAIN])
    seen.put("proxy", [int(e.home in e.after.proxied)])


def _repeated(seen: Seen, i: int, later: bool) -> None:
    """The same BID twice in one update: only what the last of them left can be seen."""
    if later:
        seen.values.pop(f"care_of[{i}]", None)
    if seen.sure(f"effect[{i}]") in index_of(Effect, "register", "update"):
        seen.put(f"effect[{i}]", index_of(Effect, "register", "update"))


def _effect(
    seen: Seen,
    e: Exchange,
    slot: int,
    key: int,
    entries: Mapping[int, CacheEntry],
    before: State,
    naming: Naming,
    option: BidOption | None,
) -> None:
    entry, label = entries.get(key), f"effect[{slot}]"
    existed = key in bindings(before)
    if entry is None:
        names = ("delete",) if existed else ("keep", "delete")
        seen.put(label, index_of(Effect, *names), alike=True)
        return
    changed = _changed(e, entry, key, before, naming)
    if key > 0 and naming.address(entry.care_of) == HOME_ADDRESS and (changed or not existed):
        # An entry at the home address is a home binding, however it was put there (04-5.5-26).
        seen.put(label, index_of(Effect, "home", "update" if existed else "register"), alike=True)
    elif existed:
        kept = ("update",) if changed else ("keep",)
        seen.put(label, index_of(Effect, *(("keep", "update") if changed is None else kept)))
    else:
        seen.put(label, index_of(Effect, "register"))
    if changed is not False or not existed:
        _care_of(seen, e, slot, entry, option, naming)
    if entry.lifetime_s is not None and (changed or not existed):
        seen.put(f"lifetime[{slot}]", _lifetime(e, entry.lifetime_s))


def _lifetime(e: Exchange, lifetime_s: int) -> frozenset[int]:
    """How the lifetime of a binding compares with the requested one."""
    above = lifetime_s > e.update.lifetime_s
    return index_of(Lifetime, "above" if above else "within" if lifetime_s else "zero")


def _changed(
    e: Exchange, entry: CacheEntry, key: int, before: State, naming: Naming
) -> bool | None:
    """Whether the update reached an entry; None when that cannot be told."""
    coa = before.get("bc.plain_coa" if key == PLAIN else f"bc.coa[{key}]", 0)
    if naming.address(entry.care_of) != coa:
        return True
    last = before.get("bc.last_sequence" if key == PLAIN else f"bc.sequence[{key}]")
    if entry.sequence is None or last == entry.sequence == e.update.sequence:
        return None
    return entry.sequence == e.update.sequence


def _care_of(
    seen: Seen,
    e: Exchange,
    slot: int,
    entry: CacheEntry,
    option: BidOption | None,
    naming: Naming,
) -> None:
    sources = {
        "source": e.update.src,
        "alternate": e.update.alternate,
        "option": option.coa if option is not None else None,
        "home_address": e.home,
    }
    found = [name for name, address in sources.items() if address == entry.care_of]
    seen.put(f"care_of[{slot}]", index_of(CareOf, *(found or ["none"])), alike=True)


def _others(
    seen: Seen,
    before: State,
    entries: Mapping[int, CacheEntry],
    named: Sequence[int],
    naming: Naming,
) -> None:
    """Whether the others are there as they were; their sequence number may have been raised."""
    others = [k for k in bindings(before) if k != PLAIN and k not in named]
    left = [k for k in others if k in entries]
    same = [k for k in left if naming.address(entries[k].care_of) == before.get(f"bc.coa[{k}]")]
    if not others:
        seen.put("others", [KEPT, DELETED], alike=True)
    elif not left:
        seen.put("others", [DELETED])
    else:
        seen.put("others", [KEPT if len(same) == len(others) else PARTLY])


def _plain(seen: Seen, before: State, entries: Mapping[int, CacheEntry]) -> None:
    if PLAIN not in bindings(before):
        seen.put("plain", [KEPT, DELETED], alike=True)
    else:
        seen.put("plain", [KEPT if PLAIN in entries else DELETED])


def _stored(
    seen: Seen, e: Exchange, entries: Mapping[int, CacheEntry], named: Sequence[int]
) -> None:
    """Any entry may hold the number; that none does is sure for a registration's own entries."""
    if e.update.sequence in [x.sequence for x in entries.values()]:
        seen.put("stored", index_of(Stored, "store"))
        return
    numbers = [entries[k].sequence for k in named if k in entries]
    if e.update.lifetime and numbers and None not in numbers:
        seen.put("stored", index_of(Stored, "keep"))
