"""Works of an analysis taken by two processes, each taking the next when it is free.

Terms belong to a process: the condition of a finding travels as SMT-LIB text and is read again
over the same fields.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import z3

from checker.finding import Finding
from checker.situation import Situations
from model.fields import Domain
from model.rule import On

Work = Callable[[], Iterable[Finding]]
Found = dict[int, list[Finding]]  # by position of the work


@dataclass(frozen=True)
class Travelling:
    """A finding without its condition, and the condition as text."""

    finding: Finding
    text: str


class Pair:
    """This process and a second one, which starts at once with the same terms."""

    def __init__(self, works: Sequence[Work], situations: Mapping[On, Situations]) -> None:
        self._situations = situations
        self._tokens = _tokens(len(works))
        context = multiprocessing.get_context("fork")
        self._receiver, sender = context.Pipe(duplex=False)
        arguments = (works, self._tokens, sender)
        self._process = context.Process(target=_run, args=arguments, daemon=True)
        self._process.start()
        sender.close()

    def taken(self) -> Iterator[int]:
        """Yield the positions of the works that are left to this process."""
        yield from _taken(self._tokens)

    def others(self) -> Found:
        """Return what the second process found; RuntimeError when it came to no result."""
        try:
            found: dict[int, list[Travelling]] = self._receiver.recv()
        except EOFError as none:
            raise RuntimeError("a process of the analysis ended without result") from none
        self._process.join()
        return {k: [self._arrived(t) for t in own] for k, own in found.items()}

    def _arrived(self, travelling: Travelling) -> Finding:
        found = travelling.finding
        return replace(found, condition=read(travelling.text, self._situations[found.on]))

    def stop(self) -> None:
        """End the second process, whatever it has found."""
        self._process.terminate()
        self._receiver.close()
        os.close(self._tokens)


def possible() -> bool:
    """Return whether a second process can share this one's terms and would run beside it."""
    forks = "fork" in multiprocessing.get_all_start_methods()
    return forks and (os.cpu_count() or 1) > 1


def _tokens(count: int) -> int:
    """Return a descriptor from which each process reads what to do next, an octet for a work."""
    reading, writing = os.pipe()
    os.write(writing, bytes(range(count)))
    os.close(writing)
    return reading


def _taken(tokens: int) -> Iterator[int]:
    while octet := os.read(tokens, 1):
        yield octet[0]


def _run(works: Sequence[Work], tokens: int, sender: Connection) -> None:
    try:
        sender.send({k: [_travelling(f) for f in works[k]()] for k in _taken(tokens)})
    except KeyboardInterrupt:
        pass  # the process that started this one says so
    finally:
        sender.close()


def _travelling(f: Finding) -> Travelling:
    return Travelling(replace(f, condition=None), f.condition.sexpr())


def read(text: str, situations: Situations) -> Any:
    """Return the term over the fields of a step that SMT-LIB text stands for."""
    domains = [f.domain for f, _ in situations.fields.values() if isinstance(f.domain, Domain)]
    decls = {n: f.instance(i).decl() for n, (f, i) in situations.fields.items()}
    sorts = {domain.name: domain.sort for domain in domains}
    return z3.parse_smt2_string(f"(assert {text})", sorts=sorts, decls=decls)[0]
