"""The vocabulary: every field that a rule may speak of, declared once.

Addresses are numbers: 0 none, 1 the home address, from 2 the care-of addresses in order of
appearance.  BIDs are numbers from 1 in order of appearance; 0 is the reserved value.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import z3

from model.fields import Domain, FieldTable, Flag, Number

NONE, HOME_ADDRESS, FIRST_CARE_OF = 0, 1, 2
SEQUENCE_BITS = 16


def show_address(value: int) -> str:
    """Return the display form of an address index."""
    if value == NONE:
        return "none"
    return "the home address" if value == HOME_ADDRESS else f"care-of address {value - 1}"


FLAG = Flag()
Address = Number("Address", 8, show_address)
Bid = Number("Bid", 8)
Sequence = Number("Sequence", SEQUENCE_BITS)
Count = Number("Count", 8)

Status = Domain(
    "Status",
    "accepted",
    "accepted_prefix_discovery",
    "unspecified",
    "prohibited",
    "resources",
    "not_supported",
    "not_home_subnet",
    "not_home_agent",
    "duplicate_address",
    "sequence",
    "home_nonce",
    "careof_nonce",
    "nonces",
    "type_change",
    "invalid_prefix",
    "mcoa_incompliant",
    "mcoa_bid_conflict",
    "mcoa_prohibited",
    "mcoa_bulk_not_supported",
    "mcoa_flag_conflicts",
    "other",
)
Length = Domain("Length", "four", "twenty", "other")
Authorization = Domain(
    "Authorization", "valid", "absent", "wrong", "home_nonce", "careof_nonce", "nonces"
)
Kind = Domain("Kind", "absent", "bid", "home")
# "regular": the BID is ignored, and the update has the effect of one without it.
Effect = Domain("Effect", "keep", "register", "update", "delete", "home", "regular")
CareOf = Domain("CareOf", "none", "source", "alternate", "option", "home_address")
Covered = Domain("Covered", "the_right_one", "source", "alternate", "option")
Others = Domain("Others", "keep", "delete")
Dad = Domain("Dad", "skip", "run")
Lifetime = Domain("Lifetime", "zero", "within", "above")
SequenceSource = Domain("SequenceSource", "copied", "last_accepted", "other")
Destination = Domain("Destination", "source", "link_layer", "other")
Announcement = Domain("Announcement", "none", "override", "no_override")
Stored = Domain("Stored", "keep", "store")
Belief = Domain("Belief", "unchanged", "registered", "failed")
Where = Domain("Where", "down", "foreign", "home")
Resync = Domain("Resync", "keep", "last_accepted", "next")
Registration = Domain("Registration", "none", "registered", "home", "was_home")
Left = Domain("Left", "agreed", "zero", "endless")
Intent = Domain(
    "Intent",
    "register_plain",
    "register_one",
    "register_bulk",
    "deregister_one",
    "deregister_bulk",
    "deregister_all",
    "return_home",
    "home_and_foreign",
    "home_and_foreign_bulk",
)

TABLE = FieldTable()
_field = TABLE.declare


class Names:
    """A group of fields, as attributes; a term reads ``o.C & ~o.H``."""

    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        from model.errors import RuleError  # noqa: PLC0415  (only on the way to an error)

        if name.startswith("__"):
            raise AttributeError(name)
        raise RuleError(
            f"no field is called {name!r}",
            remedy=f"use one of {', '.join(sorted(self.__dict__))} or declare it",
        )


bu = Names(
    home_registration=_field("bu.home_registration", FLAG, "the Home Registration bit is set"),
    ack=_field("bu.ack", FLAG, "an acknowledgement is requested (A)"),
    zero_lifetime=_field("bu.zero_lifetime", FLAG, "the Lifetime is zero"),
    sequence=_field("bu.sequence", Sequence, "sequence number of the update"),
    source=_field("bu.source", Address, "source address of the update", default=FIRST_CARE_OF),
    alternate=_field("bu.alternate", Address, "address in the alternate care-of address option"),
    nonces=_field("bu.nonces", FLAG, "a Nonce Indices option is present"),
    authorization=_field("bu.authorization", Authorization, "Binding Authorization Data"),
    proven=_field("bu.proven", Covered, "care-of address that the authenticator covers"),
    key=_field("bu.key", FLAG, "the Key Management Mobility flag (K) is set"),
    reserved=_field("bu.reserved", FLAG, "a Reserved bit of the update is set"),
    unroutable=_field("bu.unroutable", FLAG, "its care-of address is not unicast routable"),
    home_unroutable=_field("bu.home_unroutable", FLAG, "its home address is not unicast routable"),
    circular=_field("bu.circular", FLAG, "its care-of address leads back in a circle"),
    esp=_field("bu.esp", FLAG, "the update is protected by ESP"),
)

o = Names(
    present=_field("o.present", FLAG, "the BID sub-option is present", "option"),
    bid=_field("o.bid", Bid, "its BID", "option"),
    length=_field("o.length", Length, "its Length", "option"),
    C=_field("o.C", FLAG, "its C flag is set", "option"),
    O=_field("o.O", FLAG, "its O flag is set", "option"),
    H=_field("o.H", FLAG, "its H flag is set", "option"),
    reserved=_field("o.reserved", FLAG, "a Reserved bit of it is set", "option"),
    status=_field("o.status", Status, "its Status", "option"),
    coa=_field("o.coa", Address, "the care-of address it carries", "option"),
    for_home=_field("o.for_home", FLAG, "it is about the interface on the home link", "option"),
    zero_lifetime=_field("o.zero_lifetime", FLAG, "the Lifetime for it is zero", "option"),
    copied=_field("o.copied", FLAG, "it is copied into the acknowledgement", "option"),
    copied_length=_field("o.copied_length", Length, "Length of its copy", "option"),
    ba_status=_field("o.ba_status", Status, "its Status in the acknowledgement", "option"),
    status_copied=_field(
        "o.status_copied", FLAG, "its copy has the Status that it has in the update", "option"
    ),
    coa_tested=_field(
        "o.coa_tested",
        FLAG,
        "its care-of address is tested for being unicast routable, and no circle",
        "option",
    ),
)

node = Names(
    home_agent=_field("node.home_agent", FLAG, "the receiver is a home agent", default=1),
    bulk=_field("node.bulk", FLAG, "the receiver supports bulk registration", default=1),
    serves_prefix=_field("node.serves_prefix", FLAG, "the home address is on-link", default=1),
    address_taken=_field("node.address_taken", FLAG, "another node holds the home address"),
    lacks_resources=_field("node.lacks_resources", FLAG, "the receiver lacks resources"),
    prohibits=_field("node.prohibits", FLAG, "multiple registration is prohibited there"),
    single=_field("node.single", FLAG, "the receiver desires no several bindings"),
)

bc = Names(
    kind=_field("bc.kind", Kind, "kind of the binding of a BID", "bid"),
    coa=_field("bc.coa", Address, "care-of address of the binding of a BID", "bid"),
    sequence=_field("bc.sequence", Sequence, "last sequence number of a BID's binding", "bid"),
    plain=_field("bc.plain", FLAG, "a regular binding (without BID) exists"),
    plain_coa=_field("bc.plain_coa", Address, "care-of address of the regular binding"),
    home_registration=_field("bc.home_registration", FLAG, "the entries are home registrations"),
    last_sequence=_field("bc.last_sequence", Sequence, "last sequence number accepted"),
    proxy=_field("bc.proxy", FLAG, "proxy Neighbor Discovery defends the home address"),
    left=_field("bc.left", Left, "what is left of the Lifetime of a BID's binding", "bid"),
)

decide = Names(
    answer=_field("answer", Status, "the status that answers", "slot"),
    effect=_field("effect", Effect, "effect on the binding", "slot"),
    care_of=_field("care_of", CareOf, "where the care-of address is taken from", "slot"),
    others=_field("others", Others, "bindings with a BID that the update does not name"),
    plain=_field("plain", Others, "the regular binding, when the update carries a BID"),
    proxy=_field("proxy", FLAG, "proxy Neighbor Discovery afterwards"),
    announcement=_field("announcement", Announcement, "unsolicited advertisement for the address"),
    dad=_field("dad", Dad, "duplicate address detection for the home address"),
    stored=_field("stored", Stored, "the sequence number is stored"),
    acknowledged=_field("acknowledged", FLAG, "a Binding Acknowledgement is sent"),
    ba_lifetime=_field("ba.lifetime", Lifetime, "Lifetime of the acknowledgement"),
    ba_sequence=_field("ba.sequence", SequenceSource, "sequence number of the acknowledgement"),
    lifetime=_field("lifetime", Lifetime, "lifetime of the binding", "slot"),
    key_peer=_field("key_peer", CareOf, "address that the IKE peer end point moves to"),
    ba_to=_field("ba.to", Destination, "where the acknowledgement is sent"),
    ba_routing=_field("ba.routing", FLAG, "the acknowledgement has a type 2 routing header"),
)
ba_status = _field("ba.status", Status, "Status of the acknowledgement")
ba_ack = _field("ba.ack", FLAG, "the A flag of the acknowledgement is set")

mn = Names(
    intent=_field("mn.intent", Intent, "what the mobile node wants"),
    sequence=_field("mn.sequence", Sequence, "next sequence number to send"),
    defends=_field("mn.defends", FLAG, "the mobile node answers for the home address at home"),
    where=_field("mn.where", Where, "where an interface is attached", "interface"),
    status=_field("bul.status", Registration, "Binding Update List entry of a BID", "bid"),
    coa=_field("bul.coa", Address, "care-of address in the Binding Update List", "bid"),
    left=_field("bul.left", Left, "Lifetime left in the Binding Update List", "bid"),
    awaited=_field("bul.awaited", FLAG, "an acknowledgement about a BID is awaited", "bid"),
    plain=_field("bul.plain", Registration, "Binding Update List entry without BID"),
    plain_coa=_field("bul.plain_coa", Address, "care-of address of that entry"),
    plain_awaited=_field("bul.plain_awaited", FLAG, "one about that entry is awaited"),
    believed=_field("mn.believed", Belief, "what the mobile node concludes", "slot"),
    effective=_field("mn.effective", Status, "the status in force for it", "slot"),
    resync=_field("mn.resync", Resync, "sequence number of the next update"),
    peer_home_agent=_field("mn.peer_home_agent", FLAG, "the peer is a home agent", default=1),
    ba_matches=_field("mn.ba_matches", FLAG, "the acknowledgement answers the last update"),
    misled=_field("mn.misled", FLAG, "a wrong conclusion was drawn from an acknowledgement"),
)

net = Names(
    update=_field("net.update", FLAG, "a Binding Update is on its way"),
    acknowledgement=_field("net.ack", FLAG, "a Binding Acknowledgement is on its way"),
    ba_sequence=_field("net.ba_sequence", Sequence, "sequence number in that acknowledgement"),
    done=_field("net.done", Effect, "what the receiver did for it", "slot"),
    sent=_field("net.sent", Count, "Binding Updates sent so far"),
    faults=_field("net.faults", Count, "messages lost or repeated so far"),
    stray_bulk=_field("net.stray_bulk", FLAG, "a correspondent's cache changed by a bulk update"),
)


def _slot_present(w: Any, i: int) -> z3.BoolRef:
    return w.at(o.present, i) if i else z3.Not(w.at(o.present, 1))


slot_present = TABLE.define("slot.present", "the update is about it", _slot_present, "slot")
FIELDS = MappingProxyType(TABLE.fields)
DERIVED = MappingProxyType(TABLE.derived)

ANY = z3.Function("any option", z3.BoolSort(), z3.BoolSort())
ALL = z3.Function("every option", z3.BoolSort(), z3.BoolSort())
# Outcomes of the refusing rules: defined by grounding, never solved for.
refused = z3.Bool("refused")  # slot family: this slot is refused (or the whole update)
accepted = z3.Bool("accepted")  # something of the update is not refused
discarded = z3.Bool("discarded")  # the whole update is dropped without a word
OUTCOMES = ("refused", "accepted", "discarded")
