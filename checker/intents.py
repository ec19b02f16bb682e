"""Sender against receiver: what a mobile node may want, and no receiver may accept.

For each intent the messages that the sending rules leave are met by the receiving rules,
with both sides in agreement.  Where the sending rules contradict each other for the intent,
each way of giving one of them up is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checker.finding import Finding
from checker.outcomes import Outcome
from checker.situation import Situations
from model.rule import On, Refuses
from model.vocabulary import FIRST_CARE_OF, HOME_ADDRESS, Intent, Length

BULK = ("register_bulk", "deregister_bulk", "home_and_foreign_bulk")


Readings = Mapping[str, int]


@dataclass(frozen=True)
class Attempt:
    """One message for an intent, and the rules that refuse it."""

    sent: Mapping[str, int]
    outcome: Outcome
    refusing: tuple[str, ...]
    received: Mapping[str, int]


class Intents:
    """The sender/receiver findings of a ruleset at a scope."""

    def __init__(self, sending: Situations, receiving: Situations) -> None:
        self.sending, self.receiving = sending, receiving
        self.sender, self.receiver = sending.engine, receiving.engine

    def findings(self) -> Iterator[Finding]:
        """Yield one finding for each intent and refusing rule."""
        for index, intent in enumerate(Intent.values):
            for refusing, a in self._refused(index, intent, {}).items():
                yield self._finding(index, intent, refusing, a)

    def _refused(
        self, index: int, intent: str, readings: Readings
    ) -> dict[tuple[str, ...], Attempt]:
        """Return the attempts that are refused, whatever message the rules leave for them."""
        groups: dict[frozenset[str], list[Attempt]] = {}
        for a in self._attempts(index, intent, readings):
            groups.setdefault(a.outcome.given_up, []).append(a)
        found: dict[tuple[str, ...], Attempt] = {}
        for attempts in groups.values():
            if all(a.refusing for a in attempts):
                found.setdefault(attempts[0].refusing, attempts[0])
        return found

    def _readings(
        self, index: int, intent: str, refusing: tuple[str, ...]
    ) -> dict[str, tuple[str, ...]]:
        """Return, for each reading that matters, the alternatives under which it is refused."""
        result = {}
        for r, domain in (self.sending.readings | self.receiving.readings).items():
            holds = [
                v
                for k, v in enumerate(domain.values)
                if refusing in self._refused(index, intent, {r: k})
            ]
            if len(holds) < domain.size():
                result[r] = tuple(holds)
        return result

    def _attempts(self, index: int, intent: str, readings: Readings) -> Iterator[Attempt]:
        for homes in self._homes(intent):
            inputs = self._wish(index, intent, homes)
            inputs |= {r: v for r, v in readings.items() if r in inputs}
            values = [inputs[n] for n in self.sending.fields]
            for outcome in self.sender.outcomes(values):
                sent = dict(
                    zip(
                        (d.label for d in self.sender.relation.decisions),
                        outcome.values,
                        strict=True,
                    )
                )
                received = self._delivered(intent, inputs, sent)
                received |= {r: v for r, v in readings.items() if r in received}
                yield Attempt(inputs, outcome, self._refusing(received), received)

    def _homes(self, intent: str) -> list[tuple[int, ...]]:
        if not intent.startswith("home_and"):
            return [()]
        return [(1,)] if intent == "home_and_foreign" else [(1,), (2,)]

    def _wish(self, index: int, intent: str, homes: tuple[int, ...]) -> dict[str, int]:
        wish = {n: self.sending.default(n) for n in self.sending.fields}
        source = HOME_ADDRESS if intent == "return_home" else FIRST_CARE_OF
        known = {"mn.intent": index, "bu.source": source, "bu.esp": 1, "mn.peer_home_agent": 1}
        known |= {f"o.for_home[{i}]": 1 for i in homes}
        return wish | {n: v for n, v in known.items() if n in wish}

    def _delivered(
        self, intent: str, wish: Mapping[str, int], sent: Mapping[str, int]
    ) -> dict[str, int]:
        """Return the inputs of the receiver: the message, and a cache in agreement with it."""
        inputs = {n: self.receiving.default(n) for n in self.receiving.fields}
        inputs |= {n: v for n, v in (*wish.items(), *sent.items()) if n in inputs}
        inputs["bu.sequence"] = 1
        held = self._held(intent)
        for i, b in zip((1, 2), (1, 2), strict=True):
            if f"o.bid[{i}]" in inputs and sent.get(f"o.present[{i}]"):
                inputs[f"o.bid[{i}]"] = b
                full = sent[f"o.length[{i}]"] == Length.values.index("twenty")
                if f"o.coa[{i}]" in inputs and full:
                    inputs[f"o.coa[{i}]"] = FIRST_CARE_OF
            if f"bc.kind[{b}]" in inputs:
                inputs[f"bc.kind[{b}]"] = int(held)
        if held and "bc.home_registration" in inputs:
            inputs |= {"bc.home_registration": 1, "bc.proxy": 1}
        return {n: inputs[n] for n in self.receiving.fields}

    @staticmethod
    def _held(intent: str) -> bool:
        """Return whether the receiver has bindings that the intent is about."""
        return not intent.startswith("register_")

    def _refusing(self, received: Mapping[str, int]) -> tuple[str, ...]:
        values = [received[n] for n in self.receiving.fields]
        rules = self.receiver.relation.rules
        applied = (rules[k].rule for k in self.receiver.applied(values).rules)
        refusals = {r.ids for r in applied if r.demand.refuses is not Refuses.NOTHING}
        return tuple(sorted({i for ids in refusals for i in ids}))

    def _finding(self, index: int, intent: str, refusing: tuple[str, ...], a: Attempt) -> Finding:
        applied = self.sender.applied([a.sent[n] for n in self.sending.fields])
        own = [self.sender.relation.rules[k] for k in applied.rules]
        about = {
            g.rule.id
            for g in own
            if g.rule.given.sexpr() != "true" and self._tells(g.rule.id, intent)
        }
        rules = sorted({*refusing, *about, *a.outcome.given_up})
        words = intent.replace("_", " ")
        return Finding(
            "sender/receiver",
            On.SEND_UPDATE,
            tuple(rules),
            ("mn.intent",),
            f"a mobile node may want to {words}, and the receiver has to refuse its update",
            self.sending.equals("mn.intent", Intent.values.index(intent)),
            dict(a.sent),
            ("mn.intent", *(n for n in a.sent if n.startswith("o.for_home") and a.sent[n])),
            readings=self._readings(index, intent, refusing),
            region=intent,
            principal=refusing[:1],
            replayed=True,
            demands=(
                *((i, "refuses the update or sub-option") for i in refusing),
                *((i, "is given up for this update") for i in sorted(a.outcome.given_up)),
            ),
        )

    def _tells(self, rule: str, intent: str) -> bool:
        """Return whether a sending rule speaks of this intent and not of every other."""
        speaking = [other for other in Intent.values if self._applies(rule, other)]
        return intent in speaking and len(speaking) <= len(BULK)

    def _applies(self, rule: str, intent: str) -> bool:
        for homes in self._homes(intent):
            wish = self._wish(Intent.values.index(intent), intent, homes)
            applied = self.sender.applied([wish[n] for n in self.sending.fields])
            if any(self.sender.relation.rules[k].rule.id == rule for k in applied.rules):
                return True
        return False
