"""One run from its factors to its record: data, network, training, measurement."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import ncsolve
from experiments._data import load
from experiments._measuring import record_of
from experiments._networks import build
from experiments._problem import codes_of, counts_of, lambda_h_of
from experiments._run import Run
from experiments._suite import SuiteError
from experiments._training import train
from ncsolve.torch import Probe

__all__ = ["execute"]

# L-BFGS creeps at the kinks of a ReLU, where the slope of the loss jumps: its heads stay stationary to a few per cent.
_STATIONARY = {"adam": 0.01, "lbfgs": 0.05}


def execute(run: Run) -> dict[str, Any]:
    """The record of a run.

    One that can't be made is a failed run, with the reason: a loss that is not finite, codes that a loss does not take,
    a network that does not fit the data or the memory.
    """
    torch.set_num_threads(1)  # runs share the machine by -j
    start = time.perf_counter()
    data = load(run.data, per_class=run.per_class, imbalance=run.imbalance)
    counts = counts_of(run, data.classes)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x, y = torch.from_numpy(data.x).to(device), torch.from_numpy(data.y).to(device)
    record: dict[str, Any] = {
        "key": run.key, "run": run.to_json(), "outcome": "measured", "failure": None, "training": None,
    }
    try:
        codes, lambda_h = codes_of(run, counts), lambda_h_of(run, counts)
        model = build(run, tuple(data.x.shape[1:]), codes.shape[0]).to(device)
        losses = train(run, model, x, y, codes, lambda_h)
        record["training"] = {"first": losses[0], "last": losses[-1], "lowest": min(losses)}
        record |= record_of(_measured(run, model, x, y, codes, lambda_h))
    # torch has a RuntimeError for whatever it can't do
    except (ncsolve.NCSolveError, SuiteError, ArithmeticError, ValueError, RuntimeError) as error:
        reason = str(error).strip() or "no reason is given"
        record |= {"outcome": "failed", "failure": f"{type(error).__name__}: {reason.splitlines()[0]}"}
    return record | {"seconds": round(time.perf_counter() - start, 2), "machine": _machine(device)}


def _measured(
    run: Run, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, codes: Any, lambda_h: float
) -> ncsolve.Measurement | ncsolve.MetricMeasurement:
    lambdas = {"lambda_w": run.lambda_w, "lambda_h": lambda_h, "lambda_b": run.lambda_b}
    probe = Probe(model)
    if run.tail == "plain":
        lambdas = {"lambda_w": run.decay, "lambda_v": run.decay, "lambda_b": run.lambda_b}
        probe = Probe(model, tail="last hidden layer")
    return probe.measure(
        [(x.to(next(model.parameters()).dtype), y)], encoding=codes, loss=run.loss, bn="recompute",
        features="relu" if run.tail in ("relu", "bn-relu") else "linear", stationarity_tolerance=_STATIONARY[
            run.optimizer
        ], **lambdas,
    )


def _machine(device: str) -> dict[str, Any]:
    """Processor or GPU, cores and versions, for the record."""
    model = torch.cuda.get_device_name() if device == "cuda" else _processor()
    versions = {}
    for name in ("ncsolve", "torch", "numpy", "scipy", "scikit-learn"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "device": model, "cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version(),
        "versions": versions,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    named = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in named if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
