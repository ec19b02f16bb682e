"""Mistakes that only a whole ruleset shows: each told with place and remedy, all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import z3

from model.errors import RuleError, RuleErrors
from model.fields import Domain
from model.place import declared_at
from model.predicates import READ_H, answers_differ, reads
from model.rule import Modality, On, Role, Rule, rule
from model.ruleset import Decision, NodeStep, Override, Reading, Ruleset
from model.rulesets.draft04 import RULESET
from model.validate import mistakes
from model.vocabulary import Dad, Effect, bc, bu, decide, mn, net, node, o, refused
from tests.checker.support import tiny

SKIP = decide.dad == Dad.skip
FEW = RULESET.only(
    "04-6.3-29",
    "04-6.3-30",
    "04-5.3-6",
    "3775-10.4.1-2",
    "3775-10.3.1-11",
    "3775-10.3.2-5",
)
HALF = Domain("READ-HALF", "A1", "A2")


def one(id: str = "T-1", **more: Any) -> Rule:
    """A rule of the receiver that skips, unless told otherwise."""
    role = more.pop("role", Role.RECEIVER)
    return rule(id, "1", Modality.STATED, role, "title", **({"then": SKIP} | more))


def told_of(ruleset: Ruleset) -> list[str]:
    """What is wrong with a ruleset, without places and remedies."""
    for e in mistakes(ruleset):
        assert e.where
        assert e.remedy
    return [e.what for e in mistakes(ruleset)]


def test_what_is_shipped_has_no_mistake() -> None:
    assert [str(e) for e in mistakes(RULESET)] == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"then": bc.plain}, "`then` of rule T-1 speaks of no decision of the step"),
        ({"given": decide.proxy}, "`given` of rule T-1 speaks of the decision proxy"),
        ({"given": answers_differ}, "`given` of rule T-1 speaks of the decision answer"),
        ({"when": bu.ack}, "`when` of rule T-1 speaks of inputs only"),
        ({"given": mn.defends}, "speaks of mn.defends, which the receiver does not know"),
        ({"given": net.update}, "speaks of net.update, which the receiver does not know"),
        ({"on": On.FORWARD}, "is about a step without decisions, On.FORWARD"),
        ({"given": z3.Bool("foo")}, "`given` of rule T-1 uses an undeclared constant 'foo'"),
        ({"given": o.bid == bu.source}, "compares o.bid (Bid) with bu.source (Address)"),
        ({"given": o.bid == 65}, "`given` of rule T-1 compares o.bid with 65"),
        ({"given": bu.source == 66}, "`given` of rule T-1 compares bu.source with 66"),
        ({"given": o.C + 1 > 1}, "`given` of rule T-1 counts with truth values"),
        ({"given": reads(HALF, "A1")}, "uses READ-HALF, which is no reading of ruleset tiny"),
    ],
)
def test_a_rule_that_does_not_fit_its_step(wrong: dict[str, Any], expected: str) -> None:
    if wrong.get("on") is On.FORWARD:
        steps = tuple(s for s in RULESET.steps if s.on is not On.FORWARD)
        found = told_of(replace(tiny(one(**wrong)), steps=steps, readings=RULESET.readings))
    else:
        found = told_of(tiny(one(**wrong)))
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize("state", [bc.plain, node.bulk], ids=str)
def test_a_mobile_node_does_not_know_the_cache(state: Any) -> None:
    right = bu.home_registration
    composed = {"on": On.SEND_UPDATE, "role": Role.MOBILE_NODE, "then": right}
    assert told_of(tiny(one(**composed))) == []
    (found,) = told_of(tiny(one(**composed, given=state)))
    assert f"speaks of {state}, which the mobile node does not know" in found


def test_what_another_step_decides_is_no_input() -> None:
    wrong = one(on=On.SEND_UPDATE, role=Role.MOBILE_NODE, then=bu.ack, given=decide.proxy)
    (found,) = told_of(tiny(wrong))
    assert "speaks of proxy, which another step decides" in found


@pytest.mark.parametrize(
    "right",
    [
        {"given": o.bid == 64},
        {"given": bu.source == 65},
        {"given": bu.source == bc.coa},
        {"given": ~refused},
        {"when": answers_differ},
        {"then": z3.And(SKIP, decide.effect == Effect.keep)},
    ],
    ids=str,
)
def test_a_rule_that_fits_its_step(right: dict[str, Any]) -> None:
    assert told_of(tiny(one(**right))) == []


def test_several_mistakes_are_told_all() -> None:
    found = told_of(tiny(one("T-1", given=decide.proxy), one("T-2", then=bc.plain)))
    assert [what.split()[3] for what in found] == ["T-1", "T-2"]
    with pytest.raises(RuleErrors) as bad:
        tiny(one("T-1", at="never"), one("T-2"), one("T-2"))
    assert [e.what.split(" is ")[0] for e in bad.value.errors] == ["rule T-1", "rule id T-2"]
    assert len(str(bad.value).splitlines()) == 2
    assert isinstance(bad.value.ruleset, Ruleset)


def overridden(*pairs: Sequence[str], given: Any = bu.ack) -> list[str]:
    """What is wrong with overrides added to the shipped ruleset."""
    added = [Override(base, given, by) for base, by in pairs]
    return told_of(FEW.overriding(*added))


def test_an_override_names_a_base_rule_and_a_sentence() -> None:
    assert overridden(("3775-10.4.1-2", "04-5.3-6")) == []
    (found,) = overridden(("3775-99-1", "04-5.3-6"))
    assert found == "the override of 3775-99-1 by 04-5.3-6 names no rule of the base"
    (found,) = overridden(("3775-10.4.1-2", "04-99-1"))
    assert found == "the override of 3775-10.4.1-2 by 04-99-1 names no sentence 04-99-1"
    (found,) = overridden(("04-6.3-29", "04-5.3-6"))
    assert "is of a rule of the same document" in found


def test_the_situation_of_an_override_is_a_term_over_known_fields() -> None:
    (found,) = overridden(("3775-10.4.1-2", "04-5.3-6"), given=bu.source)
    assert found.startswith("`given` of the override of 3775-10.4.1-2")
    (found,) = overridden(("3775-10.4.1-2", "04-5.3-6"), given=z3.Bool("foo"))
    assert "uses an undeclared constant 'foo'" in found


@pytest.mark.parametrize("length", [1, 2, 3])
def test_overrides_in_a_circle_are_told_once(length: int) -> None:
    ids = ["3775-10.4.1-2", "3775-10.3.1-11", "3775-10.3.2-5"][:length]
    found = overridden(*zip(ids, [*ids[1:], ids[0]], strict=True))
    circles = [f for f in found if f.startswith("overrides go in a circle")]
    assert len(circles) == 1
    assert all(id in circles[0] for id in ids)
    assert overridden(*zip(ids[1:], ids[:-1], strict=True)) == []


def test_a_reading_tells_of_each_alternative() -> None:
    told = {"A1": "so", "A2": "otherwise"}
    right = Reading(HALF, "how?", told, ("04-6.3-29",))
    assert told_of(FEW.reading(right)) == []
    (found,) = told_of(FEW.reading(replace(right, alternatives={})))
    assert found == "READ-HALF tells of the alternatives none"
    (found,) = told_of(FEW.reading(replace(right, alternatives={**told, "A3": "?"})))
    assert found == "READ-HALF tells of the alternatives A1, A2, A3"
    (found,) = told_of(FEW.reading(replace(right, statements=("04-6.3-99",))))
    assert found == "READ-HALF names a statement 04-6.3-99 that does not exist"
    (found,) = told_of(FEW.reading(replace(right, domain=Dad)))
    assert found == "a reading is called Dad"
    first = RULESET.readings[0]
    (found,) = told_of(replace(FEW, readings=(*FEW.readings, first)))
    assert found.startswith(f"'{first.id}' is declared twice")


def test_a_reading_replaces_the_one_of_its_name() -> None:
    changed = Reading(READ_H, "changed?", RULESET.readings[0].alternatives, ())
    assert [r.id for r in RULESET.reading(changed).readings] == [r.id for r in RULESET.readings]
    assert RULESET.reading(changed).readings[0].question == "changed?"


def test_a_step_has_each_decision_once_and_stands_once() -> None:
    twice = NodeStep(On.EXPIRE, (Decision(decide.dad), Decision(decide.dad)))
    unknown = NodeStep(On.EXPIRE, (Decision(z3.Bool("foo")), Decision(decide.dad, z3.Bool("bar"))))
    others = tuple(s for s in FEW.steps if s.on is not On.EXPIRE)
    short = replace(FEW, steps=others)
    known = set(told_of(short))
    (found,) = set(told_of(replace(short, steps=(*others, twice)))) - known
    assert found == "the step 'lets a binding run out' has the decision dad twice"
    found_all = set(told_of(replace(short, steps=(*others, unknown)))) - known
    assert len(found_all) == 2
    assert all("'lets a binding run out'" in f for f in found_all)
    again = replace(twice, decisions=twice.decisions[:1])
    (found,) = set(told_of(replace(short, steps=(*others, again, again)))) - known
    assert found.startswith("'lets a binding run out' is declared twice")


def test_the_account_and_the_rules_do_not_speak_of_the_same_statement() -> None:
    def accounted(**reasons: str) -> list[str]:
        named = {id.replace("_", "-"): why for id, why in reasons.items()}
        return told_of(replace(tiny(one("T-1")), catalogue=("T-1", "T-2"), not_executable=named))

    assert accounted(T_2="a definition") == []
    assert accounted(T_1="a definition") == ["T-1 is executable, and said not to be"]
    assert accounted(T_2=" ") == ["T-2 is said not to be executable"]
    (found,) = accounted(T_3="a definition")
    assert found == "T-3 is said not to be executable, and is not in the catalogue"


def test_ids_that_a_rule_restates_or_cites_are_in_the_catalogue() -> None:
    catalogue = ("T-1", "T-2")
    right = tiny(one("T-1", also=("T-2",)), one("T-9", cites=("T-2",)))
    assert told_of(replace(right, catalogue=catalogue)) == []
    wrong = tiny(one("T-1", also=("T-3",), cites=("T-4",)))
    found = told_of(replace(wrong, catalogue=catalogue))
    assert found == [f"rule T-1 names {id}, which is not in the catalogue" for id in ("T-3", "T-4")]


# -- the form of one rule ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"modality": "MUST"}, "`modality` of rule T-1 is 'MUST'"),
        ({"role": "home agent"}, "`role` of rule T-1 is 'home agent'"),
        ({"on": "sends"}, "`on` of rule T-1 is 'sends'"),
        ({"clause": " "}, "`clause` of rule T-1 is empty"),
        ({"clause": 6.3}, "`clause` of rule T-1 is 6.3"),
        ({"title": ""}, "`title` of rule T-1 is empty"),
        ({"also": "T-2"}, "`also` of rule T-1 is 'T-2'"),
        ({"also": ("T-1",)}, "rule T-1 names itself in `also`"),
        ({"also": (2,)}, "`also` of rule T-1 names 2"),
        ({"gven": bu.ack}, "a rule has no part `gven` (rule T-1)"),
        ({"then": True}, "`then` of rule T-1 is True"),
        ({"then": None}, "`then` of rule T-1 is no truth value"),
        ({"when": bu.source}, "`when` of rule T-1 is no truth value"),
        ({"given": Dad.skip}, "`given` of rule T-1 is no truth value"),
        ({"id": "T"}, "a rule has 'T' for its id"),
        ({"id": 7}, "a rule has 7 for its id"),
    ],
    ids=str,
)
def test_a_part_of_the_wrong_form_is_told_with_its_line(
    wrong: dict[str, Any], expected: str
) -> None:
    parts: dict[str, Any] = {
        "id": "T-1",
        "clause": "1",
        "modality": Modality.MUST,
        "role": Role.RECEIVER,
        "title": "title",
        "then": SKIP,
    }
    with pytest.raises(RuleError) as bad:
        rule(**(parts | wrong))
    assert bad.value.what == expected
    assert bad.value.remedy
    assert bad.value.where.startswith("test_validate.py:")


def test_all_that_is_wrong_with_one_rule_is_told() -> None:
    with pytest.raises(RuleErrors) as bad:
        rule("T-1", "", "MUST", Role.RECEIVER, "title", given=bu.source, then=SKIP)  # type: ignore[arg-type]
    assert len(bad.value.errors) == 3


# -- where a rule is declared ------------------------------------------------------------------


def made(title: str) -> str:
    """A place, asked for by a helper function with a parameter."""
    return place() + title[:0]


def place() -> str:
    """The place of the caller, as rule() asks for it."""
    return declared_at()


def called(make: Callable[[], str]) -> str:
    """What a function says that is handed over to be called elsewhere."""
    return make()


def test_a_declaration_is_where_its_author_wrote_it() -> None:
    direct, listed = place(), [place() for _ in range(2)]
    generated = list(place() for _ in range(2))  # noqa: C400
    helped = [made("a"), made("b")]
    thunk = called(lambda: place())  # noqa: PLW0108
    lines = {text.removeprefix("test_validate.py:") for text in (direct, *listed)}
    assert len(lines) == 1
    first = int(lines.pop())
    assert generated == [f"test_validate.py:{first + 1}"] * 2
    assert helped == [f"test_validate.py:{first + 2}"] * 2
    assert thunk == f"test_validate.py:{first + 3}"


def test_a_value_notes_its_place_and_keeps_it_in_copies() -> None:
    override = Override("3775-1-1", bu.ack, "04-1-1")
    assert override.source.startswith("test_validate.py:")
    assert replace(override, by="04-1-2").source == override.source
    assert override == Override("3775-1-1", bu.ack, "04-1-1")
