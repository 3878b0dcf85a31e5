"""The model of a report: its objective, and what a head of several layers and nonnegative features look like."""

from __future__ import annotations

import numpy as np

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.registry import model_of
from ncsolve._problem.convention import Convention
from ncsolve._problem.ufm import UFM
from ncsolve.report._math import mathml
from ncsolve.report._page import table

__all__ = ["layers_table", "model_rows", "statement"]


def statement(problem: UFM) -> str:
    """What is minimized, in a sentence and a formula."""
    head = ""
    if problem.depth > 1:
        head = f" The classifier is a product of {problem.depth} linear layers, each with its weight decay."
    if problem.features == "relu":
        head += " The features come out of a ReLU: none of their entries is negative."
    return (
        "<p>The regularized unconstrained features model: the features of a network's last layer are free, and so are "
        f"its classifier and its bias. Y holds one code per sample.{head}</p>"
        + mathml(_objective(problem), display=True)
    )


def _objective(problem: UFM) -> str:
    """The objective as LaTeX, in the convention of the paper."""
    features = r"H \ge 0" if problem.features == "relu" else "H"
    if problem.depth == 1:
        head, variables = "W", "W"
        decay = r"\frac{\lambda_W}{2} {\Vert W \Vert}_F^2"
    else:
        top = problem.depth
        head = rf"W_{{{top}}} W_1" if top == 2 else rf"W_{{{top}}} \cdots W_1"
        variables = rf"W_1, \ldots, W_{{{top}}}" if top > 2 else "W_1, W_2"
        decay = rf"\sum_{{l=1}}^{{{top}}} \frac{{\lambda_l}}{{2}} {{\Vert W_l \Vert}}_F^2"
    return (
        rf"\min_{{{variables}, {features}, b}}\ \frac{{1}}{{2N}} "
        rf"{{\Vert {head} H + b \mathbf{{1}}^\top - Y \Vert}}_F^2"
        rf" + {decay} + \frac{{\lambda_H}}{{2}} {{\Vert H \Vert}}_F^2 + \frac{{\lambda_b}}{{2}} {{\Vert b \Vert}}^2"
    )


def model_rows(minimizer: Minimizer, convention: Convention) -> list[tuple[str, str]]:
    """What the table of the problem says beyond the paper's model."""
    problem = minimizer.problem
    rows = []
    if problem.features == "relu":
        rows.append(("features", "ReLU, H ≥ 0"))
    if problem.depth > 1:
        scale = convention.factors(problem.samples, problem.code_length)[0]
        decays = ", ".join(f"λ_{i} = {value / scale:g}" for i, value in enumerate(problem.lambda_w_layers, start=1))
        rows.append(("head", f"{problem.depth} linear layers: {decays}; λ_W is their geometric mean"))
    if model_of(problem).binds(problem, minimizer.frame):
        rows.append(("bottleneck", f"W H has a rank of at most {problem.dim}"))
    return rows


def layers_table(minimizer: Minimizer, convention: Convention) -> str:
    """The layers of a deep head, each with its norm: at a minimum all cost the same."""
    problem = minimizer.problem
    if problem.depth == 1:
        return ""
    scale = convention.factors(problem.samples, problem.code_length)[0]
    rows = []
    for i, (layer, decay) in enumerate(zip(minimizer.layers, problem.lambda_w_layers, strict=True), start=1):
        values = np.linalg.svd(layer, compute_uv=False)
        rows.append((
            f"W_{i}", f"{layer.shape[0]} x {layer.shape[1]}", f"{decay / scale:g}", f"{float(np.sum(layer**2)):.7g}",
            f"{float(values.max(initial=0.0)):.7g}", str(int(np.sum(values > 1e-12 * values.max(initial=0.0)))),
        ))
    header = ("layer", "size", "weight decay", "squared norm", "largest singular value", "rank")
    return "<h3>Layers, from the features to the output</h3>" + table(rows, header, first_is_name=True)
