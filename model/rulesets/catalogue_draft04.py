"""The ids of every catalogued statement of draft -04 and of the base documents it leans on.

An id is the document's prefix, the section, and the number of the statement in it, from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# How many statements each section has, in the order of the document; A and B are appendices.
STATEMENTS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "04": {
            "1": 2,
            "2": 10,
            "3": 28,
            "4.1": 1,
            "4.2.1": 22,
            "4.3": 6,
            "5.1": 6,
            "5.2": 9,
            "5.3": 10,
            "5.4": 12,
            "5.5": 31,
            "5.6": 16,
            "5.7": 6,
            "5.8": 4,
            "5.9": 6,
            "6.1": 8,
            "6.2": 10,
            "6.3": 39,
            "6.4": 1,
            "6.5": 4,
            "7": 2,
            "8": 1,
            "8.1": 5,
            "8.2": 2,
            "8.3.1": 3,
            "8.3.2": 3,
            "9": 1,
            "10": 1,
            "A": 7,
            "B": 2,
        },
        "3775": {
            "6.1.7": 7,
            "6.1.8": 2,
            "6.2.5": 1,
            "6.2.7": 1,
            "9.1": 2,
            "9.3.1": 3,
            "9.3.2": 1,
            "9.5.1": 13,
            "9.5.2": 2,
            "9.5.3": 1,
            "9.5.4": 5,
            "9.5.5": 1,
            "9.6": 1,
            "10.3.1": 11,
            "10.3.2": 6,
            "10.4.1": 3,
            "10.4.2": 1,
            "10.4.5": 2,
            "11.1": 2,
            "11.3.6": 1,
            "11.5.4": 8,
            "11.7.1": 8,
            "11.7.2": 3,
            "11.7.3": 3,
            "11.7.4": 2,
        },
        "3963": {"6.2": 4, "6.7": 1},
        "6275": {"9.5.1": 1, "10.3.2": 1, "11.5.5": 1, "11.7.3": 1},
        "nondp": {"3": 2, "4.1": 1, "4.2": 2, "4.3": 3, "4.4": 1},
    }
)

DOCUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "04": "draft-ietf-monami6-multiplecoa-04",
        "3775": "RFC 3775",
        "3963": "RFC 3963",
        "6275": "RFC 6275",
        "nondp": "draft-wakikawa-mip6-no-ndp",
    }
)

CATALOGUE = tuple(
    f"{prefix}-{section}-{number}"
    for prefix, sections in STATEMENTS.items()
    for section, count in sections.items()
    for number in range(1, count + 1)
)
