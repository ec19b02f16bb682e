"""A transition system in Promela, for SPIN.

Each transition is one atomic step, and so is each row of a step table, so that SPIN counts the
states and transitions of the engines; beside them it has one state before the choice of the
initial state, and the steps to it and from it (`beside`).  What a step decides is looked up in
tables of embedded C, and so are properties counted: pan says at its end how many states violate
one.  With `spin -DASSERT` it stops at them instead, with `spin -DPLAIN` it does without.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from checker.export.c_notation import PROMELA_CHOICE, CNotation
from checker.export.c_tables import Tables
from checker.export.expressions import Expr
from checker.export.flat import Flat, FlatTransition, enumerations
from checker.export.naming import Naming
from checker.export.writing import Written, in_order, written

INDENT = "     "
COUNTS = "#if !defined(ASSERT) && !defined(PLAIN)"


def beside(flat: Flat) -> tuple[int, int]:
    """Return how many states and transitions SPIN counts more than there are."""
    return 1, 1 + len(flat.initial)


class Promela:
    """The text of a system."""

    def __init__(self, flat: Flat, title: str) -> None:
        self.flat, self.title, self.names = flat, title, Naming()
        self._c = CNotation(self.names)
        self._promela = CNotation(self.names, "", PROMELA_CHOICE)
        self._values = dict(self._enumerations())
        self._variables = {n: self.names(n) for n in flat.sorts}
        self.tables = Tables(flat, self.names, self._c)
        self._functions: list[str] = []

    def text(self) -> str:
        """Return the whole model."""
        body = list(self._init())  # first, since it notes the functions that it needs
        parts = [
            *self._head(),
            *self._declared(),
            *self.tables.lines(),
            *self._block(self._functions),
            *self._counting(),
            *body,
        ]
        return "\n".join(parts) + "\n"

    # -- declarations ----------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        yield comment(self.title)
        yield "/* spin -a FILE && cc -O3 -DSAFETY -o pan pan.c && ./pan -m1000000 */"
        for name, value in self.flat.system.constants.items():
            yield comment(f"in all states: {name} = {value}")
        yield ""
        for name, value in self._values.items():
            yield f"#define {name} {value}"

    def _enumerations(self) -> Iterator[tuple[str, int]]:
        for sort in enumerations(self.flat):
            for value, name in enumerate(sort.values):
                yield self.names(name), value

    def _declared(self) -> Iterator[str]:
        yield ""
        for v in self.flat.system.variables:
            name = self._variables[v.name]
            yield f"bit {name};" if v.width <= 1 else f"unsigned {name} : {v.width};"
        if self.flat.tables:
            yield "hidden int row;  /* of a table: the outcome that is taken */"

    def _block(self, functions: Sequence[str]) -> Iterator[str]:
        for text in functions:
            yield f"c_code {{\n{text}\n}}"

    # -- properties ------------------------------------------------------------------------

    def _properties(self) -> Iterator[tuple[str, str, Expr, bool]]:
        for name, e in self.flat.always.items():
            yield self.names(f"violated_{name}"), f"violated {name}", e, False
        for name, e in self.flat.sometimes.items():
            yield self.names(f"met_{name}"), f"met {name}", e, True

    def _counting(self) -> Iterator[str]:
        found = list(self._properties())
        texts = written([e for *_, e, _ in found], self._c)
        told = [f'  printf("%s: %lu\\n", {json.dumps(s)}, {counter});' for counter, s, *_ in found]
        counts = [
            f"  {counter} += {text};" if seen else f"  {counter} += !({text});"
            for (counter, *_, seen), text in zip(found, texts.texts, strict=True)
        ]
        yield from (
            "c_code {",
            "extern double nstates, truncs;  /* what pan stores, what it meets again */",
            *(f"static unsigned long {counter};" for counter, *_ in found),
            "static void told(void) {",
            '  printf("exactly %.0f states, %.0f transitions\\n", nstates, nstates + truncs);',
            COUNTS,
            *told,
            "#endif\n}",
            "static int counted(void) {",
            *_locals(texts),
            *counts,
            "  return 0;\n}\n}",
        )

    def _checks(self) -> Iterator[str]:
        yield "#ifdef ASSERT"
        for name, e in self.flat.always.items():
            condition = self._condition(e, f"holds_{name}")
            yield f":: atomic {{ !({condition}) -> assert(false) }}  {comment(name)}"
        yield "#endif"
        yield COUNTS
        yield comment("never taken: counts what is violated and met, once for each state")
        yield ":: c_expr { !(trpt->tau & 1) && counted () }"
        yield "#endif"

    # -- transitions -----------------------------------------------------------------------

    def _init(self) -> Iterator[str]:
        yield "init {"
        yield "atomic {"
        yield (
            "c_code { begin(); atexit(told); };"
            if self.flat.tables
            else ("c_code { atexit(told); };")
        )
        yield "if"
        for state in self.flat.initial:
            yield f":: true -> {self._start(state)}"
        yield "fi };"
        yield "end:"
        yield "do"
        yield from self._checks()
        for k, t in enumerate(self.flat.transitions, 1):
            yield comment(t.name)
            yield from self._transition(k, t)
        yield "od"
        yield "}"

    def _start(self, state: Sequence[int]) -> str:
        values = zip(self.flat.system.variables, state, strict=True)
        return "; ".join(f"{self._variables[v.name]} = {x}" for v, x in values if x) or "skip"

    def _transition(self, k: int, t: FlatTransition) -> Iterator[str]:
        guard = self._condition(t.guard, f"may_{k}")
        if t.table is None:
            yield f":: d_step {{ {guard} ->"
            yield from self._updates(t)
            yield "   }"
            return
        given = ", ".join(written(t.given, self._c).texts)
        found = self.tables.find(t.table)
        yield f":: atomic {{ {guard} && c_expr {{ {found} ({given}) }} -> row = c_expr {{ found }};"
        yield f"   do :: break :: c_expr {{ {self.tables.row(t.table)}->more }} -> row++ od;"
        yield f"   c_code {{ {self.tables.declared(t.table)}"
        yield from self._assigned(t.updates)
        yield "   }}"

    def _condition(self, e: Expr, name: str) -> str:
        """Return a condition in Promela; one with parts that are shared is a function in C."""
        text = written([e], self._promela, strip=False)
        if not text.shared:
            return text.texts[0]
        text = written([e], self._c)
        name = self.names(name)
        body = "\n".join([*_locals(text), f"  return {text.texts[0]};"])
        self._functions.append(f"static int {name}(void) {{\n{body}\n}}")
        return f"c_expr {{ {name} () }}"

    def _updates(self, t: FlatTransition) -> Iterator[str]:
        """Yield assignments, in C where one needs what another changes, or they share much."""
        ordered = in_order(t.updates)
        if ordered is not None:
            texts = written([e for _, e in ordered], self._promela, strip=False)
            if not texts.shared:
                for (n, _), text in zip(ordered, texts.texts, strict=True):
                    yield f"{INDENT}{self._variables[n]} = {text};"
                if not ordered:
                    yield f"{INDENT}skip"
                return
        yield "   c_code {"
        yield from self._assigned(t.updates)
        yield "   }"

    def _assigned(self, updates: Mapping[str, Expr]) -> Iterator[str]:
        """Yield simultaneous assignments in C."""
        ordered = in_order(updates)
        chosen = list(updates.items()) if ordered is None else ordered
        texts = written([e for _, e in chosen], self._c)
        pairs = [(self._variables[n], x) for (n, _), x in zip(chosen, texts.texts, strict=True)]
        yield from _locals(texts)
        if ordered is None:
            read = [(name, text) for name, text in pairs if "now." in text]
            yield from (f"{INDENT}const int new_{name} = {text};" for name, text in read)
            pairs = [
                (name, f"new_{name}" if (name, text) in read else text) for name, text in pairs
            ]
        yield from (f"{INDENT}now.{name} = {text};" for name, text in pairs)


def _locals(texts: Written) -> Iterator[str]:
    for part in texts.shared:
        yield f"{INDENT}const int {part.name} = {part.text};"


def comment(text: str) -> str:
    """Return a comment in Promela and C."""
    return f"/* {text.replace('*/', '* /')} */"
