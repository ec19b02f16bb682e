"""Values that an analysis looks at, where many mean the same."""

from model.vocabulary import Status

# In an analysis one status stands for all that mean nothing special in an update.
STATUSES_IN_UPDATE = (Status.accepted, Status.unspecified)
UNUSED = {"Status": frozenset({1, Status.size() - 1})}
