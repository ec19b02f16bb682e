"""The form of the result file and the reports derived from it."""

from reports.explain import explain
from reports.findings import nearest, subject
from reports.form import REQUIRED, VERDICTS, Verdict
from reports.html import render_html
from reports.kinds import KINDS, Kind
from reports.lines import columns
from reports.records import Result, ResultError, merge, read_records, write_records
from reports.terminal import summarise

__all__ = [
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
    "subject",
    "summarise",
    "write_records",
]
