"""Ctrl-C while machine code runs: told once, so that a search ends where its counts are right."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def told_of_interrupt(tell: Callable[[], None]) -> Iterator[None]:
    """Have the first Ctrl-C call a function; the second does what it did before.

    Where it is not the main thread that waits nothing changes, for it is not told of Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT) or signal.default_int_handler

    def first(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        tell()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
