"""A transition system in SMT-LIB 2: flags and bit vectors, for Z3, cvc5 and others.

`trans` relates a state to the next one, for the transition that is `taken` and the `row` of its
step table, from 1 (0 for a transition without one): so each transition of the engines has one
model.  Enumerations are bit vectors with named constants.  Nothing is said of situations that
no reached state comes to: `trans` has no row for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from checker.export.expressions import FLAG, Expr, Sort, number
from checker.export.flat import DECIDED, Flat, FlatTable, FlatTransition, enumerations, names_of
from checker.export.naming import Naming
from checker.export.writing import Written, written


class Smtlib:
    """The text of a system, and of bounded questions about it."""

    def __init__(self, flat: Flat, title: str) -> None:
        self.flat, self.title, self.names = flat, title, Naming()
        self._values = {s: [self.names(v) for v in s.values] for s in enumerations(flat)}
        self.state = {n: self.names(n) for n in flat.sorts}
        self._next = {n: self.names(f"{n} next") for n in flat.sorts}
        self._holds = {p: self.names(f"holds {p}") for p in flat.always}
        self._meets = {p: self.names(f"meets {p}") for p in flat.sometimes}
        self.taken = number(len(flat.transitions).bit_length())
        rows = max(
            (sum(len(s.rows) for s in t.situations) for t in flat.tables.values()), default=1
        )
        self.row = number(rows.bit_length())

    def text(self, depth: int) -> str:
        """Return the system, and for each property whether a state at step `depth` violates it."""
        return "\n".join([*self.definitions(), *self.steps(depth), *self._questions(depth)]) + "\n"

    # -- the system ------------------------------------------------------------------------

    def definitions(self) -> Iterator[str]:
        """Yield the lines that define the system: init, trans and the properties."""
        yield from comments(self.title)
        yield from comments("z3 FILE, or cvc5 --incremental --bitblast=eager FILE")
        yield "(set-logic QF_BV)"
        for label, value in self.flat.system.constants.items():
            yield from comments(f"in all states: {label} = {value}")
        for sort, values in self._values.items():
            for k, name in enumerate(values):
                yield f"(define-fun {name} () {_sort(sort)} {_bits(k, sort.bits)})"
        for table in self.flat.tables.values():
            yield from self._table(table)
        yield from self._init()
        yield from self._trans()
        for label, e in self.flat.always.items():
            yield self._defined(self._holds[label], e)
        for label, e in self.flat.sometimes.items():
            yield self._defined(self._meets[label], e)

    def _write(self, e: Expr, args: Sequence[str]) -> str:
        if e.op == "name":
            role, label = e.data
            return f"{self.names(f'decided {label}')}" if role == DECIDED else self.names(label)
        if e.op == "const":
            return self._const(e.data, e.sort)
        return _OPERATORS[e.op](e, args)

    def _const(self, value: int, sort: Sort) -> str:
        if sort.is_flag:
            return "true" if value else "false"
        return self._values[sort][value] if sort.values else f"(_ bv{value} {sort.bits})"

    def _written(self, roots: Sequence[Expr]) -> Written:
        return written(roots, self._write, strip=False)

    def _parameters(self) -> str:
        return " ".join(f"({n} {_sort(self.flat.sorts[v])})" for v, n in self.state.items())

    def _defined(self, name: str, e: Expr) -> str:
        text = self._written([e])
        return f"(define-fun {name} ({self._parameters()}) Bool\n  {_let(text, text.texts[0])})"

    def _init(self) -> Iterator[str]:
        yield f"(define-fun init ({self._parameters()}) Bool (or false"
        for state in self.flat.initial:
            pairs = zip(self.state.items(), state, strict=True)
            equal = (f"(= {n} {self._const(v, self.flat.sorts[label])})" for (label, n), v in pairs)
            yield f"  (and true {' '.join(equal)})"
        yield "))"

    def _trans(self) -> Iterator[str]:
        after = " ".join(f"({n} {_sort(self.flat.sorts[v])})" for v, n in self._next.items())
        step = f"(taken {_sort(self.taken)}) (row {_sort(self.row)})"
        yield f"(define-fun trans ({step}\n  {self._parameters()}\n  {after}) Bool (or false"
        for k, t in enumerate(self.flat.transitions):
            yield from comments(f"{k}: {t.name}")
            yield self._transition(k, t)
        yield "))"

    def _transition(self, k: int, t: FlatTransition) -> str:
        text = self._written([t.guard, *t.given, *t.updates.values()])
        guard, *rest = text.texts
        given, values = rest[: len(t.given)], rest[len(t.given) :]
        parts = [f"(= taken {self._const(k, self.taken)})", guard, self._looked_up(t, given)]
        new = dict(zip(t.updates, values, strict=True))
        parts += [f"(= {n} {new.get(v, self.state[v])})" for v, n in self._next.items()]
        inner = _let(text, "(and " + "\n    ".join(parts) + ")")
        decided = [f"({self.names(f'decided {d}')} ({self._of(t.table, d)} row))" for d in _used(t)]
        return f"  (let ({' '.join(decided)}) {inner})" if decided else f"  {inner}"

    def _looked_up(self, t: FlatTransition, given: Sequence[str]) -> str:
        if t.table is None:
            return f"(= row {self._const(0, self.row)})"
        own = self.names(t.table.name)
        arguments = [*self._key_names(t.table), *given]
        key = f"({own}_key {' '.join(arguments)})" if arguments else f"{own}_key"
        return f"({own}_rows {key} row)"

    # -- tables ----------------------------------------------------------------------------

    def _of(self, table: FlatTable | None, decision: str) -> str:
        return self.names(f"{table.name if table else ''} {decision}")

    def _key_names(self, table: FlatTable) -> list[str]:
        return [self.state[n] for n in table.reads]

    def _table(self, table: FlatTable) -> Iterator[str]:
        own = self.names(table.name)
        yield from comments(f"{table.name}: the rules that apply, the facts that matter")
        yield self._key(own, table)
        width = sum(table.widths) or 1
        parameters = f"(key (_ BitVec {width})) (row {_sort(self.row)})"
        yield f"(define-fun {own}_rows ({parameters}) Bool (or false"
        first = 1
        for s in table.situations:
            yield from comments(f"applies: {', '.join(s.rules) or 'nothing'}")
            for k, note in enumerate(s.notes, first):
                yield from comments(f"row {k} {note}") if note else ()
            pairs = zip(s.key, table.widths, strict=True)
            bits = "".join(f"{v:0{w}b}" for v, w in pairs if w) or "0"
            last = first + len(s.rows)
            rows = " ".join(f"(= row {self._const(k, self.row)})" for k in range(first, last))
            yield f"  (and (= key #b{bits}) (or false {rows}))"
            first = last
        yield "))"
        yield from self._decisions(table)

    def _key(self, own: str, table: FlatTable) -> str:
        names = [(self.state[n], self.flat.sorts[n]) for n in table.reads]
        names += [(self.names(e.data[1]), e.sort) for e in table.given]
        text = self._written(table.key)
        parts = [
            _fitted(t, e.sort, width)
            for t, e, width in zip(text.texts, table.key, table.widths, strict=True)
            if width
        ] or ["#b0"]
        key = parts[0] if len(parts) == 1 else f"(concat {' '.join(parts)})"
        parameters = " ".join(f"({n} {_sort(s)})" for n, s in names)
        width = sum(table.widths) or 1
        return f"(define-fun {own}_key ({parameters}) (_ BitVec {width})\n  {_let(text, key)})"

    def _decisions(self, table: FlatTable) -> Iterator[str]:
        """Yield each decision as a choice by rows; the value of most rows stands last."""
        rows = [row for s in table.situations for row in s.rows]
        for place, (label, (sort, _)) in enumerate(table.decisions.items()):
            groups: dict[int, list[int]] = defaultdict(list)
            for k, row in enumerate(rows, 1):
                groups[row[place]].append(k)
            *others, most = sorted(groups, key=lambda v: (len(groups[v]), -v)) or [0]
            text = self._const(most, sort)
            for value in others:
                chosen = " ".join(f"(= row {self._const(k, self.row)})" for k in groups[value])
                text = f"(ite (or false {chosen}) {self._const(value, sort)} {text})"
            name = self._of(table, label)
            yield f"(define-fun {name} ((row {_sort(self.row)})) {_sort(sort)} {text})"

    # -- bounded questions -----------------------------------------------------------------

    def declared(self, k: int) -> Iterator[str]:
        """Yield the declarations of the state at step `k`: NAME@k."""
        for label, name in self.state.items():
            yield f"(declare-const {name}@{k} {_sort(self.flat.sorts[label])})"

    def at(self, k: int) -> str:
        """Return the state at step `k` as arguments."""
        return " ".join(f"{n}@{k}" for n in self.state.values())

    def step(self, k: int) -> Iterator[str]:
        """Yield what leads from step `k` to the next one."""
        yield f"(declare-const taken@{k} {_sort(self.taken)})"
        yield f"(declare-const row@{k} {_sort(self.row)})"
        yield f"(assert (trans taken@{k} row@{k} {self.at(k)} {self.at(k + 1)}))"

    def steps(self, depth: int) -> Iterator[str]:
        """Yield a path of `depth` steps from an initial state."""
        for k in range(depth + 1):
            yield from self.declared(k)
        yield f"(assert (init {self.at(0)}))"
        for k in range(depth):
            yield from self.step(k)

    def _questions(self, depth: int) -> Iterator[str]:
        yield from comments(f"is there a state after {depth} steps that violates a property?")
        for label, name in self._holds.items():
            yield from self.asked(label, f"(not ({name} {self.at(depth)}))")

    def asked(self, label: str, term: str) -> Iterator[str]:
        """Yield a question; its answer stands after the label."""
        yield f'(echo "{label}")\n(push 1)\n(assert {term})\n(check-sat)\n(pop 1)'


def _used(t: FlatTransition) -> list[str]:
    return [e.data[1] for e in names_of(t.updates.values()) if e.data[0] == DECIDED]


def comments(text: str) -> Iterator[str]:
    """Yield the lines of a comment."""
    yield from (f"; {line}" for line in text.splitlines())


def _let(text: Written, inner: str) -> str:
    opened = "".join(f"(let (({part.name} {part.text}))\n    " for part in text.shared)
    return opened + inner + ")" * len(text.shared)


def _sort(sort: Sort) -> str:
    return "Bool" if sort.is_flag else f"(_ BitVec {max(sort.bits, 1)})"


def _bits(value: int, bits: int) -> str:
    return f"#b{value:0{max(bits, 1)}b}"


def _fitted(text: str, sort: Sort, width: int) -> str:
    """Return a value as a bit vector of a width."""
    if sort == FLAG:
        text, bits = f"(ite {text} #b1 #b0)", 1
    else:
        bits = max(sort.bits, 1)
    if width > bits:
        return f"((_ zero_extend {width - bits}) {text})"
    return text if width == bits else f"((_ extract {width - 1} 0) {text})"


def _applied(word: str) -> Callable[[Expr, Sequence[str]], str]:
    return lambda e, args: f"({word} {' '.join(args)})"


def _at_least(e: Expr, args: Sequence[str]) -> str:
    bits = len(args).bit_length()
    ones = " ".join(f"(ite {a} (_ bv1 {bits}) (_ bv0 {bits}))" for a in args)
    return f"(bvuge (bvadd (_ bv0 {bits}) {ones}) (_ bv{e.data} {bits}))"


_WORDS: Mapping[str, str] = {
    "and": "and",
    "or": "or",
    "not": "not",
    "eq": "=",
    "ne": "distinct",
    "ite": "ite",
    "ult": "bvult",
    "ule": "bvule",
    "add": "bvadd",
    "sub": "bvsub",
    "mul": "bvmul",
    "bitand": "bvand",
    "bitor": "bvor",
    "concat": "concat",
}
_OPERATORS: dict[str, Callable[[Expr, Sequence[str]], str]] = {
    **{op: _applied(word) for op, word in _WORDS.items()},
    "extract": lambda e, args: f"((_ extract {e.data[0]} {e.data[1]}) {args[0]})",
    "atleast": _at_least,
}
