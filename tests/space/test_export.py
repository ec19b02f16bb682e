"""What every export rests on: names, expressions, keys; and the command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import z3

from checker.cli import main
from checker.export.expressions import Expressions, Reading, sort_of
from checker.export.flat import Flat
from checker.export.keys import met
from checker.export.naming import Naming
from checker.export.promela import Promela
from checker.space.interpreted import Interpreted
from checker.space.system import Transition, TransitionSystem, Variable
from model.errors import RuleError
from tests.space.test_engines import counting
from tests.space.test_spin import draft


def test_names_stay_recognisable_and_apart() -> None:
    names = Naming()
    assert names("bc.kind[1]") == "bc_kind_1"
    assert names("bc.kind.1") == "bc_kind_1_"
    assert names("bc.kind[1]") == "bc_kind_1"
    assert names("init") == "init_"
    assert names("t1") == "x_t1"
    assert names("1 up") == "x_1_up"
    assert names("größe") == "gr_e"


def test_constants_are_worked_in() -> None:
    made = Expressions()
    a, b, f = z3.BitVec("a", 4), z3.BitVec("b", 4), z3.Bool("f")
    names = {n: made.name("state", n, sort_of(s)) for n, s in (("a", a.sort()), ("f", f.sort()))}
    read = Reading(made, names | {"b": made.const(3, sort_of(b.sort()))})
    assert read(z3.And(b == 3, f)) is read(f)
    assert read(z3.If(z3.ULT(b, 2), a, b + 14)).value == 1
    assert read(z3.If(f, z3.BoolVal(True), a == 3)) is read(z3.Or(f, a == b))
    assert read(z3.Or(f, z3.Not(f))).value == 1
    with pytest.raises(RuleError, match="'c' is no variable here"):
        read(z3.Bool("c"))


def test_name_of_two_sorts_is_refused() -> None:
    x, flag = z3.BitVec("x", 8), z3.Bool("x")
    wrong = TransitionSystem(
        (Variable("x", 2),), ((0,),), (Transition("sets", x == 0, {"x": z3.Not(flag)}),)
    )
    with pytest.raises(RuleError, match="'x' has two sorts"):
        Flat(wrong, {})


def test_search_that_did_not_end_gives_no_export() -> None:
    with pytest.raises(RuleError, match="an export needs them all"):
        met(counting(20), lambda s: replace(Interpreted(s).run(), complete=False))


def test_rules_stand_beside_what_they_decide() -> None:
    system = draft(bids=1, care_of=1, options=1, updates=2, faults=0, sequence_bits=2)()
    flat = Flat(system, met(system, lambda s: Interpreted(s).run()))
    told = [n for t in flat.tables.values() for s in t.situations for n in s.notes]
    assert any("gives up 04-" in note for note in told)
    lines = Promela(flat, "the draft").text().splitlines()
    assert any(line.startswith("/* ") and "04-6.3-29[1]" in line for line in lines)
    assert any("/*" in line and "gives up 04-" in line for line in lines)
    for table in flat.tables.values():
        assert table.situations or table.name == "EXPIRE"
        for situation in table.situations:
            assert len(situation.rows) == len(situation.notes)
            assert situation.rules


SCOPE = {"bids": 1, "care-of": 1, "options": 1, "updates": 1, "faults": 0, "sequence-bits": 2}
ASKED = ["export", "draft-04", "--preset", "exchange", "--reading", "READ-H=H2"]
ASKED += [word for name, many in SCOPE.items() for word in (f"--{name}", str(many))]
BEGINS = {"promela": "/* draft-04", "tla": "---- MODULE draft_04 ----", "smtlib": "; draft-04"}


@pytest.mark.parametrize("form", BEGINS)
def test_command_writes_each_format(form: str, tmp_path: Path) -> None:
    file = tmp_path / "draft_04.txt"
    assert main([*ASKED, "--format", form, "-o", str(file)]) == 0
    text = file.read_text()
    assert text.startswith(BEGINS[form])
    assert "READ-H=H2" in text


def test_command_prints_what_is_to_go_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASKED, "--format", "smtlib", "--depth", "2"]) == 0
    printed = capsys.readouterr().out
    assert "(assert (trans taken@1 row@1" in printed
    assert "taken@2" not in printed
