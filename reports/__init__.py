"""The form of the result file and the reports derived from it."""

from reports.form import REQUIRED, VERDICTS, Verdict
from reports.html import render_html
from reports.records import Result, ResultError, merge, read_records, write_records
from reports.terminal import summarise

__all__ = [
    "REQUIRED",
    "VERDICTS",
    "Result",
    "ResultError",
    "Verdict",
    "merge",
    "read_records",
    "render_html",
    "summarise",
    "write_records",
]
