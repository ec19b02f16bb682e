"""The rules as data.

The modules that declare fields are imported here, so that the fields have one order whatever is
imported first.
"""

from model import vocabulary, predicates, mobile, control, packets  # noqa: F401, I001
