"""Generic terms become ground terms of a scope."""

from __future__ import annotations

from typing import Any

import pytest
import z3

from model.errors import RuleError
from model.fields import Domain, FieldTable, Flag, Number
from model.predicates import bulk, known, no_options, several_entries
from model.rule import any_option
from model.scope import Scope, World
from model.terms import constants
from model.vocabulary import ALL, Address, Bid, Kind, Sequence, Status, bc, bu, decide, o

TWO = World(Scope(bids=2, care_of=2, options=2, sequence_bits=3))


def same(left: Any, right: Any) -> bool:
    """Whether two terms have the same value whatever the inputs, by Z3."""
    solver = z3.Solver()
    solver.add(left != right)
    return bool(solver.check() == z3.unsat)


def flags(name: str, *indices: int) -> list[Any]:
    """The ground flags of a family."""
    return [z3.Bool(f"{name}[{i}]") for i in indices]


def test_a_field_of_a_family_stands_for_that_of_the_index() -> None:
    assert TWO.ground(o.C & bu.ack, 2).eq(z3.And(z3.Bool("o.C[2]"), z3.Bool("bu.ack")))


def test_any_option_is_any_that_is_present_whatever_the_index() -> None:
    (p1, p2), (h1, h2) = flags("o.present", 1, 2), flags("o.H", 1, 2)
    expected = z3.Or(z3.And(p1, h1), z3.And(p2, h2))
    for index in (0, 1, 2):
        assert same(TWO.ground(any_option(o.H), index), expected)


def test_every_option_is_every_that_is_present() -> None:
    (p1, p2), (h1, h2) = flags("o.present", 1, 2), flags("o.H", 1, 2)
    expected = z3.And(z3.Implies(p1, h1), z3.Implies(p2, h2))
    assert same(TWO.ground(ALL(o.H), 0), expected)


def test_inside_and_outside_a_quantifier_the_same_field_has_different_indices() -> None:
    (p1, p2), (h1, h2) = flags("o.present", 1, 2), flags("o.H", 1, 2)
    term = ~o.H & any_option(o.H)
    assert same(TWO.ground(term, 1), z3.And(~h1, z3.Or(z3.And(p1, h1), z3.And(p2, h2))))


def test_several_quantifiers_stay_apart() -> None:
    (p1, p2), (h1, h2), (c1, c2) = (flags(n, 1, 2) for n in ("o.present", "o.H", "o.C"))
    term = any_option(o.H) & ~any_option(o.C)
    some_h, some_c = (z3.Or(z3.And(p1, a), z3.And(p2, b)) for a, b in ((h1, h2), (c1, c2)))
    assert same(TWO.ground(term, 0), z3.And(some_h, ~some_c))


def test_a_named_predicate_becomes_its_definition() -> None:
    bid, kinds = z3.BitVec("o.bid[2]", 8), z3.Consts("bc.kind[1] bc.kind[2]", Kind.sort)
    expected = z3.Or([z3.And(bid == b, k != Kind.absent) for b, k in enumerate(kinds, 1)])
    assert same(TWO.ground(known, 2), expected)
    assert same(TWO.ground(no_options, 0), ~z3.Or(z3.Bools("o.present[1] o.present[2]")))


def test_bulk_is_impossible_where_a_message_has_one_option() -> None:
    assert z3.is_false(World(Scope(options=1)).ground(bulk, 0))
    assert same(TWO.ground(bulk, 0), z3.Bool("o.present[2]"))


def test_several_entries_counts_the_regular_binding_too() -> None:
    world = World(Scope(bids=1, options=1))
    kind = z3.Const("bc.kind[1]", Kind.sort)
    both = z3.And(z3.Bool("bc.plain"), kind != Kind.absent)
    assert same(world.ground(several_entries, 0), both)


def test_families_are_those_outside_quantifiers() -> None:
    assert TWO.families(any_option(o.H) & bu.ack) == set()
    assert TWO.families(o.H & any_option(o.C), None) == {"option"}
    assert TWO.families(decide.answer == Status.accepted) == {"slot"}
    assert TWO.families(bc.kind == Kind.home, o.C) == {"bid", "option"}


@pytest.mark.parametrize(
    ("family", "expected"),
    [("", [0]), ("slot", [0, 1, 2]), ("option", [1, 2]), ("bid", [1, 2, 3]), ("interface", [1])],
)
def test_the_indices_of_each_family(family: str, expected: list[int]) -> None:
    world = World(Scope(bids=3, care_of=1, options=2))
    assert list(world.indices(family)) == expected


def test_an_unknown_field_is_a_rule_error_that_names_it() -> None:
    with pytest.raises(RuleError, match=r"no field is called 'stranger'; declare it"):
        TWO.ground(z3.Bool("stranger"), 1)
    with pytest.raises(RuleError, match=r"no field is called 'Q'; use one of C, H, O, "):
        _ = o.Q
    with pytest.raises(RuleError, match=r"Kind has no value 'guest'; use one of absent, bid, home"):
        _ = Kind.guest


@pytest.mark.parametrize(
    ("domain", "largest"), [(Bid, 3), (Address, 5), (Sequence, 7), (Kind, 2), (Flag(), 1)]
)
def test_the_largest_value_of_each_domain_in_a_scope(domain: Any, largest: int) -> None:
    assert Scope(bids=3, care_of=4, sequence_bits=3).largest(domain) == largest


def test_every_ground_field_of_a_scope_once() -> None:
    labels = [f.label(i) for f, i in TWO.fields()]
    assert len(labels) == len(set(labels))
    assert {"bu.ack", "o.C[1]", "o.C[2]", "answer[0]", "bc.kind[2]"} <= set(labels)
    assert "o.C[0]" not in labels


def test_within_bounds_numbers_and_nothing_else() -> None:
    fields = {f.label(i): (f, i) for f, i in TWO.fields()}
    assert same(TWO.within(*fields["o.bid[1]"]), z3.ULE(z3.BitVec("o.bid[1]", 8), 2))
    assert z3.is_true(TWO.within(*fields["bc.kind[1]"]))


def test_constants_are_listed_once_in_order_and_quantifiers_can_be_left_out() -> None:
    term = z3.And(bu.ack, any_option(o.H), bu.ack, o.C)
    assert [str(c) for c in constants(term)] == ["bu.ack", "o.H", "o.C"]
    assert [str(c) for c in constants(term, into_quantifiers=False)] == ["bu.ack", "o.C"]


def test_a_field_is_declared_once() -> None:
    table = FieldTable()
    table.declare("x", Flag(), "x is set")
    with pytest.raises(RuleError, match="the field 'x' is declared twice"):
        table.define("x", "x is set", lambda _w, _i: z3.BoolVal(True))


def test_domains_show_their_values() -> None:
    assert Kind.show(2) == "home"
    assert Domain("Shade", "light_grey").show(0) == "light grey"
    assert (Flag().show(1), Number("Octet", 8).show(7)) == ("yes", "7")
    assert [Address.show(v) for v in (0, 1, 2)] == ["none", "the home address", "care-of address 1"]
