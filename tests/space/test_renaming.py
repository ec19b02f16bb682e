"""Renamings of systems, states and packed words drawn at random."""

from __future__ import annotations

from typing import Any

import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.space.canonical import Images
from checker.space.group import Group, Made, Permutation
from checker.space.packing import Packing
from checker.space.program import Program
from checker.space.symmetry import symmetry
from checker.space.system import (
    Renaming,
    Transition,
    TransitionSystem,
    Values,
    Variable,
)
from tests.space.comparing import ENGINES, check_paths, interpreted, whole

# -- systems at random -------------------------------------------------------------------------

# Two nodes have a number 0 to 2 and a flag each; `who` is 0 for none or one of the two.
TERMS = 6


def about(kind: int, i: int, value: int) -> Any:
    """Return one of the terms about node i that a guard may be made of."""
    j = 3 - i
    x, y = ({k: z3.BitVec(f"x[{k}]", 8) for k in (1, 2)}, {k: z3.Bool(f"y[{k}]") for k in (1, 2)})
    who = z3.BitVec("who", 8)
    return (x[i] == value, y[i], z3.ULE(x[j], value), who == i, who == 0, y[i] == y[j])[kind]


def becomes(kind: int, i: int, value: int) -> dict[str, Any]:
    """Return one of the changes that a transition of node i may make."""
    j, x, y = 3 - i, z3.BitVec(f"x[{i}]", 8), z3.Bool(f"y[{3 - i}]")
    who = z3.BitVec("who", 8)
    return (
        {f"x[{i}]": z3.BitVecVal(value, 8)},
        {f"x[{j}]": z3.If(y, x, z3.BitVecVal(value, 8))},
        {f"y[{i}]": z3.Not(y)},
        {"who": z3.BitVecVal(i, 8)},
        {"who": z3.If(who == i, z3.BitVecVal(j, 8), who)},
        {"who": z3.BitVecVal(0, 8), f"x[{i}]": z3.BitVec(f"x[{j}]", 8)},
    )[kind]


STEP = st.tuples(
    *(st.tuples(st.integers(0, TERMS - 1), st.booleans()) for _ in range(2)),
    st.integers(0, TERMS - 1),
    st.integers(0, 2),
)


def stepping(name: str, step: Any, i: int) -> Transition:
    *conditions, change, value = step
    terms = [about(k, i, value) for k, _ in conditions]
    signs = [wanted for _, wanted in conditions]
    guard = z3.And([t if s else z3.Not(t) for t, s in zip(terms, signs, strict=True)])
    return Transition(f"{name} of {i}", guard, becomes(change, i, value))


def drawn(steps: list[Any], broken: Any = None) -> TransitionSystem:
    """Return a system in which two nodes may do the same; but for one step of one of them."""
    transitions = [stepping(str(n), s, i) for n, s in enumerate(steps) for i in (1, 2)]
    if broken is not None:
        transitions[0] = stepping("0", broken, 1)
    both = z3.And(z3.Bool("y[1]"), z3.Bool("y[2]"))
    names = {f"{x}[{k}]": f"{x}[{3 - k}]" for x in "xy" for k in (1, 2)}
    return TransitionSystem(
        (
            *(Variable(f"{x}[{k}]", size) for x, size in (("x", 3), ("y", 2)) for k in (1, 2)),
            Variable("who", 3),
        ),
        ((0, 0, 0, 0, 0), (1, 0, 0, 1, 2), (0, 1, 1, 0, 1)),
        tuple(transitions),
        {"not both": z3.Not(both)},
        {"equal": z3.BitVec("x[1]", 8) == z3.BitVec("x[2]", 8)},
        renamings=(Renaming("1 and 2", names, {"who": (0, 2, 1)}),),
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=4))
def test_symmetric_system_is_found_so_and_counted_right(steps: list[Any]) -> None:
    system = drawn(steps)
    proved = symmetry(system)
    assert proved.told == ()
    plain = interpreted(system)
    for engine in ENGINES:
        found = engine(system, proved)
        assert found.renamings == 2
        assert whole(found) == whole(plain)
        check_paths(system, found)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=3), STEP)
def test_system_broken_in_one_place_is_refused_or_counted_right(
    steps: list[Any], broken: Any
) -> None:
    system = drawn(steps, broken)
    proved = symmetry(system)
    if proved.refused:
        told = {b for r in proved.refused for b in r.because}
        assert told <= {f"the transition '{n} of {i}'" for n in range(len(steps)) for i in (1, 2)}
    else:
        assert whole(interpreted(system, proved)) == whole(interpreted(system))


# -- least images ------------------------------------------------------------------------------


@st.composite
def permuted(draw: Any) -> tuple[list[Variable], list[Permutation], Values]:
    """Return variables, two permutations of them and of their values, and a state."""
    sizes = draw(st.lists(st.sampled_from([2, 3, 5, 8, 1 << 30]), min_size=1, max_size=9))
    variables = [Variable(f"v{k}", size) for k, size in enumerate(sizes)]
    permutations = []
    for _ in range(2):
        ends = list(range(len(sizes)))
        for size in set(sizes):
            own = [k for k, s in enumerate(sizes) if s == size]
            for k, end in zip(own, draw(st.permutations(own)), strict=True):
                ends[k] = end
        values = [
            draw(st.sampled_from([(), tuple(draw(st.permutations(range(min(s, 8)))))]))
            for s in sizes
        ]
        permutations.append(Permutation(tuple(ends), tuple(values)))
    return variables, permutations, tuple(draw(st.integers(0, s - 1)) for s in sizes)


EVALUATED: dict[str, Any] = {
    "and": lambda x, y: x & y,
    "or": lambda x, y: x | y,
    "xor": lambda x, y: x ^ y,
    "add": lambda x, y: x + y,
    "shl": lambda x, y: x << y,
    "shr": lambda x, y: x >> y,
    "not": lambda x: 1 - x,
    "eq": lambda x, y: int(x == y),
    "ult": lambda x, y: int(x < y),
    "ite": lambda c, x, y: x if c else y,
}


def evaluated(program: Program, ref: int, known: dict[int, int]) -> int:
    """Return the value of an instruction, given those of the inputs."""
    instruction = program.instructions[ref]
    if ref not in known:
        args = [evaluated(program, a, known) for a in instruction.args]
        constant = instruction.op == "const"
        known[ref] = int(instruction.data) if constant else EVALUATED[instruction.op](*args)
    return known[ref]


@settings(max_examples=200, deadline=None)
@given(permuted())
def test_images_of_packed_words_are_those_of_the_values(drawn: Any) -> None:
    variables, generators, state = drawn
    packing, program = Packing(variables), Program()
    size = len(variables)
    nothing = Permutation(tuple(range(size)), ((),) * size)
    for generator in generators:
        group = Group((Made(nothing, 0, 0), Made(generator, 0, 0)), (generator,))
        words = tuple(program.input(f"w{k}", 1 << 64) for k in range(packing.words))
        images = Images(program, packing, group, words)
        known = dict(zip(words, packing.pack(state), strict=True))
        image = [evaluated(program, ref, known) for ref in images.words[1]]
        assert packing.unpack(image) == generator(state)
        least = tuple(evaluated(program, ref, known) for ref in images.least())
        both = [packing.pack(state), packing.pack(generator(state))]
        assert least == min(both, key=lambda w: w[::-1])
        assert evaluated(program, images.orbit(), known) == len(set(both))
    first, second = generators
    assert first.then(second)(state) == second(first(state))
    assert first.then(nothing)(state) == first(state)
