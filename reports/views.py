"""The result file arranged for reading: verdicts by group, by trace and by rule."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.form import FORMS, VERDICTS
from reports.records import Record, Result
from reports.text import anchor, natural, seen_in

# From what a reader must see first to what needs no attention.
SEVERITY = (
    "violates",
    "error",
    "deviates",
    "ambiguous",
    "conforms",
    "inconclusive",
    "unsupported",
    "not exercised",
)
LISTED = frozenset(verdict.name for verdict in VERDICTS if verdict.listed)
_STRENGTH = {"MUST": 0, "MUST NOT": 0, "stated": 1, "SHOULD": 2, "SHOULD NOT": 2, "MAY": 3}


@dataclass(frozen=True, slots=True)
class Item:
    """One verdict record that is listed in full, with its anchor in the page."""

    record: Record
    anchor: str


@dataclass(frozen=True, slots=True)
class Group:
    """Listed verdicts that say the same of the same rule, by trace.

    `also`: the other rules that the same departures break; they have no group for these.
    """

    verdict: str
    rule: str
    expected: str | None
    observed: str | None
    traces: Mapping[str, Sequence[Item]]
    also: Sequence[str] = ()

    @property
    def seen_at(self) -> Sequence[Record]:
        """Where the octets are that the first of them is about."""
        first = next(iter(self.traces.values()))[0]
        return first.record["seen_at"] or ()

    @property
    def near(self) -> Sequence[Record]:
        """Which rules would have demanded what was observed first, and what they lack."""
        first = next(iter(self.traces.values()))[0]
        return first.record["near"] or ()

    @property
    def size(self) -> int:
        """How many verdict records the group holds."""
        return sum(map(len, self.traces.values()))


@dataclass(frozen=True, slots=True)
class Tally:
    """Verdicts of one rule in one trace that are not listed one by one."""

    rule: str
    verdict: str
    note: str | None
    number: int
    packets: str


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """One exchange with the verdicts listed under it."""

    record: Record
    anchor: str
    items: Sequence[Item]
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class TraceView:
    """One trace: its exchanges, the verdicts of no exchange, the tallies, the counts."""

    name: str
    anchor: str
    record: Record
    exchanges: Sequence[ExchangeView]
    loose: Sequence[Item]
    tallies: Sequence[Tally]
    not_exercised: Sequence[str]
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """What the matrix shows for one rule in one trace: the gravest verdict and its number."""

    verdict: str
    number: int
    link: str


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of the matrix, with a cell or nothing for each trace."""

    rule: str
    counts: Counter[str]
    cells: Sequence[Cell | None]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a document with its rules."""

    document: str
    clause: str
    rules: Sequence[Record]


def items(result: Result) -> list[Item]:
    """Every verdict that is listed in full, in file order."""
    numbered = enumerate(result.verdicts, 1)
    return [Item(v, f"v{n}") for n, v in numbered if v["verdict"] in LISTED]


def gravest(counts: Counter[str]) -> str:
    """The first verdict of SEVERITY that occurs."""
    return next(name for name in SEVERITY if counts[name])


def rule_key(result: Result, rule: str) -> tuple[object, ...]:
    """Sort key of a rule id: document, clause, then id, in reading order."""
    record = result.rules.get(rule, {})
    document, clause = record.get("document", "~"), record.get("clause", "~")
    return (natural(document), natural(clause), natural(rule))


def groups(result: Result, listed: Iterable[Item]) -> list[Group]:
    """Listed verdicts grouped by verdict, rule and observation, gravest and most frequent first."""
    gathered: dict[tuple[str, str, str | None, str | None], dict[str, list[Item]]] = {}
    also: dict[object, set[str]] = defaultdict(set)
    shown = list(listed)
    for v in (item.record for item in shown if item.record["same_as"]):
        also[v["trace"], v["exchange"], v["same_as"]].add(v["rule"])
    for item in shown:
        v = item.record
        if v["same_as"]:
            continue
        key = (v["verdict"], v["rule"], v["expected"], v["observed"])
        gathered.setdefault(key, {}).setdefault(v["trace"], []).append(item)
    found = [Group(*key, traces, _also(traces, also)) for key, traces in gathered.items()]
    return sorted(found, key=lambda group: _gravity(result, group))


def _also(traces: Mapping[str, Sequence[Item]], also: Mapping[object, set[str]]) -> tuple[str, ...]:
    records = (item.record for items in traces.values() for item in items)
    keys = ((v["trace"], v["exchange"], v["rule"]) for v in records)
    return tuple(sorted({rule for key in keys for rule in also.get(key, ())}, key=natural))


def _gravity(result: Result, group: Group) -> tuple[object, ...]:
    modality = result.rules.get(group.rule, {}).get("modality", "")
    strength = _STRENGTH.get(modality, 4)
    worst = SEVERITY.index(group.verdict)
    return (worst, strength, -len(group.traces), -group.size, rule_key(result, group.rule))


def totals(verdicts: Iterable[Record]) -> Counter[str]:
    """Number of verdicts by name."""
    counts: Counter[str] = Counter()
    for v in verdicts:
        counts[v["verdict"]] += times(v)
    return counts


def times(verdict: Record) -> int:
    """In how many exchanges a verdict was given: a long trace has some only as counts."""
    return int(verdict["count"] or 1)


def traces(result: Result, listed: Sequence[Item]) -> list[TraceView]:
    """Every trace named by a trace, exchange or verdict record, in file order."""
    records = {record["trace"]: record for record in result.traces}
    spoken = (r["trace"] for r in (*result.exchanges, *result.verdicts))
    names = dict.fromkeys([*records, *spoken])
    unknown: Record = dict.fromkeys(FORMS["trace"])
    verdicts = _by_trace(result.verdicts)
    exchanges = _by_trace(result.exchanges)
    shown: dict[str, list[Item]] = defaultdict(list)
    for item in listed:
        shown[item.record["trace"]].append(item)
    return [
        _trace(
            f"t{n}",
            records.get(name, {**unknown, "trace": name}),
            exchanges[name],
            verdicts[name],
            shown,
        )
        for n, name in enumerate(names, 1)
    ]


def _by_trace(records: Iterable[Record]) -> dict[str, list[Record]]:
    sorted_in: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        sorted_in[record["trace"]].append(record)
    return sorted_in


def _trace(
    mark: str,
    record: Record,
    exchanges: Sequence[Record],
    verdicts: Sequence[Record],
    shown: Mapping[str, Sequence[Item]],
) -> TraceView:
    name = record["trace"]
    under: dict[object, list[Item]] = defaultdict(list)
    for item in shown.get(name, ()):
        under[item.record["exchange"]].append(item)
    counts: dict[object, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        counts[verdict["exchange"]][verdict["verdict"]] += times(verdict)
    views = [
        ExchangeView(x, f"{mark}-x{place}", under.pop(x["exchange"], []), counts[x["exchange"]])
        for place, x in enumerate(exchanges, 1)
    ]
    loose = [item for rest in under.values() for item in rest]
    silent = sorted({v["rule"] for v in verdicts if v["verdict"] == "not exercised"}, key=natural)
    return TraceView(name, mark, record, views, loose, _tallies(verdicts), silent, totals(verdicts))


def _tallies(verdicts: Sequence[Record]) -> list[Tally]:
    gathered: dict[tuple[str, str, str | None], list[Record]] = defaultdict(list)
    for v in verdicts:
        if v["verdict"] not in LISTED and v["verdict"] != "not exercised":
            note = v["note"] if v["verdict"] != "conforms" else None
            gathered[v["rule"], v["verdict"], note].append(v)
    found = [Tally(*k, sum(map(times, many)), seen_in(many)) for k, many in gathered.items()]
    return sorted(found, key=lambda t: (SEVERITY.index(t.verdict), natural(t.rule), t.note or ""))


def matrix(result: Result, views: Sequence[TraceView], listed: Sequence[Item]) -> list[Row]:
    """Rules that some trace exercised, in clause order, against the traces of `views`."""
    cells: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for v in result.verdicts:
        if v["verdict"] != "not exercised":
            cells[v["rule"]][v["trace"]][v["verdict"]] += times(v)
    first: dict[tuple[str, str, str], str] = {}
    for item in listed:
        v = item.record
        first.setdefault((v["rule"], v["trace"], v["verdict"]), item.anchor)
    rules = sorted(cells, key=lambda rule: rule_key(result, rule))
    return [_row(rule, cells[rule], views, first) for rule in rules]


def _row(
    rule: str,
    cells: Mapping[str, Counter[str]],
    views: Sequence[TraceView],
    first: Mapping[tuple[str, str, str], str],
) -> Row:
    shown: list[Cell | None] = []
    for view in views:
        counts = cells.get(view.name)
        worst = gravest(counts) if counts else ""
        link = first.get((rule, view.name, worst), view.anchor)
        shown.append(Cell(worst, counts[worst], link) if counts else None)
    return Row(rule, sum(cells.values(), Counter()), shown)


def clauses(result: Result) -> list[Clause]:
    """The rules by document and clause, in the order of the document."""
    sorted_in: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for rule in sorted(result.rules, key=lambda rule: rule_key(result, rule)):
        record = result.rules[rule]
        sorted_in[record["document"], record["clause"]].append(record)
    return [Clause(*key, rules) for key, rules in sorted_in.items()]


def by_rule(result: Result) -> dict[str, Counter[str]]:
    """Number of verdicts of each rule, by verdict."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for v in result.verdicts:
        counts[v["rule"]][v["verdict"]] += times(v)
    return counts


def naming(result: Result) -> dict[str, list[tuple[str, str]]]:
    """For each rule, the anchors and names of the findings and failed properties that name it."""
    named: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for finding in result.findings:
        for rule in dict.fromkeys(finding["rules"]):
            named[rule].append((anchor("finding", finding["id"]), finding["id"]))
    for place, record in enumerate(result.properties, 1):
        for rule in dict.fromkeys(record["rules"]):
            if record["holds"] is False:
                named[rule].append((f"property-{place}", record["property"]))
    return named
