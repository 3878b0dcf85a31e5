"""Shared settings: the same random examples on every run, time limits left to CI, and one width of output."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import chromium

if "PYTEST_XDIST_WORKER" in os.environ:  # before numpy is loaded: every core has a process already
    os.environ.setdefault("OMP_NUM_THREADS", "1")
pytest.register_assert_rewrite("tests.command", "tests.sweeps.points")  # so that their assertions say what they found
os.environ.pop("COLUMNS", None)  # output is as wide as it says; tests that are about that set it
settings.register_profile(
    "ncsolve", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ncsolve")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What a plain run leaves out is said; xdist does not count what its workers deselect."""
    if config.option.markexpr == "not exhaustive":
        terminalreporter.write_line("without the exhaustive tests; they are run by: python -m pytest -m exhaustive")


@pytest.fixture(scope="session")
def window(tmp_path_factory):
    """Where tests open pages: one for all of a process, as a browser starts, and compiles plotly.js, in seconds."""
    with chromium(tmp_path_factory.mktemp("window")) as found:
        yield found
