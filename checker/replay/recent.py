"""A mapping that forgets: of more keys than it may have, the one used longest ago goes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Values by key, `most` of them at most; what is set or asked for counts as used."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def __setitem__(self, key: Key, value: Value) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def get(self, key: Key) -> Value | None:
        """The value of a key, None where there is none."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def setdefault(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made where there is none."""
        value = self.get(key)
        if value is None:
            value = make()
            self[key] = value
        return value

    def pop(self, key: Key) -> Value | None:
        """Take a value out."""
        return self._values.pop(key, None)
