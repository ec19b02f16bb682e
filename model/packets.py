"""Fields and named predicates of packets: sent, received, forwarded, solicited for, running out."""

from __future__ import annotations

from typing import Any

import z3

from model.fields import Domain
from model.predicates import entry_exists, several_entries
from model.vocabulary import (
    FIRST_CARE_OF,
    FLAG,
    HOME_ADDRESS,
    NONE,
    TABLE,
    Address,
    Bid,
    Kind,
    Names,
    Others,
    bc,
)

Form = Domain("Form", "option", "tunnel", "home_link", "outside", "care_of")
Carries = Domain(
    "Carries",
    "payload",
    "update",
    "home_test_init",
    "home_test",
    "prefix_solicitation",
    "key_exchange",
)
Passage = Domain("Passage", "process", "drop")
Reply = Domain("Reply", "none", "binding_error")
Rekey = Domain("Rekey", "none", "key_mobility", "new_exchange")
EndPoint = Domain("EndPoint", "unchanged", "source")
Origin = Domain("Origin", "internet", "home_link")
Search = Domain("Search", "home_address", "home_address_and_bid")
Route = Domain("Route", "direct", "tunnel", "routing_header")
Interception = Domain("Interception", "none", "proxy", "routing")
NamedBy = Domain("NamedBy", "ipsec", "mobile_ip")
HomeUse = Domain("HomeUse", "returns", "foreign_only", "both")
EntryLifetime = Domain("EntryLifetime", "as_granted", "infinite")

_field = TABLE.declare

pk = Names(
    form=_field("pk.form", Form, "how the packet names the home address"),
    carries=_field("pk.carries", Carries, "what the packet carries"),
    source=_field("pk.source", Address, "its (outer) source address", default=FIRST_CARE_OF),
    esp=_field("pk.esp", FLAG, "it is protected by ESP"),
    test_source=_field(
        "pk.test_source", Address, "source of the Home Test Init messages sent so far"
    ),
    checked=_field("pk.checked", FLAG, "its source address is compared with the bindings"),
    passage=_field("pk.passage", Passage, "what becomes of the packet"),
    reply=_field("pk.reply", Reply, "the message that is sent because of it"),
)

ike = Names(
    coa=_field("ike.coa", Address, "care-of address chosen for IKE", default=FIRST_CARE_OF),
    change=_field("ike.change", FLAG, "the mobile node wants another care-of address for IKE"),
    key_mobility=_field("ike.key_mobility", FLAG, "both sides support the K bit", default=1),
    rekey=_field("ike.rekey", Rekey, "how the IKE security association is moved"),
    end_point=_field("ike.end_point", EndPoint, "the peer's end point of the IKE association"),
)

fw = Names(
    origin=_field("fw.origin", Origin, "where the packet for the home address comes from"),
    wanted=_field("fw.wanted", Bid, "BID of the desired binding, 0 when it is not known"),
    option=_field("fw.option", FLAG, "the search is for a message with a BID sub-option"),
    search=_field("fw.search", Search, "the key with which the cache is searched"),
    learned=_field("fw.learned", FLAG, "the BID is known afterwards"),
    again=_field("fw.again", FLAG, "it is searched again by the home address alone"),
    route=_field("fw.route", Route, "how the packet goes on"),
    chosen=_field("fw.chosen", Bid, "BID of the binding that is used, 0 for the regular one"),
    interception=_field("fw.interception", Interception, "how the packet is intercepted"),
    named_by=_field("fw.named_by", NamedBy, "who names the end point of the IPsec tunnel"),
    redirect=_field("fw.redirect", FLAG, "an ICMP redirect is sent to the origin"),
)

ns = Names(
    probe=_field("ns.probe", FLAG, "another node tests whether the address is free"),
    at_home=_field("ns.at_home", FLAG, "it is on the home link", "interface"),
    link_local=_field("ns.link_local", FLAG, "the target is the link-local form of the address"),
    home_use=_field("ns.home_use", HomeUse, "what the mobile node does with its home interface"),
    agent=_field("ns.agent", FLAG, "the home agent answers by proxy"),
    mobile=_field("ns.mobile", FLAG, "the mobile node answers"),
    interface=_field("ns.interface", FLAG, "the mobile node answers by it", "interface"),
    duplicated=_field("ns.duplicated", FLAG, "two nodes answer for the same address"),
    advertises=_field("ns.advertises", FLAG, "the home agent sends Router Advertisements"),
    on_link=_field("ns.on_link", FLAG, "they say that the home prefix is on-link"),
)

ex = Names(
    run_out=_field("ex.run_out", FLAG, "the granted Lifetime has run out", default=1),
    home=_field("ex.home", FLAG, "the binding is a home binding"),
    others=_field("ex.others", FLAG, "bindings to foreign links remain"),
    home_stays=_field("ex.home_stays", FLAG, "another binding remains that is a home binding"),
    lifetime=_field("ex.lifetime", EntryLifetime, "Lifetime of the home binding"),
    entry=_field("ex.entry", Others, "the binding"),
    proxy=_field("ex.proxy", FLAG, "proxy Neighbor Discovery after the binding has run out"),
)

router = Names(
    external=_field(
        "node.external_router", FLAG, "the home agent is the router between home link and Internet"
    ),
    since_home=_field(
        "bc.since_home", FLAG, "its binding was a home binding and was updated, not deleted", "bid"
    ),
    link_local=_field("bc.link_local", FLAG, "its binding was registered with the L bit", "bid"),
)

mr = Names(
    router=_field("bu.router", FLAG, "the Mobile Router bit is set"),
    prefix=_field("bu.prefix", FLAG, "the update names the mobile network prefix"),
    was_router=_field("bc.router", FLAG, "the entry is that of a mobile router"),
    had_prefix=_field("bc.prefix", FLAG, "the mobile network prefix is forwarded"),
    fails=_field("node.prefix_fails", FLAG, "forwarding of the prefix cannot be set up"),
    forwarded=_field("mr.forwarded", FLAG, "the mobile network prefix is forwarded afterwards"),
)

_define = TABLE.define


def _any(terms: list[Any]) -> z3.BoolRef:
    return z3.Or(terms or [z3.BoolVal(False)])


def _of_kind(w: Any, b: int, kind: z3.ExprRef) -> z3.BoolRef:
    return w.at(bc.kind, b) == kind


def _home_binding(w: Any, _i: int) -> z3.BoolRef:
    """A home binding that has not been updated to another one (since_home_sound)."""
    return _any(
        [z3.And(_of_kind(w, b, Kind.home), z3.Not(w.at(router.since_home, b))) for b in w.bids]
    )


def _foreign_binding(w: Any, _i: int) -> z3.BoolRef:
    """A binding to a foreign link, whatever it was before (since_home_sound)."""
    held = [z3.Or(_of_kind(w, b, Kind.bid), w.at(router.since_home, b)) for b in w.bids]
    return _any([w.at(bc.plain, 0), *held])


def _proxy_given_up(w: Any, _i: int) -> z3.BoolRef:
    """A home binding, or what it was updated to: the entry has not been deleted."""
    return _any([z3.Or(_of_kind(w, b, Kind.home), w.at(router.since_home, b)) for b in w.bids])


def _registered_source(w: Any, _i: int) -> z3.BoolRef:
    source = w.at(pk.source, 0)
    plain = z3.And(w.at(bc.plain, 0), w.at(bc.plain_coa, 0) == source)
    held = [z3.And(_of_kind(w, b, Kind.bid), w.at(bc.coa, b) == source) for b in w.bids]
    return _any([plain, *held])


def _is_chosen(w: Any, b: int) -> z3.BoolRef:
    chosen: z3.BoolRef = w.at(fw.chosen, 0) == b
    return chosen


def _chosen_exists(w: Any, _i: int) -> z3.BoolRef:
    bids = [z3.And(_is_chosen(w, b), z3.Not(_of_kind(w, b, Kind.absent))) for b in w.bids]
    return _any([z3.And(_is_chosen(w, 0), w.at(bc.plain, 0)), *bids])


def _chosen_is_foreign(w: Any, _i: int) -> z3.BoolRef:
    bids = [z3.And(_is_chosen(w, b), _of_kind(w, b, Kind.bid)) for b in w.bids]
    return _any([z3.And(_is_chosen(w, 0), w.at(bc.plain, 0)), *bids])


def _answers_there(w: Any, _i: int) -> z3.BoolRef:
    return z3.And([w.at(ns.interface, i) == w.at(ns.at_home, i) for i in w.indices("interface")])


def _wanted_exists(w: Any, _i: int) -> z3.BoolRef:
    wanted = w.at(fw.wanted, 0)
    return _any([z3.And(wanted == b, z3.Not(_of_kind(w, b, Kind.absent))) for b in w.bids])


def _at_home(w: Any) -> list[z3.BoolRef]:
    return [w.at(ns.at_home, i) for i in w.indices("interface")]


def _link_local_registered(w: Any, _i: int) -> z3.BoolRef:
    return _any(
        [z3.And(w.at(router.link_local, b), z3.Not(_of_kind(w, b, Kind.absent))) for b in w.bids]
    )


def _sound(w: Any, b: int) -> z3.BoolRef:
    """What an entry of a cache holds: an address if it is there, nothing otherwise."""
    kind, coa = w.at(bc.kind, b), w.at(bc.coa, b)
    return z3.And(
        z3.Implies(kind == Kind.absent, coa == NONE),
        z3.Implies(kind == Kind.home, coa == HOME_ADDRESS),
        z3.Implies(kind == Kind.bid, z3.UGE(coa, FIRST_CARE_OF)),
    )


def _addresses_sound(w: Any, _i: int) -> z3.BoolRef:
    coa = w.at(bc.plain_coa, 0)
    regular = z3.If(w.at(bc.plain, 0), z3.UGE(coa, FIRST_CARE_OF), coa == NONE)
    source = w.at(pk.source, 0) != NONE
    return z3.And(source, regular, *[_sound(w, b) for b in w.bids])


def _marks_sound(w: Any, _i: int, mark: Any) -> z3.BoolRef:
    return z3.And([z3.Implies(w.at(mark, b), _of_kind(w, b, Kind.bid)) for b in w.bids])


# What is defined first is given up first when a situation is put into words.
addresses_sound = _define(
    "addresses_sound",
    "the packet has a source, and each binding the address of its kind",
    _addresses_sound,
)
since_home_sound = _define(
    "since_home_sound",
    "only a binding that exists was a home binding",
    lambda w, i: _marks_sound(w, i, router.since_home),
)
chosen_exists = _define(
    "chosen_exists", "the binding that is used is one of the cache", _chosen_exists
)
chosen_is_foreign = _define(
    "chosen_is_foreign", "the binding that is used is to a foreign link", _chosen_is_foreign
)
foreign_binding = _define(
    "foreign_binding",
    "the cache has a binding to a foreign link",
    _foreign_binding,
    "",
    "the cache has no binding to a foreign link",
)
one_entry = entry_exists & ~several_entries
proxy_given_up = _define(
    "proxy_given_up",
    "a home binding, or the binding it was updated to, has not been deleted",
    _proxy_given_up,
    "",
    "no binding is or was a home binding",
)
registered_source = _define(
    "registered_source",
    "its source is a care-of address of the home address",
    _registered_source,
    "",
    "its source is no care-of address of the home address",
)
answers_there = _define(
    "answers_there",
    "the mobile node answers by its interface on the home link alone",
    _answers_there,
)
wanted_exists = _define(
    "wanted_exists",
    "the cache has the desired binding",
    _wanted_exists,
    "",
    "the cache has no such binding, or none is desired",
)
some_at_home = _define(
    "some_at_home",
    "an interface is on the home link",
    lambda w, _i: _any(_at_home(w)),
    "",
    "no interface is on the home link",
)
several_at_home = _define(
    "several_at_home",
    "several interfaces are on the home link",
    lambda w, _i: z3.AtLeast(*_at_home(w), z3.BoolVal(False), 2),
)
link_local_registered = _define(
    "link_local_registered", "a binding was registered with the L bit", _link_local_registered
)
some_binding = _define(
    "some_binding",
    "the cache has a binding",
    lambda w, _i: z3.Or(_foreign_binding(w, 0), _proxy_given_up(w, 0)),
    "",
    "the cache has no binding",
)
last_runs_out = _define(
    "last_runs_out",
    "the last binding of the home address runs out",
    lambda w, _i: z3.And(
        w.at(ex.run_out, 0), *(z3.Not(w.at(f, 0)) for f in (ex.home, ex.others, ex.home_stays))
    ),
)
home_binding = _define(
    "home_binding", "the cache has a home binding", _home_binding, "", "there is no home binding"
)
# Interception by routing as the draft's reference on the elimination of proxy NDP describes it.
without_proxy = router.external & (proxy_given_up | ~entry_exists)
