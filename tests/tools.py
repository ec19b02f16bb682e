"""Tools that some tests call: a missing one skips the test, except in CI, where it fails."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest


def require_tool(name: str) -> str:
    """The path of a tool; without it the test is skipped, or fails where CI=true."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{name} is not installed, and in CI it must be; install it")
    if path is None:
        pytest.skip(f"{name} is not installed, so what it says cannot be compared")
    return path


def require_module(name: str) -> None:
    """See to it that a module can be imported; as `require_tool` does where it cannot."""
    missing = importlib.util.find_spec(name) is None
    if missing and os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{name} is not installed, and in CI it must be; install it")
    if missing:
        pytest.skip(f"{name} is not installed, so what needs it cannot be tested")
