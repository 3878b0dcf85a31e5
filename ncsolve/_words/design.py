"""A designed encoding, and a scalar inverse, in words and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ncsolve._frames.nc_metrics import alive
from ncsolve._minimizer.decoding import MOST_CLASSES as MOST_DECODED
from ncsolve._minimizer.decoding import decoding_of
from ncsolve._minimizer.solve import solve
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._words.class_means import angle_words, class_means_words, figures_of
from ncsolve._words.minimizer import loss_words, method_words, problem_words, proved, terms_words
from ncsolve._words.model import guarantee, model
from ncsolve.design import Design, Inverse
from ncsolve.encodings import onehot

if TYPE_CHECKING:
    from ncsolve.certificates import Certificate

__all__ = ["design_description", "inverse_description"]

# Codes of up to this many classes and outputs are printed.
_PRINTED = 8


def design_description(
    design: Design, words: str, convention: Convention, lambdas: tuple[float, float, float],
    certificate: Certificate | None = None,
) -> list[tuple[str, str]]:
    """What there is to say of a design, by name, and what its certificate proves."""
    minimizer, length = design.minimizer, float(np.trace(design.target)) / design.target.shape[0]
    means = figures_of(minimizer)
    rows = (
        ("problem", problem_words(minimizer, convention, lambdas)),
        ("model", model(minimizer, convention)),
        ("target", f"{words}, mean squared length {number(length)}; its Gram matrix has rank {design.rank}"),
        ("encoding", _codes(design)),
        ("achieved", f"the forward problem with these codes has the wanted Gram matrix: relative error "
         f"{design.error:.1e}"),
        ("class means", class_means_words(minimizer, means)),
        ("angle", angle_words(minimizer, means)),
        ("decoding", _decoding(design)),
        ("loss", f"{loss_words(minimizer, convention)} = {terms_words(minimizer, convention)}"),
        ("guarantee", guarantee(minimizer, convention)),
        ("proof", "" if certificate is None else proved(certificate, convention)),
        ("one-hot", _one_hot(design)),
        ("method", f"inverse design (T11), then {method_words(minimizer)}"),
    )
    return [(name, text) for name, text in rows if text]


def _codes(design: Design) -> str:
    codes = design.encoding
    m, k = codes.shape
    text = f"{k} codes of length {m}" + (f" ({design.rank} is the shortest possible)" if m > design.rank else
                                         " (the shortest possible)")
    text += f", entries {number(float(codes.min()), 5)} to {number(float(codes.max()), 5)}"
    if max(m, k) <= _PRINTED:
        cells = [[f"{value:.6f}" for value in row] for row in codes.tolist()]
        width = max(len(cell) for row in cells for cell in row)
        text += "".join("\n" + "  ".join(cell.rjust(width) for cell in row) for row in cells)
    return text


def _decoding(design: Design) -> str:
    """The geometry is as ordered; that outputs are nearest to their own codes is not part of the order."""
    if design.target.shape[0] > MOST_DECODED:
        return ""
    decoding = decoding_of(design.minimizer)
    margin, share = decoding.margin, decoding.margin_share
    if margin is None or share is None:
        return "two codes are equal: those classes cannot be told apart"
    if margin <= 0.0:
        return f"nearest-code decoding fails: margin {number(margin, 4)}; decode by the nearest class mean instead"
    return f"nearest-code decoding is right with margin {number(margin, 4)}, {number(100 * share, 3)} % of the ideal"


def _one_hot(design: Design) -> str:
    """What ordinary one-hot codes give on the same counts and lambdas."""
    problem = design.minimizer.problem
    plain = solve(problem.replace(encoding=onehot(problem.classes), dim=None))
    pairs = plain.frame.pairs()
    dead = int(np.sum(pairs.diagonal_count[~alive(pairs.diagonal)]))
    text = f"for comparison: one-hot codes give class means that span {plain.rank} of {problem.classes} dimensions"
    if plain.rank == 0:
        return "for comparison: with one-hot codes all class means are zero"
    if dead:
        text += f"; {dead} of them {'is' if dead == 1 else 'are'} zero"
    cosines = plain.cosines
    if cosines is not None:
        low, high = number(cosines.min, 5), number(cosines.max, 5)
        text += f"; cosines {low} to {high}" if low != high else f"; cosine {low}"
    return text


def inverse_description(
    inverse: Inverse, convention: Convention, lambdas: tuple[float, float, float]
) -> list[tuple[str, str]]:
    """What there is to say of a scalar inverse, by name."""
    minimizer, means = inverse.minimizer, figures_of(inverse.minimizer)
    rows = (
        ("answer", _answer(inverse, lambdas)),
        ("problem", problem_words(minimizer, convention, lambdas)),
        ("model", model(minimizer, convention)),
        ("class means", class_means_words(minimizer, means)),
        ("angle", angle_words(minimizer, means)),
        ("loss", f"{loss_words(minimizer, convention)} = {terms_words(minimizer, convention)}"),
        ("guarantee", guarantee(minimizer, convention)),
        ("method", f"{inverse.method}; then {method_words(minimizer)}"),
    )
    return [(name, text) for name, text in rows if text]


def _answer(inverse: Inverse, lambdas: tuple[float, float, float]) -> str:
    w, h, b = lambdas
    value = {
        "lambda_b": f"lambda_b = {b:.12g}",
        "alpha": f"alpha = {inverse.value:.12g}, encoding {inverse.problem.encoding.name}",
        "weight-decay": f"lambda_W = {w:.12g}, lambda_H = {h:.12g} ({inverse.value:.7g} times the given)",
    }[inverse.vary]
    return f"{value} gives the cosine {inverse.achieved:.12g}\n{inverse.note}"
