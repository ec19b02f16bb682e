"""Other solvers answer every question of the rule analysis as the SAT solver did.

For each node step the contradictions and gaps are looked for with a journal, and likewise the
further kinds of findings; what each solver was told and asked is put to Z3 and to cvc5.  A
receiver of an update is asked about at the smallest scope; the whole analysis at the default
scope, with all its questions, is one of the long tests.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import z3

from checker.check import analyse
from checker.circuits import Circuits
from checker.contradictions import Contradictions
from checker.finding import Finding
from checker.gaps import Gaps
from checker.kinds import kinds
from checker.situation import Situations, views
from checker.solving import Asked, Journal, Solver
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from tests.checker.other_solvers import Z3Solver, by_cvc5, by_z3
from tests.checker.smtlib import Writer, by_solver
from tests.checker.support import SMALLEST, quiet

STEPS = [step.on for step in RULESET.steps]


def disagreements(journal: Journal) -> list[tuple[int, int, str]]:
    """Solver, question and who answers it otherwise than the journal says."""
    writer, found = Writer(), []
    for number, told in by_solver(journal).items():
        expected = ["sat" if e.answer else "unsat" for e in told if e.event == "check"]
        for name, given in (("Z3", by_z3(told)), ("cvc5", by_cvc5(told, writer))):
            assert len(given) == len(expected)
            pairs = enumerate(zip(given, expected, strict=True))
            found += [(number, k, name) for k, (g, e) in pairs if g != e]
    return found


def asked(journal: Journal) -> list[bool]:
    """The answers of a journal; AssertionError when nothing was asked."""
    found = [e.answer for e in journal.entries if e.event == "check"]
    assert found
    assert None not in found
    return [bool(a) for a in found]


def of_step(on: On, scope: Scope) -> Journal:
    """The journal of the contradictions and gaps of a node step."""
    journal = Journal()
    situations = Situations(RULESET, on, scope, journal)
    search = Contradictions(situations)
    list(search.findings())
    list(Gaps(situations, search.engine).findings())
    return journal


@pytest.mark.parametrize("on", STEPS, ids=lambda on: on.name)
def test_contradictions_and_gaps_of_a_step_rest_on_answers_that_others_give_as_well(on: On) -> None:
    journal = of_step(on, SMALLEST if on is On.RECEIVE_UPDATE else Scope())
    assert set(asked(journal)) == {True, False}
    assert disagreements(journal) == []


def test_further_findings_rest_on_answers_that_others_give_as_well() -> None:
    journal = Journal()
    assert list(kinds(views(RULESET, SMALLEST, journal), RULESET))
    assert set(asked(journal)) == {True, False}
    assert disagreements(journal) == []


@pytest.mark.long
def test_the_whole_analysis_rests_on_answers_that_others_give_as_well() -> None:
    journal = Journal()
    assert analyse(RULESET, Scope(), quiet, journal)
    assert len(asked(journal)) > 5000
    assert disagreements(journal) == []


def test_which_solver_answers_makes_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not to a witness, a region, an order: each is told by what the questions mean alone."""
    usual = analyse(RULESET, SMALLEST, quiet, Journal())
    with monkeypatch.context() as patched:
        patched.setattr("checker.situation.Solver", Z3Solver)
        other = analyse(RULESET, SMALLEST, quiet, Journal())
    assert list(map(told, usual)) == list(map(told, other))


def told(f: Finding) -> Finding:
    """All that a finding says, its condition as text."""
    return replace(f, condition=f.condition.sexpr())


# -- that a wrong answer would be noticed ------------------------------------------------------


def test_each_answer_that_is_turned_round_is_noticed() -> None:
    journal = of_step(On.RECEIVE_ERROR, Scope())
    assert disagreements(journal) == []
    for k, entry in enumerate(journal.entries):
        if entry.event != "check":
            continue
        entries = list(journal.entries)
        entries[k] = replace(entry, answer=not entry.answer)
        assert [who for _, _, who in disagreements(Journal(entries))] == ["Z3", "cvc5"], k


def test_an_assertion_that_is_left_out_is_noticed() -> None:
    journal = of_step(On.RECEIVE_ERROR, Scope())
    unsettled = [e for e in journal.entries if e.event != "assert"]
    assert disagreements(Journal(unsettled)) != []


def test_a_journal_without_questions_is_no_success() -> None:
    journal = Journal([Asked(1, "assert", (z3.Bool("a"),))])
    with pytest.raises(AssertionError):
        asked(journal)


# -- the text --------------------------------------------------------------------------------


def test_what_only_z3_can_read_is_written_in_the_standard() -> None:
    a, b, c = map(z3.Bool, ("a", "or b", "c~1"))
    counted = (z3.AtLeast(a, b, c, 2), z3.AtMost(a, b, c, 1), z3.Or([]), z3.And([]), z3.And([a]))
    for term in counted:
        for values in range(8):
            journal = Journal()
            solver = Solver(Circuits(), journal)
            fixed = [x == bool(values >> k & 1) for k, x in enumerate((a, b, c))]
            solver.holds(term, *fixed)
            solver.add(z3.Not(term))
            solver.holds(*fixed)
            assert set(asked(journal)) == {True, False}
            assert disagreements(journal) == []
