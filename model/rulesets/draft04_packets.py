"""draft-ietf-monami6-multiplecoa-04: packets that a mobile node sends, and that reach a node."""

from __future__ import annotations

import z3

from model.packets import (
    Carries,
    EndPoint,
    Form,
    Passage,
    Rekey,
    Reply,
    home_binding,
    ike,
    pk,
    registered_source,
)
from model.predicates import base_delete, bulk, entry_exists, no_options
from model.rule import Modality, On, Role, any_option, rule
from model.rulesets.statuses import one_of
from model.vocabulary import NONE, CareOf, accepted, bu, decide, o

MUST, MUST_NOT, SHOULD, MAY = Modality.MUST, Modality.MUST_NOT, Modality.SHOULD, Modality.MAY
STATED, DEFINITION = Modality.STATED, Modality.DEFINITION
RECEIVER, HOME_AGENT = Role.RECEIVER, Role.HOME_AGENT
CORRESPONDENT, MOBILE_NODE = Role.CORRESPONDENT, Role.MOBILE_NODE

by_option = (pk.form == Form.option) & (pk.carries != Carries.update)
esp_tunnel = (pk.form == Form.tunnel) & pk.esp
payload = pk.carries == Carries.payload
signalling = one_of(
    pk.carries, (Carries.update, Carries.home_test_init, Carries.prefix_solicitation)
)

SENDING = [
    rule(
        "04-5.8-1",
        "5.8",
        DEFINITION,
        MOBILE_NODE,
        "a packet to the home agent has the Home Address option or is tunnelled",
        on=On.SEND_PACKET,
        given=pk.carries != Carries.key_exchange,
        then=one_of(pk.form, (Form.option, Form.tunnel)),
    ),
    rule(
        "04-5.8-3",
        "5.8",
        SHOULD,
        MOBILE_NODE,
        "packets to the home agent go through the bidirectional tunnel",
        on=On.SEND_PACKET,
        given=payload,
        then=pk.form == Form.tunnel,
    ),
    rule(
        "04-8.1-1",
        "8.1",
        STATED,
        MOBILE_NODE,
        "one care-of address is the source of all IKE messages for the home address",
        on=On.SEND_PACKET,
        given=(pk.carries == Carries.key_exchange) & ~ike.change,
        then=pk.source == ike.coa,
        label="must",
    ),
    rule(
        "04-8.1-3",
        "8.1",
        STATED,
        MOBILE_NODE,
        "a Binding Update with the K bit moves IKE to another care-of address",
        on=On.SEND_PACKET,
        given=ike.change & ike.key_mobility,
        then=ike.rekey == Rekey.key_mobility,
    ),
    rule(
        "04-8.1-5",
        "8.1",
        MUST,
        MOBILE_NODE,
        "where a side lacks the K bit the IKE association is established anew",
        on=On.SEND_PACKET,
        given=ike.change & ~ike.key_mobility,
        then=ike.rekey == Rekey.new_exchange,
    ),
    rule(
        "04-8.3.1-1",
        "8.3.1",
        MAY,
        MOBILE_NODE,
        "all Home Test Init messages may have the same source",
        on=On.SEND_PACKET,
        given=(pk.carries == Carries.home_test_init) & (pk.test_source != NONE),
        then=pk.source == pk.test_source,
    ),
    rule(
        "04-9-1",
        "9",
        STATED,
        MOBILE_NODE,
        "all signalling with the home agent is protected by IPsec",
        on=On.SEND_PACKET,
        given=signalling,
        then=pk.esp,
        also=("04-8-1",),
        label="requires",
    ),
]

RECEIVING = [
    rule(
        "04-5.8-2",
        "5.8",
        MAY,
        HOME_AGENT,
        "the source of a packet with Home Address option may be checked",
        on=On.RECEIVE_PACKET,
        given=by_option,
        then=pk.checked,
    ),
    rule(
        "04-6.5-1",
        "6.5",
        MUST,
        RECEIVER,
        "the source of a packet with Home Address option is checked against the bindings",
        on=On.RECEIVE_PACKET,
        given=by_option,
        then=pk.checked,
    ),
    rule(
        "04-6.5-2",
        "6.5",
        MUST,
        RECEIVER,
        "without a binding the packet is discarded silently",
        on=On.RECEIVE_PACKET,
        given=by_option & ~entry_exists,
        then=z3.And(pk.passage == Passage.drop, pk.reply == Reply.none),
    ),
    rule(
        "04-6.5-3",
        "6.5",
        MUST,
        RECEIVER,
        "without a binding a Binding Error is sent",
        on=On.RECEIVE_PACKET,
        given=by_option & ~entry_exists,
        then=pk.reply == Reply.binding_error,
    ),
    rule(
        "04-6.5-4",
        "6.5",
        MUST_NOT,
        RECEIVER,
        "a Binding Update is not checked in this way",
        on=On.RECEIVE_PACKET,
        given=(pk.form == Form.option) & (pk.carries == Carries.update),
        then=~pk.checked,
    ),
    rule(
        "04-5.5-15p",
        "5.5",
        MAY,
        HOME_AGENT,
        "the mobile node may communicate by its interface at home as well",
        on=On.RECEIVE_PACKET,
        given=(pk.form == Form.home_link) & home_binding,
        then=pk.passage == Passage.process,
        label="may",
    ),
    rule(
        "04-8.1-2",
        "8.1",
        STATED,
        HOME_AGENT,
        "the IKE association is bound to the source of the exchange",
        on=On.RECEIVE_PACKET,
        given=pk.carries == Carries.key_exchange,
        then=ike.end_point == EndPoint.source,
    ),
    rule(
        "04-8.2-1",
        "8.2",
        STATED,
        HOME_AGENT,
        "signalling in transport mode may come from any registered care-of address",
        on=On.RECEIVE_PACKET,
        given=(pk.form == Form.option) & signalling & pk.esp & registered_source,
        then=pk.passage == Passage.process,
    ),
    rule(
        "04-8.2-2",
        "8.2",
        STATED,
        HOME_AGENT,
        "a Mobile Prefix Solicitation from any registered care-of address is processed",
        on=On.RECEIVE_PACKET,
        given=(pk.carries == Carries.prefix_solicitation) & registered_source,
        then=pk.passage == Passage.process,
        label="requires",
    ),
    rule(
        "04-8.2-2b",
        "8.2",
        STATED,
        HOME_AGENT,
        "from another address it is dropped silently",
        on=On.RECEIVE_PACKET,
        given=(pk.carries == Carries.prefix_solicitation) & ~registered_source,
        then=z3.And(pk.passage == Passage.drop, pk.reply == Reply.none),
    ),
    rule(
        "04-8.3.1-2",
        "8.3.1",
        STATED,
        HOME_AGENT,
        "a tunnelled Home Test Init from any registered care-of address is forwarded",
        on=On.RECEIVE_PACKET,
        given=(pk.form == Form.tunnel) & (pk.carries == Carries.home_test_init) & registered_source,
        then=pk.passage == Passage.process,
        label="requires",
    ),
    rule(
        "04-8.3.1-2b",
        "8.3.1",
        STATED,
        HOME_AGENT,
        "from another address it is dropped silently",
        on=On.RECEIVE_PACKET,
        given=(pk.carries == Carries.home_test_init) & ~registered_source,
        then=z3.And(pk.passage == Passage.drop, pk.reply == Reply.none),
    ),
    rule(
        "04-8.3.2-1",
        "8.3.2",
        STATED,
        HOME_AGENT,
        "the outer source of payload under ESP is checked against the bindings",
        on=On.RECEIVE_PACKET,
        given=esp_tunnel & payload,
        then=pk.checked,
        label="must",
    ),
    rule(
        "04-8.3.2-2",
        "8.3.2",
        MUST,
        HOME_AGENT,
        "that check comes before the payload is forwarded",
        on=On.RECEIVE_PACKET,
        given=esp_tunnel & payload,
        then=pk.checked,
    ),
    rule(
        "04-8.3.2-2b",
        "8.3.2",
        MUST,
        HOME_AGENT,
        "payload from an address that is not registered is not forwarded",
        on=On.RECEIVE_PACKET,
        given=esp_tunnel & payload & ~registered_source,
        then=pk.passage == Passage.drop,
    ),
]

KEY_EXCHANGE = [
    rule(
        "04-8.1-4",
        "8.1",
        STATED,
        HOME_AGENT,
        "with K the IKE association moves to the care-of address that is registered",
        given=accepted & ~base_delete & bu.key & ~bulk & z3.Not(no_options),
        then=decide.key_peer
        == z3.If(
            any_option(o.C),
            CareOf.option,
            z3.If(bu.alternate == NONE, CareOf.source, CareOf.alternate),
        ),
    ),
]

RULES = [*SENDING, *RECEIVING, *KEY_EXCHANGE]
