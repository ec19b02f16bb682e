"""How runs go on, and what an exploration never met, in words."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Record
from reports.text import counted

LEADS = "leads to rest"


def going_on(record: Record) -> str:
    """Return what follows the path of a property for ever; nothing where that is no question."""
    if record["kind"] != LEADS or not record["path"]:
        return ""
    numbers = [n for n, step in enumerate(record["path"], 1) if step["loop"]]
    if not numbers:
        return "Nothing follows that has to: it stays so for ever."
    if len(numbers) == 1:
        return f"Step {numbers[0]} repeats for ever."
    return f"Steps {numbers[0]} to {numbers[-1]} repeat for ever."


def unmet(exploration: Record) -> Iterator[tuple[str, list[str]]]:
    """Yield what an exploration never met, and what it met that should not be, with the names."""
    if exploration["never_taken"]:
        yield "actions never taken", exploration["never_taken"]
    if exploration["rules_never"]:
        yield "rules with no reached case", exploration["rules_never"]
    given_up = {i for m in exploration["rules_met"] for i in m["given_up"]}
    if given_up:
        yield "rules given up in some case", sorted(given_up)
    opened = {n.partition("[")[0] for m in exploration["rules_met"] for n in m["open"]}
    if opened:
        yield "decisions left open in some case", sorted(opened)


def dead_ends(exploration: Record) -> str:
    """Return how many dead ends there are; nothing where it is not told, or there are none."""
    counts = exploration["dead_ends"]
    told = [
        f"{counted(counts[key], 'dead end')} {word}"
        for key, word in (("at_rest", "at rest"), ("elsewhere", "where it is not at rest"))
        if counts.get(key)
    ]
    return " and ".join(told)
