"""Names that every notation allows: `bc.kind[1]` becomes bc_kind_1."""

from __future__ import annotations

import re

WORDS = (  # of Promela, C, TLA+, SMT-LIB and what pan is made of
    "active assert atomic bit bool break byte chan d_step do else empty enabled end eval false fi "
    "full goto hidden if init inline int len local mtype nempty never nfull now od of pc_value "
    "print priority proctype provided row run short show skip strong timeout trace true typedef "
    "unless unsigned weak xr xs auto case char const continue default double enum extern float "
    "for long register return signed sizeof static struct switch union void volatile while main "
    "depth errors mreached nstates and or not xor ite let forall exists par as select store "
    "ASSUME CASE CHOOSE CONSTANT DOMAIN ELSE EXCEPT EXTENDS IF IN INSTANCE LAMBDA LET LOCAL "
    "MODULE OTHER SUBSET THEN THEOREM UNCHANGED UNION VARIABLE VARIABLES Init Next Spec TRUE FALSE "
    "Int Nat TypeOK BitAnd BitOr vars "
    "a b bits d found given hashed k key missing number rows taken trans word"
)


class Naming:
    """Gives each label an identifier of its own, the same whenever it is asked."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken = set(WORDS.split())

    def __call__(self, label: str) -> str:
        """Return the identifier of a label."""
        if label not in self._given:
            self._given[label] = self._free(
                re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_") or "x"
            )
            self._taken.add(self._given[label])
        return self._given[label]

    def _free(self, name: str) -> str:
        # t1, ... are what expressions share, p1, ... parameters.
        name = f"x_{name}" if name[0].isdigit() or re.fullmatch(r"[tp]\d+", name) else name
        while name in self._taken:
            name += "_"
        return name
