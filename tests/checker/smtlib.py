"""What a journal holds, as SMT-LIB text that another solver reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import combinations
from typing import Any

import z3

from checker.solving import Asked, Journal
from model.terms import constants_of
from model.vocabulary import FIELDS

# An `and` or `or` of nothing: Z3 writes the bare word, which is no term of the standard.
BARE = re.compile(r"(?<![(|\w.!-])(?:or|and)(?![\w.|!-])")


@dataclass
class Writer:
    """Writes terms, each once however often it is told; keeps them alive while it lives."""

    _texts: dict[int, str] = field(default_factory=dict)
    _alive: list[Any] = field(default_factory=list)

    def text(self, term: Any) -> str:
        """Return a term as text."""
        key = term.get_id()
        if key not in self._texts:
            self._alive.append(term)
            self._texts[key] = written(term)
        return self._texts[key]

    def script(self, told: list[Asked]) -> list[str]:
        """Return what one solver was told and asked as commands."""
        rest = [c for entry in told for c in self._commands(entry)]
        terms = [t for e in told for t in flat(e.terms)]
        return [*declarations(terms), *rest]

    def _commands(self, entry: Asked) -> Iterator[str]:
        texts = [self.text(t) for t in flat(entry.terms)]
        if entry.event == "assert":
            yield from (f"(assert {text})" for text in texts)
        elif entry.event == "check":
            yield f"(check-sat-assuming ({' '.join(texts)}))" if texts else "(check-sat)"
        else:
            yield f"({entry.event} 1)"


def declarations(terms: list[Any]) -> Iterator[str]:
    """Yield the declarations of enumerations and constants."""
    found = constants_of(terms)
    sorts = [*(c.sort() for c in found), *(f.domain.sort for f in FIELDS.values())]
    yield from dict.fromkeys(enumeration(s) for s in sorts if s.kind() == z3.Z3_DATATYPE_SORT)
    yield from (f"(declare-const {c.sexpr()} {c.sort().sexpr()})" for c in found)


@cache
def enumeration(sort: Any) -> str:
    """Return the declaration of an enumeration."""
    values = [sort.constructor(k)().sexpr() for k in range(sort.num_constructors())]
    return f"(declare-datatypes (({sort.name()} 0)) (({' '.join(f'({v})' for v in values)})))"


def flat(terms: Iterable[Any]) -> Iterator[Any]:
    """Yield terms and, of the lists of terms among them, the members."""
    for t in terms:
        if isinstance(t, list | tuple):
            yield from flat(t)
        else:
            yield t


def by_solver(journal: Journal) -> dict[int, list[Asked]]:
    """Return the entries of each solver that was asked something, in order."""
    found: dict[int, list[Asked]] = {}
    for entry in journal.entries:
        found.setdefault(entry.solver, []).append(entry)
    return {k: own for k, own in found.items() if any(e.event == "check" for e in own)}


def written(term: Any) -> str:
    """Return a term as text, without what only Z3 can read."""
    text: str = term.sexpr()
    if "(_ at-" in text or BARE.search(text):
        return str(_Standard().visit(term).sexpr())
    return text


class _Standard:
    """Rewrites counting, and connectives of nothing, bottom up."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def visit(self, t: Any) -> Any:
        """Return the term rewritten."""
        key = t.get_id()
        if key not in self._made:
            args = [self.visit(a) for a in t.children()]
            make = self._cases.get(t.decl().kind())
            self._made[key] = make(t, args) if make else t.decl()(*args) if args else t
        return self._made[key]

    @cached_property
    def _cases(self) -> dict[int, Callable[[Any, list[Any]], Any]]:
        return {
            z3.Z3_OP_AND: lambda _, args: z3.And(args) if args else z3.BoolVal(True),
            z3.Z3_OP_OR: lambda _, args: z3.Or(args) if args else z3.BoolVal(False),
            z3.Z3_OP_DISTINCT: lambda _, args: z3.Distinct(args),
            z3.Z3_OP_PB_AT_LEAST: lambda t, args: at_least(args, t.params()[0]),
            z3.Z3_OP_PB_AT_MOST: lambda t, args: z3.Not(at_least(args, t.params()[0] + 1)),
        }


def at_least(args: list[Any], count: int) -> Any:
    """Return the term: so many of these hold, written out choice by choice."""
    chosen = [z3.And([z3.BoolVal(True), *some]) for some in combinations(args, count)]
    return z3.Or([z3.BoolVal(False), *chosen])
