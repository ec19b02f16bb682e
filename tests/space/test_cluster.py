"""The engine for several machines says what the compiled engine says.

Most of it is tried with parts in this process, where a test is over at once; the last tests have
a Ray cluster of two nodes.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import z3
from hypothesis import HealthCheck, given, settings

from checker import commands
from checker.advance import Advance
from checker.cli import main
from checker.explore import LEADS
from checker.exploring import RAY, Exploring
from checker.progress import Progress
from checker.space import cluster, crew, verdicts
from checker.space.cluster import Clustered
from checker.space.compiled import Compiled
from checker.space.crew import Crew
from checker.space.memory import Budget
from checker.space.part import Place
from checker.space.reached import (
    INTERRUPTED,
    LOST,
    MEMORY,
    STATES,
    VIOLATION,
    Reached,
    Recovery,
)
from checker.space.recovered import recoveries
from checker.space.symmetry import Symmetry, symmetry
from checker.space.system import TransitionSystem
from model.errors import RuleError
from model.scope import Scope
from reports.explorations import explored_text
from tests.space.comparing import SMALL, check_paths
from tests.space.random_systems import systems
from tests.space.ray_here import RayHere
from tests.space.reference import TABLE, reference
from tests.space.test_engines import counting
from tests.tools import require_module

STORE_BYTES, LOCAL = 100 << 20, "127.0.0.1"
DRAFT = ("explore", "draft-04", "--preset", "small", "--memory", "0.5", "--threads", "2")
Answers = tuple[Reached, dict[str, Recovery]]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are in this process, and a crew that is begun finds two cores."""
    monkeypatch.setattr(crew, "ray_module", RayHere)


def by_parts(
    system: TransitionSystem, up_to: Symmetry | None = None, parts: int | None = 2, **how: Any
) -> Answers:
    """Return what is reached, but for how much memory it took, and what is come back to."""
    engine = Clustered(system, parts, SMALL, up_to)
    return replace(engine.run(**how), bytes=0), engine.recovered


def alone(system: TransitionSystem, up_to: Symmetry | None = None, **how: Any) -> Answers:
    """Return the same by the compiled engine."""
    engine = Compiled(system, 2, SMALL, up_to)
    found = engine.run(**how)
    return replace(found, bytes=0), recoveries(engine, found)


# -- parts in this process -------------------------------------------------------------------------


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_parts_find_what_one_search_finds(parts: int) -> None:
    system = reference(1, 1, 3)
    assert by_parts(system, None, parts) == alone(system)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("up_to", [None, symmetry])
def test_parts_come_back_to_what_one_search_does(up_to: Callable[..., Symmetry] | None) -> None:
    system = coming_back(reference(2, 1, 3))
    chosen = up_to(system) if up_to else None
    found, recovered = by_parts(system, chosen)
    assert (found, recovered) == alone(system, chosen)
    assert found.renamings == (2 if chosen else 1)
    assert {name: r.holds for name, r in recovered.items()} == {"registered": False, "quiet": True}


def coming_back(system: TransitionSystem) -> TransitionSystem:
    """Return the reference model with faults, and what is to come about without them."""
    faults = ("lose", "expire", "1 ", "send", "HA receives a", "MN receives a")
    fair = [replace(t, fair=not t.name.startswith(faults)) for t in system.transitions]
    registered = z3.Or([z3.UGT(z3.BitVec(f"v[{k}]", 8), 1) for k in range(2)])
    again = {"registered": registered, "quiet": z3.BitVec("bu.op", 8) == 0}
    return replace(system, transitions=tuple(fair), recovers=again)


@pytest.mark.usefixtures("here")
@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(system=systems())
def test_parts_say_the_same_of_random_systems(system: TransitionSystem) -> None:
    assert by_parts(system) == alone(system)


@pytest.mark.usefixtures("here")
def test_step_tables_are_asked_from_afar() -> None:
    system = counting(40)
    engine, one = Clustered(system, 2, SMALL), Compiled(system, 2, SMALL)
    assert replace(engine.run(), bytes=0) == replace(one.run(), bytes=0)
    assert engine.table("steps").known == one.table("steps").known


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("how", "why"), [({"stop_at_first": True}, VIOLATION), ({"most_states": 900}, STATES)]
)
def test_search_ends_early_as_on_one_machine(how: dict[str, Any], why: str) -> None:
    system = coming_back(reference(2, 1, 3))
    found, recovered = by_parts(system, **how)
    assert found.stopped == why
    assert (found, recovered) == alone(system, **how)
    assert {r.holds for r in recovered.values()} == {None}


@pytest.mark.usefixtures("here")
def test_search_ends_where_the_memory_does() -> None:
    found = Clustered(reference(2, 1, 4), 2, Budget(1 << 21)).run()
    assert found.stopped == MEMORY
    assert 0 < sum(found.levels) == found.states < TABLE[2, 1, 4][0]


@pytest.mark.usefixtures("here")
def test_value_that_does_not_fit_is_told() -> None:
    with pytest.raises(RuleError, match=r"'adds.*' sets a variable to a value"):
        Clustered(counting(40, broken=True), 2, SMALL).run()


@pytest.mark.usefixtures("here")
def test_level_of_many_rounds_and_blocks_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = counted_rounds(monkeypatch)
    system = coming_back(reference(2, 1, 3))
    found, recovered = by_parts(system)
    assert (found, recovered) == alone(system)
    assert len(rounds) > 3 * len(found.levels)


@pytest.mark.usefixtures("here")
def test_interrupted_search_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    counted_rounds(monkeypatch, interrupted=80)
    system = reference(1, 1, 4)
    (found, _), (whole, _) = by_parts(system), alone(system)
    assert found.stopped == INTERRUPTED
    assert sum(found.levels) == found.states
    assert found.levels[:-1] == whole.levels[: found.depth]
    assert 0 < found.levels[-1] < whole.levels[found.depth]
    assert set(found.paths) == set(found.violated)


def counted_rounds(monkeypatch: pytest.MonkeyPatch, interrupted: int = 0) -> list[bool]:
    """Have small rounds; return a list of them, whether they end a level; Ctrl-C in one."""
    rounds: list[bool] = []
    exchanged = Crew.exchanged

    def counting_them(self: Crew, last: bool) -> list[Any]:
        rounds.append(last)
        if len(rounds) == interrupted:
            signal.raise_signal(signal.SIGINT)
        return exchanged(self, last)

    monkeypatch.setattr(crew, "ROUND_BYTES", 1 << 15)
    monkeypatch.setattr(Crew, "exchanged", counting_them)
    return rounds


@pytest.mark.usefixtures("here")
def test_another_monami_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "here", lambda: Place("here", "of another kind"))
    with pytest.raises(RuleError, match=r"monami on .* is another than here; install the same"):
        Clustered(reference(1, 1, 3), 2, SMALL).run()


@pytest.mark.usefixtures("here")
def test_cluster_without_a_free_core_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "ray_module", lambda: RayHere(0))
    with pytest.raises(RuleError, match=r"no free core"):
        Clustered(reference(1, 1, 3), None, SMALL).run()


@pytest.mark.usefixtures("here")
def test_process_lost_at_the_end_takes_what_is_come_back_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster, "recoveries", losing)
    system = coming_back(reference(2, 1, 3))
    found, recovered = by_parts(system)
    assert recovered == {name: Recovery(name, None) for name in ("registered", "quiet")}
    assert found == replace(alone(system)[0], stopped=LOST)
    record = {"record": "exploration", "complete": found.complete, "stopped": found.stopped}
    assert not commands.is_complete([record])
    told = explored_text(record | {"states": 2, "transitions": 3, "depth": 1, "kept": 0})
    assert "what they come back to is not known, since a process with some" in told


def losing(*_: object) -> None:
    """Lose a process."""
    raise crew.Lost("it is gone")


@pytest.mark.parametrize(
    ("holds", "code"),
    [(True, commands.CLEAN), (False, commands.FOUND), (None, commands.INCONCLUSIVE)],
)
def test_what_is_undecided_is_no_success(
    holds: bool | None, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = SimpleNamespace(complete=True), [SimpleNamespace(holds=holds)]
    monkeypatch.setattr(verdicts, "explored", lambda *_: said)
    monkeypatch.setattr(commands, "Machine", lambda *_, **__: None)
    monkeypatch.setattr(commands, "exploration_records", lambda *_: [])
    rules: Any = SimpleNamespace(readings=())
    asked = (rules, Scope(), Progress(StringIO()), {}, Exploring(RAY))
    assert commands.run_explore(*asked) == ([], code)


# -- a Ray cluster of two nodes --------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[None]:
    """A Ray cluster of two nodes with one core each, and a connection to it."""
    require_module("ray")
    ray = crew.ray_module()
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    node: dict[str, Any] = {
        "num_cpus": 1,
        "object_store_memory": STORE_BYTES,
        "include_dashboard": False,
    }
    node |= {"node_ip_address": LOCAL, "include_log_monitor": False}
    begun = Cluster(initialize_head=True, head_node_args=node)
    try:
        begun.add_node(**node)
        ray.init(address=begun.address, _node_ip_address=LOCAL, log_to_driver=False)
        yield
    finally:
        ray.shutdown()
        begun.shutdown()


@pytest.mark.usefixtures("two_nodes")
def test_two_nodes_find_what_one_machine_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = ends_with(monkeypatch)
    system = coming_back(reference(2, 1, 3))
    chosen = symmetry(system)
    found, recovered = by_parts(system, chosen, parts=None)
    assert (found, recovered) == alone(system, chosen)
    assert found.renamings == 2
    check_paths(system, found)
    assert sum(states for _, states in ends) == found.kept < found.states
    assert min(states for _, states in ends) > found.kept // 3
    assert len({node for node, _ in ends}) == len(ends) == 2


def ends_with(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Return a list that becomes the node of each part, and its states, when its crew ends."""
    counts: list[tuple[str, int]] = []
    end = Crew.end

    def ending(self: Crew) -> None:
        states = [tally.kept for tally in self.all("tally")]
        counts[:] = zip(map(node_of, self.parts), states, strict=True)
        end(self)

    monkeypatch.setattr(Crew, "end", ending)
    return counts


def node_of(part: Any) -> str:
    """Return the node where a process is."""
    ray = crew.ray_module()
    where = part.__ray_call__.remote(lambda _: ray.get_runtime_context().get_node_id())
    return str(ray.get(where))


@pytest.mark.usefixtures("two_nodes")
def test_lost_process_ends_the_search_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    crews = made(monkeypatch)

    def killing(advance: Advance) -> None:
        if advance.depth == 20:
            crews[0].ray.kill(crews[0].parts[1])

    system = reference(1, 1, 4)
    found = Clustered(system, 2, SMALL).run(killing)
    assert found.stopped == LOST
    assert 0 < sum(found.levels) == found.states < TABLE[1, 1, 4][0]
    assert found.paths
    check_paths(system, found)


def made(monkeypatch: pytest.MonkeyPatch) -> list[Crew]:
    """Return a list that crews are put into when they have begun."""
    crews: list[Crew] = []
    check = Crew.check
    monkeypatch.setattr(Crew, "check", lambda self: (crews.append(self), check(self))[1])
    return crews


@pytest.mark.usefixtures("two_nodes")
def test_command_answers_for_the_draft(tmp_path: Path) -> None:
    said = {engine: command(tmp_path, engine) for engine in ("compiled", "ray")}
    assert said["ray"] == said["compiled"]
    assert len(said["ray"]) > 10
    assert {p["holds"] for p in said["ray"] if p.get("kind") == LEADS} == {False, True}


def command(folder: Path, engine: str) -> list[dict[str, Any]]:
    """Return the records about states and properties of the draft, but for memory."""
    file = folder / f"{engine}.jsonl"
    assert main([*DRAFT, "--engine", engine, "--out", str(file)]) == commands.FOUND
    records = [json.loads(line) for line in file.read_text().splitlines()]
    about = [r for r in records if r["record"] in ("exploration", "property")]
    return [{k: v for k, v in r.items() if k != "bytes"} for r in about]


# -- what is refused -------------------------------------------------------------------------------


def test_without_ray_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main([*DRAFT, "--engine", "ray"]) == commands.USAGE
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("monami: the engine ray needs Ray, which is not installed")
    assert said.endswith("pip install monami[cluster]")


def test_what_only_one_machine_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*DRAFT, "--engine", "ray", "--paths", "2"]) == commands.USAGE
    assert "--engine ray has no --checkpoint and no --paths" in capsys.readouterr().err


def test_cluster_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    require_module("ray")
    monkeypatch.setenv(crew.ADDRESS, f"{LOCAL}:1")
    with pytest.raises(RuleError, match=r"cluster at 127.0.0.1:1 cannot be joined \(.*refused\)"):
        crew.joined(crew.ray_module(), {})
