"""Processes on one machine or several that hold the parts of a search, by Ray.

Ray is imported when a crew is asked for, and by nothing else.
"""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from checker.space.lowered import Lowered
from checker.space.part import Part, here
from model.errors import RuleError

ADDRESS = "RAY_ADDRESS"  # of a cluster that is running; without it there is one for the search
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # 0: on any system, Ray keeps to this machine
ROUND_BYTES = 1 << 24  # of states that a part gives away at once
STORE_BYTES = 1 << 27  # of Ray's object store, beside what the parts give each other
ANSWER_S = 5.0  # for a cluster to answer
PATIENCE_S = 120.0  # for the processes to begin


class Lost(Exception):
    """A process has ended, or what it gave to others is gone."""


def ray_module() -> Any:
    """Return Ray; RuleError where it is not installed."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is sent to anybody
    if not os.environ.get(ADDRESS):
        os.environ.setdefault(LOOPBACK, "0")
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise RuleError(
            "the engine ray needs Ray, which is not installed",
            remedy="run pip install monami[cluster]",
        ) from None


@contextmanager
def connected(parts: int | None) -> Iterator[Any]:
    """Give Ray, connected to a cluster: the one there is a connection to, or an address of.

    Otherwise one of this machine alone is begun, which ends with the context.
    """
    ray = ray_module()
    if ray.is_initialized():
        yield ray
        return
    quiet = {"log_to_driver": False, "logging_level": "error"}
    if os.environ.get(ADDRESS):
        joined(ray, quiet)
    else:
        cores = parts or os.cpu_count() or 1
        store = STORE_BYTES + 4 * cores * ROUND_BYTES
        alone = {"num_cpus": cores, "object_store_memory": store, "include_dashboard": False}
        ray.init(address="local", _node_ip_address="127.0.0.1", **alone, **quiet)
    try:
        yield ray
    finally:
        ray.shutdown()


def joined(ray: Any, quiet: dict[str, Any]) -> None:
    """Connect to the cluster that has an address; what does not answer is not waited for."""
    address = os.environ[ADDRESS]
    host, colon, port = address.rpartition(":")
    try:
        if colon and port.isdigit() and "/" not in host:
            socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
        ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as bad:
        raise RuleError(
            f"the Ray cluster at {address} cannot be joined ({_first_line(bad)})",
            remedy=f"begin one with ray start --head, or unset {ADDRESS}",
        ) from None


class Crew:
    """Processes, each with one part of a search; they end with `end`."""

    def __init__(self, ray: Any, lowered: Lowered, parts: int | None, budget: int | None) -> None:
        self.ray = ray
        self.size = parts or int(ray.available_resources().get("CPU", 0))
        if not self.size:
            raise RuleError("the Ray cluster has no free core", remedy="wait, or add a machine")
        sent = ray.put(lowered)
        kind = ray.remote(Part).options(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")
        how = (self.size, budget, ROUND_BYTES)
        self.parts = [kind.remote(sent, k, *how) for k in range(self.size)]

    def check(self) -> None:
        """Wait until all processes have begun; RuleError where one does not, or is another."""
        places = [part.place.remote() for part in self.parts]
        try:
            found = self.ray.get(places, timeout=PATIENCE_S)
        except self.ray.exceptions.GetTimeoutError:
            raise RuleError(
                f"the Ray cluster has no {self.size} free cores", remedy="give a smaller --threads"
            ) from None
        except self.ray.exceptions.RayError as lost:
            raise RuleError(
                f"a process of the Ray cluster did not begin ({_first_line(lost)})",
                remedy="see whether its machine has monami and enough memory",
            ) from lost
        for place in found:
            if place.code != here().code:
                raise RuleError(
                    f"monami on {place.host} is another than here",
                    remedy="install the same on all machines",
                )

    def all(self, method: str, *given: Any) -> list[Any]:
        """Return what each part answers; Lost where one does not."""
        return self.got([getattr(part, method).remote(*given) for part in self.parts])

    def got(self, answers: Sequence[Any]) -> list[Any]:
        """Return what has been asked for; Lost where it does not come."""
        try:
            return list(self.ray.get(list(answers)))
        except self.ray.exceptions.RayError as lost:
            raise _told(self.ray, lost) from lost

    def first(self, answers: Sequence[Any]) -> tuple[Any, Any]:
        """Wait for one of some answers; return it as it was asked for, and what it is."""
        done, _ = self.ray.wait(list(answers), num_returns=1)
        return done[0], self.got(done)[0]

    def exchanged(self, last: bool) -> list[Any]:
        """Have each part give to the others what is theirs, and keep what is new.

        Returns what they answer to the `last` time in a level, or to another.
        """
        many = self.size
        given = [part.handed.options(num_returns=many).remote() for part in self.parts]
        rows = given if many > 1 else [[only] for only in given]
        for_each = zip(*rows, strict=True)
        pairs = zip(self.parts, for_each, strict=True)
        return self.got([part.insert.remote(last, *parcels) for part, parcels in pairs])

    def end(self) -> None:
        """End all processes."""
        for part in self.parts:
            self.ray.kill(part)


def _told(ray: Any, error: Exception) -> Exception:
    """Return what an error of Ray means: Lost, or the error itself that a part met."""
    kinds: Any = ray.exceptions
    within = getattr(error, "cause", None)
    met = isinstance(error, kinds.RayTaskError) and not isinstance(within, kinds.RayError)
    return error if met else Lost(_first_line(error))


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
