"""The kinds of findings, gravest first, each with what it means in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: its name, how one and several are called, what it means.

    `row`: one line tells all of a finding of this kind.
    """

    name: str
    plural: str
    meaning: str
    one: str = ""
    row: bool = False

    @property
    def singular(self) -> str:
        """Return what one finding of this kind is called."""
        return self.one or self.name


KINDS: tuple[Kind, ...] = (
    Kind(
        "contradiction",
        "contradictions",
        "Rules that bind apply together, and no node can do what all of them demand.",
    ),
    Kind(
        "larger contradiction",
        "larger contradictions",
        "More than three rules that bind apply together and cannot all be obeyed, though any "
        "fewer of them can.",
    ),
    Kind(
        "sender/receiver",
        "sender/receiver contradictions",
        "What a sender is told or allowed to send, the receiver must refuse, or it does not "
        "reach its purpose there.",
        "sender/receiver contradiction",
    ),
    Kind(
        "divergence",
        "divergences",
        "Both nodes obey every rule, and at rest they hold different bindings.",
    ),
    Kind(
        "endless rejection",
        "endless rejections",
        "A node that obeys every rule sends again and again what is refused each time.",
    ),
    Kind(
        "no recovery",
        "states without recovery",
        "A procedure that the text gives, followed without faults, does not lead back to "
        "agreement.",
        "state without recovery",
    ),
    Kind("dead end", "dead ends", "A state that obedient nodes reach and cannot leave."),
    Kind(
        "gap",
        "gaps",
        "A decision has to be taken, and no rule says how.",
    ),
    Kind(
        "precedence hole",
        "precedence holes",
        "A refusal and an effect both apply, and nothing says which of them comes first.",
    ),
    Kind(
        "silent override",
        "silent overrides",
        "A rule departs from one of the base document without a sentence that says so.",
    ),
    Kind(
        "ambiguity",
        "ambiguities",
        "A sentence can be read in two ways, and for some input they have no outcome in common, "
        "or one of them makes rules contradict each other.",
    ),
    Kind(
        "unchecked duty",
        "unchecked duties",
        "A message breaks one sending rule, and no receiving rule refuses or ignores it.",
    ),
    Kind(
        "unbound party",
        "unbound parties",
        "The text leaves something to a node that no rule binds to it.",
    ),
    Kind(
        "permission conflict",
        "permission conflicts",
        "One rule permits what another, which binds, forbids in the same situation.",
    ),
    Kind(
        "tension",
        "tensions",
        "Advice (SHOULD) cannot be followed together with the other rules that apply.",
    ),
    Kind(
        "modality mismatch",
        "modality mismatches",
        "The same demand in the same situation is made with different key words.",
    ),
    Kind(
        "free field",
        "free fields",
        "A field of a message that no sending rule decides for what the sender wants.",
    ),
    Kind(
        "undefined term",
        "undefined terms",
        "Rules rest on what nothing defines: a field that the message does not have, the class "
        "of a status without number, another text that says nothing of it.",
    ),
    Kind(
        "shadowed rule",
        "shadowed rules",
        "A rule that applies to no input: an earlier step or another rule takes each from it.",
    ),
    Kind(
        "never fires",
        "rules that never fire",
        "A rule whose situation no input makes true.",
        "rule that never fires",
    ),
    Kind(
        "never reached",
        "rules never reached",
        "A rule whose situation no sequence of obedient steps leads to.",
        "rule never reached",
    ),
    Kind(
        "dead value",
        "dead values",
        "A value is written and never read, sent and never handled, or handled and never sent.",
    ),
    Kind(
        "redundant rule",
        "redundant rules",
        "A rule demands nothing that others which bind as much do not demand already; a "
        "statement of fact binds as a MUST.",
        row=True,
    ),
)
BY_NAME: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in KINDS})
_RANKS: Mapping[str, int] = MappingProxyType({kind.name: n for n, kind in enumerate(KINDS)})


def kind_named(name: str) -> Kind:
    """Return the kind of that name; any other noun has its plural and no meaning to tell."""
    return BY_NAME.get(name, Kind(name, f"{name}s", ""))


def kind_rank(name: str) -> int:
    """Return the place of a kind among all, gravest first; the unknown come last."""
    return _RANKS.get(name, len(KINDS))
