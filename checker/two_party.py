"""What comes of both sides together, though each obeys every rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from checker.divergence import Divergences
from checker.endless import EndlessRejections
from checker.explore import Exploration, Explorer
from checker.finding import Finding
from checker.machine import Machine
from checker.reach import Reached
from checker.recovery import Recoveries
from checker.wishes import Wishes
from model.rule import On
from model.ruleset import Ruleset
from model.scope import Scope
from model.terms import names_in

Placed = tuple[Finding, tuple[Exploration, Reached]]
SIDES = (On.SEND_UPDATE, On.RECEIVE_UPDATE, On.RECEIVE_ACK)
# One binding is enough to be refused for ever; one fault brings the sequence numbers apart.
ONE_BINDING = Scope(bids=1, care_of=1, options=1, sequence_bits=2, updates=2, faults=1)

# What was agreed on by one update is enough for the next one to be refused.
SEVERAL = Scope(bids=2, care_of=1, options=2, sequence_bits=2, updates=1, faults=0)


def beside(findings: Iterable[Finding], together: Iterable[Placed]) -> list[Finding]:
    """Return the findings without the gaps whose consequence another one tells, with a path."""
    told = {n for f, _ in together if f.kind == "divergence" for n in f.at_stake}
    return [f for f in findings if f.kind != "gap" or not set(f.at_stake) <= told]


class TwoParty:
    """The findings about both sides of a ruleset, from explorations of the same rules."""

    def __init__(self, ruleset: Ruleset, readings: Mapping[str, int] | None = None) -> None:
        self.ruleset, self.readings = ruleset, readings
        self.divergences = Divergences()

    @property
    def speaks_of_both(self) -> bool:
        """Return whether the ruleset has rules for each step of an exchange."""
        return all(self.ruleset.rules_on(on) for on in SIDES)

    def of(self, found: Exploration) -> list[Placed]:
        """Return the divergences of an exploration that earlier ones did not have."""
        if not self.speaks_of_both:
            return []
        return _placed(found, self.divergences.findings(found))

    def procedures(self) -> list[Placed]:
        """Return the endless rejections, and the procedures that do not recover."""
        if not self.speaks_of_both:
            return []
        machine = Machine(self.ruleset, ONE_BINDING, self.readings, permitted=False)
        found = Explorer(machine).run()
        endless = EndlessRejections(_wishes(machine, "mn.goes_on"))
        recoveries = Recoveries(_wishes(machine, "mn.goes_on", "mn.boots"))
        ended = [*endless.findings(found), *recoveries.after_start(found)]
        return [*_placed(found, ended), *self._after_refusals()]

    def _after_refusals(self) -> list[Placed]:
        """Return the procedures after a refusal, of bulk updates too, that do not recover."""
        machine = Machine(self.ruleset, SEVERAL, self.readings, permitted=False)
        found = Explorer(machine).run()
        recoveries = Recoveries(_wishes(machine, "mn.goes_on"))
        return _placed(found, recoveries.after_refusal(found))


def _placed(found: Exploration, findings: Iterable[tuple[Finding, Reached]]) -> list[Placed]:
    """Return findings with the exploration and the readings in which they were found."""
    machine = found.machine
    return [
        (replace(f, readings=_readings(machine, f.rules)), (found, reached))
        for f, reached in findings
    ]


def _readings(machine: Machine, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the readings, as the machine has them, that rules depend on."""
    world, domains = machine.world, {r.id: r.domain for r in machine.ruleset.readings}
    rules = [r for r in machine.ruleset.rules if r.id in ids]
    terms = [t for r in rules for t in (r.given, r.demand.term)]
    names = {n for t in terms if t is not None for n in names_in(world.ground(t, 1))}
    return {n: (d.values[machine.constants[n]],) for n, d in domains.items() if n in names}


def _wishes(machine: Machine, *facts: str) -> Wishes:
    """Return exchanges of a mobile node of which some facts are true."""
    return Wishes(machine.knowing(**dict.fromkeys(facts, 1)))
