"""What must be found in the recordings, by what they are said to contain, and what must not."""

from __future__ import annotations

import pytest

from tests.checker.replay.support import events_of, judge, until, verdicts, violated

CLEAN = (
    "shisa/ha01_plain_reg_refresh_dereg.jsonl",
    "shisa/ha02_returning_home_dereg.jsonl",
    "shisa/ha03_seq_window_plain.jsonl",
    "shisa/ha04_one_bid.jsonl",
    "shisa/ha10_dereg_unknown_bid.jsonl",
    "shisa/ha43_rfc5648_type35.jsonl",
    "shisa/ha48_nonce_option_at_ha.jsonl",
    "shisa/cm01_rr_plain.jsonl",
    "shisa/cm03_bid_single.jsonl",
    "shisa/cn01_rr_plain.jsonl",
    "shisa/e2e05_plain_mn.jsonl",
    "umip/09-dad-conflict-ha.pcapng",
    "umip/11-crafted-f-ha.pcapng",
    "umip/11-crafted-g-ha.pcapng",
    "umip/12p-route-opt-padfix-cn.pcap",
)
# Two or more BIDs: right in all that a capture of the messages alone shows. The logs of the same
# runs tell that DAD runs again for each new BID, against 04-6.3-7.
PROBED_AGAIN = ("ha05_two_bids", "ha06_three_bids_same_coa", "ha17_bid_max_value", "ha37_expiry")
ADVERTISEMENT = "3775-10.4.1-2"


@pytest.mark.parametrize("name", CLEAN)
def test_conforming_recordings_have_no_violation(name: str) -> None:
    """Nothing is held against a node that did what the documents say."""
    records, made = judge(name)
    assert verdicts(records, "violates") == {}
    assert made.summary.exit_code == 0


@pytest.mark.parametrize("name", PROBED_AGAIN)
def test_only_what_is_shown_is_judged(name: str) -> None:
    """Probing again is seen in the log only."""
    assert violated(f"shisa/{name}.pcapng") == set()
    assert violated(f"shisa/{name}.jsonl") == {"04-6.3-7"}


def test_proxy_nd_stops_though_bindings_remain() -> None:
    """In the packet of the deregistration, and not again for each later exchange."""
    records, made = judge("shisa/ha08_dereg_one_bid.jsonl")
    found = verdicts(records, "violates")
    assert found["04-3-24"] == [5]
    assert "3775-10.3.1-11" not in found
    later = verdicts(records, "inconclusive")["3775-10.3.1-11"]
    assert later == [7]
    assert made.summary.exit_code == 1


@pytest.mark.parametrize(
    ("name", "packet"),
    [("shisa/ha15_bid_bu_while_plain.jsonl", 7), ("shisa/hn03_plain_then_bid_nodad.jsonl", 5)],
)
def test_update_without_bid_that_does_not_replace(name: str, packet: int) -> None:
    """04-6.3-2."""
    assert verdicts(judge(name)[0], "violates")["04-6.3-2"] == [packet]


@pytest.mark.parametrize("kind", ["jsonl", "pcapng"])
@pytest.mark.parametrize("name", ["ha20_bulk_two", "ha21_bulk_three"])
def test_bulk_update_with_one_bid_acknowledged(name: str, kind: str) -> None:
    """From the log and from the capture alike."""
    found = verdicts(judge(f"shisa/{name}.{kind}")[0], "violates")
    assert 1 in found["04-6.3-38"]
    assert 1 in found["04-5.6-2"]


def test_cut_to_its_conforming_part() -> None:
    """The messages of ha08 conform up to the deregistration; its log up to the second BID."""
    name = "shisa/ha08_dereg_one_bid"
    for kind, packet in (("pcapng", 5), ("jsonl", 3)):
        events = until(events_of(f"{name}.{kind}"), packet)
        assert judge(f"{name}.{kind}", events)[1].summary.exit_code == 0


def test_legacy_peer_that_deregisters_all() -> None:
    """UMIP, judged as an implementation: its acknowledgements lack the option."""
    found = verdicts(judge("umip/11-crafted-a-ha.pcapng")[0], "violates")
    assert found["04-6.3-38"] == found["04-5.6-2"] == found["04-6.3-37"] == [4, 16, 25]


def test_deregistration_with_a_bid_removes_the_whole_binding() -> None:
    """UMIP leaves the group on which a proxy hears solicitations, though BID 2 remains."""
    records, _ = judge("umip/11-crafted-a-ha.pcapng")
    assert verdicts(records, "violates")["04-3-24"] == [25]
    told = [r["observed"] for r in records if r["record"] == "exchange" and r["packet"] == 25]
    assert "the node ceases to hear solicitations for the home address" in told[0]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("umip/11-crafted-a-ha.pcapng", {ADVERTISEMENT}),
        ("umip/11-crafted-b-ha.pcapng", {ADVERTISEMENT}),
        ("shisa/hs01_stock_had_bid.jsonl", set()),
        ("shisa/cn04_dereg_bid.jsonl", set()),
        ("shisa/cn07_bid_zero_flags_length.jsonl", set()),
    ],
)
def test_declared_legacy_peer(name: str, left: set[str]) -> None:
    """Declared as one that knows no BIDs: judged by the base alone, the rest unsupported."""
    records, _ = judge(name, knows_bids=False)
    assert set(verdicts(records, "violates")) == left
    unsupported = verdicts(records, "unsupported")
    assert "04-6.3-38" in unsupported
    assert all(len(packets) == 1 for packets in unsupported.values())


@pytest.mark.parametrize(
    "name", ["01-register", "02-refresh", "02c-expiry", "03-move", "04-home", "08-traffic"]
)
def test_plain_mobile_ipv6(name: str) -> None:
    """Nothing against plain operation but the flags of the advertisement (RFC 3775 10.4.1)."""
    assert violated(f"umip/{name}-ha.pcapng") == {ADVERTISEMENT}


def test_duplicate_address_is_a_note_not_a_violation() -> None:
    """Status 134: the other node's advertisement is in the capture."""
    records, _ = judge("umip/09-dad-conflict-ha.pcapng")
    notes = [r["note"] for r in records if r.get("rule") == "3775-10.3.1-5" and "note" in r]
    assert notes == [
        f"seen: another node holds the home address: packet {n} shows it" for n in (20, 29)
    ]


def test_lost_messages_are_no_fault_of_the_home_agent() -> None:
    """At the mobile node a lost acknowledgement looks like none: nothing is held against it."""
    records, _ = judge("umip/10-lost-ba-mn.pcap")
    assert verdicts(records, "violates") == {}
    assert len(verdicts(records, "inconclusive")["3775-9.5.4-2"]) == 5
    assert violated("umip/10c-lost-dereg-ba-mn.pcap") == set()
    assert violated("umip/08-traffic-ha-up.pcap") == set()


def test_update_that_is_never_answered() -> None:
    """It arrived while DAD ran for an earlier one."""
    assert verdicts(judge("umip/06-ha-crash-ha.pcapng")[0], "violates")["3775-9.5.4-2"] == [61]


def test_contradictions_are_no_violations() -> None:
    """BID CONFLICT against status 0: the draft demands both."""
    records, _ = judge("shisa/ha15_bid_bu_while_plain.jsonl")
    found = [r for r in records if r.get("rule") == "04-6.3-34" and r["verdict"] == "ambiguous"]
    assert [r["packet"] for r in found] == [3, 5]
    assert all("04-6.3-36" in r["note"] for r in found)


def test_readings_are_named() -> None:
    """A sequence number per home address or per BID."""
    records, _ = judge("shisa/cm10_seq_window.jsonl")
    found = [r for r in records if r["record"] == "verdict" and r["verdict"] == "ambiguous"]
    both = ["04-6.3-5", "3775-9.5.1-6"]
    assert sorted(r["rule"] for r in found) == both
    assert all(r["readings"] == {"READ-SEQ": "S2"} for r in found)


def test_wrong_checksums_leave_nothing_to_judge() -> None:
    """RFC 3775 9.2 has the updates of this capture dropped."""
    records, made = judge("tcpdump/ipv6_mobility_1.pcap")
    assert [r["record"] for r in records] == ["trace"]
    assert "6 Binding Updates with a wrong checksum" in records[0]["description"]
    assert made.summary.exit_code == 4


@pytest.mark.parametrize(
    "name", ["mobility_opt_asan", "mobility_opt_asan_2", "ipv6-mobility-header-oobr"]
)
def test_broken_captures(name: str) -> None:
    """One sentence with packet and byte; exit code 3."""
    records, made = judge(f"tcpdump/{name}.pcap")
    errors = [r["text"] for r in records if r["record"] == "error"]
    assert errors
    assert all("packet 1, byte" in errors[0] and text.count("\n") == 0 for text in errors)
    assert made.summary.exit_code == 3


def test_readable_packets_beside_a_broken_one_are_judged() -> None:
    """The hang of ha55 comes with an option that cannot be read."""
    records, made = judge("shisa/ha55_bid_length_254_nodebug.jsonl")
    assert made.summary.exit_code == 3
    assert verdicts(records, "conforms")
