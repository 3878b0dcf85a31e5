"""The claims of the theory, one file each, and what certificates prove of them.

A claim is a statement of a theorem of docs/theory.md (its derivation is in ``derivations/``) with its sources, what is
run and the tolerance of each figure.  It stands on descent, cvxpy and the definition, as ``check`` does; the certified
ones (``_certified*.py``) compare fractions that a certificate's checker has accepted.
"""

from dataclasses import replace
from importlib import import_module

from ncsolve.verify._certified_claims import CERTIFIED_CLAIMS
from ncsolve.verify._claim import SOURCES, STATED, Claim

from ncsolve.checks.arguments import check_name, entries

__all__ = ["CLAIMS", "select"]

# The files, in the order in which a reader meets the claims; the table keeps it.
_FILES = (
    "within_class_collapse", "orthogonal_frame", "simplex_etf", "transition_threshold", "cosine_curve",
    "orthogonal_limit", "regimes", "free_bias", "bias_centring", "bias_decay", "bias_stationarity", "large_bias_law",
    "large_bias_end", "large_bias_dependent", "label_smoothing", "signed_codes", "minority_collapse",
    "regression_targets", "label_statistics", "self_duality", "nearest_class", "uniqueness", "global_optimum",
    "convex_program", "escape_directions", "balancedness", "bottleneck", "bottleneck_exchange", "deep_without_bias",
    "deep_transition", "relu_orthogonal_frame", "relu_any_codes", "peers_metrics", "paper_scale", "inverse_design",
    "designs_layered_relu", "network_gap", "implied_decay", "batch_norm", "metric_ufm", "metric_relu",
    "cross_entropy_simplex", "cross_entropy_merging", "cross_entropy_any_codes", "cross_entropy_relu",
    "cross_entropy_gap", "networks",
)
_STATED = tuple(STATED[import_module(f"{__name__}.{file}").__name__] for file in _FILES)
_THEOREMS = {claim.name: claim.theorems for claim in _STATED}
CLAIMS: tuple[Claim, ...] = (
    *_STATED,
    *(replace(claim, theorems=_THEOREMS[claim.name.removesuffix("-certified")]) for claim in CERTIFIED_CLAIMS),
)


def select(*, only: tuple[str, ...] = (), source: str | None = None) -> tuple[Claim, ...]:
    """The claims of some names, or of one source, or all; in the order of CLAIMS.

    Raises UnknownNameError for a name or a source that no claim has.

    >>> [claim.name for claim in select(source="tirer2022")]
    ['orthogonal-frame', 'orthogonal-limit']
    """
    names = {claim.name for claim in CLAIMS}
    only = tuple(check_name("claim", name, names) for name in entries("only", only, "such as ('simplex-etf',)"))
    if source is not None:
        check_name("source", source, SOURCES)
    return tuple(
        claim for claim in CLAIMS
        if (not only or claim.name in only) and (source is None or source in claim.sources)
    )
