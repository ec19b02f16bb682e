"""Clocks of captures of one run, set against each other by the messages that several of them show.

Let d be the time of a message by one clock less its time by the other. On its way from the first
capture to the second it is the offset and the delay, the other way round the offset less the
delay; no delay is negative. So messages in both directions bound the offset from both sides, as
in NTP, however long some of them were held; messages that stay on one link have no delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median, median_low

from traces.sketch import Sample, Sketch

HELD_S = 4.0  # the longest that a message is held on its way, as by address resolution
LINK_S = 0.25  # the longest between two captures of one link
FEWEST_ON_LINK = 3  # such messages repeat themselves: fewer could be alike by chance
FEWEST_FOR_DRIFT = 8
MOST_FOR_DRIFT = 200
FASTEST = 1e-3  # no clock gains more seconds a second
UNBOUNDED_S = 1.0  # taken for an offset that is not bounded from both sides


class ClockError(ValueError):
    """Clocks that cannot be set: one sentence, what and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One clock against another: ahead by `ahead` seconds at `since`, gaining `drift` a second."""

    ahead: float
    drift: float = 0.0
    since: float = 0.0

    def back(self, time: float) -> float:
        """The time by the other clock."""
        return time - self.ahead - self.drift * (time - self.since)

    def reversed(self) -> Step:
        """The other clock against this one."""
        return Step(-self.ahead, -self.drift, self.since - self.ahead)


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How the clock of a capture stands to that of the run.

    `uncertainty_s` is None where messages of one direction only were shared, so that their delay
    is in the offset; `messages`: from how many it was estimated, 0 for what was declared.
    """

    steps: tuple[Step, ...] = ()
    uncertainty_s: float | None = 0.0
    messages: int = 0

    def common(self, time: float) -> float:
        """A time of the capture by the clock of the run."""
        for step in self.steps:
            time = step.back(time)
        return time

    @property
    def slack_s(self) -> float:
        """By how many seconds it may be wrong, also where that is not bounded."""
        return UNBOUNDED_S if self.uncertainty_s is None else self.uncertainty_s

    @property
    def drift(self) -> float:
        """Seconds that the clock gains in a second."""
        return sum(step.drift for step in self.steps)

    def ahead_at(self, time: float) -> float:
        """How many seconds the clock is ahead when it shows `time`."""
        return time - self.common(time)


@dataclass(frozen=True, slots=True)
class Difference:
    """One message in two captures: its time in the second, how much later it is by that clock."""

    time: float
    later: float
    heading: int
    link: bool


@dataclass(frozen=True, slots=True)
class Pairing:
    """The second of two clocks against the first."""

    step: Step
    uncertainty_s: float | None
    messages: int

    @property
    def cost(self) -> float:
        """How bad it is to rely on it."""
        return UNBOUNDED_S if self.uncertainty_s is None else self.uncertainty_s

    def reversed(self) -> Pairing:
        """The first clock against the second."""
        return Pairing(self.step.reversed(), self.uncertainty_s, self.messages)


def shared(first: Sketch, second: Sketch) -> list[tuple[Sample, Sample]]:
    """The messages that both captures show, each exactly once, in order of time."""
    every = max(first.every, second.every)
    both = [
        (sample, second.samples[key])
        for key, sample in first.samples.items()
        if key % every == 0 and key in second.samples
    ]
    return sorted(
        (pair for pair in both if pair[0].count == pair[1].count == 1), key=lambda p: p[1].time
    )


def pairing_of(first: Sketch, second: Sketch) -> Pairing | None:
    """The second clock against the first; None where the captures share too little to tell.

    ClockError is raised for clocks that do not keep step.
    """
    found = [
        Difference(b.time, b.time - a.time, b.heading, b.link) for a, b in shared(first, second)
    ]
    travelling = [d for d in found if not d.link]
    drift, since = _drift(travelling or found), found[0].time if found else 0.0
    level = [_level(d, drift, since) for d in found]
    kept = _agreeing([d for d in level if not d.link], HELD_S, 1)
    near = kept or _agreeing([d for d in level if d.link], LINK_S, FEWEST_ON_LINK)
    if not near:
        return None
    low, high = min(d.later for d in near) - LINK_S, max(d.later for d in near) + LINK_S
    on_link = [d for d in level if d.link and low <= d.later <= high]
    ahead, uncertainty = _offset(kept, on_link)
    return Pairing(Step(ahead, drift, since), uncertainty, len(kept) + len(on_link))


def _level(d: Difference, drift: float, since: float) -> Difference:
    """A difference as it would be without drift."""
    return Difference(d.time, d.later - drift * (d.time - since), d.heading, d.link)


def _agreeing(found: Sequence[Difference], width: float, fewest: int) -> list[Difference]:
    """The differences around their median; ClockError where many are elsewhere."""
    if len(found) < fewest:
        return []
    middle = median_low([d.later for d in found])
    near = [d for d in found if abs(d.later - middle) <= width]
    if len(near) >= max(fewest, len(found) * 0.75):
        return near
    if found[0].link:
        return []
    raise ClockError(
        f"their clocks do not keep step, or they are not of one run: of {len(found)} messages that "
        f"both show, {len(found) - len(near)} are more than {width:g} s from where the others "
        "would have them"
    )


def _offset(
    kept: Sequence[Difference], on_link: Sequence[Difference]
) -> tuple[float, float | None]:
    """The offset and its uncertainty in seconds."""
    if on_link and (len(on_link) >= FEWEST_ON_LINK or not kept):
        values = [d.later for d in on_link]
        return median(values), (max(values) - min(values)) / 2
    up = [d.later for d in kept if d.heading > 0]
    down = [d.later for d in kept if d.heading < 0]
    if not up or not down:
        values = [d.later for d in kept]
        return median(values), None
    if median(up) < median(down):  # the second capture is nearer to the mobile node
        up, down = down, up
    low, high = max(down), min(up)
    return (low + high) / 2, abs(high - low) / 2


def _drift(found: Sequence[Difference]) -> float:
    """The seconds gained a second, where that shows in spite of delays (Theil and Sen)."""
    if len(found) < FEWEST_FOR_DRIFT:
        return 0.0
    kept = found[:: len(found) // MOST_FOR_DRIFT + 1]
    span = kept[-1].time - kept[0].time
    slopes = [
        (b.later - a.later) / (b.time - a.time)
        for a, b in combinations(kept, 2)
        if a.heading == b.heading and b.time - a.time > span / 4
    ]
    if not slopes or abs(slope := median(slopes)) > FASTEST:
        return 0.0
    noise = _scatter([_level(d, slope, kept[0].time) for d in kept])
    return slope if abs(slope) * span > 4 * noise + 0.001 else 0.0


def _scatter(found: Sequence[Difference]) -> float:
    """How far differences of one direction are apart, in seconds: the median deviation."""
    deviations = []
    for heading in {d.heading for d in found}:
        values = [d.later for d in found if d.heading == heading]
        deviations += [abs(v - median(values)) for v in values]
    return median(deviations)


def set_clocks(
    sketches: Mapping[str, Sketch],
    reference: str,
    same: Sequence[Sequence[str]] = (),
    given: Mapping[str, float] | None = None,
) -> dict[str, ClockOffset]:
    """Each capture's clock against that of the reference, by the surest way through the others.

    `same` are captures with one clock; `given` tells how many seconds a clock is ahead of the
    reference's. ClockError is raised, naming the captures, for those that nothing connects.
    """
    declared = _declared(sketches, reference, same, given or {})
    found: dict[str, tuple[float, ClockOffset]] = {reference: (0.0, ClockOffset())}
    done: set[str] = set()
    while waiting := [n for n in found if n not in done]:
        here = min(waiting, key=lambda n: found[n][0])
        done.add(here)
        for name in sketches:
            if name not in done:
                _reach(found, here, name, _between(sketches, declared, here, name))
    for name in sketches:
        if name not in found:
            raise ClockError(_alone(name))
    return {name: found[name][1] for name in sketches}


def _reach(
    found: dict[str, tuple[float, ClockOffset]], here: str, name: str, pairing: Pairing | None
) -> None:
    """Note the way to a capture through another one if it is the surest so far."""
    if pairing is None:
        return
    cost, clock = found[here]
    cost += pairing.cost
    if name in found and found[name][0] <= cost:
        return
    known = clock.uncertainty_s is not None and pairing.uncertainty_s is not None
    total = (clock.uncertainty_s or 0.0) + (pairing.uncertainty_s or 0.0) if known else None
    steps = (pairing.step, *clock.steps)
    found[name] = (cost, ClockOffset(steps, total, pairing.messages or clock.messages))


def _declared(
    sketches: Mapping[str, Sketch],
    reference: str,
    same: Sequence[Sequence[str]],
    given: Mapping[str, float],
) -> dict[tuple[str, str], Pairing]:
    """What was said of pairs of clocks."""
    found = {
        (a, b): Pairing(Step(0.0), 0.0, 0) for group in same for a in group for b in group if a != b
    }
    base = given.get(reference, 0.0)
    for name, ahead in given.items():
        if name != reference and name in sketches:
            said = Pairing(Step(ahead - base), 0.0, 0)
            found[reference, name], found[name, reference] = said, said.reversed()
    return found


def _between(
    sketches: Mapping[str, Sketch],
    declared: Mapping[tuple[str, str], Pairing],
    first: str,
    second: str,
) -> Pairing | None:
    """One clock against another: as declared, where the messages allow it, else by these."""
    said = declared.get((first, second))
    try:
        seen = pairing_of(sketches[first], sketches[second])
    except ClockError as bad:
        raise ClockError(f"{first} and {second}: {bad}; leave one of them out.") from bad
    if said is None:
        return seen
    if seen is not None and abs(seen.step.ahead - said.step.ahead) > HELD_S:
        raise ClockError(
            f"the clock of {second} is said to be {said.step.ahead:g} s ahead of that of {first}, "
            f"but messages that both show are {seen.step.ahead:.3f} s later there; "
            f"correct what is declared or the --clock-offset, or leave it out."
        )
    return said


def _alone(name: str) -> str:
    return (
        f"{name} shares too few messages with the other captures of this run to set its clock; "
        f"leave it out, or say how many seconds it is ahead: --clock-offset {name}=SECONDS."
    )
