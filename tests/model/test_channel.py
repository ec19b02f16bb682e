"""A channel is a queue: terms against a plain list."""

from __future__ import annotations

from typing import Any

import z3
from hypothesis import given
from hypothesis import strategies as st

from checker.evaluate import Evaluator
from model.scope import World
from model.vocabulary import bu, o
from model.whole.channel import Channel, zero
from model.whole.scope import PRESETS

PLACES = 3
CARRIED = (bu.sequence, o.bid)
LABELS = ("bu.sequence", "o.bid[1]", "o.bid[2]")
Message = tuple[int, ...]


class Queue:
    """A channel with concrete contents, changed by its own terms."""

    def __init__(self) -> None:
        self.channel = Channel(World(PRESETS["default"]), "up", CARRIED, PLACES, ("late",))
        self.state = dict.fromkeys(self.channel.names(), 0)

    def apply(self, updates: dict[str, Any]) -> None:
        values = Evaluator(updates.values(), list(self.state))(list(self.state.values()))
        self.state |= {n: int(v) for n, v in zip(updates, values, strict=True)}

    def holds(self, term: z3.BoolRef) -> bool:
        return bool(Evaluator([term], list(self.state))(list(self.state.values()))[0])

    def messages(self) -> list[Message]:
        there = [p for p in self.channel.places if self.state[f"up{p}.there"]]
        assert there == list(range(1, len(there) + 1))
        marks = ("late", *LABELS)
        return [tuple(self.state[f"up{p}.{n}"] for n in marks) for p in there]

    def send(self, message: Message, when: bool = True) -> None:
        terms = [z3.BitVecVal(message[0], 16), *(z3.BitVecVal(v, 8) for v in message[1:])]
        self.apply(self.channel.sent(dict(zip(LABELS, terms, strict=True)), z3.BoolVal(when)))


numbers = st.tuples(st.integers(0, 7), st.integers(0, 2), st.integers(0, 2))
moves = st.lists(st.one_of(numbers, st.integers(1, PLACES)), max_size=12)


@given(moves)
def test_channel_is_a_queue(steps: list[Message | int]) -> None:
    queue, known = Queue(), list[Message]()
    for step in steps:
        if isinstance(step, tuple) and len(known) < PLACES:
            queue.send(step)
            known.append((0, *step))
        elif isinstance(step, int) and step <= len(known):
            taken = queue.channel.removed(step)
            queue.apply(queue.channel.marked(taken, "late", step))
            del known[step - 1]
            known = [(1, *m[1:]) if k < step - 1 else m for k, m in enumerate(known)]
        assert queue.messages() == known
        assert queue.holds(queue.channel.full) == (len(known) == PLACES)
        assert queue.holds(queue.channel.empty) == (not known)


def test_message_is_not_sent_unless_it_is_meant_to() -> None:
    queue = Queue()
    queue.send((3, 1, 2), when=False)
    assert not queue.messages()


def test_zero_is_the_first_value_of_a_sort() -> None:
    assert z3.is_false(zero(bu.ack))
    assert zero(bu.sequence).as_long() == 0
