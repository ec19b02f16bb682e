"""What the cache is after an exchange: read from a dump, else followed by rules and answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checker.constraints import Constraint, Variable, minimal_conflict, solutions
from checker.replay.after import Outline
from checker.replay.exchanges import Exchange
from checker.replay.judge import Assessment
from checker.replay.observe import Observer
from checker.replay.relation import Compiled, Relation
from checker.replay.seen import PARTLY, SUCCESS, Seen
from checker.replay.state import PLAIN, State, bindings, cleaned, state_of_dump, unique, without
from model.predicates import READ_SEQ
from model.vocabulary import NONE

MOST_STATES = 24
CHANGES = ("effect", "care_of", "others", "plain", "proxy", "stored")


def next_states(
    relation: Relation, observer: Observer, e: Exchange, a: Assessment, before: State
) -> list[State]:
    """The states in which the receiver may be after the exchange, one of them at least."""
    if observer.settled(e) and e.after is not None:
        last = _last_sequence(e, a.seen, before)
        return [cleaned(state_of_dump(e.after, observer.naming, e.receiver, last))]
    unchanged = _proxied(before, a.seen)
    if observer.pending(e):
        return [unchanged]
    answers = _answers(a.seen)
    if answers and not answers & SUCCESS:
        return [unchanged]
    if not answers and not relation.accepts(a.values):
        return [unchanged]
    done = _done(relation, observer, e, a, before)
    if answers and answers <= SUCCESS:
        return done if len(done) == 1 else unique(done, MOST_STATES)
    return unique([*done, unchanged], MOST_STATES)


def _answers(seen: Seen) -> frozenset[int]:
    """The answers to all parts of the update, together."""
    found = [v for label, v in seen.values.items() if label.startswith("answer[")]
    return frozenset().union(*found)


def _proxied(state: State, seen: Seen) -> State:
    """The state with what was seen of proxy Neighbor Discovery."""
    sure = seen.sure("proxy")
    return cleaned(state if sure is None else {**state, "bc.proxy": sure})


def _last_sequence(e: Exchange, seen: Seen, before: State) -> int:
    """The last sequence number accepted, per home address (3775-9.1-1)."""
    accepted = bool(_answers(seen) & SUCCESS) or seen.sure("stored") == 1
    return e.update.sequence if accepted else before.get("bc.last_sequence", 0)


def _done(
    relation: Relation, observer: Observer, e: Exchange, a: Assessment, before: State
) -> list[State]:
    """The states after an update that the receiver carried out."""
    outlines = relation.left.of(a.key, lambda: _outlines(relation, a))
    if outlines:
        return [relation.after.state(outline, a.values) for outline in outlines]
    return [_proxied(carried_out(observer, e, before), a.seen)]


def _outlines(relation: Relation, a: Assessment) -> list[Outline]:
    """What a step may leave, as rules and observation allow; nothing where rules refuse it."""
    if not relation.accepts(a.values):
        return []
    proxy = a.seen.sure("proxy")
    found = (_numbered(relation, a, decided) for decided in _ways(relation, a))
    return list(dict.fromkeys(_with_proxy(outline, proxy) for outline in found))


def _numbered(relation: Relation, a: Assessment, decided: dict[str, int]) -> Outline:
    """The state after the step, with the sequence numbers of every reading of READ-SEQ."""
    outline = relation.after.outline(a.values, decided)
    if READ_SEQ.name not in relation.position:
        return outline
    other = list(a.values)
    other[relation.position[READ_SEQ.name]] = 1
    numbered = relation.after.outline(tuple(other), decided)
    fields = {x[0]: x for x in outline}
    fields |= {x[0]: x for x in numbered if x[0].startswith("bc.sequence")}
    return tuple(fields[name] for name in sorted(fields))


def _with_proxy(outline: Outline, proxy: int | None) -> Outline:
    """An outline with what was seen of proxy Neighbor Discovery."""
    if proxy is None:
        return outline
    rest = [x for x in outline if x[0] != "bc.proxy"]
    return tuple(sorted([*rest, ("bc.proxy", proxy, False)] if proxy else rest))


def _ways(relation: Relation, a: Assessment) -> Iterator[dict[str, int]]:
    kept = [
        c
        for c in a.applied
        if (c.rule.rule.modality.binds or c.rule.rule.modality.advises)
        and c not in a.broken
        and any(n.partition("[")[0] in CHANGES for n in c.names)
    ]
    labels = dict.fromkeys(n for c in kept for n in c.names)
    for rules in _agreeing(relation, a, kept, labels):
        variables = {n: _variable(relation, n, a.seen) for n in labels}
        constraints = [relation.constraint(c, a.values, k) for k, c in enumerate(rules)]
        for count, found in enumerate(solutions(variables, constraints)):
            if count >= MOST_STATES:
                return
            yield _defaults(relation, a) | found


def _defaults(relation: Relation, a: Assessment) -> dict[str, int]:
    """The decisions of which no rule speaks: as seen, else their default."""
    values = {}
    for label in relation.decisions:
        if label.partition("[")[0] in CHANGES:
            sure = a.seen.sure(label)
            known = sure is not None and sure != PARTLY
            values[label] = (
                sure if known and sure is not None else relation.default(label, a.values)
            )
    return values


def _variable(relation: Relation, label: str, seen: Seen) -> Variable:
    """A decision, narrowed to what was seen; what does not change the state is fixed."""
    v = relation.variable(label, seen.values)
    if label.partition("[")[0] in CHANGES:
        return v
    return Variable(label, v.domain[:MOST_STATES])


def _agreeing(
    relation: Relation, a: Assessment, rules: list[Compiled], labels: dict[str, None]
) -> Iterator[list[Compiled]]:
    """Yield the rules, or the ways to drop one of each set that cannot agree."""
    variables = {n: _variable(relation, n, a.seen) for n in labels}
    constraints = [relation.constraint(c, a.values, k) for k, c in enumerate(rules)]
    core = minimal_conflict(variables, constraints)
    if core is None:
        yield rules
        return
    for broken in _sacrifices(core, rules):
        yield from _agreeing(relation, a, [c for c in rules if c is not broken], labels)


def _sacrifices(core: Sequence[Constraint], rules: Sequence[Compiled]) -> list[Compiled]:
    found = [rules[c.tag] for c in core]
    advice = [c for c in found if c.rule.rule.modality.advises]
    return advice[:1] or found


def carried_out(observer: Observer, e: Exchange, before: State) -> State:
    """The cache when the update was carried out although the rules refuse it."""
    naming, options = observer.naming, observer.options(e)
    keys = [naming.bid(o.bid) for o in options] or [PLAIN]
    if e.update.lifetime == 0:
        return without(before, bindings(before) if PLAIN in keys else keys)
    state = dict(before) | {
        "bc.last_sequence": e.update.sequence,
        "bc.home_registration": int(e.update.home_registration),
        "bc.proxy": int(e.update.home_registration),
    }
    address = naming.address(e.update.alternate) or naming.address(e.update.src)
    if not options:
        return without(state, [k for k in bindings(state) if k != PLAIN]) | {
            **state_shared(state),
            "bc.plain": 1,
            "bc.plain_coa": address,
        }
    for option, key in zip(options, keys, strict=True):
        if not key:
            continue
        own = naming.address(option.coa) if option.c else NONE
        state |= {f"bc.kind[{key}]": 1, f"bc.coa[{key}]": own or address}
        state[f"bc.sequence[{key}]"] = e.update.sequence
    return state


def state_shared(state: State) -> State:
    """The fields of a state that belong to no binding."""
    return {n: v for n, v in state.items() if n in SHARED}


SHARED = ("bc.last_sequence", "bc.home_registration", "bc.proxy")
