"""One run that was captured at several places: its captures, how they stand to each other, events.

run = run_of([Source.of(path, load_declaration(path)) for path in paths], "04-home")
for event in run.events(): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from pathlib import Path

from traces.declaration import Declaration
from traces.events import Event
from traces.merging import HOME_LINK, Merging
from traces.offsets import ClockError, ClockOffset, set_clocks
from traces.read import STANDARD_INPUT, read_trace, trace_name
from traces.sketch import Sketch, sketch_of
from traces.views import MOBILE_NODE, View, judged_views, nodes_of


class RunError(ValueError):
    """Captures that cannot be put together: one sentence, what and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """One capture of a run: its name, how it is read, its events as often as they are asked for."""

    name: str
    declaration: Declaration
    open: Callable[[], Iterable[Event]]

    @classmethod
    def of(cls, path: Path, declaration: Declaration) -> Source:
        """The capture in a file, which is read twice; RunError for standard input."""
        if path == STANDARD_INPUT:
            raise RunError(
                "a run of several captures is read twice, which standard input cannot be; "
                "name a file in its place."
            )
        return cls(trace_name(path), declaration, lambda: read_trace(path, declaration))


@dataclass(frozen=True, slots=True)
class TraceRun:
    """A run: its name, what its captures declare together, and each of them as a view."""

    name: str
    declaration: Declaration
    views: tuple[View, ...]
    sources: tuple[Source, ...]

    def events(self) -> Iterator[Event]:
        """Yield each event once, in order of the run's clock; memory is that of a few seconds."""
        links = [source.declaration.home_link_interface for source in self.sources]
        yield from Merging(self.views, links).events([source.open for source in self.sources])


def run_of(
    sources: Sequence[Source], name: str, given: Mapping[str, float] | None = None
) -> TraceRun:
    """The run of several captures, each of which is read once here; its events are read again.

    `given` tells by how many seconds the clock of a capture is ahead of the others'. RunError is
    raised for captures that do not belong together, in one sentence.
    """
    _check(sources, given or {})
    sketches = {s.name: sketch_of(s.open(), s.declaration.home_link_interface) for s in sources}
    for source_name, sketch in sketches.items():
        _check_read(source_name, sketch)
    declaration = _joined([s.declaration for s in sources])
    observed = declaration.observed or _peers(sketches.values())
    nodes = {s.name: nodes_of(s.declaration, sketches[s.name], observed) for s in sources}
    ranked = sorted(sources, key=lambda s: (not sketches[s.name].log, not nodes[s.name]))
    try:
        clocks = set_clocks(sketches, ranked[0].name, _same_clocks(sources), given)
    except ClockError as bad:
        raise RunError(f"{name}: {bad}") from bad
    views = [
        _view(number, s, sketches[s.name], clocks[s.name], nodes[s.name])
        for number, s in enumerate(sources)
    ]
    return TraceRun(name, declaration, judged_views(views), tuple(sources))


def _check(sources: Sequence[Source], given: Mapping[str, float]) -> None:
    """Refuse what cannot be one run before anything is read."""
    names = [s.name for s in sources]
    if len(names) < 2:
        raise RunError("a run of one capture is that capture; name two or more of the same run.")
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise RunError(f"two captures of the run are called {twice[0]}; rename one of them.")
    unknown = sorted(given.keys() - set(names))
    if unknown:
        raise RunError(
            f"a clock offset is given for {unknown[0]}, which is no capture of the run; "
            f"use {', '.join(names)}."
        )


def _check_read(name: str, sketch: Sketch) -> None:
    """Refuse a capture without any event: what was seen where it was taken is not known."""
    if sketch.begin is None:
        empty = f"{name} has no message that is read here; leave it out of the run."
        raise RunError(empty if sketch.problem is None else str(sketch.problem))


def _joined(declared: Sequence[Declaration]) -> Declaration:
    """What holds for the run; RunError where captures are declared to be read differently."""
    for what, values in (
        ("dialects", {d.dialect for d in declared}),
        ("answers to knows_bids", {d.knows_bids for d in declared}),
    ):
        if len(values) > 1:
            raise RunError(
                f"captures of one run are declared with different {what}; declare the same."
            )
    roles = {d.role for d in declared}
    observed = tuple(dict.fromkeys(a for d in declared for a in d.observed))
    notes = list(dict.fromkeys(d.notes for d in declared if d.notes))
    home = any(d.home_link_interface is not None for d in declared)
    return replace(
        declared[0],
        role=roles.pop() if len(roles) == 1 else None,
        observed=observed,
        home_link_interface=HOME_LINK if home else None,
        at=None,
        clock=None,
        notes="; ".join(notes) or None,
    )


def _peers(sketches: Iterable[Sketch]) -> tuple[IPv6Address, ...]:
    """The nodes that Binding Updates go to."""
    return tuple(sorted({node for sketch in sketches for node in sketch.peers}))


def _same_clocks(sources: Sequence[Source]) -> list[list[str]]:
    """The captures whose clock is declared to be one."""
    clocks = dict.fromkeys(s.declaration.clock for s in sources if s.declaration.clock is not None)
    return [[s.name for s in sources if s.declaration.clock == clock] for clock in clocks]


def _view(
    number: int,
    source: Source,
    sketch: Sketch,
    clock: ClockOffset,
    nodes: frozenset[IPv6Address],
) -> View:
    begin, end = sketch.begin, sketch.end
    return View(
        source.name,
        number,
        sketch,
        clock,
        begin=0.0 if begin is None else clock.common(begin),
        end=0.0 if end is None else clock.common(end),
        nodes=nodes,
        role=source.declaration.role,
        mobile=source.declaration.at == MOBILE_NODE,
        home_link=source.declaration.home_link_interface is not None,
    )
