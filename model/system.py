"""The system: a mobile node, a receiver and a network that loses and repeats messages.

A symbolic transition system: each action has a guard and update terms over the state; the
actions in which a node obeys the document take its step relation in between, so that every
outcome that the rules leave is explored.  One exchange is under way at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import z3

from model.mobile import PeerHolds, after, update
from model.receiver import receiver_state, receiver_updates
from model.rule import On
from model.scope import World
from model.vocabulary import (
    FIRST_CARE_OF,
    HOME_ADDRESS,
    NONE,
    Belief,
    Effect,
    Intent,
    Kind,
    Length,
    Registration,
    Resync,
    SequenceSource,
    Status,
    Where,
    ba_status,
    bc,
    bu,
    decide,
    mn,
    net,
    node,
    o,
)

MESSAGE = (
    bu.home_registration,
    bu.ack,
    bu.zero_lifetime,
    bu.sequence,
    bu.source,
    bu.alternate,
    o.present,
    o.bid,
    o.length,
    o.C,
    o.O,
    o.H,
    o.coa,
    mn.intent,
)
ACKNOWLEDGEMENT = (ba_status, net.ba_sequence, o.copied, o.ba_status, net.done)
MOBILE_NODE = (
    mn.status,
    mn.coa,
    mn.plain,
    mn.plain_coa,
    mn.sequence,
    mn.defends,
    mn.where,
    mn.misled,
)
NETWORK = (net.update, net.acknowledgement, net.sent, net.faults, net.stray_bulk)
POLICY = (node.home_agent, node.bulk)


WORDS = {
    "register_plain": "registers without BID",
    "register_one": "registers {}",
    "register_bulk": "registers {} in one update",
    "deregister_one": "deregisters {}",
    "deregister_bulk": "deregisters {} in one update",
    "deregister_all": "deregisters all bindings",
    "return_home": "returns home",
    "home_and_foreign": "tells that {} is at home too",
    "home_and_foreign_bulk": "updates {}, telling that BID {} is at home too",
}


@dataclass(frozen=True)
class Action:
    """One action: who does what, when, what it sets before and after the node's step."""

    name: str
    actor: str
    guard: Any
    on: On | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    updates: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None


class System:
    """The transition system at one scope."""

    def __init__(self, world: World) -> None:
        self.world = world

    def state(self) -> list[str]:
        """Return the names of the state fields, in a fixed order."""
        names = receiver_state(self.world)
        for const in (*MOBILE_NODE, *NETWORK, *POLICY, *MESSAGE, *ACKNOWLEDGEMENT):
            names += [self.name(const, i) for i in self.world.indices(self.world.family(const))]
        return names

    def name(self, const: z3.ExprRef, index: int = 0) -> str:
        """Return the ground name of a field at an index."""
        return str(self.world.at(const, index).decl().name())

    def initial(self) -> Iterator[dict[str, int]]:
        """Yield the initial states: empty caches, all away, each policy of the receiver."""
        for home_agent, bulk in ((1, 1), (1, 0), (0, 0)):
            start = dict.fromkeys(self.state(), 0)
            for k in self.world.indices("interface"):
                start[self.name(mn.where, k)] = list(Where.values).index("foreign")
            yield {**start, "node.home_agent": home_agent, "node.bulk": bulk}

    def actions(self) -> list[Action]:
        """Return every action."""
        found = [*self._sends(), *self._moves(), *self._losses(), self._conclude()]
        found += [
            self._receive("processes the update", keep=False),
            self._receive("processes a copy of the update", keep=True),
        ]
        return [*found, *self._stray()]

    # -- the mobile node sends -------------------------------------------------------------

    def _sends(self) -> Iterator[Action]:
        for intent, bids, source, homes in self._wishes():
            about = " and ".join(f"BID {b}" for b in bids)
            where = "the home address" if source == HOME_ADDRESS else f"interface {source - 1}"
            yield Action(
                f"{WORDS[intent].format(about, homes[0] if homes else 0)}, from {where}",
                "mobile node",
                self._may_send(intent, bids, source, homes),
                On.SEND_UPDATE,
                self._wish(intent, bids, source, homes),
                self._sent(intent, bids, source, homes),
                "receiver",
            )

    def _wishes(self) -> Iterator[tuple[str, tuple[int, ...], int, tuple[int, ...]]]:
        """Yield (intent, BIDs, source address, BIDs for the interface at home)."""
        foreign = range(FIRST_CARE_OF, FIRST_CARE_OF + self.world.scope.care_of)
        several = tuple(self.world.bids) if self.world.scope.options > 1 else ()
        for source in foreign:
            yield "register_plain", (), source, ()
            yield "deregister_all", (), source, ()
            for b in self.world.bids:
                yield "register_one", (b,), source, ()
                yield "deregister_one", (b,), source, ()
                yield "home_and_foreign", (b,), source, (b,)
            if len(several) > 1:
                yield "register_bulk", several, source, ()
                yield "deregister_bulk", several, source, ()
                for b in several:
                    yield "home_and_foreign_bulk", several, source, (b,)
        yield "return_home", (), HOME_ADDRESS, ()

    def _may_send(
        self, intent: str, bids: tuple[int, ...], source: int, homes: tuple[int, ...]
    ) -> Any:
        at_home = z3.Or([self._where(k) == Where.home for k in self.world.indices("interface")])
        terms = [
            self._idle(),
            at_home if source == HOME_ADDRESS else self._is(source, Where.foreign),
        ]
        if homes:
            terms.append(at_home)
        if intent.startswith(("deregister_one", "deregister_bulk", "home_and")):
            terms += [self._registered(b) for b in (homes or bids)]
        if "all" in intent or intent == "return_home":
            terms.append(self._anything())
        if "bulk" in intent or homes or intent == "return_home":
            terms.append(node.home_agent)
        return z3.And(terms)

    def _idle(self) -> Any:
        """Return the term: no message is under way, and another update may be sent."""
        more = z3.ULT(net.sent, self.world.scope.updates)
        return z3.And(z3.Not(net.update), z3.Not(net.acknowledgement), more)

    def _where(self, k: int) -> Any:
        return self.world.at(mn.where, k)

    def _is(self, address: int, place: Any) -> Any:
        return self._where(address - FIRST_CARE_OF + 1) == place

    def _registered(self, b: int) -> Any:
        return self.world.at(mn.status, b) != Registration.none

    def _anything(self) -> Any:
        some = [self._registered(b) for b in self.world.bids]
        return z3.Or(mn.plain != Registration.none, *some)

    def _wish(
        self, intent: str, bids: tuple[int, ...], source: int, homes: tuple[int, ...]
    ) -> dict[str, Any]:
        inputs = {
            "mn.intent": Intent[intent],
            "bu.source": _address(source),
            "bu.sequence": mn.sequence,
            "mn.peer_home_agent": node.home_agent,
            "bu.esp": node.home_agent,
        }
        for i, b in zip(self.world.options, bids, strict=False):
            inputs[self.name(update.listed_bid, i)] = z3.BitVecVal(b, 8)
            inputs[self.name(o.for_home, i)] = z3.BoolVal(b in homes)
        return inputs

    def _sent(
        self, intent: str, bids: tuple[int, ...], source: int, homes: tuple[int, ...]
    ) -> dict[str, Any]:
        mask = (1 << self.world.scope.sequence_bits) - 1
        updates: dict[str, Any] = {
            "net.update": z3.BoolVal(True),
            "net.sent": net.sent + 1,
            "mn.sequence": (mn.sequence + 1) & mask,
        }
        for c in MESSAGE:
            updates |= {self.name(c, i): self.world.at(c, i) for i in self._indices(c)}
        for i, b in zip(self.world.options, bids, strict=False):
            carried = z3.If(
                self.world.at(o.length, i) == Length.twenty, _address(source), _address(NONE)
            )
            updates[self.name(o.coa, i)] = carried
            at_home = z3.And(z3.BoolVal(b in homes), self.world.at(o.H, i))
            updates |= self._pending(b, source, z3.Or(bu.zero_lifetime, at_home))
        if bids:
            # An unacknowledged registration counts as obeyed: it replaces the regular binding.
            replaced = z3.Not(z3.Or(bu.ack, bu.zero_lifetime))
            updates["bul.plain"] = z3.If(replaced, Registration.none, mn.plain)
            updates["bul.plain_coa"] = z3.If(replaced, _address(NONE), mn.plain_coa)
        else:
            updates |= self._all_pending(intent, source)
        if intent == "return_home":
            updates["mn.defends"] = z3.BoolVal(True)
        elif homes:
            updates["mn.defends"] = z3.And(mn.defends, self._any_option(o.H))
        elif intent != "deregister_all":
            updates["mn.defends"] = z3.And(mn.defends, self._keeps_home_binding(bids))
        return updates

    def _keeps_home_binding(self, bids: tuple[int, ...]) -> Any:
        """Return the term: a home binding outlasts the update.

        Where none does and H tells of none, the mobile node disables its interface on the
        home link before it sends (04-5.5-11).
        """
        if not bids:
            return z3.BoolVal(False)
        kept = [self.world.at(mn.status, b) == Registration.home for b in self.world.bids]
        rest = [term for b, term in zip(self.world.bids, kept, strict=True) if b not in bids]
        return z3.And(z3.Or(rest), z3.Not(self._any_option(o.O)))

    def _any_option(self, flag: z3.ExprRef) -> Any:
        at = self.world.at
        return z3.Or([z3.And(at(o.present, i), at(flag, i)) for i in self.world.options])

    def _indices(self, const: z3.ExprRef) -> range:
        return self.world.indices(self.world.family(const))

    def _pending(self, b: int, address: int, without: Any) -> dict[str, Any]:
        """Return the Binding Update List entry of a BID; some have no care-of address."""
        status = z3.If(without, self._awaited(NONE), self._awaited(address))
        return {
            self.name(mn.status, b): status,
            self.name(mn.coa, b): z3.If(without, _address(NONE), _address(address)),
        }

    def _awaited(self, address: int) -> Any:
        """Without A no acknowledgement is awaited: the update counts as obeyed."""
        done = Registration.none if address == NONE else Registration.registered
        return z3.If(bu.ack, Registration.pending, done)

    def _all_pending(self, intent: str, source: int) -> dict[str, Any]:
        pending: dict[str, Any] = {}
        registers = intent == "register_plain"
        for b in self.world.bids:
            held = self._registered(b)
            awaited = self._awaited(NONE)
            pending[self.name(mn.status, b)] = z3.If(held, awaited, Registration.none)
            pending[self.name(mn.coa, b)] = _address(NONE)
        kept = z3.If(mn.plain != Registration.none, self._awaited(NONE), Registration.none)
        pending["bul.plain"] = self._awaited(source) if registers else kept
        pending["bul.plain_coa"] = _address(source if registers else NONE)
        return pending

    # -- the receiver ----------------------------------------------------------------------

    def _receive(self, name: str, keep: bool) -> Action:
        updates = receiver_updates(self.world)
        updates |= {
            "net.update": z3.BoolVal(keep),
            "net.ack": decide.acknowledged,
            "ba.status": ba_status,
            "net.ba_sequence": z3.If(
                decide.ba_sequence == SequenceSource.last_accepted, bc.last_sequence, bu.sequence
            ),
            "net.stray_bulk": z3.Or(net.stray_bulk, self._correspondent_changed()),
        }
        for i in self.world.options:
            updates[self.name(o.copied, i)] = self.world.at(o.copied, i)
            updates[self.name(o.ba_status, i)] = self.world.at(o.ba_status, i)
        for i in self.world.indices("slot"):
            updates[self.name(net.done, i)] = self.world.at(decide.effect, i)
        guard = z3.And(net.update, z3.Not(net.acknowledgement))
        if keep:
            guard = z3.And(guard, self._may_fail())
            updates["net.faults"] = net.faults + 1
        return Action(name, "receiver", guard, On.RECEIVE_UPDATE, {}, updates, "mobile node")

    def _correspondent_changed(self) -> Any:
        if self.world.scope.options < 2:
            return z3.BoolVal(False)
        changed = [self.world.at(decide.effect, i) != Effect.keep for i in self.world.options]
        return z3.And(z3.Not(node.home_agent), self.world.at(o.present, 2), z3.Or(changed))

    # -- the mobile node concludes ---------------------------------------------------------

    def _conclude(self) -> Action:
        mask = (1 << self.world.scope.sequence_bits) - 1
        matches = net.ba_sequence == ((mn.sequence - 1) & mask)
        resynced = z3.If(
            mn.resync == Resync.last_accepted, net.ba_sequence, (net.ba_sequence + 1) & mask
        )
        updates: dict[str, Any] = {
            "net.ack": z3.BoolVal(False),
            "mn.sequence": z3.If(mn.resync == Resync.keep, mn.sequence, resynced),
            "mn.misled": z3.Or(mn.misled, *(self._misled(i) for i in self.world.indices("slot"))),
            "mn.defends": z3.Or(mn.defends, *(self._now_home(i) for i in self.world.options)),
        }
        for b in self.world.bids:
            updates |= self._entry(b)
        updates |= self._plain_entry()
        inputs = {
            "mn.ba_matches": matches,
            "mn.deletion": bu.zero_lifetime,
            "mn.peer_home_agent": node.home_agent,
        }
        return Action(
            "concludes from the acknowledgement",
            "mobile node",
            net.acknowledgement,
            On.RECEIVE_ACK,
            inputs,
            updates,
        )

    def _believes(self, slot: int, belief: str) -> Any:
        return self.world.at(mn.believed, slot) == Belief[belief]

    def _misled(self, slot: int) -> Any:
        kept = self.world.at(net.done, slot) == Effect.keep
        fooled = z3.And(self._believes(slot, "registered"), kept)
        missed = z3.And(self._believes(slot, "failed"), z3.Not(kept))
        about = self.world.at(o.present, slot) if slot else z3.Not(self.world.at(o.present, 1))
        return z3.And(about, z3.Or(fooled, missed))

    def _now_home(self, i: int) -> Any:
        return z3.And(
            self.world.at(o.present, i), self.world.at(o.H, i), self._believes(i, "registered")
        )

    def _entry(self, b: int) -> dict[str, Any]:
        status, address = self.world.at(mn.status, b), self.world.at(mn.coa, b)
        for i in self.world.options:
            about = z3.And(self.world.at(o.present, i), self.world.at(o.bid, i) == b)
            success = self._success(i)
            status = self._settled(about, i, success, status)
            gone = z3.And(
                about, z3.Or(self._believes(i, "failed"), success != Registration.registered)
            )
            settled = z3.And(z3.Not(self._believes(i, "unchanged")), ba_status != Status.sequence)
            address = z3.If(z3.And(gone, settled), _address(NONE), address)
        alone = z3.Not(self.world.at(o.present, 1))
        emptied = z3.And(alone, self._believes(0, "registered"), status != Registration.none)
        refused = z3.And(self._believes(0, "failed"), ba_status != Status.sequence)
        pending = z3.And(alone, refused, status == Registration.pending)
        left = z3.Or(emptied, pending)
        return {
            self.name(mn.status, b): z3.If(left, Registration.none, status),
            self.name(mn.coa, b): z3.If(left, _address(NONE), address),
        }

    def _success(self, i: int) -> Any:
        """Return the entry after a success: none where the peer is taken to hold nothing."""
        held = z3.If(self.world.at(o.H, i), Registration.home, Registration.registered)
        ends = z3.And(bu.zero_lifetime, self.world.at(after.holds, i) != PeerHolds.binding)
        return z3.If(ends, Registration.none, held)

    def _settled(self, about: Any, slot: int, success: Any, before: Any) -> Any:
        """A refused sequence number is corrected and sent again: the entry is pending."""
        failed = z3.And(about, self._believes(slot, "failed"))
        left = z3.If(ba_status == Status.sequence, Registration.pending, Registration.none)
        registered = z3.And(about, self._believes(slot, "registered"))
        return z3.If(registered, success, z3.If(failed, left, before))

    def _plain_entry(self) -> dict[str, Any]:
        alone = z3.Not(self.world.at(o.present, 1))
        success = z3.If(bu.zero_lifetime, Registration.none, Registration.registered)
        status = self._settled(alone, 0, success, mn.plain)
        by_bid = [
            z3.And(
                self.world.at(o.present, i),
                self._believes(i, "registered"),
                z3.Not(bu.zero_lifetime),
            )
            for i in self.world.options
        ]
        status = z3.If(z3.Or(by_bid), Registration.none, status)
        kept = z3.Or(status == Registration.registered, status == Registration.pending)
        return {
            "bul.plain": status,
            "bul.plain_coa": z3.If(kept, mn.plain_coa, _address(NONE)),
        }

    # -- interfaces and network ------------------------------------------------------------

    def _moves(self) -> Iterator[Action]:
        """An interface moves between a foreign link and the home link (one at most is there)."""
        interfaces = self.world.indices("interface")
        for k in interfaces:
            others = [self._where(j) != Where.home for j in interfaces]
            yield Action(
                f"interface {k} comes to the home link",
                "mobile node",
                z3.And(self._where(k) == Where.foreign, *others),
                updates={self.name(mn.where, k): Where.home},
            )
            yield Action(
                f"interface {k} leaves for a foreign link",
                "mobile node",
                self._where(k) == Where.home,
                updates={self.name(mn.where, k): Where.foreign, "mn.defends": z3.BoolVal(False)},
            )

    def _may_fail(self) -> Any:
        return z3.ULT(net.faults, self.world.scope.faults)

    def _losses(self) -> Iterator[Action]:
        for name, flag in (
            ("loses the update", net.update),
            ("loses the acknowledgement", net.acknowledgement),
        ):
            updates = {flag.decl().name(): z3.BoolVal(False), "net.faults": net.faults + 1}
            yield Action(name, "network", z3.And(flag, self._may_fail()), updates=updates)

    def _stray(self) -> Iterator[Action]:
        """A bulk update reaches a correspondent node, though no mobile node may send it."""
        if self.world.scope.options < 2:
            return
        fields: dict[str, Any] = {
            "net.update": z3.BoolVal(True),
            "net.sent": net.sent + 1,
            "bu.ack": z3.BoolVal(True),
            "bu.source": _address(FIRST_CARE_OF),
            "bu.sequence": mn.sequence,
        }
        for i in (1, 2):
            fields |= {
                self.name(o.present, i): z3.BoolVal(True),
                self.name(o.bid, i): z3.BitVecVal(i, 8),
                self.name(o.length, i): Length.twenty,
                self.name(o.C, i): z3.BoolVal(True),
                self.name(o.coa, i): _address(FIRST_CARE_OF),
            }
        guard = z3.And(self._idle(), z3.Not(node.home_agent))
        yield Action("a stray bulk update", "another node", guard, updates=fields, to="receiver")


def _address(value: int) -> z3.BitVecRef:
    return z3.BitVecVal(value, 8)


def entries_agree(world: World) -> Any:
    """Return the term: the Binding Update List and the cache hold the same bindings."""
    terms = []
    for b in world.bids:
        kind, status = world.at(bc.kind, b), world.at(mn.status, b)
        same = world.at(bc.coa, b) == world.at(mn.coa, b)
        terms.append((kind == Kind.bid) == (status == Registration.registered))
        terms.append((kind == Kind.home) == (status == Registration.home))
        terms.append(z3.Implies(kind == Kind.bid, same))
    terms.append(bc.plain == (mn.plain == Registration.registered))
    return z3.And(terms)


def at_rest(world: World) -> Any:
    """Return the term: no message is under way and the mobile node waits for none."""
    waits = [world.at(mn.status, b) == Registration.pending for b in world.bids]
    return z3.Not(z3.Or(net.update, net.acknowledgement, mn.plain == Registration.pending, *waits))
