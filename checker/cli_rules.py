"""The command that lists the rules of a ruleset, or accounts for every statement."""

from __future__ import annotations

import argparse
import json
from typing import Any

from checker import commands as c
from checker.cli_run import Run, show
from checker.session import preamble
from model.coverage import State, coverage, coverage_lines, totals
from model.errors import RuleErrors
from model.ruleset import Ruleset
from model.validate import mistakes


def cmd_rules(run: Run) -> int:
    """The rules of a ruleset, or the account of its statements."""
    ruleset = run.ruleset()
    if run.args.coverage:
        return _cover(ruleset, run.args.json)
    rules = [r for r in preamble(ruleset) if r["record"] == "rule"]
    show(
        _json({"ruleset": ruleset.name, "rules": rules}) if run.args.json else c.rule_lines(ruleset)
    )
    return c.CLEAN


def _cover(ruleset: Ruleset, as_json: bool) -> int:
    wrong = mistakes(ruleset)
    if wrong:
        raise RuleErrors(wrong)
    show(_json(coverage_object(ruleset)) if as_json else coverage_lines(ruleset))
    missing = any(e.state is State.MISSING for e in coverage(ruleset))
    return c.FOUND if missing else c.CLEAN


def coverage_object(ruleset: Ruleset) -> dict[str, Any]:
    """Return the account as an object for JSON."""
    entries = coverage(ruleset)
    statements = [
        {"id": e.id, "section": e.section, "state": e.state.value, "account": e.account}
        for e in entries
    ]
    return {"ruleset": ruleset.name, "statements": statements, "totals": totals(entries)}


def _json(value: dict[str, Any]) -> list[str]:
    return json.dumps(value, ensure_ascii=False, indent=1).splitlines()


def add_rules(parser: argparse.ArgumentParser, shipped: str) -> None:
    """Add the arguments of `monami rules`."""
    parser.add_argument(
        "ruleset", nargs="?", default="draft-04", help=f"{shipped} or a Python file"
    )
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="every statement of the catalogue: executable, not executable and why, or missing",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
