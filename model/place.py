"""Where a rule is declared: the file and line in its author's own file."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import CodeType, FrameType

PACKAGE = str(Path(__file__).resolve().parent)


def declared_at() -> str:
    """Return file:line of the declaration that calls the caller of this function.

    A helper function with parameters stands back for the line that calls it; the file is
    named as it was given, or by its last part where it was imported.
    """
    frame = sys._getframe(2)
    while frame.f_back and _is_generated(frame.f_code):
        frame = frame.f_back
    frame = _declaring(_evaluating(frame))
    name = frame.f_code.co_filename
    imported = frame.f_globals.get("__spec__") is not None
    return f"{Path(name).name if imported else name}:{frame.f_lineno}"


def _evaluating(frame: FrameType) -> FrameType:
    """Return, for an expression handed over as a function, the frame that wrote it."""
    outer: FrameType | None = frame
    if frame.f_code.co_name == "<lambda>" and not frame.f_code.co_argcount:
        outer = frame.f_back
        while outer and outer.f_code.co_filename != frame.f_code.co_filename:
            outer = outer.f_back
    return outer or frame


def _declaring(frame: FrameType) -> FrameType:
    while frame.f_back and _is_helper(frame.f_code):
        outer = _evaluating(frame.f_back)
        same = outer.f_code.co_filename == frame.f_code.co_filename
        if not same and not frame.f_code.co_filename.startswith(PACKAGE):
            break
        frame = outer
    return frame


def _is_generated(code: CodeType) -> bool:
    return code.co_filename == "<string>"  # the __init__ that dataclasses write


def _is_helper(code: CodeType) -> bool:
    arguments = code.co_argcount + code.co_kwonlyargcount
    return bool(arguments) and code.co_name[0] != "<" and not code.co_flags & inspect.CO_GENERATOR
