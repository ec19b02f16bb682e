"""The form of the result file and the reports derived from it."""

from reports.explain import explain
from reports.findings import nearest, subject
from reports.form import REQUIRED, VERDICTS, Verdict
from reports.html import render_html
from reports.junit import render_junit
from reports.kinds import KINDS, Kind
from reports.lines import columns
from reports.markdown import render_markdown
from reports.problems import FAIL_ON, Problem, failing_on, fails, problems
from reports.records import Result, ResultError, merge, read_records, result_of, write_records
from reports.sarif import render_sarif
from reports.terminal import summarise

__all__ = [
    "FAIL_ON",
    "KINDS",
    "REQUIRED",
    "VERDICTS",
    "Kind",
    "Problem",
    "Result",
    "ResultError",
    "Verdict",
    "columns",
    "explain",
    "failing_on",
    "fails",
    "merge",
    "nearest",
    "problems",
    "read_records",
    "render_html",
    "render_junit",
    "render_markdown",
    "render_sarif",
    "result_of",
    "subject",
    "summarise",
    "write_records",
]
