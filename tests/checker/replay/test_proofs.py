"""Authenticators tried with the tokens of recordings, which say in words what they hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checker.replay.exchanges import home_of
from checker.replay.proofs import RIGHT, SOURCE, WRONG, Tokens
from tests.checker.replay.support import RECORDED, events_of, judge, verdicts
from traces.declaration import load_declaration
from traces.events import BindingUpdate, CareofTest, Event, HomeTest


def proofs(name: str, events: list[Event] | None = None) -> list[str | None]:
    """The proof of each update to a correspondent node."""
    seen = events or events_of(name)
    tokens = Tokens(load_declaration(RECORDED / name).dialect)
    found: list[str | None] = []
    for event in seen:
        if isinstance(event, HomeTest | CareofTest):
            tokens.note(event)
        elif isinstance(event, BindingUpdate) and not event.home_registration:
            found.append(tokens.proof(event, home_of(event)))
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shisa/cm01_rr_plain.pcapng", [RIGHT] * 5),
        ("shisa/cm04_dereg_bid.jsonl", [RIGHT] * 6),
        ("shisa/cm11_altcoa.jsonl", [RIGHT, SOURCE]),
        ("shisa/cn09_auth_failures.jsonl", [None, WRONG, None, None, None, RIGHT]),
        ("umip/12p-route-opt-padfix-cn.pcap", [RIGHT] * 3),
    ],
)
def test_authenticators_of_recordings(name: str, expected: list[str | None]) -> None:
    """Of two implementations; unknown nonce indices leave it open."""
    assert proofs(name) == expected


def test_without_the_care_of_token_nothing_is_known_but_of_deletions() -> None:
    """A deletion needs the home token alone (RFC 3775 5.2.5)."""
    name = "shisa/cm01_rr_plain.pcapng"
    events = [e for e in events_of(name) if not isinstance(e, CareofTest)]
    assert proofs(name, events) == [None, None, None, RIGHT, None]


def test_one_changed_bit_is_wrong() -> None:
    """The Lifetime is covered, too."""
    name = "shisa/cm01_rr_plain.pcapng"
    events = [
        replace(e, lifetime=e.lifetime + 1) if isinstance(e, BindingUpdate) and e.lifetime else e
        for e in events_of(name)
    ]
    assert proofs(name, events) == [WRONG, WRONG, WRONG, RIGHT, WRONG]


def test_of_a_bulk_update_the_first_address_counts() -> None:
    """Two names for the same address, of which one must be covered: however it is read, right."""
    events = events_of("shisa/cn05_bulk_to_cn.jsonl")
    update = next(e for e in events if isinstance(e, BindingUpdate))
    assert update.bids[0].coa == update.src
    assert proofs("shisa/cn05_bulk_to_cn.jsonl")[0] == RIGHT


def test_silence_is_judged_where_the_authenticator_is_known() -> None:
    """BID 0 is dropped though the authenticator is right; without tokens that is left open."""
    name = "shisa/cm07_bid_zero_flags_length.jsonl"
    assert verdicts(judge(name)[0], "violates")["3775-9.5.4-2"] == [5]
    events = [e for e in events_of(name) if not isinstance(e, CareofTest)]
    assert "3775-9.5.4-2" not in verdicts(judge(name, events)[0], "violates")
