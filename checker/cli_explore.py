"""The command that explores what can happen: its switches, presets and engines."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from checker import commands as c
from checker.cli_run import Run, UsageError
from checker.exploring import AUTO, ENGINES, EVERY_S, INTERPRETED, RAY, Exploring
from checker.resolution import Resolution
from model.ruleset import Ruleset
from model.scope import Scope
from model.validate import LARGEST
from model.whole.scope import FAULTS, PRESETS, WholeScope

GIB, MOST = 1 << 30, 1000
ENGINES_TOLD = (
    "interpreted: the reference, state by state; vectorised: columns of states by NumPy; "
    "compiled: machine code on all cores, up to renaming; "
    "ray: the same on all machines of a Ray cluster; auto: what suits the scope (default)"
)
EXCHANGE = "exchange"  # the system that `check` looks at: one exchange at a time
SWITCHES = {
    "bids": "BIDs",
    "care_of": "care-of addresses, and interfaces",
    "options": "sub-options in a message",
    "sequence_bits": "bits of a sequence number",
    "updates": "updates that the mobile node asks for of its own accord",
    "messages": "messages under way in each direction",
    "faults": "faults of all kinds together",
    "loss": "messages that are lost",
    "duplication": "messages that arrive twice",
    "reorder": "messages that overtake others",
    "delay": "updates sent again though the first is still under way",
    "restart": "restarts of mobile node and receiver",
    "expiry": "agreed Lifetimes that are over",
    "correspondents": "1: the peer may be a correspondent node too",
    "attacker": "bulk updates of another node to a correspondent node",
}
ALIASES = {"care_of": ("--coas",)}


def cmd_explore(run: Run) -> int:
    """Exploration."""
    scope, ruleset = scope_of(run.args), run.ruleset()
    readings, accepting = run.readings(), run.accepting()
    run.progress.say(f"reading the rules of {ruleset.name}")
    decided = _decided(run, ruleset)
    how = exploring_of(run.args)
    explored = c.run_explore(ruleset, scope, run.progress, readings, how, decided)
    parts, code = accepting.judge(*explored)
    written = accepting.write(parts)
    records = c.assemble(ruleset, ["explore"], parts, code, scope=scope, readings=readings)
    return run.finish(records, code, written)


def _decided(run: Run, ruleset: Ruleset) -> tuple[Resolution, ...]:
    """Return what --resolve says of the contradictions of a ruleset."""
    if not run.args.resolve:
        return ()
    from checker.resolve import resolutions  # noqa: PLC0415  (loads the whole analysis)

    return resolutions(ruleset, _pairs(run.args.resolve), run.progress.say)


def exploring_of(args: argparse.Namespace) -> Exploring:
    """Return how it is to be explored."""
    if args.engine == RAY and (args.checkpoint or args.paths > 1):
        raise UsageError("--engine ray has no --checkpoint and no --paths; leave them out.")
    memory = None if args.memory is None else int(args.memory * GIB)
    return Exploring(
        args.engine or (INTERPRETED if args.preset == EXCHANGE else AUTO),
        args.max_states,
        args.stop_at_first,
        args.paths,
        not args.no_symmetry,
        args.threads,
        memory,
        Path(args.checkpoint) if args.checkpoint else None,
        args.checkpoint_every,
    )


def _pairs(texts: list[str]) -> dict[str, str]:
    """Return what --resolve FINDING=RULE says."""
    chosen = {}
    for text in texts:
        finding, equals, rule = text.partition("=")
        if not equals:
            raise UsageError(f"--resolve {text} has no rule; write FINDING=RULE.")
        chosen[finding] = rule
    return chosen


def scope_of(args: argparse.Namespace) -> Scope:
    """Return the scope: a preset, with the switches that are given.

    A kind of fault that is asked for more often than the preset has faults raises their sum.
    """
    given = {n: getattr(args, n) for n in SWITCHES if getattr(args, n) is not None}
    if args.window is not None:
        given["sequence_bits"] = int(args.window).bit_length() + 1
    if args.preset == EXCHANGE:
        return _exchange(given)
    preset = PRESETS[args.preset]
    wanted = max([preset.faults, *(given[n] for n in FAULTS if n in given)])
    return replace(preset, **{"faults": wanted, **given})


def _exchange(given: dict[str, Any]) -> Scope:
    known = {f.name for f in fields(Scope)}
    other = ", ".join("--" + n.replace("_", "-") for n in given if n not in known)
    if other:
        raise UsageError(f"the preset {EXCHANGE} has no {other}; leave it out or take another.")
    return Scope(**given)


def add_scope(parser: argparse.ArgumentParser) -> None:
    """Add the preset and its switches."""
    parser.add_argument(
        "--preset",
        choices=(*PRESETS, EXCHANGE),
        default="default",
        help="how large the system is; the switches below change single bounds of it "
        f"({EXCHANGE}: one message at a time, and what both sides come to)",
    )
    default = asdict(WholeScope())
    for name, about in SWITCHES.items():
        option = "--" + name.replace("_", "-")
        told = f"{about} (default {default[name]})"
        flags = (option, *ALIASES.get(name, ()))
        parser.add_argument(*flags, dest=name, type=_bound, metavar="N", help=told)
    parser.add_argument(
        "--window", type=_bound, metavar="N", help="sequence numbers ahead that count as newer"
    )


def _bound(text: str) -> int:
    value = int(text)
    if not 0 <= value <= LARGEST:
        raise argparse.ArgumentTypeError(f"use a number from 0 to {LARGEST}")
    return value


def add_explore(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `monami explore` that it has alone."""
    add_scope(parser)
    parser.add_argument(
        "--resolve",
        action="append",
        metavar="FINDING=RULE",
        help="in a contradiction that `monami check` tells, this rule is obeyed",
    )
    parser.add_argument("--engine", choices=ENGINES, help=ENGINES_TOLD)
    parser.add_argument("--max-states", type=int, metavar="N", help="end the search after these")
    parser.add_argument(
        "--stop-at-first", action="store_true", help="end the search at the first violation"
    )
    parser.add_argument(
        "--paths", type=some, default=1, metavar="N", help="sequences of different kinds for each"
    )
    parser.add_argument(
        "--no-symmetry", action="store_true", help="look at every state, also those alike"
    )
    parser.add_argument(
        "--threads", type=some, metavar="N", help="or processes; default: one for each core"
    )
    parser.add_argument(
        "--memory",
        type=_size,
        metavar="GIB",
        help="for the states, on each machine; default: most of what is free",
    )
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="keep the search there, and go on from it if it exists"
    )
    parser.add_argument(
        "--checkpoint-every",
        type=_size,
        default=EVERY_S,
        metavar="SECONDS",
        help=f"how often (default {EVERY_S:.0f}), and where the search is stopped",
    )


def some(text: str) -> int:
    value = int(text)
    if not 1 <= value <= MOST:
        raise argparse.ArgumentTypeError(f"use a number from 1 to {MOST}")
    return value


def _size(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("use a number above 0")
    return value
