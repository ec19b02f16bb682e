"""One thing altered in a conforming recording breaks the rule that speaks of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.checker.replay.support import events_of, violated
from traces.events import (
    BidOption,
    BindingAcknowledgement,
    CacheDump,
    DadStart,
    Event,
    ProxyNd,
)

TWO = "shisa/ha05_two_bids.pcapng"
ONE = "shisa/ha04_one_bid.jsonl"
Change = Callable[[list[Event]], list[Event]]


def answer(number: int, **changes: Any) -> Change:
    """Alter the acknowledgement with this place among all of them, counted from 1."""

    def change(events: list[Event]) -> list[Event]:
        places = [k for k, e in enumerate(events) if isinstance(e, BindingAcknowledgement)]
        changed = list(events)
        old = changed[places[number - 1]]
        assert isinstance(old, BindingAcknowledgement)
        changed[places[number - 1]] = replace(old, **changes)
        return changed

    return change


def without_answer(events: list[Event]) -> list[Event]:
    """Take the first acknowledgement out."""
    first = next(k for k, e in enumerate(events) if isinstance(e, BindingAcknowledgement))
    return [e for k, e in enumerate(events) if k != first]


def option_status(status: int) -> Change:
    """Give the copy in the second acknowledgement a status of its own."""

    def change(events: list[Event]) -> list[Event]:
        answers = [e for e in events if isinstance(e, BindingAcknowledgement)]
        options = tuple(
            replace(o, status=status) if isinstance(o, BidOption) else o for o in answers[1].options
        )
        return answer(2, options=options)(events)

    return change


def without(*kinds: type) -> Change:
    """Take the events of some kinds out."""
    return lambda events: [e for e in events if not isinstance(e, kinds)]


def dumps(**changes: Any) -> Change:
    """Alter every dump that shows an installed entry."""

    def change(events: list[Event]) -> list[Event]:
        return [
            replace(e, **changes)
            if isinstance(e, CacheDump) and e.entries and e.entries[0].state == "VALID"
            else e
            for e in events
        ]

    return change


def test_the_originals_conform() -> None:
    """Otherwise the alterations would prove nothing."""
    assert violated(TWO) == set()
    assert violated(ONE) == set()


@pytest.mark.parametrize(
    ("name", "change", "rules"),
    [
        (TWO, answer(2, status=133), {"04-6.3-36"}),
        (TWO, answer(3, status=128), {"04-6.3-35"}),
        (TWO, option_status(128), {"04-6.3-36"}),
        (TWO, answer(2, options=()), {"04-5.6-2", "04-6.3-37", "04-6.3-38"}),
        (TWO, answer(2, sequence=7), {"3775-6.1.8-2"}),
        (TWO, answer(4, status=135), {"04-6.3-35"}),
        (TWO, answer(2, lifetime=151), {"3775-10.3.1-8"}),
        (TWO, without_answer, {"3775-9.5.4-2", "3775-10.3.1-9", "04-6.3-37"}),
        (ONE, without(DadStart), {"3775-10.3.1-5"}),
        (ONE, dumps(proxied=()), {"3775-10.3.1-11"}),
        (ONE, dumps(entries=()), {"04-6.3-27", "04-6.3-36"}),
    ],
)
def test_alteration_breaks_its_rule(name: str, change: Change, rules: set[str]) -> None:
    """The rule that speaks of what was altered is violated."""
    assert rules <= violated(name, change(events_of(name)))


def test_an_answer_below_128_or_a_smaller_lifetime_is_no_fault() -> None:
    """A home agent may grant less than it was asked for."""
    assert violated(TWO, answer(2, lifetime=10)(events_of(TWO))) == set()


def test_proxy_events_alone_are_not_taken_for_the_cache() -> None:
    """Without its event the dump still shows the proxied address."""
    assert violated(ONE, without(ProxyNd)(events_of(ONE))) == set()
