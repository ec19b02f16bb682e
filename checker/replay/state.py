"""States of a receiver's cache: read from dumps, changed by what was seen, shown in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv6Address

from checker.replay.naming import Naming
from model.vocabulary import HOME_ADDRESS, Kind
from traces.events import CacheDump, CacheEntry

State = dict[str, int]
ABSENT, BID, HOME = (Kind.values.index(name) for name in ("absent", "bid", "home"))
PENDING = "UNDER_DAD"
PLAIN = -1  # the key of the binding without BID among keys of bindings


def empty_state() -> State:
    """A cache without bindings; fields that are not named have the value 0."""
    return {}


def entries_for(
    dump: CacheDump, home: IPv6Address, receiver: IPv6Address, pending: bool = False
) -> list[CacheEntry]:
    """The installed entries of a home address at a node; with `pending` those under DAD too."""
    return [
        e
        for e in dump.entries
        if e.home_address == home and e.peer == receiver and (pending or e.state != PENDING)
    ]


def key_of(entry: CacheEntry, naming: Naming) -> int:
    """The key of a binding: the index of its BID, or PLAIN."""
    return PLAIN if entry.bid is None else naming.bid(entry.bid)


def state_of_dump(
    dump: CacheDump,
    naming: Naming,
    receiver: IPv6Address,
    last_sequence: int,
    pending: bool = False,
) -> State:
    """The state that a dump shows.

    The sequence number kept per home address is not in it: it is the last that was followed, or
    where none was, as in a log that begins in the middle, the newest of the entries.
    """
    entries = entries_for(dump, naming.home, receiver, pending)
    state: State = {"bc.proxy": int(naming.home in dump.proxied)}
    for entry in entries:
        state |= _entry_fields(entry, naming)
    if entries:
        state["bc.home_registration"] = int(entries[0].home_registration)
        state["bc.last_sequence"] = last_sequence or _newest(entries)
    return state


def _newest(entries: Sequence[CacheEntry]) -> int:
    """The sequence number that is behind no other (RFC 3775 9.5.1: modulo 2**16); 0 for none."""
    numbers = [e.sequence for e in entries if e.sequence is not None]
    ahead = (n for n in numbers if all((n - m) & 0xFFFF < 0x8000 for m in numbers))
    return next(ahead, 0)


def _entry_fields(entry: CacheEntry, naming: Naming) -> State:
    address, key = naming.address(entry.care_of), key_of(entry, naming)
    if key in (PLAIN, 0):
        return {"bc.plain": 1, "bc.plain_coa": address}
    kind = HOME if address == HOME_ADDRESS else BID
    fields = {f"bc.kind[{key}]": kind, f"bc.coa[{key}]": address}
    if entry.sequence is not None:
        fields[f"bc.sequence[{key}]"] = entry.sequence
    return fields


def bindings(state: Mapping[str, int]) -> list[int]:
    """The keys of the bindings in a state."""
    found = [PLAIN] if state.get("bc.plain") else []
    named = [n for n, v in state.items() if n.startswith("bc.kind[") and v != ABSENT]
    return found + sorted(int(n[len("bc.kind[") : -1]) for n in named)


def without(state: State, keys: Iterable[int]) -> State:
    """The state without some bindings; with the last one goes all that belonged to it."""
    gone = set(keys)
    left = dict(state)
    for key in gone:
        names = ("bc.kind", "bc.coa", "bc.sequence")
        fields = ("bc.plain", "bc.plain_coa") if key == PLAIN else [f"{n}[{key}]" for n in names]
        for name in fields:
            left.pop(name, None)
    return left if bindings(left) else empty_state()


def addresses_in(state: Mapping[str, int]) -> Iterator[int]:
    """The indices of the care-of addresses in a state."""
    return (value for name, value in state.items() if _is_address(name))


def bids_in(state: Mapping[str, int]) -> Iterator[int]:
    """The indices of the BIDs in a state."""
    return (int(name.partition("[")[2][:-1]) for name in state if "[" in name)


def _is_address(name: str) -> bool:
    return name == "bc.plain_coa" or name.startswith("bc.coa[")


def renamed(
    state: Mapping[str, int], bids: Mapping[int, int], addresses: Mapping[int, int]
) -> State:
    """The state with other indices for BIDs and addresses."""
    found: State = {}
    for name, value in state.items():
        stem, bracket, index = name.partition("[")
        label = f"{stem}[{bids[int(index[:-1])]}]" if bracket else name
        found[label] = addresses[value] if _is_address(name) else value
    return found


def cleaned(state: Mapping[str, int]) -> State:
    """The state without fields that have the value 0, so that equal states are equal."""
    return {name: int(value) for name, value in sorted(state.items()) if value}


def unique(states: Iterable[State], most: int = 24) -> list[State]:
    """The different states among `states`, the first `most` of them."""
    found: dict[object, State] = {}
    for state in map(cleaned, states):
        found.setdefault(tuple(state.items()), state)
    return list(found.values())[:most]


def state_texts(state: Mapping[str, int], naming: Naming, proxied: bool) -> list[str]:
    """A state in words; `proxied`: whether proxy Neighbor Discovery is a matter of this node."""
    keys = sorted(bindings(state), key=lambda key: -1 if key == PLAIN else naming.value(key))
    texts = [_binding_text(key, state, naming) for key in keys] or ["no binding"]
    if proxied:
        texts.append(f"proxy Neighbor Discovery {'on' if state.get('bc.proxy') else 'off'}")
    return texts


def _binding_text(key: int, state: Mapping[str, int], naming: Naming) -> str:
    if key == PLAIN:
        return f"binding without BID at {naming.show_address(state.get('bc.plain_coa', 0))}"
    where = naming.show_address(state.get(f"bc.coa[{key}]", 0))
    kind = "home binding" if state[f"bc.kind[{key}]"] == HOME else "binding"
    return f"{kind} of BID {naming.show_bid(key)} at {where}"
