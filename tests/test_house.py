"""The rooms of the house and the arrows between them; what no file of the repository may hold."""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.tools import require_tool

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "model": {"model"},
    "traces": {"traces", "model"},
    "reports": {"reports"},
    "checker": {"checker", "model", "traces", "reports"},
}
ROOMS = sorted(MAY_IMPORT)
LONGEST = 600
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
EDGE = re.compile(r"checker/cli(\.py|_\w+\.py|/.+\.py)")
# Written in pieces, so that this file passes its own tests.
MACHINE_PATHS = re.compile(
    r"(?<![\w.~*}/-])/(?:" + "|".join(("work", "tmp", "home", "root", "opt", "Users")) + r")/\w"
)
REGISTRIES = re.compile(
    r"\b(?:"
    + "|".join(
        re.escape(host + "." + domain)
        for host, domain in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("crates", "io"),
            ("golang", "org"),
            ("docker", "io"),
            ("ghcr", "io"),
            ("debian", "org/debian"),
        )
    )
    + r")|--(?:extra-)?index-url[ =]\S*://|--find-links[ =]/"
)


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and first name of every module imported, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." if node.level else (node.module or "").partition(".")[0]


def _read(name: str) -> str:
    """A text file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def _wrong_arrows(room: str, source: str) -> list[str]:
    """What a file of `room` imports against the arrows, as line and name."""
    forbidden = ({*ROOMS, "tests", "."}) - MAY_IMPORT[room]
    found = _imported(ast.parse(source))
    return [f"line {line} imports {name}" for line, name in found if name in forbidden]


def _prints(source: str) -> list[int]:
    """The lines that print or write to the standard streams."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Name) and node.id == "print")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"))
    ]


def _modules() -> dict[str, Path]:
    """Every module of the four packages by its dotted name."""
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in SOURCES}
    return {name.removesuffix(".__init__"): path for name, path in names.items()}


def _modules_imported(tree: ast.Module, modules: Iterable[str]) -> set[str]:
    """The modules among `modules` that a file needs when it is imported (type checking apart)."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & set(modules)
            found |= inside or {node.module}
    return found & set(modules)


def _circle(needs: dict[str, set[str]]) -> list[str]:
    """The modules left when those that need nothing left are taken away: those on circles."""
    left = {name: set(them) - {name} for name, them in needs.items()}
    while free := [name for name, them in left.items() if not them & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def _texts() -> Iterator[tuple[str, str]]:
    """Name and content of every text file that is tracked or about to be."""
    git = require_tool("git")
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so it is not known which files are tracked")
    command = [
        git,
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            yield name, data.decode("utf-8", errors="replace")


def _places(pattern: re.Pattern[str]) -> list[str]:
    """Every place where a text file holds the pattern."""
    texts = list(_texts())
    assert len(texts) > len(SOURCES), "git lists fewer files than the four packages have"
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_every_room_has_files() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_between_rooms(room: str) -> None:
    inside = [path for path in SOURCES if path.is_relative_to(ROOT / room)]
    wrong = {str(p.relative_to(ROOT)): _wrong_arrows(room, p.read_text()) for p in inside}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_no_circle_inside_the_house() -> None:
    modules = _modules()
    needs = {n: _modules_imported(ast.parse(p.read_text()), modules) for n, p in modules.items()}
    assert any(needs.values())
    assert _circle(needs) == []


def test_no_file_is_too_long() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in SOURCES}
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}


def test_only_the_command_line_prints() -> None:
    inner = [p for p in SOURCES if not EDGE.fullmatch(p.relative_to(ROOT).as_posix())]
    printing = {str(p.relative_to(ROOT)): _prints(p.read_text()) for p in inner}
    assert {name: lines for name, lines in printing.items() if lines} == {}


def test_no_machine_paths() -> None:
    assert _places(MACHINE_PATHS) == []


def test_no_registry_hosts() -> None:
    assert _places(REGISTRIES) == []


def test_the_lock_pins_every_package_with_hashes() -> None:
    lock = _read("requirements.lock")
    entries = [e for e in re.split(r"\n(?=\S)", lock) if e.strip() and not e.startswith("#")]
    pinned = re.compile(r"[\w.-]+==\S+( ; [^\\\n]+)? \\\n +--hash=sha256:[0-9a-f]{64}")
    loose = [entry for entry in entries if not pinned.match(entry)]
    assert len(entries) > 10
    assert loose == []


def test_what_the_guide_shows_is_what_the_code_does() -> None:
    shown = doctest.testfile(str(ROOT / "ARCHITECTURE.md"), module_relative=False)
    assert shown.attempted > 10
    assert shown.failed == 0


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md"])
def test_every_file_that_the_guides_name_is_there(name: str) -> None:
    shown = re.findall(r"`((?:model|traces|reports|tests|checker)/[\w./]*\w)/?`", _read(name))
    assert shown
    assert [file for file in shown if not (ROOT / file).exists()] == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("model", "import traces.events"),
        ("model", "def f():\n    from checker import evaluate"),
        ("traces", "from reports import form"),
        ("reports", "import model"),
        ("reports", "from . import text"),
        ("checker", "from tests.tools import require_tool"),
    ],
)
def test_a_wrong_arrow_is_found(room: str, line: str) -> None:
    assert _wrong_arrows(room, line)


def test_right_arrows_are_let_through() -> None:
    assert _wrong_arrows("checker", "import model.rule\nfrom traces.read import read_trace") == []
    assert _wrong_arrows("model", "import z3\nfrom model.rule import rule") == []


def test_a_circle_is_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]
    assert _circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("line", ["print(1)", "import sys\nsys.stdout.write('x')", "p = print"])
def test_printing_is_found(line: str) -> None:
    assert _prints(line)
    assert _prints('"""print(1)"""') == []


@pytest.mark.parametrize("name", ["work", "tmp", "home", "root", "opt", "Users"])
def test_a_machine_path_is_found(name: str) -> None:
    assert MACHINE_PATHS.search(f"read /{name}/someone/file")
    assert not MACHINE_PATHS.search(f"see docs/{name}/file and ../{name}/x")


@pytest.mark.parametrize("host", ["pypi", "files.pythonhosted"])
def test_a_registry_host_is_found(host: str) -> None:
    assert REGISTRIES.search(f"https://{host}.{'org'}/simple")
    assert REGISTRIES.search("--extra-index-url" + " https://packages.example/simple")
    assert not REGISTRIES.search("https://datatracker.ietf.org/doc/html/rfc5648")
