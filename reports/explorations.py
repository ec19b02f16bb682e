"""An exploration in words: how far it went, what it looked at, and what it did not meet."""

from collections.abc import Iterator
from typing import Any

from reports.text import count

LEADS = "leads to rest"  # the kind of a property about what has to come about again
STOPPED = {
    "memory": "the memory for it was spent",
    "interrupted": "it was interrupted",
    "lost": "a process with some of the states ended",
    "states": "the number of states allowed was reached",
    "violation": "a property was violated",
}


def explored_text(record: dict[str, Any]) -> str:
    """One sentence: states, transitions, depth, and whether that was all."""
    states, transitions = count(record["states"]), count(record["transitions"])
    text = f"{states} states and {transitions} transitions, depth {record['depth']}"
    if record["kept"]:
        text += f" ({count(record['kept'])} looked at, the others are the same up to renaming)"
    why = STOPPED.get(record["stopped"] or "")
    if record["complete"]:
        but = f", but what they come back to is not known, since {why}" if why else ""
        return f"{text}; every reachable state of the scope was visited{but}."
    because = f", since {why}" if why else ""
    return f"{text}; the search stopped before every state was visited{because}."


def unmet(record: dict[str, Any]) -> Iterator[str]:
    """Sentences about what was never met, and about states without any transition."""
    for text in record["told_apart"]:
        yield f"not interchangeable: {text}"
    ends = record["dead_ends"]
    if ends:
        told = f"{count(ends['at_rest'])} at rest, {count(ends['elsewhere'])} elsewhere"
        yield f"states without any transition: {told}"
    if record["never_taken"]:
        yield f"actions never taken: {'; '.join(record['never_taken'])}"
    met = {rule for step in record["met"] for rule in step["rules"]}
    never = [rule for step in record["met"] for rule in step["never"] if rule not in met]
    if record["met"]:
        yield f"rules that applied: {len(met)}; never: {len(never)}"
