"""A transition system as a value: variables, transitions with guards and updates, properties.

Everything is a Z3 term over names.  A guard, and an input of a transition, is about the state;
the key of a step and the updates see the inputs in place of the variables of the same name, and
the updates see the decisions of the step in place of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Values = tuple[int, ...]


@dataclass(frozen=True)
class Variable:
    """A name with the values 0 to size - 1: a flag, an enumeration by index, or a number."""

    name: str
    size: int

    @property
    def width(self) -> int:
        """Return how many bits hold a value."""
        return (self.size - 1).bit_length()


@dataclass(frozen=True)
class Explained:
    """For readers: the ids of the rules that apply, and what there is to say of each row."""

    rules: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class StepTable:
    """What a node may decide in a step, looked up by what matters for it.

    `key` are terms over inputs, of `widths` bits each; for their values, `rows` returns the
    values of the decisions in each outcome.  It is asked once for each key.  `explain` says
    for a key where its rows come from.
    """

    name: str
    key: tuple[Any, ...]
    widths: tuple[int, ...]
    decisions: tuple[Variable, ...]
    rows: Callable[[Values], Sequence[Values]]
    explain: Callable[[Values], Explained] | None = None


@dataclass(frozen=True)
class Transition:
    """When it may be taken, and what the variables are then; without a term one stays as it is.

    With a table there is a transition for each of its rows.  A `fair` one is taken at last where
    it stays possible; faults of the network and wishes of a node are not.
    """

    name: str
    guard: Any
    updates: Mapping[str, Any]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    table: StepTable | None = None
    fair: bool = True


@dataclass(frozen=True)
class Absent:
    """Variables that are 0 in every state where a term over it does not hold."""

    unless: Any
    names: frozenset[str]


@dataclass(frozen=True)
class Renaming:
    """A permutation of names (variables, inputs and decisions alike) and of some of their values.

    The value v of x becomes the value `values[x][v]` of `names[x]`; without an entry a name, or
    its values, stay.  Whether a system looks the same afterwards is for `symmetry` to find out.
    """

    title: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class TransitionSystem:
    """A transition system; `always`, `sometimes` and `recovers` are terms over the state by name.

    What `recovers` holds in some later state, if from some state on only fair transitions are
    taken.  `constants` are names that have one value in all states.  `renamings` are candidates
    for symmetries.
    """

    variables: tuple[Variable, ...]
    initial: tuple[Values, ...]
    transitions: tuple[Transition, ...]
    always: Mapping[str, Any] = field(default_factory=dict)
    sometimes: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, int] = field(default_factory=dict)
    absent: tuple[Absent, ...] = ()
    recovers: Mapping[str, Any] = field(default_factory=dict)
    renamings: tuple[Renaming, ...] = ()
