"""A rule file of an author: what is wrong is told in sentences with its place; nothing escapes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.cli import main
from checker.rulesets import RuleFileError, load_ruleset
from model.rulesets import draft04
from model.rulesets.draft04 import RULESET
from tests.checker.support import contradictions

ROOT = Path(__file__).parent.parent.parent
HEAD = """\
import z3
from model.predicates import READ_H, known, reads
from model.rule import Modality, On, Role, any_option, reject, rule
from model.ruleset import Decision, NodeStep, Override, Reading
from model.rulesets.draft04 import RULESET as DRAFT_04
from model.vocabulary import NONE, Dad, Effect, Status, TABLE, bc, bu, decide, mn, o

FEW = DRAFT_04.only("04-6.3-29", "04-6.3-30", "3775-10.4.1-2", "3775-10.3.1-11")
SKIP = decide.dad == Dad.skip

def made(id, **more):
    return rule(id, "9", Modality.MUST, Role.RECEIVER, "t", **({"then": SKIP} | more))

RULES = [
"""
TAIL = "]\nRULESET = FEW.having(*RULES)\n"
FIRST = len(HEAD.splitlines()) + 1
Load = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """What is wrong with a rule file of these lines, without its name."""
    monkeypatch.chdir(tmp_path)

    def lines(*rules: str, head: str = HEAD, tail: str = TAIL) -> list[str]:
        text = head + "".join(f"    {r},\n" for r in rules) + tail
        Path("mine.py").write_text(text, encoding="utf-8")
        try:
            load_ruleset("mine.py")
        except RuleFileError as bad:
            told = str(bad).splitlines()
            assert all(line.startswith("mine.py:") for line in told), told
            return [line.removeprefix("mine.py:") for line in told]
        return []

    return lines


def a_rule(given: str = "True", then: str = "SKIP", id: str = "N-1") -> str:
    """The text of a rule."""
    return f'rule("{id}", "9", Modality.MUST, Role.RECEIVER, "t", given={given}, then={then})'


# -- one mistake -------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [
    "o.C & (bu.alternate != NONE)",
    "z3.And(o.C, bu.alternate == bu.source)",
    "o.C == o.H",
    "~o.C | (o.status != Status.accepted) ^ known",
    "reads(READ_H, 'H2')",
    "(o.C & o.H) == known",
    "o.C if len('ab') > 1 and not [] else o.H",
    "True",
    "z3.ULT(bu.source, bc.coa) & any_option(o.C)",
    "z3.Or([o.bid == b for b in (1, 2) if b in (1, 2, 3) and 0 < b <= 2])",
])  # fmt: skip
def test_what_is_right_is_let_through(load: Load, given: str) -> None:
    assert load(a_rule(given)) == []


PARENTHESES = "write & | ~ and put comparisons in parentheses."
PRECEDENCE = "`&` and `|` bind more tightly than a comparison in "


@pytest.mark.parametrize(("given", "expected"), [
    ("o.C and o.H", "Python's `and` cannot be used on terms in `o.C and o.H`; " + PARENTHESES),
    ("(o.bid == 1) and (o.bid == 2)", "Python's `and` cannot"),
    ("o.C or o.H", "Python's `or` cannot"),
    ("not (o.bid == 1)", "Python's `not` cannot be used on terms in `not (o.bid == 1)`"),
    ("not o.C", "Python's `not` cannot"),
    ("o.status in (Status.accepted, Status.other)", "Python's `in` cannot"),
    ("o.status not in (Status.accepted,)", "Python's `not in` cannot"),
    ("o.status is Status.accepted", "Python's `is` cannot"),
    ("1 < bu.alternate < 3", "Python's chained comparison cannot"),
    ("o.C if o.H else o.O", "Python's `if` cannot be used on terms in `o.H`"),
    ("[o.C for _ in 'a' if o.H][0]", "Python's `if` cannot"),
    ("any([o.C, o.H])", "Python asks for the truth of a term; write z3.And"),
    ("o.C & bu.alternate != NONE", PRECEDENCE + "`o.C & bu.alternate`; put the comparison in"),
    ("bu.alternate != NONE & o.C", PRECEDENCE + "`NONE & o.C`"),
    ("o.C & o.H == known", PRECEDENCE + "`o.C & o.H == known`"),
    ("o.C | o.status == Status.accepted", PRECEDENCE),
    ("o.C & bu.source", "`&` joins truth values, and one side is a number (Address) in"),
    ("True & o.C", "`&` has Python's True at its left"),
    ("o.X", "no field is called 'X'; use one of C, H, "),
    ("bu.foo == 1", "no field is called 'foo'; use one of ack, "),
    ("o.status == Status.foo", "Status has no value 'foo'; use one of accepted, "),
    ("o.status == 3", "one side is of the domain Status, the other int 3 in `o.status == 3`"),
    ("o.status == Effect.keep", "the domain Status, the other of the domain Effect"),
    ("o.status == 'accepted'", "the other str 'accepted' in"),
    ("bu.alternate == None", "one side is a number (Address), the other nothing (None)"),
    ("o.C == 1", "one side is a truth value, the other int 1 in `o.C == 1`; write the field"),
    ("o.bid == 999", "999 is out of range in `o.bid == 999`; use 0 to 255"),
    ("o.bid == -1", "-1 is out of range"),
    ("o.bid == 65", "`given` of rule N-1 compares o.bid with 65; use 0 to 64"),
    ("o.bid == bu.source", "compares o.bid (Bid) with bu.source (Address); compare like"),
    ("bu.source == bu.sequence", "one side is a number (Address), the other a number (Sequence)"),
    ("bu.source < 3", "`<` is signed in Z3 in `bu.source < 3`; write z3.ULT"),
    ("bu.source >= bc.coa", "`>=` is signed in Z3"),
    ("z3.UDiv(bu.source, 2) == 1", "rule N-1 uses bvudiv, which monami does not evaluate"),
    ("o.status < Status.other", "`<` compares what has no order"),
    ("reads(READ_H, 'H7')", "READ-H has no value 'H7'; use one of H1, H2"),
    ("bu.source", "`given` of rule N-1 is no truth value; compare a field"),
    ("~bu.source", "`given` of rule N-1 is no truth value"),
    ("z3.Bool('foo')", "uses an undeclared constant 'foo'"),
    ("decide.proxy", "`given` of rule N-1 speaks of the decision proxy; move that to `when`"),
    ("mn.defends", "speaks of mn.defends, which the receiver does not know"),
    ("unknwon", "the name unknwon is not defined; did you mean known"),
    ("refused", "the name refused is not defined; import it from model.vocabulary"),
    ("1 / 0", "ZeroDivisionError: division by zero; correct the line"),
])  # fmt: skip
def test_a_mistake_in_a_situation_is_told_with_line_and_remedy(
    load: Load, given: str, expected: str
) -> None:
    (told,) = load(a_rule("True", id="N-2"), a_rule(given))
    assert told.startswith(f"{FIRST + 1}: ")
    assert expected in told


@pytest.mark.parametrize(("text", "expected"), [
    (a_rule(then="bc.plain"), "`then` of rule N-1 speaks of no decision of the step"),
    (a_rule(then="True"), "`then` of rule N-1 is True"),
    (a_rule(then="decide.effect in (Effect.keep, Effect.delete)"), "Python's `in` cannot"),
    (a_rule(then="reject(Effect.keep)"), "Z3 says: "),
    (a_rule().replace("given", "gven"), "a rule has no part `gven` (rule N-1)"),
    (a_rule().replace(", then=SKIP", ""), "missing 1 required keyword-only argument: 'then'"),
    (a_rule().replace("Modality.MUST", "Modality.MSUT"), "Modality has no 'MSUT'; did you mean"),
    (a_rule().replace("Modality.MUST", "'MUST'"), "`modality` of rule N-1 is 'MUST'; use one"),
    (a_rule().replace("Role.RECEIVER", "Modality.MUST"), "`role` of rule N-1 is <Modality.MUST"),
    (a_rule().replace('"9"', '""'), "`clause` of rule N-1 is empty"),
    (a_rule().replace("then", 'at="never", then'), "rule N-1 is at an unknown step 'never'"),
    (a_rule().replace("then", 'also=("N-1",), then'), "rule N-1 names itself in `also`"),
    (a_rule().replace("then", 'also=("04-9-9",), then'), "04-9-9, which is not in the catalogue"),
    (a_rule().replace("then", 'also="04-9-1", then'), "`also` of rule N-1 is '04-9-1'; write"),
    (a_rule().replace("then", 'when=o.C, then'), "`when` of rule N-1 speaks of inputs only"),
    (a_rule(id="N-2"), f"rule id N-2 is used twice (also at mine.py:{FIRST})"),
    (a_rule(id="04-6.3-30b").replace("then", 'also=("04-6.3-29",), then'), "04-6.3-29b"),
])  # fmt: skip
def test_a_mistake_in_a_rule_is_told_with_line_and_remedy(
    load: Load, text: str, expected: str
) -> None:
    told = load(a_rule(id="N-2"), text)
    if "29b" in expected:  # parts of a statement are apart from the whole
        assert told == []
        return
    assert len(told) == 1
    assert told[0].startswith(f"{FIRST + 1}: ")
    assert expected in told[0]


def test_an_id_of_the_base_restated_by_another_rule_is_used_twice(load: Load) -> None:
    (told,) = load(a_rule().replace("then", 'also=("04-6.3-29",), then'))
    assert "rule id 04-6.3-29 is used twice (also at draft04" in told


@pytest.mark.parametrize(("tail", "expected"), [
    ('.overriding(Override("3775-9-99", o.C, "N-1"))', "names no rule of the base"),
    ('.overriding(Override("04-6.3-30", o.C, "N-1"))', "is of a rule of the same document"),
    ('.overriding(Override("3775-10.4.1-2", o.C, "N-9"))', "names no sentence N-9"),
    ('.overriding(Override("3775-10.4.1-2", o.C & o.bid == 1, "N-1"))', PRECEDENCE),
    (".reading(Reading(READ_H, 'how?', {}, ()))", "READ-H tells of the alternatives none"),
    (".reading(Reading(Dad, 'how?', {}, ()))", "a reading is called Dad"),
    ('.without("04-99")', "ruleset draft-04 has no rule 04-99; see `monami rules`"),
    (".hving()", "'Ruleset' object has no attribute 'hving'"),
])  # fmt: skip
def test_a_mistake_outside_the_rules_is_told_with_its_line(
    load: Load, tail: str, expected: str
) -> None:
    (told,) = load(a_rule(), tail=TAIL.rstrip() + tail + "\n")
    assert told.startswith(f"{FIRST + 2}: ")
    assert expected in told


@pytest.mark.parametrize("part", [
    "steps=(NodeStep(On.EXPIRE, (Decision('dad'),)),)",
    "steps=None",
    "overrides=(1,)",
    "readings=('READ-H',)",
    "overrides=(Override('3775-10.4.1-2', None, 'N-1'),)",
    "procedure=None",
    "rules=(1,)",
    "not_executable=None",
    "catalogue=7",
    "not_executable={'N-1': None}",
])  # fmt: skip
def test_a_part_of_a_wrong_type_is_told_without_a_traceback(load: Load, part: str) -> None:
    """Without a traceback is what counts: the sentence is Python's where none is ours."""
    tail = f"]\nfrom dataclasses import replace\nRULESET = replace(FEW.having(*RULES), {part})\n"
    assert load(a_rule(), tail=tail)


def test_overrides_of_the_base_by_each_other_are_a_circle(load: Load) -> None:
    first, then = "3775-10.4.1-2", "3775-10.3.1-11"
    circle = f'.overriding(Override("{first}", o.C, "{then}"), Override("{then}", o.C, "{first}"))'
    told = load(a_rule(), tail=TAIL.rstrip() + circle + "\n")
    assert len(told) == 1
    assert "overrides go in a circle: " in told[0]


@pytest.mark.parametrize(("text", "expected"), [
    ("RULES = [\n", "1: '[' was never closed; correct the line."),
    ("\0", ""),
    ("from model.vocabulary import Foo\n", "1: cannot import name 'Foo' from 'model.vocabulary';"),
    ("import nowhere_at_all\n", "1: No module named 'nowhere_at_all'; correct the import."),
    ("import sys\nsys.exit(0)\n", "2: SystemExit: 0; correct the line."),
    ("def f(): f()\nf()\n", "RecursionError"),
    ("RULESET = 1\n", " it defines no RULESET; end it with RULESET = Ruleset(...)."),
    ("from model.vocabulary import o\nif o.C:\n    pass\n", "2: Python's `if` cannot"),
    ("from model.vocabulary import o\nassert o.C\n", "2: Python's `assert` cannot"),
    ("from model.vocabulary import o\nwhile o.C: pass\n", "2: Python's `while` cannot"),
    ("(" * 300, ""),
], ids=range(11))  # fmt: skip
def test_a_file_that_is_no_ruleset_is_told_so(load: Load, text: str, expected: str) -> None:
    (told,) = load(head=text, tail="")
    assert expected in told


def test_a_file_that_is_no_text_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleFileError, match=r"mine\.py: it is no text in Python; name another"):
        load_ruleset(str(path))


# -- several mistakes, and where rules stand ---------------------------------------------------


def test_all_mistakes_are_told_in_the_order_of_the_file(load: Load) -> None:
    texts = [
        a_rule("o.X", id="N-1"),
        a_rule("o.C and o.H", id="N-2"),
        a_rule("decide.proxy", id="N-3"),
        a_rule(id="N-4"),
        a_rule(id="N-4"),
        a_rule("o.bid == 65", id="N-5").replace("then", 'at="never", then'),
        'made("N-6", given=o.Y)',
        '*[made(f"N-7{k}", given=o.Z) for k in range(2)]',
    ]
    found = load(*texts)
    lines = [int(told.partition(":")[0]) - FIRST for told in found]
    assert lines == [0, 1, 2, 4, 5, 5, 6, 7]


def test_a_rule_knows_its_line_however_it_is_made(load: Load) -> None:
    load(
        a_rule(id="N-1"),
        'made("N-2")',
        '*[made(f"N-3{k}") for k in range(2)]',
        '*(made(f"N-4{k}") for k in range(2))',
    )
    sources = {r.key: r.source for r in load_ruleset("mine.py").rules}
    places = {"N-1": 0, "N-2": 1, "N-30": 2, "N-31": 2, "N-40": 3, "N-41": 3}
    assert {k: v for k, v in sources.items() if k in places} == {
        id: f"mine.py:{FIRST + line}" for id, line in places.items()
    }
    assert all(re.fullmatch(r"\w+\.py:\d+", source) for source in sources.values())


def test_the_file_is_named_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + f"    {a_rule()},\n" + TAIL, encoding="utf-8")
    assert load_ruleset(str(path)).rule("N-1").source == f"{path}:{FIRST}"


# -- copies and changes of what is shipped -----------------------------------------------------


def test_a_copy_of_the_shipped_file_is_the_shipped_ruleset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = Path(draft04.__file__).read_text(encoding="utf-8")
    Path("my_draft.py").write_text(text, encoding="utf-8")
    assert load_ruleset("my_draft.py").digest() == RULESET.digest()


def test_removing_a_sentence_removes_its_overrides() -> None:
    assert {v.by for v in RULESET.overrides} >= {"04-5.3-6"}
    left = RULESET.without("04-5.3-6")
    assert {v.by for v in RULESET.overrides} - {v.by for v in left.overrides} == {"04-5.3-6"}


# -- the command line --------------------------------------------------------------------------


def test_mistakes_end_with_3_and_a_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    texts = (a_rule("o.X"), a_rule("decide.proxy", id="N-2"))
    path.write_text(HEAD + "".join(f"    {t},\n" for t in texts) + TAIL, encoding="utf-8")
    for command in ("rules", "check"):
        assert main([command, str(path)]) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert [line.split(": ")[:2] for line in err.splitlines()] == [
            ["monami", f"{path}:{FIRST}"],
            ["monami", f"{path}:{FIRST + 1}"],
        ]


def covered(
    path: Path, text: str, capsys: pytest.CaptureFixture[str], *more: str
) -> tuple[int, str]:
    """The exit code and account of a rule file that changes the shipped one."""
    head = (
        "from dataclasses import replace\nfrom model.rulesets.draft04 import RULESET as DRAFT_04\n"
        "from model.rulesets.steps import STEPS\n"
    )
    path.write_text(f"{head}RULESET = {text}\n", encoding="utf-8")
    code = main(["rules", str(path), "--coverage", *more])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


def test_a_statement_that_is_missing_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = covered(tmp_path / "mine.py", 'DRAFT_04.without("04-6.3-29")', capsys)
    assert code == 1
    assert "  04-6.3-29  MISSING: no rule executes it, and no reason is given" in out.splitlines()
    assert out.splitlines()[-1].endswith("; 366 statements in the catalogue")


def test_an_account_without_a_hole_ends_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = 'DRAFT_04.only("04-6.3-29"), catalogue=("04-6.3-29",), not_executable={}, readings=()'
    text = f"replace({few}, steps=STEPS[:1])"
    code, out = covered(tmp_path / "mine.py", text, capsys)
    assert (code, out.splitlines()[:2]) == (
        0,
        ["04-6.3", "  04-6.3-29  executable: receiver receives a Binding Update (rule)"],
    )
    code, out = covered(tmp_path / "mine.py", text, capsys, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["ruleset"] == "draft-04"
    assert told["statements"] == [
        {
            "id": "04-6.3-29",
            "section": "04-6.3",
            "state": "executable",
            "account": "receiver receives a Binding Update (rule)",
        }
    ]
    assert told["totals"]["executable"] == 1


def test_the_rules_are_listed_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {r["id"] for r in told["rules"]} == {i for r in RULESET.rules for i in r.ids}


def test_a_file_may_define_classes_of_its_own(load: Load) -> None:
    head = "from __future__ import annotations\nfrom dataclasses import dataclass\n" + HEAD.replace(
        "RULES = [", "@dataclass\nclass Mine:\n    number: int = 1\n\nRULES = ["
    )
    assert load(a_rule("o.bid == Mine().number"), head=head) == []


# -- garbage -----------------------------------------------------------------------------------

SOURCE = Path(draft04.__file__).read_text(encoding="utf-8")
TOKENS = re.findall(r"\w+|[^\w\s]", SOURCE)
GARBAGE = st.sampled_from([*sorted(set(TOKENS)), "None", "0", "999", "-1", "and", "not", "in", "é"])
EDITS = st.lists(st.tuples(st.integers(0, len(TOKENS) - 1), GARBAGE), min_size=1, max_size=4)


def edited(edits: list[tuple[int, str]]) -> str:
    """The shipped rule file with some of its words replaced."""
    replaced = dict(edits)
    count = iter(range(len(TOKENS)))
    return re.sub(r"\w+|[^\w\s]", lambda found: replaced.get(next(count), found.group()), SOURCE)


def assert_told_or_loaded(path: Path, edits: list[tuple[int, str]]) -> None:
    """A rule file with such edits is a ruleset, or its mistakes are told in sentences."""
    path.write_text(edited(edits), encoding="utf-8")
    told = []
    try:
        assert load_ruleset(str(path)).rules
    except RuleFileError as bad:
        told = [*str(bad).splitlines(), "mine.py: the end."]
    assert told == [] or len(told) > 1
    for line in told:
        assert re.match(r".+\.py(:\d+)?: \S", line), line
        assert line.endswith((".", "?"))
        assert "Traceback" not in line


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(EDITS)
def test_garbage_is_told_in_sentences_or_is_a_ruleset(
    tmp_path: Path, edits: list[tuple[int, str]]
) -> None:
    assert_told_or_loaded(tmp_path / "mine.py", edits)


@pytest.mark.long
@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(EDITS)
def test_much_garbage_is_told_in_sentences_or_is_a_ruleset(
    tmp_path: Path, edits: list[tuple[int, str]]
) -> None:
    assert_told_or_loaded(tmp_path / "mine.py", edits)


# -- the guide ---------------------------------------------------------------------------------

FORGOTTEN, PARENTHESISED = "& bu.alternate == NONE,", "& (bu.alternate == NONE),"
MISSING = "MISSING: "


def tour() -> list[str]:
    """The indented blocks of the section about one's own draft, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("### Your own draft\n")[2].partition("\nWhat can happen")[0]
    blocks = re.findall(r"(?:^    .*\n(?:\n(?=    [^$#]))?)+", section, re.MULTILINE)
    return [dedent(block) for block in blocks]


def same(shown: str, said: str) -> bool:
    """Whether the guide shows what is said; three points stand for anything, lines may break."""
    parts = (" ".join(part.split()) for part in shown.split("..."))
    pattern = r".*".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, " ".join(said.split())) is not None


def test_what_the_guide_shows_of_ones_own_draft_is_what_monami_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    codes = []
    for block in tour():
        if block.startswith("# "):
            Path(block.splitlines()[0][2:]).write_text(block, encoding="utf-8")
        elif block.startswith("$ monami "):
            command, _, shown = block.partition("\n")
            codes.append(main(shlex.split(command)[2:]))
            out, err = capsys.readouterr()
            assert same(shown, out + err), (command, out + err)
            if codes[-1] == 3:
                broken = Path("my_draft.py").read_text(encoding="utf-8")
                assert FORGOTTEN in broken
                Path("my_draft.py").write_text(
                    broken.replace(FORGOTTEN, PARENTHESISED), encoding="utf-8"
                )
    assert codes[:3] == [1, 3, 1]
    assert len(codes) == 4
    assert codes[3] == int(MISSING in out)


def test_the_large_way_of_the_guide_mends_the_same_contradiction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy with the change that the guide tells, its few rules looked at alone."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    change = "registering & ~o.C & (bu.alternate == NONE)"
    assert change in text
    source = Path(draft04.__file__).read_text(encoding="utf-8")
    place = source.index('"04-6.3-29"')
    rest = source[place:].replace("registering & ~o.C", change, 1)
    Path("my_draft.py").write_text(source[:place] + rest, encoding="utf-8")
    few = load_ruleset("my_draft.py").only("04-6.3-29", "04-6.3-30")
    assert contradictions(few) == []
    assert [f.rules for f in contradictions(RULESET.only("04-6.3-29", "04-6.3-30"))] == [
        ("04-6.3-29", "04-6.3-30")
    ]
