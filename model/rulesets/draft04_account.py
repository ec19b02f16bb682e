"""The statements of draft -04 and its base that no rule executes, each with the reason.

A statement belongs here only where no message, cache, neighbour-discovery or timer observation
could tell whether it was obeyed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Sections 1 to 4: introduction, terms, overview, formats
_FORMATS: dict[str, str] = {
    "04-4.2.1-2": "leaves the number of the option open; there is none to be used or not",
    "04-4.2.1-9": "names the table that a Status is read by; every value of the field is in it",
    "04-4.3-6": "leaves the numbers of the statuses open; there are none to be used or not",
}

# Section 5: the mobile node
_MOBILE_NODE: dict[str, str] = {
    "04-5.1-2": "leaves it to implementers how a BID is chosen; any choice obeys it",
    "04-5.3-1": "asks for a decision; every update has a sub-option or none, and so shows one",
    "04-5.4-8": "asks for care without saying what is careful; 04-5.4-9 and -10 say what to do",
    "04-5.5-8": "a remark of the authors on their discussion; it asks nothing of a node",
    "04-5.6-3": "a conjecture about the peer; what the mobile node does by it is 04-5.6-4",
}

# Control messages: return routability, Binding Refresh Request, Binding Error
_CONTROL: dict[str, str] = {}

# Section 6.3: processing Binding Updates
_RECEIVER: dict[str, str] = {}

# Packets, interception, neighbour discovery, timers, sections 7 to 10, appendices
_PACKETS: dict[str, str] = {
    "04-3-28": "how the mobile node chooses a binding for a flow is out of scope, the text says",
    "04-5.5-20": "a reference to another document, whose own statements are executed",
    "04-5.5-26": "gives the entry its name, no more",
    "04-5.8-4": "a remark on the cost of two forms of packet; no node does anything by it",
    "04-6.1-2": "how a binding is selected is out of scope, the text says",
    "04-10-1": "asks the registry for numbers; no node is bound",
    "04-B-1": "an entry of the change log; the statement it tells of stands in 5.3",
    "04-B-2": "an entry of the change log; the statement it tells of stands in 4.2.1",
}

# RFC 3775, RFC 3963, RFC 6275, draft-wakikawa-mip6-no-ndp
_BASE: dict[str, str] = {
    "6275-11.5.5-1": "comparison: a later base document, not in force for the draft",
    "6275-11.7.3-1": "comparison: a later base document, not in force for the draft",
    "6275-9.5.1-1": "comparison: a later base document, not in force for the draft",
    "6275-10.3.2-1": "comparison: a later base document, not in force for the draft",
    "nondp-4.4-1": "says that the document adds nothing about returning home",
}

NOT_EXECUTABLE: Mapping[str, str] = MappingProxyType(
    {**_FORMATS, **_MOBILE_NODE, **_CONTROL, **_RECEIVER, **_PACKETS, **_BASE}
)

# Statements that leave the matter to others: what they point to.
REFERENCES: Mapping[str, tuple[str, ...]] = MappingProxyType({"04-5.5-20": ("nondp-4.4-1",)})
# Statements that leave numbers of statuses open, and so whether they mean success.
UNNUMBERED = ("04-4.3-6",)
