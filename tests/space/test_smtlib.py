"""The exported SMT-LIB: Z3 and cvc5 find violations where the engines do, and each successor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import cvc5
import pytest
import z3

from checker.export.flat import Flat
from checker.export.keys import met
from checker.export.smtlib import Smtlib
from checker.space.interpreted import Interpreted
from checker.space.reached import Reached
from checker.space.system import TransitionSystem, Values
from tests.space.operators import operators
from tests.space.reference import reference
from tests.space.test_engines import counting
from tests.space.test_spin import draft

SYSTEMS: dict[str, Callable[[], TransitionSystem]] = {
    "reference": lambda: reference(1, 1, 3),
    "counting": lambda: counting(20),
    "operators": operators,
    "draft": draft(bids=1, care_of=1, options=1, updates=2, faults=0, sequence_bits=2),
}


@pytest.fixture(scope="module", params=SYSTEMS)
def explored(request: pytest.FixtureRequest) -> tuple[TransitionSystem, Smtlib, Reached]:
    system, found = SYSTEMS[request.param](), list[Reached]()

    def explore(watched: TransitionSystem) -> Reached:
        found.append(Interpreted(watched).run())
        return found[0]

    flat = Flat(system, met(system, explore))
    return system, Smtlib(flat, request.param), found[0]


def by_z3(text: str) -> list[str]:
    context = z3.Context()  # kept until the answer is there
    said = z3.Z3_eval_smtlib2_string(context.ref(), text)
    return [line.strip('"') for line in said.splitlines()]


def by_cvc5(text: str) -> list[str]:
    terms = cvc5.TermManager()
    solver, symbols = cvc5.Solver(terms), cvc5.SymbolManager(terms)
    solver.setOption("incremental", "true")
    solver.setOption("bitblast", "eager")
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "export")
    said = []
    while not (command := parser.nextCommand()).isNull():
        said.append(command.invoke(solver, symbols).strip().strip('"'))
    return [line for line in said if line]


@pytest.mark.parametrize("answers", [by_z3, by_cvc5])
def test_property_is_violated_at_the_depth_of_the_engines(
    explored: tuple[TransitionSystem, Smtlib, Reached], answers: Callable[[str], list[str]]
) -> None:
    system, smtlib, found = explored
    first = {p: len(path) - 1 for p, path in found.paths.items()}
    assert first
    depth = min(first.values())
    expected = dict.fromkeys(system.always, "unsat")
    assert paired(answers(smtlib.text(depth - 1))) == expected
    at = {p: "sat" for p, d in first.items() if d == depth}
    assert paired(answers(smtlib.text(depth))) == expected | at


def paired(said: list[str]) -> dict[str, str]:
    return dict(zip(said[::2], said[1::2], strict=True))


def test_each_successor_is_a_model_and_each_model_a_successor(
    explored: tuple[TransitionSystem, Smtlib, Reached],
) -> None:
    system, smtlib, found = explored
    engine = Interpreted(system)
    for state in (s for path in found.paths.values() for s in path):
        expected = Counter((name, after) for name, after in engine.successors(state))
        assert Counter(models(system, smtlib, state)) == expected


def models(system: TransitionSystem, smtlib: Smtlib, state: Values) -> Iterator[tuple[str, Values]]:
    """Every model of one step from a state: the name of the transition, the state after it."""
    lines = [*smtlib.definitions(), *smtlib.declared(0), *smtlib.declared(1), *smtlib.step(0)]
    solver = z3.Solver(ctx=z3.Context())
    solver.from_string("\n".join(lines))
    names = {d.name(): d for a in solver.assertions() for d in constants(a)}
    before = [f"{smtlib.state[v.name]}@0" for v in system.variables]
    after = [f"{smtlib.state[v.name]}@1" for v in system.variables]
    for name, value in zip(before, state, strict=True):
        if name in names:
            solver.add(names[name]() == valued(names[name], value))
    while solver.check() == z3.sat:
        model = solver.model()
        taken, row = names["taken@0"], names["row@0"]
        chosen = [model.eval(d(), model_completion=True) for d in (taken, row)]
        values = (model.eval(names[n](), model_completion=True) for n in after)
        yield system.transitions[chosen[0].as_long()].name, tuple(map(plain, values))
        solver.add(z3.Or(taken() != chosen[0], row() != chosen[1]))


def constants(term: z3.ExprRef) -> Iterator[z3.FuncDeclRef]:
    seen, stack = set[int](), [term]
    while stack:
        t = stack.pop()
        if t.get_id() not in seen:
            seen.add(t.get_id())
            stack += t.children()
            if z3.is_const(t) and t.decl().kind() == z3.Z3_OP_UNINTERPRETED:
                yield t.decl()


def valued(declaration: z3.FuncDeclRef, value: int) -> z3.ExprRef:
    sort = declaration.range()
    if isinstance(sort, z3.BoolSortRef):
        return z3.BoolVal(bool(value), declaration.ctx)
    return z3.BitVecVal(value, sort.size(), declaration.ctx)


def plain(value: z3.ExprRef) -> int:
    return int(z3.is_true(value)) if z3.is_bool(value) else value.as_long()
