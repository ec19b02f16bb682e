"""Rulesets by shipped name, or from a Python file that defines one."""

from __future__ import annotations

import importlib
import runpy
import traceback
from pathlib import Path

from model.errors import RuleError
from model.ruleset import Ruleset

SHIPPED = {"draft-04": "model.rulesets.draft04"}


class RulesetError(ValueError):
    """A ruleset that cannot be loaded: one sentence with file, line and remedy."""


def load_ruleset(name: str) -> Ruleset:
    """Return a ruleset by shipped name or path; RulesetError when it cannot be loaded."""
    if name in SHIPPED:
        ruleset: Ruleset = importlib.import_module(SHIPPED[name]).RULESET
        return ruleset
    path = Path(name)
    if not path.is_file():
        known = ", ".join(SHIPPED)
        raise RulesetError(f"{name}: no such ruleset; name one of {known} or a Python file.")
    return _from_file(path)


def _from_file(path: Path) -> Ruleset:
    try:
        found = runpy.run_path(str(path)).get("RULESET")
    except RuleError as bad:
        raise RulesetError(f"{_place(path, bad)}: {bad}.") from bad
    except SyntaxError as bad:
        raise RulesetError(f"{path}:{bad.lineno}: {bad.msg}; correct the line.") from bad
    except Exception as bad:
        what = f"{type(bad).__name__}: {bad}"
        raise RulesetError(f"{_place(path, bad)}: {what}; correct the line.") from bad
    if not isinstance(found, Ruleset):
        raise RulesetError(f"{path}: it defines no RULESET; end it with RULESET = Ruleset(...).")
    return found


def _place(path: Path, bad: Exception) -> str:
    """Return file:line of the last line of the ruleset's own file in a traceback."""
    own = [f for f in traceback.extract_tb(bad.__traceback__) if f.filename == str(path)]
    return f"{path}:{own[-1].lineno}" if own else str(path)
