"""A scene: one observed node and what an observer sees of it, in a capture or in an event log.

A script tells what happens (an update comes, the address is probed, an answer goes); the scene
turns it into the events of its view, in its dialect.  It knows no rule: what a conforming node
does is in the scripts.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any, Literal

from traces.authorize import authorized, binding_key
from traces.declaration import Declaration
from traces.dialects import Dialect, make_bid
from traces.events import (
    UNSPECIFIED,
    AlternateCareOf,
    BidOption,
    BindingAcknowledgement,
    BindingUpdate,
    CacheDump,
    CacheEntry,
    CareofTest,
    DadResult,
    DadStart,
    Event,
    HomeTest,
    ListenerReport,
    Meta,
    NeighborAdvertisement,
    NeighborSolicitation,
    NonceIndices,
    Option,
    Place,
    ProxyAdvertisement,
    ProxyNd,
    solicited_node,
)

View = Literal["capture", "log"]
VIEWS: tuple[View, ...] = ("capture", "log")
HOME = IPv6Address("2001:db8:1::100")
FOREIGN_HOME = IPv6Address("2001:db8:9::100")
AGENT = IPv6Address("2001:db8:1::1")
PEER = IPv6Address("2001:db8:f::1")
A, B, C = (IPv6Address(f"2001:db8:{k}::10") for k in "abc")
ALL_NODES = IPv6Address("ff02::1")
NEIGHBOUR = IPv6Address("fe80::99")
START = 1_800_000_000.0
BETWEEN_S, PROBE_S = 10.0, 1.0
UNITS = 150  # of four seconds: the Lifetime of registrations
NO_PLACE = Place("scene", None)


class Scene:
    """Collects the events of one node; times in seconds, Lifetimes in units of four seconds."""

    def __init__(self, wire: Dialect, view: View, agent: bool) -> None:
        self.wire, self.view, self.agent = wire, view, agent
        self.node = AGENT if agent else PEER
        self.events: list[Event] = []
        self.time = START
        self.home = HOME
        self.sequence = 0
        self.proxied = False
        self.entries: dict[int | None, CacheEntry] = {}
        self.tested: set[IPv6Address] = set()
        self.last: BindingUpdate | None = None
        if self.log:
            self.events.append(Meta(NO_PLACE, self.time, "a scene", "none", None))

    @property
    def log(self) -> bool:
        """Whether the events are those of a log."""
        return self.view == "log"

    def bid(self, number: int, coa: IPv6Address | None = None, **flags: Any) -> BidOption:
        """A BID sub-option of the dialect; `o` and `h` are its flags, where it has them."""
        if self.wire.layout == "rfc5648":
            flags.pop("o", None)
        return make_bid(self.wire, number, coa=coa, **flags)

    def update(
        self, *options: Option, source: IPv6Address = A, step: int = 1, **fields: Any
    ) -> None:
        """A Binding Update comes, `step` above the last sequence number."""
        self.time += BETWEEN_S
        self.sequence = (self.sequence + step) & 0xFFFF
        usual = {"ack": True, "home_registration": self.agent, "lifetime": UNITS}
        if self.wire.layout != "rfc5648":
            fields.pop("overwrite", None)
        made = BindingUpdate(
            NO_PLACE,
            self.time,
            src=source,
            dst=self.node,
            home_address=self.home if source != self.home else None,
            direction="in",
            sequence=self.sequence,
            options=options,
            **(usual | fields),
        )
        self.last = made if made.home_registration else self._authorized(made)
        self.events.append(self.last)

    def _authorized(self, update: BindingUpdate) -> BindingUpdate:
        """The update with what return routability adds to it (RFC 3775 6.2.6, 6.2.7)."""
        self._tested(self.home)
        self._tested(update.src)
        given = replace(update, options=(*update.options, NonceIndices(4, 4, home=1, careof=1)))
        deletes = update.lifetime == 0
        key = binding_key(token(self.home), b"" if deletes else token(update.src))
        covered = self.home if deletes else update.src
        return authorized(given, self.wire, key, covered, self.node)

    def _tested(self, address: IPv6Address) -> None:
        """The node gave out its token for an address, earlier."""
        if address in self.tested:
            return
        self.tested.add(address)
        make = HomeTest if address == self.home else CareofTest
        self.events.append(
            make(
                NO_PLACE,
                self.time - 1.0,
                src=self.node,
                dst=address,
                direction="out",
                nonce_index=1,
                token=token(address),
            )
        )

    def unproven(self, **fields: Any) -> None:
        """The last update is altered: other fields, or options of another kind."""
        assert self.last is not None
        self.last = replace(self.last, **fields)
        self.events[-1] = self.last

    def probe(self, unique: bool = True) -> None:
        """The node probes the home address; another node answers unless it is unique."""
        if self.log:
            self.events.append(DadStart(NO_PLACE, self.time, self.home))
        else:
            self.events.append(self._probe())
            if not unique:
                self.events.append(self._defended())
        self.time += PROBE_S
        if self.log:
            self.events.append(DadResult(NO_PLACE, self.time, self.home, unique))

    def _probe(self) -> NeighborSolicitation:
        group = solicited_node(self.home)
        return NeighborSolicitation(
            NO_PLACE, self.time, src=UNSPECIFIED, dst=group, target=self.home
        )

    def _defended(self) -> NeighborAdvertisement:
        return NeighborAdvertisement(
            NO_PLACE, self.time, src=NEIGHBOUR, dst=ALL_NODES, target=self.home, override=True
        )

    def serve(self) -> None:
        """Proxy Neighbor Discovery begins, and is announced."""
        self.proxied = True
        if self.log:
            self.events += [
                ProxyNd(NO_PLACE, self.time, self.home, True),
                ProxyAdvertisement(NO_PLACE, self.time, self.home, ALL_NODES, True),
            ]
        else:
            self.events.append(self.advertisement(ALL_NODES))

    def advertisement(self, dst: IPv6Address) -> NeighborAdvertisement:
        """The node advertises the home address."""
        return NeighborAdvertisement(
            NO_PLACE, self.time, src=self.node, dst=dst, target=self.home, override=True
        )

    def cease(self) -> None:
        """Proxy Neighbor Discovery ends: the node leaves the group of solicitations."""
        self.proxied = False
        if self.log:
            self.events.append(ProxyNd(NO_PLACE, self.time, self.home, False))
        else:
            left = (solicited_node(self.home),)
            self.events.append(ListenerReport(NO_PLACE, self.time, src=self.node, left=left))

    def bind(self, bid: int | None, coa: IPv6Address) -> None:
        """The cache holds this binding as the last update made it."""
        assert self.last is not None
        self.entries[bid] = CacheEntry(
            home_address=self.home,
            care_of=coa,
            bid=bid,
            peer=self.node,
            lifetime_s=self.last.lifetime_s,
            expires_in_s=self.last.lifetime_s,
            sequence=self.last.sequence,
            home_registration=self.last.home_registration,
            state="VALID",
        )

    def unbind(self, *bids: int | None) -> None:
        """The cache holds these bindings no more; without BIDs: none at all."""
        for bid in bids or tuple(self.entries):
            del self.entries[bid]

    def answer(self, status: int = 0, show: bool = True, **fields: Any) -> None:
        """A Binding Acknowledgement goes, with the sub-options copied; then the cache is shown."""
        assert self.last is not None
        self.time += 0.01
        update = self.last
        usual = {
            "dst": update.src,
            "routing_home": self.home if update.src != self.home else None,
            "sequence": update.sequence,
            "lifetime": update.lifetime if status < 128 else 0,
            "options": self.copies(),
        }
        self.events.append(
            BindingAcknowledgement(
                NO_PLACE,
                self.time,
                src=self.node,
                direction="out",
                status=status,
                **(usual | fields),
            )
        )
        if show:
            self.show()

    def copies(self, *statuses: int) -> tuple[BidOption, ...]:
        """The sub-options of the last update, each with the Status that is given, else zero."""
        assert self.last is not None
        given = [*statuses, *[0] * len(self.last.bids)]
        return tuple(replace(o, status=s) for o, s in zip(self.last.bids, given, strict=False))

    def show(self, after: str = "rx") -> None:
        """A log shows the cache."""
        self.time += 0.01
        if self.log:
            entries = tuple(self.entries.values())
            proxied = (self.home,) if self.proxied else ()
            self.events.append(CacheDump(NO_PLACE, self.time, entries, proxied, after=after))

    def close(self) -> list[Event]:
        """The events, with one about the node itself at the end: the observer stayed till then."""
        self.time += BETWEEN_S
        if self.log:
            self.events.append(ProxyAdvertisement(NO_PLACE, self.time, self.node, ALL_NODES, True))
        else:
            own = self.advertisement(ALL_NODES)
            self.events.append(replace(own, target=self.node, router=True))
        return self.events

    def declaration(self) -> Declaration:
        """What is declared of the scene."""
        role = "home-agent" if self.agent else "correspondent-node"
        return Declaration(
            self.wire,
            role=role,
            observed=(self.node,),
            home_link_interface=0 if self.agent else None,
        )


def token(address: IPv6Address) -> bytes:
    """The keygen token that the node gives out for an address."""
    return address.packed[4:8] + b"made"


def alternate(coa: IPv6Address) -> AlternateCareOf:
    """An Alternate Care-of Address option."""
    return AlternateCareOf(3, 16, coa=coa)
