"""A system in which each operator that a term may have decides something."""

from __future__ import annotations

import z3

from checker.space.system import Absent, StepTable, Transition, TransitionSystem, Values, Variable

Colour, (RED, GREEN, BLUE) = z3.EnumSort("Colour", ["Colour.red", "Colour.green", "Colour.blue"])


def operators() -> TransitionSystem:
    a, b, r = (z3.BitVec(n, 4) for n in ("a", "b", "t1"))
    c, f, g = z3.Const("c", Colour), z3.Bool("f"), z3.Bool("bit")
    numbers = {
        "adds": a + b,
        "subtracts": a - b,
        "multiplies": a * b * 3,
        "ands": a & b,
        "masks": a & 7,
        "ors": a | b | 1,
        "complements": ~a,
        "cuts": z3.Concat(z3.Extract(1, 0, a), z3.Extract(3, 2, b)),
        "chooses": z3.If(z3.And(f, c == GREEN), a, z3.If(z3.Not(g), b, r)),
        "shares": z3.If(z3.UGT(a + b, 3), (a + b) * (a + b), a + b),
    }
    flags = {
        "less": z3.ULT(a, b),
        "not greater": z3.ULE(a, b),
        "greater": z3.UGT(a, 3),
        "not less": z3.UGE(b, a),
        "distinct": z3.Distinct(a, b, r),
        "implies": z3.Implies(f, g),
        "differs": z3.Xor(f, a == b),
        "some": z3.AtLeast(f, g, a == b, c == RED, 2),
        "few": z3.AtMost(f, g, a == r, 1),
        "is": z3.Or(c == BLUE, z3.And(f, c != RED)),
    }
    found = [Transition(n, z3.UGT(a, 1), {"t1": term}) for n, term in numbers.items()]
    found += [Transition(n, term, {"f": term, "bit": f}) for n, term in flags.items()]
    steps = table()
    turned = z3.If(c == RED, GREEN, z3.If(c == GREEN, BLUE, RED))
    swaps = {"a": b, "b": a, "c": turned}
    found += [
        Transition("counts", z3.ULT(a, 6), {"a": a + 1, "f": z3.Not(f)}),
        Transition("swaps", z3.BoolVal(True), swaps),
        Transition("looks up", c != RED, {"t1": z3.BitVec("d", 4), "c": turned}, table=steps),
        Transition("as if red", f, {"b": z3.BitVec("d", 4)}, {"c": RED, "f": g}, steps),
    ]
    sizes = {"a": 16, "b": 16, "t1": 16, "c": 3, "f": 2, "bit": 2, "unused": 5}
    return TransitionSystem(
        tuple(Variable(*pair) for pair in sizes.items()),
        ((0, 3, 0, 0, 0, 0, 4), (1, 2, 0, 1, 1, 0, 4), (0, 3, 0, 0, 0, 0, 4)),
        tuple(found),
        {"small */": z3.ULT(r, 15), "a, b": z3.Or(a != b, z3.Not(f), c == BLUE)},
        {"blue at last": c == BLUE, "never": z3.And(g, z3.Not(g))},
        {"three": 3},
        (Absent(g, frozenset({"t1"})),),
    )


def table() -> StepTable:
    """Return a table by a colour, a flag and the lowest bits of a number; two rows are equal."""

    def rows(key: Values) -> list[Values]:
        colour, flag, low = key
        return [(low + colour,), (low + colour,), (7,)] if flag else [(low,)] * (colour > 0)

    key = (z3.Const("c", Colour), z3.Bool("f"), z3.BitVec("a", 4) & z3.BitVec("three", 4))
    return StepTable("steps", key, (2, 1, 2), (Variable("d", 16),), rows)
