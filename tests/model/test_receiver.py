"""What a receiver's cache is after a step, for given decisions."""

from __future__ import annotations

from typing import Any

import pytest
import z3

from model.predicates import newer
from model.receiver import receiver_state, receiver_updates
from model.scope import Scope, World
from model.terms import constants
from model.vocabulary import (
    FIELDS,
    FIRST_CARE_OF,
    HOME_ADDRESS,
    NONE,
    CareOf,
    Effect,
    Kind,
    Others,
    Stored,
)
from tests.checker.support import by_z3

WORLD = World(Scope(bids=2, care_of=3, options=2, sequence_bits=3))
SOURCE, ALTERNATE, CARRIED = FIRST_CARE_OF, FIRST_CARE_OF + 1, FIRST_CARE_OF + 2
ABSENT, BID, HOME = range(3)
MESSAGE = {
    "bu.source": SOURCE,
    "bu.alternate": ALTERNATE,
    "bu.sequence": 5,
    "bu.home_registration": 1,
}
ONE = {**MESSAGE, "o.present[1]": 1, "o.bid[1]": 1, "o.coa[1]": CARRIED}
TWO = {**ONE, "o.present[2]": 1, "o.bid[2]": 2, "o.coa[2]": CARRIED}
HELD = {"bc.kind[1]": BID, "bc.coa[1]": 4, "bc.kind[2]": BID, "bc.coa[2]": 3}
HELD |= {"bc.home_registration": 1, "bc.last_sequence": 4}


def number(domain: Any, value: str) -> int:
    """The index of a value."""
    return list(domain.values).index(value)


def effect(value: str, slot: int = 1) -> dict[str, int]:
    """A decision about one slot; the care-of address is taken from the sub-option."""
    chosen = "option" if slot else "source"
    return {f"effect[{slot}]": number(Effect, value), f"care_of[{slot}]": number(CareOf, chosen)}


def after(*parts: dict[str, int], world: World = WORLD) -> dict[str, int]:
    """The state after a step, by Z3; inputs, state and decisions not named are at their default."""
    values: dict[str, int] = {}
    for part in parts:
        values |= part
    updates = receiver_updates(world)
    consts = {c.decl().name(): c for t in updates.values() for c in constants(t)}
    assert set(values) <= set(consts), set(values) - set(consts)
    given = {n: values.get(n, default(n)) for n in consts}
    return dict(zip(updates, by_z3(updates.values(), consts, given), strict=True))


def default(name: str) -> int:
    """The default of a field, 0 for a reading."""
    stem = name.partition("[")[0]
    return FIELDS[stem].default if stem in FIELDS else 0


def bindings(state: dict[str, int]) -> dict[int, tuple[int, int]]:
    """Kind and care-of address of each BID that has a binding."""
    found = {b: (state[f"bc.kind[{b}]"], state[f"bc.coa[{b}]"]) for b in WORLD.bids}
    return {b: held for b, held in found.items() if held[0] != ABSENT}


def test_every_state_field_has_a_value_after_the_step() -> None:
    assert sorted(receiver_updates(WORLD)) == sorted(receiver_state(WORLD))


def test_where_nothing_is_decided_nothing_changes() -> None:
    state = after(TWO, HELD)
    assert {n: state[n] for n in HELD} == HELD


def test_a_binding_is_registered_under_its_bid_alone() -> None:
    assert bindings(after(ONE, effect("register"))) == {1: (BID, CARRIED)}
    other = {**ONE, "o.bid[1]": 2}
    assert bindings(after(other, effect("register"))) == {2: (BID, CARRIED)}


def test_an_option_that_is_not_there_changes_nothing() -> None:
    assert bindings(after(MESSAGE, {"o.bid[1]": 1}, effect("register"))) == {}


@pytest.mark.parametrize("bid", [0, 3])
def test_a_bid_that_the_cache_does_not_have_changes_no_other(bid: int) -> None:
    assert bindings(after({**ONE, "o.bid[1]": bid}, HELD, effect("delete"))) == {
        1: (BID, 4),
        2: (BID, 3),
    }


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("source", SOURCE),
        ("alternate", ALTERNATE),
        ("option", CARRIED),
        ("none", NONE),
    ],
)
def test_the_care_of_address_is_taken_from_where_it_was_decided(source: str, address: int) -> None:
    decided = {**effect("register"), "care_of[1]": number(CareOf, source)}
    assert bindings(after(ONE, decided)) == {1: (BID, address)}
    assert bindings(after(ONE, HELD, {**decided, "effect[1]": number(Effect, "update")}))[1] == (
        BID,
        address,
    )


def test_a_binding_whose_care_of_address_is_the_home_address_is_a_home_binding() -> None:
    decided = {**effect("register"), "care_of[1]": number(CareOf, "home_address")}
    assert bindings(after(ONE, decided)) == {1: (HOME, HOME_ADDRESS)}


def test_deletion_removes_the_binding_and_leaves_the_others() -> None:
    state = after(ONE, HELD, effect("delete"))
    assert bindings(state) == {2: (BID, 3)}
    assert (state["bc.coa[1]"], state["bc.home_registration"]) == (NONE, 1)


def test_deletion_of_the_last_binding_leaves_nothing_behind() -> None:
    state = after(TWO, HELD, effect("delete"), effect("delete", 2))
    assert bindings(state) == {}
    assert (state["bc.home_registration"], state["bc.last_sequence"]) == (0, 0)


def test_a_home_binding_has_the_home_address() -> None:
    assert bindings(after(ONE, HELD, effect("home"))) == {1: (HOME, HOME_ADDRESS), 2: (BID, 3)}


def test_replacement_removes_what_the_update_does_not_register() -> None:
    removed = {"others": number(Others, "delete")}
    assert bindings(after(ONE, HELD, effect("register"), removed)) == {1: (BID, CARRIED)}
    plain = after(MESSAGE, HELD, effect("register", 0), removed)
    assert bindings(plain) == {}
    assert (plain["bc.plain"], plain["bc.plain_coa"]) == (1, SOURCE)


def test_replacement_keeps_the_binding_that_the_update_names_and_leaves_alone() -> None:
    removed = {"others": number(Others, "delete")}
    assert bindings(after(ONE, HELD, effect("keep"), removed)) == {1: (BID, 4)}


def test_bulk_registers_each_bid() -> None:
    state = after(TWO, effect("register"), effect("home", 2))
    assert bindings(state) == {1: (BID, CARRIED), 2: (HOME, HOME_ADDRESS)}


def test_of_the_same_bid_twice_the_later_option_decides() -> None:
    twice = {**TWO, "o.bid[2]": 1}
    assert bindings(after(twice, effect("register"), effect("delete", 2))) == {}
    assert bindings(after(twice, effect("delete"), effect("register", 2))) == {1: (BID, CARRIED)}


def test_the_regular_binding_is_that_of_an_update_without_bid() -> None:
    registered = after(MESSAGE, effect("register", 0))
    assert (registered["bc.plain"], registered["bc.plain_coa"]) == (1, SOURCE)
    held = {"bc.plain": 1, "bc.plain_coa": 4}
    removed = after(MESSAGE, held, effect("delete", 0))
    assert (removed["bc.plain"], removed["bc.plain_coa"]) == (0, NONE)
    kept = after(MESSAGE, held)
    assert (kept["bc.plain"], kept["bc.plain_coa"]) == (1, 4)


def test_whoever_ignores_the_bid_takes_the_update_for_one_without() -> None:
    state = after(ONE, HELD, effect("regular"))
    assert (state["bc.plain"], state["bc.plain_coa"]) == (1, ALTERNATE)
    assert bindings(state) == {}
    gone = after(ONE, {"bc.plain": 1, "bu.zero_lifetime": 1}, effect("regular"))
    assert (gone["bc.plain"], gone["bc.plain_coa"]) == (0, NONE)


@pytest.mark.parametrize(("decided", "stays"), [("keep", 1), ("delete", 0)])
def test_an_update_with_bid_leaves_or_deletes_the_regular_binding(decided: str, stays: int) -> None:
    held = {"bc.plain": 1, "bc.plain_coa": 4}
    state = after(ONE, held, effect("register"), {"plain": number(Others, decided)})
    assert (state["bc.plain"], state["bc.plain_coa"]) == (stays, 4 if stays else NONE)


@pytest.mark.parametrize(("decided", "last"), [("keep", 4), ("store", 5)])
def test_the_sequence_number_is_stored_where_that_was_decided(decided: str, last: int) -> None:
    state = after(ONE, HELD, effect("update"), {"stored": number(Stored, decided)})
    assert state["bc.last_sequence"] == last
    assert [state[f"bc.sequence[{b}]"] for b in WORLD.bids] == [0, 0]


def test_per_bid_only_the_binding_that_is_registered_takes_the_sequence_number() -> None:
    per_bid = {"READ-SEQ": 1, "stored": number(Stored, "store")}
    state = after(TWO, HELD, effect("update"), effect("keep", 2), per_bid)
    assert [state[f"bc.sequence[{b}]"] for b in WORLD.bids] == [5, 0]


@pytest.mark.parametrize("proxy", [0, 1])
def test_proxy_neighbor_discovery_is_as_decided(proxy: int) -> None:
    assert after(ONE, HELD, {"proxy": proxy})["bc.proxy"] == proxy


def test_the_first_binding_says_whether_the_entries_are_home_registrations() -> None:
    assert after(ONE, effect("register"))["bc.home_registration"] == 1
    elsewhere = {**ONE, "bu.home_registration": 0}
    assert after(elsewhere, effect("register"))["bc.home_registration"] == 0
    assert after(elsewhere, HELD, effect("update"))["bc.home_registration"] == 1


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_a_sequence_number_is_newer_in_half_of_the_window(bits: int) -> None:
    """3775-9.5.1-2: modulo the size, greater by less than half of it."""
    world, size = World(Scope(sequence_bits=bits)), 1 << bits
    names = {n: z3.BitVec(n, 16) for n in ("new", "last")}
    term = newer(world, names["new"], names["last"])
    for last in range(size):
        following = {(last + k) % size for k in range(1, size // 2)}
        found = {n for n in range(size) if by_z3([term], names, {"new": n, "last": last})[0]}
        assert found == following


def test_kinds_are_numbered_as_here() -> None:
    assert Kind.values == ("absent", "bid", "home")
