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


@dataclass(frozen=True)
class Command:
    """One command; for an assertion that begins with `forall`, also what it binds, and its body."""

    text: str
    answer: bool | None = None
    bound: tuple[str, ...] = ()
    body: str = ""


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

    def script(self, told: list[Asked]) -> list[Command]:
        """Return what one solver was told and asked as one script."""
        rest = [c for entry in told for c in self._commands(entry)]
        terms = [t for e in told for t in flat(e.terms)]
        return [*map(Command, declarations(terms)), *rest]

    def _commands(self, entry: Asked) -> Iterator[Command]:
        terms = list(flat(entry.terms))
        texts = [self.text(t) for t in terms]
        if entry.event == "assert":
            yield from (self._assertion(t, text) for t, text in zip(terms, texts, strict=True))
        elif entry.event == "check":
            asked = f"(check-sat-assuming ({' '.join(texts)}))" if texts else "(check-sat)"
            yield Command(asked, entry.answer)
        else:
            yield Command(f"({entry.event} 1)")

    def _assertion(self, term: Any, text: str) -> Command:
        if not (z3.is_quantifier(term) and term.is_forall()):
            return Command(f"(assert {text})")
        bound, body = opened(term)
        names = tuple(c.decl().name() for c in bound)
        return Command(f"(assert {text})", bound=names, body=self.text(body))


def declarations(terms: list[Any]) -> Iterator[str]:
    """Yield the declarations of enumerations and constants, those that are bound among them."""
    free = list(terms)
    for t in terms:
        if z3.is_quantifier(t):
            bound, body = opened(t)
            free += [*bound, body]
    found = constants_of(free)
    sorts = [*(c.sort() for c in found), *(f.domain.sort for f in FIELDS.values())]
    yield from dict.fromkeys(enumeration(s) for s in sorts if s.kind() == z3.Z3_DATATYPE_SORT)
    yield from (f"(declare-const {c.sexpr()} {c.sort().sexpr()})" for c in found)


@cache
def enumeration(sort: Any) -> str:
    """Return the declaration of an enumeration."""
    values = [sort.constructor(k)().sexpr() for k in range(sort.num_constructors())]
    return f"(declare-datatypes (({sort.name()} 0)) (({' '.join(f'({v})' for v in values)})))"


def flat(terms: Iterable[Any]) -> Iterator[Any]:
    """Yield terms and, of the lists of terms among them, the members; all in one context."""
    for t in terms:
        if isinstance(t, list | tuple):
            yield from flat(t)
        else:
            term = t if z3.is_expr(t) else z3.BoolVal(t)
            yield term if term.ctx == z3.main_ctx() else term.translate(z3.main_ctx())


def opened(t: Any) -> tuple[list[Any], Any]:
    """Return what a quantifier binds, as constants of the same names, and its body over them."""
    bound = [z3.Const(t.var_name(k), t.var_sort(k)) for k in range(t.num_vars())]
    return bound, z3.substitute_vars(t.body(), *reversed(bound))


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
        if z3.is_quantifier(t):
            bound, body = opened(t)
            return (z3.ForAll if t.is_forall() else z3.Exists)(bound, self.visit(body))
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
