"""The second solver: cvc5 is told and asked what a journal says, command by command.

What is asserted of every value of some decisions is met without quantifiers, as cvc5 may
give up on them: values of the decisions that refute a situation are added one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

import cvc5

from tests.checker.smtlib import Command


@dataclass(frozen=True)
class Every:
    """An assertion that a body holds for every value of what is bound."""

    bound: tuple[Any, ...]
    free: tuple[Any, ...]
    body: Any


class SecondSolver:
    """A cvc5 solver that reads SMT-LIB commands."""

    def __init__(self) -> None:
        self._terms = cvc5.TermManager()
        self._symbols = cvc5.SymbolManager(self._terms)
        self._solver, self._refuting = (self._fresh() for _ in range(2))
        self._parser = cvc5.InputParser(self._solver, self._symbols)
        self._every: list[list[Every]] = [[]]

    def _fresh(self) -> Any:
        solver = cvc5.Solver(self._terms)
        solver.setOption("incremental", "true")
        solver.setOption("produce-models", "true")
        solver.setOption("tlimit-per", "60000")
        solver.setLogic("ALL")
        return solver

    def answers(self, script: list[Command]) -> list[str]:
        """Return the answers to all that a script asks: sat, unsat, or that it gave up."""
        found: list[str] = []
        plain: list[str] = []  # commands are read many at once, which is faster
        for command in script:
            asked_of_every = command.answer is not None and any(self._every)
            if not (command.body or asked_of_every):
                plain.append(command.text)
                self._follow(command)
                continue
            found += self._tell(plain)
            plain = []
            if command.body:
                self._every[-1].append(self._read(command))
            else:
                found.append(self._ask_every(command))
        return found + self._tell(plain)

    def _follow(self, command: Command) -> None:
        if command.text.startswith("(push"):
            self._every.append([])
        elif command.text.startswith("(pop"):
            self._every.pop()

    def _tell(self, commands: list[str]) -> list[str]:
        text = "\n".join(commands)
        self._parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "journal")
        said = []
        while not (c := self._parser.nextCommand()).isNull():
            said.append(str(c.invoke(self._solver, self._symbols)).strip())
        return [s for s in said if s]

    def _read(self, command: Command) -> Every:
        self._parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, command.body, "journal")
        body = self._parser.nextTerm()
        declared = {t.getSymbol(): t for t in self._symbols.getDeclaredTerms()}
        bound = tuple(declared[n] for n in command.bound)
        free = tuple(t for t in constants(body) if t not in bound)
        return Every(bound, free, body)

    def _ask_every(self, command: Command) -> str:
        """Ask again until no value of what is bound refutes the situation found."""
        while (said := self._tell([command.text])) == ["sat"]:
            every = chain.from_iterable(self._every)
            refuted = [instance for e in every for instance in self._refuted(e)]
            if not refuted:
                return "sat"
            for instance in refuted:
                self._solver.assertFormula(instance)
        return " ".join(said)

    def _refuted(self, every: Every) -> list[Any]:
        """Return the body for values that refute the situation found last, if there are any."""
        values = [self._solver.getValue(t) for t in every.free]
        situation = every.body.substitute(list(every.free), values) if values else every.body
        answer = self._refuting.checkSatAssuming(situation.notTerm())
        if answer.isUnsat():
            return []
        assert answer.isSat(), answer
        values = [self._refuting.getValue(t) for t in every.bound]
        return [every.body.substitute(list(every.bound), values)]


def constants(term: Any) -> list[Any]:
    """Return the constants of a term, each once."""
    found: dict[Any, None] = {}
    seen: set[int] = set()
    open_ = [term]
    while open_:
        t = open_.pop()
        if t.getId() not in seen:
            seen.add(t.getId())
            open_ += list(t)
            if t.getKind() == cvc5.Kind.CONSTANT:
                found[t] = None
    return list(found)
