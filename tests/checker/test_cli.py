"""The command line: exit codes, error sentences, files; never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from checker.cli import main
from checker.replay import ReplaySummary
from model.rulesets.draft04 import RULESET
from reports import read_records

ROOT = Path(__file__).parent.parent.parent
TRACES = ROOT / "traces" / "recorded"
HEAD = """
from model.rule import Modality, Role, rule
from model.ruleset import Ruleset, gather
from model.rulesets.steps import STEPS
from model.vocabulary import CareOf, Dad, bu, decide, o

RULES = [
"""
SKIP = """
    rule("T-1", "1", Modality.MUST, Role.RECEIVER, "skip", given=bu.ack,
         then=decide.dad == Dad.skip),
"""
RUN = """
    rule("T-2", "1", Modality.MUST, Role.RECEIVER, "run", then=decide.dad == Dad.run),
"""
TAIL = """
]
RULESET = Ruleset("tiny", "A tiny ruleset", "tiny", gather("tiny", RULES), ("only",), STEPS)
"""
DECIDED = """
    rule("T-3", "1", Modality.MUST, Role.RECEIVER, "answer", then=decide.answer == Status.accepted),
    rule("T-4", "1", Modality.MUST, Role.RECEIVER, "effect", then=decide.effect == Effect.keep),
    rule("T-5", "1", Modality.MUST, Role.RECEIVER, "proxy", then=~decide.proxy),
    rule("T-6", "1", Modality.MUST, Role.MOBILE_NODE, "belief", on=On.RECEIVE_ACK,
         then=mn.believed == Belief.unchanged),
    rule("T-7", "1", Modality.MUST, Role.RECEIVER, "key", then=decide.key_peer == CareOf.none),
    rule("T-8", "1", Modality.MUST, Role.RECEIVER, "prefix", then=mr.forwarded),
    rule("T-9", "1", Modality.MUST, Role.MOBILE_NODE, "next", on=On.RECEIVE_ACK,
         then=after.next == NextUpdate.none),
    rule("T-10", "1", Modality.MUST, Role.RECEIVER, "test", then=o.coa_tested),
    rule("T-11", "1", Modality.MUST, Role.MOBILE_NODE, "entry", on=On.RECEIVE_ACK,
         then=after.entry == Entry.kept),
"""
ALL = (
    "from model.rule import On\n"
    "from model.mobile import Entry, NextUpdate, after\n"
    "from model.packets import mr\n"
    "from model.vocabulary import Belief, CareOf, Effect, Status, mn\n"
    "from model.rule import Role\n"
)
SMALL = ["--bids", "1", "--care-of", "1", "--options", "1", "--sequence-bits", "2"]
EXCHANGE = [*SMALL, "--preset", "exchange", "--faults", "0"]
NEITHER = [*EXCHANGE, "--updates", "1"]


@dataclass(frozen=True)
class Ran:
    """What a run of the command line left."""

    code: int
    out: str
    err: str


Monami = Callable[..., Ran]
Write = Callable[..., str]


@pytest.fixture
def monami(capsys: pytest.CaptureFixture[str]) -> Monami:
    """The command line, run in this process."""

    def run(*arguments: object) -> Ran:
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        found = capsys.readouterr()
        assert "Traceback" not in found.err + found.out
        return Ran(code, found.out, found.err)

    return run


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A ruleset file of these rules."""

    def file(*rules: str, head: str = HEAD, tail: str = TAIL) -> str:
        path = tmp_path / "mine.py"
        path.write_text(head + "".join(rules) + tail, encoding="utf-8")
        return str(path)

    return file


def sentence(ran: Ran, code: int) -> str:
    """The one sentence of a failed run."""
    assert ran.code == code, ran
    assert ran.out == ""
    lines = ran.err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("monami: ")
    return lines[0].removeprefix("monami: ")


# -- exit codes --------------------------------------------------------------------------------


def test_a_clean_ruleset_ends_with_0(monami: Monami, write: Write) -> None:
    ran = monami("check", write(RUN, DECIDED, head=ALL + HEAD), *SMALL)
    assert (ran.code, ran.err) == (0, ""), ran


def test_a_finding_ends_with_1_and_stands_in_the_result_file(
    monami: Monami, write: Write, tmp_path: Path
) -> None:
    out = tmp_path / "result.jsonl"
    ran = monami("check", write(SKIP, RUN, DECIDED, head=ALL + HEAD), *SMALL, "--out", out)
    assert ran.code == 1
    assert f"written: {out}" in ran.out
    result = read_records(out)
    assert not result.truncated
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    (finding,) = (r for r in records if r["record"] == "finding")
    assert (finding["kind"], finding["rules"]) == ("contradiction", ["T-1", "T-2"])
    assert records[0]["record"] == "header"
    assert records[0]["ruleset"]["name"] == "tiny"
    assert records[-1]["record"] == "footer"
    assert records[-1]["exit_code"] == 1
    assert {r["id"] for r in records if r["record"] == "rule"} >= {"T-1", "T-2"}


def test_a_violated_property_ends_with_1_and_html_is_written(
    monami: Monami, tmp_path: Path
) -> None:
    out, html = tmp_path / "result.jsonl", tmp_path / "report.html"
    small = [*EXCHANGE, "--updates", "2"]
    ran = monami("explore", "draft-04", *small, "--out", out, "--html", html)
    assert ran.code == 1
    assert "status-precedence" in html.read_text(encoding="utf-8")
    assert not read_records(out).truncated


def test_where_both_sides_agree_in_the_end_explore_ends_with_0(
    monami: Monami, tmp_path: Path
) -> None:
    """Without BID CONFLICT, peers that ignore BIDs, and other sequence numbers than the base's."""
    own = tmp_path / "own.py"
    own.write_text(
        "from model.rulesets.draft04 import RULESET as DRAFT\n\n"
        'RULESET = DRAFT.without("04-6.3-34", "04-5.9-3", "04-6.1-8")\n',
        encoding="utf-8",
    )
    ran = monami("explore", own, *NEITHER)
    assert ran.code == 0, ran
    assert "All 5 properties hold within the scope." in ran.out


def test_what_both_sides_come_to_ends_with_1(monami: Monami) -> None:
    ran = monami("explore", "draft-04", *NEITHER)
    assert ran.code == 1
    assert "endless rejection" in ran.out


def test_a_spent_budget_ends_with_4(monami: Monami, tmp_path: Path) -> None:
    out = tmp_path / "result.jsonl"
    ran = monami("explore", "draft-04", *NEITHER, "--max-states", "5", "--out", out)
    assert ran.code == 4
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {r["holds"] for r in records if r["record"] == "property"} == {None}
    assert (records[-1]["exit_code"], records[-1]["complete"]) == (4, False)


def test_readings_change_what_is_explored(monami: Monami, tmp_path: Path) -> None:
    out = tmp_path / "result.jsonl"
    ran = monami("explore", "draft-04", *NEITHER, "--reading", "READ-H=H2", "--out", out)
    assert ran.code == 1
    header = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    assert header["readings"]["READ-H"] == "H2"
    assert header["readings"]["READ-ORD"] == "O1"


# -- wrong usage -------------------------------------------------------------------------------


def test_an_unknown_ruleset_is_named_with_those_that_are_known(monami: Monami) -> None:
    said = sentence(monami("check", "draft-99"), 2)
    assert said == "draft-99: no such ruleset; name one of draft-04 or a Python file."


def test_a_syntax_error_is_told_with_file_and_line(monami: Monami, tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("RULES = [\n    rule(\n", encoding="utf-8")
    said = sentence(monami("check", path), 3)
    assert said.startswith(f"{path}:2: ")
    assert said.endswith("correct the line.")


def test_an_unknown_field_is_told_with_file_line_and_remedy(monami: Monami, write: Write) -> None:
    rules = SKIP + RUN.replace("decide.dad == Dad.run", "o.Z")
    path = write(rules)
    line = 1 + (HEAD + rules).splitlines().index(RUN.replace("decide.dad == Dad.run", "o.Z")[1:-1])
    said = sentence(monami("rules", path), 3)
    assert said.startswith(f"{path}:{line}: no field is called 'Z'; use one of C, H, O, ")


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (RUN.replace("Dad.run", "Dad.walk"), "Dad has no value 'walk'; use one of skip, run"),
        (RUN.replace("decide.dad == Dad.run", "bu.source"), "`then` of rule T-2 is no truth value"),
        (RUN.replace("T-2", "T-1"), "rule id T-1 is used twice"),
        (RUN.replace("then=", 'at="never", then='), "rule T-2 is at an unknown step 'never'"),
        (RUN.replace("Dad.run", "Dad.run & 1"), "put the comparison in parentheses"),
        (RUN.replace("bu.ack", "unheard"), ""),
    ],
    ids=["value", "no truth value", "id twice", "step", "precedence", "harmless"],
)
def test_what_is_wrong_in_a_ruleset_is_told_in_one_sentence_with_its_line(
    monami: Monami, write: Write, broken: str, expected: str
) -> None:
    path = write(SKIP, broken)
    ran = monami("rules", path)
    if not expected:
        assert ran.code == 0
        return
    said = sentence(ran, 3)
    assert said.startswith(f"{path}:")
    assert expected in said


def test_a_file_without_a_ruleset_is_told_so(monami: Monami, tmp_path: Path) -> None:
    path = tmp_path / "empty.py"
    path.write_text("RULES = []\n", encoding="utf-8")
    said = sentence(monami("rules", path), 3)
    assert said == f"{path}: it defines no RULESET; end it with RULESET = Ruleset(...)."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("READ-XYZ=H1", "no reading is called READ-XYZ; use READ-H, "),
        ("READ-H=H9", "READ-H has no alternative 'H9'; use H1, H2"),
        ("READ-H", "--reading READ-H; write NAME=ALTERNATIVE"),
    ],
    ids=["name", "alternative", "form"],
)
def test_a_wrong_reading_is_told_with_those_that_exist(
    monami: Monami, text: str, expected: str
) -> None:
    assert expected in sentence(monami("explore", "draft-04", *NEITHER, "--reading", text), 2)
    trace = TRACES / "tcpdump" / "ipv6_mobility_1.pcap"
    assert expected in sentence(
        monami("replay", "--rules", "draft-04", trace, "--reading", text), 2
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("prophesy", "draft-04"),
        ("check",),
        ("check", "draft-04", "--bids", "many"),
        ("check", "draft-04", "--bids", "65"),
        ("explore", "draft-04", "--faults", "-1"),
        ("replay", "--rules", "draft-04"),
        ("replay", "--rules", "draft-04", "x.pcap", "--dialect", "latin"),
        ("replay", "--rules", "draft-04", "x.pcap", "--bid-type", "1"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_end_with_2_and_the_usage(
    monami: Monami, arguments: tuple[str, ...]
) -> None:
    ran = monami(*arguments)
    assert ran.code == 2
    assert "usage: monami" in ran.err


@pytest.mark.parametrize("option", ["--bids", "--options", "--care-of", "--sequence-bits"])
def test_a_scope_of_nothing_never_ends_in_a_traceback(
    monami: Monami, write: Write, option: str
) -> None:
    """0 of something is refused, or it is a scope like another."""
    path = write(RUN, DECIDED, head=ALL + HEAD)
    arguments = [*SMALL]
    arguments[arguments.index(option) + 1] = "0"
    assert monami("check", path, *arguments).code in (0, 1, 2, 4)


# -- inputs that cannot be read ----------------------------------------------------------------


def test_a_missing_trace_ends_with_3_and_a_sentence(monami: Monami, tmp_path: Path) -> None:
    missing, out = tmp_path / "missing.pcap", tmp_path / "result.jsonl"
    ran = monami("replay", "--rules", "draft-04", missing, "--out", out)
    assert ran.code == 3
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    (error,) = (r for r in records if r["record"] == "error")
    assert missing.name in error["text"]
    assert "No such file or directory; " in error["text"]


def test_a_missing_result_ends_with_3_and_a_sentence(monami: Monami, tmp_path: Path) -> None:
    missing = tmp_path / "missing.jsonl"
    assert str(missing) in sentence(monami("report", missing), 3)


def test_a_result_that_is_none_ends_with_3_and_names_the_line(
    monami: Monami, tmp_path: Path
) -> None:
    path = tmp_path / "none.jsonl"
    path.write_text("this is no record\n", encoding="utf-8")
    said = sentence(monami("report", path), 3)
    assert f"{path}:1" in said


@pytest.mark.parametrize("option", ["--out", "--html"])
def test_long_work_is_not_begun_when_its_result_could_not_be_kept(
    monami: Monami, write: Write, tmp_path: Path, option: str
) -> None:
    path = write(RUN, DECIDED, head=ALL + HEAD)
    said = sentence(monami("check", path, *SMALL, option, tmp_path), 2)
    assert f"{tmp_path} is a folder" in said


def test_the_folder_of_a_result_file_is_made(monami: Monami, write: Write, tmp_path: Path) -> None:
    path = write(RUN, DECIDED, head=ALL + HEAD)
    kept = tmp_path / "missing" / "result.jsonl"
    monami("check", path, *SMALL, "--out", kept)
    assert read_records(kept).footer is not None


# -- what is shown -----------------------------------------------------------------------------


def test_rules_lists_every_rule_with_its_strength(monami: Monami) -> None:
    ran = monami("rules")
    assert ran.code == 0
    for r in RULESET.rules:
        assert any(r.id in line and r.title in line for line in ran.out.splitlines()), r.key
    assert monami("rules", "draft-04").out == ran.out


def test_rules_of_a_file(monami: Monami, write: Write) -> None:
    ran = monami("rules", write(SKIP, RUN))
    assert ran.out.splitlines() == [
        "tiny",
        "  T-1  MUST, receiver: skip",
        "  T-2  MUST, receiver: run",
    ]


def test_a_report_is_made_from_results(monami: Monami, write: Write, tmp_path: Path) -> None:
    out, html = tmp_path / "result.jsonl", tmp_path / "report.html"
    monami("check", write(SKIP, RUN, DECIDED, head=ALL + HEAD), *SMALL, "--out", out)
    shown = monami("report", out)
    assert shown.code == 0
    assert "T-1" in shown.out
    written = monami("report", out, "--html", html)
    assert (written.code, written.out) == (0, f"written: {html}\n")
    assert "T-2" in html.read_text(encoding="utf-8")


def test_a_report_of_a_result_that_was_cut_off_ends_with_3(
    monami: Monami, write: Write, tmp_path: Path
) -> None:
    out = tmp_path / "result.jsonl"
    monami("check", write(SKIP, RUN, DECIDED, head=ALL + HEAD), *SMALL, "--out", out)
    lines = out.read_text(encoding="utf-8").splitlines(keepends=True)
    out.write_text("".join(lines[:-1]), encoding="utf-8")
    assert monami("report", out).code == 3


def test_help_names_the_exit_codes(monami: Monami) -> None:
    ran = monami("--help")
    assert ran.code == 0
    for word in ("findings or non-conformance", "wrong usage", "inconclusive"):
        assert word in " ".join(ran.out.split())


# -- reports for machines ----------------------------------------------------------------------

DEVIATING = TRACES / "shisa" / "cm06_plain_and_bid_mix.jsonl"


def test_reports_for_machines_are_written_by_any_command(monami: Monami, tmp_path: Path) -> None:
    junit, sarif, markdown = (tmp_path / n for n in ("a.xml", "a.sarif", "a.md"))
    kept = tmp_path / "kept.jsonl"
    wanted = ("--junit", junit, "--sarif", sarif, "--markdown", markdown)
    ran = monami("replay", "--rules", "draft-04", DEVIATING, "--out", kept, *wanted)
    assert ran.code == 1
    told = [f"written: {p}" for p in (kept, junit, sarif, markdown)]
    assert ran.out.splitlines()[-4:] == told
    texts = [p.read_text(encoding="utf-8") for p in (junit, sarif, markdown)]
    again = monami("report", kept, *wanted)
    assert again.code == 0
    assert texts == [p.read_text(encoding="utf-8") for p in (junit, sarif, markdown)]


@pytest.mark.parametrize(("worst", "code"), [(None, 0), ("deviates", 1), ("ambiguous", 1)])
def test_what_fails_a_replay_is_chosen(
    monami: Monami, tmp_path: Path, worst: str | None, code: int
) -> None:
    lines = (
        '{"record": "verdict", "trace": "a", "rule": "r", "verdict": "conforms"}',
        '{"record": "verdict", "trace": "a", "rule": "r", "verdict": "deviates"}',
    )
    summary = ReplaySummary(fail_on=worst or "violates")
    for line in lines:
        summary.count(json.loads(line))
    assert summary.exit_code == code
    if worst:
        kept = tmp_path / "kept.jsonl"
        monami("replay", "--rules", "draft-04", DEVIATING, "--out", kept, "--fail-on", worst)
        assert read_records(kept).header["fail_on"] == worst
