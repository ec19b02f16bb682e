"""Conformance as an assertion, for the tests of an implementation.

from checker.conformance import assert_conforms

def test_the_home_agent_obeys_the_draft(tmp_path):
    capture = run_the_home_agent(tmp_path)
    assert_conforms(capture, rules="draft-04")
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from checker import commands as c
from checker.progress import Progress
from checker.rulesets import load_ruleset
from reports import FAIL_ON, Result, fails, problems, result_of

MOST = 20  # problems that the message tells


def assert_conforms(
    path: Path | str,
    rules: str = "draft-04",
    *,
    dialect: str | None = None,
    bid_type: int | None = None,
    no_bids: bool = False,
    readings: Mapping[str, str] | None = None,
    fail_on: str = FAIL_ON[0],
    deadline_s: float = c.DEADLINE_S,
) -> Result:
    """Assert that a trace, every trace of a folder, or a run obeys a ruleset; return all verdicts.

    The file NAME.run.toml names the captures of a run (`traces.run_file`).

    AssertionError, with what was expected and observed in which packet, for a verdict as grave
    as `fail_on` or graver; also where a trace could not be read and where nothing was judged.
    `rules` is a shipped name or a Python file; `readings` are alternatives by name; an answer
    that is not seen in `deadline_s` seconds is taken as not sent.
    """
    __tracebackhide__ = True
    if fail_on not in FAIL_ON:
        raise ValueError(f"fail_on is {fail_on!r}; use one of {', '.join(FAIL_ON)}")
    ruleset, files = load_ruleset(rules), c.replay_inputs([Path(path)])
    c.reading_indices(ruleset, readings or {})
    wire, quiet = c.Wire(dialect, bid_type, no_bids), Progress(io.StringIO())
    parts, code = c.run_replay(ruleset, files, wire, quiet, deadline_s, readings, fail_on)
    judged = c.assemble(
        ruleset,
        ["replay"],
        parts,
        code,
        inputs=c.files_of(files),
        readings=readings,
        fail_on=fail_on,
    )
    result = result_of(judged)
    if code != c.CLEAN:
        raise AssertionError("\n".join(_told(result, str(path), rules, code)))
    return result


def _told(result: Result, path: str, rules: str, code: int) -> list[str]:
    if code == c.INCONCLUSIVE:
        return [f"{path}: nothing in it could be judged by {rules}; give a trace with updates."]
    counted = fails(result)
    found = [p for p in problems(result) if p.kind == "error" or p.kind in counted]
    lines = [f"{p.where}: {p.text}" if p.where else p.text for p in found]
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return [f"{path} does not conform to {rules}:", *lines[:MOST], *more]
