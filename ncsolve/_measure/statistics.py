"""The statistic of features that gap, certificate and NC metrics need, in one pass over any number of them (T13)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array, Index
from ncsolve._measure.dask import gather_chunks
from ncsolve._measure.labelled_classes import labelled_classes
from ncsolve._measure.made_of import checked_layout
from ncsolve._measure.metrics import cdnv_of, energy_share, nc1_of
from ncsolve._measure.moments import Moments
from ncsolve._measure.published import PublishedValue, published_values
from ncsolve._measure.samples import blocks, class_numbers
from ncsolve._measure.state_file import read_state, write_state
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.ufm import UFM
from ncsolve.checks.arguments import check_kind
from ncsolve.checks.arrays import read_only
from ncsolve.checks.measured import measured, real_numbers
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError, shown

__all__ = ["FeatureStatistics", "statistics_of"]


class FeatureStatistics:
    r"""Counts, class means and scatter of features, gathered in batches and merged over machines.

    .. math:: n_k, \qquad \bar h_k = \tfrac{1}{n_k} \sum_{i \in k} h_i, \qquad
              S_W = \sum_k \sum_{i \in k} (h_i - \bar h_k)(h_i - \bar h_k)^T .

    With the last layer (W, b) they determine the objective of every unconstrained features model, the four parts of its
    gap and the certificate (T13), and all NC metrics but NC4 over samples.  Sums are in double precision and about the
    class means, whatever the features come in.  Under cross-entropy the loss takes the outputs of every sample: with
    ``loss="cross-entropy"`` the statistic keeps what it needs of their probabilities, of this head alone.

    Parameters
    ----------
    classes : int or sequence of text
        K, or the names of the classes, which labels may then use.
    dim : int
        d, the dimension of the features.
    head : tuple of arrays, or array, optional
        The last layer W (m, d) and its bias b (m,), zero if there is none.
    scatter : "full", "projected" or "trace"
        ``full`` keeps :math:`S_W` (d, d).  ``projected`` keeps :math:`W S_W` (m, d) and needs the head: enough for all
        but NC1 with a pseudo-inverse.  ``trace`` keeps the energy of every class only: enough for geometry, CDNV and
        the share of energy within classes, but not for the loss.
    codes : array (m, K) or Encoding, optional
        The code of every class, for heads whose output k does not stand for class k: samples are then decided by the
        nearest code, or under cross-entropy by that with the largest mean output.
    loss : "mse" or "cross-entropy"
        That of the network; "cross-entropy" (or "ce") needs the head.

    Raises
    ------
    ProblemError
        For a head that does not fit, an unknown scatter, or ``projected`` or cross-entropy without a head.
    UnknownNameError
        For another loss.

    Notes
    -----
    Source: T1, T13 and T16 of docs/theory.md; merging by Chan, Golub & LeVeque 1983.

    Examples
    --------
    >>> import ncsolve
    >>> stats = ncsolve.FeatureStatistics(2, 3)
    >>> stats.update([[1, 0, 0], [3, 0, 0]], [0, 0]).update([[0, 5, 0]], [1]).counts
    array([2, 1])
    >>> stats.class_means
    array([[2., 0.],
           [0., 5.],
           [0., 0.]])
    >>> stats.within_energy
    2.0
    """

    def __init__(
        self,
        classes: int | Sequence[str],
        dim: int,
        head: tuple[ArrayLike, ArrayLike | None] | ArrayLike | None = None,
        scatter: str = "full",
        *,
        codes: ArrayLike | Encoding | None = None,
        loss: str = "mse",
    ) -> None:
        layout, self._class_names = checked_layout(classes, dim, head, scatter, codes, loss)
        self._moments = Moments.none(layout)

    def update(self, features: ArrayLike, labels: ArrayLike | Sequence[str]) -> FeatureStatistics:
        """Add samples: features (n, d), finite, of any real type, and labels (n,), class numbers from 0 or names.

        Returns the statistic itself.  Memory-mapped arrays are read a block at a time.  Raises ProblemError for what
        does not fit, and for features that are not finite, with their row; the statistic is then as it was.
        """
        layout = self._moments.layout
        numbers = class_numbers(labels, layout.classes, self._class_names)
        found = None
        for rows, block in blocks(features, layout.dim, numbers.size, self.samples, layout.rows):
            new = Moments.of(layout, block, numbers[rows])
            if found is None:
                found = new
            else:
                found.add(new)
        if found is not None:
            self._moments.add(found)
            vars(self).pop("class_means", None)
        return self

    @classmethod
    def from_dask(
        cls, features: Any, labels: Any, classes: int | Sequence[str],
        head: tuple[ArrayLike, ArrayLike | None] | ArrayLike | None = None, scatter: str = "full", *,
        codes: ArrayLike | Encoding | None = None, loss: str = "mse", client: Any | None = None,
    ) -> FeatureStatistics:
        """The statistic of features (N, d), a Dask array in chunks of rows, and labels (N,), gathered where they are.

        A task folds chunks into a state of its own, and states are merged two and two, by ``client`` (of
        dask.distributed) or the scheduler that Dask takes.  The numbers are those of ``update`` but for rounding.
        Raises ProblemError as ``update`` does, and MissingPackageError without the extra ``dask``.

        >>> import dask.array, ncsolve
        >>> features, labels = dask.array.ones((1000, 3), chunks=100), dask.array.zeros(1000, dtype=int, chunks=100)
        >>> ncsolve.FeatureStatistics.from_dask(features, labels, 2).counts
        array([1000,    0])
        """
        shape: Any = getattr(features, "shape", ())
        make = partial(cls, classes, shape[1] if len(shape) == 2 else 1, head, scatter, codes=codes, loss=loss)
        return gather_chunks(make, features, labels, client)

    def merge(self, other: FeatureStatistics) -> FeatureStatistics:
        """A new statistic, of the samples of both.

        Raises ProblemError where classes, dimension, scatter or head are not the same.
        """
        check_kind("what is merged", other, FeatureStatistics, "merge statistics with statistics")
        own, its = self._moments.layout, other._moments.layout
        for what, a, b in (
            ("classes", own.classes, its.classes), ("class names", self._class_names, other._class_names),
            ("dim", own.dim, its.dim), ("scatter", own.scatter, its.scatter), ("loss", self.loss, other.loss),
        ):
            if a != b:
                raise ProblemError(
                    f"merged statistics must have the same {what}; got {shown(a)} and {shown(b)}, gather both alike"
                )
        if (own.head is None) != (its.head is None) or (own.head and its.head and not own.head.same(its.head)):
            raise ProblemError(
                "merged statistics must have the same head; got two, measure both with the last layer of one model"
            )
        return statistics_of(self._moments.merged(other._moments), self._class_names)

    @property
    def classes(self) -> int:
        """K, the number of classes."""
        return self._moments.layout.classes

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, if they have any."""
        return self._class_names

    @property
    def dim(self) -> int:
        """d, the dimension of the features."""
        return self._moments.layout.dim

    @property
    def scatter(self) -> str:
        """How much of the scatter is kept: full, projected or trace."""
        return self._moments.layout.scatter

    @property
    def head(self) -> tuple[Array, Array] | None:
        """W (m, d) and b (m,) of the last layer, if it is known."""
        head = self._moments.layout.head
        return None if head is None else (head.W, head.b)

    @property
    def loss(self) -> str:
        """The loss of the head: "mse" or "cross-entropy"."""
        head = self._moments.layout.head
        return "mse" if head is None else head.loss

    @property
    def samples(self) -> int:
        """N, the number of samples so far."""
        return int(self._moments.counts.sum())

    @property
    def counts(self) -> Index:
        """Samples of each class (K,)."""
        return read_only(self._moments.counts.copy())

    @property
    def present(self) -> Index:
        """The classes that have samples, in order."""
        return np.flatnonzero(self._moments.counts)

    @cached_property
    def class_means(self) -> Array:
        """Class means (d, K); NaN for a class without samples."""
        return read_only(np.where(self._moments.counts > 0, self._moments.means, np.nan))

    @property
    def class_energies(self) -> Array:
        """Squared distances of the samples of a class to its mean, summed (K,)."""
        return read_only(self._moments.energies.copy())

    @property
    def within_energy(self) -> float:
        """tr S_W, the energy within the classes."""
        return float(self._moments.energies.sum())

    @property
    def within_scatter(self) -> Array | None:
        """S_W (d, d), None where it is not kept."""
        return read_only(self._moments.scatter.copy()) if self.scatter == "full" else None

    @property
    def nc1(self) -> float | None:
        """``metrics.nc1`` of the samples; None where S_W is not kept, or all class means coincide."""
        return nc1_of(self)

    @property
    def cdnv(self) -> float | None:
        """``metrics.cdnv`` of the samples, over the classes that have some; inf where two class means coincide."""
        return cdnv_of(self)

    @property
    def within_class_energy(self) -> float | None:
        """``metrics.within_class_energy`` of the samples."""
        return energy_share(self)

    def published(self) -> tuple[PublishedValue, ...]:
        """The values of ``metrics.PUBLISHED``, in its order: of the features, and of the head if it is known.

        Those of S_W only where it is kept, and none that compare samples.  Raises ProblemError where a class has none.

        >>> import ncsolve
        >>> stats = ncsolve.FeatureStatistics(2, 1).update([[0.], [2.], [3.], [5.]], [0, 0, 1, 1])
        >>> [round(found.value, 3) for found in stats.published() if found.variant.source == "Hui 2022"]
        [0.444]
        """
        return published_values(self, self.head)

    @property
    def lowest(self) -> float:
        """The smallest entry of any feature, inf without samples; ReLU features have none below 0."""
        return self._moments.lowest

    def seen_by(self, W: ArrayLike) -> Array:
        """W S_W (m, d), what the outputs of a last layer see of the variation within the classes.

        Raises ProblemError where the statistic keeps no scatter, or only that of another head.
        """
        weights = measured(W, "the head W", "(m, d)")
        head = self._moments.layout.head
        if self.scatter == "full" and weights.shape[1] == self.dim:
            return np.asarray(weights @ self._moments.scatter)
        if self.scatter == "projected" and head is not None and np.array_equal(weights, head.W):
            return read_only(self._moments.scatter.copy())
        raise ProblemError(
            f"W S_W needs a statistic of dimension {weights.shape[1]} with scatter = 'full', or 'projected' by this "
            f"very head; got {self!r}, gather it anew"
        )

    @property
    def class_probabilities(self) -> Array | None:
        """Softmax probabilities of the outputs, the mean of every class (m, K), NaN for one without samples.

        This and the three that follow are None but under cross-entropy.
        """
        kept = self._moments.softmax
        return None if kept is None else read_only(np.where(self._moments.counts > 0, kept.probabilities, np.nan))

    @property
    def probability_energy(self) -> float | None:
        """Squared distances of the samples' probabilities to the mean of their class, summed."""
        kept = self._moments.softmax
        return None if kept is None else float(kept.chance_energies.sum())

    @property
    def divergence(self) -> float | None:
        """Kullback-Leibler divergences from the probabilities of a sample to those of its class mean, summed: how much
        the cross-entropy of all samples is above that of their class means."""
        kept = self._moments.softmax
        return None if kept is None else float(kept.divergences.sum())

    @property
    def probability_products(self) -> Array | None:
        """The sum of p h^T over all samples (m, d), with their probabilities p."""
        kept = self._moments.softmax
        return None if kept is None else read_only(kept.products.copy())

    @property
    def decisions(self) -> Index | None:
        """How many samples of class k the head decides as class r (R, K), if it is known."""
        return None if self._moments.layout.head is None else read_only(self._moments.decisions.copy())

    @property
    def accuracy(self) -> float | None:
        """Share of the samples that the head decides as their class, if it is known and there are any."""
        decisions = self.decisions
        return None if decisions is None or not self.samples else float(np.trace(decisions)) / self.samples

    def nearest_mean_agreement(self, features: ArrayLike) -> int:
        """How many features (n, d) the head decides as the class of the nearest class mean: NC4 over samples.

        Raises ProblemError without a head, without samples so far, and for features that do not fit.

        >>> import ncsolve
        >>> stats = ncsolve.FeatureStatistics(2, 1, head=[[-1.0], [1.0]]).update([[-1.0], [3.0]], [0, 1])
        >>> stats.nearest_mean_agreement([[-1.0], [0.5], [3.0]])
        2
        """
        head, met = self._moments.layout.head, self.present
        if head is None or met.size == 0:
            raise ProblemError(f"NC4 over samples needs a head and class means; got {self!r}, pass head= and update")
        means, found = self.class_means[:, met], 0
        for _, block in blocks(features, self.dim, len(real_numbers(features, "features")), 0):
            nearest = np.argmax(block @ means - np.sum(means**2, axis=0) / 2, axis=1)
            found += int(np.sum(head.decide(block) == met[nearest]))
        return found

    def problem(
        self, encoding: str | Encoding | ArrayLike = "onehot", *, lambda_w: float, lambda_h: float, lambda_b: float,
        features: str = "linear", loss: str | None = None, convention: str = "paper", seed: int = 0,
    ) -> UFM:
        """The unconstrained features model with these counts.

        The encoding has a code for each of the K classes; classes without samples are left out with their codes, while
        the outputs stay.  The lambdas are those of ``convention``, for as many samples as were measured; the problem is
        in that of the paper.  The loss is that of the head, if no other is named.  Raises ProblemError for an encoding
        of another number of classes, and without samples.

        >>> import ncsolve
        >>> stats = ncsolve.FeatureStatistics(3, 1).update([[1.0], [2.0]], [0, 2])
        >>> stats.problem("onehot", lambda_w=1e-2, lambda_h=1e-2, lambda_b=0).encoding.matrix
        array([[1., 0.],
               [0., 0.],
               [0., 1.]])
        """
        found = labelled_classes(self, encoding, seed)
        return UFM(
            encoding=found.encoding, counts=found.counts, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b,
            features=features, class_names=found.names, convention=convention, loss=self.loss if loss is None else loss,
        )

    def metric_problem(
        self, encoding: str | Encoding | ArrayLike = "onehot", *, lambda_w: float, lambda_v: float, lambda_b: float,
        lambda_c: float | None = None, convention: str = "paper", seed: int = 0,
    ) -> MetricProblem:
        """The problem of the last two layers under plain weight decay, where this is a statistic of the features z that
        the last hidden layer sees.

        The lambdas are those of ``MetricProblem``; encoding and classes without samples as in ``problem``.  Raises
        ProblemError as that, and for a statistic that does not keep the whole scatter.

        >>> import ncsolve
        >>> stats = ncsolve.FeatureStatistics(2, 1).update([[1.0], [2.0], [4.0]], [0, 0, 1])
        >>> problem = stats.metric_problem(lambda_w=1e-2, lambda_v=1e-2, lambda_b=0)
        >>> problem.second_moments.round(3).tolist()
        [[7.0, 2.333], [2.333, 1.0]]
        """
        if self.scatter != "full":
            raise ProblemError(
                f"the last two layers take all second moments of z; got scatter = {self.scatter!r}, gather with 'full'"
            )
        found = labelled_classes(self, encoding, seed)
        return MetricProblem.of_classes(
            self.class_means[:, self.present], self._moments.scatter / self.samples, encoding=found.encoding,
            counts=found.counts, class_names=found.names, lambda_w=lambda_w, lambda_v=lambda_v, lambda_b=lambda_b,
            lambda_c=lambda_c, convention=convention,
        )

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the statistic to a .npz file, whole or not at all.  Raises FileError."""
        write_state(path, self._moments, self._class_names, force=force)

    @staticmethod
    def load(path: str | Path) -> FeatureStatistics:
        """Read a statistic that ``save`` wrote.  Raises FileError for any other file."""
        return statistics_of(*read_state(path))

    def __repr__(self) -> str:
        head = "no head" if self.head is None else f"{self.head[0].shape[0]} outputs"
        loss = "" if self.loss == "mse" else f"loss={self.loss}, "
        return (
            f"FeatureStatistics(classes={self.classes}, dim={self.dim}, {head}, {loss}scatter={self.scatter}, "
            f"samples={self.samples})"
        )


def statistics_of(moments: Moments, class_names: tuple[str, ...] | None = None) -> FeatureStatistics:
    """The statistic of what was gathered elsewhere."""
    result = FeatureStatistics.__new__(FeatureStatistics)
    result._moments, result._class_names = moments, class_names
    return result
