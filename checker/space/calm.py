"""The graph of what matters once faults and wishes are over, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OUTSIDE = -1  # the target of an edge to a state in which every term holds


@dataclass(frozen=True)
class Graph:
    """Edges of each node, as places in `targets` and `taken` from `offsets` of it on.

    `taken` are positions of fair transitions; bit k of `holds` says whether the k-th term holds.
    """

    offsets: NDArray[np.int64]
    targets: NDArray[np.int32]
    taken: NDArray[np.uint16]
    holds: NDArray[np.uint32]

    @property
    def nodes(self) -> int:
        """Return how many nodes there are."""
        return len(self.holds)
