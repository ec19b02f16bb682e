"""Mobility Header and BID option, octet by octet."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest

from tests.traces.support import AGENT, CARE_OF, HERE, HOME, home_update, without_padding
from traces.dialects import (
    DRAFT_04,
    KAME,
    RFC5648,
    Dialect,
    decode_bid,
    dialect,
    encode_bid,
    make_bid,
)
from traces.events import (
    AlternateCareOf,
    BindingAcknowledgement,
    BindingError,
    BindingUpdate,
    Ipv4CareOf,
    Ipv4HomeAddress,
    LinkLayerAddress,
    MobilityMessage,
    OtherMobility,
    ReadError,
    UnknownOption,
)
from traces.packets import Origin, decode_packet
from traces.write import build_packet

FOREIGN = bytes.fromhex("20010db8000b00000000000000000020")


def _decode(packet: bytes, wire: Dialect = RFC5648) -> MobilityMessage | ReadError:
    (event,) = decode_packet(packet, 0, Origin(HERE, 0.0), wire)
    assert isinstance(event, MobilityMessage | ReadError)
    return event


def _message(packet: bytes, wire: Dialect = RFC5648) -> MobilityMessage:
    event = _decode(packet, wire)
    assert isinstance(event, MobilityMessage), str(event)
    return event


def _with_options(octets: bytes) -> bytes:
    """A Binding Update without Home Address option whose options are these octets."""
    octets += bytes(-(len(octets) + 12) % 8)
    head = bytes([59, (12 + len(octets)) // 8 - 1, 5, 0, 0, 0]) + bytes.fromhex("0001c0000096")
    payload = head + octets
    addresses = CARE_OF.packed + AGENT.packed
    return (
        bytes.fromhex("60000000")
        + len(payload).to_bytes(2, "big")
        + b"\x87\x40"
        + (addresses + payload)
    )


def test_update_of_the_kame_recording_octet_by_octet() -> None:
    packet = bytes.fromhex(
        "6000000000303c4020010db8000a0000000000000000001020010db800010000000000000000000187020102"
        "0000c91020010db80001000000000000000001003b02050099e50001c00000960704006400000104"
        "00000000"
    )
    update = _message(packet, dialect("draft-04", 7))
    assert without_padding(update) == replace(
        home_update(), options=(make_bid(dialect("draft-04", 7), 100),)
    )
    assert update.offsets == {
        "ip": 0,
        "src": 8,
        "dst": 24,
        "home_address": 48,
        "header": 64,
        "type": 66,
        "checksum": 68,
        "sequence": 70,
        "flags": 72,
        "lifetime": 74,
    }
    assert update.bids[0].offset == 76


def test_checksum_takes_home_address_as_source_and_routing_header_as_destination() -> None:
    update = home_update()
    assert _message(build_packet(update, RFC5648)).checksum_ok
    packet = bytearray(build_packet(update, RFC5648))
    packet[63] ^= 1  # the home address
    assert not _message(bytes(packet)).checksum_ok
    answer = BindingAcknowledgement(HERE, 0.0, src=AGENT, dst=CARE_OF, routing_home=HOME)
    packet = bytearray(build_packet(answer, RFC5648))
    assert without_padding(_message(bytes(packet))) == answer
    packet[39] ^= 1  # the care-of address is not under the checksum
    assert _message(bytes(packet)).checksum_ok


def test_wrong_checksum_is_a_message_that_says_so() -> None:
    update = home_update(checksum_ok=False)
    assert without_padding(_message(build_packet(update, RFC5648))) == update


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (0x8000, "ack"),
        (0x4000, "home_registration"),
        (0x2000, "link_local"),
        (0x1000, "key_mgmt"),
        (0x0400, "mobile_router"),
        (0x0040, "overwrite"),
    ],
)
def test_each_flag_is_one_bit_both_ways(flags: int, name: str) -> None:
    by_raw = BindingUpdate(HERE, 0.0, src=CARE_OF, dst=AGENT, flags_raw=flags)
    by_name = replace(by_raw, flags_raw=0)
    assert getattr(by_raw, name)
    assert by_name == by_raw
    assert sum(getattr(by_raw, n) for n in ("ack", "home_registration", "link_local")) <= 1


def test_lifetime_counts_four_second_units() -> None:
    assert home_update(lifetime=150).lifetime_s == 600


@pytest.mark.parametrize("length", [2, 3, 5, 6, 8, 18])
def test_bid_of_a_wrong_length_is_read_as_far_as_it_goes(length: int) -> None:
    body = (bytes.fromhex("0064") + bytes([130, 0x80]) + FOREIGN)[:length]
    update = _message(_with_options(bytes([35, length]) + body), DRAFT_04)
    option = update.bids[0]
    assert (option.length, option.bid) == (length, 100)
    assert option.status == (None if length < 3 else 130)
    assert option.c is (length > 3)
    assert option.coa is None


@pytest.mark.parametrize("length", [0, 1])
def test_bid_option_without_room_for_a_bid_has_none(length: int) -> None:
    update = _message(_with_options(bytes([35, length]) + bytes(length)))
    assert [(o.length, o.bid) for o in update.bids] == [(length, None)]


def test_c_flag_on_a_short_option_gives_no_address() -> None:
    option = decode_bid(DRAFT_04, 0, bytes.fromhex("00640080"))
    assert (option.c, option.coa) == (True, None)


def test_layouts_read_the_same_octets_differently() -> None:
    body = bytes.fromhex("006482e1") + FOREIGN
    draft, rfc, kame = (decode_bid(wire, 0, body) for wire in (DRAFT_04, RFC5648, KAME))
    assert (draft.status, draft.c, draft.o, draft.h, draft.reserved) == (130, True, True, True, 1)
    assert (rfc.status, rfc.c, rfc.o, rfc.h, rfc.reserved) == (130, False, False, True, 0x61)
    assert (kame.status, kame.c, kame.h, kame.reserved) == (None, False, False, 0x82E1)
    assert draft.coa == rfc.coa == IPv6Address(FOREIGN)
    assert kame.coa is None


def test_rfc_option_of_length_eight_has_an_ipv4_address() -> None:
    option = decode_bid(RFC5648, 0, bytes.fromhex("00010000c0000201"))
    assert (option.ipv4_coa, option.coa) == (IPv4Address("192.0.2.1"), None)


@pytest.mark.parametrize("wire", [KAME, DRAFT_04, RFC5648])
@pytest.mark.parametrize("length", [*range(9), 18, 20, 22])
def test_bid_octets_come_back(wire: Dialect, length: int) -> None:
    body = (bytes.fromhex("12348200") + FOREIGN + b"zz")[:length]
    assert encode_bid(wire, decode_bid(wire, 0, body)) == body


def test_option_of_another_type_is_not_a_bid() -> None:
    update = _message(_with_options(bytes.fromhex("230400640000")), KAME)
    assert update.bids == ()
    assert [o.type for o in update.options if isinstance(o, UnknownOption)] == [35]


def test_declared_type_wins_over_a_known_option() -> None:
    update = _message(_with_options(bytes.fromhex("030400640000")), dialect("draft-04", 3))
    assert [o.bid for o in update.bids] == [100]


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        ("23fe0001", "type 35 claims 254 octets, the message has 2"),
        ("030400000000", "type 3 has length 4 where 16 is due"),
        ("04020000", "type 4 has length 2 where 4 is due"),
        ("00002304", "type 35 claims 4 octets, the message has 0"),
    ],
)
def test_option_that_does_not_fit_is_an_error_at_its_byte(octets: str, says: str) -> None:
    packet = _with_options(bytes.fromhex(octets))
    error = _decode(packet)
    assert isinstance(error, ReadError)
    assert says in str(error)
    assert error.place.offset is not None
    assert packet[error.place.offset] == int(error.what.split("type ")[1].split()[0])


def test_option_type_without_a_length_is_an_error() -> None:
    packet = bytearray(_with_options(bytes.fromhex("0000000b")))
    error = _decode(bytes(packet))
    assert isinstance(error, ReadError)
    assert (error.place.offset, "has no length" in error.what) == (55, True)


@pytest.mark.parametrize("missing", range(1, 16))
def test_cut_message_is_an_error_at_the_header(missing: int) -> None:
    packet = build_packet(replace(home_update(), home_address=None), RFC5648)
    error = _decode(packet[:-missing])
    assert isinstance(error, ReadError)
    assert error.place.offset in (40, 41)


def test_header_too_short_for_its_type_is_an_error() -> None:
    packet = bytearray(_with_options(b""))
    packet[42] = 3  # a Home Test needs 24 octets
    error = _decode(bytes(packet))
    assert isinstance(error, ReadError)
    assert "HomeTest of 16 octets is too short" in error.what


def test_unjudged_type_is_kept() -> None:
    packet = bytearray(_with_options(b""))
    packet[42] = 8
    other = _message(bytes(packet))
    assert isinstance(other, OtherMobility)
    assert other.mh_type == 8


def test_binding_error_has_its_address() -> None:
    sent = BindingError(HERE, 0.0, src=AGENT, dst=CARE_OF, status=1, home_address_in_message=HOME)
    assert _message(build_packet(sent, RFC5648)) == sent


def test_alternate_care_of_address_is_aligned_and_found() -> None:
    option = AlternateCareOf(3, 16, coa=IPv6Address(FOREIGN))
    update = _message(build_packet(home_update(options=(option,)), RFC5648))
    assert update.alternate == IPv6Address(FOREIGN)
    found = next(o for o in update.options if isinstance(o, AlternateCareOf))
    assert (found.offset - update.offsets["header"]) % 8 == 6


def test_options_of_rfc_5555_and_5568_octet_by_octet() -> None:
    octets = "20060000c0000201 1d066200c0000202 070702020000000101"
    update = _message(_with_options(bytes.fromhex(octets)))
    assert update.options[:3] == (
        Ipv4CareOf(32, 6, coa=IPv4Address("192.0.2.1")),
        Ipv4HomeAddress(
            29, 6, home_address=IPv4Address("192.0.2.2"), prefix_length=24, is_prefix=True
        ),
        LinkLayerAddress(7, 7, code=2, link_layer="02:00:00:00:01:01"),
    )
    assert [o.offset for o in update.options[:3]] == [52, 60, 68]
    error = _decode(_with_options(b"\x07\0"))
    assert isinstance(error, ReadError)
    assert "type 7 has length 0 where 1 is least" in error.what


def test_bid_with_address_is_aligned_in_rfc_5648() -> None:
    options = (make_bid(RFC5648, 1), make_bid(RFC5648, 2, coa=IPv6Address(FOREIGN)))
    update = _message(build_packet(home_update(options=options), RFC5648))
    places = [o.offset - update.offsets["header"] for o in update.bids]
    assert (places[0] % 2, places[1] % 8) == (0, 2)


def test_fields_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        build_packet(home_update(sequence=65536), RFC5648)


def test_names_and_types_of_dialects_are_checked() -> None:
    assert dialect("draft-04").option_type == 35
    assert dialect("draft-04", 7) == Dialect("draft-04", 7, "draft-04")
    with pytest.raises(ValueError, match="not known; take one of kame"):
        dialect("draft-05")
    with pytest.raises(ValueError, match="no option type"):
        dialect("draft-04", 1)


def test_options_that_a_dialect_cannot_carry_are_refused() -> None:
    with pytest.raises(ValueError, match="kame"):
        make_bid(KAME, 1, h=True)
    with pytest.raises(ValueError, match="Binding Update"):
        make_bid(RFC5648, 1, o=True)
