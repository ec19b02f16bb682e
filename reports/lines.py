"""Lines for a terminal: pieces with a style, wrapped to a width, painted with ANSI colours."""

from collections.abc import Iterable, Iterator

from reports.text import visible

Line = list[tuple[str, str]]  # (style, text) pieces until it is painted

NARROWEST, WIDEST, UNBOUNDED = 80, 120, 160  # columns; UNBOUNDED where no terminal is
HANG = 4
_COLOURS = {
    "bold": "1",
    "dim": "2",
    "violates": "31;1",
    "error": "31",
    "fails": "31;1",
    "deviates": "33",
    "ambiguous": "35",
    "conforms": "32",
    "holds": "32",
}


def columns(terminal: int | None) -> int:
    """Return the width of lines for a terminal of so many columns; None: there is no terminal."""
    return UNBOUNDED if terminal is None else min(max(terminal, NARROWEST), WIDEST)


def told(lines: Iterable[Line], color: bool, width: int) -> Iterator[str]:
    """Yield the lines as text no wider than `width` unless a word is, with ANSI colours or not."""
    for line in lines:
        for row in wrapped(_inert(line), width):
            yield _painted(row, color)


def _inert(line: Line) -> Line:
    return [(style, visible(text).replace("\n", " ")) for style, text in line]


def _painted(line: Line, color: bool) -> str:
    return "".join(
        f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if color and style in _COLOURS else text
        for style, text in line
    )


def wrapped(line: Line, width: int) -> list[Line]:
    """Return the rows of a line: cut at spaces, the later ones indented by four more columns."""
    text = "".join(piece for _, piece in line)
    indent = len(text) - len(text.lstrip(" "))
    rows: list[Line] = []
    start, margin = 0, ""
    while start < len(text) or not rows:
        end = _end(text, start, width - len(margin), indent if not rows else 0)
        rows.append([*([("", margin)] if margin else []), *_part(line, start, end)])
        start = end + len(text[end:]) - len(text[end:].lstrip(" "))
        margin = " " * (indent + HANG)
    return rows


def _end(text: str, start: int, room: int, indent: int) -> int:
    """Where the row that begins at `start` ends: at the last space that fits, else the first."""
    if len(text) - start <= room:
        return len(text)
    least = start + indent + 1
    cut = text.rfind(" ", least, start + room + 1)
    if cut < 0:
        cut = text.find(" ", least)
    return cut if cut >= 0 else len(text)


def _part(line: Line, start: int, end: int) -> Line:
    """The pieces between two places of a line."""
    found, at = [], 0
    for style, piece in line:
        part = piece[max(start - at, 0) : max(end - at, 0)]
        if part:
            found.append((style, part))
        at += len(piece)
    return found
