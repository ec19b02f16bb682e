"""Expressions as text: what is used more than once gets a name, and is written once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from checker.export.expressions import Expr, Sort
from checker.export.flat import STATE, names_of

SMALL = 3  # what has fewer operators is rather repeated than named
Operator = Callable[[Expr, Sequence[str]], str]


@dataclass(frozen=True)
class Shared:
    """A subexpression with the name that it is written by."""

    name: str
    sort: Sort
    text: str


@dataclass(frozen=True)
class Written:
    """Texts of expressions, after what they share, in an order in which it can be defined."""

    shared: tuple[Shared, ...]
    texts: tuple[str, ...]


def written(roots: Sequence[Expr], notation: Operator, strip: bool = True) -> Written:
    """Return expressions as a notation writes an operator with written arguments.

    `strip` leaves out the parentheses around a whole expression.
    """
    writer = _Writer(roots, notation, strip)
    texts = tuple(map(writer.whole, roots))
    return Written(tuple(writer.shared), texts)


class _Writer:
    def __init__(self, roots: Sequence[Expr], notation: Operator, strip: bool) -> None:
        self.notation, self.shared, self._strip = notation, list[Shared](), strip
        self._known: dict[Expr, str] = {}
        ordered = list(_ordered(roots))
        uses = Counter(a for e in ordered for a in e.args)
        uses.update(roots)
        sizes: dict[Expr, int] = {}
        for e in ordered:
            sizes[e] = (e.op not in ("name", "const")) + sum(sizes[a] for a in e.args)
        self._twice = {e for e in ordered if uses[e] > 1 and sizes[e] >= SMALL}

    def whole(self, e: Expr) -> str:
        """Return the text of an expression that stands alone."""
        text = self.text(e)
        return bare(text) if self._strip else text

    def text(self, e: Expr) -> str:
        """Return the text of an expression, in parentheses where they matter."""
        if e not in self._known:
            shown = self._shown(e)
            text = self.notation(shown, [self.text(a) for a in shown.args])
            self._known[e] = self._named(e, text) if e in self._twice else text
        return self._known[e]

    def _shown(self, e: Expr) -> Expr:
        """Return an expression as it is to be written: `not eq` is `ne`."""
        inner = e.args[0] if e.op == "not" else e
        if e.op != "not" or inner.op != "eq" or inner in self._twice:
            return e
        return Expr("ne", inner.args, None, e.sort)

    def _named(self, e: Expr, text: str) -> str:
        name = f"t{len(self.shared) + 1}"
        self.shared.append(Shared(name, e.sort, bare(text) if self._strip else text))
        return name


def _ordered(roots: Iterable[Expr]) -> Iterator[Expr]:
    """Yield each subexpression once, arguments first."""
    seen: set[Expr] = set()
    stack = [(e, False) for e in roots][::-1]
    while stack:
        e, ready = stack.pop()
        if ready:
            yield e
        elif e not in seen:
            seen.add(e)
            stack.append((e, True))
            stack.extend((a, False) for a in reversed(e.args))


def bare(text: str) -> str:
    """Return a text without the parentheses around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for k, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if not depth and k < len(text) - 1:
            return text
    return text[1:-1]


def in_order(updates: Mapping[str, Expr]) -> list[tuple[str, Expr]] | None:
    """Return assignments in an order in which none reads what another has changed, or None."""
    reads = {n: {x.data for x in names_of([e])} - {(STATE, n)} for n, e in updates.items()}
    done: list[tuple[str, Expr]] = []
    while reads:
        free = [n for n in reads if not any((STATE, n) in r for r in reads.values())]
        if not free:
            return None
        done += [(n, updates[n]) for n in free]
        reads = {n: r for n, r in reads.items() if n not in free}
    return done
