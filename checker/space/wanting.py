"""What machine code stops for, and how it is seen to: the call is then made once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from checker.space.filling import CROWDED, FORGET, MISSING, UNFIT
from checker.space.native import Native
from checker.space.system import TransitionSystem
from checker.space.tables import Words
from model.errors import RuleError


class Own(Protocol):
    """What belongs to one thread: room for transitions, and its scratch."""

    out: Words
    held: Words


def seen_to(
    own: Own,
    call: Callable[[], int],
    system: TransitionSystem,
    native: Native,
    known: Callable[..., None],
) -> int:
    """Repeat a call until it has an answer, seeing to keys that are missing and to room.

    RuleError where a value does not fit its variable, or a step has too many outcomes.
    """
    while True:
        status = int(call())
        if status == MISSING:
            known(*map(int, own.held[: native.scratch.told]))
        elif status == CROWDED:
            own.out = np.empty(2 * len(own.out), np.uint64)
        elif status == UNFIT:
            name = system.transitions[int(own.held[0])].name
            raise RuleError(f"{name!r} sets a variable to a value that it does not have")
        elif status != FORGET:
            return status
        elif not native.scratch.forget(own.held):
            raise RuleError(
                "a step has more outcomes than there is room to remember",
                remedy="explore a smaller scope",
            )
