"""Small text tools shared by every report: natural order, ranges, inert display."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from reports.kinds import kind_named

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def error_sentence(error: Mapping[str, Any]) -> str:
    """One sentence for an input that could not be read, with its place said once."""
    where, text = str(error["where"]), str(error["text"])
    return text if text.startswith(where) else f"{where}: {text}"


def visible(text: str) -> str:
    """The text with control, direction and unpaired surrogate characters written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char == "\n" or unicodedata.category(char) not in _UNSAFE:
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which 6.3 comes before 6.10."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", text)
        if part
    )


def anchor(prefix: str, name: str) -> str:
    """An HTML identifier for a name, unique even where characters had to be replaced."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
    if safe == name:
        return f"{prefix}-{name}"
    mark = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{prefix}-{safe[:40]}-{mark}"


def seen_in(records: Iterable[Mapping[str, Any]]) -> str:
    """The packets of some records as ranges; in a run of several captures, those of each file."""
    packets: dict[str | None, list[int]] = {}
    for record in records:
        if record["packet"] is not None:
            packets.setdefault(record["file"], []).append(record["packet"])
    parts = [
        ranges(found) if file is None else f"{ranges(found)} of {file}"
        for file, found in packets.items()
    ]
    return "; ".join(parts)


def counted(number: int, word: str) -> str:
    """A number with its noun, which may be a kind of finding: `1 gap`, `2 gaps`."""
    kind = kind_named(word)
    if number == 1:
        return f"1 {kind.singular}"
    return f"{number:,} {'properties' if word == 'property' else kind.plural}"


def listed(parts: Iterable[str]) -> str:
    """Parts joined as in a sentence: `a, b and c`."""
    items = list(parts)
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def ranges(numbers: Iterable[float]) -> str:
    """Whole numbers in order, runs of three or more shortened: `1, 2, 5–9`."""
    runs: list[list[int]] = []
    for number in sorted({int(number) for number in numbers}):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


def count(value: Any) -> str:
    """A number with its thousands apart; anything else as `plain` shows it."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else plain(value)


def plain(value: Any) -> str:
    """A JSON value as a reader wants it: yes and no, lists with commas, nothing as a dash."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key} {plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    return str(value)


def near_text(miss: Mapping[str, Any]) -> str:
    """A near miss in words: the rule that would explain what was observed, what it lacks."""
    return f"{miss['rule']} would ask for that, but this is not so: {'; '.join(miss['lacks'])}"


def seen_text(place: Mapping[str, Any]) -> str:
    """Where octets are, in words: what is there, packet or line, byte."""
    named = [f"{n} {place[n]}" for n in ("packet", "line", "byte") if place.get(n) is not None]
    return f"{place['what']}: {', '.join(named)}"
