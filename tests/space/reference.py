"""The reference model: a small protocol with known counts, as a transition system of terms."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import z3

from checker.space.system import Renaming, Transition, TransitionSystem, Variable

REG, BULK, HREG, DEREG, DEREGALL, PLAIN = range(1, 7)
ACC, OOW, NONMCOA, BULKP = range(1, 5)

# N, K, M: states, transitions, levels, states that violate I3.
TABLE = {
    (1, 1, 3): (21_267, 122_775, 24, 2_886),
    (1, 1, 4): (41_508, 240_688, 29, 5_832),
    (2, 1, 4): (855_240, 5_670_912, 41, 105_424),
    (2, 2, 3): (3_730_560, 30_278_214, 32, 971_784),
    (2, 2, 4): (7_117_440, 57_902_528, 38, 1_869_088),
    (3, 1, 4): (19_600_848, 149_748_796, 49, 1_937_748),
    (3, 2, 3): (134_727_600, 1_247_256_798, 42, 30_013_272),
}


def bv(name: str) -> Any:
    return z3.BitVec(name, 8)


def num(value: int) -> Any:
    return z3.BitVecVal(value, 8)


def exchanged(a: int, b: int, many: int) -> tuple[int, ...]:
    return tuple({a: b, b: a}.get(k, k) for k in range(many))


class Reference:
    """The model with n BIDs, k care-of addresses and sequence numbers modulo m."""

    def __init__(self, n: int, k: int, m: int) -> None:
        self.n, self.k, self.m, self.home = n, k, m, k + 1
        self.bids, self.ifs = range(n), range(1, k + 1)
        self.h = [bv(f"h[{b}]") for b in self.bids]
        self.v = [bv(f"v[{b}]") for b in self.bids]
        self.i = {x: bv(f"i[{x}]") for x in self.ifs}
        self.s = [z3.Bool(f"bu.s[{b}]") for b in self.bids]
        self.a = [z3.Bool(f"ba.s[{b}]") for b in self.bids]
        self.hp, self.hs, self.ms = bv("hp"), bv("hs"), bv("ms")
        self.op, self.bk, self.bq = bv("bu.op"), bv("bu.k"), bv("bu.q")
        self.st, self.ak, self.aq = bv("ba.st"), bv("ba.k"), bv("ba.q")
        self.pnd, self.bo, self.bp = z3.Bool("pnd"), z3.Bool("bu.o"), z3.Bool("bp")

    def system(self) -> TransitionSystem:
        sizes = [(f"h[{b}]", self.k + 2) for b in self.bids]
        sizes += [("hp", self.k + 1), ("pnd", 2), ("hs", self.m)]
        sizes += [(f"v[{b}]", self.k + 3) for b in self.bids]
        sizes += [(f"i[{x}]", 3) for x in self.ifs]
        sizes += [("ms", self.m), ("bu.op", 7), *((f"bu.s[{b}]", 2) for b in self.bids)]
        sizes += [("bu.k", self.k + 1), ("bu.o", 2), ("bu.q", self.m), ("ba.st", 5)]
        sizes += [(f"ba.s[{b}]", 2) for b in self.bids]
        sizes += [("ba.k", self.k + 2), ("ba.q", self.m), ("bp", 2)]
        variables = tuple(Variable(*pair) for pair in sizes)
        start = (0,) * (len(variables) - 1)
        any_binding = z3.Or(self.hp != 0, *(h != 0 for h in self.h))
        no_home = z3.And([h != self.home for h in self.h])
        at_home = z3.Or([x == 2 for x in self.i.values()])
        always = {
            "I1": self.pnd == z3.And(any_binding, no_home),
            "I2": z3.Implies(self.hp != 0, z3.And([h == 0 for h in self.h])),
            "I3": z3.Not(z3.And(self.pnd, at_home)),
        }
        transitions = (*self.sends(), *self.network(), *self.receives(), *self.moves())
        return TransitionSystem(
            variables,
            ((*start, 0), (*start, 1)),
            transitions,
            always,
            {"all registered": z3.And([z3.UGT(v, 1) for v in self.v])},
            renamings=(*self.bids_exchanged(), *self.interfaces_exchanged()),
        )

    # -- what may be interchangeable -------------------------------------------------------

    def bids_exchanged(self) -> Any:
        for a, b in combinations(self.bids, 2):
            names = {f"{x}[{a}]": f"{x}[{b}]" for x in ("h", "v", "bu.s", "ba.s")}
            yield Renaming(f"BID {a} and {b}", names | {n: o for o, n in names.items()})

    def interfaces_exchanged(self) -> Any:
        for a, b in combinations(self.ifs, 2):
            names = {f"i[{a}]": f"i[{b}]", f"i[{b}]": f"i[{a}]"}
            values = dict.fromkeys(
                ("hp", "bu.k", "ba.k", *(f"h[{x}]" for x in self.bids)), exchanged(a, b, self.k + 1)
            )
            views = dict.fromkeys(
                (f"v[{x}]" for x in self.bids), exchanged(a + 1, b + 1, self.k + 2)
            )
            yield Renaming(f"interface {a} and {b}", names, values | views)

    # -- events ----------------------------------------------------------------------------

    def modulo(self, term: Any) -> Any:
        return z3.If(z3.UGE(term, self.m), term - self.m, term)

    def sends(self) -> Any:
        everywhere = frozenset(self.bids)
        for x in self.ifs:
            foreign = self.i[x] == 1
            for b in self.bids:
                yield self.send(REG, {b}, x, foreign, self.pending({b}))
            for bits in product((0, 1), repeat=self.n):
                chosen = {b for b in self.bids if bits[b]}
                for o in (0, 1) if chosen else ():
                    yield self.send(BULK, chosen, x, foreign, self.pending(chosen), o)
            idle = z3.And(foreign, *(v == 0 for v in self.v))
            yield self.send(PLAIN, set(), x, idle, {})
        home = z3.Or([x == 2 for x in self.i.values()])
        for b in self.bids:
            yield self.send(HREG, {b}, 0, home, self.pending({b}))
            registered = z3.UGT(self.v[b], 1)
            yield self.send(DEREG, {b}, 0, registered, self.pending({b}))
        every = {f"v[{b}]": z3.If(self.v[b] != 0, num(1), num(0)) for b in everywhere}
        yield self.send(DEREGALL, set(), 0, home, every)

    def pending(self, chosen: set[int]) -> dict[str, Any]:
        return {f"v[{b}]": num(1) for b in chosen}

    def send(self, op: int, s: Any, k: int, when: Any, more: Any, o: int = 0) -> Transition:
        updates = {
            "bu.op": num(op),
            "bu.k": num(k),
            "bu.o": z3.BoolVal(bool(o)),
            "bu.q": self.ms,
            "ms": self.modulo(self.ms + 1),
            **{f"bu.s[{b}]": z3.BoolVal(b in s) for b in self.bids},
            **more,
        }
        return Transition(f"send {op} {sorted(s)} {k} {o}", z3.And(self.op == 0, when), updates)

    def no_bu(self) -> dict[str, Any]:
        gone = {"bu.op": num(0), "bu.k": num(0), "bu.o": z3.BoolVal(False), "bu.q": num(0)}
        return gone | {f"bu.s[{b}]": z3.BoolVal(False) for b in self.bids}

    def no_ba(self) -> dict[str, Any]:
        gone = {"ba.st": num(0), "ba.k": num(0), "ba.q": num(0)}
        return gone | {f"ba.s[{b}]": z3.BoolVal(False) for b in self.bids}

    def network(self) -> Any:
        yield Transition("lose BU", self.op != 0, self.no_bu())
        yield Transition("lose BA", self.st != 0, self.no_ba())

    def receives(self) -> Any:
        can = z3.And(self.op != 0, self.st == 0)
        yield Transition("HA receives", can, self.processed() | self.no_bu())
        yield Transition("HA receives a copy", can, self.processed())
        yield Transition("MN receives", self.st != 0, self.concluded() | self.no_ba())
        yield Transition("MN receives a copy", self.st != 0, self.concluded())

    def moves(self) -> Any:
        for b in self.bids:
            h = [num(0) if x == b else self.h[x] for x in self.bids]
            updates = {f"h[{b}]": num(0), "pnd": self.defends(h, self.hp)}
            yield Transition(f"expire {b}", self.h[b] != 0, updates)
        defends = self.defends(self.h, num(0))
        yield Transition("expire plain", self.hp != 0, {"hp": num(0), "pnd": defends})
        for x in self.ifs:
            alone = z3.And([self.i[y] != 2 for y in self.ifs if y != x])
            down = self.i[x] == 0
            yield Transition(f"{x} up", down, {f"i[{x}]": num(1)})
            yield Transition(f"{x} home", z3.And(down, alone), {f"i[{x}]": num(2)})
            yield Transition(f"{x} down", self.i[x] != 0, {f"i[{x}]": num(0)})

    def defends(self, h: Any, hp: Any) -> Any:
        some = z3.Or(hp != 0, *(x != 0 for x in h))
        return z3.And(some, *(x != self.home for x in h))

    # -- the two parties -------------------------------------------------------------------

    def processed(self) -> dict[str, Any]:
        status = self.status()
        accepted = status == ACC
        cleared = z3.Or(z3.And(self.op == BULK, self.bo), self.op == DEREGALL, self.op == PLAIN)
        value = z3.If(self.op == HREG, num(self.home), z3.If(self.op == DEREG, num(0), self.bk))
        h = []
        for b in self.bids:
            base = z3.If(cleared, num(0), self.h[b])
            h.append(z3.If(accepted, z3.If(self.s[b], value, base), self.h[b]))
        plain = z3.If(self.op == PLAIN, self.bk, z3.If(cleared, num(0), self.hp))
        hp = z3.If(accepted, plain, self.hp)
        removed = z3.Or(self.op == DEREG, self.op == DEREGALL)
        k = z3.If(z3.Or(z3.Not(accepted), removed), num(0), self.bk)
        k = z3.If(z3.And(accepted, self.op == HREG), num(self.home), k)
        updates = {f"h[{b}]": h[b] for b in self.bids} | {"hp": hp, "ba.st": status, "ba.k": k}
        updates["pnd"] = z3.If(accepted, self.defends(h, hp), self.pnd)
        updates["hs"] = z3.If(accepted, self.bq, self.hs)
        updates["ba.q"] = z3.If(status == OOW, self.hs, self.bq)
        everything = z3.And(accepted, self.op == DEREGALL)
        for b in self.bids:
            updates[f"ba.s[{b}]"] = z3.Or(everything, self.s[b])
        return updates

    def status(self) -> Any:
        held = z3.Or(self.hp != 0, *(h != 0 for h in self.h))
        ahead = self.modulo(self.bq + (self.m - self.hs))
        fits = z3.And(z3.UGE(ahead, 1), z3.ULE(ahead, self.m // 2))
        one = z3.Or(self.op == REG, self.op == HREG)
        plain = z3.And(self.hp != 0, z3.Or(one, z3.And(self.op == BULK, z3.Not(self.bo))))
        late = z3.And(held, z3.Not(fits))
        prohibited = z3.And(self.op == BULK, self.bp)
        later = z3.If(prohibited, num(BULKP), z3.If(plain, num(NONMCOA), num(ACC)))
        return z3.If(late, num(OOW), later)

    def concluded(self) -> dict[str, Any]:
        late = self.st == OOW
        matches = self.aq == self.modulo(self.ms + (self.m - 1))
        registered = z3.If(self.ak == 0, num(0), self.ak + 1)
        value = z3.If(self.st == ACC, registered, num(0))
        updates: dict[str, Any] = {"ms": z3.If(late, self.modulo(self.aq + 1), self.ms)}
        for b in self.bids:
            heard = z3.And(z3.Or(late, matches), self.a[b], self.v[b] == 1)
            updates[f"v[{b}]"] = z3.If(heard, value, self.v[b])
        return updates


def reference(n: int, k: int, m: int) -> TransitionSystem:
    """Return the reference model at a size."""
    return Reference(n, k, m).system()
