"""The command line: arguments in, a summary and files out, an exit code to trust."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from checker import cli_explore, cli_export, cli_results, cli_rules
from checker import commands as c
from checker.baseline import BaselineError
from checker.cli_run import Run, UsageError
from checker.exploring import INTERPRETED, Exploring
from checker.progress import Progress
from checker.rulesets import SHIPPED, RuleFileError, RulesetError
from checker.witness import WitnessError
from model.errors import RuleError
from model.scope import Scope
from model.validate import LARGEST
from reports import FAIL_ON, ResultError
from traces.declaration import DeclarationError

EPILOG = (
    "exit codes: 0 nothing wrong, 1 findings or non-conformance, 2 wrong usage, "
    "3 an input could not be read, 4 inconclusive"
)


def cmd_check(run: Run) -> int:
    """Rule analysis."""
    ruleset, scope, accepting = run.ruleset(), run.scope(), run.accepting()
    parts, code = accepting.judge(*c.run_check(ruleset, scope, run.progress))
    written = accepting.write(parts)
    return run.finish(c.assemble(ruleset, ["check"], parts, code, scope=scope), code, written)


def cmd_replay(run: Run) -> int:
    """Replay."""
    ruleset, readings = run.ruleset(), run.readings()
    c.reading_indices(ruleset, readings)
    offsets = run.clock_offsets()
    files = c.replay_inputs([Path(t) for t in run.args.traces], run.args.same_run, offsets)
    wire = c.Wire(run.args.dialect, run.args.bid_type, run.args.no_bids)
    judging = (run.args.deadline, readings, run.args.fail_on, run.args.threads)
    accepting = run.accepting()
    replayed = c.run_replay(ruleset, files, wire, run.progress, *judging)
    parts, code = accepting.judge(*replayed)
    written = accepting.write(parts)
    records = c.assemble(
        ruleset,
        ["replay"],
        parts,
        code,
        inputs=c.files_of(files),
        readings=readings,
        fail_on=run.args.fail_on,
    )
    return run.finish(records, code, written)


def cmd_demo(run: Run) -> int:
    """Everything once, on what is shipped; what it finds is not an error of the demo."""
    ruleset = run.ruleset()
    files = c.demo_files()
    parts, code = c.run_check(ruleset, Scope(), run.progress)
    codes = [code]
    for scope in c.DEMO_SCOPES:
        found, code = c.run_explore(ruleset, scope, run.progress, {}, Exploring(engine=INTERPRETED))
        parts += found
        codes.append(code)
    found, code = c.run_replay(ruleset, files, c.Wire(), run.progress)
    parts += found
    exit_code = c.worst([*codes, code])
    run.finish(
        c.assemble(
            ruleset, ["check", "explore", "replay"], parts, exit_code, scope=Scope(), inputs=files
        ),
        exit_code,
    )
    print(f"The report: {Path(run.args.html).resolve()}")
    return 0


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FILE.jsonl", help="keep the result file")
    cli_results.add_reports(parser)


def _bounds(parser: argparse.ArgumentParser, *names: str) -> None:
    for name, default in asdict(Scope()).items():
        if not names or name in names:
            option = "--" + name.replace("_", "-")
            parser.add_argument(
                option, dest=name, type=_positive, metavar="N", help=f"default {default}"
            )


def _positive(text: str) -> int:
    value = int(text)
    if not 0 <= value <= LARGEST:
        raise argparse.ArgumentTypeError(f"use a number from 0 to {LARGEST}")
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
    demo.set_defaults(ruleset="draft-04")
    cli_rules.add_rules(add("rules", cli_rules.cmd_rules, "list the rules"), shipped)
    check = add("check", cmd_check, "do the sentences of the document agree?")
    check.add_argument("ruleset", help=f"{shipped} or a Python file")
    _common(check)
    _bounds(check, "bids", "care_of", "options", "sequence_bits")
    _baselines(check)
    cli_results.add_explain(check)
    about = "what can happen between nodes that obey the document?"
    explore = add("explore", cli_explore.cmd_explore, about)
    explore.add_argument("ruleset", help=f"{shipped} or a Python file")
    _common(explore)
    cli_explore.add_explore(explore)
    _readings(explore)
    _baselines(explore)
    cli_results.add_explain(explore)
    export = add("export", cli_export.cmd_export, "the system for SPIN, TLC, Z3 and cvc5")
    export.add_argument("ruleset", help=f"{shipped} or a Python file")
    cli_explore.add_scope(export)
    _readings(export)
    cli_export.add_export(export)
    _add_replay(add("replay", cmd_replay, "did an implementation obey the document?"))
    cli_results.add_commands(add, _octet)
    return parser


def _baselines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--baseline", metavar="FILE", help="findings that are accepted (TOML)")
    parser.add_argument("--write-baseline", metavar="FILE", help="accept what is found")
    parser.add_argument("--reason", metavar="TEXT", help="why it is accepted")


def _add_replay(replay: argparse.ArgumentParser) -> None:
    replay.add_argument("--rules", dest="ruleset", required=True, metavar="RULESET")
    replay.add_argument(
        "traces", nargs="+", metavar="TRACE", help="capture, event log, folder or NAME.run.toml"
    )
    replay.add_argument(
        "--same-run", action="store_true", help="the traces show one run, from several places"
    )
    replay.add_argument(
        "--clock-offset",
        action="append",
        metavar="FILE=SECONDS",
        help="how far the clock of one of them is ahead (default: found from shared messages)",
    )
    replay.add_argument("--dialect", choices=("kame", "draft-04", "rfc5648"))
    replay.add_argument("--bid-type", type=_octet, metavar="N", help="type of the BID sub-option")
    replay.add_argument(
        "--no-bids", action="store_true", help="declare: the observed node knows no BIDs"
    )
    replay.add_argument(
        "--deadline",
        type=float,
        default=c.DEADLINE_S,
        metavar="S",
        help="seconds until an answer is taken as not sent (default: 3, RFC 3775 11.8, 13)",
    )
    replay.add_argument(
        "--fail-on",
        choices=FAIL_ON,
        default=FAIL_ON[0],
        help="the least grave verdict that fails (default: violates)",
    )
    replay.add_argument(
        "--threads",
        type=cli_explore.some,
        metavar="N",
        help="processes for long captures; default: one for each core",
    )
    _common(replay)
    _readings(replay)
    _baselines(replay)


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
        run = Run(args, progress)
        run.prepare()
        code: int = args.function(run)
        return code
    except (RuleFileError, ResultError, DeclarationError, BaselineError) as bad:
        return _complain(progress, bad, c.UNREADABLE)
    except OSError as bad:
        what = f"{bad.filename}: {bad.strerror}; name another file." if bad.filename else bad
        return _complain(progress, what, c.UNREADABLE)
    except (RulesetError, RuleError, UsageError) as bad:
        return _complain(progress, bad, c.USAGE)
    except WitnessError as bad:
        return _complain(progress, bad, c.INCONCLUSIVE)
    except KeyboardInterrupt:
        return _complain(progress, "stopped before the end; nothing was judged", c.INCONCLUSIVE)


def _complain(progress: Progress, what: object, code: int) -> int:
    progress.done()
    for line in str(what).splitlines():
        print(f"monami: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
