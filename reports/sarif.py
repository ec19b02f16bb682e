"""The result as SARIF 2.1.0: each problem at the line of the rule that it is about.

Level error is a finding, a failed property or a violation, warning a deviation, note what is
ambiguous.  What a baseline accepts is suppressed, with its reason.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reports.overview import answer
from reports.problems import Problem, problems
from reports.records import Record, Result
from reports.text import error_sentence, visible

VERSION = "2.1.0"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
BASE = "RULES"  # the folder with the files of the ruleset
Json = dict[str, Any]


def render_sarif(result: Result) -> str:
    """Return the log as text."""
    known = [p for p in problems(result) if p.kind != "error"]
    ids = {id: at for at, id in enumerate(dict.fromkeys(map(_rule_id, known)))}
    run = {
        "tool": {"driver": _driver(result, known, ids)},
        "invocations": [_invocation(result)],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            BASE: {"description": {"text": "the folder with the files of the ruleset"}}
        },
        "results": [_result(result, p, ids) for p in known],
    }
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=True) + "\n"


def _rule_id(problem: Problem) -> str:
    """Verdicts are about a rule; findings and properties have names of their own."""
    return problem.rules[0] if problem.where else problem.key


def _driver(result: Result, known: list[Problem], ids: Iterable[str]) -> Json:
    titles = {p.key: visible(p.text) for p in known if not p.where}
    return {
        "name": "monami",
        "version": result.header["version"],
        "rules": [_descriptor(result.rules.get(i), i, titles.get(i, i)) for i in ids],
    }


def _descriptor(rule: Record | None, id: str, title: str) -> Json:
    if rule is None:
        return {"id": id, "shortDescription": {"text": title}}
    clause = f"{rule['document']}, {rule['clause']}"
    return {
        "id": id,
        "shortDescription": {"text": visible(rule["title"])},
        "fullDescription": {"text": visible(f"{clause} ({rule['modality']}): {rule['title']}")},
        "properties": {"clause": rule["clause"], "modality": rule["modality"]},
    }


def _invocation(result: Result) -> Json:
    footer = result.footer
    told = [{"level": "error", "message": {"text": error_sentence(e)}} for e in result.errors]
    told.append({"level": "note", "message": {"text": " ".join(answer(result))}})
    successful = footer is not None and bool(footer["complete"]) and not result.errors
    code = {} if footer is None else {"exitCode": int(footer["exit_code"])}
    return {"executionSuccessful": successful, **code, "toolExecutionNotifications": told}


def _result(result: Result, problem: Problem, ids: Mapping[str, int]) -> Json:
    where = f"{problem.where}: " if problem.where else ""
    places = [place for rule in problem.rules for place in _places(result, rule)]
    found: Json = {
        "ruleId": _rule_id(problem),
        "ruleIndex": ids[_rule_id(problem)],
        "level": problem.level,
        "message": {"text": visible(where + problem.text)},
        "locations": [_located(problem, place) for place in places[:1]],
        "relatedLocations": places[1:],
        "partialFingerprints": {"problem/v1": _digest(problem)},
    }
    if problem.accepted is not None:
        reason = visible(problem.accepted)
        found["suppressions"] = [{"kind": "external", "justification": reason}]
    return found


def _digest(problem: Problem) -> str:
    text = f"{problem.kind}\0{problem.key}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(text).hexdigest()[:32]


def _places(result: Result, rule: str) -> Iterator[Json]:
    """Yield the lines of a rule, as its record has them: `file:line, file:line`."""
    source = (result.rules.get(rule) or {}).get("source") or ""
    for part in filter(None, source.split(", ")):
        file, _, line = part.rpartition(":")
        if file and line.isdecimal() and int(line):
            artifact = {"uri": file, "uriBaseId": BASE}
            yield {
                "physicalLocation": {
                    "artifactLocation": artifact,
                    "region": {"startLine": int(line)},
                }
            }


def _located(problem: Problem, place: Json) -> Json:
    if not problem.where:
        return place
    named = {"fullyQualifiedName": visible(problem.where), "kind": "member"}
    return {**place, "logicalLocations": [named]}
