"""``compare``: several encodings, and losses, on the same classes, side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._files.reading.kinds import names_a_file
from ncsolve._frames.nc_metrics import Cosines
from ncsolve._minimizer.decoding import Decoding, decoding_of
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._outlets import outlet
from ncsolve._problem.convention import convention as find_convention
from ncsolve._problem.counts import ClassCounts
from ncsolve._problem.losses import check_loss
from ncsolve._problem.model_spec import check_depth
from ncsolve._problem.ufm import UFM
from ncsolve._problem.weight_decays import check_lambda, check_lambda_b, check_layers, geometric_mean
from ncsolve.checks.arguments import check_classes
from ncsolve.checks.arrays import as_array
from ncsolve.encodings import Encoding, from_array, from_file, make
from ncsolve.errors import ProblemError

__all__ = ["ComparedEncoding", "Comparison", "compare"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ComparedEncoding:
    """One row: the ``minimizer`` with an encoding, and the ``decoding`` figures over its pairs of classes."""

    minimizer: Minimizer
    decoding: Decoding

    @property
    def name(self) -> str:
        """The encoding's name."""
        return self.minimizer.problem.encoding.name

    @property
    def loss_function(self) -> str:
        """The name of the loss: "mse" or "cross-entropy"."""
        return self.minimizer.problem.loss

    @property
    def cosines(self) -> Cosines | None:
        """Smallest, largest and mean cosine between nonzero class means."""
        return self.minimizer.cosines


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """``rows``, one per loss and encoding in the order asked for; the ``convention`` and the lambdas as given in it.

    ``layers`` are the weight decays of the layers of a deep head; w in ``lambdas`` is their geometric mean.
    """

    rows: tuple[ComparedEncoding, ...]
    convention: str
    lambdas: tuple[float, float, float]
    layers: tuple[float, ...]

    @property
    def losses(self) -> tuple[str, ...]:
        """The losses that are compared, in the order of the rows."""
        return tuple(dict.fromkeys(row.loss_function for row in self.rows))

    def name_of(self, row: ComparedEncoding) -> str:
        """What a row is called: its encoding, with the loss where several are compared."""
        return row.name if len(self.losses) == 1 else f"{row.name}, {row.minimizer.problem.spec.fit.short}"

    @property
    def beyond(self) -> bool:
        """Whether some model is another than the paper's: a bottleneck, a deep head, ReLU features, cross-entropy."""
        return not all(row.minimizer.frame.convex for row in self.rows)

    def to_json(self) -> dict[str, object]:
        """The document of ``ncsolve compare --json`` (schema ncsolve.comparison/1)."""
        found: dict[str, object] = outlet("Comparison.to_json")(self)
        return found


def compare(
    encodings: Sequence[str | Encoding | ArrayLike], *, counts: int | Sequence[int] | ArrayLike | ClassCounts,
    lambda_w: float | Sequence[float], lambda_h: float, lambda_b: float, classes: int | None = None,
    convention: str = "paper", class_names: Sequence[str] | None = None, seed: int = 0,
    loss: str | Sequence[str] = "mse", dim: int | None = None, features: str = "linear", depth: int = 1,
) -> Comparison:
    """Solve the same problem under several label encodings and compare what becomes of the classes.

    Losses of encodings with codes of different size are not on one scale; angles, decoding margins as a share of the
    ideal one, collapsed classes and the NC metrics are.

    Parameters
    ----------
    encodings : sequence
        Names with parameters (``"smoothed:0.1"``), files, encodings or arrays (m, K); at least one.
    counts : int or sequence of K ints
        Samples per class; an int needs ``classes``.
    lambda_w, lambda_h, lambda_b : float
        As for ``UFM``, in the ``convention``.
    class_names : sequence of K strings, optional
    seed : int
        Of random encodings.
    loss : str or sequence of str
        "mse", "cross-entropy", or both: then every encoding has a row for each.
    dim, features, depth
        As for ``UFM``, the same for every encoding: a bottleneck, ReLU features, a deep head.

    Raises
    ------
    OpenProblemError
        For ReLU features under a deep head.
    ProblemError
        For an encoding that does not fit the classes, and as ``UFM`` and ``solve`` do.
    SizeError
        For more than 2000 classes, of which all pairs would be compared.

    Notes
    -----
    Source: T3 to T10 of docs/theory.md.

    Examples
    --------
    >>> import ncsolve
    >>> found = ncsolve.compare(["onehot", "simplex"], counts=[400, 100, 9, 1], lambda_w=5e-3, lambda_h=1e-3,
    ...                         lambda_b=float("inf"))
    >>> [(row.name, row.decoding.vanished) for row in found.rows]
    [('onehot', (3,)), ('simplex', ())]
    """
    several = isinstance(encodings, Sequence | np.ndarray) and getattr(encodings, "ndim", 1) > 0
    if isinstance(encodings, (str, bytes)) or not several or len(encodings) == 0:
        raise ProblemError("compare needs a sequence of encodings, at least one, such as ['onehot', 'signed']")
    if classes is None:
        if isinstance(counts, ClassCounts):
            classes = counts.classes
        elif isinstance(counts, (int, np.integer)):
            raise ProblemError("counts that are one number need the number of classes (classes=)")
        else:
            classes = int(as_array(counts).size)
    numbers = counts if isinstance(counts, ClassCounts) else ClassCounts.of(counts, check_classes(classes))
    losses = [check_loss(name) for name in (loss if isinstance(loss, (list, tuple)) else [loss])]
    if not losses:
        raise ProblemError("compare needs a loss, such as loss='mse', or several: loss=['mse', 'cross-entropy']")
    layers = check_layers("lambda_w", lambda_w, check_depth(depth))
    w, h = geometric_mean(layers), check_lambda("lambda_h", lambda_h)
    b = check_lambda_b(lambda_b)
    rows = []
    for one, item in itertools.product(dict.fromkeys(losses), encodings):
        scaling, code = find_convention(convention, one), _encoding(item, classes, seed)
        if code.classes != numbers.classes:
            raise ProblemError(
                f"every encoding must have a code per class; {code.name} has {code.classes} codes for "
                f"{numbers.classes} classes"
            )
        pw, ph, pb = scaling.to_paper(numbers.total, code.code_length, w, h, b)
        if len(set(layers)) > 1:
            scale = scaling.factors(numbers.total, code.code_length)[0]
            decays: float | tuple[float, ...] = tuple(layer * scale for layer in layers)
        else:
            decays = pw
        problem = UFM(
            encoding=code, counts=numbers, lambda_w=decays, lambda_h=ph, lambda_b=pb, class_names=class_names,
            loss=one, dim=dim, features=features, depth=depth,
        )
        minimizer = solve(problem)
        rows.append(ComparedEncoding(minimizer=minimizer, decoding=decoding_of(minimizer)))
    return Comparison(rows=tuple(rows), convention=convention, lambdas=(w, h, b), layers=layers)


def _encoding(item: str | Encoding | ArrayLike, classes: int, seed: int) -> Encoding:
    if isinstance(item, Encoding):
        return item
    if not isinstance(item, str):
        return from_array(item)
    if names_a_file(item):
        return from_file(item)
    return make(item, classes=classes, seed=seed)
