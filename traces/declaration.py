"""What is declared beside a trace: its dialect, the observed node, what that node knows.

A recording NAME.pcapng takes NAME.trace.toml beside it, or the folder's trace.toml. In either file
`[[match]]` tables with a `glob` on the file name override the top-level keys, later over earlier.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from traces.dialects import RFC5648, Dialect, dialect

FOLDER_FILE = "trace.toml"
RUN_TABLE = "run"  # in a file that names the captures of one run
KEYS = {
    "dialect": str,
    "bid_type": int,
    "knows_bids": bool,
    "role": str,
    "observed": list,
    "home_link_interface": int,
    "at": str,
    "clock": str,
    "notes": str,
}
ROLES = ("home-agent", "correspondent-node", "mobile-node")
VANTAGES = (*ROLES, "elsewhere")
CHOICES = {"role": ROLES, "at": VANTAGES}


class DeclarationError(ValueError):
    """A declaration that cannot be read: `file`, `what`, `remedy`; as text one sentence."""

    def __init__(self, file: str, what: str, remedy: str) -> None:
        """Keep the three parts, on one line whatever keys and values have in them."""
        what, remedy = _one_line(what), _one_line(remedy)
        super().__init__(f"{file}: {what}; {remedy}.")
        self.file, self.what, self.remedy = file, what, remedy


def _one_line(text: str) -> str:
    """The text without what is not printed, and with single spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@dataclass(frozen=True, slots=True)
class Declaration:
    """How to read a trace, and whom it observes; None where nothing was declared.

    `knows_bids` False says that the observed node has no multiple care-of addresses; it is never
    inferred. `home_link_interface` is the number of the interface on the home link. Of use where
    several captures are of one run: `at` is the node where this one was taken, one of VANTAGES, and
    captures with the same `clock` need not be set against each other.
    """

    dialect: Dialect = RFC5648
    knows_bids: bool | None = None
    role: str | None = None
    observed: tuple[IPv6Address, ...] = ()
    home_link_interface: int | None = None
    at: str | None = None
    clock: str | None = None
    notes: str | None = None
    file: str | None = None


def load_declaration(path: Path, over: Path | None = None) -> Declaration:
    """The declaration beside a recording, or the default one where there is none.

    What the file `over` declares, if one is named, goes before: that of a run with this recording.
    DeclarationError is raised for a file that is there but cannot be understood.
    """
    plain = path.with_suffix("") if path.suffix == ".gz" else path
    files = [plain.with_suffix(".trace.toml"), path.with_name(FOLDER_FILE)]
    beside = next((file for file in files if file.is_file()), None)
    read = [file for file in (beside, over) if file is not None]
    if not read:
        return Declaration()
    keys: dict[str, Any] = {}
    for file in read:
        tables = {k: v for k, v in parse_toml(file).items() if k != RUN_TABLE}
        keys |= _keys(tables, path.name, file.name)
    return _declaration(keys, read[-1].name)


def declaration_of(octets: bytes, name: str, file: str) -> Declaration:
    """The declaration for a recording of that name, in the octets of a file beside it.

    DeclarationError is raised for what cannot be understood.
    """
    return _declaration(_keys(_parsed(octets, file), name, file), file)


def parse_toml(beside: Path) -> Mapping[str, Any]:
    """The tables of a declaration file; DeclarationError where it is none."""
    try:
        octets = beside.read_bytes()
    except OSError as bad:
        raise _no_toml(beside.name, bad) from bad
    return _parsed(octets, beside.name)


def _parsed(octets: bytes, file: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(octets.decode("utf-8"))
    except (ValueError, RecursionError) as bad:
        raise _no_toml(file, bad) from bad


def _no_toml(file: str, bad: Exception) -> DeclarationError:
    """The error for a file that is no TOML at all, or cannot be opened."""
    return DeclarationError(file, f"it is no TOML, {bad}", "repair it")


def _keys(tables: Mapping[str, Any], name: str, file: str) -> dict[str, Any]:
    """Join the tables that hold for a file name and check every key."""
    keys: dict[str, Any] = {}
    for table in _tables(tables, name, file):
        keys |= table
    for key, value in keys.items():
        _check(key, value, file)
    return keys


def _declaration(keys: Mapping[str, Any], file: str) -> Declaration:
    """The declaration that checked keys make."""
    return Declaration(
        dialect=_dialect(keys, file),
        knows_bids=keys.get("knows_bids"),
        role=keys.get("role"),
        observed=_addresses(keys.get("observed", []), file),
        home_link_interface=keys.get("home_link_interface"),
        at=keys.get("at"),
        clock=keys.get("clock"),
        notes=keys.get("notes"),
        file=file,
    )


def _tables(tables: Mapping[str, Any], name: str, file: str) -> Iterator[dict[str, Any]]:
    """The top level, then the tables whose glob fits the name."""
    yield {key: value for key, value in tables.items() if key != "match"}
    matches = tables.get("match", [])
    if not isinstance(matches, list) or not all(isinstance(m, dict) for m in matches):
        raise DeclarationError(file, "match is no list of tables", "write [[match]]")
    for match in matches:
        if not isinstance(match.get("glob"), str):
            raise DeclarationError(file, "a [[match]] has no glob", 'add one such as "ha*"')
        if fnmatchcase(name, match["glob"]):
            yield {key: value for key, value in match.items() if key != "glob"}


def _check(key: str, value: object, file: str) -> None:
    """Refuse unknown keys and values of the wrong type."""
    if key not in KEYS:
        raise DeclarationError(file, f"the key {key} is not known", f"use {', '.join(KEYS)}")
    expected = KEYS[key]
    if type(value) is not expected:
        what = f"{key} is a {type(value).__name__}"
        raise DeclarationError(file, what, f"give a {expected.__name__}")
    if key in CHOICES and value not in CHOICES[key]:
        what = f"the {key} {value} is not known"
        raise DeclarationError(file, what, f"use {', '.join(CHOICES[key])}")


def _dialect(keys: Mapping[str, Any], file: str) -> Dialect:
    """The declared dialect; without one, that of RFC 5648."""
    try:
        return dialect(keys.get("dialect", RFC5648.name), keys.get("bid_type"))
    except ValueError as bad:
        what, _, remedy = str(bad).partition("; ")
        raise DeclarationError(file, what, remedy) from bad


def _addresses(values: list[object], file: str) -> tuple[IPv6Address, ...]:
    """The addresses of the observed node."""
    try:
        return tuple(IPv6Address(str(value)) for value in values)
    except ValueError as bad:
        raise DeclarationError(file, f"observed: {bad}", "give IPv6 addresses") from bad
