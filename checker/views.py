"""What the Binding Update List and the cache of the peer hold at rest, and how they differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checker.evaluate import Evaluator
from checker.machine import Machine, State
from model.resting import at_rest
from model.vocabulary import Kind, Left, Registration, bc, mn

NOTHING, REGISTERED, HOME = "nothing", "a registered binding", "a home binding"
ENDLESS = "a home binding without end"
ELSEWHERE = "a binding registered at another address"
HELD = {"absent": NOTHING, "bid": REGISTERED, "home": HOME}
LISTED = {"none": NOTHING, "registered": REGISTERED, "home": HOME, "was_home": NOTHING}
OF_BID = (bc.kind, bc.coa, bc.left, mn.status, mn.coa)
WITH_BID, REGULAR = "a BID", "no BID"


@dataclass(frozen=True, order=True)
class Difference:
    """One way in which the views differ, whatever the BID and the addresses.

    `of` says whether it is about a binding with a BID or the regular one, `held` what the
    peer has, `listed` what the mobile node has.
    """

    of: str
    held: str
    listed: str

    @property
    def text(self) -> str:
        """Return the difference in words."""
        return f"under {self.of} the peer has {self.held}, the mobile node {self.listed}"


Differences = dict[int, Difference]  # by BID; 0 for the regular binding


class Views:
    """Compares both views in the states of a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        world, place = machine.world, {n: k for k, n in enumerate(machine.names)}
        self._rest = Evaluator([at_rest(world)], machine.layout)
        self._bids = [tuple(place[machine.system.name(c, b)] for c in OF_BID) for b in world.bids]
        regular = (bc.plain, bc.plain_coa, mn.plain, mn.plain_coa)
        self._regular = tuple(place[machine.system.name(c)] for c in regular)
        self.home_agent = place["node.home_agent"]

    def rests(self, state: State) -> bool:
        """Return whether no message is under way and the mobile node awaits none."""
        return bool(self._rest(self.machine.values(state))[0])

    def differences(self, state: State) -> Differences:
        """Return how the views differ, by BID; nothing where they agree."""
        found = {b: self._with_bid(state, places) for b, places in enumerate(self._bids, 1)}
        found[0] = self._without(state)
        return {b: d for b, d in found.items() if d is not None}

    def _with_bid(self, state: State, places: Iterable[int]) -> Difference | None:
        kind, at, left, status, listed_at = (state[k] for k in places)
        held, listed = HELD[Kind.values[kind]], LISTED[Registration.values[status]]
        held = ENDLESS if held == HOME and Left.values[left] == "endless" else held
        return _difference(WITH_BID, held, listed, at == listed_at)

    def _without(self, state: State) -> Difference | None:
        exists, at, status, listed_at = (state[k] for k in self._regular)
        held, listed = HELD["bid" if exists else "absent"], LISTED[Registration.values[status]]
        return _difference(REGULAR, held, listed, at == listed_at)


def _difference(of: str, held: str, listed: str, same: bool) -> Difference | None:
    if held != listed:
        return Difference(of, held, listed)
    if held == REGISTERED and not same:
        return Difference(of, ELSEWHERE, listed)
    return None
