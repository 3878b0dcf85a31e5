"""The labels of a cross-entropy problem, column by column: which outputs there are, and how many are alike.

A column is what all samples of one label share: of every class (dense), or of any one class of a group of classes of
equal count (grouped, T16).  Its outputs fall into cells.  Dense, a cell is an output.  Grouped, the cell (a, b) is all
g_a outputs of group a for a sample of group b, without the class's own one if a = b, and a last row is that own output.

The unknowns are the matrix Q, the bias per output times sqrt(g_a N), and a value within each group: of

    Z_kl = Q_ab / sqrt(g_a g_b)                                 groups a of k and b of l differ
    Z_kl = (Q_aa - c_a)/g_a + c_a [k = l]                       within the group a

the singular values are those of Q, and |c_a|, g_a - 1 times.  The unknown is sqrt(g_a - 1) c_a, so that the norm of all
unknowns of Z is that of Z.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve._arrays import Array, Index

__all__ = ["Columns", "dense_columns", "grouped_columns"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Cells (C, K) of code mass and of outputs; samples of every column (K,); alike outputs of every row of Q (m,).

    ``within`` are the columns with a value within their group that is not zero; C is m, or m + 1 if grouped.
    """

    codes: Array
    outputs: Array
    samples: Array
    alike: Array
    within: Index

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of Q."""
        return self.alike.size, self.samples.size

    @property
    def grouped(self) -> bool:
        """Whether a last row of cells holds the own outputs."""
        return len(self.codes) > self.alike.size

    @cached_property
    def total(self) -> float:
        """The number of samples N."""
        return float(np.sum(self.samples))

    @cached_property
    def scale(self) -> Array:
        """What an entry of Q adds to the outputs of its cell (m, K)."""
        return np.asarray(1.0 / np.sqrt(np.outer(self.alike, self.samples)))

    @cached_property
    def bias_scale(self) -> Array:
        """What an unknown of the bias adds to its outputs (m,)."""
        return np.asarray(1.0 / np.sqrt(self.alike * self.total))

    @cached_property
    def within_scale(self) -> Array:
        """How far an unknown within its group parts the own output from the others."""
        size = self.alike[self.within]
        return np.asarray(np.sqrt(size / ((size - 1) * self.samples[self.within])))

    @cached_property
    def within_price(self) -> Array:
        """The nuclear norm of a unit of an unknown within its group: sqrt(g_a - 1)."""
        return np.asarray(np.sqrt(self.alike[self.within] - 1))

    @cached_property
    def top(self) -> Index:
        """The cell with most code mass, of every column (K,)."""
        return np.asarray(np.argmax(self.codes, axis=0))

    @cached_property
    def others(self) -> Array:
        """The code mass of all cells but that one (K,)."""
        codes = self.codes.copy()
        codes[self.top, np.arange(self.samples.size)] = 0.0
        return np.asarray(np.sum(codes, axis=0))

    @cached_property
    def log_outputs(self) -> Array:
        """The logarithm of how many outputs are in a cell (C, K), -inf for none."""
        return np.log(self.outputs, where=self.outputs > 0, out=np.full_like(self.outputs, -np.inf))

    @cached_property
    def label_mean(self) -> Array:
        """The mean code by rows of Q, of one output each (m,)."""
        return np.asarray(self.fold(self.codes) @ self.samples / (self.total * self.alike))

    def fold(self, cells: Array) -> Array:
        """Sums over all outputs of a group (m, K) of sums over cells (C, K)."""
        if not self.grouped:
            return cells
        rows: Array = cells[:-1].copy()
        rows[np.diag_indices(len(rows))] += cells[-1]
        return rows

    def spread(self, rows: Array) -> Array:
        """One value per output of a cell (C, K) from those of the rows of Q, (m, 1) or (m, K)."""
        rows = np.broadcast_to(rows, self.shape)
        return np.vstack((rows, np.diag(rows))) if self.grouped else rows

    def forward(self, matrix: Array, bias: Array, within: Array) -> Array:
        """The outputs (C, K), one per cell, of the unknowns; linear."""
        cells = self.spread(matrix * self.scale + (bias * self.bias_scale)[:, None])
        if self.within.size:
            part = within * self.within_scale
            cells[self.within, self.within] -= part / self.alike[self.within]
            cells[-1, self.within] += part * (1 - 1 / self.alike[self.within])
        return cells

    def backward(self, cells: Array) -> tuple[Array, Array, Array]:
        """The adjoint of ``forward``, for sums over cells: what they are to Q, to the bias and within the groups."""
        cells = cells * self.samples
        rows = self.fold(cells)
        own = cells[-1, self.within] * (1 - 1 / self.alike[self.within])
        own = own - cells[self.within, self.within] / self.alike[self.within] if self.within.size else own
        return rows * self.scale, np.sum(rows, axis=1) * self.bias_scale, own * self.within_scale

    def weighted(self, residual: Array) -> tuple[Array, Array]:
        """[sqrt(n_k) r_k] of sums over cells (C, K): as a matrix by rows of Q (m, K), and within each group (K,)."""
        within = np.zeros(self.samples.size)
        if self.grouped:
            many = self.alike > 1
            apart = residual[-1, many] - np.diag(residual)[many] / (self.alike[many] - 1)
            within[many] = np.sqrt(self.samples[many] / self.alike[many]) * apart
        return self.fold(residual) * (self.scale * self.samples), within

    def norm(self, residual: Array) -> float:
        """The largest singular value of [sqrt(n_k) r_k]."""
        quotient, within = self.weighted(residual)
        return max(float(np.linalg.norm(quotient, 2)), float(np.max(np.abs(within))))


def dense_columns(codes: Array, counts: Array) -> Columns:
    """A column per class, a cell per output."""
    m, _ = codes.shape
    return Columns(
        codes=codes, outputs=np.ones_like(codes), samples=counts, alike=np.ones(m), within=np.zeros(0, dtype=np.intp)
    )


def grouped_columns(counts: Array, multiplicities: Array, alpha: float, threshold: float) -> Columns:
    """A column per group of classes of equal count, for codes (1 - alpha) 1_k + alpha/K."""
    groups, classes = counts.size, float(np.sum(multiplicities))
    many = multiplicities > 1
    if not np.any(many):
        return dense_columns(np.eye(groups) * (1 - alpha) + alpha / classes, counts)
    outputs: Array = np.vstack((np.repeat(multiplicities[:, None], groups, axis=1), np.zeros(groups)))
    outputs[-1] = many
    outputs[np.diag_indices(groups)] = np.where(many, multiplicities - 1, 1)
    codes = outputs * (alpha / classes)
    codes[-1, many] += 1 - alpha
    single = np.flatnonzero(~many)
    codes[single, single] += 1 - alpha
    return Columns(
        codes=codes, outputs=outputs, samples=counts * multiplicities, alike=multiplicities,
        within=np.flatnonzero(many & ((1 - alpha) * np.sqrt(counts) > threshold)),
    )
