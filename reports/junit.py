"""The result as JUnit XML: what continuous integration shows as tests.

A trace is a suite with a test for each rule that it made apply; findings and properties have a
suite each.  What is not decided is skipped; what could not be read, or judged, is an error.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree as Xml

from reports.ladder import told
from reports.overview import answer
from reports.problems import FAIL_ON, comparison, fails, place, problems
from reports.records import Record, Result
from reports.text import error_sentence, visible

COUNTED = ("failure", "error", "skipped")


def render_junit(result: Result) -> str:
    """Return the document; every text of the result is inert in it."""
    name = visible(f"monami {result.header['ruleset'].get('name', '')}")
    suites = Xml.Element("testsuites", name=name)
    for title, cases in _suites(result):
        suite = Xml.SubElement(suites, "testsuite", name=visible(title))
        suite.extend(cases)
        _count(suite, [suite])
    _count(suites, list(suites))
    Xml.indent(suites)
    return Xml.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _count(element: Xml.Element, suites: Sequence[Xml.Element]) -> None:
    cases = [case for suite in suites for case in suite.iter("testcase")]
    kinds = [child.tag for case in cases for child in case]
    element.set("tests", str(len(cases)))
    for kind in COUNTED:
        plural = kind if kind == "skipped" else f"{kind}s"
        element.set(plural, str(kinds.count(kind)))


def _suites(result: Result) -> Iterator[tuple[str, list[Xml.Element]]]:
    if "check" in result.header["commands"]:
        yield "rule analysis", list(_findings(result))
    if result.properties:
        yield "properties", [_property(record) for record in result.properties]
    by_trace = defaultdict[str, list[Record]](list)
    for verdict in result.verdicts:
        by_trace[verdict["trace"]].append(verdict)
    for trace, verdicts in by_trace.items():
        yield trace, list(_trace(result, trace, verdicts))
    wrong = list(_run(result))
    if wrong:
        yield "the run itself", wrong


def _case(suite: str, name: str, kind: str = "", message: str = "", text: str = "") -> Xml.Element:
    case = Xml.Element("testcase", classname=visible(suite), name=visible(name))
    if kind:
        child = Xml.SubElement(case, kind, message=visible(message))
        child.text = visible(text) or None
    return case


def _findings(result: Result) -> Iterator[Xml.Element]:
    ids = {finding["id"] for finding in result.findings}
    found = [p for p in problems(result) if p.key in ids]
    for problem in found:
        kind = "failure" if problem.accepted is None else "skipped"
        message = problem.text if problem.accepted is None else f"accepted: {problem.accepted}"
        text = f"{problem.text}\nrules: {', '.join(problem.rules)}"
        yield _case("rule analysis", problem.key, kind, message, text)
    if not found and not result.truncated:
        yield _case("rule analysis", "the rules agree")


def _property(record: Record) -> Xml.Element:
    name, title = str(record["property"]), str(record["title"])
    if record["holds"] is None:
        return _case("properties", name, "skipped", f"undecided: {title}")
    if record["holds"]:
        return _case("properties", name)
    if record["accepted"] is not None:
        return _case("properties", name, "skipped", f"accepted: {record['accepted']}")
    return _case("properties", name, "failure", title, told(record["path"]))


def _trace(result: Result, trace: str, verdicts: Iterable[Record]) -> Iterator[Xml.Element]:
    by_rule = defaultdict[str, list[Record]](list)
    for verdict in verdicts:
        by_rule[verdict["rule"]].append(verdict)
    for rule, records in by_rule.items():
        kinds = {record["verdict"] for record in records}
        if kinds & {"conforms", "inconclusive", "error", *FAIL_ON}:
            yield _rule(result, trace, rule, records)


def _rule(result: Result, trace: str, rule: str, records: Sequence[Record]) -> Xml.Element:
    about = result.rules.get(rule)
    name = f"{rule} {about['title']}" if about else rule
    failing = fails(result)
    grave = [r for r in records if r["verdict"] in failing]
    failed = [r for r in grave if r["accepted"] is None]
    if failed:
        return _case(trace, name, "failure", _line(failed[0]), "\n".join(map(_line, failed)))
    unread = [r for r in records if r["verdict"] == "error"]
    if unread:
        return _case(trace, name, "error", _line(unread[0]))
    if grave:
        return _case(trace, name, "skipped", f"accepted: {grave[0]['accepted']}", _line(grave[0]))
    told = [r for r in records if r["verdict"] in FAIL_ON]
    if told:
        return _case(trace, name, "skipped", _line(told[0]), "\n".join(map(_line, told)))
    if any(r["verdict"] == "conforms" for r in records):
        return _case(trace, name)
    return _case(trace, name, "skipped", _line(records[0]))


def _line(record: Record) -> str:
    return f"{record['verdict']}: {place(record)}: {comparison(record)}".rstrip(": ")


def _run(result: Result) -> Iterator[Xml.Element]:
    """Yield what is wrong with the run: inputs not read, a result cut off, nothing judged."""
    for error in result.errors:
        yield _case("the run itself", str(error["where"]), "error", error_sentence(error))
    footer = result.footer
    if footer is None:
        message = "the result ends before its footer: the run was cut off"
        yield _case("the run itself", "the result is whole", "error", message)
    elif footer["exit_code"] == 4 or not footer["complete"]:
        message = " ".join(answer(result))
        yield _case("the run itself", "the run came to its end", "error", message)
    for baseline in result.baselines:
        for gone in baseline["vanished"]:
            message = (
                f"{gone['id']} is accepted in {baseline['file']} and no longer found; remove it"
            )
            yield _case("the run itself", f"baseline {gone['id']}", "failure", message)
