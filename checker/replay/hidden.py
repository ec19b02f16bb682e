"""Hidden inputs: what a trace does not show of the node, tried one departure at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from checker.replay.exchanges import SEQUENCE_ERROR, Exchange
from checker.replay.link import conflicts
from checker.replay.naming import Naming
from checker.replay.proofs import RIGHT, WRONG
from checker.replay.seen import Seen
from checker.replay.state import State
from checker.replay.vantage import Vantage
from model.vocabulary import HOME_ADDRESS, Authorization, Covered, Status
from traces.events import DadResult, NeighborAdvertisement

PREFIX_OCTETS = 8


@dataclass(frozen=True, slots=True)
class Assumption:
    """Values of hidden inputs, and the sentence that a verdict under them carries."""

    inputs: dict[str, int] = field(default_factory=dict)
    note: str = ""

    def and_(self, other: Assumption) -> Assumption:
        """Both together."""
        notes = "; ".join(n for n in (self.note, other.note) if n)
        return Assumption({**self.inputs, **other.inputs}, notes)


def node_inputs(e: Exchange, home_agent: bool) -> dict[str, int]:
    """The nominal inputs about the node itself."""
    return {"node.home_agent": int(home_agent), "node.bulk": 1, "node.serves_prefix": 1}


def shown(e: Exchange, vantage: Vantage) -> Assumption:
    """What the trace shows of inputs that the update does not carry."""
    return _taken(e, vantage).and_(_proven(e))


def _taken(e: Exchange, vantage: Vantage) -> Assumption:
    found = conflicts(e, vantage)
    if not found:
        return Assumption()
    where = _where(found[0], vantage)
    note = f"seen: another node holds the home address: {where} shows it"
    return Assumption({"node.address_taken": 1}, note)


def _proven(e: Exchange) -> Assumption:
    """What the keygen tokens of the trace tell of the authenticator."""
    if e.update.home_registration or e.proof in (None, RIGHT):
        return Assumption()
    if e.proof == WRONG:
        note = "seen: the authenticator is not that of the tokens in the trace"
        return Assumption({"bu.authorization": Authorization.values.index("wrong")}, note)
    note = f"seen: the authenticator covers the care-of address of the {e.proof}"
    return Assumption({"bu.proven": Covered.values.index(e.proof)}, note)


def _where(event: NeighborAdvertisement | DadResult, vantage: Vantage) -> str:
    """A place; in a run of several captures with its file."""
    place = event.place
    text = f"line {place.line}" if place.packet is None else f"packet {place.packet}"
    return f"{text} of {place.file}" if vantage.views else text


def assumptions(e: Exchange, seen: Seen, vantage: Vantage) -> Iterator[Assumption]:
    """Yield the departures from the nominal inputs that the answer speaks for."""
    answers = [v for label, v in seen.values.items() if label.startswith("answer[")]
    told = frozenset().union(*answers)
    if _is("resources", told):
        yield Assumption({"node.lacks_resources": 1}, "assumed: the node lacks resources")
    if e.update.home_registration:
        yield from _home_agent(e, told)
    elif e.update.authorization is not None:
        yield from _authorization(e, seen, told)
    if _is("mcoa_bulk_not_supported", told) and len(e.bids) > 1:
        yield Assumption({"node.bulk": 0}, "assumed: the node does not support bulk registration")


def _is(status: str, told: frozenset[int]) -> bool:
    return Status.values.index(status) in told


def _home_agent(e: Exchange, told: frozenset[int]) -> Iterator[Assumption]:
    if _is("duplicate_address", told):
        note = "assumed: another node holds the home address"
        yield Assumption({"node.address_taken": 1}, note)
    if told and not _same_prefix(e):
        note = "assumed: the home address is not on a link of the home agent"
        yield Assumption({"node.serves_prefix": 0}, note)


def _same_prefix(e: Exchange) -> bool:
    return e.home.packed[:PREFIX_OCTETS] == e.receiver.packed[:PREFIX_OCTETS]


def _authorization(e: Exchange, seen: Seen, told: frozenset[int]) -> Iterator[Assumption]:
    for name, status in (
        ("home_nonce", "home_nonce"),
        ("careof_nonce", "careof_nonce"),
        ("nonces", "nonces"),
    ):
        if _is(status, told):
            inputs = {"bu.authorization": Authorization.values.index(name)}
            yield Assumption(inputs, "assumed: a nonce index was no longer valid")
    if seen.sure("acknowledged") == 0 and e.proof is None:
        inputs = {"bu.authorization": Authorization.values.index("wrong")}
        yield Assumption(inputs, "assumed: the authenticator was wrong")


def earlier_states(e: Exchange, naming: Naming, seen: Seen) -> list[State]:
    """Caches that may have been there before the recording began, for its first exchange."""
    if seen.sure("dad") == 1:
        return []
    told = e.answer is not None and e.answer.status == SEQUENCE_ERROR
    last = e.answer.sequence if told and e.answer else (e.update.sequence - 1) & 0xFFFF
    keys = dict.fromkeys(naming.bid(o.bid) for o in e.bids)
    plain = {"bc.plain": 1, "bc.plain_coa": naming.address(e.update.src)}
    named = {name: v for key in keys if key for name, v in _binding(key, naming, e).items()}
    found = [named] if named else []
    return [_completed(state, e, last) for state in ([*found, plain] if named else [plain])]


def _binding(key: int, naming: Naming, e: Exchange) -> State:
    address = naming.address(e.update.src)
    sequence = (e.update.sequence - 1) & 0xFFFF
    coa = HOME_ADDRESS if address == HOME_ADDRESS else address
    return {f"bc.kind[{key}]": 1, f"bc.coa[{key}]": coa, f"bc.sequence[{key}]": sequence}


def _completed(state: State, e: Exchange, last: int) -> State:
    home = e.update.home_registration
    if e.answer is not None and e.answer.status == 139:
        home = not home
    more = {"bc.home_registration": int(home), "bc.proxy": int(home), "bc.last_sequence": last}
    return {**state, **more}
