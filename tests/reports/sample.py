"""A small result with every kind of record, as the checker writes it."""

from typing import Any

Record = dict[str, Any]

RULES = [
    ("04-6.2-04", "6.2", "MUST", "sender", "one binding is deregistered with lifetime zero"),
    ("04-6.3-12", "6.3", "MUST", "receiver", "a bulk Binding Update from home is refused"),
    ("04-6.3-20", "6.3", "MUST", "receiver", "sub-options with unequal flags are refused"),
    ("04-6.10-01", "6.10", "SHOULD", "receiver", "the sub-options are copied to the answer"),
    ("04-6.3-31", "6.3", "stated", "receiver", "deregistration leaves the other bindings"),
    ("04-5.1-02", "5.1", "MAY", "sender", "several bindings go in one Binding Update"),
]


def header() -> Record:
    return {
        "record": "header",
        "tool": "monami",
        "version": "0.1.0",
        "commands": ["check", "explore", "replay"],
        "ruleset": {
            "name": "draft-04",
            "title": "Multiple Care-of Addresses Registration, revision 04",
            "digest": "8c1f0e6b2d9a47c3",
        },
        "scope": {"bids": 2, "coas": 2, "options": 2, "faults": 1},
        "readings": {"READ-FLAG": "F1"},
        "solvers": {"z3": "4.13.0"},
        "inputs": [{"path": "shisa/ha08.jsonl", "sha256": "ab" * 32}],
        "seed": 0,
    }


def rules() -> list[Record]:
    return [
        {
            "record": "rule",
            "id": name,
            "clause": clause,
            "document": "draft-ietf-monami6-multiplecoa-04",
            "modality": modality,
            "role": role,
            "title": title,
            "source": "draft04.py:120",
        }
        for name, clause, modality, role, title in RULES
    ]


def reading() -> Record:
    return {
        "record": "reading",
        "id": "READ-FLAG",
        "question": "Which flags must be equal in all sub-options?",
        "alternatives": {"F1": "the C flag alone", "F2": "every flag"},
        "default": "F1",
        "statements": ["04-6.3-20"],
    }


def path() -> list[Record]:
    return [
        {
            "actor": "mobile node",
            "event": "sends Binding Update",
            "to": "network",
            "message": {"sequence": "3", "lifetime": "60", "BID": "1, 2", "flags": "H"},
            "state": {"binding update list, BID 1": "home interface"},
            "given_up": [],
            "text": "The mobile node registers both interfaces at once.",
        },
        {
            "actor": "network",
            "event": "delivers Binding Update",
            "to": "home agent",
            "message": {"sequence": "3"},
            "state": {},
            "given_up": [],
            "text": "The network delivers it.",
        },
        {
            "actor": "home agent",
            "event": "starts proxy Neighbor Discovery for the home address",
            "to": None,
            "message": None,
            "state": {"binding cache, BID 2": "care-of address 2", "proxy ND": "on"},
            "given_up": ["04-6.3-12"],
            "text": "The home agent registers and defends the home address.",
        },
        {
            "actor": "home agent",
            "event": "sends Binding Acknowledgement",
            "to": "mobile node",
            "message": {"sequence": "3", "status": "0 (accepted)"},
            "state": {},
            "given_up": [],
            "text": "The home agent accepts.",
        },
        {
            "actor": "home agent",
            "event": "answers Neighbor Solicitation",
            "to": "home link",
            "message": None,
            "state": {},
            "given_up": [],
            "text": "Both nodes defend the same address.",
        },
    ]


def findings() -> list[Record]:
    return [
        {
            "record": "finding",
            "id": "F-3fa2c1",
            "kind": "contradiction",
            "title": "A bulk Binding Update with the H flag must be refused and must be accepted",
            "rules": ["04-6.3-12", "04-6.3-31"],
            "clauses": ["6.3"],
            "at_stake": ["binding update outcome"],
            "demands": [
                {"rule": "04-6.3-12", "demand": "refuse the Binding Update"},
                {"rule": "04-6.3-31", "demand": "keep the other bindings and accept"},
            ],
            "readings": {"READ-FLAG": ["F1", "F2"]},
            "witness": {
                "message": {"bulk": True, "lifetime": "60", "BID 1 flags": "H"},
                "state": {"binding of BID 2": "registered"},
            },
            "situation": "The home agent holds BID 2 and receives a bulk update from home.",
            "replayed": True,
            "reachable": "yes",
            "path": path(),
        },
        {
            "record": "finding",
            "id": "F-51ab09",
            "kind": "contradiction",
            "title": "unequal flags are refused / deregistration leaves the others",
            "rules": ["04-5.1-02", "04-6.3-20", "04-6.3-31"],
            "demands": [{"rule": "04-6.3-20", "demand": "sub-option 1 is refused"}],
            "restates": {"04-6.3-31": ["04-5.1-02"]},
            "readings": {"READ-FLAG": ["F2"]},
            "witness": {"message": {"o.H[1]": "yes", "bu.ack": "yes"}, "state": {}},
            "matters": ["o.H[1]"],
            "words": {"o.H[1]": "sub-option 1, its H flag is set: yes"},
            "situation": "sub-option 1, its H flag is set: yes",
            "region": ["the flags of the sub-options differ", "the update is from home"],
            "replayed": True,
            "reachable": "arbitrary peer",
            "path": path()[:1],
            "reach": {
                "conforming": None,
                "arbitrary": path()[:1],
                "invariant": "a mobile node sends all sub-options of an update with equal flags",
            },
        },
        {
            "record": "finding",
            "id": "F-77ab31",
            "kind": "redundant rule",
            "title": "the sub-options are copied to the answer",
            "rules": ["04-6.10-01", "04-6.2-04"],
            "readings": {},
            "reachable": "unreachable",
        },
        {
            "record": "finding",
            "id": "F-0acce9",
            "kind": "tension",
            "title": "an accepted one",
            "rules": ["04-6.10-01"],
            "readings": {},
            "reachable": "unknown",
            "accepted": "the working group knows",
        },
        {
            "record": "finding",
            "id": "F-90b7de",
            "kind": "gap",
            "title": "No sentence says what becomes of the binding without BID",
            "rules": [],
            "clauses": ["6.2"],
            "at_stake": ["effect on the plain binding"],
            "demands": [],
            "readings": {},
            "witness": {"message": {"lifetime": "0"}, "state": {}},
            "situation": "A plain binding exists.",
            "replayed": True,
            "reachable": "unknown",
            "path": [],
        },
    ]


def properties() -> list[Record]:
    base = {"record": "property", "source": "designs.md P1", "states": 18204, "transitions": 90211}
    return [
        {
            **base,
            "property": "no-address-collision",
            "title": "home agent and mobile node never defend the home address together",
            "holds": False,
            "non_vacuous": True,
            "rules": ["04-6.3-12"],
            "depth": 5,
            "path": path(),
            "readings": {"READ-FLAG": "F1"},
            "note": None,
        },
        {
            **base,
            "property": "bulk-only-for-home",
            "title": "no correspondent node's cache changes by a bulk update",
            "holds": True,
            "non_vacuous": False,
            "rules": [],
            "depth": 9,
            "path": [],
            "readings": {},
            "note": "No correspondent node sends a bulk update in this scope.",
        },
        {
            **base,
            "property": "recovery",
            "title": "once faults stop, agreement is reached again",
            "holds": None,
            "non_vacuous": True,
            "rules": [],
            "depth": 9,
            "path": [],
            "readings": {},
            "note": None,
        },
    ]


def exploration() -> Record:
    return {
        "record": "exploration",
        "scope": {"bids": 2, "coas": 2},
        "states": 18204,
        "transitions": 90211,
        "depth": 4,
        "levels": [1, 12, 210, 4050, 13931],
        "complete": False,
        "actions": {"deliver": 40110, "expire": 3120, "reboot": 0},
    }


def traces() -> list[Record]:
    names = {"shisa/ha08.jsonl": "one BID is deregistered", "shisa/ha20.jsonl": "bulk of two"}
    return [
        {
            "record": "trace",
            "trace": name,
            "description": text,
            "dialect": "kame",
            "role": "home agent",
            "knows_bids": True,
            "packets": 6,
            "exchanges": 1,
        }
        for name, text in names.items()
    ]


def exchanges() -> list[Record]:
    return [
        {
            "record": "exchange",
            "trace": trace,
            "exchange": 1,
            "packet": 3,
            "line": 4,
            "time": 1.25,
            "summary": "Binding Update seq 3, lifetime 0, BID 100",
            "observed": ["Binding Acknowledgement status 0"],
            "answers": [4],
            "state_before": ["BID 100 at care-of address 1"],
            "state_after": ["no binding"],
        }
        for trace in ("shisa/ha08.jsonl", "shisa/ha20.jsonl")
    ]


def verdict(trace: str, rule: str, name: str, **more: Any) -> Record:
    return {
        "record": "verdict",
        "trace": trace,
        "exchange": 1,
        "packet": 3,
        "line": 4,
        "offset": 58,
        "rule": rule,
        "verdict": name,
        "expected": f"what {rule} asks",
        "observed": "every binding removed" if name == "violates" else "something else",
        "readings": {},
        "note": None,
        **more,
    }


def verdicts() -> list[Record]:
    first, second = "shisa/ha08.jsonl", "shisa/ha20.jsonl"
    return [
        verdict(first, "04-6.2-04", "conforms"),
        verdict(first, "04-6.3-31", "violates"),
        verdict(second, "04-6.3-31", "violates", packet=5),
        verdict(second, "04-6.10-01", "deviates"),
        verdict(second, "04-6.3-20", "ambiguous", readings={"READ-FLAG": ["F1"]}),
        verdict(first, "04-6.3-20", "inconclusive", note="The cache is not logged."),
        verdict(first, "04-6.3-12", "not exercised", exchange=None, packet=None),
        verdict(second, "04-6.3-12", "unsupported", note="Declared: no bulk."),
        verdict(second, "04-6.2-04", "error", exchange=None, packet=None, observed=None),
    ]


def baseline() -> Record:
    return {
        "record": "baseline",
        "file": "known.toml",
        "vanished": [{"id": "F-beefed", "reason": "as intended"}],
    }


def footer() -> Record:
    return {
        "record": "footer",
        "totals": {"finding": {"contradiction": 1, "gap": 1}, "verdict": {"violates": 2}},
        "exit_code": 1,
        "complete": True,
    }


def sample() -> list[Record]:
    """Every record of the sample, header first and footer last."""
    error = {"record": "error", "where": "ha99.pcap packet 3, byte 58", "text": "Cut option."}
    middle = [reading(), *findings(), *properties(), exploration(), *traces(), *exchanges()]
    return [header(), *rules(), *middle, *verdicts(), error, baseline(), footer()]
