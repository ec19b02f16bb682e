"""Random small rulesets: what the analysis finds is what plain enumeration finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import z3
from hypothesis import event, given
from hypothesis import strategies as st

from checker.evaluate import Evaluator
from checker.finding import Finding
from checker.gaps import Gaps
from checker.kinds.firing import Firing
from checker.kinds.redundant import Redundancy
from checker.situation import Situations
from model.fields import Domain
from model.rule import Modality, On, Role, Rule, reject, rule
from model.ruleset import Decision, NodeStep, Reading, Ruleset, gather
from model.scope import Scope
from model.vocabulary import CareOf, Dad, Status, bu, decide
from tests.checker import enumeration as en
from tests.checker.enumeration import Enumeration, Small, Wish
from tests.checker.met import apart

READ_CROSS = Domain(en.READ, *en.READING)
INPUTS = {"bu.ack": bu.ack, "bu.zero_lifetime": bu.zero_lifetime, "bu.key": bu.key}
ANSWERS = (Status.accepted, Status.prohibited, Status.resources, Status.unspecified)
SCOPE = Scope(bids=1, care_of=1, options=1, sequence_bits=1)
MODALITIES = [Modality.MUST, Modality.STATED, Modality.SHOULD, Modality.MAY]


# -- the same rules for the analysis -----------------------------------------------------------


def literal(name: str, value: int) -> Any:
    """The term: an input has a value."""
    if name == en.READ:
        return z3.Const(en.READ, READ_CROSS.sort) == READ_CROSS.at(value)
    return INPUTS[name] if value else z3.Not(INPUTS[name])


def met(wish: Wish) -> Any:
    """The term: a wish is met."""
    values: dict[str, Any] = {
        "key_peer": decide.key_peer == CareOf.at(wish.value),
        "dad": decide.dad == Dad.at(min(wish.value, Dad.size() - 1)),
        "proxy": decide.proxy if wish.value else z3.Not(decide.proxy),
        "acknowledged": decide.acknowledged if wish.value else z3.Not(decide.acknowledged),
        "answer": decide.answer == ANSWERS[min(wish.value, len(ANSWERS) - 1)],
    }
    term = values[wish.decision]
    return term if wish.holds else z3.Not(term)


def as_rule(r: Small) -> Rule:
    """The rule as data of the model."""
    then = met(r.then)
    if r.otherwise is not None:
        then = z3.If(literal(en.READ, 1), met(r.otherwise), then)
    more: dict[str, Any] = {
        "given": z3.And([z3.BoolVal(True), *(literal(n, v) for n, v in r.given)]),
        "then": reject(ANSWERS[r.then.value]) if r.refuses else then,
        "at": r.at,
    }
    if r.when is not None:
        more["when"] = met(r.when)
    return rule(r.id, "1", r.modality, Role.RECEIVER, f"title of {r.id}", **more)


def required(e: Enumeration, name: str) -> Any:
    """The term: a decision has to be spoken of; None when it never has."""
    literals = e.required.get(name)
    if literals is None:
        return None
    return z3.And([z3.BoolVal(True), *(literal(n, v) for n, v in literals)])


def as_ruleset(e: Enumeration) -> Ruleset:
    """The ruleset, with a step of five decisions and one reading."""
    own = (decide.key_peer, decide.dad, decide.proxy, decide.acknowledged, decide.answer)
    decisions = tuple(Decision(c, required(e, c.decl().name())) for c in own)
    reading = Reading(READ_CROSS, "how?", dict(zip(en.READING, en.READING, strict=True)), ())
    return Ruleset(
        "small",
        "A small ruleset",
        "small",
        gather("small", [as_rule(r) for r in e.rules]),
        en.PROCEDURE,
        (NodeStep(On.RECEIVE_UPDATE, decisions),),
        readings=(reading,),
    )


# -- examples ----------------------------------------------------------------------------------


def wishes(*decisions: str) -> st.SearchStrategy[Wish]:
    """Wishes about decisions; a flag is never merely forbidden to have a value."""
    return st.sampled_from(decisions).flatmap(
        lambda d: st.builds(
            Wish,
            st.just(d),
            st.integers(0, min(en.DECISIONS[d], 3) - 1),
            st.just(True) if d in en.FLAGLIKE else st.sampled_from((True, True, False)),
        )
    )


def literals(most: int) -> st.SearchStrategy[tuple[tuple[str, int], ...]]:
    """Literals of a situation, mostly few; now and then they exclude each other."""
    one = st.tuples(st.sampled_from((*en.FLAGS, *en.FLAGS, en.READ)), st.integers(0, 1))
    return st.lists(one, max_size=most, unique=True).map(tuple)


EFFECTS = wishes("key_peer", "key_peer", "dad", "proxy", "acknowledged")
CONDITIONS = st.sampled_from(
    (Wish("acknowledged", 1), Wish("acknowledged", 1), Wish("dad", 1), Wish("proxy", 1))
)
STEPS_OF = st.sampled_from(("", "", *en.PROCEDURE))


@st.composite
def small_rules(draw: st.DrawFn) -> Small:
    """A rule: a refusal, or a demand, perhaps a coupling, perhaps another under each reading."""
    place = draw(literals(2))
    if draw(st.integers(0, 4)) == 0:
        answer = Wish("answer", draw(st.integers(1, 2)))
        step = draw(st.sampled_from(en.PROCEDURE))
        return Small("", Modality.MUST, place, answer, at=step, refuses=True)
    modality, then = draw(st.sampled_from(MODALITIES)), draw(EFFECTS)
    otherwise = draw(st.one_of(st.none(), st.none(), st.none(), EFFECTS))
    when = draw(st.one_of(st.none(), st.none(), CONDITIONS)) if otherwise is None else None
    return Small("", modality, place, then, otherwise, when, draw(STEPS_OF))


@st.composite
def small_rulesets(draw: st.DrawFn) -> Enumeration:
    """Two to six rules, and when each decision has to be spoken of."""
    rules = draw(st.lists(small_rules(), min_size=2, max_size=6))
    need = st.one_of(st.none(), literals(1))
    needed = {d: draw(need) for d in ("key_peer", "dad", "proxy")}
    return Enumeration(tuple(replace(r, id=f"T-{k}") for k, r in enumerate(rules)), needed)


# -- comparisons -------------------------------------------------------------------------------


def holding(s: Situations, term: Any, every: Iterable[dict[str, int]]) -> list[dict[str, int]]:
    """The situations in which a term holds."""
    holds = Evaluator([term], list(s.fields))
    return [x for x in every if holds([x[n] for n in s.fields])[0]]


def known(s: Situations, every: list[dict[str, int]]) -> list[tuple[int, ...]]:
    """The situations as the step sees them."""
    return sorted({tuple(x[n] for n in s.fields) for x in every})


def same_option(f: Finding, x: dict[str, int]) -> bool:
    """Whether it is the same sub-option, or none: a finding shows one of those it is about."""
    return "answer" not in f.at_stake or x[en.PRESENT] == f.witness[en.PRESENT]


def readings(f: Finding) -> tuple[str, ...]:
    """The readings under which a finding holds; none when under all."""
    under = f.readings.get(en.READ, ())
    return () if set(under) == set(en.READING) else under


def under(where: list[dict[str, int]]) -> tuple[str, ...]:
    """The readings of some situations; none when all."""
    found = {x[en.READ] for x in where}
    return () if len(found) == 2 else tuple(en.READING[k] for k in sorted(found))


@given(small_rulesets())
def test_conflicts_are_those_of_enumeration(e: Enumeration) -> None:
    s = Situations(as_ruleset(e), On.RECEIVE_UPDATE, SCOPE)
    expected = e.conflicts()
    found = {(f.kind, f.rules): f for f in apart(s)}
    assert set(found) == set(expected)
    for key, f in found.items():
        event(f"{f.kind} of {len(f.rules)}")
        assert f.replayed
        where = [x for x in expected[key] if same_option(f, x)]
        assert known(s, holding(s, f.condition, e.situations)) == known(s, where)
        assert tuple(f.witness[n] for n in s.fields) in known(s, where)
        assert readings(f) == under(where)


@given(small_rulesets())
def test_gaps_are_those_of_enumeration(e: Enumeration) -> None:
    s = Situations(as_ruleset(e), On.RECEIVE_UPDATE, SCOPE)
    found = list(Gaps(s).findings())
    for d in ("key_peer", "dad", "proxy"):
        own = [f for f in found if f.at_stake == (d,)]
        open_ = known(s, [x for x in e.situations if e.open_in(d, x)])
        silent = known(s, [x for x in e.situations if e.needed(d, x) and not e.spoken(d, x)])
        covered = known(s, [x for f in own for x in holding(s, f.condition, e.situations)])
        event(f"gap: {bool(open_)}, all open: {open_ == silent}")
        assert set(open_) <= set(covered) <= set(silent)
        assert bool(own) == bool(open_)
        for f in own:
            assert f.replayed
            assert tuple(f.witness[n] for n in s.fields) in open_


@given(small_rulesets())
def test_rules_that_never_apply_are_those_of_enumeration(e: Enumeration) -> None:
    s = Situations(as_ruleset(e), On.RECEIVE_UPDATE, SCOPE)
    found = {f.region: f for f in Firing(s).findings()}
    expected = e.never()
    event(f"never: {len(expected)}")
    assert set(found) == set(expected)
    if en.READ in s.fields:  # otherwise nothing that ever applies depends on the reading
        assert {id: readings(f) for id, f in found.items()} == expected
    for id, f in found.items():
        r = next(r for r in e.rules if r.id == id)
        assert (f.kind == "shadowed rule") == any(e.given(r, x) for x in e.situations)
        kept = tuple(o for o in e.rules if o.id in f.rules)
        assert id in replace(e, rules=kept).never()


@given(small_rulesets())
def test_superfluous_rules_are_those_of_enumeration(e: Enumeration) -> None:
    s = Situations(as_ruleset(e), On.RECEIVE_UPDATE, SCOPE)
    found = [f for f in Redundancy(s).findings() if f.kind == "redundant rule"]
    about = {r.id: f for f in found for r in e.rules if f.title.startswith(f"title of {r.id}: ")}
    expected = e.superfluous()
    event(f"superfluous: {len(expected)}")
    assert set(about) == expected
    for id, f in about.items():
        kept = tuple(o for o in e.rules if o.id in f.rules or o.refuses)
        assert id in replace(e, rules=kept).superfluous()
