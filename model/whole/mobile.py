"""What the mobile node does in the whole system: it asks, sends again, and concludes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import z3

from model.binding_list import goes_on_with
from model.mobile import own, update
from model.system import Action
from model.vocabulary import bu, mn, net, node, o
from model.whole.channel import zero
from model.whole.fields import kept, noticed
from model.whole.system import CARRIED, MOBILE_NODE, RECEIVER, WholeSystem

Updates = dict[str, Any]
SEQUENCE = bu.sequence.decl().name()
NEXT = mn.sequence.decl().name()
THERE = kept.there.decl().name()


def actions(system: WholeSystem) -> Iterator[Action]:
    """Yield every action of the mobile node about its binding."""
    for asked in system.wishes():
        yield _asking(system, asked)
    yield from _again(system)
    yield from _conclusions(system)


# -- it asks -------------------------------------------------------------------------------


def _asking(system: WholeSystem, asked: Action) -> Action:
    """Return the action in which an update is composed, kept and sent.

    Where the rules say that the update is not sent, or that another goes first, nothing changes.
    """
    updates = dict(asked.updates)
    message = {n: updates.pop(n) for n in system.labels(*CARRIED)}
    for name in ("net.update", mn.intent.decl().name()):
        updates.pop(name)
    updates |= system.kept.holding(message) | {THERE: _awaits(system, updates)}
    updates[own.boots.decl().name()] = z3.And(own.boots, z3.Not(_registers(asked)))
    goes = z3.And(update.sent, z3.Not(update.preceded))
    updates = {n: z3.If(goes, t, _now(system, n)) for n, t in updates.items()}
    updates |= system.up.sent(message, goes)
    return replace(
        asked, updates=updates, inputs={**asked.inputs, **_known(system, asked)}, fair=False
    )


def _now(system: WholeSystem, label: str) -> Any:
    """Return the variable of a name."""
    f, index = system.fields[label.partition("[")[0]], label.partition("[")[2].rstrip("]")
    return f.instance(int(index) if index else 0)


def _awaits(system: WholeSystem, updates: Mapping[str, Any]) -> Any:
    """Return the term: an acknowledgement is awaited after these updates."""
    labels = system.labels(mn.plain_awaited, mn.awaited)
    return z3.Or([updates.get(n, _now(system, n)) for n in labels])


def _registers(asked: Action) -> z3.BoolRef:
    intent = str(asked.inputs[mn.intent.decl().name()]).partition(".")[2]
    return z3.BoolVal(intent.startswith("register"))


def _known(system: WholeSystem, asked: Action) -> Updates:
    """Return what the mobile node knows when it composes an update."""
    known: Updates = {own.unanswered.decl().name(): kept.there}
    if system.bounds.correspondents:
        known[own.keygen_tokens.decl().name()] = z3.Or(node.home_agent, *_tokens(system, asked))
    return known


def _tokens(system: WholeSystem, asked: Action) -> list[Any]:
    source = asked.inputs[bu.source.decl().name()]
    return [
        z3.And(source == address, system.at(kept.token, k))
        for k, address in system.addresses.items()
    ]


# -- it sends again ------------------------------------------------------------------------


def _again(system: WholeSystem) -> Iterator[Action]:
    """Yield the retransmissions: when nothing is under way, or too early."""
    source = system.kept[bu.source.decl().name()]
    possible = z3.And(kept.there, z3.Not(system.up.full), system.usable(source))
    mask = (1 << system.world.scope.sequence_bits) - 1
    message = system.kept.inputs() | {SEQUENCE: mn.sequence}
    updates = {
        f"{system.kept.prefix}{SEQUENCE}": mn.sequence,
        NEXT: (mn.sequence + 1) & mask,
        **system.up.sent(message),
    }
    name = "sends the update again"
    again = Action(name, MOBILE_NODE, z3.And(possible, system.quiet), None, {}, updates, RECEIVER)
    yield again
    yield replace(
        again,
        name=f"{name}, though it or its answer is under way",
        guard=z3.And(possible, z3.Not(system.quiet), system.may("delay")),
        updates=updates | system.spending("delay"),
        fair=False,
    )


# -- it concludes --------------------------------------------------------------------------


def _conclusions(system: WholeSystem) -> Iterator[Action]:
    """Yield the conclusions from each acknowledgement under way, or a copy of the oldest."""
    for p in system.down.places:
        heard = _concluding(system, p)
        removed = {**heard.updates, **system.down.removed(p)}
        if p == 1:
            yield replace(heard, updates=removed)
            yield replace(
                heard,
                name="concludes from a copy of the acknowledgement",
                guard=z3.And(heard.guard, system.may("duplication")),
                updates={**heard.updates, **system.spending("duplication")},
                fair=False,
            )
        else:
            yield replace(
                heard,
                name=f"concludes from acknowledgement {p} first",
                guard=z3.And(heard.guard, system.may("reorder")),
                updates=removed | system.spending("reorder"),
                fair=False,
            )


def _concluding(system: WholeSystem, place: int) -> Action:
    base = system.conclusion()
    updates = {n: t for n, t in base.updates.items() if n.startswith(("bul.", NEXT, "mn.defends"))}
    # The answer ends the update, whatever it leaves out; a refused number is corrected.
    goes_on = z3.Or([goes_on_with(system.world, i) for i in system.world.indices("slot")])
    updates |= {THERE: z3.If(mn.ba_matches, goes_on, _awaits(system, updates))}
    # What answers nothing changes nothing but the next sequence number.
    updates = {
        n: t if n == NEXT else z3.If(kept.there, t, _now(system, n)) for n, t in updates.items()
    }
    updates |= {
        system.name(noticed.fooled): z3.And(kept.there, system.fooled()),
        system.name(noticed.missed): z3.And(kept.there, system.missed()),
    }
    heard = _heard(system, place)
    return replace(base, guard=system.down.there(place), inputs=heard, updates=updates)


def _heard(system: WholeSystem, place: int) -> Updates:
    """Return the inputs: the update that is waited for, and what the acknowledgement says of it."""
    answer = system.down.records[place].inputs()
    inputs = {n: z3.If(kept.there, t, zero(t)) for n, t in system.kept.inputs().items()}
    for i in system.world.options:
        bid, copied = (system.name(c, i) for c in (o.bid, o.copied))
        answer[copied] = z3.And(answer[copied], answer.pop(bid) == system.kept[bid])
    number = answer[net.ba_sequence.decl().name()]
    matches = z3.And(kept.there, number == system.kept[SEQUENCE])
    deletes = z3.And(kept.there, system.kept[bu.zero_lifetime.decl().name()])
    return (
        inputs
        | answer
        | {
            "mn.ba_matches": matches,
            "mn.deletion": deletes,
            "mn.peer_home_agent": node.home_agent,
        }
    )
