"""What the whole system knows beside the nodes' own state: counters of what has happened.

The flags of what was noticed say it of the last step alone: they are no memory, and multiply
no states.
"""

from __future__ import annotations

from types import MappingProxyType

from model.fields import FieldTable
from model.vocabulary import FLAG, Count, Names

TABLE = FieldTable()
_field = TABLE.declare

spent = Names(
    loss=_field("net.lost", Count, "messages lost so far"),
    duplication=_field("net.repeated", Count, "messages delivered twice so far"),
    reorder=_field("net.overtaken", Count, "messages that overtook another so far"),
    delay=_field("net.early", Count, "updates sent again too early so far"),
    restart=_field("net.restarts", Count, "restarts of a node so far"),
    expiry=_field("net.expired", Count, "agreed Lifetimes that are over"),
    attacker=_field("net.strayed", Count, "updates of another node so far"),
)

kept = Names(
    there=_field("kept.there", FLAG, "the mobile node waits for the answer to an update"),
    crashed=_field("bc.crashed", FLAG, "the receiver has lost its cache in a restart"),
    plain_left=_field("bc.plain_over", FLAG, "the Lifetime of the regular binding is over"),
    listed_left=_field("bul.plain_over", FLAG, "the Lifetime of the entry without BID is over"),
    token=_field("mn.token", FLAG, "it has a care-of keygen token for an interface", "interface"),
)

noticed = Names(
    fooled=_field("mn.fooled", FLAG, "it took a binding for registered that is not"),
    missed=_field("mn.missed", FLAG, "it took an update for failed that was obeyed"),
    stray=_field("bc.stray_bulk", FLAG, "a correspondent's cache changed by a bulk update"),
    late=_field("bc.late", FLAG, "an update changed the cache after a later one was processed"),
    ended=_field("bc.home_ended", FLAG, "the last home binding has ended at the home agent"),
    emptied=_field("bc.emptied", FLAG, "an overtaken update deleted the last binding"),
)

OWN = MappingProxyType(TABLE.fields)
