"""The formats of an export, by name."""

from __future__ import annotations

from checker.export.flat import Flat
from checker.export.promela import Promela
from checker.export.smtlib import Smtlib
from checker.export.tla import Tla

FORMATS = ("promela", "tla", "smtlib")


def text_of(flat: Flat, form: str, title: str, module: str = "System", depth: int = 5) -> str:
    """Return a system in one of the FORMATS.

    `module` is its name in TLA+; in SMT-LIB `depth` is the number of steps after which the
    properties are asked for.
    """
    if form == "tla":
        return Tla(flat, title, module).text()
    return Promela(flat, title).text() if form == "promela" else Smtlib(flat, title).text(depth)
