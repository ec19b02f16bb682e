"""The page in a real browser: it is drawn, hostile texts do nothing, deep links open."""

import re
import struct
import subprocess
from pathlib import Path

import pytest

from reports.html import render_html
from tests.reports.sample import sample
from tests.reports.support import result_of
from tests.reports.test_html import poisoned
from tests.tools import require_tool

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=2000",
)


def browse(folder: Path, page: str, *options: str, fragment: str = "") -> str:
    """What the browser prints when it opens the page."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [require_tool("chromium"), *QUIET, profile, *options, path.as_uri() + fragment]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "Refused to" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("scheme", ["0", "1"], ids=["dark", "light"])
def test_the_page_is_drawn(tmp_path: Path, scheme: str) -> None:
    picture = tmp_path / "page.png"
    wanted = f"--blink-settings=preferredColorScheme={scheme}"
    size = "--window-size=1300,2000"
    browse(tmp_path, render_html(result_of(sample())), wanted, size, f"--screenshot={picture}")
    data = picture.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (1300, 2000)
    assert len(data) > 50_000


def test_hostile_strings_do_nothing_in_the_browser(tmp_path: Path) -> None:
    page = render_html(result_of(poisoned(record) for record in sample()))
    seen = browse(tmp_path, page, "--dump-dom")
    assert "<img" not in seen
    assert seen.count("<script") == 1


def test_a_deep_link_opens_what_holds_it(tmp_path: Path) -> None:
    page = render_html(result_of(sample()))
    seen = browse(tmp_path, page, "--dump-dom", fragment="#finding-F-3fa2c1")
    opened = re.findall(
        r'<details class="card" open="">.*?<div class="body" id="([^"]*)"', seen, re.S
    )
    assert "finding-F-3fa2c1" in opened
    assert "finding-F-90b7de" not in opened
    assert "t1" not in opened
