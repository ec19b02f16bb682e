"""The command line: arguments in, a summary and files out, an exit code to trust."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from checker import commands as c
from checker.progress import Progress
from checker.replay import ReplayOptions
from checker.rulesets import SHIPPED, RulesetError, load_ruleset
from model.errors import RuleError
from model.ruleset import Ruleset
from model.scope import Scope
from reports import ResultError, merge, read_records, render_html, summarise, write_records
from traces.declaration import DeclarationError

EPILOG = (
    "exit codes: 0 nothing wrong, 1 findings or non-conformance, 2 wrong usage, "
    "3 an input could not be read, 4 inconclusive"
)


@dataclass(frozen=True)
class Run:
    """One invocation: its arguments and where progress goes."""

    args: argparse.Namespace
    progress: Progress

    def ruleset(self) -> Ruleset:
        """Return the ruleset that was named."""
        return load_ruleset(self.args.ruleset)

    def scope(self) -> Scope:
        """Return the scope that was asked for."""
        wanted = {k: getattr(self.args, k, None) for k in asdict(Scope())}
        return Scope(**{k: v for k, v in wanted.items() if v is not None})

    def readings(self) -> dict[str, str]:
        """Return the readings chosen with --reading NAME=ALTERNATIVE."""
        chosen = {}
        for text in getattr(self.args, "reading", None) or []:
            name, equals, alternative = text.partition("=")
            if not equals:
                raise RuleError(f"--reading {text}", remedy="write NAME=ALTERNATIVE")
            chosen[name] = alternative
        return chosen

    def finish(self, records: list[dict[str, Any]], code: int) -> int:
        """Write the result file and the reports, print the summary, return the exit code."""
        self.progress.done()
        out = Path(self.args.out) if self.args.out else None
        with _kept(out) as file:
            write_records(file, records)
            result = read_records(file)
        if self.args.html:
            Path(self.args.html).write_text(render_html(result), encoding="utf-8")
        written = [f"written: {name}" for name in (self.args.out, self.args.html) if name]
        _print([*summarise(result, sys.stdout.isatty()), *written])
        return code


def _print(lines: Iterable[str]) -> None:
    """Print lines; a reader that goes away early does not change the exit code."""
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


class _kept:
    """A path for the result file: the one asked for, or a temporary one."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def __enter__(self) -> Path:
        import tempfile  # noqa: PLC0415

        self._folder = tempfile.TemporaryDirectory()
        return self.path or Path(self._folder.name) / "result.jsonl"

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def cmd_check(run: Run) -> int:
    """Rule analysis."""
    ruleset, scope = run.ruleset(), run.scope()
    parts, code = c.run_check(ruleset, scope, run.progress)
    return run.finish(c.assemble(ruleset, ["check"], parts, code, scope=scope), code)


def cmd_explore(run: Run) -> int:
    """Exploration."""
    ruleset, scope, readings = run.ruleset(), run.scope(), run.readings()
    parts, code = c.run_explore(ruleset, scope, run.progress, readings, run.args.max_states)
    records = c.assemble(ruleset, ["explore"], parts, code, scope=scope, readings=readings)
    return run.finish(records, code)


def cmd_replay(run: Run) -> int:
    """Replay."""
    ruleset, readings = run.ruleset(), run.readings()
    c.reading_indices(ruleset, readings)
    files = c.trace_files([Path(t) for t in run.args.traces])
    wire = c.Wire(run.args.dialect, run.args.bid_type, run.args.no_bids)
    options = ReplayOptions(deadline_s=run.args.deadline, readings=readings)
    parts, code = c.run_replay(ruleset, files, wire, options, run.progress)
    records = c.assemble(ruleset, ["replay"], parts, code, inputs=files, readings=readings)
    return run.finish(records, code)


def cmd_demo(run: Run) -> int:
    """Everything once, on what is shipped; what it finds is not an error of the demo."""
    ruleset = run.ruleset()
    files = c.demo_files()
    parts, code = c.run_check(ruleset, Scope(), run.progress)
    codes = [code]
    for scope in c.DEMO_SCOPES:
        found, code = c.run_explore(ruleset, scope, run.progress, {}, run.args.max_states)
        parts += found
        codes.append(code)
    found, code = c.run_replay(ruleset, files, c.Wire(), ReplayOptions(), run.progress)
    parts += found
    exit_code = c.worst([*codes, code])
    Path(run.args.out).parent.mkdir(parents=True, exist_ok=True)
    run.finish(
        c.assemble(
            ruleset, ["check", "explore", "replay"], parts, exit_code, scope=Scope(), inputs=files
        ),
        exit_code,
    )
    print(f"The report: {Path(run.args.html).resolve()}")
    return 0


def cmd_report(run: Run) -> int:
    """Reports from result files."""
    result = merge([read_records(Path(r)) for r in run.args.results])
    if run.args.html:
        Path(run.args.html).write_text(render_html(result), encoding="utf-8")
        print(f"written: {run.args.html}")
    else:
        _print(summarise(result, sys.stdout.isatty()))
    return c.UNREADABLE if result.truncated else 0


def cmd_rules(run: Run) -> int:
    """The rules of a ruleset."""
    _print(c.rule_lines(run.ruleset()))
    return 0


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FILE.jsonl", help="keep the result file")
    parser.add_argument("--html", metavar="FILE", help="write the HTML report")


def _bounds(parser: argparse.ArgumentParser, *names: str) -> None:
    for name, default in asdict(Scope()).items():
        if not names or name in names:
            option = "--" + name.replace("_", "-")
            parser.add_argument(
                option, dest=name, type=_positive, metavar="N", help=f"default {default}"
            )


def _positive(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 64:
        raise argparse.ArgumentTypeError("use a number from 0 to 64")
    return value


def _readings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reading", action="append", metavar="NAME=ALTERNATIVE", help="such as READ-H=H2"
    )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(prog="monami", description=__doc__, epilog=EPILOG)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shipped = ", ".join(SHIPPED)

    def add(name: str, function: Callable[[Run], int], about: str) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, help=about, description=about, epilog=EPILOG)
        sub.set_defaults(function=function, out=None, html=None)
        return sub

    demo = add("demo", cmd_demo, "check, explore and replay what is shipped, write the report")
    demo.add_argument("--out", default="build/demo.jsonl")
    demo.add_argument("--html", default="build/demo.html")
    demo.set_defaults(ruleset="draft-04", max_states=2_000_000)
    rules = add("rules", cmd_rules, "list the rules")
    rules.add_argument("ruleset", nargs="?", default="draft-04", help=f"{shipped} or a Python file")
    check = add("check", cmd_check, "do the sentences of the document agree?")
    check.add_argument("ruleset", help=f"{shipped} or a Python file")
    _common(check)
    _bounds(check, "bids", "care_of", "options", "sequence_bits")
    explore = add("explore", cmd_explore, "what can happen between nodes that obey the document?")
    explore.add_argument("ruleset", help=f"{shipped} or a Python file")
    _common(explore)
    _bounds(explore)
    _readings(explore)
    explore.add_argument("--max-states", type=int, default=2_000_000, metavar="N")
    _add_replay(add("replay", cmd_replay, "did an implementation obey the document?"))
    report = add("report", cmd_report, "reports from result files")
    report.add_argument("results", nargs="+", metavar="RESULT")
    report.add_argument("--html", metavar="FILE")
    return parser


def _add_replay(replay: argparse.ArgumentParser) -> None:
    replay.add_argument("--rules", dest="ruleset", required=True, metavar="RULESET")
    replay.add_argument("traces", nargs="+", metavar="TRACE", help="capture, event log or folder")
    replay.add_argument("--dialect", choices=("kame", "draft-04", "rfc5648"))
    replay.add_argument("--bid-type", type=_octet, metavar="N", help="type of the BID sub-option")
    replay.add_argument(
        "--no-bids", action="store_true", help="declare: the observed node knows no BIDs"
    )
    replay.add_argument(
        "--deadline", type=float, default=3.0, metavar="S", help="seconds to wait for an answer"
    )
    _common(replay)
    _readings(replay)


def _octet(text: str) -> int:
    value = int(text)
    if not 2 <= value <= 255:
        raise argparse.ArgumentTypeError("use a number from 2 to 255")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    args = build_parser().parse_args(arguments)
    progress = Progress(sys.stderr)
    try:
        code: int = args.function(Run(args, progress))
        return code
    except (RulesetError, RuleError) as bad:
        return _complain(progress, bad, c.USAGE)
    except (ResultError, DeclarationError, OSError) as bad:
        return _complain(progress, bad, c.UNREADABLE)
    except KeyboardInterrupt:
        return _complain(progress, "stopped before the end; nothing was judged", c.INCONCLUSIVE)


def _complain(progress: Progress, what: object, code: int) -> int:
    progress.done()
    print(f"monami: {what}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
