"""The decisions about packets: sent, received, forwarded, solicited for, and a binding run out."""

from __future__ import annotations

from model.packets import (
    Carries,
    EntryLifetime,
    Form,
    NamedBy,
    Origin,
    Route,
    addresses_sound,
    ex,
    fw,
    home_binding,
    ike,
    last_runs_out,
    mr,
    ns,
    pk,
    registered_source,
    several_at_home,
    since_home_sound,
    some_at_home,
)
from model.predicates import base_delete, entry_exists, serving, several_entries
from model.rule import On, Role
from model.ruleset import Decision, NodeStep
from model.vocabulary import FIRST_CARE_OF, HOME_ADDRESS, accepted, bc, node

SERVES = {Role.HOME_AGENT: node.home_agent, Role.CORRESPONDENT: ~node.home_agent}
NATIVE = (pk.form == Form.home_link) | (pk.form == Form.outside)
# A node compares the source of what reaches it with care-of addresses only where it claims one.
CLAIMS_CARE_OF = ((pk.form == Form.option) | (pk.form == Form.tunnel)) & (
    pk.carries != Carries.update
)
TO_PREFIX = (
    accepted & serving & mr.had_prefix & mr.router & several_entries & (base_delete | ~mr.prefix)
)

SEND_PACKET = NodeStep(
    On.SEND_PACKET,
    (
        Decision(pk.form),
        Decision(pk.source, default=FIRST_CARE_OF),
        Decision(pk.esp),
        Decision(ike.rekey, ike.change),
    ),
)

RECEIVE_PACKET = NodeStep(
    On.RECEIVE_PACKET,
    (
        Decision(pk.passage, CLAIMS_CARE_OF),
        Decision(pk.reply, CLAIMS_CARE_OF & (pk.form == Form.option) & ~registered_source),
        Decision(pk.checked),
        Decision(ike.end_point, pk.carries == Carries.key_exchange),
    ),
    roles=SERVES,
    well_formed=(
        addresses_sound,
        (pk.source == HOME_ADDRESS) == NATIVE,
        since_home_sound,
        (pk.form == Form.option) | node.home_agent,
        (pk.carries != Carries.home_test),
        (pk.carries != Carries.home_test_init) | (pk.form == Form.tunnel),
        (pk.carries != Carries.prefix_solicitation) | (pk.form == Form.option),
        (pk.carries != Carries.prefix_solicitation) | node.home_agent,
        (pk.carries != Carries.update) | (pk.form == Form.option),
        (pk.carries == Carries.key_exchange) == (pk.form == Form.care_of),
    ),
)

FORWARD = NodeStep(
    On.FORWARD,
    (
        Decision(fw.search, entry_exists),
        Decision(fw.again),
        Decision(fw.learned),
        Decision(fw.route, entry_exists & ~home_binding, list(Route.values).index("direct")),
        # A correspondent node is told: the first one that it finds (04-6.1-7).
        Decision(fw.chosen, node.home_agent & several_entries & (fw.route != Route.direct)),
        Decision(fw.interception, node.home_agent & entry_exists),
        Decision(fw.named_by, default=list(NamedBy.values).index("mobile_ip")),
        Decision(fw.redirect),
    ),
    roles=SERVES,
    well_formed=(
        since_home_sound,
        node.home_agent | (fw.origin == Origin.internet),
        (pk.carries == Carries.payload) | ((pk.carries == Carries.home_test) & node.home_agent),
        ~pk.esp | node.home_agent,
    ),
)

SOLICITED = NodeStep(
    On.SOLICITED,
    (
        Decision(ns.agent, node.home_agent),
        Decision(ns.mobile, some_at_home & ~ns.link_local),
        Decision(ns.interface, several_at_home & ns.at_home & ns.mobile),
        Decision(ns.duplicated),
        Decision(ns.advertises, default=1),
        Decision(ns.on_link, default=1),
    ),
    roles=SERVES,
    well_formed=(since_home_sound, node.home_agent, ~ns.link_local | entry_exists),
)

EXPIRE = NodeStep(
    On.EXPIRE,
    (
        Decision(ex.lifetime, default=list(EntryLifetime.values).index("as_granted")),
        Decision(ex.entry, ex.run_out),
        Decision(ex.proxy, node.home_agent & last_runs_out, bc.proxy),
    ),
    roles=SERVES,
    well_formed=(
        ~ex.home | node.home_agent,
        ~ex.home_stays | node.home_agent,
        ~bc.proxy | node.home_agent,
    ),
)

STEPS = (SEND_PACKET, RECEIVE_PACKET, FORWARD, SOLICITED, EXPIRE)
# What a home agent decides of the prefix of a mobile router when it receives an update.
MOBILE_ROUTER = (Decision(mr.forwarded, TO_PREFIX, mr.had_prefix),)
