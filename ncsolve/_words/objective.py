"""What is minimized, in a sentence and as LaTeX, and what a table of the problem says of the model."""

from __future__ import annotations

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.registry import model_of
from ncsolve._problem.convention import Convention
from ncsolve._problem.ufm import UFM

__all__ = ["model_rows", "objective_latex", "statement"]


def statement(problem: UFM) -> str:
    """The unconstrained features model, and what is special to this problem's."""
    text = (
        "The regularized unconstrained features model: the features of a network's last layer are free, and so are its "
        "classifier and its bias. Y holds one code per sample."
    )
    if not problem.spec.squared:
        text += " The loss is cross-entropy, the mean over samples for softmax outputs."
    if not problem.spec.one_layer:
        text += f" The classifier is a product of {problem.depth} linear layers, each with its weight decay."
    if problem.spec.nonnegative:
        text += " The features come out of a ReLU: none of their entries is negative."
    return text


def objective_latex(problem: UFM) -> str:
    """The objective, in the convention of the paper."""
    top = problem.depth
    head, variables, decay = "W", "W", r"\frac{\lambda_W}{2} {\Vert W \Vert}_F^2"
    if not problem.spec.one_layer:
        head, variables = rf"W_{{{top}}} \cdots W_1", rf"W_1, \ldots, W_{{{top}}}"
        decay = rf"\sum_{{l=1}}^{{{top}}} \frac{{\lambda_l}}{{2}} {{\Vert W_l \Vert}}_F^2"
    if top == 2:
        head, variables = rf"W_{{{top}}} W_1", "W_1, W_2"
    features = r"H \ge 0" if problem.spec.nonnegative else "H"
    fit = rf"\frac{{1}}{{2N}} {{\Vert {head} H + b \mathbf{{1}}^\top - Y \Vert}}_F^2"
    if not problem.spec.squared:
        fit = r"\frac{1}{N} \sum_i \Big( \log \sum_j \exp (W h_i + b)_j - y_i^\top (W h_i + b) \Big)"
    return (
        rf"\min_{{{variables}, {features}, b}}\ {fit}"
        rf" + {decay} + \frac{{\lambda_H}}{{2}} {{\Vert H \Vert}}_F^2 + \frac{{\lambda_b}}{{2}} {{\Vert b \Vert}}^2"
    )


def model_rows(minimizer: Minimizer, convention: Convention) -> list[tuple[str, str]]:
    """The threshold of a single layer, and what goes beyond the paper's model."""
    problem = minimizer.problem
    rows = []
    if problem.spec.one_layer:
        rows.append(("threshold", f"T = N √(λ_W λ_H) = {problem.threshold:.10g}"))
    if not problem.spec.squared:
        rows.append(("loss", "cross-entropy of softmax outputs o = W h + b"))
    if problem.spec.nonnegative:
        rows.append(("features", "ReLU, H ≥ 0"))
    if not problem.spec.one_layer:
        scale = convention.factors(problem.samples, problem.code_length)[0]
        decays = ", ".join(f"λ_{i} = {value / scale:g}" for i, value in enumerate(problem.lambda_w_layers, start=1))
        rows.append(("head", f"{problem.depth} linear layers: {decays}; λ_W is their geometric mean"))
    if model_of(problem).binds(problem, minimizer.frame):
        rows.append(("bottleneck", f"W H has a rank of at most {problem.dim}"))
    return rows
