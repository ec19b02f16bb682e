"""Records of the result file from judged exchanges (their keys: `reports.form`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address
from typing import Any

from checker.replay.departures import leaders
from checker.replay.exchanges import Exchange
from checker.replay.judge import Judgement
from checker.replay.near import Nearest
from checker.replay.observe import Observer
from checker.replay.places import seen_at
from checker.replay.seen import Seen
from checker.replay.state import State, state_texts
from checker.replay.track import Judged
from checker.replay.words import Wording
from model.rule import On
from model.ruleset import Ruleset
from traces.declaration import Declaration
from traces.events import (
    BidOption,
    BindingAcknowledgement,
    BindingUpdate,
    DadRefused,
    DadStart,
    KernelDrop,
    ListenerReport,
    NodeStopped,
    Place,
    ProxyAdvertisement,
    ProxyNd,
    ReadError,
)
from traces.views import View

Record = dict[str, Any]


def error_record(error: ReadError) -> Record:
    """The record of what could not be read."""
    return {"record": "error", "where": str(error.place), "text": str(error)}


GOES_ON = "node-goes-on"  # the name of what no document says, but every implementation owes


def stop_records(trace: str, stop: NodeStopped, last: Place | None) -> Iterator[Record]:
    """The verdict on a node that hung or crashed, and the rule that it is named by.

    `last` is the message that was seen last before it.
    """
    yield {
        "record": "rule",
        "id": GOES_ON,
        "clause": "-",
        "document": "robustness",
        "modality": "MUST",
        "title": "a node goes on working, whatever message it is sent",
    }
    note = "" if last is None else f"the last message before it: {last}"
    yield _known(
        {
            "record": "verdict",
            "trace": trace,
            "packet": None if last is None else last.packet,
            "line": stop.place.line,
            "rule": GOES_ON,
            "verdict": "violates",
            "expected": "the node goes on working",
            "observed": f"the node stopped: {stop.what}",
            "note": note or None,
        }
    )


def trace_record(
    name: str,
    declared: Declaration,
    description: str,
    packets: int,
    exchanges: int,
    views: Sequence[View] = (),
) -> Record:
    """The record of a trace, or of a run with its captures."""
    record: Record = {
        "record": "trace",
        "trace": name,
        "description": description,
        "dialect": declared.dialect.name,
        "packets": packets,
        "exchanges": exchanges,
    }
    if declared.role is not None:
        record["role"] = declared.role
    if declared.knows_bids is not None:
        record["knows_bids"] = declared.knows_bids
    if views:
        record["captures"] = [capture_record(view) for view in views]
    return record


def capture_record(view: View) -> Record:
    """One capture of a run: where it was taken, its time by the run's clock, its own clock.

    Times are in seconds; `uncertainty_s` is left out where messages of one direction only tell.
    """
    record: Record = {
        "file": view.file,
        "at": [str(node) for node in sorted(view.nodes)],
        "mobile_node": view.mobile,
        "home_link": view.home_link,
        "whole": view.nodes == view.whole,
        "begin": view.begin,
        "end": view.end,
        "ahead_s": view.clock.ahead_at(view.begin),
        "uncertainty_s": view.clock.uncertainty_s,
        "drift": view.clock.drift,
        "messages": view.clock.messages,
    }
    return _known(record)


def place_keys(place: Place, run: bool) -> Record:
    """Where a message was seen; in a run of several captures, in which of them."""
    if not run:
        return {}
    return {"file": place.file, "also": [str(p) for p in place.also]}


class Reporter:
    """Writes the records of one home address at one node."""

    def __init__(self, trace: str, nearest: Nearest, observer: Observer, agent: bool) -> None:
        self.trace, self.nearest, self.observer, self.agent = trace, nearest, observer, agent
        self.relation = nearest.relation

    def records(self, judged: Judged) -> Iterator[Record]:
        """The record of an exchange, then those of its verdicts."""
        yield self._exchange(judged)
        verdicts = [self._verdict(judged, j) for j in judged.judgements]
        observed = {v["rule"]: v.get("observed", "") for v in verdicts}
        told = leaders(judged.judgements, observed, self.relation.ruleset)
        for verdict in verdicts:
            rule = told.get(verdict["rule"])
            yield verdict if rule is None else {**verdict, "same_as": rule}

    def _exchange(self, judged: Judged) -> Record:
        e = judged.exchange
        place = e.update.place
        numbers = (
            [] if e.answer is None or e.answer.place.packet is None else [e.answer.place.packet]
        )
        record = {
            "record": "exchange",
            "trace": self.trace,
            "exchange": e.number,
            **place_keys(place, bool(self.observer.vantage.views)),
            "packet": place.packet,
            "line": place.line,
            "time": e.update.time,
            "summary": update_text(e.update, e.home),
            "observed": list(self._observed(judged)),
            "answers": numbers,
            "answer_file": self._answer_file(e),
            "state_before": self._states([w.before for w in judged.worlds]),
            "state_after": self._states(judged.after),
        }
        return _known(record)

    def _answer_file(self, e: Exchange) -> str | None:
        """The capture that shows the answer, in a run of several."""
        told = e.answer is not None and self.observer.vantage.views
        return e.answer.place.file if told and e.answer is not None else None

    def _states(self, states: Sequence[State]) -> list[str]:
        texts = [state_texts(s, self.observer.naming, self.agent) for s in states]
        if len(texts) == 1:
            return texts[0]
        return [" and ".join(t) for t in dict.fromkeys(tuple(t) for t in texts)]

    def _observed(self, judged: Judged) -> Iterator[str]:
        e = judged.exchange
        if e.answer is not None:
            yield answer_text(e.answer)
            if e.answer.fate == "lost":
                yield "it did not reach the mobile node"
        elif judged.seen.sure("acknowledged") == 0:
            yield "no Binding Acknowledgement"
        else:
            yield "no Binding Acknowledgement is shown"
        for side in e.sides:
            text = _side_text(side)
            if text:
                yield text
        for label in ("dad", "announcement"):
            yield from self._seen_text(label, judged.seen)

    def _seen_text(self, label: str, seen: Seen) -> Iterator[str]:
        value = seen.sure(label)
        if value:
            f = self.relation.decisions[label].field
            yield f"{f.sentence}: {f.domain.show(value)}"

    def _verdict(self, judged: Judged, j: Judgement) -> Record:
        e = judged.exchange
        place = e.update.place
        record: Record = {
            "record": "verdict",
            "trace": self.trace,
            "exchange": e.number,
            **place_keys(place, bool(self.observer.vantage.views)),
            "packet": place.packet,
            "line": place.line,
            "offset": place.offset,
            "rule": j.rule,
            "verdict": j.verdict,
            **self._said(judged, j),
            **_shown(e, j),
            "readings": dict(j.readings) or None,
            "note": j.note or None,
        }
        return _known(record)

    def _said(self, judged: Judged, j: Judgement) -> Record:
        if j.decisive is None or j.verdict == "conforms":
            return {}
        world = next(
            (w for w in judged.worlds if j.rule in w.assessment.judgements), judged.worlds[0]
        )
        bids = [o.bid or 0 for o in self.observer.options(judged.exchange)]
        words = Wording(self.relation, self.observer.naming, bids)
        a = world.assessment
        expected, observed = words.said(j.decisive, a.values, a.seen)
        said: Record = {"expected": expected, "observed": observed}
        if j.verdict in ("violates", "deviates"):
            near = self.nearest.of(j.decisive, a.values, a.seen, a.key)
            said["near"] = [{"rule": m.rule, "lacks": list(m.lacks)} for m in near] or None
        return said


def _shown(e: Exchange, j: Judgement) -> Record:
    """Where the octets are that a verdict is about, if it is not simply obeyed."""
    if j.decisive is None or j.verdict in ("conforms", "inconclusive"):
        return {}
    return {"seen_at": seen_at(e, j.decisive.demand_names)}


def _known(record: Record) -> Record:
    return {key: value for key, value in record.items() if value is not None}


def update_text(update: BindingUpdate, home: IPv6Address) -> str:
    """A Binding Update in words; lifetime in seconds."""
    flags = "".join(
        letter
        for letter, on in (
            ("A", update.ack),
            ("H", update.home_registration),
            ("L", update.link_local),
            ("K", update.key_mgmt),
            ("R", update.mobile_router),
        )
        if on
    )
    parts = [f"Binding Update seq {update.sequence}", f"lifetime {update.lifetime_s} s"]
    parts += [f"flags {flags}"] if flags else []
    parts += [_option_text(o) for o in update.bids]
    parts.append("from the home address" if update.src == home else f"from {update.src}")
    if update.alternate is not None and update.alternate != update.src:
        parts.append(f"alternate care-of address {update.alternate}")
    return ", ".join(parts)


def answer_text(answer: BindingAcknowledgement) -> str:
    """A Binding Acknowledgement in words; lifetime in seconds."""
    head = f"Binding Acknowledgement {answer.status} seq {answer.sequence}"
    parts = [head, f"lifetime {answer.lifetime_s} s", *(_option_text(o) for o in answer.bids)]
    return ", ".join(parts)


def _option_text(option: BidOption) -> str:
    letters = "".join(n for n, on in (("C", option.c), ("O", option.o), ("H", option.h)) if on)
    text = f"BID {option.bid}" + (f" ({letters})" if letters else "")
    return text + (f" status {option.status}" if option.status else "")


def _side_text(side: object) -> str:
    """An event of a log in words; neighbour messages are told by what they decide."""
    text = ""
    match side:
        case ProxyNd():
            text = f"proxy Neighbor Discovery {'starts' if side.active else 'stops'}"
        case DadStart():
            text = "duplicate address detection starts"
        case DadRefused():
            text = f"duplicate address detection refused: {side.reason}"
        case KernelDrop():
            text = f"the kernel refused the packet: {side.reason}"
        case NodeStopped():
            text = f"the node stopped: {side.what}"
        case ListenerReport():
            text = "the node ceases to hear solicitations for the home address"
        case ProxyAdvertisement():
            text = "the home address is advertised" + (" to all" if side.dst.is_multicast else "")
    return text


def unexercised(
    trace: str, ruleset: Ruleset, judged: set[str], knows_bids: bool
) -> Iterator[Record]:
    """One verdict for each receiving rule of which nothing was seen in a trace."""
    for rule in dict.fromkeys(r.id for r in ruleset.rules_on(On.RECEIVE_UPDATE)):
        if rule in judged:
            continue
        lacking = not knows_bids and ruleset.is_extension(ruleset.rule(rule))
        verdict = "unsupported" if lacking else "not exercised"
        yield {"record": "verdict", "trace": trace, "rule": rule, "verdict": verdict}
