"""The minimizer: what ``solve`` returns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array, Index
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames import regimes
from ncsolve._frames.coupled_block import LossTerms
from ncsolve._frames.grouped import ClassBlock
from ncsolve._frames.nc_metrics import Cosines, cosines_of, metrics_of
from ncsolve._frames.protocol import Frame
from ncsolve._models.registry import model_of
from ncsolve._outlets import outlet
from ncsolve._problem.ufm import UFM
from ncsolve.checks.arrays import Frozen, array_property, check_labels, real_array
from ncsolve.errors import ProblemError
from ncsolve.geometry import NCMetrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ncsolve.certificates import Certificate
    from ncsolve.checks.exact import Exact

__all__ = ["Minimizer"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Minimizer(Frozen):
    """A minimizer (W, H, b) of a problem, with its loss and everything that is known of it.

    It is the global one unless ``guarantee`` says "best found" (some bottlenecks, deep heads and ReLU features).

    W and the class means are unique up to one rotation of R^d; the loss, the Gram matrix, the singular values and
    the bias are unique.  Arrays are made when they are asked for, so that a million classes cost nothing.

    ``problem``; ``loss`` and ``loss_terms`` (fit, weights, features, bias), recomputed from the definition;
    ``residual``, the norm of the gradient of the full objective over the norms of the terms that cancel in it;
    ``choice`` (method, theorem, reason).

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
    ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
    >>> minimizer = ncsolve.solve(problem)
    >>> round(minimizer.loss, 12), minimizer.regime, minimizer.method
    (0.0485, 'intermediate', 'closed-form')
    """

    problem: UFM
    choice: MethodChoice
    loss_terms: LossTerms
    residual: float
    frame: Frame

    @property
    def loss(self) -> float:
        """The minimum of the objective: the global one, or the best found (see ``guarantee``)."""
        return self.loss_terms.total

    @property
    def guarantee(self) -> str:
        """"global" where a theorem says that this is the global minimum, else "best found"."""
        return self.frame.guarantee.kind

    @property
    def lower_bound(self) -> float:
        """No W, H, b of any dimension has a loss below this; the loss itself where ``guarantee`` is "global"."""
        return self.frame.guarantee.below(self.loss)

    @property
    def gap(self) -> float:
        """Loss minus lower bound, 0 where ``guarantee`` is "global"."""
        return self.loss - self.lower_bound

    @property
    def ties(self) -> str:
        """What else is a global minimizer, in words, where more than a rotation is free; empty where nothing is."""
        return self.frame.ties

    @property
    def bound_reason(self) -> str:
        """Where ``lower_bound`` comes from, if it is not the loss itself."""
        return self.frame.guarantee.reason

    @array_property
    def layers(self) -> tuple[Array, ...]:
        """The layers (W_1, ..., W_L) of the head, from the features (d, d) to the output (m, d); W is their product."""
        return self.frame.layers(self.dim)

    @property
    def method(self) -> str:
        """"closed-form" or "spectral"; beyond the paper's model also "convex" and "descent"."""
        return self.choice.method

    @property
    def rank(self) -> int:
        """Rank of W H.  Class means span so many dimensions, nonnegative ones (ReLU features) at least so many."""
        return self.frame.rank

    @property
    def dim(self) -> int:
        """d, the feature dimension."""
        return self.problem.feature_dim

    @array_property
    def W(self) -> Array:
        """The classifier (m, d)."""
        return self.frame.weights(self.dim)

    @array_property
    def class_means(self) -> Array:
        """The class means of the features (d, K), which every sample's feature equals (NC1)."""
        return self.frame.class_means(self.dim)

    @array_property
    def bias(self) -> Array:
        """The bias b (m,)."""
        return self.frame.bias

    @array_property
    def gram(self) -> Array:
        """Inner products of the class means (K, K)."""
        return self.frame.gram()

    @cached_property
    def blocks(self) -> tuple[ClassBlock, ...]:
        """The minimizer by distinct class count, for affine one-hot codes: all there is to know, however large K is.

        Empty for other codes.
        """
        symmetric = self.frame.symmetric
        return () if symmetric is None else symmetric.blocks()

    @array_property
    def singular_values(self) -> Array:
        """All min(m, K) singular values of the class-weighted Z = W H D^(1/2), descending."""
        values, counts = self.frame.singular_values()
        return np.repeat(values, counts)

    @cached_property
    def cosines(self) -> Cosines | None:
        """Smallest, largest and mean cosine between nonzero class means; None if fewer than two are nonzero."""
        return cosines_of(self.frame)

    @cached_property
    def nc(self) -> NCMetrics:
        """The NC metrics."""
        return metrics_of(self.problem, self.frame)

    @cached_property
    def regime(self) -> str:
        """"collapsed", "simplex", "intermediate", "orthogonal" or "acute" for balanced affine one-hot codes; else
        "general" (or "collapsed", if all class means are zero)."""
        return regimes.regime_of(self.problem, self.frame)

    @cached_property
    def transition(self) -> float | None:
        """The lambda_b at and above which the law of large bias regularization holds (lb+ of T5b; lb* for balanced
        affine one-hot codes); None if there is none."""
        found = model_of(self.problem).transition(self.problem)
        return None if found is None else found.lambda_b

    @property
    def centring(self) -> float | None:
        """How much of the label mean the bias takes out: <b, mu> / ||mu||^2, 1 for complete centring by a free bias.

        None where the label mean is zero, and under cross-entropy, whose bias shifts logits and not labels.
        """
        if not self.problem.spec.fit.fits_codes:
            return None
        mu = self.problem.label_mean
        square = float(mu @ mu)
        return None if square == 0.0 else float(self.bias @ mu) / square

    def features(self, labels: Sequence[int] | ArrayLike) -> Array:
        """The features (d, N) of samples with class numbers ``labels`` (N,).  Raises ProblemError."""
        return self.class_means[:, check_labels(labels, self.problem.classes)]

    def predict(self, features: ArrayLike) -> Index:
        """The class whose code is nearest to W h + b (under cross-entropy: with the largest <e_k, W h + b>), for
        features (d, N).  Raises ProblemError."""
        h = real_array(features, "features")
        if h.ndim != 2 or h.shape[0] != self.dim:
            raise ProblemError(f"features must have shape ({self.dim}, N); got {h.shape}")
        codes = self.problem.encoding.matrix
        scores = 2.0 * codes.T @ (self.W @ h) - self.problem.spec.fit.offsets(codes, self.bias)[:, None]
        return np.asarray(np.argmax(scores, axis=0), dtype=np.intp)

    def certify(
        self,
        *,
        digits: int = 10,
        lambda_w: Exact | None = None,
        lambda_h: Exact | None = None,
        lambda_b: Exact | None = None,
        codes: Sequence[Sequence[Exact]] | None = None,
    ) -> Certificate:
        """A proof, in exact rational arithmetic, that this is the global minimum up to a relative gap of 10^-digits.

        Floats are taken as the dyadic rationals that they are, unless exact values ("5e-4", a Fraction) are given.
        See ``ncsolve.certificates.certify`` for what is raised.

        >>> import ncsolve
        >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=4, lambda_w=0.125, lambda_h=0.125,
        ...                       lambda_b=2.0)
        >>> certificate = ncsolve.solve(problem).certify()
        >>> certificate.lower, certificate.gap, certificate.check().holds
        (Fraction(61, 144), Fraction(0, 1), True)
        """
        found: Certificate = outlet("Minimizer.certify")(
            self, digits=digits, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, codes=codes
        )
        return found

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write W, class_means, bias, encoding, counts and the lambdas to a .npz file.

        Raises FileError if the file exists and ``force`` is not set, or cannot be written; never half a file.
        """
        outlet("Minimizer.save")(self, path, force=force)

    @staticmethod
    def load(path: str | Path) -> Minimizer:
        """Read a minimizer that ``save`` wrote, solve its problem again and compare.

        Raises FileError if the file is not one, or if its arrays are not the minimizer of its problem.
        """
        found: Minimizer = outlet("Minimizer.load")(path)
        return found

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the Gram matrix of the class means; returns the axes.

        ``ax`` are matplotlib axes to draw in (new ones by default).  Raises MissingPackageError if matplotlib is not
        installed.
        """
        found: Axes = outlet("Minimizer.plot")(self, ax=ax)
        return found

    def verdict(self, *, convention: str = "paper") -> str:
        """The answer in a few sentences: the frame, the bias, and where that changes, with lambdas in a convention.

        Where this is not known to be the global minimizer the first sentence says so.  Raises UnknownNameError.

        >>> import ncsolve
        >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
        ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.04)
        >>> print(ncsolve.solve(problem).verdict().partition(". ")[0])
        Simplex ETF: 96.4 degrees between any two class means; the bias takes out 96.15 % of the label mean
        """
        return str(outlet("Minimizer.summary")(self, convention).verdict)

    def summary(self, *, full: bool = False, convention: str = "paper") -> str:
        """What ``ncsolve minimizer`` prints: the verdict, the essentials, and a table of the classes where they differ.

        ``full`` adds law, spectrum, loss terms and method; ``convention`` is that of losses and lambdas ("paper",
        "sum", "torch-mean" or "per-sample-features").  Raises UnknownNameError.

        >>> import ncsolve
        >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
        ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
        >>> print(ncsolve.solve(problem).summary().splitlines()[-1])
        loss         0.0485
        """
        return str(outlet("Minimizer.summary")(self, convention).text(full=full))

    def _repr_html_(self) -> str:
        return str(outlet("Minimizer.summary")(self, "paper").html())

    def to_json(self) -> dict[str, object]:
        """The document of ``--json``, in the convention of the paper (schema ncsolve.minimizer/1)."""
        found: dict[str, object] = outlet("Minimizer.to_json")(self)
        return found

    def __repr__(self) -> str:
        loss = f"{self.loss:.15g}" if math.isfinite(self.loss) else str(self.loss)
        return f"Minimizer({self.problem!r}, loss={loss}, regime={self.regime}, method={self.method})"
