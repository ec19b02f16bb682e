"""The message sequence of a finding as packets: what a capture of it would show.

The path of a result file names the fields of each message that are not at their default.
Addresses are of the documentation prefix; the network's losses and repetitions show as a
capture beside the sender would have them: a lost message is there, a repeated one twice.
Protection by ESP is left out: a capture inside of it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from typing import Any

from model.fields import Domain, Flag
from model.rulesets.statuses import FIRST_ERROR, NUMBERS
from model.vocabulary import FIELDS, FIRST_CARE_OF, HOME_ADDRESS, NONE
from traces.authorize import authorized, binding_key
from traces.dialects import Dialect
from traces.events import (
    UNSPECIFIED,
    AlternateCareOf,
    BidOption,
    BindingAcknowledgement,
    BindingUpdate,
    MobileNetworkPrefix,
    MobilityMessage,
    NeighborAdvertisement,
    NonceIndices,
    Option,
    Place,
)
from traces.write import build_advertisement, build_packet

Record = Mapping[str, Any]
Sent = MobilityMessage | NeighborAdvertisement

HOME = IPv6Address("2001:db8:1::100")
AGENT = IPv6Address("2001:db8:1::1")
CORRESPONDENT = IPv6Address("2001:db8:ffff::1")
ALL_NODES = IPv6Address("ff02::1")
UNROUTABLE, UNROUTABLE_HOME = IPv6Address("fe80::a1:10"), IPv6Address("fe80::1:100")
PREFIX = IPv6Address("2001:db8:beef::")
RESERVED_BIT = 0x0001
LINK_LAYER = "02:00:5e:00:53:01"
LIFETIME = 150  # in 4-second units: ten minutes
KEY = binding_key(b"\x01" * 8, b"\x02" * 8)
FRESH, EXPIRED = 1, 0xFFFF  # nonce indices
OTHER_LENGTH = 12
LENGTHS = {"four": 4, "twenty": 20, "other": OTHER_LENGTH}
# The draft gives its statuses no numbers: those that RFC 5648 has for the same thing are taken.
LATER = {
    "mcoa_incompliant": 164,
    "mcoa_bid_conflict": 165,
    "mcoa_prohibited": 166,
    "mcoa_bulk_not_supported": 168,
}
UNASSIGNED, ANY_OTHER = 254, 255


class WitnessError(ValueError):
    """A path that no capture can be made of: what is wrong, and what to do."""


@dataclass(frozen=True)
class Numbers:
    """The numbers of statuses on the wire: the ruleset's, then those of RFC 5648."""

    assigned: Mapping[str, int]

    def of(self, status: str) -> int:
        """Return the number of a status."""
        last = ANY_OTHER if status == "other" else UNASSIGNED
        return self.assigned.get(status, LATER.get(status, last))


@dataclass(frozen=True)
class Carried:
    """The fields of one message in a path; those not named there are at their default."""

    values: Mapping[str, Any]

    def flag(self, label: str) -> bool:
        """Return whether a flag is set."""
        return self._index(label) == 1

    def number(self, label: str) -> int:
        """Return a number: a BID, a sequence number, the index of an address."""
        return self._index(label)

    def name(self, label: str) -> str:
        """Return the value of an enumeration."""
        domain: Domain = FIELDS[label.partition("[")[0]].domain  # type: ignore[assignment]
        return domain.values[self._index(label)]

    def options(self) -> list[int]:
        """Return the indices of the BID sub-options that are present."""
        labels = (n for n in self.values if re.fullmatch(r"o\.present\[\d{1,3}\]", n))
        return sorted(int(n[10:-1]) for n in labels if self.flag(n))

    def _index(self, label: str) -> int:
        declared = FIELDS.get(label.partition("[")[0])
        if declared is None:
            return 0
        text, domain = self.values.get(label), declared.domain
        if text is None:
            return declared.default
        size = domain.size() if isinstance(domain, Domain | Flag) else 1 << domain.bits
        for index in range(size):
            if domain.show(index) == text:
                return index
        raise WitnessError(f"{label} has no value {text!r}; write the result file again.")


def address(index: int) -> IPv6Address:
    """Return the address behind an index: none, the home address, a care-of address."""
    if index == NONE:
        return UNSPECIFIED
    if index == HOME_ADDRESS:
        return HOME
    return IPv6Address(f"2001:db8:{0xA0 + index - FIRST_CARE_OF + 1:x}::10")


def messages(
    path: Sequence[Record], wire: Dialect, statuses: Mapping[str, int] | None = None
) -> list[Sent]:
    """Return what is sent along a path, a second apart from time 0, in order.

    `statuses` are the ruleset's numbers (those of RFC 3775 without); WitnessError is raised for
    a message that has no packet form.
    """
    tape = _Tape(wire, Numbers(statuses or NUMBERS))
    for step in path:
        tape.take(step)
    return tape.sent


def packets(sent: Iterable[Sent], wire: Dialect) -> list[tuple[float, bytes]]:
    """Return the IPv6 packets of messages with their times, in seconds."""
    return [
        (
            m.time,
            build_advertisement(m)
            if isinstance(m, NeighborAdvertisement)
            else build_packet(m, wire),
        )
        for m in sent
    ]


@dataclass
class _Tape:
    """What has been sent so far, and the update that is under way."""

    wire: Dialect
    numbers: Numbers
    sent: list[Sent] = field(default_factory=list)
    update: BindingUpdate | None = None

    def take(self, step: Record) -> None:
        """Take one step of a path."""
        carried = Carried(step["message"] or {})
        kinds = {n.partition(".")[0] for n in carried.values}
        if (step["state"] or {}).get("announcement"):
            self._put(self._advertisement(str(step["state"]["announcement"])))
        if "ba" in kinds:
            self._put(self._acknowledgement(carried))
        elif "bu" in kinds or "o" in kinds:
            self.update = self._update(step, carried)
            self._put(self.update)
        elif kinds:
            what = f"a message with {', '.join(sorted(carried.values))} has no packet form"
            raise WitnessError(f"{what}; take a finding about Binding Updates.")
        if step.get("repeats") and self.update is not None:
            self._put(self.update)

    @property
    def _here(self) -> Place:
        return Place("", len(self.sent) + 1)

    def _put(self, message: Sent) -> None:
        now = float(len(self.sent))
        self.sent.append(replace(message, place=self._here, time=now))

    def _update(self, step: Record, carried: Carried) -> BindingUpdate:
        source = address(carried.number("bu.source"))
        home = UNROUTABLE_HOME if carried.flag("bu.home_unroutable") else HOME
        far = source != HOME
        if carried.flag("bu.unroutable") and far and not carried.number("bu.alternate"):
            source = UNROUTABLE
        peer = CORRESPONDENT if step["to"] == "correspondent node" else AGENT
        overwrite = any(carried.flag(f"o.O[{i}]") for i in carried.options())
        update = BindingUpdate(
            self._here,
            0.0,
            src=source,
            dst=peer,
            home_address=home if far else None,
            sequence=carried.number("bu.sequence"),
            ack=carried.flag("bu.ack"),
            home_registration=carried.flag("bu.home_registration"),
            key_mgmt=carried.flag("bu.key"),
            mobile_router=carried.flag("bu.router"),
            overwrite=overwrite and self.wire.layout == "rfc5648",
            flags_raw=RESERVED_BIT if carried.flag("bu.reserved") else 0,
            lifetime=0 if carried.flag("bu.zero_lifetime") else LIFETIME,
            options=tuple(self._options(carried)),
        )
        return self._authorized(update, carried)

    def _options(self, carried: Carried) -> Iterable[Option]:
        """The options in the order in which they go: Binding Authorization Data is last."""
        if carried.number("bu.alternate"):
            alternate = address(carried.number("bu.alternate"))
            unroutable = carried.flag("bu.unroutable")
            yield AlternateCareOf(3, 16, coa=UNROUTABLE if unroutable else alternate)
        for i in carried.options():
            yield self._option(carried, i)
        if carried.flag("bu.prefix"):
            yield MobileNetworkPrefix(6, 18, prefix=PREFIX, prefix_length=48)
        if carried.flag("bu.nonces"):
            state = carried.name("bu.authorization")
            home = EXPIRED if state in ("home_nonce", "nonces") else FRESH
            care_of = EXPIRED if state in ("careof_nonce", "nonces") else FRESH
            yield NonceIndices(4, 4, home=home, careof=care_of)

    def _option(self, carried: Carried, i: int) -> BidOption:
        length = LENGTHS[carried.name(f"o.length[{i}]")]
        draft = self.wire.layout == "draft-04"
        c = draft and carried.flag(f"o.C[{i}]")
        inside = address(carried.number(f"o.coa[{i}]"))
        # Without C the draft's layout has no care-of address: its octets are there all the same.
        told = length == 20 and (c or not draft)
        return BidOption(
            self.wire.option_type,
            length,
            data=bytes(4) + inside.packed,
            bid=carried.number(f"o.bid[{i}]"),
            status=self.numbers.of(carried.name(f"o.status[{i}]")),
            c=c,
            o=draft and carried.flag(f"o.O[{i}]"),
            h=carried.flag(f"o.H[{i}]"),
            reserved=int(carried.flag(f"o.reserved[{i}]")),
            coa=inside if told else None,
        )

    def _authorized(self, update: BindingUpdate, carried: Carried) -> BindingUpdate:
        """The update with its authenticator; between mobile node and home agent there is none."""
        state = carried.name("bu.authorization")
        if state == "absent" or (update.home_registration and update.dst == AGENT):
            return update
        key = KEY[::-1] if state == "wrong" else KEY
        return authorized(update, self.wire, key, _proven(update, carried), update.dst)

    def _acknowledgement(self, carried: Carried) -> BindingAcknowledgement:
        update = self.update
        if update is None:
            what = "the path acknowledges an update that nobody sent"
            raise WitnessError(f"{what}; write the result file again.")
        status = self.numbers.of(carried.name("ba.status"))
        answer = BindingAcknowledgement(
            self._here,
            0.0,
            src=update.dst,
            dst=update.src,
            routing_home=update.home_address if _routed(carried, update) else None,
            status=status,
            sequence=carried.number("net.ba_sequence"),
            lifetime=_granted(carried, update, status),
            options=tuple(self._copied(carried, update)),
        )
        if update.authorization is None:
            return answer
        return authorized(answer, self.wire, KEY, update.alternate or update.src, update.dst)

    def _copied(self, carried: Carried, update: BindingUpdate) -> Iterable[BidOption]:
        for i, option in enumerate(update.bids, 1):
            if carried.flag(f"o.copied[{i}]"):
                number = self.numbers.of(carried.name(f"o.ba_status[{i}]"))
                copy = replace(option, status=number)
                yield _cut(copy, carried, f"o.copied_length[{i}]", self.wire)

    def _advertisement(self, announcement: str) -> NeighborAdvertisement:
        return NeighborAdvertisement(
            self._here,
            0.0,
            src=AGENT,
            dst=ALL_NODES,
            target=HOME,
            override=announcement == "override",
            target_link_layer=LINK_LAYER,
        )


def _proven(update: BindingUpdate, carried: Carried) -> IPv6Address:
    """The care-of address that the authenticator covers."""
    given: dict[str, IPv6Address | None] = {
        "source": update.src,
        "alternate": update.alternate,
        "option": next((o.coa for o in update.bids), None),
    }
    right = update.alternate or update.src
    return given.get(carried.name("bu.proven"), right) or UNSPECIFIED


def _routed(carried: Carried, update: BindingUpdate) -> bool:
    """Whether an acknowledgement has a type 2 routing header (RFC 3775 9.5.4 where not told)."""
    return carried.flag("ba.routing") if "ba.routing" in carried.values else update.src != HOME


def _cut(option: BidOption, carried: Carried, label: str, wire: Dialect) -> BidOption:
    """The copy of a sub-option, with the Length that was decided for it."""
    if label not in carried.values:
        return option
    length = LENGTHS[carried.name(label)]
    told = length == 20 and (option.c or wire.layout == "rfc5648")
    coa = (option.coa or UNSPECIFIED) if told else None
    return replace(option, length=length, coa=coa)


def _granted(carried: Carried, update: BindingUpdate, status: int) -> int:
    """The Lifetime of an acknowledgement, in 4-second units."""
    if "ba.lifetime" not in carried.values:
        return update.lifetime if status < FIRST_ERROR else 0
    return {"zero": 0, "within": update.lifetime, "above": update.lifetime + LIFETIME}[
        carried.name("ba.lifetime")
    ]
