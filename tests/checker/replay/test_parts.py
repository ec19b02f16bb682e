"""Pairing, naming, lifetimes, observations: the parts of a replay by themselves."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

import pytest

from checker.replay import Replayer, ReplayOptions
from checker.replay.clock import Clock
from checker.replay.evidence import Evidence
from checker.replay.exchanges import exchanges_of
from checker.replay.gathering import Gathering
from checker.replay.naming import naming_of
from checker.replay.seen import SUCCESS, Seen, index_of, statuses
from checker.replay.state import PLAIN, bindings, without
from checker.replay.update import update_inputs
from checker.replay.vantage import Vantage
from model.errors import RuleError
from model.rulesets.draft04 import RULESET
from model.vocabulary import Status
from tests.checker.replay.support import AGENT, HOME, events_of, replayer, verdicts
from traces.declaration import Declaration
from traces.dialects import dialect
from traces.events import BidOption, BindingAcknowledgement, BindingUpdate, Event, Place

CARE_OF = IPv6Address("2001:db8:a::10")
OTHER = IPv6Address("2001:db8:b::20")
DECLARED = Declaration(dialect("draft-04", 7), role="home-agent", observed=(AGENT,))
NUMBERS = dict(RULESET.status_numbers)


def update(packet: int, sequence: int, *bids: int, **more: Any) -> BindingUpdate:
    """A home registration that arrives at second `packet`."""
    options = tuple(BidOption(7, 4, bid=b, status=0) for b in bids)
    made = BindingUpdate(
        Place("made.pcapng", packet),
        float(packet),
        src=CARE_OF,
        dst=AGENT,
        home_address=HOME,
        direction="in",
        sequence=sequence,
        ack=True,
        home_registration=True,
        lifetime=150,
        options=options,
    )
    return replace(made, **more)


def answer(packet: int, sequence: int, *bids: int, **more: Any) -> BindingAcknowledgement:
    """An acknowledgement that leaves at second `packet`."""
    options = tuple(BidOption(7, 4, bid=b, status=0) for b in bids)
    made = BindingAcknowledgement(
        Place("made.pcapng", packet),
        float(packet),
        src=AGENT,
        dst=CARE_OF,
        routing_home=HOME,
        direction="out",
        sequence=sequence,
        lifetime=150,
        options=options,
    )
    return replace(made, **more)


def pairs(*events: Event) -> list[tuple[int | None, int | None]]:
    """The packets of updates and of their answers."""
    evidence = Evidence(DECLARED, ReplayOptions())
    evidence.add_all(events)
    gathering = Gathering(evidence, 3.0)
    ready = [found for event in events for _, found in gathering.feed(event)]
    ready += [found for _, found in gathering.sweep(everything=True)]
    return [
        (e.update.place.packet, e.answer.place.packet if e.answer else None)
        for found in ready
        for e in found
    ]


def test_answers_are_paired_by_sequence_number() -> None:
    """Also when the next update came before the first answer."""
    assert pairs(update(1, 10), update(2, 11), answer(3, 10), answer(4, 11)) == [(1, 3), (2, 4)]


def test_an_answer_to_none_goes_to_the_latest_open_update() -> None:
    """Status 135 carries another number; a second copy of an answer goes to nobody."""
    refused = answer(4, 10, status=135)
    assert pairs(update(1, 10), answer(2, 10), update(3, 9), refused) == [(1, 2), (3, 4)]
    assert pairs(update(1, 10), answer(2, 10), update(3, 11), answer(4, 10)) == [(1, 2), (3, None)]


def test_damaged_updates_are_no_exchanges() -> None:
    """RFC 3775 9.2: checksum and payload type."""
    assert pairs(update(1, 10, checksum_ok=False), update(2, 11, payload_proto=6)) == []


def test_both_ends_of_a_log_are_one_exchange() -> None:
    """What a mobile node sends and what the home agent receives are one message."""
    sent = update(1, 10, direction="out", node="mn")
    got = update(1, 10, node="ha")
    assert pairs(sent, got, answer(2, 10)) == [(1, 2)]


def test_names_are_given_in_order_of_appearance() -> None:
    """The home address is 1, BID 0 stays 0."""
    vantage = Vantage(AGENT, False, True, None, 9.0)
    events = [update(1, 1, 700), update(2, 2, 0, src=OTHER), update(3, 3, 5, 700)]
    naming = naming_of(exchanges_of(events, vantage, 3.0))
    assert [naming.bid(b) for b in (0, 700, 5)] == [0, 1, 2]
    assert [naming.address(a) for a in (None, HOME, CARE_OF, OTHER)] == [0, 1, 2, 3]
    assert naming.show_bid(2) == "5"
    assert (naming.scope().bids, naming.scope().options) == (4, 2)


def test_layout_without_c_flag() -> None:
    """In RFC 5648 the length tells whether an address follows, and O is the update's."""
    naming = naming_of(exchanges_of([update(1, 1, 5)], Vantage(AGENT, False, True, None, 9.0), 3.0))
    option = BidOption(35, 20, bid=5, status=0, coa=OTHER)
    given = update_inputs(update(1, 1, overwrite=True), naming, NUMBERS, (option,), "rfc5648")
    assert (given["o.C[1]"], given["o.O[1]"]) == (1, 1)
    given = update_inputs(update(1, 1), naming, NUMBERS, (option,), "draft-04")
    assert (given["o.C[1]"], given["o.O[1]"]) == (0, 0)


def test_numbers_that_were_never_assigned_may_stand_for_several_statuses() -> None:
    """Draft -04 has no numbers for its own statuses."""
    assert statuses(0, NUMBERS) == index_of(Status, "accepted")
    assert index_of(Status, "mcoa_bid_conflict", "other") <= statuses(165, NUMBERS)
    assert not statuses(165, NUMBERS) & SUCCESS


def test_lifetimes_end_with_some_slack() -> None:
    """Near the end a binding may be there or not."""
    naming = naming_of(exchanges_of([update(1, 1, 5)], Vantage(AGENT, False, True, None, 9.0), 3.0))
    found = exchanges_of(
        [update(1, 1, 5), answer(2, 1, 5)], Vantage(AGENT, False, True, None, 9.0), 3.0
    )
    clock = Clock()
    clock.granted(found[0], naming, True)
    state = {"bc.kind[1]": 1, "bc.coa[1]": 2, "bc.proxy": 1}
    assert [bindings(s) for s in clock.expired([state], 500.0)] == [[1]]
    assert [bindings(s) for s in clock.expired([state], 602.5)] == [[1], []]
    assert clock.expired([state], 700.0) == [{}]


def test_removing_bindings() -> None:
    """With the last binding goes what belonged to it."""
    state = {"bc.plain": 1, "bc.kind[2]": 1, "bc.proxy": 1, "bc.last_sequence": 9}
    assert without(state, [PLAIN]) == {"bc.kind[2]": 1, "bc.proxy": 1, "bc.last_sequence": 9}
    assert without(state, [PLAIN, 2]) == {}


def test_seen_values() -> None:
    """Only a single value is sure."""
    seen = Seen()
    seen.put("proxy", [1])
    seen.put("plain", [0, 1], alike=True)
    assert (seen.sure("proxy"), seen.sure("plain"), seen.sure("dad")) == (1, None, None)


def test_silence_needs_time() -> None:
    """An update at the end of a capture is not yet unanswered."""
    for last, expected in ((2, set()), (9, {"3775-9.5.4-2", "3775-10.3.1-9"})):
        other = update(last, 1, home_address=IPv6Address("2001:db8:1::200"))
        records = list(replayer().replay_events([update(1, 1), other], "made", DECLARED))
        found = verdicts(records, "violates")
        assert {rule for rule, packets in found.items() if 1 in packets} == expected


def test_earlier_bindings_are_assumed_where_the_recording_begins_late() -> None:
    """A deregistration that is accepted at once: the binding was there before."""
    events = [update(1, 9, lifetime=0), answer(2, 9, lifetime=0)]
    records = list(replayer().replay_events(events, "made", DECLARED))
    assert verdicts(records, "violates") == {}
    assert any("before the recording" in r.get("note", "") for r in records)


def test_too_many_options_are_an_error_not_a_long_wait() -> None:
    """One sentence, and nothing judged."""
    made = replayer()
    records = list(made.replay_events([update(1, 1, *range(1, 30))], "made", DECLARED))
    assert [r["where"] for r in records if r["record"] == "error"] == ["made.pcapng packet 1"]
    assert made.summary.exit_code == 3


def test_readings_can_be_chosen() -> None:
    """Under S2 nothing is ambiguous about the sequence numbers of cm10; a wrong name is told."""
    made = Replayer(RULESET, ReplayOptions(readings={"READ-SEQ": "S2"}))
    made.relations = replayer().relations
    declared = replace(
        DECLARED, role="correspondent-node", observed=(IPv6Address("2001:db8:f::1"),)
    )
    events = events_of("shisa/cm10_seq_window.jsonl")
    assert verdicts(made.replay_events(events, "made", declared), "ambiguous") == {}
    with pytest.raises(RuleError, match="READ-SEQ=S9"):
        Replayer(RULESET, ReplayOptions(readings={"READ-SEQ": "S9"}))
