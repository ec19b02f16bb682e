"""The analysis of a node step gives the same from run to run, whatever the hashes of names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import json
from checker.contradictions import Contradictions
from checker.gaps import Gaps
from checker.kinds.firing import Firing
from checker.kinds.redundant import Redundancy
from checker.situation import Situations
from model.rule import On
from model.rulesets.draft04 import RULESET
from model.scope import Scope

s = Situations(RULESET, On.ATTACH, Scope())
search = Contradictions(s)
found = [*search.findings(), *Gaps(s, search.engine).findings()]
found += [*Firing(s).findings(), *Redundancy(s).findings()]
for f in found:
    named = [list(d.items()) for d in (f.witness, f.facts, f.readings)]
    texts = [f.kind, f.title, f.region, f.condition.sexpr()]
    print(json.dumps([f.id, *texts, f.rules, f.at_stake, f.shown, f.demands, *named]))
"""


def run(hash_seed: str) -> list[list[object]]:
    """What a process of its own finds, in its order."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_ids_order_witnesses_and_regions_do_not_depend_on_the_hashes_of_names() -> None:
    first, second = run("1"), run("98765")
    assert {"contradiction", "gap"} <= {str(f[1]) for f in first}
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one == other
