"""What is known of the score: where the document speaks against itself, what cannot be seen."""

from __future__ import annotations

from tests.mutations import home_agent as ha
from tests.mutations.conforming import Script
from tests.mutations.scene import View

# Exchanges in which no behaviour obeys the whole document: the rules that are ambiguous in them,
# with the exchange, by view.  A capture does not show the cache.
DISPUTED: dict[Script, dict[View, tuple[int, str]]] = {
    # 3-4 demands a new binding for every BID, 6.3-35 that the one of the BID is updated.
    ha.refresh: {"log": (3, "04-3-4")},
    ha.move: {"log": (3, "04-3-4")},
    ha.home_registered: {"log": (3, "04-3-4")},
    ha.window_inside: {"log": (2, "04-3-4")},
    # Without C the source is taken (6.3-29), with an alternate care-of address that (6.3-30).
    ha.care_of_alternate: {"log": (1, "04-6.3-29")},
    # A de-registration deletes the binding (6.3-21), and with H marks it (6.3-25).
    ha.home_binding: {"log": (3, "04-6.3-21")},
    # Beside a regular binding BID CONFLICT is due (6.3-34), and 0 for a new BID (6.3-36).
    ha.conflict: {"capture": (2, "04-6.3-34"), "log": (2, "04-6.3-34")},
}

# Departures that are not reported as they should be, with the reason.
MISSED = {
    "registration with H stores the home address (READ-H), home agent: home_registered, log": (
        "reported as a violation of 04-6.3-29, not as ambiguous: that rule does not depend on "
        "READ-H itself, it is contradicted under H2; trying every reading for every rule would "
        "excuse what the other readings are not about"
    ),
}

# Binding rules about receiving a Binding Update of which no trace can show a breach.
UNSEEN = {
    "3775-10.3.2-6": "the link-layer destination of a frame is in no event",
    "3775-6.1.7-4": "a circle needs the bindings of other home addresses; each is followed alone",
    "3775-9.5.1-8": "that a nonce has expired is known from the answer alone",
    "3775-10.3.2-4": "the IKE association is in no trace",
    "04-8.1-4": "the IKE association is in no trace",
    "3963-6.2-1": "whether a binding is a mobile router's is not followed",
    "3963-6.2-2": "what is forwarded to a mobile network is not followed",
    "3963-6.7-1": "whether a binding is a mobile router's is not followed",
    "3963-6.2-3": "what is forwarded to a mobile network is not followed",
    "3963-6.2-4": "whether forwarding can be set up is not in the trace",
    "04-6.3-10": "which status was meant is known only from where it stands",
    "04-6.3-11": "which status was meant is known only from where it stands",
    "04-6.3-15": "a Length that does not fit C refuses the whole update before (04-6.3-13)",
    "04-6.3-16": "by the first reading a node may refuse bulk updates (READ-BULK)",
}
