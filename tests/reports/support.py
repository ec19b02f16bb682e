"""Helpers of the report tests: a result from records, and a page taken apart."""

import tempfile
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

from reports.records import Result, read_records, write_records
from tests.reports.sample import Record

VOID = {"meta", "link", "br", "img", "hr", "input"}


def result_of(records: Iterable[Record]) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        write_records(Path(folder) / "r.jsonl", records)
        return read_records(Path(folder) / "r.jsonl")


class Page(HTMLParser):
    """Tags, identifiers, links and text of a page; fails on a tag closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(name)) is not None]
