"""Ray as far as a crew calls it, all in this process: actors are objects, answers come at once.

What goes to an actor or comes from one is a copy, whose arrays may not be written to, as it is
between processes.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any


class RayError(Exception):
    """What Ray itself fails with."""


class RayTaskError(RayError):
    """What an actor failed with."""


class GetTimeoutError(RayError):
    """An answer that was waited for too long."""


class Reference:
    """An answer, or that there is none."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Method:
    """A method of an actor, whose answer may be told in several parts."""

    def __init__(self, actor: Actor, name: str, parts: int = 1) -> None:
        self.actor, self.name, self.parts = actor, name, parts

    def options(self, num_returns: int) -> Method:
        return Method(self.actor, self.name, num_returns)

    def remote(self, *given: Any) -> Any:
        answer = self._answer([opened(x) for x in given])
        if self.parts == 1:
            return Reference(answer)
        lost = isinstance(answer, RayError)
        return [Reference(part) for part in ([answer] * self.parts if lost else answer)]

    def _answer(self, given: Sequence[Any]) -> Any:
        lost = next((x for x in given if isinstance(x, RayError)), None)
        if self.actor.inside is None or lost:
            return lost or RayError("the actor died")
        return travelled(getattr(self.actor.inside, self.name)(*given))


class Actor:
    """An object that is called as an actor is."""

    def __init__(self, kind: type, *given: Any) -> None:
        self.inside: Any = kind(*map(opened, given))

    def __getattr__(self, name: str) -> Method:
        return Method(self, name)


class RayHere:
    """The functions of the module, with so many cores."""

    exceptions = SimpleNamespace(
        RayError=RayError, RayTaskError=RayTaskError, GetTimeoutError=GetTimeoutError
    )

    def __init__(self, cores: int = 2) -> None:
        self.cores = cores

    def is_initialized(self) -> bool:
        return True

    def available_resources(self) -> dict[str, float]:
        return {"CPU": float(self.cores)}

    def put(self, value: Any) -> Reference:
        return Reference(travelled(value))

    def remote(self, kind: type) -> Any:
        made = SimpleNamespace(remote=lambda *given: Actor(kind, *given))
        return SimpleNamespace(options=lambda **_: made)

    def get(self, references: list[Reference], timeout: float | None = None) -> list[Any]:
        for reference in references:
            if isinstance(reference.value, RayError):
                raise reference.value
        return [reference.value for reference in references]

    def wait(self, references: list[Reference], num_returns: int) -> tuple[list[Any], list[Any]]:
        return references[:num_returns], references[num_returns:]

    def kill(self, actor: Actor) -> None:
        actor.inside = None


def travelled(value: Any) -> Any:
    """Return a value as it is after it was sent."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[bytes(b) for b in buffers])


def opened(value: Any) -> Any:
    """Return what an actor is given: for an answer, its value."""
    return travelled(value.value if isinstance(value, Reference) else value)
