"""Gates over Boolean variables: equal gates are one, and each is told by clauses when needed.

A literal is a number other than 0, its negation the negative number, as in DIMACS files.  The
inputs of a gate keep their order, so that a gate depends on nothing but what it was made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Clause = list[int]
Bits = tuple[int, ...]  # literals, the least significant first

TRUE = 1
FALSE = -1


class Gates:
    """Makes literals for inputs, conjunctions, exclusive disjunctions and choices."""

    def __init__(self) -> None:
        self._count = TRUE
        self._made: dict[tuple[str, Bits], int] = {}
        self._joined: dict[int, Bits] = {}  # the inputs of conjunctions
        self._clauses: dict[int, list[Clause]] = {TRUE: []}

    def defined(self, gate: int) -> list[Clause]:
        """Return the clauses that tie a gate (a positive literal) to its inputs."""
        return self._clauses[gate]

    def asserted(self, literal: int) -> Iterator[Clause]:
        """Yield clauses that together say: the literal is true."""
        joined = self._joined.get(abs(literal))
        if joined is None:
            yield [literal]
        elif literal < 0:
            yield [-part for part in joined]
        else:
            for part in joined:
                yield from self.asserted(part)

    def inputs(self, width: int) -> Bits:
        """Return that many new variables."""
        return tuple(self._gate([]) for _ in range(width))

    def restrict(self, bits: Bits, within: int) -> None:
        """Say of variables: this literal holds wherever they are used."""
        for bit in bits:
            self._clauses[bit] = [[within]]

    def all_of(self, literals: Iterable[int]) -> int:
        """Return the literal: all of these are true."""
        kept = dict.fromkeys(x for x in literals if x != TRUE)
        if FALSE in kept or any(-x in kept for x in kept):
            return FALSE
        if len(kept) < 2:
            return next(iter(kept), TRUE)
        return self._conjunction(tuple(kept))

    def _conjunction(self, parts: Bits) -> int:
        if ("and", parts) not in self._made:
            made = self._made["and", parts] = self._gate([])
            self._clauses[made] = [*([-made, x] for x in parts), [made, *(-x for x in parts)]]
            self._joined[made] = parts
        return self._made["and", parts]

    def any_of(self, literals: Iterable[int]) -> int:
        """Return the literal: one of these is true."""
        return -self.all_of([-x for x in literals])

    def differ(self, a: int, b: int) -> int:
        """Return the literal: one of two is true, and the other is not."""
        if abs(a) == TRUE or abs(b) == TRUE:
            constant, other = (a, b) if abs(a) == TRUE else (b, a)
            return -other if constant == TRUE else other
        if abs(a) == abs(b):
            return FALSE if a == b else TRUE
        sign = 1 if (a > 0) == (b > 0) else -1
        x, y = abs(a), abs(b)
        return sign * self._known("xor", (x, y), [[-x, -y], [x, y]], [[-x, y], [x, -y]])

    def choice(self, condition: int, then: int, otherwise: int) -> int:
        """Return the literal: the first if the condition is true, else the second."""
        if abs(condition) == TRUE or then == otherwise:
            return otherwise if condition == FALSE else then
        if then == -otherwise:
            return self.differ(condition, otherwise)
        if TRUE in (abs(then), abs(otherwise)):
            return self._half(condition, then, otherwise)
        c, a, b = condition, then, otherwise
        return self._known("if", (c, a, b), [[-c, a], [c, b]], [[-c, -a], [c, -b]])

    def _half(self, c: int, then: int, otherwise: int) -> int:
        """A choice, one side of which is constant."""
        if abs(then) == TRUE:
            join = self.any_of if then == TRUE else self.all_of
            return join([c if then == TRUE else -c, otherwise])
        join = self.any_of if otherwise == TRUE else self.all_of
        return join([-c if otherwise == TRUE else c, then])

    def _known(self, kind: str, of: Bits, true: Sequence[Clause], false: Sequence[Clause]) -> int:
        """Return the gate; clauses hold where it is true, others where it is false."""
        if (kind, of) not in self._made:
            made = self._made[kind, of] = self._gate([])
            self._clauses[made] = [[-made, *x] for x in true] + [[made, *x] for x in false]
        return self._made[kind, of]

    def _gate(self, clauses: list[Clause]) -> int:
        self._count += 1
        self._clauses[self._count] = clauses
        return self._count


class Words:
    """Arithmetic over bits, modulo the width."""

    def __init__(self, gates: Gates) -> None:
        self.gates = gates

    def constant(self, value: int, width: int) -> Bits:
        """Return a number as bits."""
        return tuple(TRUE if value >> k & 1 else FALSE for k in range(width))

    def equal(self, a: Bits, b: Bits) -> int:
        """Return the literal: two words are the same."""
        differ = self.gates.differ
        return self.gates.all_of([-differ(x, y) for x, y in zip(a, b, strict=True)])

    def at_most(self, a: Bits, b: Bits) -> int:
        """Return the literal: the first is not greater, both without sign."""
        found = TRUE
        for x, y in zip(a, b, strict=True):
            found = self.gates.choice(self.gates.differ(x, y), y, found)
        return found

    def sum(self, a: Bits, b: Bits, carry: int = FALSE) -> Bits:
        """Return the sum, and what is carried into it."""
        g, found = self.gates, []
        for x, y in zip(a, b, strict=True):
            one = g.differ(x, y)
            found.append(g.differ(one, carry))
            carry = g.any_of([g.all_of([x, y]), g.all_of([one, carry])])
        return tuple(found)

    def difference(self, a: Bits, b: Bits) -> Bits:
        """Return the first without the second."""
        return self.sum(a, tuple(-y for y in b), TRUE)

    def product(self, a: Bits, b: Bits) -> Bits:
        """Return the product."""
        found = self.constant(0, len(a))
        for k, x in enumerate(a):
            row = [self.gates.all_of([x, y]) for y in b[: len(a) - k]]
            found = self.sum(found, (*self.constant(0, k), *row))
        return found

    def at_least(self, literals: Iterable[int], count: int) -> int:
        """Return the literal: so many of these are true."""
        g, reached = self.gates, [TRUE, *([FALSE] * count)]
        for x in literals:
            more = [g.all_of([below, x]) for below in reached]
            reached = [TRUE, *(g.any_of([reached[k], more[k - 1]]) for k in range(1, count + 1))]
        return reached[count]
