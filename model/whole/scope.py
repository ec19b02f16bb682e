"""How much of everything the whole system has: the switches of an exploration, and presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from model.scope import Scope


@dataclass(frozen=True)
class WholeScope(Scope):
    """Bounds of the whole system.

    `updates` bounds what the mobile node asks for of its own accord; what it sends again is not
    counted.  `messages` may be under way in each direction.  The network loses at most `loss`
    messages, delivers `duplication` twice and lets `reorder` overtake others; the mobile node
    sends `delay` updates again though the first is still under way; `restart` bounds how often a
    node starts anew; and of all these faults together there are at most `faults`.  An agreed
    Lifetime is over `expiry` times at most.  With `correspondents` the peer may also be a
    correspondent node, which is sent `attacker` bulk updates by another node.
    """

    updates: int = 3
    faults: int = 2
    messages: int = 2
    loss: int = 1
    duplication: int = 1
    reorder: int = 1
    delay: int = 0
    restart: int = 1
    expiry: int = 0
    correspondents: int = 0
    attacker: int = 0


FAULTS = ("loss", "duplication", "reorder", "delay", "restart")
PRESETS: Mapping[str, WholeScope] = MappingProxyType(
    {
        "small": WholeScope(
            bids=1, care_of=1, options=1, updates=2, messages=1, duplication=0, reorder=0, restart=0
        ),
        "default": WholeScope(correspondents=1, attacker=1),
        "deep": WholeScope(faults=3, loss=2, delay=1, expiry=1, correspondents=1, attacker=1),
    }
)
