r"""A transition system in TLA+, for TLC and others.

An action for each transition; one with a step table holds for each of the rows, which are a
sequence, since rows that are equal are different steps for the engines.  The key of a table is
the set of its flags that hold, by number, and a tuple of its other values.  In a situation that
no reached state comes to there are no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from checker.export.expressions import Expr, Sort
from checker.export.flat import (
    DECIDED,
    GIVEN,
    Flat,
    FlatTable,
    FlatTransition,
    Situation,
    enumerations,
)
from checker.export.naming import Naming
from checker.export.writing import Written, written

BITWISE = """\
RECURSIVE BitAnd(_, _)
BitAnd(a, b) ==
    IF a = 0 \\/ b = 0 THEN 0
    ELSE 2 * BitAnd(a \\div 2, b \\div 2) + (a % 2) * (b % 2)
BitOr(a, b) == a + b - BitAnd(a, b)"""


class Tla:
    """The text of a system, a module of that name."""

    def __init__(self, flat: Flat, title: str, module: str) -> None:
        self.flat, self.title, self.names = flat, title, Naming()
        self.module = self.names(module)
        self._enumerations = enumerations(flat)
        self._values = {s: [self.names(v) for v in s.values] for s in self._enumerations}
        self._variables = {n: self.names(n) for n in flat.sorts}
        self._own = {n: self.names(n) for n in flat.tables}
        self._bitwise = False

    def text(self) -> str:
        """Return the module."""
        body = [*self._tables(), *self._init(), *self._actions(), *self._properties()]
        parts = [
            f"---- MODULE {self.module} ----",
            *comments(self.title),
            *self._head(),
            *([BITWISE, ""] if self._bitwise else []),
            *body,
            "====",
        ]
        return "\n".join(parts) + "\n"

    # -- declarations ----------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        yield "EXTENDS Integers"
        for label, value in self.flat.system.constants.items():
            yield from comments(f"in all states: {label} = {value}")
        yield ""
        for sort, values in self._values.items():
            yield from (f'{name} == "{v}"' for name, v in zip(values, sort.values, strict=True))
            yield f"{self.names(f'{sort.name} values')} == {{{', '.join(values)}}}"
        yield ""
        yield "VARIABLES\n    " + ",\n    ".join(self._variables.values())
        yield ""
        yield f"vars == {self._tuple(list(self._variables.values()))}"
        yield ""
        yield "TypeOK =="
        for v in self.flat.system.variables:
            yield f"    /\\ {self._variables[v.name]} \\in {self._set(v.name, v.size)}"
        yield ""

    def _set(self, label: str, size: int) -> str:
        sort = self.flat.sorts[label]
        if sort.values:
            return self.names(f"{sort.name} values")
        return "BOOLEAN" if sort.is_flag else f"0..{size - 1}"

    def _tuple(self, names: Sequence[str]) -> str:
        return f"<<{', '.join(names)}>>"

    # -- expressions -----------------------------------------------------------------------

    def _write(self, e: Expr, args: Sequence[str]) -> str:
        if e.op == "name":
            role, label = e.data
            if role == DECIDED:
                return f"d.{self.names(label)}"
            return self.names(f"given {label}" if role == GIVEN else label)
        if e.op == "const":
            return self._const(e.data, e.sort)
        if e.op == "bitand" and (modulus := _modulus(e.args[1])):
            return f"({args[0]} % {modulus})"
        self._bitwise |= e.op in ("bitand", "bitor")
        return _OPERATORS[e.op](e, args)

    def _const(self, value: int, sort: Sort) -> str:
        if sort.is_flag:
            return "TRUE" if value else "FALSE"
        return self._values[sort][value] if sort.values else str(value)

    def _written(self, roots: Sequence[Expr]) -> Written:
        return written(roots, self._write, strip=False)

    # -- tables ----------------------------------------------------------------------------

    def _tables(self) -> Iterator[str]:
        for name, table in self.flat.tables.items():
            own = self._own[name]
            yield from self._key(own, table)
            yield from self._row(own, table)
            yield from self._rows(own, table)
            yield ""

    def _key(self, own: str, table: FlatTable) -> Iterator[str]:
        given = [self._write(e, ()) for e in table.given]
        text = self._written(table.key)
        pairs = list(zip(table.key, text.texts, strict=True))
        flags = [t for e, t in pairs if e.sort.is_flag]
        facts = [t for e, t in pairs if not e.sort.is_flag]
        yield f"{own}_Key{_parameters(given)} =="
        yield from _let([*_shared(text), f"bits == {_lines(flags)}"], "    ")
        yield f"    <<{{k \\in DOMAIN bits : bits[k]}}, {_lines(facts)}>>"

    def _row(self, own: str, table: FlatTable) -> Iterator[str]:
        fields = [self.names(label) for label in table.decisions]
        parameters = [f"p{k}" for k in range(len(fields))]
        pairs = (f"{f} |-> {p}" for f, p in zip(fields, parameters, strict=True))
        yield f"{own}_Row{_parameters(parameters)} == [{', '.join(pairs) or 'none |-> 0'}]"

    def _rows(self, own: str, table: FlatTable) -> Iterator[str]:
        yield f"{own}_Rows(key) =="
        start = "    CASE"
        for s in table.situations:
            yield from comments(f"applies: {', '.join(s.rules) or 'nothing'}", "    ")
            yield f"{start} key = {self._situation(table, s)} -> <<"
            yield from self._decided(own, table, s)
            yield "        >>"
            start = "    []"
        yield f"{start} OTHER -> <<>>" if table.situations else "    <<>>"

    def _situation(self, table: FlatTable, s: Situation) -> str:
        pairs = list(zip(table.key, s.key, strict=True))
        flags = [v for e, v in pairs if e.sort.is_flag]
        held = ", ".join(str(k) for k, v in enumerate(flags, 1) if v)
        facts = [self._const(v, e.sort) for e, v in pairs if not e.sort.is_flag]
        return f"<<{{{held}}}, {self._tuple(facts)}>>"

    def _decided(self, own: str, table: FlatTable, s: Situation) -> Iterator[str]:
        sorts = [sort for sort, _ in table.decisions.values()]
        for k, (row, note) in enumerate(zip(s.rows, s.notes, strict=True), 1):
            values = [self._const(v, sort) for v, sort in zip(row, sorts, strict=True)]
            comma = "," if k < len(s.rows) else ""
            yield from comments(note, "        ") if note else ()
            yield f"        {own}_Row{_parameters(values)}{comma}"

    # -- states and actions ----------------------------------------------------------------

    def _init(self) -> Iterator[str]:
        yield "Init =="
        for state in self.flat.initial:
            pairs = zip(self._variables.items(), state, strict=True)
            equal = [f"{n} = {self._const(v, self.flat.sorts[label])}" for (label, n), v in pairs]
            yield "    \\/ /\\ " + "\n       /\\ ".join(equal)
        yield ""

    def _actions(self) -> Iterator[str]:
        names = []
        for k, t in enumerate(self.flat.transitions, 1):
            names.append(self.names(f"step {k}: {t.name}"))
            yield from comments(t.name)
            yield f"{names[-1]} =="
            yield from self._action(t)
            yield ""
        yield "Next ==\n" + "\n".join(f"    \\/ {n}" for n in names or ["FALSE"])
        yield ""
        yield "Spec == Init /\\ [][Next]_vars"
        yield ""

    def _action(self, t: FlatTransition) -> Iterator[str]:
        guards = t.guard.args if t.guard.op == "and" else (t.guard,)
        table = t.table
        text = self._written([*guards, *t.given] if table else [*guards, *t.updates.values()])
        yield from _let(_shared(text), "    ")
        yield from (f"    /\\ {guard}" for guard in text.texts[: len(guards)])
        rest = text.texts[len(guards) :]
        if table is None:
            yield from self._changes(t, rest, "    ")
            return
        own = self._own[table.name]
        yield f"    /\\ LET rows == {own}_Rows({own}_Key{_parameters(rest)}) IN"
        yield "       \\E k \\in DOMAIN rows :"
        decided = self._written(list(t.updates.values()))
        yield from _let(["d == rows[k]", *_shared(decided)], " " * 9)
        yield from self._changes(t, decided.texts, " " * 9)

    def _changes(self, t: FlatTransition, texts: Sequence[str], before: str) -> Iterator[str]:
        for label, value in zip(t.updates, texts, strict=True):
            yield f"{before}/\\ {self._variables[label]}' = {value}"
        same = [n for label, n in self._variables.items() if label not in t.updates]
        if same:
            yield f"{before}/\\ UNCHANGED {self._tuple(same)}"

    # -- properties ------------------------------------------------------------------------

    def _properties(self) -> Iterator[str]:
        holds = {p: self.names(f"holds {p}") for p in self.flat.always}
        meets = {p: self.names(f"meets {p}") for p in self.flat.sometimes}
        for (label, name), e in zip(holds.items(), self.flat.always.values(), strict=True):
            yield from self._property(label, name, e)
        for (label, name), e in zip(meets.items(), self.flat.sometimes.values(), strict=True):
            yield from self._property(f"some state meets {label}", name, e)
        invariants = " ".join(["TypeOK", *holds.values()])
        yield from comments(f"for TLC: SPECIFICATION Spec INVARIANTS {invariants}")

    def _property(self, label: str, name: str, e: Expr) -> Iterator[str]:
        text = self._written([e])
        yield from comments(label)
        yield f"{name} == {_inline(text, text.texts[0])}"
        yield ""


def comments(text: str, before: str = "") -> Iterator[str]:
    """Yield the lines of a comment."""
    yield from (f"{before}\\* {line}" for line in text.splitlines())


def _parameters(names: Sequence[str]) -> str:
    return f"({', '.join(names)})" if names else ""


def _lines(items: Sequence[str]) -> str:
    return "<<" + ",\n        ".join(items) + ">>"


def _shared(text: Written) -> list[str]:
    return [f"{part.name} == {part.text}" for part in text.shared]


def _let(definitions: Sequence[str], before: str) -> Iterator[str]:
    if definitions:
        yield f"{before}LET " + f"\n{before}    ".join(definitions) + f"\n{before}IN"


def _inline(text: Written, inner: str) -> str:
    return f"LET {'  '.join(_shared(text))} IN {inner}" if text.shared else inner


def _modulus(e: Expr) -> int:
    """Return the power of two whose predecessor a constant is, or 0."""
    mask = e.value or 0
    return mask + 1 if mask and not mask & (mask + 1) else 0


def _joined(sign: str) -> Callable[[Expr, Sequence[str]], str]:
    return lambda e, args: f"({f' {sign} '.join(args)})"


def _modulo(sign: str) -> Callable[[Expr, Sequence[str]], str]:
    return lambda e, args: f"(({args[0]} {sign} {args[1]}) % {1 << e.sort.bits})"


def _applied(word: str) -> Callable[[Expr, Sequence[str]], str]:
    return lambda e, args: f"{word}({', '.join(args)})"


def _extract(e: Expr, args: Sequence[str]) -> str:
    low = e.data[1]
    shifted = f"({args[0]} \\div {1 << low})" if low else args[0]
    return f"({shifted} % {1 << e.sort.bits})"


def _at_least(e: Expr, args: Sequence[str]) -> str:
    ones = " + ".join(f"(IF {a} THEN 1 ELSE 0)" for a in args)
    return f"(({ones}) >= {e.data})"


_OPERATORS: dict[str, Callable[[Expr, Sequence[str]], str]] = {
    "and": _joined("/\\"),
    "or": _joined("\\/"),
    "not": lambda e, args: f"(~{args[0]})",
    "eq": _joined("="),
    "ne": _joined("#"),
    "ult": _joined("<"),
    "ule": _joined("<="),
    "ite": lambda e, args: f"(IF {args[0]} THEN {args[1]} ELSE {args[2]})",
    "add": _modulo("+"),
    "sub": _modulo("-"),
    "mul": _modulo("*"),
    "bitand": _applied("BitAnd"),
    "bitor": _applied("BitOr"),
    "extract": _extract,
    "concat": lambda e, args: f"(({args[0]} * {1 << e.args[1].sort.bits}) + {args[1]})",
    "atleast": _at_least,
}
