"""The statements of draft -04 and its base that no rule executes, each with the reason.

A statement belongs here only where no message, cache, neighbour-discovery or timer observation
could tell whether it was obeyed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Sections 1 to 4: introduction, terms, overview, formats
_FORMATS: dict[str, str] = {}

# Section 5: the mobile node
_MOBILE_NODE: dict[str, str] = {}

# Control messages: return routability, Binding Refresh Request, Binding Error
_CONTROL: dict[str, str] = {}

# Section 6.3: processing Binding Updates
_RECEIVER: dict[str, str] = {}

# Packets, interception, neighbour discovery, timers, sections 7 to 10, appendices
_PACKETS: dict[str, str] = {}

# RFC 3775, RFC 3963, RFC 6275, draft-wakikawa-mip6-no-ndp
_BASE: dict[str, str] = {}

NOT_EXECUTABLE: Mapping[str, str] = MappingProxyType(
    {**_FORMATS, **_MOBILE_NODE, **_CONTROL, **_RECEIVER, **_PACKETS, **_BASE}
)
