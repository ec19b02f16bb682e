"""Part of an analysis in a process of its own, its findings brought back.

Terms belong to a process: the condition of a finding travels as SMT-LIB text and is read again
over the same fields.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import z3

from checker.finding import Finding
from checker.situation import Situations
from model.fields import Domain
from model.rule import On

Work = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Travelling:
    """A finding without its condition, and the condition as text."""

    finding: Finding
    text: str


class Child:
    """A process that works out findings; `findings` waits for them."""

    def __init__(self, work: Work, situations: Mapping[On, Situations]) -> None:
        self._situations = situations
        context = multiprocessing.get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_run, args=(work, sender), daemon=True)
        self._process.start()
        sender.close()

    def findings(self) -> Iterator[Finding]:
        """Yield what the process found; RuntimeError when it came to no result."""
        try:
            found = self._receiver.recv()
        except EOFError as none:
            raise RuntimeError("a process of the analysis ended without result") from none
        self._process.join()
        for travelling in found:
            situations = self._situations[travelling.finding.on]
            yield replace(travelling.finding, condition=read(travelling.text, situations))

    def stop(self) -> None:
        """End the process, whatever it has found."""
        self._process.terminate()


def possible() -> bool:
    """Return whether a second process can share this one's terms and would run beside it."""
    forks = "fork" in multiprocessing.get_all_start_methods()
    return forks and (os.cpu_count() or 1) > 1


def _run(work: Work, sender: Connection) -> None:
    try:
        found = [Travelling(replace(f, condition=None), f.condition.sexpr()) for f in work()]
        sender.send(found)
    except KeyboardInterrupt:
        pass  # the process that started this one says so
    finally:
        sender.close()


def read(text: str, situations: Situations) -> Any:
    """Return the term over the fields of a step that SMT-LIB text stands for."""
    domains = [f.domain for f, _ in situations.fields.values() if isinstance(f.domain, Domain)]
    decls = {n: f.instance(i).decl() for n, (f, i) in situations.fields.items()}
    sorts = {domain.name: domain.sort for domain in domains}
    return z3.parse_smt2_string(f"(assert {text})", sorts=sorts, decls=decls)[0]
