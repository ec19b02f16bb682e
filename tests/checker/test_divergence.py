"""What both sides come to: divergences, endless rejections, procedures that do not recover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
import z3

from checker.describe import finding_record
from checker.episodes import episodes
from checker.explore import Exploration, Explorer
from checker.finding import Finding
from checker.machine import Machine, State
from checker.reach import Reached, Ways
from checker.two_party import Placed, TwoParty, beside
from checker.views import ENDLESS as ENDLESS_HOME
from checker.views import HOME, NOTHING, REGISTERED, REGULAR, WITH_BID, Difference, Views
from model.mobile import ANSWERS, Entry, after
from model.rule import Rule
from model.ruleset import Ruleset
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.system import STRANGER
from model.vocabulary import Effect, Resync, decide, mn, slot_present
from tests.checker.support import stated, tiny

ONE_BID = Scope(1, 1, 1, 2, updates=2, faults=0)
TWO_BIDS = Scope(2, 1, 2, 2, updates=2, faults=0)
TWO_LINKS = Scope(1, 2, 1, 2, updates=2, faults=0)
OF_BID = ("bc.kind", "bc.coa", "bc.left", "bul.status", "bul.coa")
DRAFT = "draft-04"
CONFLICT = {"04-6.3-33", "04-6.3-34", "04-6.3-36", "04-5.6-15"}
OTHERS = {"04-6.3-32"}
FORGOTTEN = {"04-6.3-18", "04-5.6-12"}
ENDLESS = {"04-5.5-29", "04-5.5-31", "04-6.3-25", "3775-11.1-2"}
KEPT = {"04-6.3-21"}
NO_END = {"3775-9.5.1-6", "04-5.9-3", "3775-11.7.1-6"}
AT_CORRESPONDENT = {"04-5.9-5", "04-6.3-34", "04-6.3-36", "04-5.6-16"}


def part(key: str) -> Rule:
    """Return one part of a statement of draft -04."""
    return next(r for r in RULESET.rules if r.key == key)


def demanding(key: str, term: z3.BoolRef) -> Rule:
    """Return one part of a statement with another demand."""
    own = part(key)
    return replace(own, demand=replace(own.demand, term=term))


def kept() -> Ruleset:
    """Draft -04 with a home agent that answers 0 to a deregistration and keeps the binding."""
    return RULESET.having(demanding("04-6.3-21", decide.effect == Effect.keep))


def next_number() -> Ruleset:
    """Draft -04 where status 135 has the same consequence as in the base document."""
    return RULESET.having(demanding("04-5.9-3", mn.resync == Resync.next))


def undone() -> Ruleset:
    """Draft -04 where a refused update leaves the Binding Update List as it was."""
    failed = part("3775-11.7.3-3")
    demand = replace(failed.demand, term=after.entry == Entry.kept)
    given = ANSWERS & slot_present
    return RULESET.having(replace(failed, id="3775-11.7.3-3k", given=given, demand=demand))


VARIANTS: dict[str, Callable[[], Ruleset]] = {
    "draft-04": lambda: RULESET,
    "no conflict": lambda: RULESET.without("04-6.3-34"),
    "no O": lambda: RULESET.without("04-6.3-32"),
    "base sequence": lambda: RULESET.without("04-5.9-3"),
    "no regular binding first": lambda: RULESET.without("04-5.9-5"),
    "home binding as others": lambda: RULESET.without("04-5.5-22", "04-5.5-31"),
    "refusal undone": undone,
    "no replacement": lambda: RULESET.without("04-6.3-2", "04-3-13"),
    "kept": kept,
    "next number": next_number,
    "nothing ignored": lambda: RULESET.without("04-6.1-8"),
    "no other BID": lambda: RULESET.without("04-2-5"),
}


@cache
def explored(variant: str, scope: Scope) -> Exploration:
    """Return the states that conforming nodes reach."""
    return Explorer(Machine(VARIANTS[variant](), scope)).run()


@cache
def divergences(variant: str, scope: Scope) -> tuple[Placed, ...]:
    """Return the divergences of a ruleset at a scope."""
    return tuple(TwoParty(VARIANTS[variant]()).of(explored(variant, scope)))


@cache
def procedures(variant: str) -> tuple[Placed, ...]:
    """Return the endless rejections and the procedures without recovery."""
    return tuple(TwoParty(VARIANTS[variant]()).procedures())


def with_rules(placed: tuple[Placed, ...], ids: set[str]) -> list[Finding]:
    """Return the findings that name these rules, whatever else."""
    return [f for f, _ in placed if ids <= set(f.rules)]


def test_views_tell_what_each_side_holds() -> None:
    machine = Machine(RULESET, TWO_LINKS)
    views, start = Views(machine), dict(machine.show(machine.initial()[0]))

    def differences(**values: int) -> dict[int, Difference]:
        given = {n.replace("_", ".", 1): v for n, v in values.items()}
        named = {f"{n}[1]" if n in OF_BID else n: v for n, v in given.items()}
        return views.differences(tuple((start | named)[n] for n in machine.names))

    assert differences() == {}
    assert differences(bc_kind=1, bc_coa=2, bul_status=1, bul_coa=2) == {}
    assert differences(bc_kind=1) == {1: Difference(WITH_BID, REGISTERED, NOTHING)}
    assert differences(bc_kind=2, bul_status=1) == {1: Difference(WITH_BID, HOME, REGISTERED)}
    assert differences(bc_kind=2, bul_status=2) == {}
    endless = differences(bc_kind=2, bc_left=2, bul_status=3)
    assert endless == {1: Difference(WITH_BID, ENDLESS_HOME, NOTHING)}
    assert differences(bul_plain=1) == {0: Difference(REGULAR, NOTHING, REGISTERED)}
    moved = differences(bc_kind=1, bc_coa=3, bul_status=1, bul_coa=2)
    assert moved[1].listed == REGISTERED
    assert moved[1].held not in (REGISTERED, NOTHING, HOME)


@pytest.mark.parametrize("ids", [CONFLICT, OTHERS, FORGOTTEN], ids=["conflict", "O", "refusal"])
def test_draft04_diverges_without_faults_in_a_few_ways(ids: set[str]) -> None:
    found = divergences(DRAFT, TWO_BIDS)
    assert len(with_rules(found, ids)) == 1
    assert {f.kind for f, _ in found} == {"divergence"}
    assert len(found) < 8
    assert len({f.id for f, _ in found}) == len(found)


def test_a_home_binding_has_no_end_and_the_entry_of_the_mobile_node_ends_at_once() -> None:
    (found,) = with_rules(divergences(DRAFT, TWO_LINKS), ENDLESS)
    assert "the home agent has a home binding without end, the mobile node nothing" in found.title


def test_a_home_binding_whose_lifetime_is_managed_as_that_of_others_ends_at_both_sides() -> None:
    found = divergences("home binding as others", TWO_LINKS)
    assert not with_rules(found, {"04-6.3-25"})
    assert len(with_rules(found, CONFLICT)) == 1


def test_nothing_says_what_a_refused_update_leaves_of_the_entry() -> None:
    (found,) = with_rules(divergences(DRAFT, TWO_BIDS), FORGOTTEN)
    assert "mn.entry" in found.at_stake
    assert "the text leaves open" in found.title


def test_a_difference_says_on_which_contradiction_it_depends() -> None:
    (conflict,) = with_rules(divergences(DRAFT, TWO_BIDS), CONFLICT)
    assert "giving up 04-6.3-36" in conflict.title
    (others,) = with_rules(divergences(DRAFT, TWO_BIDS), OTHERS)
    assert "giving up" not in others.title


@pytest.mark.parametrize(
    ("repaired", "gone"),
    [("no conflict", CONFLICT), ("no O", OTHERS), ("refusal undone", FORGOTTEN)],
)
def test_repairing_the_rule_removes_just_its_divergence(repaired: str, gone: set[str]) -> None:
    left = divergences(repaired, TWO_BIDS)
    assert not with_rules(left, gone)
    for other in (CONFLICT, OTHERS, FORGOTTEN):
        if other != gone:
            assert len(with_rules(left, other)) == 1


def test_a_seeded_error_of_the_receiver_is_found() -> None:
    """A home agent that answers 0 and keeps the binding: no contradiction is needed."""
    before = {f.id for f, _ in divergences(DRAFT, ONE_BID)}
    fresh = [f for f, _ in divergences("kept", ONE_BID) if f.id not in before]
    assert [f for f in fresh if set(f.rules) >= KEPT and REGISTERED in f.title]


def ends(found: Exploration, reached: Reached) -> tuple[State, tuple[State, ...]]:
    """Return the first state of a path and the states after each step."""
    steps = (*found.path(reached.state), *reached.further)
    state = reached.state
    while (parent := found.parents[state]) is not None:
        state = parent[0]
    return state, tuple(s.state for s in steps)


def test_a_path_replays_and_only_its_end_differs_at_rest() -> None:
    for _, (found, reached) in divergences(DRAFT, TWO_BIDS):
        views = Views(found.machine)
        first, states = ends(found, reached)
        for one, other in pairwise((first, *states)):
            assert other in {s.state for s in found.machine.successors(one)}
        resting = [s for s in states if views.rests(s)]
        assert resting[-1] == states[-1]
        assert views.differences(resting[-1])
        assert not any(views.differences(s) for s in resting[:-1])


def test_no_shorter_path_leads_to_a_difference_at_rest() -> None:
    found = explored(DRAFT, TWO_BIDS)
    views = Views(found.machine)
    bad = [s for s in found.parents if views.rests(s) and views.differences(s)]
    shortest = min(len(found.path(s)) for s in bad)
    assert min(len(found.path(r.state)) for _, (_, r) in divergences(DRAFT, TWO_BIDS)) == shortest


def test_a_lost_message_is_no_news_where_the_same_difference_comes_without() -> None:
    both = TwoParty(RULESET)
    without = both.of(explored(DRAFT, TWO_LINKS))
    known = {f.title.partition(" (")[0] for f, _ in without}
    lossy = both.of(explored(DRAFT, replace(TWO_LINKS, faults=1)))
    assert known
    assert not known & {f.title.partition(" (")[0] for f, _ in lossy}


def test_the_last_accepted_sequence_number_is_refused_without_end() -> None:
    endless = [f for f, _ in procedures(DRAFT) if f.kind == "endless rejection"]
    assert [set(f.rules) for f in endless] == [NO_END]
    assert "giving up 3775-11.7.1-6" in endless[0].title


def test_an_endless_rejection_shows_the_same_exchange_again() -> None:
    found = [(f, where) for f, where in procedures(DRAFT) if f.kind == "endless rejection"]
    for f, where in found:
        record = finding_record(f, RULESET, Ways(where))
        sent = [p for p in record["path"] if p["actor"] == "mobile node" and p["to"]]
        assert len(sent) >= 3
        last, before = (set(p["message"].items()) for p in (sent[-1], sent[-2]))
        assert {name for name, _ in last ^ before} <= {
            "o.O[1]",
            "bu.alternate",
        }  # no rule settles these


@pytest.mark.parametrize("variant", ["base sequence", "next number"])
def test_the_next_sequence_number_ends_the_rejection(variant: str) -> None:
    found = procedures(variant)
    assert not [f for f, _ in found if f.kind == "endless rejection"]
    assert len(with_rules(found, AT_CORRESPONDENT)) == 1


def test_a_regular_binding_first_does_not_recover_at_a_correspondent_node() -> None:
    lost = [f for f, _ in procedures(DRAFT) if f.kind == "no recovery"]
    lost = [f for f in lost if "correspondent" in f.title]
    assert len(lost) == 1
    assert set(lost[0].rules) >= AT_CORRESPONDENT
    assert "correspondent node" in lost[0].title
    assert "though the peer holds that binding" in lost[0].title


def test_an_update_without_bid_that_replaces_nothing_is_no_way_out_of_a_refusal() -> None:
    """The mobile node returns to RFC 3775 with the peer, which keeps the binding with the BID."""
    lost = [(f, w) for f, w in procedures("no replacement") if "refuses an update" in f.title]
    assert [f for f, _ in lost if {"04-6.3-34", "04-5.6-15"} <= set(f.rules)]
    for _, (found, reached) in lost:
        views, (_, states) = Views(found.machine), ends(found, reached)
        assert not views.differences(reached.state)
        assert views.rests(states[-1])
        assert views.differences(states[-1])


def test_without_the_answer_bid_conflict_it_recovers() -> None:
    found = procedures("no conflict")
    assert not [f for f, _ in found if f.kind == "no recovery"]
    assert len(with_rules(found, NO_END)) == 1


def test_where_no_regular_binding_comes_first_an_old_one_stands_in_the_way() -> None:
    lost = [(f, w) for f, w in procedures("no regular binding first") if f.kind == "no recovery"]
    lost = [(f, w) for f, w in lost if "correspondent" in f.title]
    for f, (found, reached) in lost:
        assert "04-5.9-5" not in f.rules
        assert found.machine.show(reached.state)["bc.plain"]
    assert len(lost) == 1


def test_a_ruleset_about_one_side_has_no_findings_about_both() -> None:
    one = tiny(stated("T-1", decide.effect == Effect.keep))
    assert not TwoParty(one).speaks_of_both
    assert TwoParty(one).procedures() == []
    assert TwoParty(RULESET).speaks_of_both


def test_a_gap_is_left_out_where_a_divergence_tells_what_comes_of_it() -> None:
    placed = (*divergences(DRAFT, TWO_BIDS), *procedures(DRAFT))
    (known, *_) = (f for f, _ in placed)
    gaps = [replace(known, kind="gap", at_stake=(n,)) for n in ("mn.entry", "mn.next", "answer")]
    assert [f.at_stake for f in beside(gaps, placed)] == [("mn.next",), ("answer",)]


def test_a_peer_that_ignores_the_bid_holds_one_regular_binding() -> None:
    """04-6.1-8: it takes the update for one without sub-options."""
    (found,) = (f for f, _ in divergences(DRAFT, ONE_BID) if "04-6.1-8" in f.rules)
    assert "under no BID the correspondent node has a registered binding" in found.title
    assert "under a BID the correspondent node has nothing" in found.title
    assert not with_rules(divergences("nothing ignored", ONE_BID), {"04-6.1-8"})


def test_a_changed_bid_leaves_the_binding_under_the_old_one() -> None:
    """04-2-5 lets a BID change at any time; nobody removes the binding of the old one."""
    scope = Scope(2, 1, 1, 2, updates=2, faults=0)
    (found,) = with_rules(divergences(DRAFT, scope), {"04-2-5"})
    assert "has a registered binding, the mobile node nothing" in found.title
    assert not with_rules(divergences("no other BID", scope), {"04-2-5"})


def test_what_a_third_node_sends_makes_no_divergence() -> None:
    found = Explorer(Machine(RULESET, TWO_BIDS)).run()
    names = {a.name for a in found.machine.actions if a.actor == STRANGER}
    assert names
    assert names <= set(found.actions)
    told = episodes(found, Views(found.machine))
    assert not [e for e in told if any(s.action.name in names for s in e.steps)]
