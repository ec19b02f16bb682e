"""The mobile node of draft -04: its list, its updates, its conclusions, its home link."""

from __future__ import annotations

import pytest

from checker.finding import Finding
from checker.outcomes import Outcome
from model.fields import Domain
from model.mobile import (
    BidChoice,
    BidSource,
    Defends,
    Entries,
    Homecoming,
    HomeUpdate,
    Links,
    ListEvent,
    NamedBid,
    NextUpdate,
    PeerHolds,
    Remaining,
    SequenceChoice,
    TokenKey,
)
from model.rule import On
from model.vocabulary import (
    HOME_ADDRESS,
    NONE,
    Announcement,
    Belief,
    Dad,
    Intent,
    Length,
    Resync,
    Status,
    Where,
)
from tests.draft04 import engine, findings, situations

ONE = {"o.present[1]": 1, "o.copied[1]": 1, "mn.ba_matches": 1}
PEER_CN = {"mn.peer_home_agent": 0}


def values(on: On, **inputs: int) -> list[int]:
    """The inputs of a step; what is not named has its default."""
    fields = situations(on).fields
    assert set(inputs) <= set(fields), set(inputs) - set(fields)
    return [inputs.get(n, situations(on).default(n)) for n in fields]


def outcomes(on: On, **inputs: int) -> tuple[Outcome, ...]:
    """What the node may do."""
    return engine(on).outcomes(values(on, **inputs))


def decided(on: On, **inputs: int) -> dict[str, set[int]]:
    """The values that each decision may take, over all outcomes."""
    labels = [d.label for d in engine(on).relation.decisions]
    found = [o.values for o in outcomes(on, **inputs)]
    return {label: {v[k] for v in found} for k, label in enumerate(labels)}


def applying(on: On, **inputs: int) -> set[str]:
    """The rules that apply, with the letters of their parts."""
    chosen = engine(on).applied(values(on, **inputs)).rules
    return {engine(on).relation.rules[k].rule.key for k in chosen}


def found(on: On, kind: str, *ids: str) -> list[Finding]:
    """The findings of a kind whose rules include these."""
    return [f for f in findings(on) if f.kind == kind and set(ids) <= set(f.rules)]


def index(domain: Domain, value: str) -> int:
    """The number of a value of a domain."""
    return domain.values.index(value)


def intent(value: str) -> dict[str, int]:
    """The wish of a mobile node, from a foreign link or from home."""
    source = HOME_ADDRESS if value == "return_home" else 2
    return {"mn.intent": index(Intent, value), "bu.source": source}


# -- the list ----------------------------------------------------------------------------------


def test_each_care_of_address_gets_a_new_bid_when_several_are_wanted() -> None:
    several = decided(On.KEEP_LIST, **{"list.several": 1, "list.wanted": 1})
    assert several["list.bid"] == {index(BidChoice, "new")}
    assert several["list.recorded"] == {1}


def test_with_one_care_of_address_none_is_needed() -> None:
    alone = decided(On.KEEP_LIST)
    assert index(BidChoice, "none") in alone["list.bid"]
    assert index(BidChoice, "zero") not in alone["list.bid"]
    assert index(BidChoice, "of_another_binding") not in alone["list.bid"]


def test_a_bid_stays_when_the_status_changes_though_it_may_change_at_any_time() -> None:
    changes = {"list.event": index(ListEvent, "status_changes")}
    assert decided(On.KEEP_LIST, **changes)["list.bid"] == {index(BidChoice, "kept")}
    assert found(On.KEEP_LIST, "permission conflict", "04-2-5", "04-2-6")


def test_the_list_has_an_entry_for_each_bid_where_the_draft_changes_the_base() -> None:
    several = decided(On.KEEP_LIST, **{"list.several": 1, "list.wanted": 1})
    assert several["list.entries"] == {index(Entries, "each_bid")}
    assert decided(On.KEEP_LIST)["list.entries"] == {index(Entries, "last_update")}
    assert not found(On.KEEP_LIST, "contradiction", "04-3-1", "3775-11.1-1")


def test_toward_a_correspondent_node_bids_agree_and_tokens_are_kept_for_each_address() -> None:
    there = decided(On.KEEP_LIST, **{"list.several": 1, "list.wanted": 1}, **PEER_CN)
    assert there["list.agrees"] == {1}
    assert there["list.tokens"] == {index(TokenKey, "each_address")}
    at_home = decided(On.KEEP_LIST, **{"list.several": 1, "list.wanted": 1})
    assert at_home["list.tokens"] == {index(TokenKey, "none")}


def test_an_entry_that_runs_out_is_deleted() -> None:
    gone = decided(On.KEEP_LIST, **{"list.event": index(ListEvent, "runs_out")})
    assert gone["list.removed"] == {1}
    assert decided(On.KEEP_LIST)["list.removed"] == {0}


# -- what is sent ------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["register_plain", "deregister_all", "return_home"])
def test_without_multiple_registration_no_sub_option_is_sent(wish: str) -> None:
    assert decided(On.SEND_UPDATE, **intent(wish))["o.present[1]"] == {0}


@pytest.mark.parametrize("wish", ["register_one", "register_bulk", "deregister_one"])
def test_the_bid_is_copied_from_the_list(wish: str) -> None:
    sent = decided(On.SEND_UPDATE, **intent(wish))
    assert sent["o.present[1]"] == {1}
    assert sent["o.bid_from[1]"] == {index(BidSource, "list")}


@pytest.mark.parametrize(
    ("wish", "esp", "alternate"),
    [
        ("register_plain", 1, {2}),
        ("register_one", 1, {NONE}),
        ("deregister_all", 1, {HOME_ADDRESS}),
        ("deregister_one", 0, {HOME_ADDRESS}),
        ("deregister_one", 1, {NONE, HOME_ADDRESS}),
        ("return_home", 1, {NONE}),
    ],
)
def test_the_alternate_care_of_address_of_each_wish(
    wish: str, esp: int, alternate: set[int]
) -> None:
    sent = decided(On.SEND_UPDATE, **intent(wish), **{"bu.esp": esp})
    assert sent["bu.alternate"] == alternate


def test_a_deletion_must_name_the_home_address_in_an_option_that_must_be_left_out() -> None:
    ids = ("04-5.3-6", "04-5.4-7", "3775-6.1.7-2")
    assert [f.rules for f in found(On.SEND_UPDATE, "contradiction", *ids)] == [ids]


def test_sequence_numbers_that_differ_set_the_largest_used_against_a_greater_one() -> None:
    same = decided(On.SEND_UPDATE, **intent("register_bulk"))
    assert same["bu.sequence_from"] == {index(SequenceChoice, "next")}
    differ = decided(On.SEND_UPDATE, **intent("register_bulk"), **{"mn.sequences_differ": 1})
    both = {index(SequenceChoice, v) for v in ("next", "largest_used")}
    assert differ["bu.sequence_from"] == both
    assert found(On.SEND_UPDATE, "contradiction", "04-5.4-9", "3775-11.7.2-1")


def test_a_binding_out_of_the_window_gets_its_own_update_and_the_others_no_bulk() -> None:
    sent = decided(On.SEND_UPDATE, **intent("register_bulk"), **{"o.out_of_window[2]": 1})
    assert sent["o.apart[2]"] == {1}
    assert sent["o.apart[1]"] == {0}
    assert 0 in sent["o.present[2]"]


def test_after_a_start_o_is_advised_at_a_home_agent_and_barred_at_a_correspondent() -> None:
    at_home = decided(On.SEND_UPDATE, **intent("register_one"), **{"mn.boots": 1})
    assert at_home["o.O[1]"] == {1}
    there = decided(On.SEND_UPDATE, **intent("register_one"), **{"mn.boots": 1}, **PEER_CN)
    assert there["o.O[1]"] == {0}
    assert there["bu.preceded"] == {1}


@pytest.mark.parametrize("lacking", ["mn.keygen_tokens", "mn.current"])
def test_without_tokens_or_with_an_old_address_no_correspondent_is_told(lacking: str) -> None:
    ready = decided(On.SEND_UPDATE, **intent("register_one"), **PEER_CN)
    assert ready["bu.sent"] == {1}
    assert (ready["bu.authorized"], ready["bu.covered"]) == ({1}, {1})
    unready = decided(On.SEND_UPDATE, **intent("register_one"), **PEER_CN, **{lacking: 0})
    assert unready["bu.sent"] == {0}


def test_k_is_clear_and_bulk_barred_at_a_correspondent() -> None:
    sent = decided(On.SEND_UPDATE, **intent("register_bulk"), **PEER_CN)
    assert sent["bu.key"] == {0}
    assert sent["o.present[2]"] == {0}


def test_after_returning_home_a_correspondent_is_advised_zero_and_permitted_more() -> None:
    returned = {**intent("register_one"), **PEER_CN, "mn.returned": 1}
    assert {"04-5.5-9", "3775-11.7.2-2b"} <= applying(On.SEND_UPDATE, **returned)
    assert decided(On.SEND_UPDATE, **returned)["bu.zero_lifetime"] == {1}
    assert found(On.SEND_UPDATE, "silent override", "04-5.5-9", "3775-11.7.2-2")


def test_the_care_of_addresses_of_a_bulk_deregistration_are_due_and_to_be_omitted() -> None:
    sent = outcomes(On.SEND_UPDATE, **intent("deregister_bulk"))
    assert all("04-5.5-6" in o.deviates for o in sent)
    lengths = decided(On.SEND_UPDATE, **intent("deregister_bulk"))["o.length[1]"]
    assert lengths == {index(Length, "twenty")}


# -- what is concluded -------------------------------------------------------------------------


def concluded(**inputs: int) -> dict[str, set[int]]:
    """What is concluded from an acknowledgement with one sub-option."""
    return decided(On.RECEIVE_ACK, **{**ONE, **inputs})


@pytest.mark.parametrize(
    ("whole", "own", "in_force", "belief"),
    [
        ("accepted", "accepted", "accepted", "registered"),
        ("resources", "accepted", "resources", "failed"),
        ("accepted", "resources", "resources", "failed"),
        ("accepted", "mcoa_incompliant", "mcoa_incompliant", "failed"),
        ("mcoa_prohibited", "accepted", "mcoa_prohibited", "failed"),
    ],
)
def test_the_status_in_force_and_what_it_means(
    whole: str, own: str, in_force: str, belief: str
) -> None:
    told = {"ba.status": index(Status, whole), "o.ba_status[1]": index(Status, own)}
    result = concluded(**told)
    assert result["mn.effective[1]"] == {index(Status, in_force)}
    assert result["mn.believed[1]"] == {index(Belief, belief)}
    assert result["mn.checked[1]"] == {1}


@pytest.mark.parametrize("wrong", [{"mn.ba_matches": 0}, {"ba.authentic": 0}])
def test_what_answers_nothing_or_is_not_authentic_is_ignored(wrong: dict[str, int]) -> None:
    result = concluded(**wrong)
    assert result["mn.believed[1]"] == {index(Belief, "unchanged")}
    assert result["mn.holds[1]"] == {index(PeerHolds, "unchanged")}


def test_an_acknowledged_deregistration_is_said_to_have_registered_the_binding() -> None:
    kept = {index(PeerHolds, v) for v in ("binding", "nothing")}
    assert concluded(**{"mn.deletion": 1})["mn.holds[1]"] == kept
    assert concluded()["mn.holds[1]"] == {index(PeerHolds, "binding")}
    assert found(On.RECEIVE_ACK, "contradiction", "04-5.6-9", "3775-11.7.3-2")


def test_a_shorter_lifetime_shortens_every_binding_of_a_bulk_registration() -> None:
    result = concluded(**{"o.present[2]": 1, "o.copied[2]": 1, "ba.shorter": 1})
    shortened = {index(Remaining, "shortened")}
    assert result["mn.remaining[1]"] == result["mn.remaining[2]"] == shortened


def test_after_status_135_two_sequence_numbers_are_demanded() -> None:
    refused = {"ba.status": index(Status, "sequence"), "mn.goes_on": 1}
    result = concluded(**refused)
    assert result["mn.resync"] == {index(Resync, v) for v in ("last_accepted", "next")}
    assert index(NextUpdate, "none") not in result["mn.next[1]"]


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        ("mcoa_prohibited", {"without_bid"}),
        ("mcoa_bulk_not_supported", {"none", "without_bid", "without_bulk"}),
        ("mcoa_bid_conflict", {"none", "without_bid", "overwriting"}),
        ("mcoa_incompliant", set(NextUpdate.values)),
        ("mcoa_flag_conflicts", set(NextUpdate.values)),
        ("resources", set(NextUpdate.values) - {"same"}),
    ],
)
def test_what_follows_from_each_status(status: str, allowed: set[str]) -> None:
    result = concluded(**{"o.ba_status[1]": index(Status, status), "mn.goes_on": 1})
    assert {NextUpdate.values[v] for v in result["mn.next[1]"]} == allowed


def test_no_rule_says_what_follows_from_incompliant() -> None:
    (gap,) = [f for f in findings(On.RECEIVE_ACK) if f.at_stake == ("mn.next",)]
    assert gap.kind == "gap"
    assert gap.replayed


def test_a_correspondent_cannot_be_overwritten_after_a_conflict() -> None:
    conflict = {"o.ba_status[1]": index(Status, "mcoa_bid_conflict"), "mn.goes_on": 1}
    result = concluded(**conflict, **PEER_CN)
    assert index(NextUpdate, "overwriting") not in result["mn.next[1]"]
    assert index(NextUpdate, "without_bid") in result["mn.next[1]"]


def test_without_sub_option_in_the_answer_no_more_bids_are_sent() -> None:
    result = concluded(**{"o.copied[1]": 0, "mn.goes_on": 1})
    allowed = {index(NextUpdate, v) for v in ("none", "without_bid")}
    assert result["mn.next[1]"] <= allowed
    assert result["mn.believed[1]"] == {index(Belief, "registered")}
    assert not found(On.RECEIVE_ACK, "gap", "04-5.6-9")


def test_after_status_134_the_home_address_is_given_up() -> None:
    duplicate = index(Status, "duplicate_address")
    assert concluded(**{"o.ba_status[1]": duplicate})["mn.home_address"] == {0}
    assert concluded()["mn.home_address"] == {1}


# -- at the home link --------------------------------------------------------------------------


def at_home(wish: str, **inputs: int) -> dict[str, set[int]]:
    """What the mobile node does with an interface on its home link."""
    return decided(On.ATTACH, **{"mn.homecoming": index(Homecoming, wish), **inputs})


def test_who_returns_home_deregisters_all_and_defends_on_sending() -> None:
    result = at_home("return_home")
    assert result["home.sends"] == {index(HomeUpdate, "delete_all")}
    assert result["home.sent_from"] == {index(Where, "home")}
    assert result["home.defends"] == {index(Defends, "on_sending")}
    assert result["home.announces"] == {index(Announcement, "override")}
    assert result["home.dad"] == {index(Dad, "skip")}


def test_who_stays_away_disables_the_interface_first_and_deletes_its_binding() -> None:
    result = at_home("stay_away")
    assert (result["home.enabled"], result["home.disabled_first"]) == ({0}, {1})
    assert result["home.sends"] == {index(HomeUpdate, "delete_one")}
    assert result["home.named"] == {index(NamedBid, "of_home_interface")}
    assert result["home.sent_from"] == {index(Where, "foreign")}
    assert result["home.uses"] == {index(Links, "foreign")}


def test_when_all_bindings_have_run_out_the_home_address_is_probed() -> None:
    assert at_home("return_home", **{"mn.bound": 0})["home.dad"] == {index(Dad, "run")}


def test_who_keeps_foreign_bindings_at_correspondents_uses_both_links_and_may_not() -> None:
    result = at_home("return_home", **{"mn.keeps_peers": 1})
    assert index(Links, "both") in result["home.uses"]
    assert len(result["home.uses"]) > 1
    assert result["home.peers"] == {0, 1}
    ids = ("04-3-25", "04-5.5-10")
    assert [f.rules for f in found(On.ATTACH, "contradiction", *ids)] == [ids]


@pytest.mark.parametrize("forgotten", ["home.sent_from", "home.defends", "home.announces"])
def test_what_the_text_forgets_of_a_node_that_uses_both(forgotten: str) -> None:
    (gap,) = [f for f in findings(On.ATTACH) if f.at_stake == (forgotten,)]
    assert gap.kind == "gap"
    assert gap.witness["mn.homecoming"] == index(Homecoming, "use_both")
    assert at_home("use_both")["home.sends"] == {index(HomeUpdate, "home_binding")}


def test_no_rule_says_which_bid_is_named_when_the_interface_had_none() -> None:
    (gap,) = [f for f in findings(On.ATTACH) if f.at_stake == ("home.named",)]
    assert gap.witness["mn.home_bid"] == 0


def test_on_leaving_a_normal_binding_may_but_need_not_follow() -> None:
    sends = at_home("leave_again")["home.sends"]
    assert index(HomeUpdate, "normal_binding") in sends
    assert index(HomeUpdate, "none") in sends


def test_the_base_has_a_returned_node_tell_its_home_agent_where_the_draft_stays_away() -> None:
    assert found(On.ATTACH, "tension", "04-5.5-12", "3775-11.5.4-1")
