"""The claims of the theory, one file each, and what certificates prove of them.

A claim is a statement of a theorem of docs/theory.md (its derivation is in ``derivations/``) with its sources, what is
run and the tolerance of each figure.  It stands on descent, cvxpy and the definition, as ``check`` does; the certified
ones (``_certified*.py``) compare fractions that a certificate's checker has accepted.
"""

from ncsolve.verify._certified_claims import CERTIFIED_CLAIMS
from ncsolve.verify._claim import SOURCES, Claim
from ncsolve.verify.claims import (
    balancedness,
    bias_centring,
    bias_decay,
    bias_stationarity,
    bottleneck,
    bottleneck_exchange,
    convex_program,
    cosine_curve,
    deep_transition,
    deep_without_bias,
    designs_layered_relu,
    escape_directions,
    free_bias,
    global_optimum,
    inverse_design,
    label_smoothing,
    label_statistics,
    large_bias_dependent,
    large_bias_end,
    large_bias_law,
    minority_collapse,
    nearest_class,
    orthogonal_frame,
    orthogonal_limit,
    paper_scale,
    peers_metrics,
    regimes,
    regression_targets,
    relu_any_codes,
    relu_orthogonal_frame,
    self_duality,
    signed_codes,
    simplex_etf,
    transition_threshold,
    uniqueness,
    within_class_collapse,
)

from ncsolve.checks.arguments import check_name, entries

__all__ = ["CLAIMS", "select"]

# In the order in which a reader meets them; the table keeps it.
CLAIMS: tuple[Claim, ...] = (
    within_class_collapse.CLAIM,
    orthogonal_frame.CLAIM,
    simplex_etf.CLAIM,
    transition_threshold.CLAIM,
    cosine_curve.CLAIM,
    orthogonal_limit.CLAIM,
    regimes.CLAIM,
    free_bias.CLAIM,
    bias_centring.CLAIM,
    bias_decay.CLAIM,
    bias_stationarity.CLAIM,
    large_bias_law.CLAIM,
    large_bias_end.CLAIM,
    large_bias_dependent.CLAIM,
    label_smoothing.CLAIM,
    signed_codes.CLAIM,
    minority_collapse.CLAIM,
    regression_targets.CLAIM,
    label_statistics.CLAIM,
    self_duality.CLAIM,
    nearest_class.CLAIM,
    uniqueness.CLAIM,
    global_optimum.CLAIM,
    convex_program.CLAIM,
    escape_directions.CLAIM,
    balancedness.CLAIM,
    bottleneck.CLAIM,
    bottleneck_exchange.CLAIM,
    deep_without_bias.CLAIM,
    deep_transition.CLAIM,
    relu_orthogonal_frame.CLAIM,
    relu_any_codes.CLAIM,
    peers_metrics.CLAIM,
    paper_scale.CLAIM,
    inverse_design.CLAIM,
    designs_layered_relu.CLAIM,
    *CERTIFIED_CLAIMS,
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
