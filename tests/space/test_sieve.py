"""What is passed over when a way is looked for backwards: only states that cannot be on it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings

from checker.machine import Machine
from checker.space import sieve
from checker.space.compiled import Compiled
from checker.space.nodes import transition_system
from checker.space.sieve import Sieve, passes
from checker.space.symmetry import symmetry
from checker.space.system import TransitionSystem
from checker.space.tables import Words
from model.rulesets.draft04 import RULESET
from model.whole.scope import PRESETS
from tests.space.comparing import SMALL
from tests.space.random_systems import systems
from tests.space.reference import reference

MANY = 400  # states whose transitions are looked at


def ran(system: TransitionSystem, renaming: bool = False) -> Compiled:
    engine = Compiled(system, 1, SMALL, symmetry(system) if renaming else None)
    engine.run(most_states=20_000)
    return engine


def passing(engine: Compiled, states: Words, target: Words) -> list[bool]:
    """Return which of some states, one a row, pass the sieve for one that is wanted."""
    made = Sieve(engine.kept, engine.images(target.reshape(1, -1)))
    flat = np.ascontiguousarray(states).reshape(-1)
    return [bool(passes(*_state(engine, flat, k), *made.addresses)) for k in range(len(states))]


def _state(engine: Compiled, flat: Words, k: int) -> Iterable[object]:
    return engine.words, np.uint64(flat.ctypes.data), np.uint64(k * engine.words)


def check_sieves(engine: Compiled) -> None:
    """Look at transitions between states that were reached."""
    states = engine.states()
    sources, _, targets = states.edges(0, min(states.bound, MANY))
    rows = engine._ran.memory.store[: states.bound * engine.words].reshape(-1, engine.words)
    for target in np.unique(targets[targets >= 0]):
        assert all(passing(engine, rows[sources[targets == target]], rows[target]))


@given(system=systems())
@settings(max_examples=8, deadline=None)
def test_what_leads_to_a_state_passes_its_sieve(system: TransitionSystem) -> None:
    check_sieves(ran(system))


@pytest.mark.parametrize("renaming", [False, True])
def test_what_leads_to_a_state_of_the_reference_passes(renaming: bool) -> None:
    check_sieves(ran(reference(2, 1, 2), renaming))


@pytest.mark.parametrize("renaming", [False, True])
def test_few_other_states_of_the_draft_pass(renaming: bool) -> None:
    engine = ran(transition_system(Machine(RULESET, PRESETS["small"])), renaming)
    check_sieves(engine)
    _, rows = engine.states().between(0, engine.states().bound)
    wanted = rows[:: len(rows) // 10]
    assert np.mean([np.mean(passing(engine, rows[:2000], target)) for target in wanted]) < 0.1


def test_a_bit_wrongly_thought_kept_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "_kept", lambda *_: (1 << 64) - 1)
    with pytest.raises(AssertionError):
        check_sieves(ran(reference(1, 1, 3)))
