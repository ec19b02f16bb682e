"""Messages back to octets: mobility options with their alignment, and the Mobility Header."""

from __future__ import annotations

from traces.dialects import Dialect, encode_bid
from traces.events import (
    BindingAcknowledgement,
    BindingError,
    BindingUpdate,
    CareofTest,
    CareofTestInit,
    HomeTest,
    HomeTestInit,
    MobilityMessage,
    OtherMobility,
)
from traces.mobility import FORMS
from traces.options import (
    AlternateCareOf,
    BidOption,
    Ipv4CareOf,
    Ipv4HomeAddress,
    LinkLayerAddress,
    MobileNetworkPrefix,
    NonceIndices,
    Option,
    Padding,
    RefreshAdvice,
)

# option type -> (step, remainder): the option begins where offset % step == remainder
ALIGNMENT = {2: (2, 0), 3: (8, 6), 4: (2, 0), 5: (8, 2), 6: (8, 4), 29: (4, 0), 32: (4, 0)}


def encode_mobility(message: MobilityMessage, wire: Dialect, as_read: bool = False) -> bytes:
    """The Mobility Header with a checksum of zero, filled to a multiple of 8 octets.

    Options are aligned by padding unless the message has Padding options of its own or was read
    (`as_read`), and then has all of them; ValueError is raised for a field that does not fit its
    place, and for a message longer than 2048 octets.
    """
    mh_type, head = _head(message)
    body = _with_options(6 + len(head), message, wire, as_read)
    octets = 6 + len(head) + len(body)
    body += _padding(-octets % 8)
    units = (6 + len(head) + len(body)) // 8 - 1
    if units > 255:
        raise ValueError("the message is longer than 2048 octets; leave options out")
    return bytes([message.payload_proto, units, mh_type, 0, 0, 0]) + head + body


def _head(message: MobilityMessage) -> tuple[int, bytes]:
    """The type and the fixed part behind the checksum; ValueError for a number too large."""
    try:
        if isinstance(message, OtherMobility):
            return message.mh_type, message.data
        mh_type = next(t for t, form in FORMS.items() if form.make is type(message))
        return mh_type, _fixed(message)
    except OverflowError as bad:
        raise ValueError(f"a field of the message does not fit, {bad}; give a smaller one") from bad


def _fixed(message: MobilityMessage) -> bytes:
    """The fixed part of the messages of RFC 3775."""
    match message:
        case BindingUpdate():
            return _u16(message.sequence, message.flags_raw, message.lifetime)
        case BindingAcknowledgement():
            head = bytes([message.status, message.flags_raw])
            return head + _u16(message.sequence, message.lifetime)
        case HomeTest() | CareofTest():
            return _u16(message.nonce_index) + message.cookie + message.token
        case HomeTestInit() | CareofTestInit():
            return bytes(2) + message.cookie
        case BindingError():
            return bytes([message.status, 0]) + message.home_address_in_message.packed
        case _:
            return bytes(2)


def _u16(*numbers: int) -> bytes:
    """16-bit numbers in network order."""
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def _with_options(start: int, message: MobilityMessage, wire: Dialect, padded: bool) -> bytes:
    """The options of a message whose fixed part ends at octet `start`."""
    padded = padded or any(isinstance(option, Padding) for option in message.options)
    body = b""
    for option in message.options:
        if not padded:
            body += _padding(_gap(start + len(body), option, wire))
        body += encode_option(option, wire)
    return body


def _gap(at: int, option: Option, wire: Dialect) -> int:
    """How many octets of padding go before an option at octet `at` (RFC 3775 6.2; RFC 5648 4.3)."""
    if isinstance(option, BidOption):
        step, rest = (8, 2) if wire.layout == "rfc5648" and option.length > 4 else (2, 0)
    else:
        step, rest = ALIGNMENT.get(option.type, (1, 0))
    return (rest - at) % step


def _padding(octets: int) -> bytes:
    """Pad1 or PadN that fills so many octets."""
    if octets < 2:
        return bytes(octets)
    return bytes([1, octets - 2]) + bytes(octets - 2)


def encode_option(option: Option, wire: Dialect) -> bytes:
    """An option with its type and length, exactly `length` octets behind them."""
    if isinstance(option, Padding) and option.type == 0:
        return b"\0"
    body = _option_body(option, wire)[: option.length].ljust(option.length, b"\0")
    return bytes([option.type, option.length]) + body


def _option_body(option: Option, wire: Dialect) -> bytes:
    """The octets of an option behind its length."""
    match option:
        case BidOption():
            return encode_bid(wire, option)
        case AlternateCareOf():
            return option.coa.packed
        case NonceIndices():
            return _u16(option.home, option.careof)
        case RefreshAdvice():
            return _u16(option.interval)
        case MobileNetworkPrefix():
            return bytes([0, option.prefix_length]) + option.prefix.packed
        case _:
            return _later_body(option)


def _later_body(option: Option) -> bytes:
    """The same for the options of RFC 5555 and RFC 5568, and those that are octets alone."""
    match option:
        case LinkLayerAddress():
            return bytes([option.code]) + bytes.fromhex(option.link_layer.replace(":", ""))
        case Ipv4HomeAddress():
            first = option.prefix_length << 2 | option.is_prefix << 1
            return bytes([first, 0]) + option.home_address.packed
        case Ipv4CareOf():
            return bytes(2) + option.coa.packed
        case _:
            return option.data
