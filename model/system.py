"""The system: a mobile node, a receiver and a network that loses and repeats messages.

A symbolic transition system: each action has a guard and update terms over the state; the
actions in which a node obeys the document take its step relation in between, so that every
outcome that the rules leave is explored.  One exchange is under way at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations
from typing import Any

import z3

from model.binding_list import (
    LIST,
    anything_listed,
    believes,
    concluded,
    forgotten,
    listed,
    sent_with_bids,
    sent_without_bid,
)
from model.fields import Field
from model.mobile import update
from model.receiver import receiver_state, receiver_updates
from model.resting import Absence, at_rest, running_out
from model.rule import On
from model.running_out import (
    PEER,
    after_update,
    held_inputs,
    held_updates,
    listed_inputs,
    listed_updates,
)
from model.scope import World
from model.vocabulary import (
    FIELDS,
    FIRST_CARE_OF,
    HOME_ADDRESS,
    NONE,
    Effect,
    Intent,
    Left,
    Length,
    Registration,
    Resync,
    SequenceSource,
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
    *LIST,
    mn.sequence,
    mn.defends,
    mn.where,
    mn.misled,
)
NETWORK = (net.update, net.acknowledgement, net.sent, net.faults, net.stray_bulk)
POLICY = (node.home_agent, node.bulk, node.single)


STRANGER = "another node"

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
    """One action: who does what, when, what it sets before and after the node's step.

    `by` is the id of the permission that allows it; a ruleset without it has no such action.
    """

    name: str
    actor: str
    guard: Any
    on: On | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    updates: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None
    by: str = ""
    fair: bool = True  # it is taken at last where it stays possible
    keeps: bool = False  # the message that it takes stays under way


class System:
    """The transition system at one scope."""

    fields: Mapping[str, Field] = FIELDS

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def rest(self) -> Any:
        """Return the term: nothing is under way or awaited, and nothing runs out."""
        return at_rest(self.world)

    @property
    def answered(self) -> Any:
        """Return the term: an acknowledgement is under way."""
        return net.acknowledgement

    def largest(self, label: str) -> int:
        """Return the largest value of a state field."""
        return self.world.scope.largest(self.fields[label.partition("[")[0]].domain)

    def absent(self) -> Iterator[Absence]:
        """Yield what means nothing while no message is under way."""
        answered, message = (self._own(consts) for consts in (ACKNOWLEDGEMENT, MESSAGE))
        yield Absence(net.acknowledgement, answered)
        yield Absence(z3.Or(net.update, net.acknowledgement), message)

    def _own(self, consts: tuple[z3.ExprRef, ...]) -> frozenset[str]:
        return frozenset(self.name(c, i) for c in consts for i in self._indices(c))

    def state(self) -> list[str]:
        """Return the names of the state fields, in a fixed order."""
        names = receiver_state(self.world)
        for const in (*PEER, *MOBILE_NODE, *NETWORK, *POLICY, *MESSAGE, *ACKNOWLEDGEMENT):
            names += [self.name(const, i) for i in self.world.indices(self.world.family(const))]
        return names

    def name(self, const: z3.ExprRef, index: int = 0) -> str:
        """Return the ground name of a field at an index."""
        return str(self.world.at(const, index).decl().name())

    def initial(self) -> Iterator[dict[str, int]]:
        """Yield the initial states: empty caches, all away, each policy of the receiver."""
        for home_agent, bulk, single in ((1, 1, 0), (1, 0, 0), (0, 0, 0), (0, 0, 1)):
            start = dict.fromkeys(self.state(), 0)
            for k in self.world.indices("interface"):
                start[self.name(mn.where, k)] = list(Where.values).index("foreign")
            policy = (home_agent, bulk, single)
            yield start | {self.name(c): v for c, v in zip(POLICY, policy, strict=True)}

    def actions(self) -> list[Action]:
        """Return every action."""
        found = [
            *self.wishes(),
            *self.moves(),
            *self._losses(),
            self.conclusion(),
        ]
        found += [
            self.processing(),
            self.processing("processes a copy of the update", keep=True),
            self.ignoring(),
        ]
        return [*found, *self.strays(), *self.running_out()]

    # -- the mobile node sends -------------------------------------------------------------

    def wishes(self) -> Iterator[Action]:
        """Yield the actions in which the mobile node sends an update that it wants."""
        yield from self._sends()
        yield from self._renames()

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

    def _renames(self) -> Iterator[Action]:
        """An entry of the list gets another BID, and is registered with it (04-2-5)."""
        for k in self.world.indices("interface"):
            for old, new in permutations(self.world.bids, 2):
                yield self._rename(FIRST_CARE_OF + k - 1, old, new)

    def _rename(self, source: int, old: int, new: int) -> Action:
        wish = ("register_one", (new,), source, ())
        guard = (
            self._may_send(*wish),
            self.world.at(mn.status, old) == Registration.registered,
            self.world.at(mn.coa, old) == _address(source),
            z3.Not(listed(self.world, new)),
        )
        return Action(
            f"registers BID {new} in place of BID {old}, from interface {source - 1}",
            "mobile node",
            z3.And(guard),
            On.SEND_UPDATE,
            self._wish(*wish),
            self._sent(*wish) | forgotten(self.world, old),
            "receiver",
            "04-2-5",
        )

    def _wishes(self) -> Iterator[tuple[str, tuple[int, ...], int, tuple[int, ...]]]:
        """Yield (intent, BIDs, source address, BIDs for the interface at home)."""
        foreign = range(FIRST_CARE_OF, FIRST_CARE_OF + self.world.scope.care_of)
        bulks = [
            chosen
            for many in range(2, self.world.scope.options + 1)
            for chosen in self._in_order(many)
        ]
        for source in foreign:
            yield "register_plain", (), source, ()
            yield "deregister_all", (), source, ()
            for b in self.world.bids:
                yield "register_one", (b,), source, ()
                yield "deregister_one", (b,), source, ()
                yield "home_and_foreign", (b,), source, (b,)
            for several in bulks:
                yield "register_bulk", several, source, ()
                yield "deregister_bulk", several, source, ()
                for b in several:
                    yield "home_and_foreign_bulk", several, source, (b,)
        yield "return_home", (), HOME_ADDRESS, ()

    def _in_order(self, many: int) -> Iterator[tuple[int, ...]]:
        """Yield which BIDs the sub-options of a bulk update may have, in which order."""
        return combinations(self.world.bids, many)

    def _may_send(
        self, intent: str, bids: tuple[int, ...], source: int, homes: tuple[int, ...]
    ) -> Any:
        at_home = self.at_home
        terms = [
            self._idle(),
            at_home if source == HOME_ADDRESS else self._is(source, Where.foreign),
        ]
        if homes:
            terms.append(at_home)
        if intent.startswith(("deregister_one", "deregister_bulk", "home_and")):
            terms += [listed(self.world, b) for b in (homes or bids)]
        if "all" in intent or intent == "return_home":
            terms.append(anything_listed(self.world))
        if "bulk" in intent or homes or intent == "return_home":
            terms.append(node.home_agent)
        return z3.And(terms)

    def _idle(self) -> Any:
        """Return the term: nothing is under way or running out, and an update may be sent."""
        more = z3.ULT(net.sent, self.world.scope.updates)
        return z3.And(self._quiet(), z3.Not(running_out(self.world)), more)

    def _quiet(self) -> Any:
        return z3.And(z3.Not(net.update), z3.Not(net.acknowledgement))

    def _may_run_out(self) -> Any:
        """Return the term: a Lifetime that is over may be noticed now."""
        return self._quiet()

    @property
    def at_home(self) -> Any:
        """Return the term: an interface is on the home link."""
        return z3.Or([self._where(k) == Where.home for k in self.world.indices("interface")])

    def _where(self, k: int) -> Any:
        return self.world.at(mn.where, k)

    def _is(self, address: int, place: Any) -> Any:
        return self._where(address - FIRST_CARE_OF + 1) == place

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
        for i in self.world.options:
            room = z3.And(self.world.at(o.present, i), self.world.at(o.length, i) == Length.twenty)
            own = _address(source) if i <= len(bids) else self._listed_address(i, source)
            updates[self.name(o.coa, i)] = z3.If(room, own, _address(NONE))
        if bids:
            updates |= sent_with_bids(self.world, bids, source)
        else:
            updates |= sent_without_bid(self.world, intent == "register_plain", source)
        if intent == "return_home":
            updates["mn.defends"] = z3.BoolVal(True)
        elif homes:
            updates["mn.defends"] = z3.And(mn.defends, self._any_option(o.H))
        elif intent != "deregister_all":
            updates["mn.defends"] = z3.And(mn.defends, self._keeps_home_binding(bids))
        return updates

    def _listed_address(self, i: int, source: int) -> Any:
        """Return the address listed for the BID of a sub-option that is sent beyond the wish."""
        address: Any = _address(source)
        for b in self.world.bids:
            known = z3.And(self.world.at(o.bid, i) == b, self.world.at(mn.coa, b) != NONE)
            address = z3.If(known, self.world.at(mn.coa, b), address)
        return address

    def _keeps_home_binding(self, bids: tuple[int, ...]) -> Any:
        """Return the term: a home binding outlasts the update.

        Where none does and H tells of none, the mobile node disables its interface on the
        home link before it sends (04-5.5-11).
        """
        if not bids:
            return z3.BoolVal(False)
        kept = [self._told_home(b) for b in self.world.bids]
        rest = [term for b, term in zip(self.world.bids, kept, strict=True) if b not in bids]
        return z3.And(z3.Or(rest), z3.Not(self._any_option(o.O)))

    def _told_home(self, b: int) -> Any:
        """Return the term: the peer was told that the interface of a BID is at home."""
        status = self.world.at(mn.status, b)
        return z3.Or(status == Registration.home, status == Registration.was_home)

    def _any_option(self, flag: z3.ExprRef) -> Any:
        at = self.world.at
        return z3.Or([z3.And(at(o.present, i), at(flag, i)) for i in self.world.options])

    def _indices(self, const: z3.ExprRef) -> range:
        return self.world.indices(self.world.family(const))

    # -- the receiver ----------------------------------------------------------------------

    def processing(self, name: str = "processes the update", keep: bool = False) -> Action:
        """Return the action in which the receiver processes the update."""
        updates = receiver_updates(self.world)
        updates |= after_update(self.world, updates)
        updates |= {
            "net.update": z3.BoolVal(keep),
            "net.ack": decide.acknowledged,
            "ba.status": ba_status,
            "net.ba_sequence": z3.If(
                decide.ba_sequence == SequenceSource.last_accepted, bc.last_sequence, bu.sequence
            ),
            "net.stray_bulk": z3.Or(net.stray_bulk, self.correspondent_changed()),
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
        on, to = On.RECEIVE_UPDATE, "mobile node"
        return Action(name, "receiver", guard, on, {}, updates, to, keeps=keep)

    def ignoring(self) -> Action:
        """For a node that ignores the BID the update is one without sub-options (04-6.1-8)."""
        whole = self.processing("ignores every BID sub-option of the update")
        unseen = {
            self.name(c, i): FIELDS[c.decl().name()].domain.at(0)
            for c in MESSAGE
            if self.world.family(c) == "option"
            for i in self.world.options
        }
        guard = z3.And(whole.guard, node.single, self.world.at(o.present, 1))
        return replace(whole, guard=guard, inputs=unseen, by="04-6.1-8")

    def correspondent_changed(self) -> Any:
        """Return the term: a bulk update changes the cache of a correspondent node."""
        if self.world.scope.options < 2:
            return z3.BoolVal(False)
        changed = [self.world.at(decide.effect, i) != Effect.keep for i in self.world.options]
        return z3.And(z3.Not(node.home_agent), self.world.at(o.present, 2), z3.Or(changed))

    # -- the mobile node concludes ---------------------------------------------------------

    def conclusion(self) -> Action:
        """Return the action in which the mobile node concludes from the acknowledgement."""
        mask = (1 << self.world.scope.sequence_bits) - 1
        matches = net.ba_sequence == ((mn.sequence - 1) & mask)
        resynced = z3.If(
            mn.resync == Resync.last_accepted, net.ba_sequence, (net.ba_sequence + 1) & mask
        )
        updates: dict[str, Any] = {
            "net.ack": z3.BoolVal(False),
            "mn.sequence": z3.If(mn.resync == Resync.keep, mn.sequence, resynced),
            "mn.misled": z3.Or(mn.misled, self.fooled(), self.missed()),
            "mn.defends": z3.Or(mn.defends, *(self._now_home(i) for i in self.world.options)),
        }
        updates |= concluded(self.world)
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

    def fooled(self) -> Any:
        """Return the term: it takes something for registered for which the receiver did nothing."""
        return z3.Or([self._misled(i, "registered", kept=True) for i in self._slots])

    def missed(self) -> Any:
        """Return the term: it takes something for failed for which the receiver did something."""
        return z3.Or([self._misled(i, "failed", kept=False) for i in self._slots])

    @property
    def _slots(self) -> range:
        return self.world.indices("slot")

    def _misled(self, slot: int, belief: str, kept: bool) -> Any:
        about = self.world.at(o.present, slot) if slot else z3.Not(self.world.at(o.present, 1))
        done = self.world.at(net.done, slot) == Effect.keep
        return z3.And(about, believes(self.world, slot, belief), done if kept else z3.Not(done))

    def _now_home(self, i: int) -> Any:
        return z3.And(
            self.world.at(o.present, i),
            self.world.at(o.H, i),
            believes(self.world, i, "registered"),
        )

    # -- Lifetimes run out -----------------------------------------------------------------

    def running_out(self) -> Iterator[Action]:
        """A Lifetime of zero is over before anything else is sent."""
        for b in self.world.bids:
            yield Action(
                f"comes to the end of the Lifetime given for the home binding of BID {b}",
                "receiver",
                z3.And(self._may_run_out(), self.world.at(bc.left, b) == Left.zero),
                On.EXPIRE,
                held_inputs(self.world, b),
                held_updates(self.world, b),
            )
            yield Action(
                f"comes to the end of the Lifetime listed for BID {b}",
                "mobile node",
                z3.And(self._may_run_out(), self.world.at(mn.left, b) == Left.zero),
                On.KEEP_LIST,
                listed_inputs(),
                listed_updates(self.world, b),
            )

    # -- interfaces and network ------------------------------------------------------------

    def moves(self) -> Iterator[Action]:
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

    def strays(self) -> Iterator[Action]:
        """Yield how a bulk update reaches a correspondent node: no mobile node may send it."""
        if self.world.scope.options >= 2:
            yield self.stray("a stray bulk update", (1, 2), FIRST_CARE_OF)

    def stray(self, name: str, bids: tuple[int, ...], address: int) -> Action:
        """Return the action in which another node sends a bulk update of two BIDs."""
        fields: dict[str, Any] = {
            "net.update": z3.BoolVal(True),
            "net.sent": net.sent + 1,
            "bu.ack": z3.BoolVal(True),
            "bu.source": _address(address),
            "bu.sequence": mn.sequence,
        }
        for i, b in enumerate(bids, 1):
            fields |= {
                self.name(o.present, i): z3.BoolVal(True),
                self.name(o.bid, i): z3.BitVecVal(b, 8),
                self.name(o.length, i): Length.twenty,
                self.name(o.C, i): z3.BoolVal(True),
                self.name(o.coa, i): _address(address),
            }
        guard = z3.And(self._idle(), z3.Not(node.home_agent))
        return Action(name, STRANGER, guard, updates=fields, to="receiver")


def _address(value: int) -> z3.BitVecRef:
    return z3.BitVecVal(value, 8)
