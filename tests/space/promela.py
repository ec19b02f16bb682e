"""The reference model in Promela, for SPIN: bit fields, and one step for each transition.

SPIN counts one state and three transitions more: it chooses the policy in a step of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

NO_BU = "op = 0; bs = 0; bk = 0; bo = 0; bq = 0"
NO_BA = "st = 0; as = 0; ak = 0; aq = 0"


class Promela:
    """The text of the model with n BIDs, k care-of addresses and sequence numbers modulo m."""

    def __init__(self, n: int, k: int, m: int) -> None:
        self.n, self.k, self.m, self.home = n, k, m, k + 1
        self.bids, self.ifs = range(n), range(1, k + 1)

    def text(self) -> str:
        """Return the whole model."""
        options = "\n".join(f"  :: d_step {{ {step} }}" for step in self.steps())
        policy = "  if\n  :: bp = 0\n  :: bp = 1\n  fi;"
        return "\n".join(
            [*self.fields(), "init {", policy, "  do", options, "  od", "}", ""],
        )

    def fields(self) -> Iterator[str]:
        """Yield the declaration of each variable."""
        sizes = {f"h{b}": self.k + 2 for b in self.bids}
        sizes |= {f"v{b}": self.k + 3 for b in self.bids}
        sizes |= {f"i{x}": 3 for x in self.ifs}
        sizes |= {"hp": self.k + 1, "hs": self.m, "ms": self.m}
        sizes |= {"op": 7, "bs": 1 << self.n, "bk": self.k + 1, "bq": self.m}
        sizes |= {"st": 5, "as": 1 << self.n, "ak": self.k + 2, "aq": self.m}
        sizes |= dict.fromkeys(("pnd", "bo", "bp"), 2)
        for name, size in sizes.items():
            yield f"unsigned {name} : {(size - 1).bit_length()};"

    def steps(self) -> Iterator[str]:
        """Yield a guard and what follows from it, for each transition."""
        yield from self.sends()
        yield f"op != 0; {NO_BU}"
        yield f"st != 0; {NO_BA}"
        yield f"op != 0 && st == 0; {self.processed()}; {NO_BU}"
        yield f"op != 0 && st == 0; {self.processed()}"
        yield f"st != 0; {self.concluded()}; {NO_BA}"
        yield f"st != 0; {self.concluded()}"
        yield from self.moves()

    def sends(self) -> Iterator[str]:
        """Yield the transitions that send an update."""
        chosen = [s for s in product((0, 1), repeat=self.n) if any(s)]
        at_home = " || ".join(f"i{x} == 2" for x in self.ifs)
        idle = " && ".join(f"v{b} == 0" for b in self.bids)
        for x in self.ifs:
            for b in self.bids:
                yield self.send(f"i{x} == 1", 1, 1 << b, x, 0)
            for s, o in product(chosen, (0, 1)):
                mask = sum(bit << b for b, bit in enumerate(s))
                yield self.send(f"i{x} == 1", 2, mask, x, o)
            yield self.send(f"i{x} == 1 && {idle}", 6, 0, x, 0)
        for b in self.bids:
            yield self.send(f"({at_home})", 3, 1 << b, 0, 0)
            yield self.send(f"v{b} > 1", 4, 1 << b, 0, 0)
        every = "; ".join(f"v{b} = (v{b} != 0)" for b in self.bids)
        yield f"{self.send(f'({at_home})', 5, 0, 0, 0)}; {every}"

    def send(self, guard: str, op: int, s: int, k: int, o: int) -> str:
        """Return the transition that sends one message."""
        set_up = f"op = {op}; bs = {s}; bk = {k}; bo = {o}; bq = ms; ms = (ms + 1) % {self.m}"
        pending = [f"v{b} = 1" for b in self.bids if s >> b & 1]
        return "; ".join([f"op == 0 && {guard}", set_up, *pending])

    def moves(self) -> Iterator[str]:
        """Yield expiry and the movements of the interfaces."""
        for b in self.bids:
            yield f"h{b} != 0; h{b} = 0; {self.defends()}"
        yield f"hp != 0; hp = 0; {self.defends()}"
        for x in self.ifs:
            alone = "".join(f" && i{y} != 2" for y in self.ifs if y != x)
            yield f"i{x} == 0; i{x} = 1"
            yield f"i{x} == 0{alone}; i{x} = 2"
            yield f"i{x} != 0; i{x} = 0"

    @property
    def held(self) -> str:
        """Return whether there is a binding."""
        return "(" + " || ".join(["hp", *(f"h{b}" for b in self.bids)]) + ")"

    def defends(self) -> str:
        """Return the assignment of the proxy's flag."""
        away = "".join(f" && h{b} != {self.home}" for b in self.bids)
        return f"pnd = ({self.held}{away})"

    def processed(self) -> str:
        """Return what the home agent does with the update."""
        m, everyone = self.m, (1 << self.n) - 1
        ahead = f"((bq + {m} - hs) % {m})"
        late = f"{self.held} && !({ahead} >= 1 && {ahead} <= {m // 2})"
        plain = "hp && (op == 1 || op == 3 || (op == 2 && !bo))"
        none = "; ".join([*(f"h{b} = 0" for b in self.bids), "hp = 0"])
        given = f"(op == 3 -> {self.home} : (op == 4 -> 0 : bk))"
        put = "; ".join(f"h{b} = (bs & {1 << b} -> {given} : h{b})" for b in self.bids)
        clears = f"if :: (op == 2 && bo) || op >= 5 -> {none} :: else fi"
        answer = f"ak = {given}; as = (op == 5 -> {everyone} : bs); aq = bq; hs = bq"
        done = f"st = 1; {clears}; {put}; hp = (op == 6 -> bk : hp); {self.defends()}; {answer}"
        refused = "st = {}; as = bs; ak = 0; aq = {}"
        return (
            f"if :: {late} -> {refused.format(2, 'hs')} :: else -> "
            f"if :: op == 2 && bp -> {refused.format(4, 'bq')} :: else -> "
            f"if :: {plain} -> {refused.format(3, 'bq')} :: else -> {done} fi fi fi"
        )

    def concluded(self) -> str:
        """Return what the mobile node does with the answer."""
        value = "(st == 1 && ak != 0 -> ak + 1 : 0)"
        heard = "; ".join(
            f"v{b} = ((as & {1 << b}) && v{b} == 1 -> {value} : v{b})" for b in self.bids
        )
        own = f"aq == (ms + {self.m - 1}) % {self.m}"
        late = f"ms = (aq + 1) % {self.m}"
        return f"if :: st == 2 -> {late}; {heard} :: else -> if :: {own} -> {heard} :: else fi fi"


def promela(n: int, k: int, m: int) -> str:
    """Return the reference model at a size."""
    return Promela(n, k, m).text()
