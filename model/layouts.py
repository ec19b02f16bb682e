"""The layouts of the messages: which fields each has, and what else is known of one that came.

What a rule reads of a message, and no layout has and no step decides, is a term that nothing
defines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Layout:
    """A message: its name, the statements that give its layout, its fields by their names.

    `facts` are no fields: what the receiver can tell of a message, or the sender of its own.
    `meanings` has the statements that say what a field is for.
    """

    name: str
    statements: tuple[str, ...]
    fields: frozenset[str]
    facts: frozenset[str] = frozenset()
    meanings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "bu": Layout(
            "Binding Update",
            ("3775-6.1.7", "3963-6.2"),
            _names(
                "home_registration ack key router reserved zero_lifetime sequence source"
                " alternate nonces authorization prefix"
            ),
            _names("proven unroutable home_unroutable circular esp sent preceded"),
        ),
        "o": Layout(
            "BID sub-option",
            ("04-4.2.1",),
            _names("present bid length C O H reserved status coa"),
            _names("for_home out_of_window unroutable circular"),
            {
                "bid": ("04-4.2.1-5",),
                "length": ("04-4.2.1-3", "04-4.2.1-4"),
                "status": ("04-4.2.1-6", "04-4.2.1-7", "04-4.2.1-8"),
                "C": ("04-4.2.1-10",),
                "O": ("04-4.2.1-14",),
                "H": ("04-4.2.1-16",),
                "reserved": ("04-4.2.1-18",),
            },
        ),
        "ba": Layout(
            "Binding Acknowledgement",
            ("3775-6.1.8",),
            _names("status key sequence lifetime alternate"),
            _names("authentic shorter to routing"),
        ),
    }
)


def defined(field: str) -> bool:
    """Return whether a field, by its generic name, is of a layout, or of no message at all."""
    message, _, name = field.partition(".")
    layout = LAYOUTS.get(message)
    return layout is None or name in layout.fields | layout.facts
