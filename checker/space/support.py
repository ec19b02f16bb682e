"""What an instruction depends on: bits of the words of a state, and other inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from checker.space.moves import Cut
from checker.space.program import Program, Ref

ALL = (1 << 64) - 1


def bits_needed(
    program: Program, cuts: Mapping[Ref, Cut], words: Sequence[Ref], refs: Iterable[Ref]
) -> tuple[int, ...]:
    """Return, for each word, a mask of the bits that some instructions depend on."""
    masks = dict.fromkeys(words, 0)
    seen, waiting = set[Ref](), list(refs)
    while waiting:
        ref = waiting.pop()
        if ref in seen:
            continue
        seen.add(ref)
        if ref in cuts and cuts[ref].word in masks:
            cut = cuts[ref]
            masks[cut.word] |= ((1 << cut.width) - 1) << cut.shift
        elif ref in masks:
            masks[ref] = ALL
        else:
            waiting += _beneath(program, ref, masks)
    return tuple(masks.values())


def _beneath(program: Program, ref: Ref, masks: dict[Ref, int]) -> list[Ref]:
    """Return the arguments of an instruction; of a word under a mask, the mask is noted."""
    instruction = program.instructions[ref]
    if instruction.op == "and":
        for one, other in (instruction.args, instruction.args[::-1]):
            mask = program.value(other)
            if one in masks and mask is not None:
                masks[one] |= mask
                return []
    return list(instruction.args)


def depending(program: Program, inputs: Iterable[Ref]) -> set[Ref]:
    """Return the instructions that depend on some inputs, these among them."""
    found = set(inputs)
    for ref, instruction in enumerate(program.instructions):
        if any(a in found for a in instruction.args):
            found.add(ref)
    return found
