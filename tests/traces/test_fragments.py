"""Packets in fragments: put together in any order, within bounds, with the place of every byte."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces.generated import Draws, divided, piece
from tests.traces.support import AGENT, CAPTURES, CARE_OF, HERE, home_update, messages, name_of
from tests.traces.tshark import dissect, message_facts
from traces.capture import Frame, read_frames
from traces.declaration import Declaration, load_declaration
from traces.dialects import RFC5648, make_bid
from traces.events import Event, MobilityMessage, OtherMobility, ReadError, Tunnelled
from traces.fragments import Bounds, Reassembly
from traces.options import Option
from traces.packets import Origin, decode_frame, decode_packet
from traces.place import Place
from traces.read import read_trace
from traces.write import build_packet, write_capture

UPDATE = home_update(options=tuple(make_bid(RFC5648, bid, coa=CARE_OF) for bid in range(1, 5)))
PACKET = build_packet(UPDATE, RFC5648)
ALONE = decode_packet(PACKET, 0, Origin(HERE, 0.0), RFC5648)


def around(payload: bytes, following: int = 41) -> bytes:
    """A tunnel's packet."""
    head = bytes.fromhex("60000000") + len(payload).to_bytes(2, "big") + bytes([following, 64])
    return head + AGENT.packed + CARE_OF.packed + payload


def read(
    packets: Iterable[bytes], reassembly: Reassembly | None = None, step: float = 0.0
) -> list[Event]:
    """The events of IPv6 packets, `step` seconds apart."""
    state = reassembly or Reassembly()
    frames = [
        Frame(at, at * step, 229, 0, octets, original_length=len(octets))
        for at, octets in enumerate(packets, 1)
    ]
    return [event for frame in frames for event in decode_frame(frame, "x", RFC5648, state)]


def the_same(event: Event) -> bool:
    """Whether this is the update, whatever its place."""
    assert isinstance(event, MobilityMessage), str(event)
    alone = {"place": HERE, "time": 0.0, "interface": None}
    return replace(event, **alone, tunnelled=False, outer_src=None, outer_dst=None) == ALONE[0]


def check_places(event: Event, frames: list[bytes], whole: bytes = PACKET) -> None:
    """Every field and option of a message is where its place says."""
    assert isinstance(event, MobilityMessage)
    for name in event.offsets:
        place = event.place_of(name)
        assert place.packet is not None
        assert place.offset is not None
        assert frames[place.packet - 1][place.offset] == whole[event.offsets[name]], name
    for option in event.options:
        place = event.place.at(option.offset)
        assert place.packet is not None
        assert place.offset is not None
        found = frames[place.packet - 1][place.offset : place.offset + 1]
        assert found == bytes([option.type])


@given(
    cuts=st.sets(st.integers(1, (len(PACKET) - 41) // 8), min_size=1),
    shuffle=st.randoms(use_true_random=False),
    again=st.integers(0, 3),
)
def test_fragments_in_any_order_are_the_message(
    cuts: set[int], shuffle: Random, again: int
) -> None:
    fragments = divided(PACKET, cuts)
    last = fragments.pop(shuffle.randrange(len(fragments)))
    sent = [*fragments, *shuffle.sample(fragments, min(again, len(fragments)))]
    shuffle.shuffle(sent)
    sent.append(last)
    reassembly = Reassembly()
    (event,) = read(sent, reassembly)
    assert the_same(event)
    assert event.place.packet == len(sent)
    check_places(event, sent)
    assert reassembly.incomplete == 0


def test_packets_are_told_apart_by_mark_source_and_destination() -> None:
    foreign = bytearray(PACKET)
    foreign[23] ^= 1
    to_another = bytearray(PACKET)
    to_another[39] ^= 1
    sets = [divided(PACKET, [4]), divided(PACKET, [4], mark=8)]
    sets += [divided(bytes(foreign), [4]), divided(bytes(to_another), [4])]
    found = read([fragments[0] for fragments in sets] + [fragments[1] for fragments in sets])
    assert [event.place.packet for event in found] == [5, 6, 7, 8]
    assert the_same(found[0])
    assert the_same(found[1])


def test_headers_before_the_fragment_header_are_of_the_packet() -> None:
    """The home address stands before the fragment header here, and in the first fragment alone."""
    fragments = [piece(PACKET, a, b, head=64) for a, b in ((0, 16), (16, None))]
    with_option = [bytearray(fragment) for fragment in fragments]
    for fragment in with_option:
        fragment[6], fragment[40], fragment[64] = 60, 44, 135
    (event,) = read(map(bytes, reversed(with_option)))
    assert the_same(event)
    check_places(event, [bytes(f) for f in reversed(with_option)])
    assert event.place.at(48).packet == 2


def test_overlap_drops_the_packet_and_what_follows_of_it() -> None:
    """RFC 5722 4: nothing of the packet is used, not even what comes later."""
    first, last = divided(PACKET, [6])
    across = piece(PACKET, 40, 64)
    reassembly = Reassembly()
    (error,) = read([first, across, last, first], reassembly)
    assert isinstance(error, ReadError)
    assert str(error).startswith(
        "x packet 2, byte 40: the fragment overlaps another of its packet;"
    )
    assert reassembly.incomplete == 0
    changed = first[:-1] + bytes([first[-1] ^ 1])
    (error,) = read([first, changed, last])
    assert isinstance(error, ReadError)
    assert "overlaps" in error.what


def test_ends_that_disagree_are_errors() -> None:
    first, last = divided(PACKET, [6])
    behind = piece(PACKET + bytes(16), len(PACKET) - 40, len(PACKET) - 32)
    for sent, says in (
        ([last, behind], "lies behind the last"),
        ([behind, last], "has another end"),
        ([last, piece(PACKET[:80], 24, None)], "has another end"),
    ):
        (error,) = read([*sent, first])
        assert isinstance(error, ReadError)
        assert says in error.what
        assert error.place.packet == 2


def test_fragments_that_nobody_may_send_are_errors() -> None:
    odd = bytearray(piece(PACKET, 0, 24)[:-1])
    odd[5] -= 1
    empty = bytearray(piece(PACKET, 0, 24)[:-24])
    empty[5] -= 24
    for octets, says in ((odd, "has 23 octets"), (empty, "has 0 octets")):
        (error,) = read([bytes(octets)])
        assert isinstance(error, ReadError)
        assert says in error.what
        assert error.place.offset == 40


def test_packet_that_would_be_too_long_is_an_error() -> None:
    field = (0xFFF8).to_bytes(2, "big") + bytes(4)
    end = around(bytes([135, 0]) + field + bytes(16), 44)
    parts = [
        around(bytes([135, 0]) + (a | 1).to_bytes(2, "big") + bytes(4) + bytes(0x3FF8), 44)
        for a in (0, 0x3FF8, 0x7FF0, 0xBFE8)
    ]
    rest = around(bytes([135, 0]) + (0xFFE1).to_bytes(2, "big") + bytes(4) + bytes(0x18), 44)
    (error,) = read([*parts, rest, end])
    assert isinstance(error, ReadError)
    assert "make a packet of 65544 octets" in error.what


def test_whole_packet_with_a_fragment_header_is_apart_from_fragments_with_its_mark() -> None:
    """RFC 6946."""
    first, last = divided(PACKET, [6])
    atomic = piece(PACKET, 0, None)
    found = read([first, atomic, last])
    assert [event.place.packet for event in found] == [2, 3]
    assert all(map(the_same, found))


def test_fragments_inside_tunnels_and_tunnels_in_fragments() -> None:
    inner = [around(fragment) for fragment in divided(PACKET, [6, 12])]
    (found,) = read(inner)
    assert the_same(found)
    check_places(found, inner)
    outer = divided(around(PACKET), [3, 12])
    (event,) = read(outer)
    assert the_same(event)
    assert isinstance(event, MobilityMessage)
    assert event.tunnelled
    check_places(event, outer, around(PACKET))
    both = [f for at, packet in enumerate(inner) for f in divided(packet, [5, 9], mark=at)]
    message = read(both)[-1]
    assert the_same(message)
    check_places(message, both)
    assert len({message.place.at(at).packet for at in range(len(PACKET))}) > 3  # type: ignore[union-attr]


def test_tunnelled_fragments_of_other_traffic_are_told_as_any_tunnelled_packet() -> None:
    other = PACKET[:6] + bytes([17]) + PACKET[7:]
    found = read([around(fragment) for fragment in divided(other, [6])])
    assert [type(event) for event in found] == [Tunnelled, Tunnelled]
    (whole,) = read(divided(around(other), [6]))
    assert isinstance(whole, Tunnelled)
    assert whole.place.packet == 2


def test_the_same_fragments_in_a_tunnel_and_outside_are_two_messages() -> None:
    plain = divided(PACKET, [6])
    found = read([plain[0], around(plain[0]), plain[1], around(plain[1])])
    messages = [event for event in found if isinstance(event, MobilityMessage)]
    assert [(m.place.packet, m.tunnelled) for m in messages] == [(3, False), (4, True)]


def test_fragments_in_fragments_without_a_tunnel_are_an_error() -> None:
    inner = piece(PACKET, 0, 48)[40:]
    twice = around(bytes([44, 0, 1, 4, 0, 0, 0, 0]) + inner, 60)
    (error,) = read(divided(twice, [2]))
    assert isinstance(error, ReadError)
    assert "lies in a packet that came in fragments" in error.what


def test_an_error_in_a_packet_put_together_is_told_where_it_lies() -> None:
    bad = bytearray(PACKET)
    bad[77] = 3  # the length of the first option makes the rest nonsense
    bad[64 + 13] = 200
    fragments = divided(bytes(bad), [3, 6])
    (error,) = read(reversed(fragments))
    assert isinstance(error, ReadError)
    place = error.place
    assert place.packet is not None
    assert place.offset is not None
    frame = list(reversed(fragments))[place.packet - 1]
    assert frame[place.offset] == 1  # the PadN that claims too much
    assert str(error).startswith(f"x packet 2, byte {place.offset}: mobility option type 1 claims")


def test_fragment_that_was_captured_in_part_is_an_error() -> None:
    first, _ = divided(PACKET, [6])
    frame = Frame(1, 0.0, 229, 0, first[:-8], original_length=len(first))
    (error,) = decode_frame(frame, "x", RFC5648, Reassembly())
    assert str(error).endswith("the frame was captured in part, capture whole frames.")


def test_lost_fragments_are_counted_and_not_told() -> None:
    reassembly = Reassembly()
    assert read([divided(PACKET, [6], mark)[mark % 2] for mark in range(5)], reassembly) == []
    assert reassembly.incomplete == 5


def test_other_traffic_in_fragments_is_not_kept() -> None:
    reassembly = Reassembly()
    packet = PACKET[:6] + bytes([17]) + PACKET[7:]
    assert read(divided(packet, [6]), reassembly) == []
    assert reassembly.incomplete == 0


def test_only_the_first_fragment_tells_the_protocol() -> None:
    """RFC 8200 4.5: the Next Header of the others may differ and is not used."""
    first, last = divided(PACKET, [6])
    other = last[:40] + bytes([17]) + last[41:]
    (event,) = read([first, other])
    assert the_same(event)


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        (Bounds(packets=3), 3),
        (Bounds(octets=2000), 5),
        (Bounds(seconds=2.0), 3),
    ],
)
def test_what_waits_is_bounded(bounds: Bounds, kept: int) -> None:
    """Ten packets wait a second apart; those that are still there become whole."""
    parts = [divided(PACKET, [6], mark) for mark in range(10)]
    reassembly = Reassembly(bounds)
    assert read([first for first, _ in parts], reassembly, 1.0) == []
    assert reassembly.incomplete == 10
    frames = [Frame(at, 10.0, 229, 0, last) for at, (_, last) in enumerate(reversed(parts))]
    found = [e for frame in frames for e in decode_frame(frame, "x", RFC5648, reassembly)]
    assert len(found) == kept
    assert all(map(the_same, found))


def test_a_capture_and_a_log_are_put_together(tmp_path: Path) -> None:
    fragments = divided(PACKET, [6])
    capture = tmp_path / "made.pcap"
    write_capture(capture, ((float(at), octets) for at, octets in enumerate(fragments)))
    (event,) = read_trace(capture, Declaration(dialect=RFC5648))
    assert the_same(event)
    log = tmp_path / "made.jsonl"
    lines = [json.dumps({"t": 1, "kind": "rx", "pkt": octets.hex()}) for octets in fragments]
    log.write_text("\n".join(lines))
    (event,) = read_trace(log, Declaration(dialect=RFC5648))
    assert isinstance(event, MobilityMessage)
    assert the_same(replace(event, direction=None))
    assert event.place == Place("made.jsonl", 2, 2, pieces=event.place.pieces)
    assert [event.place.at(offset).line for offset in (40, 95)] == [1, 2]


@pytest.mark.parametrize("path", CAPTURES[::4], ids=name_of)
def test_recorded_messages_are_the_same_in_fragments(path: Path) -> None:
    wire, reassembly = load_declaration(path).dialect, Reassembly()
    for frame in read_frames(path):
        assert isinstance(frame, Frame)
        for sent in messages(decode_frame(frame, path.name, wire)):
            start = min(sent.offsets["ip"], 14 if frame.linktype == 1 else 0)
            link, packet = frame.data[:start], frame.data[start:]
            end = 40 + int.from_bytes(packet[4:6], "big")
            (*first, last) = divided(packet[:end], range(1, 200, 2), frame.number)
            for octets in reversed(first):
                early = frame._replace(data=link + octets)
                assert not messages(decode_frame(early, path.name, wire, reassembly))
            late = frame._replace(data=link + last)
            (found,) = decode_frame(late, path.name, wire, reassembly)
            assert isinstance(found, MobilityMessage)
            assert replace(found, place=sent.place) == sent


def test_tshark_puts_the_same_together(tmp_path: Path) -> None:
    """Five hundred messages in fragments, in disorder, some repeated, some lost, some tunnelled."""
    draws, sent = Draws(Random(4), RFC5648), list[bytes]()
    for mark in range(500):
        packet = build_packet(draws.message(), RFC5648)
        cuts = [at for at in range(1, len(packet) // 8) if draws.chance(30)]
        fragments = divided(packet, cuts, mark)
        draws.random.shuffle(fragments)
        if draws.chance(10):
            fragments.pop()
        if fragments and draws.chance(20):
            fragments.insert(0, fragments[0])
        wrap = around if draws.chance(20) else bytes
        sent += [wrap(fragment) for fragment in fragments]
    path = tmp_path / "fragments.pcap"
    mixed = _mixed(sent, draws.random)
    write_capture(path, ((at / 1000, octets) for at, octets in enumerate(mixed)))
    found = [e for e in read_trace(path, Declaration(dialect=RFC5648)) if _is_message(e)]
    theirs = {seen.number: seen for seen in dissect(path) if seen.names["mipv6"]}
    assert {event.place.packet for event in found} == set(theirs)
    compared = 0
    for event in found:
        assert isinstance(event, MobilityMessage)
        assert event.place.packet is not None
        seen = theirs[event.place.packet]
        shown = {(name, value) for name, _, value in seen.facts}
        ours = {(name, value) for name, _, value in message_facts(event)}
        is_compared = not isinstance(event, OtherMobility) and not seen.complaints
        assert not is_compared or ours - shown == set(), event.place.packet
        compared += is_compared
        check_fields(event, mixed)
    assert compared > 300


def _mixed(packets: list[bytes], random: Random) -> list[bytes]:
    """The packets a little out of order, so that those of several messages mingle."""
    places = [(at + random.uniform(0, 6), octets) for at, octets in enumerate(packets)]
    return [octets for _, octets in sorted(places)]


def _is_message(event: Event) -> bool:
    assert not isinstance(event, ReadError), str(event)
    return isinstance(event, MobilityMessage)


def check_fields(event: MobilityMessage, frames: list[bytes]) -> None:
    """The first octets of addresses and options are where their places say."""
    options: list[tuple[Option, Place]] = [(o, event.place.at(o.offset)) for o in event.options]
    for option, place in options:
        assert place.packet is not None
        assert place.offset is not None
        assert frames[place.packet - 1][place.offset] == option.type
    src = event.place_of("src")
    assert src.packet is not None
    assert src.offset is not None
    assert frames[src.packet - 1][src.offset : src.offset + 16] == event.src.packed
