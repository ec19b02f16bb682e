"""How Hypothesis runs: the same examples everywhere, more of them in the long tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "usual",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("usual"), max_examples=2000)
settings.load_profile("usual")
