"""draft-ietf-monami6-multiplecoa-04: a mobile node with an interface on its home link."""

from __future__ import annotations

from model.mobile import Homecoming, HomeUpdate, Links, NamedBid, home
from model.rule import Modality, On, Role, rule
from model.vocabulary import Where

MUST, SHOULD, MAY, STATED = Modality.MUST, Modality.SHOULD, Modality.MAY, Modality.STATED
MOBILE_NODE, ATTACH = Role.MOBILE_NODE, On.ATTACH

RETURNS = home.wish == Homecoming.return_home
STAYS_AWAY = home.wish == Homecoming.stay_away
USES_BOTH = home.wish == Homecoming.use_both
LEAVES = home.wish == Homecoming.leave_again

RETURNING = [
    rule(
        "04-3-19",
        "3",
        MUST,
        MOBILE_NODE,
        "returning home: all bindings are de-registered",
        on=ATTACH,
        given=RETURNS,
        then=home.sends == HomeUpdate.delete_all,
    ),
    rule(
        "04-5.5-7",
        "5.5",
        SHOULD,
        MOBILE_NODE,
        "returning home: all bindings are de-registered by a regular update",
        on=ATTACH,
        given=RETURNS,
        then=home.sends == HomeUpdate.delete_all,
    ),
    rule(
        "04-3-25",
        "3",
        STATED,
        MOBILE_NODE,
        "returned or staying away: home and foreign links cannot be used together",
        on=ATTACH,
        given=RETURNS | STAYS_AWAY,
        then=home.uses != Links.both,
    ),
    rule(
        "04-5.5-9",
        "5.5",
        MAY,
        MOBILE_NODE,
        "returning home: foreign bindings may stay at correspondent nodes",
        on=ATTACH,
        given=RETURNS & home.keeps_peers,
        then=home.peers,
    ),
    rule(
        "04-5.5-10",
        "5.5",
        STATED,
        MOBILE_NODE,
        "packets of route optimization come to the foreign link, others to the home link",
        on=ATTACH,
        given=RETURNS & home.keeps_peers,
        then=home.uses == Links.both,
    ),
]

STAYING_AWAY = [
    rule(
        "04-5.5-11",
        "5.5",
        MUST,
        MOBILE_NODE,
        "not returning home: the interface on the home link is disabled",
        on=ATTACH,
        given=STAYS_AWAY,
        then=~home.enabled,
    ),
    rule(
        "04-5.5-12",
        "5.5",
        MUST,
        MOBILE_NODE,
        "after that the binding of the disabled interface is de-registered",
        on=ATTACH,
        given=STAYS_AWAY,
        then=home.disabled_first & (home.sends == HomeUpdate.delete_one),
    ),
    rule(
        "04-3-22",
        "3",
        STATED,
        MOBILE_NODE,
        "not returning home: the interface is disabled, and one binding de-registered",
        on=ATTACH,
        given=STAYS_AWAY,
        then=~home.enabled & (home.sends == HomeUpdate.delete_one) & (home.uses == Links.foreign),
    ),
    rule(
        "04-3-22b",
        "3",
        STATED,
        MOBILE_NODE,
        "the update has the BID of the interface on the home link",
        on=ATTACH,
        given=STAYS_AWAY & home.has_bid,
        then=home.named == NamedBid.of_home_interface,
    ),
    rule(
        "04-5.5-13",
        "5.5",
        STATED,
        MOBILE_NODE,
        "that deregistration is sent from an interface on a foreign link",
        on=ATTACH,
        given=STAYS_AWAY,
        then=home.sent_from == Where.foreign,
    ),
    rule(
        "04-5.5-14",
        "5.5",
        STATED,
        MOBILE_NODE,
        "nothing is received at the home link any more",
        on=ATTACH,
        given=STAYS_AWAY,
        then=home.uses == Links.foreign,
    ),
]

USING_BOTH = [
    rule(
        "04-5.5-15",
        "5.5",
        MAY,
        MOBILE_NODE,
        "interfaces on the home link and on foreign links may be active together",
        on=ATTACH,
        given=USES_BOTH,
        then=home.enabled & (home.uses == Links.both),
        label="may",
    ),
    rule(
        "04-5.5-16",
        "5.5",
        STATED,
        MOBILE_NODE,
        "the home agent is told with H",
        on=ATTACH,
        given=USES_BOTH,
        then=home.sends == HomeUpdate.home_binding,
        also=("04-3-27",),
    ),
    rule(
        "04-5.5-21",
        "5.5",
        STATED,
        MOBILE_NODE,
        "the binding that is de-registered is that of the interface",
        on=ATTACH,
        given=USES_BOTH & home.has_bid,
        then=home.named == NamedBid.of_home_interface,
    ),
    rule(
        "04-5.5-30",
        "5.5",
        MAY,
        MOBILE_NODE,
        "on leaving, the home binding can be updated to a normal binding",
        on=ATTACH,
        given=LEAVES,
        then=home.sends == HomeUpdate.normal_binding,
        label="can",
    ),
]

RULES = [*RETURNING, *STAYING_AWAY, *USING_BOTH]
