"""The numbers of the page on clusters: what a state holds, and what a pass multiplies."""

import re

import numpy as np

import ncsolve
from tests.readme import ROOT

PAGE = " ".join((ROOT / "docs" / "howto" / "clusters.md").read_text(encoding="utf-8").split())
K, D, N = 1000, 4096, 10**8


def megabytes(scatter, name):
    head = np.ones((K, D)) if scatter == "projected" else None
    return getattr(ncsolve.FeatureStatistics(K, D, head, scatter)._moments, name).nbytes / 1e6


def test_a_state_is_as_large_as_the_page_says():
    assert f"{megabytes('full', 'scatter'):.0f} MB of scatter and {megabytes('full', 'means'):.0f} MB of class" in PAGE
    projected = [f"{megabytes('projected', name):.0f} MB" for name in ("scatter", "means")]
    assert f"| {' and '.join(projected)} |" in PAGE
    assert megabytes("trace", "scatter") == 0
    assert f"| $dK$ | {megabytes('trace', 'means'):.0f} MB |" in PAGE


def test_a_pass_takes_as_many_operations_as_the_page_says():
    half, whole, rate = N * D * (D + 1), 2 * N * D**2, 49e9
    assert f"${half / 1e15:.1f} \\cdot 10^{{15}}$ for $10^8$ features of dimension 4096" in PAGE
    assert f"${whole / 1e15:.1f} \\cdot 10^{{15}}$ where a library forms both halves" in PAGE
    hours = whole / rate / 3600
    assert f"{hours:.0f} core-hours at 49 Gflop/s a core: {hours * 60 / 160:.0f} minutes on ten machines of 16" in PAGE
    assert f"{2 * N * D / 1e9:.0f} GB in half precision" in PAGE


def test_the_versions_of_dask_are_those_of_the_package():
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    [bounds] = {tuple(re.findall(r"^    (?:dask|distributed) >= (.+)$", part, re.M))
                for part in setup.split("\n\n") if "\ndask =" in part}
    assert set(bounds) == {"2024.8.1"}
    assert "dask and distributed, 2024.8.1 or later" in PAGE
