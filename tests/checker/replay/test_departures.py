"""A departure is told once, with the rules that it breaks as well and those nearly obeyed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import z3

from checker.replay.departures import leaders
from checker.replay.judge import Judgement
from checker.replay.near import conjuncts
from checker.replay.records import GOES_ON
from model.rulesets.draft04 import RULESET
from reports.records import result_of
from reports.views import groups, items
from tests.checker.replay.support import RECORDED, judge, replayer
from tests.checker.replay.test_stream import DECLARED, answer, update
from traces.capture import read_frames
from traces.events import ReadError

Record = dict[str, Any]


def grave(records: list[Record]) -> dict[str, Record]:
    return {r["rule"]: r for r in records if r["record"] == "verdict" and "near" in r}


def test_a_probe_too_many_has_the_rule_that_would_ask_for_it() -> None:
    """With a binding the address is not probed again; without one it would have to be."""
    found = grave(judge("shisa/ha20_bulk_two.jsonl")[0])
    verdict = found["04-6.3-7"]
    assert verdict["verdict"] == "violates"
    miss = next(m for m in verdict["near"] if m["rule"] == "04-6.3-6")
    assert miss["lacks"] == ["the cache has no binding for the home address"]


def test_rules_that_ask_for_the_same_are_told_under_one() -> None:
    observed = {"04-5.6-2": "no copy", "04-6.3-38": "no copy", "04-6.3-7": "probed"}
    many = [Judgement(rule, "violates") for rule in observed]
    found = leaders(many, observed, RULESET)
    assert len(found) == 1
    ((other, first),) = found.items()
    assert {other, first} == {"04-5.6-2", "04-6.3-38"}
    assert leaders([Judgement(r, "conforms") for r in observed], observed, RULESET) == {}


def test_a_missing_answer_is_one_departure() -> None:
    events = [update(1, 0.0, 1), answer(2, 0.1, 1), update(3, 50.0, 2), update(4, 99.0, 3)]
    records = list(replayer().replay_events(events, "made", DECLARED))
    broken = [
        r
        for r in records
        if r["record"] == "verdict" and r["verdict"] == "violates" and r["exchange"] == 2
    ]
    assert len(broken) > 1
    (told,) = [r for r in broken if "same_as" not in r]
    assert {r["same_as"] for r in broken if "same_as" in r} == {told["rule"]}
    header = {"record": "header", "tool": "monami", "version": "0", "commands": ["replay"]}
    result = result_of([{**header, "ruleset": {}}, *records])
    grouped = [g for g in groups(result, items(result)) if g.rule == told["rule"]]
    (group,) = grouped
    assert set(group.also) == {r["rule"] for r in broken} - {told["rule"]}
    assert not any(g.rule in group.also for g in groups(result, items(result)))


NESTED = z3.And(z3.Bool("a"), z3.And(z3.Bool("b"), z3.Bool("c")))


@pytest.mark.parametrize(("term", "count"), [(z3.BoolVal(True), 0), (z3.Bool("a"), 1), (NESTED, 3)])
def test_conditions_are_taken_apart(term: Any, count: int) -> None:
    assert len(conjuncts(term)) == count


def test_silence_to_an_update_that_is_sent_again_is_one_departure() -> None:
    events = [update(1, 0.0, 1), update(2, 10.0, 2), update(3, 20.0, 3), update(4, 60.0, 4)]
    told = list(replayer().replay_events(events, "made", DECLARED))
    silent = [r for r in told if r.get("rule") == "3775-9.5.4-2" and r["record"] == "verdict"]
    assert [(r["exchange"], r["verdict"]) for r in silent] == [
        (1, "violates"),
        (2, "inconclusive"),
        (3, "inconclusive"),
        (4, "inconclusive"),
    ]
    assert "silent to this update since exchange 1" in silent[1]["note"]
    other = [update(1, 0.0, 1), replace(update(2, 10.0, 2), lifetime=20), answer(3, 10.1, 2)]
    again = [*other, update(4, 60.0, 3), update(5, 99.0, 4)]
    told = list(replayer().replay_events(again, "made", DECLARED))
    silent = [r for r in told if r.get("rule") == "3775-9.5.4-2" and r["record"] == "verdict"]
    assert [r["verdict"] for r in silent] == ["violates", "conforms", "violates", "inconclusive"]


def test_a_node_that_stops_is_a_violation_with_a_name() -> None:
    records = judge("shisa/ha55_bid_length_254_nodebug.jsonl")[0]
    (told,) = [r for r in records if r.get("rule") == GOES_ON]
    assert (told["verdict"], told["packet"]) == ("violates", 3)
    assert "hang" in told["observed"]
    (rule,) = [r for r in records if r["record"] == "rule"]
    assert rule["id"] == GOES_ON


def test_verdicts_name_the_octets_that_they_are_about() -> None:
    """The copy that is missing: the acknowledgement; a probe too many: its packet."""
    told = [r for r in judge("shisa/ha20_bulk_two.pcapng")[0] if "seen_at" in r]
    first = next(r for r in told if r["rule"] == "04-5.6-2")
    assert first["seen_at"] == [
        {"packet": 2, "byte": 64, "what": "Mobility Header of the acknowledgement"}
    ]
    (told_on_link,) = [
        r for r in judge("umip/01-register-ha.pcapng")[0] if r.get("verdict") == "violates"
    ]
    assert [spot["what"] for spot in told_on_link["seen_at"]] == ["NeighborAdvertisement"]
    octets = read_frames(RECORDED / "shisa" / "ha20_bulk_two.pcapng")
    frames = {f.number: f.data for f in octets if not isinstance(f, ReadError)}
    for spot in (s for r in told for s in r["seen_at"] if "Mobility Header" in s["what"]):
        assert frames[spot["packet"]][spot["byte"] + 2] in (5, 6)
