"""draft-wakikawa-mip6-no-ndp-02: interception by routing, without proxy Neighbor Discovery.

The draft points at it for the home binding (04-5.5-20); its rules are in force where the home
agent is the router of the home link and does not act as proxy.
"""

from __future__ import annotations

from model.packets import (
    Form,
    Interception,
    Origin,
    Passage,
    Route,
    fw,
    ns,
    pk,
    router,
    without_proxy,
)
from model.predicates import entry_exists
from model.rule import Modality, On, Role, Rule, rule
from model.ruleset import gather

MUST, MUST_NOT, SHOULD = Modality.MUST, Modality.MUST_NOT, Modality.SHOULD
STATED, DEFINITION = Modality.STATED, Modality.DEFINITION
HOME_AGENT = Role.HOME_AGENT
DOCUMENT = "draft-wakikawa-mip6-no-ndp-02"

RULES = [
    rule(
        "nondp-3-1",
        "3",
        DEFINITION,
        HOME_AGENT,
        "only the router of the home link intercepts by routing",
        on=On.FORWARD,
        given=~router.external,
        then=fw.interception != Interception.routing,
    ),
    rule(
        "nondp-4.1-1",
        "4.1",
        MUST,
        HOME_AGENT,
        "a packet from the home link whose source has a binding is dropped",
        on=On.RECEIVE_PACKET,
        given=without_proxy & (pk.form == Form.home_link) & entry_exists,
        then=pk.passage == Passage.drop,
        also=("nondp-4.3-3",),
    ),
    rule(
        "nondp-4.2-1",
        "4.2",
        SHOULD,
        HOME_AGENT,
        "the home agent sends Router Advertisements to the home link",
        on=On.SOLICITED,
        given=without_proxy,
        then=ns.advertises,
    ),
    rule(
        "nondp-4.2-1b",
        "4.2",
        MUST,
        HOME_AGENT,
        "they do not say that the home prefix is on-link",
        on=On.SOLICITED,
        given=without_proxy,
        then=~ns.on_link,
    ),
    rule(
        "nondp-4.2-1c",
        "4.2",
        MUST,
        HOME_AGENT,
        "all packets of the home link are routed by the home agent",
        on=On.FORWARD,
        given=without_proxy & (fw.origin == Origin.home_link),
        then=fw.interception == Interception.routing,
    ),
    rule(
        "nondp-4.2-2",
        "4.2",
        MUST_NOT,
        HOME_AGENT,
        "no ICMP redirect between two nodes of the home link",
        on=On.FORWARD,
        given=without_proxy & (fw.origin == Origin.home_link),
        then=~fw.redirect,
    ),
    rule(
        "nondp-4.3-1",
        "4.3",
        STATED,
        HOME_AGENT,
        "with a binding packets are tunnelled",
        on=On.FORWARD,
        given=without_proxy & entry_exists,
        then=fw.route == Route.tunnel,
        also=("nondp-3-2",),
    ),
    rule(
        "nondp-4.3-1b",
        "4.3",
        STATED,
        HOME_AGENT,
        "without one they go back to the home link",
        on=On.FORWARD,
        given=without_proxy & ~entry_exists,
        then=fw.route == Route.direct,
    ),
    rule(
        "nondp-4.3-2",
        "4.3",
        MUST,
        HOME_AGENT,
        "a packet from outside with the home address as source is dropped without a binding",
        on=On.RECEIVE_PACKET,
        given=without_proxy & (pk.form == Form.outside) & ~entry_exists,
        then=pk.passage == Passage.drop,
    ),
]


def rules() -> tuple[Rule, ...]:
    """Return its rules."""
    return gather(DOCUMENT, RULES)
