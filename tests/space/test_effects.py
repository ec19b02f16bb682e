"""Effects that are remembered for few bits of a state: the same transitions as by the words."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.machine import Machine
from checker.space import effects as taking
from checker.space import remembered
from checker.space.compiled import Compiled
from checker.space.effects import Effect, effects
from checker.space.lowered import Lowered
from checker.space.memory import Budget
from checker.space.nodes import transition_system
from checker.space.program import Program, Ref
from checker.space.reached import Reached
from checker.space.remembered import Scratch
from checker.space.system import TransitionSystem
from model.errors import RuleError
from model.rulesets.draft04 import RULESET
from model.whole.scope import PRESETS
from tests.space.random_systems import systems

SMALL = Budget(1 << 28)
MASK = (1 << 64) - 1
OPERATORS = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "not": lambda a: 1 - a,
    "eq": lambda a, b: int(a == b),
    "ult": lambda a, b: int(a < b),
    "ule": lambda a, b: int(a <= b),
    "ite": lambda flag, a, b: a if flag else b,
    "add": lambda a, b: a + b & MASK,
    "sub": lambda a, b: a - b & MASK,
    "mul": lambda a, b: a * b & MASK,
    "shl": lambda a, b: a << b & MASK,
    "shr": lambda a, b: a >> b,
}
Known = dict[Ref, int]


def value(program: Program, ref: Ref, known: Known) -> int:
    """Return what an instruction is, given the inputs."""
    if ref not in known:
        instruction = program.instructions[ref]
        args = [value(program, a, known) for a in instruction.args]
        constant = instruction.op == "const"
        known[ref] = int(instruction.data) if constant else OPERATORS[instruction.op](*args)
    return known[ref]


def applied(program: Program, effect: Effect, state: list[int], known: Known) -> list[int]:
    """Return the words after an effect on a state."""
    words = []
    for word in effect:
        result = value(program, word.put, known)
        for move in word.moves:
            kept = state[move.word] & value(program, move.mask, known)
            moved = kept << move.distance if move.distance >= 0 else kept >> -move.distance
            assert not result & moved
            result |= moved
        words.append(result)
    return words


def inputs(lowered: Lowered, state: list[int], decisions: list[int], lookup: int) -> Known:
    """Return the inputs of the instructions for a state and a row."""
    words = lowered.decisions(lowered.lookups[lookup])
    return dict(zip(lowered.word_inputs, state, strict=True)) | dict(
        zip(words, decisions, strict=False)
    )


@given(systems(), st.randoms(use_true_random=False))
def test_effect_is_what_the_words_say(system: TransitionSystem, chance: random.Random) -> None:
    lowered = Lowered(system)
    tabled = [k for k, t in enumerate(lowered.transitions) if t.lookup is not None]
    for k in tabled:
        check_effect(lowered, k, some_state(lowered, chance), chance)


def some_state(lowered: Lowered, chance: random.Random) -> list[int]:
    """Return the words of a state, with any values for the variables."""
    packing = lowered.packing
    return list(packing.pack([chance.randrange(v.size) for v in packing.variables]))


def check_effect(lowered: Lowered, k: int, state: list[int], chance: random.Random) -> None:
    """Check a transition's effect on a state, and that other bits do not decide it."""
    program, made = lowered.program, effects(lowered, [k])
    decided = lowered.lookups[made.lookup].decided
    row = list(decided.pack([chance.randrange(v.size) for v in decided.variables]))
    known = inputs(lowered, state, row, made.lookup)
    words = [value(program, ref, dict(known)) for ref in lowered.transitions[k].words]
    assert applied(program, made.each[0], state, dict(known)) == words
    pairs = zip(state, made.needs, strict=True)
    other = [word & mask | chance.getrandbits(63) & ~mask & MASK for word, mask in pairs]
    changed = inputs(lowered, other, row, made.lookup)
    for ref in made.refs:
        assert value(program, ref, dict(known)) == value(program, ref, dict(changed))


@pytest.fixture(scope="module")
def draft() -> TransitionSystem:
    return transition_system(Machine(RULESET, PRESETS["small"]))


def compiled(system: TransitionSystem) -> Reached:
    return Compiled(system, 2, SMALL).run()


def test_effects_of_the_draft_are_what_the_words_say(draft: TransitionSystem) -> None:
    lowered, chance = Lowered(draft), random.Random(1)
    for k, t in enumerate(lowered.transitions):
        if t.lookup is not None:
            check_effect(lowered, k, some_state(lowered, chance), chance)


def test_what_was_forgotten_is_worked_out_again(
    draft: TransitionSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, forgotten = compiled(draft), []
    forget = Scratch.forget

    def noted(scratch: Scratch, held: remembered.Words) -> bool:
        forgotten.append(scratch)
        return forget(scratch, held)

    monkeypatch.setattr(remembered, "INDEX_BITS", 5)
    monkeypatch.setattr(Scratch, "forget", noted)
    assert compiled(draft) == expected
    assert len(forgotten) > 10


def test_room_for_no_record_is_told(
    draft: TransitionSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "RECORDS", 2)
    with pytest.raises(RuleError, match="more outcomes than there is room"):
        compiled(draft)


def test_a_bit_that_is_left_out_is_seen(
    draft: TransitionSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = compiled(draft)
    monkeypatch.setattr(taking, "bits_needed", lambda _p, _c, words, _r: (0,) * len(words))
    assert compiled(draft).transitions != expected.transitions
