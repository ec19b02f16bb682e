"""Rulesets by shipped name, or from a Python file that defines one."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checker.author import Watch, run
from checker.evaluate import knows
from model.errors import RuleError
from model.rule import Rule
from model.ruleset import Ruleset
from model.terms import quantifies
from model.validate import mistakes, subterms

SHIPPED = {"draft-04": "model.rulesets.draft04"}


class RulesetError(ValueError):
    """A ruleset that does not exist: one sentence with the remedy."""


class RuleFileError(RulesetError):
    """A rule file that cannot be used: a line for each mistake, with file, line and remedy."""


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
        source = path.read_text(encoding="utf-8")
        space, watch = run(path, source)
    except SyntaxError as bad:
        raise RuleFileError(f"{path}:{bad.lineno or 1}: {bad.msg}; correct the line.") from bad
    except (ValueError, RecursionError, MemoryError, OSError) as bad:
        raise RuleFileError(f"{path}: it is no text in Python; name another file.") from bad
    found = space.get("RULESET", watch.unfinished)
    wrong = _mistakes(watch, found)
    if wrong:
        raise RuleFileError("\n".join(_sentence(e) for e in wrong))
    if not isinstance(found, Ruleset):
        raise RuleFileError(f"{path}: it defines no RULESET; end it with RULESET = Ruleset(...).")
    return found


def _mistakes(watch: Watch, found: Any) -> list[RuleError]:
    """Return the mistakes in the order of the file, each once; none about a mute rule."""
    later: list[RuleError] = []
    if isinstance(found, Ruleset):
        try:
            later = [e for e in _whole(watch.path, found) if e.where not in watch.broken]
        except Exception as bad:  # a part of a wrong type, wherever it is met first
            watch.tell(bad)
    return sorted({str(e): e for e in (*watch.mistakes, *later)}.values(), key=_position)


def _whole(path: str, ruleset: Ruleset) -> Iterator[RuleError]:
    yield from mistakes(ruleset)
    for r in ruleset.rules:
        if r.source.startswith(f"{path}:"):
            yield from _operators(r)


def _operators(r: Rule) -> Iterator[RuleError]:
    """Yield the operators of Z3 in a rule that the evaluator does not know."""
    for term in (t for t in (r.given, r.when, r.demand.term) if t is not None):
        for t in subterms(term):
            if not knows(t) and not quantifies(t):
                what = f"rule {r.key} uses {t.decl().name()}, which monami does not evaluate"
                yield RuleError(what, r.source, "use & | ~ == !=, z3.ULT, z3.ULE, z3.If")


def _sentence(e: RuleError) -> str:
    text = str(e)
    return text if text.endswith("?") else f"{text}."


def _position(e: RuleError) -> tuple[str, int]:
    file, _, line = e.where.rpartition(":")
    return (file, int(line)) if line.isdigit() else (e.where, 0)
