"""The whole system: what there is, when it is at rest, and everything that may happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain, permutations
from typing import Any

import z3

from model.binding_list import LIST, awaits
from model.mobile import own
from model.receiver import receiver_state
from model.resting import Absence, running_out
from model.running_out import PEER
from model.scope import World
from model.system import MESSAGE, POLICY, Action, System
from model.vocabulary import (
    FIELDS,
    FIRST_CARE_OF,
    HOME_ADDRESS,
    Kind,
    Where,
    ba_status,
    bc,
    mn,
    net,
    node,
    o,
)
from model.whole.channel import Channel, Record
from model.whole.fields import OWN, kept, noticed, spent
from model.whole.scope import FAULTS, WholeScope

CARRIED = tuple(c for c in MESSAGE if c.decl().name() != mn.intent.decl().name())
ANSWER = (ba_status, net.ba_sequence, o.copied, o.ba_status, o.bid, net.done)
# Conforming nodes and the network; what a node must do is fair, the rest may or may not happen.
MOBILE_NODE, RECEIVER, NETWORK = "mobile node", "receiver", "network"


class WholeSystem(System):
    """The transition system of a mobile node, a peer, and messages that are under way.

    The record `kept` is the update that the mobile node waits for an answer to; `up` and `down`
    are the updates and the answers under way, the oldest first.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        scope = world.scope
        if not isinstance(scope, WholeScope):
            raise TypeError("the whole system has a WholeScope")
        self.bounds = scope
        self.up = Channel(world, "up", CARRIED, scope.messages, ("late",))
        self.down = Channel(world, "down", ANSWER, scope.messages)
        self.kept = Record(world, "kept.", CARRIED)
        carried = [*self.up.fields(), *self.down.fields(), *self.kept.fields]
        self.fields = {**FIELDS, **OWN, **{f.name: f for f in carried}}

    # -- the state -------------------------------------------------------------------------

    def state(self) -> list[str]:
        """Return the names of the state fields; those of a BID and of a node stand together."""
        names = receiver_state(self.world)
        consts = [*PEER, *LIST, mn.sequence, mn.defends, mn.where, own.boots]
        consts += [*self._budgets(), *POLICY, *vars(noticed).values(), *self._kept()]
        names += self.labels(*consts)
        return [*names, *self.kept.labels, *self.up.names(), *self.down.names()]

    def _budgets(self) -> list[z3.ExprRef]:
        """Return the counters that the scope does not keep at zero."""
        counters = [c for n, c in vars(spent).items() if getattr(self.bounds, n)]
        return [net.sent, *counters]

    def _kept(self) -> list[z3.ExprRef]:
        always = [kept.there, kept.crashed] if self.bounds.restart else [kept.there]
        if self.bounds.expiry:
            always += [kept.plain_left, kept.listed_left]
        return [*always, kept.token] if self.bounds.correspondents else always

    def indices(self, const: z3.ExprRef) -> range:
        """Return the indices of a generic field at this scope."""
        return self.world.indices(self.fields[const.decl().name()].family)

    def name(self, const: z3.ExprRef, index: int = 0) -> str:
        """Return the ground name of a field at an index."""
        return self.fields[const.decl().name()].label(index)

    def labels(self, *consts: z3.ExprRef) -> list[str]:
        """Return the ground names of generic fields, at all their indices."""
        return [self.name(c, i) for c in consts for i in self.indices(c)]

    def at(self, const: z3.ExprRef, index: int) -> Any:
        """Return the ground field of a generic one at an index."""
        return self.fields[const.decl().name()].instance(index)

    def largest(self, label: str) -> int:
        """Return the largest value of a state field."""
        most = self._most.get(label)
        return super().largest(label) if most is None else most

    @cached_property
    def _most(self) -> dict[str, int]:
        """Return the largest value of each counter."""
        most = {self.name(c): getattr(self.bounds, n) for n, c in vars(spent).items()}
        return {**most, self.name(net.sent): self.bounds.updates}

    def absent(self) -> Iterator[Absence]:
        """Yield what means nothing: a place without a message, an update not waited for."""
        yield Absence(kept.there, frozenset(self.kept.labels))
        for channel in (self.up, self.down):
            for p in channel.places:
                yield Absence(channel.there(p), channel.own(p))

    def initial(self) -> Iterator[dict[str, int]]:
        """Yield the initial states: empty caches, all away, each policy of the receiver."""
        names = self.state()
        for start in super().initial():
            if start[self.name(node.home_agent)] or self.bounds.correspondents:
                yield {n: start.get(n, 0) for n in names}

    # -- terms -----------------------------------------------------------------------------

    @property
    def quiet(self) -> z3.BoolRef:
        """Return the term: no message is under way."""
        return z3.And(self.up.empty, self.down.empty)

    @property
    def rest(self) -> z3.BoolRef:
        """Return the term: no message is under way or awaited, and no Lifetime is over."""
        return z3.And(self.quiet, z3.Not(awaits(self.world)), z3.Not(self.lapsing))

    @property
    def lapsing(self) -> z3.BoolRef:
        """Return the term: a Lifetime is over, and its binding or entry is still there."""
        over = [kept.plain_left, kept.listed_left] if self.bounds.expiry else []
        return z3.Or(running_out(self.world), *over)

    def home_ends(self, updates: Mapping[str, Any]) -> z3.BoolRef:
        """Return the term: there is a home binding, and after these updates none."""
        kinds = {self.name(bc.kind, b): self.world.at(bc.kind, b) for b in self.world.bids}
        before = [kind == Kind.home for kind in kinds.values()]
        after = [updates.get(name, kind) == Kind.home for name, kind in kinds.items()]
        return z3.And(z3.Or(before), z3.Not(z3.Or(after)))

    @property
    def answered(self) -> z3.BoolRef:
        """Return the term: an acknowledgement is under way."""
        return self.down.there(1)

    def usable(self, source: Any) -> Any:
        """Return the term: the mobile node can send from this address now."""
        away = [
            z3.And(source == address, self._where(k) == Where.foreign)
            for k, address in self.addresses.items()
        ]
        return z3.Or(z3.And(source == HOME_ADDRESS, self.at_home), *away)

    @property
    def addresses(self) -> dict[int, int]:
        """Return the care-of address of each interface."""
        return {k: FIRST_CARE_OF + k - 1 for k in self.world.indices("interface")}

    def _quiet(self) -> Any:
        return self.quiet

    def _may_run_out(self) -> Any:
        return z3.BoolVal(True)

    def _idle(self) -> Any:
        more = z3.ULT(net.sent, self.bounds.updates)
        return z3.And(z3.Not(self.up.full), z3.Not(self.lapsing), more)

    def _in_order(self, many: int) -> Iterator[tuple[int, ...]]:
        return permutations(self.world.bids, many)

    def strays(self) -> Iterator[Action]:
        """Yield them for any two BIDs and any care-of address: no one is special."""
        if self.world.scope.options < 2:
            return
        for bids in self._in_order(2):
            for k, address in self.addresses.items():
                about = f"BID {bids[0]} and BID {bids[1]} at care-of address {k}"
                yield self.stray(f"sends a stray bulk update of {about}", bids, address)

    def _may_send(
        self, intent: str, bids: tuple[int, ...], source: int, homes: tuple[int, ...]
    ) -> Any:
        """A new update decides anew whatever an answer is awaited about."""
        others = [self.world.at(mn.awaited, b) for b in self.world.bids if b not in bids]
        awaited = z3.Or(mn.plain_awaited, *others) if bids else z3.BoolVal(False)
        return z3.And(super()._may_send(intent, bids, source, homes), z3.Not(awaited))

    def may(self, what: str) -> z3.BoolRef:
        """Return the term: this may happen once more (a name of `spent`)."""
        most = getattr(self.bounds, what)
        if not most:
            return z3.BoolVal(False)
        more = z3.ULT(getattr(spent, what), most)
        return z3.And(more, self._fewer_faults) if what in FAULTS else more

    @property
    def _fewer_faults(self) -> z3.BoolRef:
        """Return the term: another fault of any kind is possible."""
        counters = [getattr(spent, n) for n in FAULTS if getattr(self.bounds, n)]
        if sum(getattr(self.bounds, n) for n in FAULTS) <= self.bounds.faults:
            return z3.BoolVal(True)
        return z3.ULT(sum(counters[1:], counters[0]), self.bounds.faults)

    def spending(self, what: str) -> dict[str, Any]:
        """Return the update that counts it."""
        counter = getattr(spent, what)
        return {self.name(counter): counter + 1}

    # -- everything that may happen --------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return every action; what cannot happen at this scope is left out."""
        from model.whole import mobile, network, receiver  # noqa: PLC0415  (they need the class)

        found = chain(mobile.actions(self), receiver.actions(self), network.actions(self))
        possible = (a for a in found if not z3.is_false(z3.simplify(a.guard)))
        known = frozenset(self.state())
        return [self._unnoticed(a, known) for a in possible]

    def _unnoticed(self, action: Action, known: frozenset[str]) -> Action:
        """Return an action that forgets what was noticed before, unless it notices it itself."""
        nothing = {self.name(c): z3.BoolVal(False) for c in vars(noticed).values()}
        updates = {n: t for n, t in (nothing | dict(action.updates)).items() if n in known}
        return replace(action, updates=updates)
