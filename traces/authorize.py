"""The authenticator of the Binding Authorization Data option (RFC 3775 5.2.6, 6.2.7)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from ipaddress import IPv6Address
from typing import TypeVar

from traces.dialects import Dialect
from traces.encode import encode_mobility
from traces.messages import BindingAcknowledgement, BindingUpdate
from traces.options import BindingAuthorization

OCTETS = 12
M = TypeVar("M", BindingUpdate, BindingAcknowledgement)


def binding_key(home_token: bytes, care_of_token: bytes) -> bytes:
    """The key Kbm of two keygen tokens of 8 octets (RFC 3775 5.2.5)."""
    return hashlib.sha1(home_token + care_of_token).digest()


def authorized(
    message: M, wire: Dialect, key: bytes, care_of: IPv6Address, correspondent: IPv6Address
) -> M:
    """The message with a Binding Authorization Data option whose authenticator is right.

    The option goes last; its 12 octets are the first of an HMAC over both addresses and the
    Mobility Header before them, with a checksum of zero.
    """
    empty = BindingAuthorization(5, OCTETS, data=bytes(OCTETS))
    unsigned = replace(message, options=(*message.options, empty))
    digest = authenticator(encode_mobility(unsigned, wire), key, care_of, correspondent)
    return replace(message, options=(*message.options, replace(empty, data=digest)))


def authenticator(
    header: bytes, key: bytes, care_of: IPv6Address, correspondent: IPv6Address
) -> bytes:
    """The 12 octets that end a Mobility Header whose checksum is zero, computed with a key."""
    data = care_of.packed + correspondent.packed + header[:-OCTETS]
    return hmac.new(key, data, hashlib.sha1).digest()[:OCTETS]
