"""Fewer looks for garbage in circles: a replay makes many objects, and hardly a circle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (50_000, 20, 20)  # new objects, and younger collections, from one look to the next


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage more seldom, and not among what is there already, while this goes on."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
