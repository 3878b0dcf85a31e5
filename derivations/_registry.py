"""The theorems by name, in the order of the theory."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from ncsolve.derivations._framework import Theorem

from ncsolve.errors import UnknownNameError

__all__ = ["MODULES", "get", "names"]

# Name of the theorem -> the file that states and proves it.
MODULES: dict[str, str] = {
    "collapse": "within_class_collapse",
    "factorization": "factorization",
    "bias": "bias_equation",
    "centring": "lambda_b_zero",
    "no-bias": "no_bias",
    "eigenvector": "eigenvector_mean",
    "affine": "affine_family",
    "affine-geometry": "affine_geometry",
    "onehot": "onehot",
    "smoothing": "label_smoothing",
    "signed": "signed_codes",
    "simplex": "centred_simplex",
    "large-bias": "large_bias_law",
    "imbalanced": "imbalanced_onehot",
    "self-duality": "self_duality",
    "nearest-mean": "nearest_mean",
    "bottleneck": "bottleneck",
    "deep": "deep_head",
    "relu": "relu_features",
    "inverse-design": "inverse_design",
    "deep-design": "deep_design",
    "target-cosine": "target_cosine",
    "certificate": "certificate",
    "copositive": "copositive_certificate",
    "gap": "gap_identity",
    "network-certificate": "network_certificate",
    "implied-decay": "implied_decay",
    "batch-norm": "batch_norm",
    "metric-ufm": "metric_ufm",
    "metric-frame": "metric_frame",
    "metric-relu": "metric_relu",
    "cross-entropy": "cross_entropy",
    "cross-entropy-dual": "cross_entropy_dual",
    "cross-entropy-relu": "cross_entropy_relu",
    "cross-entropy-gap": "cross_entropy_gap",
    "cross-entropy-certificate": "cross_entropy_certificate",
}


def names() -> tuple[str, ...]:
    """Names of the theorems, in the order of the theory."""
    return tuple(MODULES)


@cache
def get(name: str) -> Theorem:
    """The theorem of that name.

    Raises UnknownNameError, which lists the names, for any other.

    >>> get("onehot").result["threshold"]
    t/(1 - t)
    """
    if name not in MODULES:
        raise UnknownNameError("theorem", name, MODULES)
    theorem = import_module(f"ncsolve.derivations.{MODULES[name]}").THEOREM
    assert isinstance(theorem, Theorem)
    return theorem
