"""Exploration: shortest paths to violations, verdicts, and what is said when the budget ends."""

from __future__ import annotations

from io import StringIO
from itertools import pairwise

import networkx
import pytest

from checker.advance import Advance
from checker.commands import CLEAN, FOUND, INCONCLUSIVE, run_explore
from checker.evaluate import Evaluator
from checker.explore import Exploration, Explorer, Verdict
from checker.exploring import INTERPRETED, Exploring
from checker.machine import Machine, State
from checker.progress import Progress
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.vocabulary import Length

SMALL = Scope(1, 2, 1, 2, updates=2, faults=0)
TINY = Scope(1, 1, 1, 2, updates=2, faults=0)
LOSSY = Scope(1, 1, 1, 2, updates=2, faults=1)
BULK = Scope(2, 2, 2, 2, updates=2, faults=0)


class Explored:
    """One exploration with its verdicts by name."""

    def __init__(self, scope: Scope, without: tuple[str, ...] = (), most: int = 100_000) -> None:
        self.machine = Machine(RULESET.without(*without), scope)
        self.explorer = Explorer(self.machine, most)
        self.found: Exploration = self.explorer.run()
        self.verdicts: dict[str, Verdict] = {
            v.property.name: v for v in self.explorer.verdicts(self.found)
        }

    def holds(self, name: str, state: State) -> bool:
        """Return whether a property holds in a state, by an evaluator of its own."""
        term = self.verdicts[name].property.always
        return bool(Evaluator([term], self.machine.layout)(self.machine.values(state))[0])

    def graph(self) -> networkx.DiGraph:
        """Return all transitions, found depth first and not by the explorer."""
        graph = networkx.DiGraph()
        open_ = list(self.machine.initial())
        graph.add_nodes_from(open_)
        while open_:
            state = open_.pop()
            for step in self.machine.successors(state):
                if step.state not in graph:
                    open_.append(step.state)
                graph.add_edge(state, step.state)
        return graph


@pytest.fixture(scope="module")
def tiny() -> Explored:
    """One BID, one interface, no faults."""
    return Explored(TINY)


@pytest.fixture(scope="module")
def lossy() -> Explored:
    """One BID, one interface, one fault."""
    return Explored(LOSSY)


@pytest.fixture(scope="module")
def small() -> Explored:
    """One BID, two interfaces, no faults."""
    return Explored(SMALL)


@pytest.fixture(scope="module")
def bulk() -> Explored:
    """Two BIDs in one update."""
    return Explored(BULK)


def replayed(explored: Explored, name: str) -> None:
    """Walk the path of a violation by successors alone; AssertionError where it is none."""
    path = explored.verdicts[name].path
    starts = explored.machine.initial()
    assert any(
        path[0].state in {s.state for s in explored.machine.successors(start)} for start in starts
    )
    for before, step in pairwise(path):
        steps = list(explored.machine.successors(before.state))
        assert (step.action.name, step.outcome, step.state) in [
            (s.action.name, s.outcome, s.state) for s in steps
        ]
        assert explored.holds(name, before.state), "an earlier state violates the property"
    assert not explored.holds(name, path[-1].state)


@pytest.mark.parametrize("scope", ["tiny", "lossy", "small", "bulk"])
def test_every_violation_has_a_path_that_replays(
    scope: str, request: pytest.FixtureRequest
) -> None:
    explored: Explored = request.getfixturevalue(scope)
    violated = [v.property.name for v in explored.verdicts.values() if v.holds is False]
    assert "status-precedence" in violated
    for name in violated:
        replayed(explored, name)


@pytest.mark.parametrize("scope", ["tiny", "lossy", "small"])
def test_breadth_first_finds_every_state_and_the_shortest_paths(
    scope: str, request: pytest.FixtureRequest
) -> None:
    explored: Explored = request.getfixturevalue(scope)
    graph = explored.graph()
    assert set(graph) == set(explored.found.parents)
    distance = networkx.multi_source_dijkstra_path_length(graph, set(explored.machine.initial()))
    assert all(len(explored.found.path(s)) == d for s, d in list(distance.items())[::7])
    assert max(distance.values()) == explored.found.depth
    levels = [list(distance.values()).count(k) for k in range(explored.found.depth + 1)]
    assert levels == explored.found.levels
    for name, v in explored.verdicts.items():
        bad = [distance[s] for s in graph if not explored.holds(name, s)]
        assert (v.holds, len(v.path)) == ((False, min(bad)) if bad else (True, 0)), name


def test_transitions_are_counted_each_once(tiny: Explored) -> None:
    steps = [list(tiny.machine.successors(s)) for s in tiny.found.parents]
    assert tiny.found.transitions == sum(map(len, steps))
    names = [s.action.name for some in steps for s in some]
    assert tiny.found.actions == {n: names.count(n) for n in names}


def test_a_property_holds_with_a_witness_that_it_is_about_something(
    small: Explored, bulk: Explored
) -> None:
    assert (small.verdicts["no-address-collision"].holds) is True
    assert small.verdicts["no-address-collision"].non_vacuous
    assert bulk.verdicts["bulk-only-for-home-registration"].holds is True
    assert bulk.verdicts["bulk-only-for-home-registration"].non_vacuous


def test_a_property_that_is_about_nothing_in_the_scope_is_told_apart(small: Explored) -> None:
    """One sub-option is no bulk update: the property holds for lack of cases."""
    verdict = small.verdicts["bulk-only-for-home-registration"]
    assert (verdict.holds, verdict.non_vacuous) == (True, False)


def test_the_answer_bid_conflict_is_what_breaks_status_precedence(
    tiny: Explored, small: Explored
) -> None:
    for explored, scope in ((tiny, TINY), (small, SMALL)):
        assert explored.verdicts["status-precedence"].holds is False
        repaired = Explored(scope, without=("04-6.3-34",))
        assert repaired.verdicts["status-precedence"].holds is True
        assert repaired.verdicts["status-precedence"].non_vacuous


def test_the_path_says_which_rule_was_given_up(tiny: Explored) -> None:
    path = tiny.verdicts["status-precedence"].path
    broken = {rule for s in path if s.outcome for rule in s.outcome.given_up}
    assert broken & {"04-6.3-35", "04-6.3-36"}
    assert "04-6.3-34" not in broken


def test_without_its_refusal_a_bulk_update_changes_the_cache_of_a_correspondent() -> None:
    open_ = Explored(Scope(2, 1, 2, 2, updates=1, faults=0), without=("04-6.3-18",))
    verdict = open_.verdicts["bulk-only-for-home-registration"]
    assert (verdict.holds, verdict.non_vacuous) == (False, True)
    replayed(open_, verdict.property.name)


def test_a_spent_budget_leaves_what_was_not_violated_unknown() -> None:
    explored = Explored(TINY, most=20)
    assert not explored.found.complete
    assert {v.holds for v in explored.verdicts.values()} == {None}
    assert all(v.path == () for v in explored.verdicts.values())


def test_what_was_violated_within_the_budget_stays_violated(tiny: Explored) -> None:
    needed = list(tiny.found.parents).index(tiny.found.violations["status-precedence"])
    explored = Explored(TINY, most=needed)
    assert not explored.found.complete
    assert explored.verdicts["status-precedence"].holds is False
    assert explored.verdicts["no-address-collision"].holds is None


@pytest.mark.parametrize(
    ("without", "most", "code"),
    [
        ((), 100_000, FOUND),
        ((), 20, INCONCLUSIVE),
        (("04-6.3-34", "04-5.6-9", "04-5.9-3", "04-6.1-8"), 100_000, CLEAN),
    ],
    ids=["violated", "budget spent", "holds"],
)
def test_exit_codes_of_an_exploration(without: tuple[str, ...], most: int, code: int) -> None:
    ruleset = RULESET.without(*without)
    records, found = run_explore(
        ruleset, TINY, Progress(StringIO()), {}, Exploring(INTERPRETED, most)
    )
    assert found == code
    by_kind = [r["record"] for r in records]
    assert by_kind.count("property") == 5
    assert {r["holds"] for r in records if r["record"] == "property"} <= {True, False, None}


def test_an_interrupted_exploration_says_what_it_has() -> None:
    explorer = Explorer(Machine(RULESET, TINY))

    def interrupted(now: Advance) -> None:
        if now.states > 20:
            raise KeyboardInterrupt

    found = explorer.run(interrupted)
    assert not found.complete
    assert len(found.parents) > 20
    assert {v.holds for v in explorer.verdicts(found)} <= {False, None}


def test_two_explorations_are_the_same(tiny: Explored) -> None:
    again = Explored(TINY)
    assert list(again.found.parents.items()) == list(tiny.found.parents.items())
    assert again.found.violations == tiny.found.violations


def test_what_both_sides_come_to_is_told_with_the_properties() -> None:
    records, _ = run_explore(RULESET, TINY, Progress(StringIO()), {}, Exploring(INTERPRETED))
    findings = [r for r in records if r["record"] == "finding"]
    assert {f["kind"] for f in findings} == {"divergence", "endless rejection", "no recovery"}
    assert all(f["path"] and f["situation"] == "" for f in findings)
    assert any(f["readings"] == {"READ-PRE": ["P1"]} for f in findings)


# -- what is sent, and what the list keeps of it -----------------------------------------------


@pytest.fixture(scope="module")
def sent() -> list[dict[str, int]]:
    """The states right after an update was sent, with two BIDs and two care-of addresses."""
    machine = Machine(RULESET, BULK)
    found = Explorer(machine, 4_000).run()
    states = map(machine.show, found.parents)
    return [s for s in states if s["net.update"] and s["net.sent"] == 1]


def test_the_list_keeps_the_care_of_address_that_was_sent(sent: list[dict[str, int]]) -> None:
    """Where no acknowledgement is awaited: that of the sub-option, the alternate, or the source."""
    twenty = list(Length.values).index("twenty")
    seen = set()
    for s in (s for s in sent if s["bul.status[1]"] and not s["bu.zero_lifetime"]):
        carried = s["o.length[1]"] == twenty
        alternate = s["bu.alternate"] or s["bu.source"]
        assert s["bul.coa[1]"] == (s["o.coa[1]"] if carried else alternate)
        seen.add((carried, s["bu.alternate"] not in (0, s["bu.source"])))
    assert (False, True) in seen


def test_a_sub_option_with_room_for_an_address_carries_one(sent: list[dict[str, int]]) -> None:
    """Also one that no wish names, but a rule about all sub-options asks for."""
    twenty = list(Length.values).index("twenty")
    for s in sent:
        for i in (1, 2):
            roomy = s[f"o.present[{i}]"] and s[f"o.length[{i}]"] == twenty
            assert bool(s[f"o.coa[{i}]"]) == bool(roomy)
