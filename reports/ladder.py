"""The sequence diagram of a path, as inline SVG that takes its colours from the page."""

import textwrap
from collections.abc import Sequence
from html import escape
from typing import Any

from reports.text import plain, visible

ACTORS = ("mobile node", "network", "home agent", "correspondent node", "home link")

_LANE = 178
_GUTTER = 36
_BOX = 158
_SIDE = 238
_HEAD = 52
_MOST = 7


def sequence_svg(steps: Sequence[dict[str, Any]], title: str, uid: str) -> str:
    """The steps as one SVG element: a lifeline for each actor, time running downwards.

    `uid` makes the identifiers of title and description unique in the page. What each step
    changes and which rules it gives up stand at the right.
    """
    lanes = _lanes(steps)
    side = _SIDE if any(step["state"] or step["given_up"] for step in steps) else 0
    width = _GUTTER + _LANE * len(lanes) + side
    body, bottom = [], float(_HEAD)
    for number, step in enumerate(steps, 1):
        drawn, bottom = _step(number, step, lanes, bottom, width)
        body.append(drawn)
    height = bottom + 12
    frame = _named(uid, title, told(steps)) + _heads(lanes, height) + "".join(body)
    return _wrapped(width, height, uid, frame)


def told(steps: Sequence[dict[str, Any]]) -> str:
    """The steps as numbered sentences."""
    return " ".join(f"{n}. {sentence(step)}" for n, step in enumerate(steps, 1))


def sentence(step: dict[str, Any]) -> str:
    """The step in words: its own sentence, or actor, event and addressee."""
    if step["text"]:
        return str(step["text"])
    target = f" to {step['to']}" if step["to"] else ""
    return f"{step['actor']} {step['event']}{target}."


def _lanes(steps: Sequence[dict[str, Any]]) -> dict[str, float]:
    present = dict.fromkeys(name for s in steps for name in (s["actor"], s["to"]) if name)
    known = [name for name in ACTORS if name in present]
    names = [*known, *(name for name in present if name not in ACTORS)]
    return {name: _GUTTER + _LANE * (place + 0.5) for place, name in enumerate(names)}


def _wrapped(width: float, height: float, uid: str, body: str) -> str:
    return (
        f'<svg class="seq" role="img" aria-labelledby="{uid}-t {uid}-d" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}">{body}</svg>'
    )


def _named(uid: str, title: str, desc: str) -> str:
    return f'<title id="{uid}-t">{_safe(title)}</title><desc id="{uid}-d">{_safe(desc)}</desc>'


def _heads(lanes: dict[str, float], bottom: float) -> str:
    drawn = []
    for name, x in lanes.items():
        drawn.append(_line("life", x, 38, x, bottom))
        drawn.append(_rect("head", x - _BOX / 2, 8, _BOX, 30))
        drawn.append(_texts("headt", x, 28, textwrap.wrap(visible(name), 24)[:1]))
    return "".join(drawn)


def _step(
    number: int, step: dict[str, Any], lanes: dict[str, float], top: float, width: float
) -> tuple[str, float]:
    """One step drawn from `top`, and where it ends."""
    mark = _texts("num", 16, top + 23, [str(number)])
    start, end = lanes[step["actor"]], lanes.get(step["to"] or "", lanes[step["actor"]])
    act = _box(step, start, top + 8) if start == end else _arrow(step, start, end, top + 8)
    side = _side(step, _GUTTER + _LANE * len(lanes) + 8, top + 22)
    bottom = max(act[1], side[1], top + 34) + 8
    rule = _line("sep", 4, bottom, width - 4, bottom)
    return rule + mark + act[0] + side[0], bottom


def _arrow(step: dict[str, Any], start: float, end: float, top: float) -> tuple[str, float]:
    room = abs(end - start) - 24
    label = _wrap(step["event"], room / 7.2)
    fields = _wrap(" · ".join(f"{k} {plain(v)}" for k, v in step["message"].items()), room / 6.2)
    middle = (start + end) / 2
    y = top + 15 * len(label) + 8
    tip = end - 9 if end > start else end + 9
    head = f'<path class="tip" d="M{end:g} {y:g}L{tip:g} {y - 4.5:g}L{tip:g} {y + 4.5:g}z"/>'
    drawn = _texts("label", middle, top + 12, label) + _line("arrow", start, y, tip, y) + head
    drawn += _texts("fields", middle, y + 15, fields, 14)
    return drawn, y + 14 * len(fields) + 8


def _box(step: dict[str, Any], x: float, top: float) -> tuple[str, float]:
    lines = _wrap(step["event"], _BOX / 8)
    fields = _wrap("; ".join(f"{k} {plain(v)}" for k, v in step["message"].items()), _BOX / 6.6)
    height = 15 * len(lines) + 14 * len(fields) + 12
    style = "act net" if step["actor"] == "network" else "act"
    drawn = _rect(style, x - _BOX / 2, top, _BOX, height) + _texts("boxed", x, top + 17, lines)
    drawn += _texts("fields", x, top + 17 + 15 * len(lines), fields, 14)
    return drawn, top + height


def _side(step: dict[str, Any], x: float, top: float) -> tuple[str, float]:
    changed = [
        line for key, value in step["state"].items() for line in _wrap(f"{key}: {plain(value)}", 37)
    ]
    given = _wrap("gives up " + ", ".join(step["given_up"]), 35) if step["given_up"] else []
    drawn = _texts("state", x, top, changed, 15)
    drawn += _texts("given", x, top + 15 * len(changed), given, 15)
    return drawn, top + 15 * (len(changed) + len(given)) - 8


def _wrap(text: str, columns: float) -> list[str]:
    lines = textwrap.wrap(visible(text), max(int(columns), 12))
    return lines if len(lines) <= _MOST else [*lines[: _MOST - 1], "… in full in the table"]


def _texts(style: str, x: float, y: float, lines: Sequence[str], leading: int = 15) -> str:
    return "".join(
        f'<text class="{style}" x="{x:g}" y="{y + leading * n:g}">{_safe(line)}</text>'
        for n, line in enumerate(lines)
    )


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{style}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _rect(style: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"/>'
    )


def _safe(text: str) -> str:
    return escape(visible(text))
