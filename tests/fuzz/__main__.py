"""Fuzz the readers: `python -m tests.fuzz FOLDER SECONDS [TARGET [options of libFuzzer]]`.

Without a target all have their share of the time, one after the other. FOLDER/TARGET keeps inputs
that reach something new, pieces of the recordings to begin with; an input that breaks a reader is
left in FOLDER, and `python -m tests.fuzz FOLDER 0 TARGET FILE` tries it again.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed, it has packages for Linux on x86-64 only; fuzz there.")

with atheris.instrument_imports(include=["traces"]):
    from tests.fuzz.seeds import SEEDS
    from tests.fuzz.targets import TARGETS

# seconds for one input, megabytes in all, octets of an input
LIMITS = ("-timeout=10", "-rss_limit_mb=1024", "-max_len=4096", "-print_final_stats=1")


def main(arguments: list[str]) -> int:
    """Fuzz one target, or all of them in processes of their own; 1 if any was broken."""
    if len(arguments) < 2 or not {*arguments[2:3]} <= {*TARGETS}:
        print(__doc__, f"The targets are {', '.join(TARGETS)}.", sep="\n")
        return 2
    folder, seconds, *rest = arguments
    if rest:
        fuzz(Path(folder), int(seconds), *rest)
    share = str(int(seconds) // len(TARGETS))
    command = [sys.executable, "-m", "tests.fuzz", folder, share]
    return max([subprocess.run([*command, name], check=False).returncode != 0 for name in TARGETS])


def fuzz(folder: Path, seconds: int, name: str, *options: str) -> None:
    """Fuzz one target; does not return."""
    limits = (*LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={folder}/{name}-")
    folder.mkdir(parents=True, exist_ok=True)
    again = [option for option in options if not option.startswith("-")]
    inputs = again or [str(fill(name, folder / name))]
    atheris.Setup([name, *limits, *(o for o in options if o not in again), *inputs], TARGETS[name])
    atheris.Fuzz()


def fill(name: str, folder: Path) -> Path:
    """The folder, with the seeds of a target in it if it was empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        for number, seed in enumerate(SEEDS[name]()):
            (folder / f"seed-{number}").write_bytes(seed)
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
