"""What an engine has whose search may be up to renaming: single states, and real ways to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from checker.space.interpreted import Interpreted
from checker.space.lowered import Lowered
from checker.space.packing import least_of
from checker.space.quotient import expanded, fitting, followed
from checker.space.reached import Reached
from checker.space.symmetry import Symmetry
from checker.space.system import TransitionSystem, Values


class UpToRenaming:
    """A system, its instructions, and the renamings up to which it is explored, if any.

    `lowered` are the instructions where they are made already.
    """

    def __init__(
        self,
        system: TransitionSystem,
        up_to: Symmetry | None,
        lowered: Lowered | None = None,
    ) -> None:
        self.symmetry = fitting(system, up_to)
        self.system, self.group = self.symmetry.system, self.symmetry.group
        self.lowered = lowered or Lowered(self.system, self.group)

    @cached_property
    def _slow(self) -> Interpreted:
        return Interpreted(self.symmetry.plain)

    def least(self, state: Values) -> Values:
        """Return the words of the least image of a state, the last word counting most."""
        pack = self.lowered.packing.pack
        return least_of(map(pack, self.group.images(state)))

    def successors(self, state: Values) -> Iterator[tuple[str, Values]]:
        """Yield the transitions out of a state, by the evaluator; not up to renaming."""
        return self._slow.successors(state)

    def followed(self, path: Sequence[Values]) -> tuple[Values, ...]:
        """Return a real sequence of states for one of least images."""
        return followed(path, self._least_image, self.successors)

    def expanded(self, found: Reached, kept: int) -> Reached:
        """Return what a search that kept so many states found, said of the whole system."""
        kept = kept if self.symmetry.proved else 0
        return expanded(found, self.symmetry, kept, self._least_image, self.successors)

    def _least_image(self, state: Values) -> Values:
        return self.lowered.packing.unpack(self.least(state))
