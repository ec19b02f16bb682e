"""A contradiction that is decided: one of its rules is obeyed in every outcome."""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import product

import pytest

from checker.cli import build_parser
from checker.cli_explore import exploring_of, scope_of
from checker.cli_run import UsageError
from checker.exploring import AUTO, INTERPRETED
from checker.machine import Machine
from checker.resolution import Resolution
from checker.resolve import resolutions
from model.errors import RuleError
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope
from model.whole.scope import PRESETS

PAIR = ("04-6.3-29", "04-6.3-30")
FEW = RULESET.only("04-6.3-27", "04-6.3-28", *PAIR)
SMALL = Scope(bids=1, care_of=1, options=1)


def given_up(resolved: list[Resolution]) -> set[str]:
    """Return the rules given up where an update without C has an alternate care-of address."""
    machine = Machine(FEW, SMALL, resolved=resolved)
    engine = machine.engines[On.RECEIVE_UPDATE]
    values = dict(zip(machine.layout, machine.values(machine.initial()[0]), strict=True))
    values |= {"o.present[1]": 1, "bu.alternate": 1, "bu.source": 2}
    applied = engine.applied([values[n] for n in machine.layout])
    return {rule for outcome in engine.outcomes_of(applied) for rule in outcome.given_up}


@pytest.mark.parametrize("obeyed", PAIR)
def test_the_rule_that_is_obeyed_is_never_given_up(obeyed: str) -> None:
    assert given_up([]) == set(PAIR)
    assert given_up([Resolution(frozenset(PAIR), obeyed)]) == set(PAIR) - {obeyed}


def test_other_contradictions_stay_as_they_are() -> None:
    other = Resolution(frozenset({"04-6.3-29", "04-6.3-27"}), "04-6.3-29")
    assert given_up([other]) == set(PAIR)


def quiet(_text: str) -> None:
    """Say nothing."""


def test_resolutions_are_those_of_findings() -> None:
    assert resolutions(FEW, {}, quiet) == ()
    (found,) = resolutions(FEW, {"F-d872d225": "04-6.3-29"}, quiet)
    assert found == Resolution(frozenset(PAIR), "04-6.3-29")


@pytest.mark.parametrize(
    ("name", "rule", "said"),
    [
        ("F-00000000", "04-6.3-29", "no finding is called F-00000000"),
        ("F-d872d225", "04-6.3-27", "04-6.3-27 is no rule of finding F-d872d225"),
    ],
)
def test_what_is_no_resolution_is_told(name: str, rule: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        resolutions(FEW, {name: rule}, quiet)


# -- the switches --------------------------------------------------------------------------


def asked(*given: str) -> argparse.Namespace:
    return build_parser().parse_args(["explore", "draft-04", *given])


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_a_scope(preset: str) -> None:
    assert scope_of(asked("--preset", preset)) == PRESETS[preset]


def test_switches_change_single_bounds() -> None:
    given = ("--bids", "3", "--coas", "1", "--loss", "0")
    expected = replace(PRESETS["default"], bids=3, care_of=1, loss=0)
    assert scope_of(asked(*given)) == expected


def test_a_fault_asked_for_more_often_raises_their_sum() -> None:
    assert scope_of(asked("--loss", "4")) == replace(PRESETS["default"], loss=4, faults=4)
    given = ("--loss", "4", "--faults", "3")
    assert scope_of(asked(*given)) == replace(PRESETS["default"], loss=4, faults=3)


@pytest.mark.parametrize(("window", "bits"), [(1, 2), (2, 3), (3, 3), (4, 4), (7, 4)])
def test_window_is_had_by_the_fewest_bits(window: int, bits: int) -> None:
    assert scope_of(asked("--window", str(window))).sequence_bits == bits
    assert (1 << (bits - 1)) - 1 >= window > (1 << (bits - 2)) - 1


def test_one_exchange_has_fewer_switches() -> None:
    given = ("--preset", "exchange", "--updates", "2")
    assert scope_of(asked(*given)) == Scope(updates=2)
    with pytest.raises(UsageError, match="has no --loss"):
        scope_of(asked(*given, "--loss", "1"))


def test_how_it_is_explored_is_chosen() -> None:
    assert exploring_of(asked()).engine == AUTO
    assert exploring_of(asked("--preset", "exchange")).engine == INTERPRETED
    how = exploring_of(asked("--memory", "0.5", "--paths", "3", "--no-symmetry"))
    assert (how.memory, how.most_paths, how.symmetry) == (1 << 29, 3, False)


@pytest.mark.parametrize(
    "wrong",
    list(product(["--memory", "--paths", "--threads", "--checkpoint-every"], ["0", "-1", "x"])),
)
def test_what_cannot_be_is_refused(wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        asked(*wrong)
