"""``encoding_for``: design an encoding, solve the forward problem with it, and compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.registry import model_of
from ncsolve._outlets import outlet
from ncsolve._problem.counts import ClassCounts
from ncsolve._problem.ufm import UFM
from ncsolve.checks.arrays import Frozen
from ncsolve.design._codes import designed_codes, nonnegative_codes
from ncsolve.design._deep_codes import deep_codes
from ncsolve.design._files import save_encoding
from ncsolve.design._targets import check_gram
from ncsolve.encodings import from_array, onehot
from ncsolve.errors import ConvergenceError, OpenProblemError, ProblemError, shown

__all__ = ["TOLERANCE", "Design", "encoding_for"]

# What a well-conditioned design keeps: a few hundred roundings.
TOLERANCE = 1e-12
# What T11 says of each model.
_CODES = {"plain": designed_codes, "layered": deep_codes, "relu": nonnegative_codes}


@dataclass(frozen=True, kw_only=True, eq=False)
class Design(Frozen):
    """An encoding made to order, and what the forward problem gives with it.

    ``target`` (K, K) the wanted Gram matrix of the class means; ``rank`` its rank, the smallest possible code length;
    ``minimizer`` the global minimizer of the problem with the designed encoding; ``error`` the relative distance
    (Frobenius) of its Gram matrix from the target.
    """

    target: Array
    rank: int
    minimizer: Minimizer
    error: float

    @property
    def encoding(self) -> Array:
        """The designed codes (m, K), one a column."""
        return self.minimizer.problem.encoding.matrix

    @property
    def achieved(self) -> Array:
        """The Gram matrix of the class means at the global minimizer (K, K)."""
        return self.minimizer.gram

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the codes to a .csv or .npy file, exactly, for ``--encoding FILE`` and ``encodings.from_file``.

        Raises FileError for another ending, or if the file exists and ``force`` is not set; never half a file.
        """
        save_encoding(path, self.minimizer.problem, force=force)

    def to_json(self) -> dict[str, object]:
        """The document of ``ncsolve design --json``, in the convention of the paper (schema ncsolve.design/1)."""
        found: dict[str, object] = outlet("Design.to_json")(self)
        return found

    def __repr__(self) -> str:
        return f"Design({self.minimizer.problem!r}, rank={self.rank}, error={self.error:.1e})"


def encoding_for(
    gram: ArrayLike, *, counts: int | Sequence[int] | ArrayLike | ClassCounts, lambda_w: float | Sequence[float],
    lambda_h: float, lambda_b: float, code_length: int | None = None, class_names: Sequence[str] | None = None,
    tolerance: float = TOLERANCE, loss: str = "mse", features: str = "linear", depth: int = 1,
) -> Design:
    r"""The label encoding whose global minimizer has class means with the Gram matrix Q.

    With :math:`A = \sqrt{\lambda_H/\lambda_W}\, D^{1/2} Q D^{1/2} = V z V^T`, D = diag(n), u = D^(1/2) 1 and
    :math:`T = N\sqrt{\lambda_W\lambda_H}`,

    .. math:: E = U (z + T) V^T D^{-1/2} + b 1^T, \qquad b = \frac{T}{N \lambda_b} U V^T u ,

    for any isometry U (m, r).  Codes of length K take U = V.  The class counts enter the codes, so imbalance is made
    up for by the encoding alone.  ReLU features can have the same class means if Q has a nonnegative factor.  A deep
    head asks for other singular values of the codes, and for lambda_b = inf or Q n = 0.

    Parameters
    ----------
    gram : array (K, K)
        Q, symmetric and positive semidefinite, of any rank r >= 1.
    counts, lambda_w, lambda_h, lambda_b
        As for ``UFM``.  A free bias (lambda_b = 0) centres the labels: then Q n = 0 is needed.
    code_length : int, optional
        m >= r; by default K.
    class_names : sequence of K strings, optional
    tolerance : float
        Largest relative error of the Gram matrix that the solver finds with the designed encoding.
    loss, features, depth
        As for ``UFM``; lambda_w may be one number per layer.

    Raises
    ------
    ProblemError
        For a Gram matrix that is not square, symmetric, positive semidefinite or, with lambda_b = 0, centred; for a
        code length below its rank; for ReLU features with a negative entry; for a deep head with a direction below its
        hard threshold, with the smallest scale that works.
    OpenProblemError
        For ReLU features under a deep head, with lambda_b = 0 or without a known nonnegative factor; for a deep head
        with 0 < lambda_b < inf and Q n other than 0; for cross-entropy.
    ConvergenceError
        If rounding leaves the forward solution further than ``tolerance`` from the target.

    Notes
    -----
    Source: T11 of docs/theory.md ("inverse-design" and "deep-design").

    Examples
    --------
    >>> import ncsolve
    >>> target = ncsolve.design.simplex_gram(3)
    >>> found = encoding_for(target, counts=[5000, 500, 50], lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.5, code_length=2)
    >>> found.encoding.shape, found.rank, found.error < 1e-12
    ((2, 3), 2, True)
    """
    target = check_gram(gram)
    numbers = counts if isinstance(counts, ClassCounts) else ClassCounts.of(counts, target.shape[0])
    if numbers.classes != target.shape[0]:
        raise ProblemError(f"counts must have one entry per class; got {numbers.classes} for {target.shape[0]} classes")
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not tolerance > 0.0:
        raise ProblemError(f"the tolerance must be a positive number; got {shown(tolerance)}")
    problem = UFM(  # with other codes of as many classes, to see which model it is of
        encoding=onehot(target.shape[0]), counts=numbers, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b,
        class_names=class_names, loss=loss, features=features, depth=depth,
    )
    model = model_of(problem)
    if model.name not in _CODES:
        raise OpenProblemError(
            f"which encoding gives the model {model.name!r} wanted class means is not known; got loss = "
            f"{problem.loss!r} and features = {problem.features!r}, use loss = 'mse' with linear or ReLU features"
        )
    made = _CODES[model.name](target, problem, code_length)
    problem = problem.replace(encoding=from_array(made.codes, name="designed"))
    minimizer = solve(problem)
    error = float(np.linalg.norm(minimizer.gram - target) / np.linalg.norm(target))
    if not error <= tolerance:
        raise ConvergenceError(
            f"the forward problem must give the target back; its Gram matrix is {error:.1e} away, above "
            f"{tolerance:.0e}, because rounding grows with the threshold T and the bias over the target: use a larger "
            "scale, a smaller lambda_w lambda_h or a larger lambda_b, or allow a larger --tolerance (tolerance=)"
        )
    if not abs(minimizer.loss - made.loss) <= 1e-9 * made.loss:
        raise ConvergenceError(
            f"the loss of the designed problem must be {made.loss:.15g} (T11); the solver found {minimizer.loss:.15g} "
            "(please report this problem)"
        )
    if minimizer.guarantee != "global":
        raise ConvergenceError(
            f"the designed problem's minimum must be known to be global; the solver says {minimizer.guarantee!r} "
            "(please report this problem)"
        )
    return Design(target=target, rank=made.rank, minimizer=minimizer, error=error)
