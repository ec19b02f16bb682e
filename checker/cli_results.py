"""The commands about result files: reports, and the capture of a finding's messages."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from checker import commands as c
from checker.cli_run import Run, UsageError, found, lines_of, show
from checker.witness import WitnessError, messages, packets
from reports import Result, merge, read_records
from traces.dialects import Dialect, dialect
from traces.write import write_capture

Add = Callable[[str, Callable[[Run], int], str], argparse.ArgumentParser]
DIALECTS = ("rfc5648", "draft-04")


def add_commands(add: Add, octet: Callable[[str], int]) -> None:
    """Add the commands to the command line."""
    report = add("report", cmd_report, "reports from result files")
    report.add_argument("results", nargs="+", metavar="RESULT")
    add_reports(report)
    add_explain(report)
    witness = add("witness", cmd_witness, "the message sequence of a finding as a capture")
    witness.add_argument("result", metavar="RESULT", help="a result file, as --out keeps it")
    witness.add_argument("finding", metavar="FINDING-ID", help="or the name of a property")
    witness.add_argument("--pcap", metavar="FILE", required=True)
    witness.add_argument(
        "--dialect", choices=DIALECTS, help="wire form of the BID sub-option (the ruleset's own)"
    )
    witness.add_argument("--bid-type", type=octet, metavar="N", help="type of the BID sub-option")


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Add the options for reports to a command."""
    parser.add_argument("--html", metavar="FILE", help="write the HTML report")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML")
    parser.add_argument("--sarif", metavar="FILE", help="write SARIF 2.1.0")
    parser.add_argument("--markdown", metavar="FILE", help="write a summary in Markdown")


def add_explain(parser: argparse.ArgumentParser) -> None:
    """Add --explain to a command."""
    parser.add_argument(
        "--explain", action="append", metavar="ID", help="tell all of a finding (repeatable)"
    )


def cmd_report(run: Run) -> int:
    """Reports from result files."""
    result = merge([read_records(Path(r)) for r in run.args.results])
    written = run.reports(result)
    if run.args.explain or not written:
        show(lines_of(result, run.args.explain))
    if written:
        show([f"written: {name}" for name in written])
    return c.UNREADABLE if result.truncated else c.CLEAN


def cmd_witness(run: Run) -> int:
    """The capture of a finding's message sequence."""
    result = read_records(Path(run.args.result))
    name = run.args.finding
    record = found(result, name)
    wire = _wire(result, run.args.dialect, run.args.bid_type)
    if not record["path"]:
        remedy = "take a finding with a message sequence"
        raise WitnessError(f"{name}: no message sequence is known that leads there; {remedy}.")
    statuses = result.header["ruleset"].get("statuses")
    sent = messages(record["path"], wire, statuses)
    if not sent:
        remedy = "take a finding with messages"
        raise WitnessError(f"{name}: nothing is sent on the way there; {remedy}.")
    write_capture(Path(run.args.pcap), packets(sent, wire))
    form = f"dialect {wire.name}, BID sub-option type {wire.option_type}"
    count = f"{len(sent)} packet{'s' * (len(sent) != 1)}"
    show([f"written: {run.args.pcap} ({count}, {form})"])
    return c.CLEAN


def _wire(result: Result, name: str | None, bid_type: int | None) -> Dialect:
    """The wire form that was asked for, else that of the ruleset, else that of RFC 5648."""
    own = str(result.header["ruleset"].get("name"))
    try:
        return dialect(name or (own if own in DIALECTS else DIALECTS[0]), bid_type)
    except ValueError as bad:
        raise UsageError(f"{bad}.") from bad
