"""The frames of many values of one parameter; along lambda_b they share one eigendecomposition."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from ncsolve._arrays import Array
from ncsolve._bias.along_lambda_b import solve_bias_along
from ncsolve._bias.theorems import ShiftedSpectrum
from ncsolve._frames.balanced import balanced_frame
from ncsolve._frames.coupled_block import core_from_spectrum
from ncsolve._frames.dense import DenseFrame
from ncsolve._frames.protocol import Frame
from ncsolve._frames.symmetric import SymmetricFrame
from ncsolve._models.plain.frames import plain_frame, symmetric_frame
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import weighted_codes
from ncsolve._spectrum.label_spectrum import LabelSpectrum, spectrum_of_codes

__all__ = ["FrameSource"]


class FrameSource:
    """Frames of a sweep's problem at any values of its parameter."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep

    def along(self, values: Array) -> Iterator[tuple[int, Frame]]:
        """(index, frame) of every value (n,), in no particular order."""
        problem = self.sweep.problem
        if self.sweep.name != "lambda_b":
            for i, value in enumerate(values.tolist()):
                yield i, plain_frame(self.sweep.problem_at(value))
        elif problem.regular is not None:
            for i, value in enumerate(values.tolist()):
                yield i, balanced_frame(problem, value)
        else:
            yield from self._along_lambda_b(values)

    def at(self, value: float) -> Frame:
        """The frame of one value."""
        return next(self.along(np.array([value])))[1]

    def _along_lambda_b(self, values: Array) -> Iterator[tuple[int, Frame]]:
        problem = self.sweep.problem
        codes, u, spectrum, symmetric = self._block
        for points in solve_bias_along(spectrum, problem.threshold, values):
            for row, index in enumerate(points.index.tolist()):
                shifted = ShiftedSpectrum(
                    spectrum=spectrum, choice=points.choice, bias=points.bias[row], met=points.met[row],
                    rest=spectrum.rest_roots, system=None if points.system is None else points.system.take(row),
                )
                lambdas = (problem.lambda_w, problem.lambda_h, float(values[index]))
                core = core_from_spectrum(shifted, codes, u, *lambdas)
                if symmetric is None:
                    yield index, DenseFrame(core=core, counts=problem.counts)
                else:
                    yield index, dataclasses.replace(symmetric, core=core)

    @cached_property
    def _block(self) -> tuple[Array, Array, LabelSpectrum, SymmetricFrame | None]:
        """What all lambda_b have in common: the coupled block, its spectrum, and the frame around it."""
        problem = self.sweep.problem
        symmetric: SymmetricFrame | None = None
        if problem.encoding.affine is None:
            codes, u = weighted_codes(problem)
        else:
            symmetric = symmetric_frame(problem.replace(lambda_b=0.0))
            codes, u = symmetric.core.codes, symmetric.core.u
        return codes, u, spectrum_of_codes(codes, u, problem.samples, problem.threshold), symmetric

