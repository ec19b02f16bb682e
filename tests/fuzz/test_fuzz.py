"""Readers under octets that nobody meant: changed at random here, led by coverage with atheris.

`make fuzz` does the latter for an hour, `make fuzz FUZZ_SECONDS=60` for a minute.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS
from tests.tools import require_module

ROOT = Path(__file__).parents[2]
NUMBERS = (0, 1, 2, 3, 4, 6, 7, 8, 35, 41, 44, 58, 60, 127, 128, 135, 254, 255)


def _changed(random: Random, seeds: list[bytes]) -> bytes:
    """A seed with some octets changed, left out, doubled, or cut behind another."""
    data = bytearray(random.choice(seeds))
    for _ in range(random.randint(1, 4)):
        at, end = sorted(random.randint(0, len(data)) for _ in range(2))
        match random.randrange(6):
            case 0:
                del data[at : min(end, at + 8)]
            case 1:
                data[at:at] = data[at : min(end, at + 32)]
            case 2:
                data[at:] = random.choice(seeds)[at:]
            case _ if at < len(data):
                data[at] = random.choice((random.choice(NUMBERS), random.randrange(256)))
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_pieces_of_recordings(name: str) -> None:
    random, seeds = Random(name), SEEDS[name]()
    for seed in seeds:
        TARGETS[name](seed)
    for _ in range(300):
        TARGETS[name](_changed(random, seeds))


def _fuzz(name: str, folder: Path, *options: str) -> str:
    """Fuzz one target with atheris; what it said, or a failure with the input that broke it."""
    require_module("atheris")
    command = [sys.executable, "-m", "tests.fuzz", str(folder), "240", name, "-seed=1", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    broken = [path.read_bytes() for path in folder.glob(f"{name}-*")]
    assert done.returncode == 0, (broken, done.stderr[-3000:])
    return done.stderr


def test_atheris_finds_more_of_the_reader_than_the_seeds_reach(tmp_path: Path) -> None:
    told = _fuzz("frame", tmp_path, "-runs=3000")
    assert "Done 3000 runs" in told
    seeds = len(list((tmp_path / "frame").glob("seed-*")))
    assert len(list((tmp_path / "frame").iterdir())) > seeds + 20


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_atheris_breaks_no_reader(name: str, tmp_path: Path) -> None:
    _fuzz(name, tmp_path, "-runs=100000")
