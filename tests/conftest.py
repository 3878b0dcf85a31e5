"""Shared settings: the same random examples on every run, and time limits left to CI."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ncsolve", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ncsolve")
