"""The findings of the rule analysis: what must be found, what must go, what must come."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from checker.check import analyse
from checker.finding import Finding
from checker.intents import Intents
from checker.outcomes import StepEngine
from checker.rulesets import load_ruleset
from checker.situation import Situations, generic
from checker.usual import UNUSED
from model.rule import Modality, On, Rule, reject
from model.ruleset import Ruleset
from model.rulesets import draft04
from model.rulesets.draft04 import RULESET
from model.scope import Scope, World
from model.step import step_relation
from model.terms import constants
from model.vocabulary import NONE, CareOf, Dad, Status, bu, decide
from tests.checker.support import contradictions, only, quiet, stated, tiny

ROOT = Path(__file__).parent.parent.parent
CARE_OF = ("04-6.3-29", "04-6.3-30")
DELETION = ("04-6.3-21", "04-6.3-25")
ANSWERS = ("04-6.3-34", "04-6.3-36")
EQUAL_FLAGS = ("04-5.4-4", "04-5.5-16")


@pytest.fixture(scope="module")
def findings() -> tuple[Finding, ...]:
    """The findings of draft -04 at the default scope."""
    return analyse(RULESET, Scope(), quiet)


@pytest.fixture(scope="module")
def receiving() -> list[Finding]:
    """The findings of a receiver at the smallest scope."""
    return contradictions(RULESET)


def including(found: Iterable[Finding], *ids: str, kind: str = "contradiction") -> list[Finding]:
    """The findings of a kind whose rules include all of these."""
    return [f for f in found if f.kind == kind and set(ids) <= set(f.rules)]


def firm(found: Iterable[Finding]) -> list[Finding]:
    """The contradictions."""
    return [f for f in found if f.kind == "contradiction"]


def rules_of(found: Iterable[Finding]) -> set[tuple[str, ...]]:
    """The rules of each finding."""
    return {f.rules for f in found}


# -- what must be found ------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [EQUAL_FLAGS, CARE_OF, DELETION, ANSWERS])
def test_the_contradictions_of_the_draft_are_found(
    findings: tuple[Finding, ...], ids: tuple[str, ...]
) -> None:
    assert including(findings, *ids)


@pytest.mark.parametrize("ids", [CARE_OF, DELETION, ANSWERS])
def test_each_by_its_minimal_set_of_rules_and_once(
    findings: tuple[Finding, ...], ids: tuple[str, ...]
) -> None:
    assert [f.rules for f in including(findings, *ids)] == [ids]


def test_what_the_sender_must_send_and_the_receiver_refuse_is_found(
    findings: tuple[Finding, ...],
) -> None:
    ids = ("04-6.3-19", "04-6.3-20", "04-5.5-17")
    assert including(findings, *ids, kind="sender/receiver")


def test_under_the_default_readings_the_care_of_address_has_two_sources(
    findings: tuple[Finding, ...],
) -> None:
    (found,) = including(findings, *CARE_OF)
    assert found.readings == {}
    assert found.witness["o.C[1]"] == 0
    assert found.witness["bu.alternate"] != NONE
    assert found.at_stake == ("care_of",)


def test_ids_are_unique_and_every_rule_is_a_statement_of_the_ruleset(
    findings: tuple[Finding, ...],
) -> None:
    known = {*RULESET.catalogue, *(r.id for r in RULESET.rules)}
    assert len({f.id for f in findings}) == len(findings)
    assert all(set(f.rules) <= known for f in findings)
    assert all(f.rules for f in findings)


def test_no_finding_is_written_down_in_the_packages(findings: tuple[Finding, ...]) -> None:
    """Neither its id, nor its title, nor its witness, nor two of its rules in one line."""
    sources = [p for room in ("model", "checker", "reports") for p in (ROOT / room).rglob("*.py")]
    texts = {p: p.read_text(encoding="utf-8") for p in sources}
    assert len(texts) > 30
    witnesses = [json.dumps({n: f.witness.get(n) for n in f.shown})[1:-1] for f in findings]
    titles = [f.title for f in findings if f.kind != "ambiguity"]  # the question of the reading
    forbidden = [f.id for f in findings] + titles + witnesses
    forbidden += [f.id.removeprefix("F-") for f in findings]
    for path, text in texts.items():
        assert not [w for w in forbidden if w and w in text], path


def test_the_engines_name_no_rule_of_the_draft() -> None:
    """Statements that a reading or property cites are data of the model; engines have none."""
    named = re.compile(r"[\"'](?:04|3775)-[\w.]+-\d+[a-z]?[\"']")
    for path in (ROOT / "checker").rglob("*.py"):
        if "replay" not in path.parts:
            assert not named.findall(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("reading", ["READ-H", "READ-ORD"])
def test_a_reading_with_an_alternative_that_contradicts_itself_is_one_ambiguity(
    findings: tuple[Finding, ...], reading: str
) -> None:
    default = next(r.default for r in RULESET.readings if r.id == reading)
    apart = [f for f in findings if default not in f.readings.get(reading, (default,))]
    assert apart == []
    (f,) = [f for f in findings if f.region == reading]
    assert (f.kind, f.readings[reading][0]) == ("ambiguity", default)
    assert len(f.demands) > 2


# -- every witness replays ---------------------------------------------------------------------


def test_every_finding_says_that_its_witness_replays(findings: tuple[Finding, ...]) -> None:
    assert [f.rules for f in findings if not f.replayed] == []


class Engines:
    """An engine for each step at the default scope, made here and not by the analysis."""

    def __init__(self) -> None:
        self.names = {
            on: list(Situations(RULESET, on, Scope()).fields)
            for on in [s.on for s in RULESET.steps]
        }
        self.engines = {
            on: StepEngine(step_relation(RULESET, on, World(Scope())), names, UNUSED)
            for on, names in self.names.items()
        }

    def values(self, f: Finding) -> list[int]:
        """Return the witness of a finding in the order of its engine."""
        return [f.witness[n] for n in self.names[f.on]]

    def clashing(self, f: Finding) -> bool:
        """Return whether the witness cannot be lived through without breaking one of the rules.

        A demand on a sub-option that may be there clashes where the sub-option is there.
        """
        engine = self.engines[f.on]
        applied = engine.applied(self.values(f))
        cores = engine.conflicts(applied)
        if any({i for g in core for i in g.rule.ids} <= set(f.rules) for core in cores):
            return True
        own = [
            g for g in map(engine.relation.rules.__getitem__, applied.rules) if g.when is not None
        ]
        conditions = [g.when for g in own if set(g.rule.ids) <= set(f.rules)]
        there = {c.decl().name(): frozenset({1}) for t in conditions for c in constants(t)}
        outcomes = engine.outcomes_of(applied, there)
        return bool(there) and all(o.given_up & set(f.rules) for o in outcomes)


@pytest.fixture(scope="module")
def engines() -> Engines:
    """The engines of all steps."""
    return Engines()


def test_every_contradiction_is_met_by_the_engine_in_its_witness(
    findings: tuple[Finding, ...], engines: Engines
) -> None:
    found = firm(findings)
    assert len(found) > 10
    missed = [f.rules for f in found if not engines.clashing(f)]
    assert missed == []


def test_in_every_gap_the_engine_leaves_the_decision_open(
    findings: tuple[Finding, ...], engines: Engines
) -> None:
    gaps = [f for f in findings if f.kind == "gap" and "is given up" not in f.title]
    assert gaps
    for f in gaps:
        engine, values = engines.engines[f.on], engines.values(f)
        labels = [d.label for d in engine.relation.decisions if generic(d.label) in f.at_stake]
        assert any(engine.left_open(values, label) for label in labels), f.title


def test_whether_a_refusal_is_acknowledged_is_asked_once(findings: tuple[Finding, ...]) -> None:
    """Which rule refuses makes no difference to it: not that A is not set, nor what is open."""
    (f,) = (f for f in findings if f.kind == "gap" and f.at_stake == ("acknowledged",))
    assert f.witness["bu.ack"] == 0
    assert f.rules[0] == "04-6.3-22"  # other refusals say that a status is returned


def test_every_witness_is_minimal_in_what_it_shows(findings: tuple[Finding, ...]) -> None:
    """What is shown suffices for the contradiction, and nothing of it is superfluous."""
    situations = Situations(RULESET, On.RECEIVE_UPDATE, Scope())
    (f,) = including(findings, *CARE_OF)
    solver = situations.solver()
    literals = {n: situations.literal(n, dict(f.witness), dict(f.facts)) for n in f.shown}
    solver.add(f.condition == False)  # noqa: E712  (a term)
    assert not solver.holds(*literals.values())
    for left_out in f.shown:
        rest = [t for n, t in literals.items() if n != left_out]
        assert solver.holds(*rest), left_out


# -- minimality --------------------------------------------------------------------------------


def test_the_rules_of_a_contradiction_alone_contradict_and_no_part_of_them_does(
    findings: tuple[Finding, ...],
) -> None:
    for f in firm(findings):
        own, scope = only(RULESET, *f.rules), Scope(bids=1, care_of=1, sequence_bits=2)
        assert f.rules in rules_of(firm(contradictions(own, f.on, scope))), f.rules
        for r in own.rules:
            left = contradictions(own.without(r.id), f.on, scope)
            assert not [g for g in firm(left) if set(g.rules) < set(f.rules)], (f.rules, r.id)


@pytest.mark.parametrize("dropped", CARE_OF)
def test_without_one_of_its_rules_a_contradiction_is_gone(
    receiving: list[Finding], dropped: str
) -> None:
    own = only(RULESET, *CARE_OF, "04-6.3-34", "04-6.3-36")
    assert rules_of(contradictions(own)) == {CARE_OF, ANSWERS}
    assert rules_of(contradictions(own.without(dropped))) == {ANSWERS}
    assert CARE_OF in rules_of(receiving)


# -- repairing and seeding ---------------------------------------------------------------------


def test_repairing_the_rule_at_fault_in_a_copy_of_the_file_removes_the_finding(
    receiving: list[Finding], tmp_path: Path
) -> None:
    text = Path(draft04.__file__).read_text(encoding="utf-8")
    at_fault = "given=registering & ~o.C,"
    assert text.count(at_fault) == 1
    copy = tmp_path / "repaired.py"
    copy.write_text(text.replace(at_fault, "given=registering & ~o.C & (bu.alternate == NONE),"))
    repaired = load_ruleset(str(copy))
    after = rules_of(contradictions(repaired))
    assert rules_of(receiving) - after == {CARE_OF}
    assert not after - rules_of(receiving)
    assert EQUAL_FLAGS in {
        tuple(i for i in f.rules if i in EQUAL_FLAGS)
        for f in contradictions(repaired, On.SEND_UPDATE, Scope())
    }


def test_a_copy_of_the_file_gives_the_same_findings(tmp_path: Path) -> None:
    copy = tmp_path / "copy.py"
    copy.write_text(Path(draft04.__file__).read_text(encoding="utf-8"))
    again = load_ruleset(str(copy))
    assert again.digest() == RULESET.digest()
    assert ids_and_witnesses(sending(again)) == ids_and_witnesses(sending(RULESET))


def test_the_fourth_finding_goes_with_the_rule_that_refuses_unequal_flags() -> None:
    assert between(RULESET)
    assert not between(RULESET.without("04-6.3-20"))


def between(ruleset: Ruleset) -> list[Finding]:
    """What may be sent against what must be refused."""
    scope = Scope()
    sender = Situations(ruleset, On.SEND_UPDATE, scope)
    receiver = Situations(ruleset, On.RECEIVE_UPDATE, scope)
    return list(Intents(sender, receiver).findings())


CLEAN = ("04-6.3-27", "04-6.3-28", "04-6.3-29")
SEEDS: dict[str, Rule] = {
    "an effect": stated("S-1", decide.care_of == CareOf.home_address, given=bu.ack, at="register"),
    "a prohibition": stated(
        "S-1",
        decide.care_of != CareOf.source,
        given=bu.source == bu.alternate,
        modality=Modality.MUST_NOT,
        at="register",
    ),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_seeding_a_contradiction_into_a_clean_set_of_rules_makes_it_appear(seed: str) -> None:
    clean = only(RULESET, *CLEAN)
    assert contradictions(clean) == []
    found = contradictions(clean.having(SEEDS[seed]))
    assert all(f.kind == "contradiction" and "S-1" in f.rules for f in found)
    expected = {("04-6.3-28", "S-1"), ("04-6.3-29", "S-1")} if seed == "an effect" else set()
    assert {f.principal for f in found} == expected | {("04-6.3-29", "S-1")}


def test_one_seed_in_a_tiny_ruleset_makes_exactly_one_finding() -> None:
    skip = stated("T-1", decide.dad == Dad.skip, given=bu.ack)
    lists = stated("T-2", decide.acknowledged, given=bu.ack)
    clean = tiny(skip, lists)
    assert contradictions(clean) == []
    run = stated("T-3", decide.dad == Dad.run, given=bu.zero_lifetime)
    (found,) = contradictions(clean.having(run))
    assert (found.kind, found.rules, found.replayed) == ("contradiction", ("T-1", "T-3"), True)
    assert {n: found.witness[n] for n in found.shown} == {"bu.ack": 1, "bu.zero_lifetime": 1}
    apart = stated("T-3", decide.dad == Dad.run, given=~bu.ack)
    assert contradictions(clean.having(apart)) == []


@pytest.mark.parametrize(
    ("modality", "kind"),
    [
        (Modality.MUST, "contradiction"),
        (Modality.MUST_NOT, "contradiction"),
        (Modality.SHOULD, "tension"),
        (Modality.MAY, "permission conflict"),
    ],
)
def test_the_kind_of_a_finding_is_that_of_its_weakest_rule(modality: Modality, kind: str) -> None:
    skip = stated("T-1", decide.dad == Dad.skip)
    run = stated("T-2", decide.dad == Dad.run, modality=modality)
    assert [(f.kind, f.rules) for f in contradictions(tiny(skip, run))] == [(kind, ("T-1", "T-2"))]


def test_permissions_and_advice_among_themselves_contradict_nothing() -> None:
    for pair in ((Modality.MAY, Modality.MAY), (Modality.MAY, Modality.SHOULD)):
        rules = [
            stated(f"T-{k}", decide.dad == value, modality=m)
            for k, (m, value) in enumerate(zip(pair, (Dad.skip, Dad.run), strict=True))
        ]
        assert contradictions(tiny(*rules)) == []


def test_an_earlier_refusal_keeps_later_rules_apart() -> None:
    refusal = stated("T-1", reject(Status.prohibited), given=bu.ack, at="first")
    later = stated("T-2", decide.answer == Status.accepted, at="second")
    assert contradictions(tiny(refusal, later)) == []
    unplaced = stated("T-2", decide.answer == Status.accepted)
    assert rules_of(contradictions(tiny(refusal, unplaced))) == {("T-1", "T-2")}


# -- stability ---------------------------------------------------------------------------------


def sending(ruleset: Ruleset) -> list[Finding]:
    """The findings of a sender: cheap, and with readings and gaps of every kind."""
    return contradictions(ruleset, On.SEND_UPDATE, Scope())


def ids_and_witnesses(found: Iterable[Finding]) -> list[list[object]]:
    """What must not change from run to run, as JSON has it."""
    return [[f.id, f.title, list(f.shown), dict(f.witness)] for f in found]


PROGRAM = """
import json
from tests.checker import test_findings as t
found = [*t.contradictions(t.RULESET), *t.sending(t.RULESET)]
print(json.dumps(t.ids_and_witnesses(found)))
"""


def fresh_run(hash_seed: int) -> list[list[object]]:
    """What a process of its own finds, with its own hashes of names."""
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM]
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    found: list[list[object]] = json.loads(run.stdout)
    return found


def test_another_run_with_other_hashes_finds_the_same_in_the_same_order(
    receiving: list[Finding],
) -> None:
    """Here other analyses ran before: ids, titles and witnesses do not depend on them."""
    first, second = fresh_run(1), fresh_run(12345)
    assert first == second
    here = ids_and_witnesses([*receiving, *sending(RULESET)])
    assert set(map(str, first)) ^ set(map(str, here)) == set()


def test_ids_do_not_change_with_titles_and_added_rules() -> None:
    before = [f.id for f in sending(RULESET)]
    other = RULESET.rule("04-5.4-4")
    edited = RULESET.having(
        replace(other, title="another title"), stated("S-9", bu.ack, on=On.SEND_UPDATE, given=False)
    )
    assert len(edited.rules) == len(RULESET.rules) + 1
    assert sorted(f.id for f in sending(edited)) == sorted(before)
    assert before
