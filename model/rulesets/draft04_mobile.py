"""draft-ietf-monami6-multiplecoa-04: the rules of a mobile node, step by step."""

from __future__ import annotations

from model.mobile import USES_BID
from model.rulesets import (
    draft04_composing,
    draft04_concluding,
    draft04_home,
    draft04_list,
    draft04_sending,
)

RULES = [
    *draft04_sending.SENDING,
    *draft04_composing.RULES,
    *draft04_concluding.RULES,
    *draft04_list.RULES,
    *draft04_home.RULES,
]

# With a BID sub-option the alternate care-of address option of the base is left out (04-5.3-6).
WITHOUT_ALTERNATE = USES_BID
