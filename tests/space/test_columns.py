"""Plans over columns: what they work out is what plain numbers come to, in whatever size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.space.columns import FLAG, WHOLE, Plan
from checker.space.program import Program, Ref

OPERATORS: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b % 8,
    "shr": lambda a, b: a >> b % 8,
}
NAMES = (*OPERATORS, "choice", "eq", "less", "at most", "not")
ROWS = [(0, 0), (1, 2), (255, 256), (65_535, 3), (0x123456789ABCDEF, 0xFEDCBA987654321)]
STEPS = st.tuples(
    st.sampled_from(NAMES),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from((1, 4, 8, 13, 16, 30, 32, 64)),
)
Known = tuple[Ref, list[int]]  # an instruction, and its value for each row


class Made:
    """A program of random steps, and beside each of them what plain numbers come to."""

    def __init__(self) -> None:
        self.program = Program()
        self.given = [self.program.input(name, 1 << 64) for name in ("a", "b")]
        p, rows = self.program, len(ROWS)
        self.numbers: list[Known] = [
            (ref, [row[k] for row in ROWS]) for k, ref in enumerate(self.given)
        ]
        self.numbers += [(p.const(v), [v] * rows) for v in (0, 1, 200, 70_000)]
        self.flags: list[Known] = []
        self.flag("less", self.numbers[0], self.numbers[1])

    def step(self, name: str, x: int, y: int, z: int, width: int) -> None:
        a, b = (self.numbers[k % len(self.numbers)] for k in (x, y))
        flag = self.flags[z % len(self.flags)]
        if name == "choice":
            values = [v if f else w for f, v, w in zip(flag[1], a[1], b[1], strict=True)]
            self.numbers.append((self.program.ite(flag[0], a[0], b[0]), values))
        elif name in OPERATORS:
            self.number(name, a, b, width)
        elif name == "not":
            self.flags.append((self.program.flip(flag[0]), [1 - f for f in flag[1]]))
        else:
            self.flag(name, a, b)

    def number(self, name: str, a: Known, b: Known, width: int) -> None:
        mask = (1 << width) - 1
        a, b = self.cut(a, mask), self.cut(b, mask)
        if name in ("shl", "shr"):
            b = self.program.const(b[1][0] % 8), [b[1][0] % 8] * len(ROWS)
        values = [OPERATORS[name](v, w) & mask for v, w in zip(a[1], b[1], strict=True)]
        self.numbers.append((self.program.arithmetic(name, a[0], b[0], width), values))

    def cut(self, a: Known, mask: int) -> Known:
        ref = self.program.arithmetic("and", a[0], self.program.const(mask), 64)
        return ref, [v & mask for v in a[1]]

    def flag(self, name: str, a: Known, b: Known) -> None:
        pairs = list(zip(a[1], b[1], strict=True))
        if name == "eq":
            self.flags.append((self.program.eq(a[0], b[0]), [int(v == w) for v, w in pairs]))
            return
        ref = self.program.less(a[0], b[0], equal=name == "at most")
        holds = [v <= w if name == "at most" else v < w for v, w in pairs]
        self.flags.append((ref, [int(h) for h in holds]))


@pytest.mark.filterwarnings("error")
@given(st.lists(STEPS, max_size=30))
def test_plans_work_out_what_numbers_come_to(steps: list[tuple[str, int, int, int, int]]) -> None:
    made = Made()
    for step in steps:
        made.step(*step)
    wanted = [(ref, WHOLE) for ref, _ in made.numbers] + [(ref, FLAG) for ref, _ in made.flags]
    columns = [np.array(column, np.uint64) for column in zip(*ROWS, strict=True)]
    found = Plan(made.program, made.given, wanted)(columns)
    assert [c.tolist() for c in found] == [values for _, values in (*made.numbers, *made.flags)]
