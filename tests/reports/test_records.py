"""The result file is written whole or not at all, and read back or refused in one sentence."""

import json
from pathlib import Path

import pytest

from reports.form import FORMS, REQUIRED, VERDICTS
from reports.records import ResultError, merge, read_records, write_records
from tests.reports.sample import Record, header, sample


def lines(*records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def of_kind(kind: str) -> Record:
    return next(record for record in sample() if record["record"] == kind)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    write_records(path, sample())
    result = read_records(path)
    assert result.header["version"] == "0.1.0"
    assert next(iter(result.rules)) == "04-6.2-04"
    assert result.readings["READ-FLAG"]["default"] == "F1"
    numbers = [len(result.findings), len(result.properties), len(result.explorations)]
    assert numbers == [5, 3, 1]
    assert [len(result.traces), len(result.exchanges), len(result.verdicts)] == [2, 2, 9]
    assert result.errors[0]["text"] == "Cut option."
    assert result.footer is not None
    assert not result.truncated


def test_the_bytes_do_not_depend_on_the_order_of_keys(tmp_path: Path) -> None:
    def turned(value: object) -> object:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    write_records(tmp_path / "a", sample())
    write_records(tmp_path / "b", [turned(record) for record in sample()])  # type: ignore[misc]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes().startswith(b'{"record": "header", "tool": "monami"')


def test_a_refused_record_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("before")
    with pytest.raises(ResultError, match=r"r\.jsonl:2: the rule record has no key 'id'"):
        write_records(path, [header(), {"record": "rule"}])
    with pytest.raises(ResultError, match="not JSON"):
        write_records(path, [{**header(), "scope": {"bids": {1, 2}}}])
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_without_footer_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    write_records(path, sample()[:-1])
    assert read_records(path).truncated


def test_a_file_cut_within_its_last_line_is_truncated(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    write_records(path, sample())
    path.write_bytes(path.read_bytes()[:-20])
    result = read_records(path)
    assert result.truncated
    assert len(result.verdicts) == 9


@pytest.mark.parametrize(
    ("kind", "key"), [(kind, key) for kind, keys in REQUIRED.items() for key in keys]
)
def test_a_missing_required_key_is_named(tmp_path: Path, kind: str, key: str) -> None:
    path = tmp_path / "r.jsonl"
    record = {name: value for name, value in of_kind(kind).items() if name != key}
    path.write_bytes(lines(header(), record))
    with pytest.raises(ResultError, match=f"r.jsonl:2: the {kind} record has no key '{key}'; "):
        read_records(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "r.jsonl:1: the file does not begin with a header"),
        (lines(of_kind("rule")), "r.jsonl:1: the file does not begin with a header"),
        (lines(header()) + b"{oops\n", "r.jsonl:2: the line is not JSON"),
        (lines(header()) + b"\xff\n", "r.jsonl:2: the line is not JSON"),
        (lines(header()) + b"[" * 200_000 + b"\n", "r.jsonl:2: the line is not JSON"),
        (lines(header()) + b'{"record":"rule","id":NaN}\n', "r.jsonl:2: the line is not JSON"),
        (lines(header(), ["rule"]), "r.jsonl:2: the line has no key 'record'"),
        (lines(header(), {"record": "sonnet"}), "r.jsonl:2: unknown record kind 'sonnet'"),
        (lines(header(), {**of_kind("rule"), "clause": 6.3}), "'clause' of the rule record is not"),
        (lines(header(), {**of_kind("finding"), "rules": "x"}), "'rules' of the finding record"),
        (lines(header(), {**of_kind("finding"), "path": [{}]}), "a step has no key 'actor'"),
        (lines(header(), {**of_kind("finding"), "reach": []}), "'reach' of the finding record is"),
        (
            lines(header(), {**of_kind("finding"), "reach": {"arbitrary": [{}]}}),
            "has no key 'actor'",
        ),
        (
            lines(header(), {**of_kind("finding"), "reach": {"invariant": 3}}),
            "'invariant' of 'reach'",
        ),
        (lines(header(), {**of_kind("verdict"), "verdict": "fine"}), "unknown verdict 'fine'"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(data)
    with pytest.raises(ResultError) as caught:
        read_records(path)
    assert said in str(caught.value)
    assert str(caught.value).endswith(".")
    assert caught.value.line == (1 if "begin" in said else 2)


def test_an_absent_or_unwritable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="cannot be read"):
        read_records(tmp_path / "none.jsonl")
    with pytest.raises(ResultError, match="cannot be written"):
        write_records(tmp_path / "none" / "r.jsonl", sample())


def test_unpaired_surrogates_survive(tmp_path: Path) -> None:
    error = {"record": "error", "where": "a\ud800", "text": "Bad name."}
    write_records(tmp_path / "r.jsonl", [header(), error])
    assert read_records(tmp_path / "r.jsonl").errors[0]["where"] == "a\ud800"


def test_merging_joins_records_and_keeps_truncation(tmp_path: Path) -> None:
    write_records(tmp_path / "a", [{**header(), "commands": ["check"]}, *sample()[1:]])
    write_records(tmp_path / "b", [{**header(), "commands": ["replay"]}])
    first, second = read_records(tmp_path / "a"), read_records(tmp_path / "b")
    whole = merge([first, second])
    assert whole.header["commands"] == ["check", "replay"]
    assert whole.truncated
    assert not merge([first, first]).truncated
    assert len(merge([first, first]).findings) == len(first.findings)


def test_merging_different_rulesets_is_refused(tmp_path: Path) -> None:
    other = {**header(), "ruleset": {"name": "rfc5648", "digest": "0"}}
    write_records(tmp_path / "a", sample())
    write_records(tmp_path / "b", [other])
    with pytest.raises(ResultError, match="different rulesets"):
        merge([read_records(tmp_path / "a"), read_records(tmp_path / "b")])


def test_the_sample_has_every_kind_and_every_verdict() -> None:
    assert {record["record"] for record in sample()} == set(FORMS)
    given = {record["verdict"] for record in sample() if record["record"] == "verdict"}
    assert given == {verdict.name for verdict in VERDICTS}


def test_every_definition_is_tied_to_a_modality() -> None:
    for verdict in VERDICTS:
        assert any(
            word in verdict.definition for word in ("MUST", "SHOULD", "MAY", "modality", "readings")
        )
