"""The form of the result file and the reports derived from it."""

from reports.explain import explain
from reports.findings import nearest, subject
from reports.form import REQUIRED, VERDICTS, Verdict
from reports.html import render_html
from reports.junit import render_junit
from reports.kinds import KINDS, Kind
from reports.lines import columns
from reports.markdown import render_markdown
from reports.problems import FAIL_ON
from reports.records import Result, ResultError, merge, read_records, write_records
from reports.sarif import render_sarif
from reports.terminal import summarise

__all__ = [
    "FAIL_ON",
    "KINDS",
    "REQUIRED",
    "VERDICTS",
    "Kind",
    "Result",
    "ResultError",
    "Verdict",
    "columns",
    "explain",
    "merge",
    "nearest",
    "read_records",
    "render_html",
    "render_junit",
    "render_markdown",
    "render_sarif",
    "subject",
    "summarise",
    "write_records",
]
