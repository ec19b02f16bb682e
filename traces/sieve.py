"""Frames that hold nothing to be read, told by a few octets: most of the traffic of a network."""

from __future__ import annotations

from traces.links import ETHERTYPE_IPV6, NULL_INET6, RAW_IP, SLL, SLL2, VLAN_TAGS
from traces.mobility import MOBILITY_HEADER, OLD_MOBILITY_HEADER
from traces.packets import (
    ADVERTISEMENT,
    AUTHENTICATION,
    DESTINATION_OPTIONS,
    FRAGMENT,
    HOP_BY_HOP,
    ICMPV6,
    LISTENER_REPORT,
    ROUTING,
    SOLICITATION,
    TUNNEL,
)

ETHERNET, IPV6 = 1, 229
COOKED = {113: SLL, 276: SLL2}
LOOPBACK = {  # the octets that announce IPv6
    0: frozenset(n.to_bytes(4, order) for n in NULL_INET6 for order in ("big", "little")),
    108: frozenset(n.to_bytes(4, "big") for n in NULL_INET6),
}
HEADER = 40  # octets of an IPv6 header
IS_IPV6 = ETHERTYPE_IPV6.to_bytes(2, "big")
TAGGED = frozenset(tag.to_bytes(2, "big") for tag in VLAN_TAGS)
# The protocols that an event may be in, or behind which another header comes.
READ = frozenset(
    {
        *(HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS),
        *(TUNNEL, ICMPV6, MOBILITY_HEADER, OLD_MOBILITY_HEADER),
    }
)
NEIGHBOURS = frozenset({SOLICITATION, ADVERTISEMENT, LISTENER_REPORT})


def gives_nothing(linktype: int, data: bytes) -> bool:
    """Whether a frame surely gives no event: a sound packet of a protocol that none is in.

    False where it has to be read to be known, because it is cut off or broken, for instance.
    """
    if linktype == ETHERNET:
        kind = data[12:14]
        if kind != IS_IPV6:
            return len(kind) == 2 and kind not in TAGGED
        return _packet_gives_nothing(data, 14)
    if linktype == IPV6:
        return _packet_gives_nothing(data, 0)
    return _other_gives_nothing(linktype, data)


def _other_gives_nothing(linktype: int, data: bytes) -> bool:
    """The same for the link types that are met less often."""
    if linktype in RAW_IP:
        return data[:1] != b"" and (data[0] >> 4 != 6 or _packet_gives_nothing(data, 0))
    if linktype in LOOPBACK:
        if data[:4] not in LOOPBACK[linktype]:
            return len(data) >= 4
        return _packet_gives_nothing(data, 4)
    if linktype not in COOKED:
        return False
    form = COOKED[linktype]
    if data[form.protocol : form.protocol + 2] != IS_IPV6:
        return len(data) >= form.size
    return _packet_gives_nothing(data, form.size)


def _packet_gives_nothing(data: bytes, at: int) -> bool:
    if len(data) < at + HEADER or data[at] >> 4 != 6:
        return False
    protocol = data[at + 6]
    if protocol != ICMPV6:
        return protocol not in READ
    has_kind = len(data) > at + HEADER and data[at + 4 : at + 6] != b"\0\0"
    return has_kind and data[at + HEADER] not in NEIGHBOURS
