"""The form of the result file, as data: the verdicts, and the keys of every kind of record."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict: name, letter in tables, definition, and whether each is listed in full."""

    name: str
    letter: str
    definition: str
    listed: bool = False


VERDICTS: tuple[Verdict, ...] = (
    Verdict(
        "conforms",
        "C",
        "The rule applied, and what was observed is what it demands (MUST, MUST NOT, SHOULD, "
        "SHOULD NOT, stated) or permits (MAY).",
    ),
    Verdict(
        "deviates",
        "D",
        "A SHOULD or SHOULD NOT rule applied and something else was done; the document allows "
        "this for a good reason, so it is reported apart.",
        listed=True,
    ),
    Verdict(
        "violates",
        "V",
        "A MUST or MUST NOT rule, or a rule stated as fact, applied and what was observed is not "
        "what it demands. A MAY rule cannot be violated.",
        listed=True,
    ),
    Verdict(
        "ambiguous",
        "A",
        "What was observed conforms under one reading of the document and not under another; "
        "the readings are named.",
        listed=True,
    ),
    Verdict(
        "inconclusive",
        "I",
        "The recording does not show what would decide whether the rule was obeyed, whatever "
        "its modality.",
    ),
    Verdict(
        "not exercised",
        "N",
        "Nothing in the recording made the rule apply; nothing is known about it, whatever its "
        "modality.",
    ),
    Verdict(
        "unsupported",
        "U",
        "The implementation is declared not to have what the rule is about; this is never "
        "inferred from a failure, whatever the modality.",
    ),
    Verdict(
        "error",
        "E",
        "The input could not be read, so no rule of any modality could be judged.",
        listed=True,
    ),
)

VERDICT_NAMES = frozenset(verdict.name for verdict in VERDICTS)

# The form of every record: key -> form of its value; "!" marks a required key.
FORMS: Mapping[str, Mapping[str, str]] = {
    "header": {
        "tool": "text!",
        "version": "text!",
        "commands": "texts!",
        "ruleset": "map!",
        "scope": "map",
        "readings": "map",
        "fail_on": "text",
        "solvers": "map",
        "inputs": "maps",
        "seed": "number",
    },
    "rule": {
        "id": "text!",
        "clause": "text!",
        "document": "text!",
        "modality": "text!",
        "role": "text",
        "label": "text",
        "title": "text!",
        "source": "text",
        "restates": "text",
    },
    "reading": {
        "id": "text!",
        "question": "text!",
        "alternatives": "map!",
        "default": "text",
        "statements": "texts",
    },
    "finding": {
        "id": "text!",
        "kind": "text!",
        "title": "text!",
        "rules": "texts!",
        "clauses": "texts",
        "at_stake": "texts",
        "demands": "maps",
        "restates": "map",
        "told": "map",
        "readings": "map",
        "witness": "map",
        "matters": "texts",
        "words": "map",
        "situation": "text",
        "region": "texts",
        "replayed": "flag",
        "reachable": "text",
        "path": "steps",
        "reach": "reach",
        "accepted": "text",
    },
    "property": {
        "property": "text!",
        "title": "text!",
        "source": "text",
        "holds": "flag",
        "non_vacuous": "flag",
        "rules": "texts",
        "states": "number",
        "transitions": "number",
        "depth": "number",
        "path": "steps",
        "kind": "text",
        "loop": "steps",
        "others": "ways",
        "readings": "map",
        "note": "text",
        "accepted": "text",
    },
    "baseline": {"file": "text!", "verdicts": "flag", "vanished": "maps", "expired": "maps"},
    "exploration": {
        "scope": "map",
        "states": "number!",
        "transitions": "number!",
        "depth": "number",
        "levels": "numbers",
        "complete": "flag!",
        "actions": "map",
        "stopped": "text",
        "kept": "number",
        "told_apart": "texts",
        "bytes": "number",
        "never_taken": "texts",
        "dead_ends": "map",
        "to_dead_end": "steps",
        "met": "maps",
    },
    "trace": {
        "trace": "text!",
        "description": "text",
        "dialect": "text",
        "role": "text",
        "knows_bids": "flag",
        "packets": "number",
        "exchanges": "number",
        "captures": "maps",
    },
    "exchange": {
        "trace": "text!",
        "exchange": "number!",
        "file": "text",
        "also": "texts",
        "packet": "number",
        "line": "number",
        "time": "number",
        "summary": "text!",
        "observed": "texts",
        "answers": "numbers",
        "answer_file": "text",
        "state_before": "texts",
        "state_after": "texts",
    },
    "verdict": {
        "trace": "text!",
        "exchange": "number",
        "file": "text",
        "also": "texts",
        "packet": "number",
        "line": "number",
        "offset": "number",
        "rule": "text!",
        "verdict": "text!",
        "expected": "text",
        "observed": "text",
        "readings": "map",
        "note": "text",
        "near": "maps",
        "seen_at": "maps",
        "same_as": "text",
        "accepted": "text",
        "count": "number",
    },
    "error": {"where": "text!", "text": "text!"},
    "footer": {"totals": "map!", "exit_code": "number!", "complete": "flag!"},
}

STEP: Mapping[str, str] = {
    "actor": "text!",
    "event": "text!",
    "to": "text",
    "message": "map",
    "state": "map",
    "given_up": "texts",
    "repeats": "flag",
    "text": "text",
}

# How a situation is reached: by conforming nodes, else with an update of an arbitrary peer (both
# paths or null), else the invariant that keeps nodes from it (a text or null).
REACH: Mapping[str, str] = {"conforming": "path", "arbitrary": "path", "invariant": "text"}

REQUIRED: Mapping[str, tuple[str, ...]] = {
    kind: tuple(key for key, form in forms.items() if form.endswith("!"))
    for kind, forms in FORMS.items()
}

FORM_NAMES: Mapping[str, str] = {
    "text": "a text",
    "number": "a number",
    "flag": "true or false",
    "map": "an object",
    "texts": "a list of texts",
    "numbers": "a list of numbers",
    "maps": "a list of objects",
    "steps": "a list of steps",
    "path": "a list of steps or null",
    "ways": "a list of lists of steps",
    "reach": "an object with paths and an invariant",
}
