"""Clocks set against each other by shared messages: both directions, delays, drift, refusals."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.traces.splitting import START, answer, at_mobile, clocked, probe, report, update
from traces.events import Event
from traces.offsets import ClockError, ClockOffset, pairing_of, set_clocks
from traces.sketch import MOST_SAMPLES, Sketch, sketch_of


def exchanges(count: int, every: float = 10.0) -> list[Event]:
    """So many registrations with their answers."""
    return [e for k in range(count) for e in (update(k * every, k), answer(k * every + 0.01, k))]


def clocks(agent: Sequence[Event], mobile: Sequence[Event], **more: object) -> ClockOffset:
    """The clock of the mobile node's capture against that of the home agent's."""
    sketches = {"ha": sketch_of(agent), "mn": sketch_of(mobile)}
    return set_clocks(sketches, "ha", **more)["mn"]  # type: ignore[arg-type]


@pytest.mark.parametrize("ahead", [0.0, 3.5, -1234.25])
def test_both_directions_bound_the_offset(ahead: float) -> None:
    """The delay of each direction goes into the uncertainty, not into the offset."""
    agent = exchanges(5)
    found = clocks(agent, clocked(at_mobile(agent), ahead))
    assert found.ahead_at(START + ahead) == pytest.approx(ahead, abs=1e-5)
    assert found.uncertainty_s == pytest.approx(0.02, abs=1e-4)
    assert found.messages == 10


def test_held_messages_do_not_move_it() -> None:
    """Address resolution held every answer but one for a second."""
    agent = exchanges(8)
    mobile = at_mobile(agent, lambda k: 1.0 if k % 2 and k != 5 else 0.01)
    assert clocks(agent, clocked(mobile, 7.0)).ahead_at(START) == pytest.approx(7.0, abs=0.011)


def test_what_is_sent_twice_is_not_paired() -> None:
    """Two copies of one update, of which one was lost: neither tells the time."""
    agent = [update(0, 7), answer(0.01, 7), update(1.0, 8), answer(1.01, 8)]
    mobile = [*at_mobile(agent), update(-2.0, 7, interface=0)]
    assert clocks(agent, clocked(mobile, 50.0)).messages == 3


def test_one_direction_has_no_uncertainty_to_tell() -> None:
    """Every answer was lost."""
    agent = exchanges(4)
    mobile = [e for e in at_mobile(agent) if e.interface == 0 and not hasattr(e, "status")]
    found = clocks(agent, clocked(mobile, 2.0))
    assert found.uncertainty_s is None
    assert found.ahead_at(START) == pytest.approx(2.0, abs=0.03)


def test_messages_on_one_link_have_no_delay() -> None:
    """Three different ones are enough, two are not."""
    link = [report(1, 1), probe(2), report(3, 2)]
    found = clocks(link, clocked(link, 9.0))
    assert (found.ahead_at(START), found.uncertainty_s) == (pytest.approx(9.0), pytest.approx(0))
    with pytest.raises(ClockError, match=r"mn shares too few .* --clock-offset mn=SECONDS"):
        clocks(link[:2], clocked(link[:2], 9.0))


def test_reports_that_look_alike_are_outvoted() -> None:
    """The same report of another moment, seen once by each."""
    link = [report(1, 1), probe(2), report(3, 2), report(4, 3), report(5, 9)]
    moved = [*clocked(link[:-1], 9.0), *clocked([report(30, 9)], 9.0)]
    assert clocks(link, moved).ahead_at(START) == pytest.approx(9.0)


def test_drift_shows_and_is_followed() -> None:
    """50 millionths over an hour and a half, with delays of up to 30 ms."""
    rnd = random.Random(4)
    agent = exchanges(60, every=90.0)
    delays = [rnd.uniform(0.001, 0.03) for _ in agent]
    mobile = clocked(at_mobile(agent, delays.__getitem__), -3.0, 50e-6)
    found = clocks(agent, mobile)
    assert found.drift == pytest.approx(50e-6, rel=0.1)
    for time in (0.0, 2700.0, 5400.0):
        seen = START + time - 3.0 + 50e-6 * time
        assert found.common(seen) == pytest.approx(START + time, abs=0.02)


def test_no_drift_is_made_of_delays() -> None:
    """Eight messages of a minute with delays that differ much."""
    rnd = random.Random(1)
    agent = exchanges(8)
    delays = [rnd.choice((0.01, 0.4, 1.1)) for _ in agent]
    assert clocks(agent, at_mobile(agent, delays.__getitem__)).drift == 0.0


def test_a_clock_that_was_set_in_between_is_refused() -> None:
    """Half of the messages are a minute off."""
    agent = exchanges(10)
    mobile = at_mobile(agent)
    broken = [*mobile[:10], *clocked(mobile[10:], 60.0)]
    with pytest.raises(ClockError, match=r"ha and mn: their clocks do not keep step.*10 are more"):
        clocks(agent, broken)


def test_captures_without_a_common_message_are_refused() -> None:
    with pytest.raises(ClockError, match="mn shares too few messages"):
        clocks(exchanges(3), [update(1, 900), answer(2, 900)])


def test_what_is_declared_goes_before_and_must_fit() -> None:
    """An offset given for a capture, or one clock for two of them; not against the messages."""
    agent = exchanges(3)
    other = [update(1, 900)]
    assert clocks(agent, other, given={"mn": 12.5}).ahead_at(START) == pytest.approx(12.5)
    assert clocks(agent, other, same=[["ha", "mn"]]).ahead_at(START) == 0.0
    with pytest.raises(ClockError, match=r"said to be 12\.5 s ahead .* 100\.0"):
        clocks(agent, clocked(at_mobile(agent), 100.0), given={"mn": 12.5})


def test_clocks_are_set_through_others() -> None:
    """What the home link shares with the mobile node reaches the home agent's other interface."""
    agent = exchanges(3)
    link = [report(1, 1), probe(2), report(3, 2)]
    mobile = [*at_mobile(agent), *link]
    sketches = {
        "up": sketch_of(agent),
        "home": sketch_of(clocked(link, 5.0)),
        "mn": sketch_of(clocked(mobile, -8.0)),
    }
    found = set_clocks(sketches, "up")
    assert found["home"].ahead_at(START) == pytest.approx(5.0, abs=1e-4)
    assert found["mn"].ahead_at(START) == pytest.approx(-8.0, abs=1e-4)


def test_captures_may_not_be_paired() -> None:
    """A pairing needs something that both show."""
    assert pairing_of(Sketch(), sketch_of(exchanges(2))) is None


def test_a_long_capture_takes_no_more_memory_and_keeps_the_same_messages() -> None:
    """Which messages are kept is a matter of their content."""
    agent = [update(k * 0.01, k) for k in range(MOST_SAMPLES + 400)]
    both = sketch_of(agent), sketch_of(reversed(agent))
    assert all(len(s.samples) <= MOST_SAMPLES for s in both)
    assert both[0].samples.keys() == both[1].samples.keys()
    times = sorted(s.time for s in both[0].samples.values())
    assert times[0] < START + 2
    assert times[-1] > START + (MOST_SAMPLES + 200) * 0.01
