"""The result as one self-contained HTML page."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import overview, views
from reports.explorations import explored_text, unmet
from reports.findings import rule_of
from reports.form import VERDICTS
from reports.kinds import kind_named
from reports.ladder import sentence, sequence_svg
from reports.records import Result
from reports.text import (
    anchor,
    count,
    counted,
    near_text,
    plain,
    ranges,
    seen_in,
    seen_text,
    visible,
)

_TEMPLATES = Path(__file__).parent / "templates"


def render_html(result: Result) -> str:
    """The page as text: no script needed, no request made, every text from the file inert."""
    environment = _environment()
    script = environment.get_template("script.js.j2").render()
    page = environment.get_template("report.html.j2")
    return page.render(script=Markup(script), script_hash=_digest(script), **_data(result))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_inert,
    )
    environment.filters.update(
        plain=plain, count=count, ranges=ranges, anchor=lambda n, p: anchor(p, n)
    )
    environment.globals.update(
        rule_of=rule_of,
        counted=counted,
        sentence=sentence,
        diagram=_diagram,
        place=_place,
        seen_in=seen_in,
        verdicts=VERDICTS,
        kind_named=kind_named,
        explored_text=explored_text,
        unmet=unmet,
        near_text=near_text,
        seen_text=seen_text,
    )
    return environment


def _inert(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _diagram(steps: list[dict[str, Any]], title: str, uid: str) -> Markup:
    return Markup(sequence_svg(steps, title, uid))  # escapes every text itself


def _place(verdict: dict[str, Any]) -> str:
    named = (("file", "file"), ("packet", "packet"), ("line", "line"), ("byte", "offset"))
    return ", ".join(f"{n} {plain(verdict[key])}" for n, key in named if verdict[key] is not None)


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _data(result: Result) -> Mapping[str, Any]:
    listed = views.items(result)
    grouped = views.groups(result, listed)
    traces = views.traces(result, listed)
    seen = {v["rule"] for v in result.verdicts if v["verdict"] != "not exercised"}
    return {
        "result": result,
        "header": result.header,
        "ruleset": {"name": None, "title": None, "digest": None, **result.header["ruleset"]},
        "answer": overview.answer(result),
        "kinds": overview.kinds(result.findings),
        "holding": overview.holding(result.properties),
        "worst": overview.worst(result, grouped),
        "unjudged": overview.unjudged(result, traces),
        "totals": views.totals(result.verdicts),
        "severity": views.SEVERITY,
        "letters": {verdict.name: verdict.letter for verdict in VERDICTS},
        "groups": grouped,
        "traces": traces,
        "anchors": {view.name: view.anchor for view in traces},
        "matrix": views.matrix(result, traces, listed),
        "clauses": views.clauses(result),
        "counts": views.by_rule(result),
        "naming": views.naming(result),
        "silent": [rule for rule in result.rules if rule not in seen] if result.verdicts else [],
    }
