"""What a step leaves in the cache, with sequence numbers by where they come from.

The update terms copy sequence numbers, they do not reckon with them: so what follows for one update
follows for all that are alike, with their own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import z3

from checker.evaluate import Evaluator
from model.errors import RuleError
from model.terms import name_of

Outline = tuple[tuple[str, int, bool], ...]  # name, value, whether that is the place of an input


class After:
    """The receiver's state after a step, by the update terms `terms` of its fields."""

    def __init__(
        self,
        terms: Mapping[str, z3.ExprRef],
        decisions: Sequence[str],
        layout: Sequence[str],
        wide: frozenset[str],
    ) -> None:
        """Read off the terms which input each of the fields with many values, `wide`, copies."""
        self._decisions, self._layout = tuple(decisions), tuple(layout)
        self._names = sorted(terms)
        self._copies = [name in wide for name in self._names]
        places = {name: k + 1 for k, name in enumerate(layout) if name in wide}
        self.terms = [
            _source(terms[name], places) if name in wide else terms[name] for name in self._names
        ]

    @cached_property
    def _run(self) -> Evaluator:
        return Evaluator(self.terms, [*self._decisions, *self._layout])

    def outline(self, values: Sequence[int], decided: Mapping[str, int]) -> Outline:
        """The fields that are not 0 after a step with these inputs and decisions."""
        chosen = [decided.get(label, 0) for label in self._decisions]
        found = self._run([*chosen, *values])
        every = zip(self._names, found, self._copies, strict=True)
        return tuple((name, int(value), copy) for name, value, copy in every if value)

    @staticmethod
    def state(outline: Outline, values: Sequence[int]) -> dict[str, int]:
        """The state of an outline for inputs; fields with the value 0 are left out."""
        found = {}
        for name, value, copy in outline:
            shown = values[value - 1] if copy else value
            if shown:
                found[name] = shown
        return found


def _source(term: z3.ExprRef, places: Mapping[str, int]) -> z3.ExprRef:
    """The place, from 1, of the input that a term copies; 0 where its value is 0."""
    if z3.is_app_of(term, z3.Z3_OP_ITE):
        condition, this, other = term.children()
        return z3.If(condition, _source(this, places), _source(other, places))
    if z3.is_bv_value(term) and term.as_long() == 0:
        return term
    if z3.is_const(term) and name_of(term) in places:
        return z3.BitVecVal(places[name_of(term)], term.size())
    raise RuleError(
        f"replay does not know which input the update copies in {term.sexpr()[:80]}",
        remedy="copy sequence numbers, or set them to 0",
    )
