"""Findings, properties and paths as records of the result file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from checker.explore import Account, Exploration, Met, Verdict
from checker.finding import Finding
from checker.machine import Machine, State, Step
from checker.reach import Reached, Ways
from checker.sentences import field_text, situation_text
from checker.situation import generic
from checker.statements import parts_told
from model.fields import Field
from model.mobile import own
from model.receiver import STATE
from model.rule import On
from model.ruleset import Ruleset
from model.running_out import PEER
from model.system import ACKNOWLEDGEMENT, MESSAGE, MOBILE_NODE, Action
from model.vocabulary import FIELDS
from model.whole.fields import OWN, kept, noticed
from model.whole.system import WholeSystem

Record = dict[str, Any]
HIDDEN = frozenset({"mn.intent", "net.done"})
UPDATE_FIELDS = frozenset(c.decl().name() for c in MESSAGE) - HIDDEN
ACK_FIELDS = frozenset(c.decl().name() for c in ACKNOWLEDGEMENT) - HIDDEN
ANSWERED = frozenset({"ba.lifetime", "ba.routing", "o.copied_length"})
ANNOUNCED = frozenset({"announcement"})
NOT_SENT = frozenset(
    {"o.for_home", "o.zero_lifetime", "o.copied", "o.copied_length", "o.ba_status"}
)
SHOWN_STATE = frozenset(
    c.decl().name()
    for c in (*STATE, *PEER, *MOBILE_NODE, own.boots, kept.crashed, *vars(noticed).values())
)


def shown(label: str, value: int) -> str:
    """Return the display form of a ground field's value."""
    return field_of(label).domain.show(value)


def field_of(label: str) -> Field:
    """Return the field of a ground label, be it of a message under way."""
    name = generic(label)
    return FIELDS[name] if name in FIELDS else OWN[name]


def named(values: Mapping[str, int], among: frozenset[str]) -> dict[str, str]:
    """Return the fields of a group, by name, in words; not those at zero, where that is usual."""
    return {
        n: shown(n, v)
        for n, v in values.items()
        if generic(n) in among and (v or field_of(n).default)
    }


def present(values: Mapping[str, int], among: frozenset[str]) -> dict[str, str]:
    """Return the fields of a message, leaving out sub-options that are not there."""
    absent = {n.partition("[")[2] for n, v in values.items() if n.startswith("o.present") and not v}
    kept = {
        n: v
        for n, v in values.items()
        if not (n.startswith("o.") and n.partition("[")[2] in absent)
    }
    return named(kept, among)


def path_records(machine: Machine, start: State, steps: Sequence[Step]) -> list[Record]:
    """Return the steps of a path, each with its message and what it changed."""
    records, before = [], machine.show(start)
    for step in steps:
        after = machine.show(step.state)
        records.append(_step(machine, step, before, after))
        before = after
    return records


def _step(
    machine: Machine, step: Step, before: Mapping[str, int], after: Mapping[str, int]
) -> Record:
    actor = _node(step.action.actor, after)
    message = _message(machine, step, before, after)
    changed = {
        n: shown(n, v) for n, v in after.items() if generic(n) in SHOWN_STATE and v != before[n]
    }
    announced = _decided(machine, step, ANNOUNCED, after)
    given_up = sorted(step.outcome.given_up) if step.outcome else []
    instead = f" (giving up {', '.join(given_up)})" if given_up else ""
    return {
        "actor": actor,
        "event": step.action.name,
        "to": _node(step.action.to, after) if message is not None else None,
        "message": message,
        "state": changed | {n: v for n, v in announced.items() if v != "none"},
        "given_up": given_up,
        "repeats": step.action.on is On.RECEIVE_UPDATE and step.action.keeps,
        "text": f"{actor}: {step.action.name}{instead}",
    }


def _message(
    machine: Machine, step: Step, before: Mapping[str, int], after: Mapping[str, int]
) -> dict[str, str] | None:
    """Return what a step sends, in words, or None."""
    if step.action.to is None:
        return None
    carried = _sent(machine, step.action, before, after)
    if carried is None:
        return None
    if step.action.on is not On.RECEIVE_UPDATE:
        return present(carried, UPDATE_FIELDS)
    told = {"ba.status": shown("ba.status", carried["ba.status"])}
    return told | present(carried, ACK_FIELDS) | _decided(machine, step, ANSWERED, carried)


def _sent(
    machine: Machine, action: Action, before: Mapping[str, int], after: Mapping[str, int]
) -> Mapping[str, int] | None:
    """Return the fields of the message that an action sends, if it sends one."""
    system = machine.system
    if not isinstance(system, WholeSystem):
        answers = action.on is On.RECEIVE_UPDATE
        return None if answers and not after["net.ack"] else after
    channel = system.down if action.on is On.RECEIVE_UPDATE else system.up
    there = [f"{channel.name}{p}.there" for p in channel.places]
    last = sum(after[n] for n in there)
    if last == sum(before[n] for n in there):
        return None
    prefix = channel.records[last].prefix
    return {n.removeprefix(prefix): after[n] for n in channel.records[last].labels}


def _node(name: str | None, state: Mapping[str, int]) -> str | None:
    """Return the name of a node; the receiver by what it is in this state."""
    if name != "receiver":
        return name
    return "home agent" if state["node.home_agent"] else "correspondent node"


def _decided(
    machine: Machine, step: Step, among: frozenset[str], after: Mapping[str, int]
) -> dict[str, str]:
    """Return decisions of a node's step that leave no trace in the state, in words."""
    if step.outcome is None or step.action.on is None:
        return {}
    names = [d.label for d in machine.relations[step.action.on].decisions]
    return {
        n: shown(n, v)
        for n, v in zip(names, step.outcome.values, strict=True)
        if generic(n) in among and after.get("o.copied" + n[len(generic(n)) :], 1)
    }


def finding_record(
    f: Finding,
    ruleset: Ruleset,
    ways: Ways | None = None,
    invariant: str | None = None,
) -> Record:
    """Return the record of a finding; `invariant` says why its situation is not reached."""
    reach = _reach(f, ways or Ways(), invariant)
    rules = sorted({*f.rules, *f.also}) if f.also else f.rules
    witness = {n: v for n, v in f.witness.items() if not n.startswith("READ-")}
    message = _witness({n: v for n, v in witness.items() if _in_message(n)}, f)
    state = _witness({n: v for n, v in witness.items() if not _in_message(n)}, f)
    return {
        "record": "finding",
        "id": f.id,
        "kind": f.kind,
        "title": f.title,
        "rules": list(rules),
        "clauses": sorted({ruleset.clause(i) for i in rules}),
        "at_stake": list(f.at_stake),
        "demands": [{"rule": i, "demand": text} for i, text in f.demands],
        "restates": restated(rules, ruleset),
        "told": parts_told(f, ruleset),
        "readings": {r: list(alternatives) for r, alternatives in f.readings.items()},
        "witness": {"message": message, "state": state},
        "matters": list(f.shown),
        "words": {n: field_text(n, witness[n]) for n in (*message, *state)},
        # What comes of both sides has no situation of one node: the path tells it.
        "situation": situation_text(f.shown, f.witness, f.facts) if f.witness else "",
        "replayed": f.replayed,
        "region": list(f.where),
        "reach": reach,
        "reachable": _reachable(f, reach),
        "path": reach["conforming"] or reach["arbitrary"] or [],
    }


def restated(ids: Sequence[str], ruleset: Ruleset) -> dict[str, list[str]]:
    """Return, for each rule of a finding that others there restate, their ids."""
    firsts: dict[tuple[str, ...], str] = {}
    found: dict[str, list[str]] = {}
    rules = {i: r.ids for r in ruleset.rules for i in r.ids if i in ids}
    for id in sorted(ids, key=lambda i: (rules.get(i, (i,))[0] != i, i)):
        first = firsts.setdefault(rules.get(id, (id,)), id)
        if first != id:
            found.setdefault(first, []).append(id)
    return found


def _in_message(label: str) -> bool:
    return label.startswith(("bu.", "o.", "ba.")) and not label.startswith("o.for_home")


def _witness(values: Mapping[str, int], f: Finding) -> dict[str, str]:
    """Show what departs from the default and what matters."""
    return {
        n: shown(n, v)
        for n, v in values.items()
        if v != FIELDS[generic(n)].default or n in f.shown or generic(n) == "o.present"
    }


def _reach(f: Finding, ways: Ways, invariant: str | None) -> Record:
    """Return the sequence between conforming nodes, that with an arbitrary peer, or why none."""
    places = (ways.conforming, ways.arbitrary)
    conforming, arbitrary = (None if p is None else _path(*p, f.on) for p in places)
    return {"conforming": conforming, "arbitrary": arbitrary, "invariant": invariant}


def _reachable(f: Finding, reach: Record) -> str:
    if reach["conforming"] is not None:
        return "conforming"
    if reach["arbitrary"] is not None:
        return "arbitrary peer"
    return "unreachable" if reach["invariant"] else "unknown"


def _path(found: Exploration, reached: Reached, on: On) -> list[Record]:
    machine = found.machine
    steps = list(found.path(reached.state))
    if reached.position is not None:
        steps.append(list(machine.successors(reached.state))[reached.position])
    records = path_records(machine, found.start(reached.state), steps)
    records += path_records(machine, reached.state, reached.further)
    if reached.crafted and on is On.RECEIVE_UPDATE:
        records.append(_crafted(machine.show(reached.state), reached.crafted))
    elif reached.crafted:
        records.append(_happens(on, reached.crafted))
    return records


def _happens(on: On, values: Mapping[str, int]) -> Record:
    """Return the step of a node that no exploration runs, in the situation of a finding."""
    given = {n: shown(n, v) for n, v in values.items() if v and not n.startswith("READ-")}
    return {
        "actor": "node",
        "event": on.value,
        "to": None,
        "message": None,
        "state": given,
        "given_up": [],
        "repeats": False,
        "text": f"then the node {on.value}",
    }


def _crafted(state: Mapping[str, int], values: Mapping[str, int]) -> Record:
    return {
        "actor": "any peer",
        "event": "sends a Binding Update that no conforming mobile node sends here",
        "to": _node("receiver", state),
        "message": present(values, _of_update(values)),
        "state": {},
        "given_up": [],
        "repeats": False,
        "text": "an arbitrary peer sends the update of the witness",
    }


def _of_update(values: Mapping[str, int]) -> frozenset[str]:
    """Return the names of the fields that an update carries, as far as they are among values."""
    names = {generic(n) for n in values}
    return frozenset(n for n in names if n.startswith(("bu.", "o."))) - NOT_SENT


def exploration_records(account: Account, verdicts: Sequence[Verdict]) -> Iterator[Record]:
    """Yield the record of an exploration and of each property."""
    common = {
        "states": account.states,
        "transitions": account.transitions,
        "depth": account.depth,
    }
    scope = asdict(account.machine.scope)
    yield {
        "record": "exploration",
        "scope": scope,
        **common,
        "levels": list(account.levels),
        "complete": account.complete,
        "actions": dict(sorted(account.actions.items())),
        "stopped": account.stopped or None,
        "kept": account.kept or None,
        "told_apart": list(account.told_apart),
        "bytes": account.bytes or None,
        "never_taken": list(account.never_taken),
        "dead_ends": _dead_ends(account),
        "to_dead_end": _to_dead_end(account),
        "met": [_met(m) for m in account.met or ()],
    }
    for v in verdicts:
        told = _property(account.machine, v)
        yield {"record": "property", **told, **common, "note": _note(v, scope)}


def _dead_ends(account: Account) -> Record:
    ends = account.dead_ends
    return {"at_rest": ends.at_rest, "elsewhere": ends.elsewhere} if ends else {}


def _to_dead_end(account: Account) -> list[Record]:
    """Return how a dead end is reached, one that is not at rest if there is such."""
    ends = account.dead_ends
    way = ends and (ends.to_elsewhere or ends.to_rest)
    return path_records(account.machine, way.start, way.steps) if way else []


def _met(m: Met) -> Record:
    sets = {"rules": m.rules, "never": m.never, "given_up": m.given_up}
    sets |= {"deviates": m.deviates, "gaps": m.gaps}
    return {"step": m.on.value, **{name: sorted(ids) for name, ids in sets.items()}}


def _note(v: Verdict, scope: Mapping[str, int]) -> str:
    bounds = ", ".join(f"{k} {n}" for k, n in scope.items())
    met = "" if v.non_vacuous else "no state met its condition; "
    return f"{met}scope: {bounds}"


def _property(machine: Machine, v: Verdict) -> Record:
    path = path_records(machine, v.start, v.path) if v.start is not None else []
    readings = {r.id: r.domain.values[machine.constants[r.id]] for r in machine.ruleset.readings}
    return {
        "property": v.property.name,
        "title": v.property.title,
        "source": v.property.source,
        "holds": v.holds,
        "non_vacuous": v.non_vacuous,
        "rules": deciding_rules(machine, (*v.path, *v.loop)),
        "path": path,
        "kind": v.kind,
        "loop": _loop(machine, v),
        "others": [path_records(machine, way.start, way.steps) for way in v.others],
        "readings": readings,
    }


def _loop(machine: Machine, v: Verdict) -> list[Record]:
    """Return what repeats for ever after the path."""
    if not v.loop or v.start is None:
        return []
    start = v.path[-1].state if v.path else v.start
    return path_records(machine, start, v.loop)


def deciding_rules(machine: Machine, path: Sequence[Step]) -> list[str]:
    """Return the rules that decided the last step of each node on a path, or were given up."""
    last: dict[On, Step] = {s.action.on: s for s in path if s.action.on is not None}
    ids = {i for s in path if s.outcome for i in s.outcome.given_up}
    for on, step in last.items():
        if on is On.SEND_UPDATE:
            continue
        engine = machine.engines[on]
        applied = engine.applied([step.inputs[n] for n in machine.layout])
        rules = (machine.relations[on].rules[k] for k in applied.rules)
        ids |= {g.rule.id for g in rules if g.speaks and g.rule.modality.binds}
    return sorted(ids)
